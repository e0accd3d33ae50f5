"""Which calendars the open clocks are counted on, and those clocks in batches: what a recount asks.

Whoever counts a clock again has its ticket locked and reads it after that. What somebody else has in hand is left out of a
batch, so that neither waits for the other; it comes again.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session, defer, joinedload, selectinload
from sqlalchemy.orm.attributes import set_committed_value

from app.tickets.lifecycle import RULES
from app.tickets.model import Ticket, Timer

Pair = tuple[str, str]  # version of the calendar, version of the service hours or ""
STATES = sorted(str(state) for state in RULES["recount"].sources if state)
_LIGHT = (
    Timer.id,
    Timer.ticket_id,
    Timer.target,
    Timer.name,
    Timer.budget,
    Timer.started_at,
    Timer.due_at,
    Timer.paused_at,
    Timer.held,
    Timer.breached_at,
)


def pairs(session: Session) -> list[Pair]:
    """What the open clocks are counted on, each pair once. Two probes of an index for each, however many clocks there are."""
    query = select(Timer.calendar, Timer.hours).where(Timer.stopped_at.is_(None)).order_by(Timer.calendar, Timer.hours).limit(1)
    found: list[Pair] = []
    row = session.execute(query).one_or_none()
    while row is not None:
        found.append((row.calendar, row.hours))
        # Apart, because SQLite reads all that is equal in the first column where both are compared at once.
        here, beyond = (Timer.calendar == row.calendar, Timer.hours > row.hours), (Timer.calendar > row.calendar,)
        row = session.execute(query.where(*here)).one_or_none() or session.execute(query.where(*beyond)).one_or_none()
    return found


def count(session: Session, pair: Pair) -> int:
    """How many open clocks are counted on it."""
    return session.scalar(select(func.count()).select_from(Timer).where(*_on(pair))) or 0


def any_movable(session: Session, pair: Pair) -> bool:
    """Whether a recount may act on the ticket of any of them."""
    query = select(Timer.id).join(Timer.ticket).where(*_on(pair), Ticket.state.in_(STATES)).limit(1)
    return session.scalar(query) is not None


def tickets_of(session: Session, pair: Pair, after: int, limit: int) -> tuple[list[int], int | None]:
    """The tickets of the next open clocks beyond the one with this id, and the last of their ids; None when there are none."""
    query = select(Timer.id, Timer.ticket_id).where(*_on(pair), Timer.id > after).order_by(Timer.id).limit(limit)
    rows = session.execute(query).all()
    return list(_numbers(session, {row.ticket_id for row in rows})), rows[-1].id if rows else None


def _numbers(session: Session, ids: Collection[int]) -> dict[int, str]:
    """The numbers of those tickets on which a recount may act. A question of its own: joined with the clocks, one engine or the
    other would rather read all tickets for each batch."""
    query = select(Ticket.id, Ticket.number).where(Ticket.id.in_(ids), Ticket.state.in_(STATES)).order_by(Ticket.id)
    return {row.id: row.number for row in session.execute(query)}


def lock(session: Session, ids: Collection[int], *, wait: bool = False) -> list[Ticket]:
    """Those tickets, with all that a recount looks at, locked for this transaction; without ``wait`` those that nobody else has
    in hand. SQLite lets one writer in at a time and needs no locks."""
    query = (
        select(Ticket)
        .where(Ticket.id.in_(ids), Ticket.state.in_(STATES))
        .order_by(Ticket.id)
        .options(
            defer(Ticket.text),
            defer(Ticket.verdict),
            defer(Ticket.assigned_why),
            joinedload(Ticket.resident),
            selectinload(Ticket.timers),
        )
        .execution_options(populate_existing=True)
    )
    many = session.get_bind().dialect.name == "postgresql"
    tickets = list(session.scalars(query.with_for_update(skip_locked=not wait, of=Ticket) if many else query))
    for ticket in tickets:
        for timer in ticket.timers:
            set_committed_value(timer, "ticket", ticket)
    return tickets


def running(session: Session, pair: Pair, after: int, limit: int) -> list[tuple[str, Any]]:
    """The next open clocks beyond the one with this id, without their ladders, each with its ticket's number; "" where no recount
    may act on the ticket."""
    rows = session.execute(select(*_LIGHT).where(*_on(pair), Timer.id > after).order_by(Timer.id).limit(limit)).all()
    numbers = _numbers(session, {row.ticket_id for row in rows})
    return [(numbers.get(row.ticket_id, ""), row) for row in rows]


def provisional(session: Session, until: datetime | None = None) -> int:
    """Open clocks whose deadline the notice of its year may still move; only those due before ``until``."""
    query = select(func.count()).select_from(Timer).where(Timer.provisional, Timer.stopped_at.is_(None))
    return session.scalar(query if until is None else query.where(Timer.due_at < until)) or 0


def _on(pair: Pair) -> tuple[Any, ...]:
    return Timer.calendar == pair[0], Timer.hours == pair[1], Timer.stopped_at.is_(None)
