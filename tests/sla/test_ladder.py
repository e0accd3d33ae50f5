"""When the rungs of a ladder are due, how a ladder is frozen, and what is said about one that cannot work."""

from __future__ import annotations

import json
from datetime import datetime

import pytest

from sla.calendar import Budget, CalendarError, WorkCalendar
from sla.ladder import Action, Step, from_json, lay_out, lint, opening, planned, promise_of, to_json

WEEK = {"mon": [["08:30", "12:00"], ["14:00", "17:30"]], "tue": "mon", "wed": "mon", "thu": "mon", "fri": "mon"}
SERVICE = WorkCalendar.build("热线", "Asia/Shanghai", WEEK, "CN")
LAPSED = Step("lapsed", "0", Action.BREACH)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SERVICE.zone)


@pytest.mark.parametrize(
    ("start", "budget", "when", "expected"),
    [
        ("2026-03-02 08:30", "420wm", "80%", "2026-03-02 16:06"),
        ("2026-03-02 14:00", "420wm", "50%", "2026-03-03 08:30"),  # not at closing, when nobody is left to be told
        ("2026-03-02 14:00", "7wh", "0%", "2026-03-02 14:00"),
        ("2026-03-02 14:00", "7wh", "200%", "2026-03-04 12:00"),
        ("2026-03-02 23:00", "2h", "50%", "2026-03-03 00:00"),  # on the clock, at midnight
        ("2026-03-02 10:00", "10d", "90%", "2026-03-11 10:00"),
        ("2026-03-02 10:00", "3wd", "0", "2026-03-05 17:30"),
        ("2026-03-02 10:00", "3wd", "-1h", "2026-03-05 16:30"),
        ("2026-03-02 10:00", "3wd", "-4h", "2026-03-05 11:30"),  # over lunch
        ("2026-03-02 10:00", "3wd", "-1wd", "2026-03-04 17:30"),
        ("2026-03-02 10:00", "3wd", "-90wm", "2026-03-05 16:00"),
        ("2026-03-02 10:00", "3wd", "+2h", "2026-03-06 10:30"),  # over the night
        ("2026-03-02 10:00", "3wd", "+1d", "2026-03-06 17:30"),
        ("2026-03-02 10:00", "4wd", "+1wd", "2026-03-09 17:30"),  # over the weekend
        ("2026-03-02 10:00", "4wd", "+1d", "2026-03-07 17:30"),  # a Saturday: days of the calendar
        ("2026-02-13 10:00", "1wd", "+1wd", "2026-02-24 17:30"),  # over the holiday
        ("2026-03-06 23:00", "2h", "+30m", "2026-03-07 01:30"),
        ("2026-03-06 23:00", "2h", "+30wm", "2026-03-09 09:00"),  # working time after a deadline on the clock
        ("2026-03-06 23:00", "2h", "+1wd", "2026-03-09 17:30"),
    ],
)
def test_planned(start: str, budget: str, when: str, expected: str) -> None:
    promise = promise_of(Budget.parse(budget), SERVICE, at(start))
    assert planned(Step("x", when, Action.REMIND), promise, SERVICE) == at(expected)


def test_rungs_are_laid_out_in_the_order_of_time_with_repeats_between() -> None:
    ladder = (
        Step("again", "+2h", Action.REMIND, repeat="1wd", limit=3),
        Step("summon", "+1wd", Action.ESCALATE, "督办"),
        LAPSED,
        Step("early", "-2wd", Action.REMIND),
        Step("soon", "-1h", Action.REMIND),
    )
    budget, start = Budget.parse("1wd"), at("2026-03-02 10:00")
    rungs = lay_out(ladder, promise_of(budget, SERVICE, start), SERVICE, start)
    assert [(rung.key, rung.turn) for rung in rungs] == [
        ("soon", 1),
        ("lapsed", 1),
        ("again", 1),
        ("summon", 1),
        ("again", 2),
        ("again", 3),
    ]


def test_a_ladder_survives_json() -> None:
    ladder = (
        Step("soon", "80%", Action.REMIND, "催办", ("handler",)),
        LAPSED,
        Step("again", "+2h", Action.REMIND, "督办", ("handler", "desk"), repeat="1d", limit=3, turn=2),
    )
    frozen = json.loads(json.dumps(to_json(ladder), ensure_ascii=False))
    assert from_json(frozen) == ladder
    assert frozen[1] == {"key": "lapsed", "when": "0", "action": "breach"}
    with pytest.raises(TypeError):
        from_json([{**frozen[0], "who": "nobody"}])


@pytest.mark.parametrize(
    ("moment", "opens"),
    [
        ("2026-03-02 08:30", "2026-03-02 08:30"),
        ("2026-03-02 12:00", "2026-03-02 12:00"),  # the moment of closing still is service
        ("2026-03-02 12:00:01", "2026-03-02 14:00"),
        ("2026-03-02 17:30", "2026-03-02 17:30"),
        ("2026-03-02 23:00", "2026-03-03 08:30"),
        ("2026-03-03 08:29:59", "2026-03-03 08:30"),
        ("2026-02-14 18:00", "2026-02-24 08:30"),  # over nine days of holiday
    ],
)
def test_what_waits_is_told_when_service_opens(moment: str, opens: str) -> None:
    assert opening(SERVICE, at(moment)) == at(opens)
    assert opening(SERVICE.clock, at(moment)) == at(moment)  # what never sleeps never waits


def test_a_waiting_rung_keeps_its_place_among_the_others_and_a_breach_is_split_from_its_telling() -> None:
    ladder = (
        Step("lapsed", "0", Action.BREACH, "催办", ("desk",), waits=True),
        Step("soon", "-1h", Action.REMIND, tell=("handler",), waits=True),
        Step("alarm", "+30m", Action.REMIND, tell=("handler",)),
    )
    start = at("2026-03-02 22:00")
    night = lay_out(ladder, promise_of(Budget.parse("2h"), SERVICE, start), SERVICE, start)
    assert [(rung.key, rung.action, rung.tell, rung.at and rung.at.astimezone(SERVICE.zone)) for rung in night] == [
        ("lapsed", Action.BREACH, (), at("2026-03-03 00:00")),
        ("alarm", Action.REMIND, ("handler",), at("2026-03-03 00:30")),
        ("lapsed.told", Action.REMIND, ("desk",), at("2026-03-03 08:30")),
        ("soon", Action.REMIND, ("handler",), at("2026-03-03 08:30")),
    ]
    start = at("2026-03-02 10:00")
    day = lay_out(ladder, promise_of(Budget.parse("90m"), SERVICE, start), SERVICE, start)
    assert [(rung.key, rung.tell) for rung in day] == [("soon", ("handler",)), ("lapsed", ("desk",)), ("alarm", ("handler",))]
    assert from_json(json.loads(json.dumps(to_json(night)))) == night


@pytest.mark.parametrize(
    "wrong",
    [
        {"when": ""},
        {"when": "1h"},
        {"when": "-1.5h"},
        {"when": "80"},
        {"when": "+0h"},
        {"when": "soon"},
        {"action": "shout"},
        {"repeat": "1x", "limit": 2},
        {"repeat": "1d"},
        {"limit": 3},
        {"limit": 0},
        {"until": "tired"},
    ],
)
def test_steps_that_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises((CalendarError, ValueError)):
        from_json([{"key": "x", "when": "0", "action": "remind", **wrong}])


@pytest.mark.parametrize(
    ("budget", "when", "fits"),
    [
        ("2h", "-1h", True),
        ("2h", "-2h", True),
        ("2h", "-3h", False),
        ("2h", "0%", True),
        ("30m", "-1wd", False),
        ("4wh", "-5h", False),
        ("1wd", "-6h", True),
        ("1wd", "-1wd", True),
        ("1wd", "-3wd", False),
        ("1wd", "-40h", False),
        ("15d", "-2wd", True),
        ("15d", "-16d", False),
    ],
)
def test_lint_finds_steps_nobody_can_reach(budget: str, when: str, fits: bool) -> None:
    ladder = (LAPSED, Step("x", when, Action.REMIND, tell=("handler",)))
    found = lint(ladder, Budget.parse(budget), SERVICE)
    assert [finding.place for finding in found] == ([] if fits else [1])


@pytest.mark.parametrize(
    ("ladder", "problem"),
    [
        ((), "超期步骤"),
        ((Step("x", "-1h", Action.REMIND, tell=("desk",)),), "超期步骤"),
        ((LAPSED, Step("again", "0", Action.BREACH)), "超期步骤"),
        ((Step("x", "+1h", Action.BREACH),), "正好在到期时"),
        ((LAPSED, Step("lapsed", "+1h", Action.REMIND, tell=("desk",))), "重复"),
        ((LAPSED, Step("x", "+1h", Action.REMIND)), "谁也不告知"),
        ((Step("x", "0", Action.BREACH, until="acknowledged"),), "是事实"),
    ],
)
def test_lint_asks_for_one_breach_and_keys_of_their_own(ladder: tuple[Step, ...], problem: str) -> None:
    found = lint(ladder, Budget.parse("3wd"), SERVICE)
    assert len(found) == 1 and problem in found[0].problem and found[0].cure
