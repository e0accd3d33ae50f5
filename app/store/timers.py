"""Timers in SQL: what is due, claimed one at a time by a conditional update, parked when it cannot be fired."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, and_, exists, func, or_, select, update
from sqlalchemy.orm import Session, selectinload

from app.store.inbox import changed
from app.tickets.model import Ticket, Timer


def lapsed(now: datetime) -> ColumnElement[bool]:
    """超期, of a clock: it has run out, whether or not a sweep has noticed, and nobody has stopped it since.

    The one definition of overdue for boards, lists, the API and ``hotline due``; ``has_lapsed`` says the same of one clock in
    hand. A deadline lapses at its moment, as the sweep has it. A clock that stood still before it ran out has not lapsed.
    """
    ran_out = and_(Timer.due_at <= now, Timer.paused_at.is_(None))
    return and_(Timer.stopped_at.is_(None), or_(Timer.breached_at.is_not(None), ran_out))


def has_lapsed(timer: Timer, now: datetime) -> bool:
    """``lapsed``, of a clock already read."""
    ran_out = timer.due_at <= now and timer.paused_at is None
    return timer.stopped_at is None and (timer.breached_at is not None or ran_out)


def overdue(now: datetime) -> ColumnElement[bool]:
    """超期, of a ticket: a clock of it has lapsed."""
    return exists().where(Timer.ticket_id == Ticket.id, lapsed(now))


def due(session: Session, now: datetime, limit: int) -> list[tuple[int, datetime]]:
    """Timers whose next step has come, the oldest first. Reads one partial index and nothing else."""
    rows = session.execute(
        select(Timer.id, Timer.next_at)
        .where(Timer.next_at.is_not(None), Timer.next_at <= now)
        .order_by(Timer.next_at)
        .limit(limit)
    )
    return [(timer_id, at) for timer_id, at in rows if at is not None]


def claim(session: Session, timer_id: int, expected: datetime) -> Timer | None:
    """The timer, locked for this transaction, if its next step is still the one that was seen; else another worker has it."""
    _lock_ticket(session, timer_id)
    won = session.execute(
        update(Timer)
        .where(Timer.id == timer_id, Timer.next_at == expected)
        .values(attempts=Timer.attempts + 1)
        .execution_options(synchronize_session=False)
    )
    if not changed(won):
        return None
    return session.scalars(
        select(Timer)
        .where(Timer.id == timer_id)
        .options(selectinload(Timer.ticket).selectinload(Ticket.timers))
        .execution_options(populate_existing=True)
    ).one()


def _lock_ticket(session: Session, timer_id: int) -> None:
    """An act writes the ticket before its timers: a sweep that began with the timer would block it, and be blocked by it."""
    if session.get_bind().dialect.name == "postgresql":
        ticket_id = select(Timer.ticket_id).where(Timer.id == timer_id).scalar_subquery()
        session.execute(select(Ticket.id).where(Ticket.id == ticket_id).with_for_update())


def park(session: Session, timer_id: int, expected: datetime, now: datetime, error: str) -> None:
    """Takes a timer that cannot be fired out of the sweep; people are alarmed by the metric and the board."""
    session.execute(
        update(Timer)
        .where(Timer.id == timer_id, Timer.next_at == expected)
        .values(next_at=None, parked_at=now, error=error[:1000])
        .execution_options(synchronize_session=False)
    )


def oldest_due(session: Session) -> datetime | None:
    """When the longest waiting step should have fired: how far behind the sweep is."""
    return session.scalar(select(func.min(Timer.next_at)).where(Timer.next_at.is_not(None)))


def parked_count(session: Session) -> int:
    """Timers that need mending; one whose clock was stopped meanwhile needs none."""
    parked = select(func.count()).select_from(Timer).where(Timer.parked_at.is_not(None), Timer.stopped_at.is_(None))
    return session.scalar(parked) or 0


def lapsing(session: Session, now: datetime, until: datetime, limit: int = 500) -> list[Timer]:
    """Clocks that have lapsed, and those that run and are due by then, the most overdue first."""
    runs = and_(Timer.stopped_at.is_(None), Timer.paused_at.is_(None))
    return list(
        session.scalars(
            select(Timer)
            .where(or_(lapsed(now), and_(runs, Timer.due_at <= until)))
            .order_by(Timer.due_at)
            .limit(limit)
            .options(selectinload(Timer.ticket))
        )
    )
