"""Timers in SQL: what is due, claimed ticket by ticket so that two workers never meet, parked when it cannot be fired."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select, update
from sqlalchemy.orm import Session, defer, joinedload, selectinload
from sqlalchemy.orm.attributes import set_committed_value

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
    """超期, of a ticket: a clock of the citizen or of the contractor has lapsed. That the hotline has not called back yet makes
    nobody's work late."""
    return exists().where(Timer.ticket_id == Ticket.id, Timer.party.in_(("citizen", "contractor")), lapsed(now))


def claim_due(session: Session, now: datetime, limit: int) -> list[Timer]:
    """Timers whose next step has come, the oldest first, with their tickets, all locked for this transaction.

    What another worker has in hand is left to it, and so is a ticket on which somebody is just acting: its timers are due again
    at the next sweep. Of a ticket all timers that are due come together, or none, so that its steps fire in their order.
    An act writes the ticket before its timers; nothing here waits for a ticket's lock, so neither can block the other for good.
    SQLite lets one writer in at a time and needs no locks.
    """
    many = session.get_bind().dialect.name == "postgresql"
    first = _skipping(_due(now).order_by(Timer.next_at, Timer.ticket_id).limit(limit), many)
    claimed = session.execute(first).all()
    if not claimed:
        return []
    tickets = _locked(session, {row.ticket_id for row in claimed}, many)
    coming = [timer for ticket in tickets for timer in ticket.timers if timer.next_at is not None and timer.next_at <= now]
    mine = {row.id for row in claimed}
    beyond = [timer.id for timer in coming if timer.id not in mine]
    if beyond:  # the batch ended in the middle of a ticket
        mine |= {row.id for row in session.execute(_skipping(_due(now).where(Timer.id.in_(beyond)), many))}
    taken = {timer.ticket_id for timer in coming if timer.id not in mine}
    ours = sorted((timer for timer in coming if timer.ticket_id not in taken), key=lambda timer: (timer.next_at, timer.id))
    ladders = session.execute(select(Timer.id, Timer.ladder).where(Timer.id.in_([timer.id for timer in ours])))
    by_id = {timer_id: ladder for timer_id, ladder in ladders}
    for timer in ours:
        set_committed_value(timer, "ladder", by_id[timer.id])
    return ours


def _locked(session: Session, ids: Collection[int], many: bool) -> list[Ticket]:
    """Those tickets that nobody else has in hand, with all that an act of time may look at: a question for each would cost more
    than the act itself. The long columns stay where they are; whoever asks for one after all gets it by a question of its own.
    """
    query = select(Ticket).where(Ticket.id.in_(ids)).options(*_WHOLE).execution_options(populate_existing=True)
    tickets = list(session.scalars(query.with_for_update(skip_locked=True, of=Ticket) if many else query))
    for ticket in tickets:
        for timer in ticket.timers:
            set_committed_value(timer, "ticket", ticket)  # a session forgets what nobody holds, and would read it again
    return tickets


_WHOLE = (
    defer(Ticket.text),
    defer(Ticket.verdict),
    defer(Ticket.assigned_why),
    joinedload(Ticket.resident),
    selectinload(Ticket.timers).defer(Timer.ladder),
)


def _due(now: datetime) -> Select[int, int]:
    return select(Timer.id, Timer.ticket_id).where(Timer.next_at.is_not(None), Timer.next_at <= now)


def _skipping(query: Select[*tuple[Any, ...]], many: bool) -> Select[*tuple[Any, ...]]:
    return query.with_for_update(skip_locked=True) if many else query


def claim(session: Session, timer_id: int, now: datetime) -> Timer | None:
    """One timer like ``claim_due``, by itself; None when it is not due any more, or in somebody's hands."""
    many = session.get_bind().dialect.name == "postgresql"
    row = session.execute(_skipping(_due(now).where(Timer.id == timer_id), many)).one_or_none()
    tickets = _locked(session, {row.ticket_id}, many) if row is not None else []
    return next((timer for ticket in tickets for timer in ticket.timers if timer.id == timer_id), None)


def park(session: Session, timer_id: int, now: datetime, error: str) -> None:
    """Takes a timer that cannot be fired out of the sweep; people are alarmed by the metric and the board."""
    session.execute(
        update(Timer)
        .where(Timer.id == timer_id, Timer.next_at.is_not(None), Timer.next_at <= now)
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


def parked(session: Session, number: str = "") -> list[Timer]:
    """Timers that need mending, with their tickets; of one ticket, or of all."""
    query = select(Timer).where(Timer.parked_at.is_not(None), Timer.stopped_at.is_(None)).order_by(Timer.id)
    if number:
        query = query.where(Timer.ticket.has(Ticket.number == number))
    return list(session.scalars(query.options(joinedload(Timer.ticket))))


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
