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
from app.tickets import chain, petitions
from app.tickets.lifecycle import OPEN, SYSTEM, Actor, State, offers
from app.tickets.model import Ticket
from app.timekeeping import close_silent, end_holds, sweep
from sla.calendar import WorkCalendar
from tests.app.casework.stage import Stage

STEPS = (1, 7, 45, 60, 61, 180, 300, 1440, 1441, 3000, 4320)  # minutes between two acts
LEAVES = (("C06", "U2"), ("C01", "U1"), ("C05", "U2"), ("C06", "U3"), ("E03", "U0"), ("G02", "U2"))
NOT_BY_HAND = {"receive", "remind", "breach", "merge", "unmerge", "split", "join", "leave"}  # time's, or of more than one ticket
DECISIONS = dict(zip((*petitions.GRANTED_BY, *petitions.DENIED_BY), [*petitions.ASKED_BY.values()] * 2, strict=True))
# What moves deadlines happens more often than in life, and what ends a ticket more rarely.
LIKELY = {"hold": 8, "petition": 9, "grant": 9, "accept": 6, "dispatch": 5, "override": 3, "return": 2, "append": 2}
LIKELY |= {"assist": 3, "assisted": 4, "ask_return": 3, "grant_return": 5, "deny_return": 5, "supervise": 2, "report": 3}
RARELY = dict.fromkeys(
    (
        "reject",
        "withdraw",
        "close",
        "answer",
        "resolve",
        "note",
        "nudge",
        "rate",
        "escalate",
        "acknowledge",
        "confirm",
        "ask_closure",
    ),
    0.2,
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
    people = [stage.agent, handler, stage.supervisor, stage.resident(number), *_helpers(stage, ticket)]
    may = [(by, rule.action) for by in people for rule in offers(ticket.state, by.role) if rule.action not in NOT_BY_HAND]
    waits = petitions.waiting(ticket)
    may = [one for one in may if DECISIONS.get(one[1]) in (None, waits and waits.kind)]
    if may:
        by, action = chance.choices(may, [LIKELY.get(one, RARELY.get(one, 1)) for _, one in may])[0]
        _try(stage, number, action, by, _GIVEN.get(action, _nothing)(stage, chance, number))
    return None


def _helpers(stage: Stage, ticket: Ticket) -> list[Actor]:
    owed = {duty.contractor_id for duty in ticket.duties if duty.open}
    return [by for by in (stage.mender, stage.other) if by.org in owed]


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


def _rated(stage: Stage, number: str) -> dict[str, Any]:
    """The present round, rated if nobody has."""
    ticket = stage.ticket(number)
    if all(one.round != ticket.round for one in stage.cast.history(number).ratings):
        stage.rated(number, 2, ticket.round)
    return {"round": ticket.round, "reason": "评的不是我们"}


def faults(stage: Stage, number: str) -> list[str]:
    """What is wrong with a ticket, whatever has happened to it; nothing ever is."""
    ticket, events = stage.ticket(number), stage.events(number)
    running = [timer for timer in ticket.timers if timer.stopped_at is None]
    of = {key: [timer for timer in running if timer.target == key] for key in ("assist", "supervise", "decide")}
    asked = petitions.waiting(ticket)
    owed = [duty.contractor_id for duty in ticket.duties if duty.open]
    ended = ticket.state not in OPEN or ticket.state is State.RESOLVED
    sound = {
        "the chain of its events is whole": chain.faults(number, events, ticket.head, ticket.seq) == [],
        "what is over owes nobody work": not ended or {timer.target for timer in running} <= {"decide", "callback", "review"},
        "one petition at most": sum(one.state == "open" for one in ticket.petitions) <= 1,
        "a decision is waited for while somebody has asked": len(of["decide"]) == (asked is not None),
        "who assists has a clock, and nobody else": sorted(owed) == sorted(timer.contractor_id or 0 for timer in of["assist"]),
        "an order waits as long as its clock": any(o.answered_at is None for o in ticket.supervisions) == bool(of["supervise"]),
        "on hold is what has a hold": (ticket.state is State.ON_HOLD) == (ticket.present_hold is not None),
        "returns are those that were granted": ticket.returns
        == sum(one.kind == petitions.RETURN and one.state == "granted" for one in ticket.petitions),
        "moves are counted": ticket.moves == sum(event.action in ("dispatch", "refer") for event in events),
    }
    return [words for words, holds in sound.items() if not holds]


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
    "ask_return": lambda stage, chance, number: {"code": chance.choice(list(petitions.RETURN_CODES)), "reason": "不归我们"},
    "ask_closure": lambda stage, chance, number: {"outcome": chance.choice(petitions.UNSOLVED), "reason": "无法处理"},
    "appeal": lambda stage, chance, number: _rated(stage, number),
    "assist": lambda stage, chance, number: {"helper": chance.choice((stage.mender, stage.other)).org, "text": "开门"},
    "unassist": lambda stage, chance, number: {"helper": chance.choice((stage.mender, stage.other)).org, "reason": "不用了"},
    "supervise": lambda stage, chance, number: {"level": chance.choice((2, 3)), "text": "今天到场"},
    "call": lambda stage, chance, number: {"outcome": "no_answer"},
    "refer": lambda stage, chance, number: {"purchaser": stage.supervisor.org},
    "escalate": lambda stage, chance, number: {"target": "resolve", "level": 2, "level_name": "督办", "tell": ["desk"]},
}
