"""Timers in SQL: what is due, claimed one at a time by a conditional update, parked when it cannot be fired."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session, selectinload

from app.store.inbox import changed
from app.tickets.model import Ticket, Timer


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


def lapsing(session: Session, until: datetime, limit: int = 500) -> list[Timer]:
    """Clocks that run and are due by then, lapsed ones included, the most overdue first."""
    return list(
        session.scalars(
            select(Timer)
            .where(Timer.stopped_at.is_(None), Timer.paused_at.is_(None), Timer.due_at <= until)
            .order_by(Timer.due_at)
            .limit(limit)
            .options(selectinload(Timer.ticket))
        )
    )
