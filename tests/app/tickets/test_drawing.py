"""Drawing a sample: every stratum has its share, none goes without, and the same seed draws the same."""

from __future__ import annotations

import pytest

from app.tickets.drawing import Candidate, draw, total


def city(**strata: int) -> list[Candidate]:
    return [Candidate(n, f"{name}-{n:04}", name) for name, many in strata.items() for n in range(many)]


@pytest.mark.parametrize(("size", "percent", "drawn"), [(1, 1, 1), (100, 1, 1), (101, 1, 2), (10, 25, 3), (7, 100, 7)])
def test_each_stratum_gives_its_percentage_rounded_up(size: int, percent: int, drawn: int) -> None:
    (stratum,) = draw(city(a=size), percent, "s")
    assert (stratum.size, len(stratum.drawn), len({one.number for one in stratum.drawn})) == (size, drawn, drawn)


def test_no_stratum_goes_without_and_they_stand_by_name() -> None:
    strata = draw(city(b=200, a=1, c=9), 10, "s")
    assert [(one.name, one.size, len(one.drawn)) for one in strata] == [("a", 1, 1), ("b", 200, 20), ("c", 9, 1)]
    assert total(strata) == {"size": 210, "drawn": 22}
    assert draw([], 10, "s") == []


def test_the_same_seed_draws_the_same_in_whatever_order_and_another_seed_another() -> None:
    candidates = city(a=200)
    assert draw(candidates, 10, "s") == draw(candidates[::-1], 10, "s")
    assert draw(candidates, 10, "s") != draw(candidates, 10, "t")


def test_everybody_is_drawn_about_as_often_as_anybody_else() -> None:
    candidates = city(a=50)
    often = dict.fromkeys((one.number for one in candidates), 0)
    for seed in range(400):
        for one in draw(candidates, 20, str(seed))[0].drawn:
            often[one.number] += 1
    assert all(40 < times < 130 for times in often.values()), often  # 80 expected, five standard deviations to either side
