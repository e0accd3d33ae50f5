"""怎么算的: how each deadline of a ticket came about, for staff at their doors, for residents in short, for programs as data.

What a reader may not see of the ticket is not in its explanation either: clocks that are none of theirs, and reasons that were
never told to them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from fastapi import Request, Response

from app import naming
from app.explain import Deadline, Explained, explain, notes_of
from app.hotline import Hotline, Tx
from app.retold import Card, agreement, as_data, card, unwritten
from app.store import tickets as store
from app.tickets import privacy, prose
from app.tickets.lifecycle import ROLE_NAMES, Actor, Role
from app.tickets.model import Ticket
from app.tickets.story import Happening, Line, Reader, Replayed, who, why
from app.web import timeline, views
from app.web.case import Door
from app.web.guards import SignedIn
from app.web.render import page

# Of acts that a contractor does not find in its history it is told the reasons of these: they moved its own deadlines.
DECIDED = {"grant", "deny", "override", "recount"}
AS_RESIDENTS_SAY: Mapping[Role, str] = {
    Role.AGENT: "热线",
    Role.CONTRACTOR: "承办单位",
    Role.SUPERVISOR: "主管部门",
    Role.RESIDENT: "您",
}
# What a resident was told of an act when it happened: the reasons of holds and of deadlines that were moved.
TOLD_RESIDENTS: Mapping[str, str] = {"hold": "reason", "grant": "asked", "override": "reason"}


def show_deadlines(request: Request, hotline: Hotline, me: SignedIn, number: str, door: Door) -> Response:
    """The page of staff. Raises NotFound; Hidden for a ticket this person may not know of."""
    with hotline.look() as tx:
        ticket = store.by_number(tx.session, number, me.actor)
        found = _explained(tx, ticket, me.actor)
        notes = notes_of(tx, found.deadlines)
        view: dict[str, Any] = {
            "number": ticket.number,
            "leaf": naming.leaf_name(tx, ticket),
            "cards": _cards(found, notes),
            "agrees": found.agrees,
            "agreement": agreement(found),
            "unwritten": unwritten(found),
        }
    return page(request, "desk/deadlines.html", me=me, door=door, **view)


def _cards(found: Explained, notes: Mapping[int, str]) -> list[Card]:
    """Those that run first, those no longer asked for last."""
    cards = [card(found, one, notes.get(one.of.n, "")) for one in found.deadlines]
    return sorted(cards, key=lambda one: (one.cancelled, one.over))


def deadlines_data(tx: Tx, ticket: Ticket, viewer: Actor) -> dict[str, Any]:
    """The explanation as data, as this viewer may have it."""
    found = _explained(tx, ticket, viewer)
    return as_data(found, notes_of(tx, found.deadlines))


def _explained(tx: Tx, ticket: Ticket, viewer: Actor) -> Explained:
    shown = partial(_concerns, viewer=viewer, leads=privacy.leads(viewer, ticket))
    return explain(tx, ticket, tx.now, _reader(tx, ticket, viewer), shown)


def _concerns(clock: Replayed, viewer: Actor, leads: bool) -> bool:
    return views.concerns(clock, viewer, leads)


def _reader(tx: Tx, ticket: Ticket, viewer: Actor) -> Reader:
    if viewer.role is Role.RESIDENT:
        return Reader(_who_for_resident, _why_for_resident)
    if viewer.role is Role.EVALUATOR:
        return Reader(lambda event: ROLE_NAMES[event.by_role], lambda event: "")
    if viewer.role is Role.CONTRACTOR:
        return Reader(partial(_who_for_contractor, viewer), _why_for_contractor(tx, ticket, viewer))
    return Reader()


def _who_for_contractor(viewer: Actor, event: Happening) -> str:
    """Staff of other contractors have no names here."""
    other = event.by_role is Role.CONTRACTOR and event.by_org != viewer.org
    return "其他承接主体" if other else who(event)


def _why_for_contractor(tx: Tx, ticket: Ticket, viewer: Actor) -> Callable[[Happening], str]:
    reads = timeline.CONTRACTOR_READS | DECIDED

    def told(event: Happening) -> str:
        heard = event.action in reads and privacy.hears(viewer, ticket, event.action, event.by_role)
        return views.readable(tx, ticket, viewer, why(event)) if heard else ""

    return told


def _who_for_resident(event: Happening) -> str:
    return AS_RESIDENTS_SAY.get(event.by_role, "")


def _why_for_resident(event: Happening) -> str:
    return str(event.details.get(TOLD_RESIDENTS.get(event.action, ""), ""))


# --- for residents --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Reason:
    """One promise to a resident, and why it is for then."""

    n: int
    name: str
    due: str
    tone: str
    result: str
    started: str
    limit: str
    idle: list[str]
    changes: list[str]
    provisional: bool


def reasons(tx: Tx, ticket: Ticket, viewer: Actor) -> list[Reason]:
    """Why the promises of the present round are for when they are; the nearest first."""
    found = _explained(tx, ticket, viewer)
    present = [one for one in found.deadlines if not one.of.reckoned.cancelled and one.of.start.get("round") == ticket.round]
    present.sort(key=lambda one: one.of.reckoned.due_at)
    return [_reason(found, one) for one in present]


def _reason(found: Explained, one: Deadline) -> Reason:
    words, spelling = card(found, one), one.spelling
    return Reason(
        n=words.n,
        name=words.name,
        due=words.due,
        tone=words.tone,
        result=words.result,
        started=_started(found, one),
        limit=words.limit,
        idle=prose.idle_days(one.days, spelling),
        changes=[said for line in one.of.lines if (said := _moved(line, one))] + _stands(one),
        provisional=one.of.reckoned.provisional,
    )


def _started(found: Explained, one: Deadline) -> str:
    began, started = one.of.lines[0], one.of.reckoned.started_at
    since = one.spelling.moment(started)
    if began.op == "!":
        return f"{since} 得知情况紧急起"
    return f"{since} 收到您的诉求起" if started == found.received_at else f"{since} 起"


def _moved(line: Line, one: Deadline) -> str:
    """What moved the deadline, in a sentence; nothing for what did not."""
    spelling, why_ = one.spelling, f"，原因：{line.reason}" if line.reason else ""
    if line.op in "+!":
        return f"此前暂缓办理 {prose.length(line.took)}，期限顺延" if line.took else ""
    if line.op == "^":
        return f"{spelling.moment(line.at)} {line.by}把期限改为 {spelling.moment(line.due)}{why_}"
    if line.op == "%" and line.was is not None:
        return f"放假安排公布后，期限由 {spelling.moment(line.was)} 改为 {spelling.moment(line.due)}"
    if line.op == ">":
        over = [(pause, pause.until) for pause in one.of.pauses if pause.until is not None and pause.until <= line.at]
        if not over:
            return ""
        pause, until = over[-1]
        since = spelling.span(pause.since, until)
        put_off = f"顺延 {prose.length(line.took)}" if line.took else "不变"
        return f"{since} 暂缓办理，期限{put_off}" + (f"，原因：{pause.reason}" if pause.reason else "")
    return ""


def _stands(one: Deadline) -> list[str]:
    """That it stands still just now."""
    return [
        f"{one.spelling.moment(pause.since)} 起暂缓办理，恢复后期限顺延" + (f"，原因：{pause.reason}" if pause.reason else "")
        for pause in one.of.pauses
        if pause.until is None
    ]
