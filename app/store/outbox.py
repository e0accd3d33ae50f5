"""The outbox in SQL: claims that lapse, settlements that only the claimer may make."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, func, select, text, update
from sqlalchemy.orm import Session, contains_eager, joinedload

from app.store.inbox import changed
from app.tickets.lifecycle import BY_TIME
from app.tickets.model import Ticket, TicketEvent
from app.tickets.post import Inbound, OutboxRow, OutboxState

HELD = text("outbox.state = 'held'")  # spelt out, as the partial index has it
LEASE = timedelta(seconds=30)
PUSHED = "webhook"  # the channel to contractors' systems: a system that is down must keep no person waiting
UNSAID = (OutboxState.WAITING, OutboxState.HELD)


def claim(session: Session, wall: datetime, worker: str, limit: int) -> list[OutboxRow]:
    """Takes what is due to people for one worker. A claim is a lease: it lapses, and then anybody may send again."""
    due = (
        select(OutboxRow)
        .where(OutboxRow.next_at.is_not(None), OutboxRow.next_at <= wall, OutboxRow.channel != PUSHED)
        .order_by(OutboxRow.next_at)
        .limit(limit)
    )
    return _claimed(session, due, wall, worker)


def claim_pushes(session: Session, wall: datetime, worker: str, limit: int, each: int) -> list[OutboxRow]:
    """The same of what is due to contractors' systems, at most ``each`` of one of them, the oldest first."""
    place = func.row_number().over(partition_by=OutboxRow.address, order_by=(OutboxRow.next_at, OutboxRow.id))
    ranked = select(OutboxRow.id, OutboxRow.next_at, place.label("place")).where(*_pushes(wall)).subquery()
    chosen = select(ranked.c.id).where(ranked.c.place <= each).order_by(ranked.c.place, ranked.c.next_at).limit(limit)
    ids = list(session.scalars(chosen))
    due = select(OutboxRow).where(OutboxRow.id.in_(ids), *_pushes(wall)).order_by(OutboxRow.next_at, OutboxRow.id)
    return _claimed(session, due, wall, worker) if ids else []


def any_push(session: Session, wall: datetime) -> bool:
    """Whether anything is due to a contractor's system."""
    return session.scalar(select(OutboxRow.id).where(*_pushes(wall)).limit(1)) is not None


def _pushes(wall: datetime) -> tuple[ColumnElement[bool], ...]:
    return OutboxRow.next_at.is_not(None), OutboxRow.next_at <= wall, OutboxRow.channel == PUSHED


def _claimed(session: Session, due: Select[OutboxRow], wall: datetime, worker: str) -> list[OutboxRow]:
    if session.get_bind().dialect.name == "postgresql":
        due = due.with_for_update(skip_locked=True)
    rows = list(session.scalars(due))
    for row in rows:
        row.state = OutboxState.CLAIMED
        row.claimed_by = worker
        row.next_at = wall + LEASE
        row.attempts += 1
    return rows


def renew(session: Session, row: OutboxRow, worker: str, wall: datetime) -> bool:
    """Lets a claim last for another lease. False when it had lapsed and another worker took the row over."""
    done = session.execute(
        update(OutboxRow)
        .where(OutboxRow.id == row.id, OutboxRow.claimed_by == worker, OutboxRow.attempts == row.attempts)
        .values(next_at=wall + LEASE)
        .execution_options(synchronize_session=False)
    )
    return changed(done)


def settle(
    session: Session,
    row: OutboxRow,
    worker: str,
    *,
    state: OutboxState,
    next_at: datetime | None,
    sent_at: datetime | None = None,
    sent_via: str = "",
    external_id: str = "",
    error: str = "",
) -> bool:
    """Writes the outcome of one attempt. False when the lease had lapsed and another worker took the row over."""
    done = session.execute(
        update(OutboxRow)
        .where(OutboxRow.id == row.id, OutboxRow.claimed_by == worker, OutboxRow.attempts == row.attempts)
        .values(
            state=state, next_at=next_at, sent_at=sent_at, sent_via=sent_via, external_id=external_id[:200], error=error[:1000]
        )
        .execution_options(synchronize_session=False)
    )
    return changed(done)


def answered(session: Session, keys: Sequence[str], wall: datetime) -> None:
    """The reply itself carried these notices; those still waiting need not go out again."""
    session.execute(
        update(OutboxRow)
        .where(OutboxRow.key.in_(keys), OutboxRow.state == OutboxState.WAITING)
        .values(state=OutboxState.SENT, next_at=None, sent_at=wall, sent_via="reply", attempts=OutboxRow.attempts + 1)
        .execution_options(synchronize_session=False)
    )


def waiting_in(session: Session, inbound: Inbound) -> tuple[str, ...]:
    """The resident's notices that the answer to this message holds and that nobody has sent yet."""
    rows = session.scalars(
        select(OutboxRow).where(
            OutboxRow.ticket_id == inbound.ticket_id,
            OutboxRow.audience == "resident",
            OutboxRow.created_at == inbound.answered_at,
            OutboxRow.state == OutboxState.WAITING,
        )
    )
    return tuple(row.key for row in rows if row.text in inbound.answer)


def waiting_of(session: Session, ticket: Ticket) -> list[OutboxRow]:
    """A ticket's notices of its deadlines that nobody has sent yet, with their events."""
    query = (
        select(OutboxRow)
        .join(OutboxRow.event)
        .where(OutboxRow.ticket_id == ticket.id, OutboxRow.state.in_(UNSAID))
        .where(TicketEvent.action.in_(BY_TIME), OutboxRow.channel != PUSHED)  # to a system it stays a fact
        .options(contains_eager(OutboxRow.event))
    )
    return list(session.scalars(query))


def any_held(session: Session) -> bool:
    """Whether something waits for a digest. Reads one partial index."""
    return session.scalar(select(OutboxRow.id).where(HELD).limit(1)) is not None


def held_since(session: Session) -> datetime | None:
    """When the oldest notice that waits for a digest was written."""
    return session.scalar(select(func.min(OutboxRow.created_at)).where(HELD))


def held(session: Session) -> list[OutboxRow]:
    """Everything that waits for a digest, locked, so that only one worker writes it."""
    query = select(OutboxRow).where(HELD).order_by(OutboxRow.id).options(joinedload(OutboxRow.event))
    query = query.options(joinedload(OutboxRow.ticket).selectinload(Ticket.timers))
    if session.get_bind().dialect.name == "postgresql":
        query = query.with_for_update(of=OutboxRow)
    return list(session.scalars(query))


def drop(session: Session, row: OutboxRow, why: str) -> None:
    """A notice that is not to be said any more; the row stays, with the reason. One that a worker has taken meanwhile is his."""
    session.execute(
        update(OutboxRow)
        .where(OutboxRow.id == row.id, OutboxRow.state.in_(UNSAID))
        .values(state=OutboxState.DROPPED, next_at=None, error=why)
        .execution_options(synchronize_session=False)
    )


def keep_from_contractors(session: Session, ticket: Ticket, audiences: Sequence[str]) -> None:
    """Drops what contractors were still to be told of a ticket that has been sealed meanwhile."""
    session.execute(
        update(OutboxRow)
        .where(OutboxRow.ticket_id == ticket.id, OutboxRow.audience.in_(audiences), OutboxRow.state.in_(UNSAID))
        .values(state=OutboxState.DROPPED, next_at=None, error="已转为承接主体不可见的工单")
        .execution_options(synchronize_session=False)
    )


def told_later(session: Session, row: OutboxRow) -> bool:
    """Whether something newer is on its way to the resident of this notice's ticket, or has reached them."""
    newer = select(OutboxRow.id).where(
        OutboxRow.ticket_id == row.ticket_id,
        OutboxRow.audience == row.audience,
        OutboxRow.id > row.id,
        OutboxRow.state.in_((OutboxState.WAITING, OutboxState.CLAIMED, OutboxState.SENT)),
    )
    return session.scalar(newer.limit(1)) is not None


def parked(session: Session, number: str = "") -> list[OutboxRow]:
    """Notices that people must look at, oldest first, of one ticket or of all."""
    query = select(OutboxRow).where(OutboxRow.state == OutboxState.PARKED).order_by(OutboxRow.id)
    if number:
        query = query.join(OutboxRow.ticket).where(Ticket.number == number)
    return list(session.scalars(query))


def counts(session: Session) -> dict[OutboxState, int]:
    """How many notices are in each state."""
    rows = session.execute(select(OutboxRow.state, func.count()).group_by(OutboxRow.state))
    return {state: count for state, count in rows}


def of_ticket(session: Session, ticket_id: int) -> list[OutboxRow]:
    return list(session.scalars(select(OutboxRow).where(OutboxRow.ticket_id == ticket_id).order_by(OutboxRow.id)))


def reroute(session: Session, row: OutboxRow, channel: str) -> None:
    """The next attempt goes by another channel."""
    session.execute(
        update(OutboxRow).where(OutboxRow.id == row.id).values(channel=channel).execution_options(synchronize_session=False)
    )
