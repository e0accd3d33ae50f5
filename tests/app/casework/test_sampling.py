"""Who is drawn: what always is, the share of the rest, the week's minimum; the same lot every time, none without the secret."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.tickets import sampling
from app.tickets.followup import CALL_REASONS

SECRET, POLICY = b"secret of this house", "示例标准"
MANY = 4000


def lots(secret: bytes = SECRET, policy: str = POLICY, turn: int = 1) -> list[int]:
    return [sampling.lot(secret, policy, f"GZ20261123{n:06d}", turn) for n in range(MANY)]


@pytest.mark.parametrize(("urgency", "turn", "why"), list(itertools.product(("U0", "U1", "U2", "U3"), (1, 2, 3), CALL_REASONS)))
def test_what_is_always_called_is_every_case_that_a_rule_names_and_no_other(urgency: str, turn: int, why: str) -> None:
    named = urgency == "U0" or turn >= 2 or why in ("lapsed", "unresolved", "low")
    assert sampling.always(urgency, turn, why) is named


@pytest.mark.parametrize("percent", [0, 1, 10, 30, 50, 99, 100])
def test_the_share_drawn_is_what_the_policy_says(percent: int) -> None:
    drawn = sum(sampling.drawn(one, percent) for one in lots())
    assert abs(drawn / MANY - percent / 100) <= 0.03
    if percent in (0, 100):
        assert drawn == MANY * percent // 100


def test_the_same_round_has_the_same_lot_and_another_secret_policy_or_round_another() -> None:
    first = lots()
    assert lots() == first
    for other in (lots(secret=b"another house"), lots(policy="另一标准"), lots(turn=2)):
        assert sum(a == b for a, b in zip(first, other, strict=True)) == 0
        same = sum(sampling.drawn(a, 50) == sampling.drawn(b, 50) for a, b in zip(first, other, strict=True))
        assert abs(same / MANY - 0.5) <= 0.04, "one tells nothing of the other"


def test_whoever_is_drawn_at_a_share_is_drawn_at_every_greater_one() -> None:
    for one in lots()[:200]:
        drawn = [sampling.drawn(one, percent) for percent in range(101)]
        assert drawn == sorted(drawn)


@given(already=st.integers(0, 12), spared=st.lists(st.integers(0, sampling.LOTS - 1), unique=True), minimum=st.integers(0, 10))
def test_the_minimum_is_kept_where_there_are_as_many_and_with_no_more_than_are_missing(
    already: int, spared: list[int], minimum: int
) -> None:
    made_up = sampling.made_up(already, [(lot, str(lot)) for lot in spared], minimum)
    assert already + len(made_up) == max(already, min(minimum, already + len(spared)))
    assert made_up == [str(lot) for lot in sorted(spared)[: len(made_up)]]


def test_a_stratum_is_whose_work_of_what_group_and_why() -> None:
    assert sampling.stratum(7, "C", "resolved") == "7:C:resolved"
    assert sampling.stratum(None, "", "lapsed") == "0:-:lapsed"


@pytest.mark.parametrize(("most", "least_days"), [(3, 2), (1, 1), (3, 1), (3, 3), (5, 2)])
def test_an_attempt_waits_for_another_day_only_where_the_days_would_run_out(most: int, least_days: int) -> None:
    attempts = days = 0
    another = True
    while not sampling.is_over(attempts, days, most, least_days):
        attempts, days = attempts + 1, days + int(another)
        another = sampling.another_day(attempts, days, most, least_days)
    assert (attempts, days) == (most, least_days), "as often as the policy says, on as many days, and not once more"
