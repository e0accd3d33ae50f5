"""Whatever may happen to a ticket, by chance: acts that the table offers, as anybody, with time passing in between.

Time is noticed before each act, as a worker that is awake would: what a worker that was away finds is told elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, timedelta
from random import Random
from typing import Any

from app.errors import HotlineError
from app.register import calendars
from app.tickets.lifecycle import OPEN, SYSTEM, Actor, offers
from app.timekeeping import close_silent, end_holds, sweep
from sla.calendar import WorkCalendar
from tests.app.casework.stage import Stage

STEPS = (1, 7, 45, 60, 61, 180, 300, 1440, 1441, 3000, 4320)  # minutes between two acts
LEAVES = (("C06", "U2"), ("C01", "U1"), ("C05", "U2"), ("C06", "U3"), ("E03", "U0"), ("G02", "U2"))
NOT_BY_HAND = {"receive", "merge", "remind", "breach"}
# What moves deadlines happens more often than in life, and what ends a ticket more rarely.
LIKELY = {"hold": 8, "petition": 9, "grant": 9, "accept": 6, "dispatch": 5, "override": 3, "return": 2, "append": 2}
RARELY = dict.fromkeys(
    ("reject", "withdraw", "close", "answer", "resolve", "note", "nudge", "rate", "escalate", "acknowledge"), 0.2
)


def lives(stage: Stage, chance: Random, acts: int) -> str:
    """The number of a ticket to which that many things were tried to be done."""
    stage.cast.clock.advance(timedelta(minutes=chance.choice(STEPS)))
    number = stage.opens(chance.choice(LEAVES)[0], review=chance.random() < 0.6)
    for _ in range(acts):
        stage.cast.clock.advance(timedelta(minutes=chance.choice(STEPS), seconds=chance.choice((0, 0, 13))))
        passes(stage)
        _something(stage, chance, number)
    passes(stage)
    return number


def ends(stage: Stage, number: str) -> None:
    """Nothing more becomes of it, so that later lives need not wait for its clocks."""
    _try(stage, number, "withdraw", stage.agent, {})


def passes(stage: Stage) -> None:
    """What time brings about is noticed."""
    while sweep(stage.cast.hotline) or end_holds(stage.cast.hotline) or close_silent(stage.cast.hotline):
        pass


def _something(stage: Stage, chance: Random, number: str) -> None:
    ticket = stage.ticket(number)
    if ticket.state in OPEN and chance.random() < 0.05:
        return _recounted(stage, chance, number)
    if ticket.state in OPEN and chance.random() < 0.02:
        return _try(stage, number, "alarm", SYSTEM, {"codes": [chance.choice(("E03", "E08", "E10"))], "why": "有人报警"})
    handler = stage.other if ticket.contractor_id == stage.other.org else stage.mender
    people = [stage.agent, handler, stage.supervisor, stage.resident(number)]
    may = [(by, rule.action) for by in people for rule in offers(ticket.state, by.role) if rule.action not in NOT_BY_HAND]
    if not any(asked.state == "open" for asked in ticket.petitions):
        may = [one for one in may if one[1] not in ("grant", "deny")]
    if may:
        by, action = chance.choices(may, [LIKELY.get(one, RARELY.get(one, 1)) for _, one in may])[0]
        _try(stage, number, action, by, _GIVEN.get(action, _nothing)(stage, chance, number))
    return None


def _try(stage: Stage, number: str, action: str, by: Actor, details: Mapping[str, Any]) -> None:
    """The act; what is refused changes nothing."""
    try:
        stage.does(number, action, by, **details)
    except HotlineError:
        return


def with_another_holiday(calendar: WorkCalendar, day: date) -> WorkCalendar:
    """The calendar as a notice would leave it that gave this day off."""
    assert calendar.schedule is not None
    return calendar.with_schedule(replace(calendar.schedule, off={**calendar.schedule.off, day: "加放"}))


def _recounted(stage: Stage, chance: Random, number: str) -> None:
    """A notice gives a day to come off, and the ticket's clocks are counted again."""
    with stage.cast.hotline.tx() as tx:
        version = next((t.calendar for t in stage.ticket(number).timers if t.stopped_at is None and t.budget.endswith("wd")), "")
        if not version:
            return
        former = tx.promises.calendar(version)
        newer = with_another_holiday(former, stage.cast.hotline.local_day(tx.now) + timedelta(days=chance.randint(1, 9)))
        calendars.remember(tx.session, [newer], tx.now)
    _try(stage, number, "recount", SYSTEM, {"calendar": {"from": former.version, "to": newer.version}})


Given = Callable[[Stage, Random, str], dict[str, Any]]


def _nothing(stage: Stage, chance: Random, number: str) -> dict[str, Any]:
    return {"text": "说了一句", "reason": "有原因", "refer": "12345", "eta": "下午", "satisfied": chance.randint(1, 5)}


def _later(name: str, days: int = 0) -> Given:
    def given(stage: Stage, chance: Random, number: str) -> dict[str, Any]:
        at = stage.cast.clock.now() + timedelta(days=days, minutes=chance.randint(1, 12 * 1440))
        return {name: at.isoformat(), "reason": f"等配件{chance.randint(1, 9)}", "target": chance.choice(("resolve", "contact"))}

    return given


def _classify(stage: Stage, chance: Random, number: str) -> dict[str, Any]:
    leaf, urgency = chance.choice(LEAVES)
    return {"leaf": leaf, "urgency": urgency}


def _dispatch(stage: Stage, chance: Random, number: str) -> dict[str, Any]:
    return {"contractor": chance.choice((stage.mender, stage.other)).org}


_GIVEN: Mapping[str, Given] = {
    "hold": _later("until"),
    "petition": _later("wanted", days=6),
    "grant": lambda stage, chance, number: {"reason": "同意"},
    "override": _later("deadline"),
    "classify": _classify,
    "dispatch": _dispatch,
    "refer": lambda stage, chance, number: {"purchaser": stage.supervisor.org},
    "escalate": lambda stage, chance, number: {"target": "resolve", "level": 2, "level_name": "督办", "tell": ["desk"]},
}
