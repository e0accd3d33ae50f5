"""What boards and queues ask: named slices of the tickets, each counted and listed by one and the same condition."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from sqlalchemy import ColumnElement, and_, exists, func, select
from sqlalchemy.orm import Session, selectinload

from app.store.tickets import Filter, conditions
from app.store.timers import overdue
from app.tickets.followup import CallBack, CallState
from app.tickets.lifecycle import Actor, Handler, State
from app.tickets.model import Duty, Petition, PetitionState, Supervision, Ticket, TicketEvent, Timer
from app.tickets.petitions import KINDS
from app.tickets.privacy import led_by, visible_to

PAGE = 20
SHUFFLED = 3  # 踢皮球: as often as that somebody was set to work on it
QUEUED = (State.RECEIVED, State.RETURNED)
HANDLED = (State.DISPATCHED, State.IN_PROGRESS, State.ON_HOLD)
OPEN = (*QUEUED, *HANDLED)
DONE = (State.RESOLVED, State.CLOSED, State.REJECTED, State.MERGED)


@dataclass(frozen=True, slots=True)
class Now:
    """The moment a board is drawn, and the local day it lies in."""

    at: datetime
    day_starts: datetime
    day_ends: datetime


Condition = ColumnElement[bool]


def _running(*more: Condition) -> Condition:
    return exists().where(Timer.ticket_id == Ticket.id, Timer.stopped_at.is_(None), *more)


def _nearly(now: Now) -> Condition:
    """临期: reminded of, and not lapsed. The policy's ladder says when that is."""
    soon = _running(Timer.next_step > 0, Timer.breached_at.is_(None), Timer.paused_at.is_(None), Timer.due_at > now.at)
    return and_(soon, ~overdue(now.at))


def _finished_today(now: Now) -> Condition:
    finished = TicketEvent.action.in_(("resolve", "answer"))
    return exists().where(TicketEvent.ticket_id == Ticket.id, finished, TicketEvent.at >= now.day_starts)


def _undone() -> Condition:
    return and_(Duty.done_at.is_(None), Duty.withdrawn_at.is_(None))


def _unanswered(*more: Condition) -> Condition:
    return exists().where(Supervision.ticket_id == Ticket.id, Supervision.answered_at.is_(None), *more)


def _to_decide(kind: str, now: Now) -> Condition:
    return exists().where(Petition.ticket_id == Ticket.id, Petition.state == PetitionState.OPEN, Petition.kind == kind)


SLICES: Mapping[str, Callable[[Now], Condition]] = {
    "queue": lambda now: Ticket.state.in_(QUEUED),
    "emergency": lambda now: and_(Ticket.urgency == "U0", Ticket.state.in_(OPEN)),
    "handling": lambda now: Ticket.state.in_(HANDLED),
    "to_review": lambda now: and_(Ticket.state == State.RESOLVED, Ticket.reviewed_at.is_(None)),
    "callback": lambda now: exists().where(CallBack.ticket_id == Ticket.id, CallBack.state == CallState.OPEN),
    "resolved": lambda now: Ticket.state == State.RESOLVED,
    "done": lambda now: Ticket.state.in_(DONE),
    "today": lambda now: Ticket.created_at >= now.day_starts,
    "finished": lambda now: and_(Ticket.state.in_((State.RESOLVED, State.CLOSED)), _finished_today(now)),
    "soon": lambda now: and_(Ticket.state.in_(OPEN), _nearly(now)),
    "overdue": lambda now: overdue(now.at),
    "due_today": lambda now: and_(
        Ticket.state.in_(HANDLED), ~overdue(now.at), _running(Timer.due_at < now.day_ends, Timer.paused_at.is_(None))
    ),
    "to_accept": lambda now: Ticket.state == State.DISPATCHED,
    "working": lambda now: Ticket.state.in_((State.IN_PROGRESS, State.ON_HOLD)),
    "to_decide": lambda now: exists().where(Petition.ticket_id == Ticket.id, Petition.state == PetitionState.OPEN),
    "ours": lambda now: and_(Ticket.handler == Handler.PURCHASER, Ticket.state.in_(HANDLED)),
    "to_restate": lambda now: and_(
        Ticket.confidential, Ticket.handler == Handler.CONTRACTOR, Ticket.brief == "", Ticket.state.in_(HANDLED)
    ),
    "returned": lambda now: and_(Ticket.returns >= 1, Ticket.state.in_(OPEN)),
    "shuffled": lambda now: and_(Ticket.moves >= SHUFFLED, Ticket.state.in_(OPEN)),
    "supervised": lambda now: exists().where(Supervision.ticket_id == Ticket.id),
    "unanswered": lambda now: _unanswered(),
    "helped": lambda now: exists().where(Duty.ticket_id == Ticket.id, _undone()),
    **{f"decide_{kind}": partial(_to_decide, kind) for kind in KINDS},
}


# What waits on whoever looks, beside what they answer for.
OWN: Mapping[str, Callable[[Actor], Condition]] = {
    "assisting": lambda viewer: exists().where(Duty.ticket_id == Ticket.id, Duty.contractor_id == viewer.org, _undone()),
    "to_report": lambda viewer: and_(led_by(viewer), _unanswered(Supervision.to_org == viewer.org)),
}


def _slice(name: str, now: Now, viewer: Actor) -> Condition:
    """A slice for this viewer; of what a contractor only assists with, nothing stands among what it answers for."""
    return OWN[name](viewer) if name in OWN else and_(SLICES[name](now), led_by(viewer))


def count(session: Session, viewer: Actor, now: Now, names: Sequence[str]) -> dict[str, int]:
    """How many tickets each slice holds for this viewer, in one query."""
    columns = [func.count().filter(_slice(name, now, viewer)) for name in names]
    row = session.execute(select(*columns).select_from(Ticket).where(visible_to(viewer))).one()
    return dict(zip(names, row, strict=True))


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a slice, and how many tickets the whole of it holds."""

    tickets: list[Ticket]
    total: int


def listed(session: Session, viewer: Actor, now: Now, name: str, wanted: Filter, page: int = 1) -> Page:
    """A page of a slice: the most urgent and the least remaining first; what is done, the newest first."""
    where = [_slice(name, now, viewer), *conditions(session, viewer, wanted)]
    total = session.scalar(select(func.count()).select_from(Ticket).where(*where)) or 0
    nearest = (
        select(func.min(Timer.due_at))
        .where(Timer.ticket_id == Ticket.id, Timer.stopped_at.is_(None), Timer.paused_at.is_(None))
        .correlate(Ticket)
        .scalar_subquery()
    )
    newest_first = name in ("done", "today", "finished")
    order = [Ticket.id.desc()] if newest_first else [Ticket.urgency, nearest.is_(None), nearest, Ticket.id]
    found = session.scalars(
        select(Ticket).where(*where).order_by(*order).limit(PAGE).offset((page - 1) * PAGE).options(selectinload(Ticket.timers))
    )
    return Page(list(found), total)


def overdue_by(session: Session, viewer: Actor, now: Now, what: str) -> list[tuple[str, int]]:
    """Overdue tickets by ``contractor``, ``leaf`` or ``level``, the most first; "" stands for none."""
    column = {"contractor": Ticket.contractor_id, "leaf": Ticket.leaf, "level": Ticket.level}[what]
    many = func.count()
    rows = session.execute(
        select(column, many)
        .where(visible_to(viewer), SLICES["overdue"](now))
        .group_by(column)
        .order_by(many.desc(), column)
        .limit(12)
    )
    return [("" if key is None else str(key), number) for key, number in rows]


def channel_mix(session: Session, viewer: Actor, now: Now) -> list[tuple[str, int]]:
    """Today's tickets by the channel they came by, the most first."""
    many = func.count()
    rows = session.execute(
        select(Ticket.channel, many)
        .where(visible_to(viewer), SLICES["today"](now))
        .group_by(Ticket.channel)
        .order_by(many.desc())
    )
    return [(channel, number) for channel, number in rows]
