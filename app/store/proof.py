"""What ``hotline verify`` asks of the database: every ticket with its events, in batches; and what came in and led nowhere."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from app.tickets.lifecycle import State
from app.tickets.model import Message, Ticket, TicketEvent, Timer
from app.tickets.post import Inbound, InboundState, OutboxRow, OutboxState

BATCH = 500  # tickets read at a time
OVER = (State.CLOSED, State.REJECTED, State.MERGED)
OUTLIVE = ("decide", "callback", "review")  # clocks of others, about what is over
NAMED = 100  # of what is wrong, that are named one by one
COLUMNS = (
    *(TicketEvent.seq, TicketEvent.at, TicketEvent.noticed_at, TicketEvent.action),
    *(TicketEvent.by_role, TicketEvent.by_id, TicketEvent.by_name, TicketEvent.by_org),
    *(TicketEvent.from_state, TicketEvent.to_state, TicketEvent.details, TicketEvent.clocks, TicketEvent.cause, TicketEvent.hash),
)


@dataclass(frozen=True, slots=True)
class Chain:
    """One ticket as it stands, and its events in order, as bare rows."""

    id: int
    number: str
    head: str
    seq: int
    events: Sequence[Any]


def ticket_count(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(Ticket)) or 0


def batch_after(session: Session, ticket_id: int) -> list[int]:
    """The next tickets' ids."""
    return list(session.scalars(select(Ticket.id).where(Ticket.id > ticket_id).order_by(Ticket.id).limit(BATCH)))


def chains(session: Session, first: int, last: int) -> Iterator[Chain]:
    """Tickets of a range with their events. In one statement, so that each is seen as one moment left it."""
    query = (
        select(Ticket.id.label("ticket"), Ticket.number, Ticket.head, Ticket.seq.label("said"), TicketEvent.id, *COLUMNS)
        .outerjoin(TicketEvent, TicketEvent.ticket_id == Ticket.id)
        .where(Ticket.id >= first, Ticket.id <= last)
        .order_by(Ticket.id, TicketEvent.seq)
    )
    for ticket, group in groupby(session.execute(query), key=lambda row: row.ticket):
        rows = list(group)
        yield Chain(ticket, rows[0].number, rows[0].head, rows[0].said, [row for row in rows if row.id is not None])


def events_of_no_ticket(session: Session) -> list[tuple[int, int, str]]:
    """Events whose ticket is not there: (ticket id, seq, action)."""
    query = (
        select(TicketEvent.ticket_id, TicketEvent.seq, TicketEvent.action)
        .outerjoin(Ticket, Ticket.id == TicketEvent.ticket_id)
        .where(Ticket.id.is_(None))
        .order_by(TicketEvent.id)
        .limit(NAMED)
    )
    return [(row[0], row[1], row[2]) for row in session.execute(query)]


def inbound_states(session: Session) -> dict[InboundState, int]:
    counted = session.execute(select(Inbound.state, func.count()).group_by(Inbound.state))
    return {state: count for state, count in counted}


def led_nowhere(session: Session) -> list[Inbound]:
    """Messages marked as taken in that have neither a ticket nor were answered, or whose ticket is gone."""
    query = select(Inbound).outerjoin(Ticket, Ticket.id == Inbound.ticket_id).where(Inbound.state == InboundState.TAKEN_IN)
    lost = and_(Inbound.ticket_id.is_(None), Inbound.answered_at.is_(None)) | and_(
        Inbound.ticket_id.is_not(None), Ticket.id.is_(None)
    )
    return list(session.scalars(query.where(lost).order_by(Inbound.id).limit(NAMED)))


def long_pending(session: Session, before: datetime) -> list[Inbound]:
    """Messages kept before that moment (wall time) which are still no ticket."""
    query = select(Inbound).where(Inbound.state == InboundState.PENDING, Inbound.wall_at < before)
    return list(session.scalars(query.order_by(Inbound.id).limit(NAMED)))


def misplaced(session: Session) -> list[tuple[int, str, int]]:
    """Words that came in a message and stand on a ticket which that message did not reach: (message, ticket, inbound)."""
    query = (
        select(Message.id, Ticket.number, Message.inbound_id)
        .join(Ticket, Ticket.id == Message.ticket_id)
        .outerjoin(Inbound, Inbound.id == Message.inbound_id)
        .where(Message.inbound_id.is_not(None))
        .where(Inbound.id.is_(None) | Inbound.ticket_id.is_(None) | (Inbound.ticket_id != Message.ticket_id))
        .order_by(Message.id)
        .limit(NAMED)
    )
    return [(row[0], row[1], row[2] or 0) for row in session.execute(query)]


def running_on(session: Session) -> list[tuple[str, str]]:
    """Clocks that still run although their ticket is over: (ticket, name)."""
    query = (
        select(Ticket.number, Timer.name)
        .join(Timer, Timer.ticket_id == Ticket.id)
        .where(Timer.stopped_at.is_(None), Timer.target.not_in(OUTLIVE), Ticket.state.in_(OVER))
        .order_by(Timer.id)
        .limit(NAMED)
    )
    return [(row[0], row[1]) for row in session.execute(query)]


def parked_counts(session: Session) -> tuple[int, int]:
    """Parked timers, parked notices."""
    timers = session.scalar(select(func.count()).select_from(Timer).where(Timer.parked_at.is_not(None))) or 0
    notices = session.scalar(select(func.count()).select_from(OutboxRow).where(OutboxRow.state == OutboxState.PARKED)) or 0
    return timers, notices
