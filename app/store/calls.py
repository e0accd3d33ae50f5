"""Call-backs: which rounds are to be thought of, what is to be called next, and what a week still owes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import exists, func, select, update
from sqlalchemy.orm import Session, joinedload, selectinload

from app.tickets.followup import CallBack, CallState, Rating
from app.tickets.lifecycle import Actor, State
from app.tickets.model import Ticket
from app.tickets.privacy import visible_to

PAGE = 20


def to_think_of(session: Session, now: datetime, limit: int) -> list[int]:
    """Tickets of which a round is to be asked about or spared, the longest waiting first."""
    due = select(Ticket.id).where(Ticket.to_call_at.is_not(None), Ticket.to_call_at <= now)
    return list(session.scalars(due.order_by(Ticket.to_call_at).limit(limit)))


def of_round(session: Session, ticket: Ticket) -> CallBack | None:
    """The call-back of the ticket's present round, however far it has come."""
    wanted = select(CallBack).where(CallBack.ticket_id == ticket.id, CallBack.round == ticket.round)
    return session.scalars(wanted.options(selectinload(CallBack.calls))).one_or_none()


def open_of(session: Session, ticket_id: int) -> CallBack | None:
    """The call that is to be made about a ticket."""
    wanted = select(CallBack).where(CallBack.ticket_id == ticket_id, CallBack.state == CallState.OPEN)
    return session.scalars(wanted.options(selectinload(CallBack.calls))).one_or_none()


def end(session: Session, ticket_id: int, state: CallState, at: datetime) -> None:
    """A call that need not be made any more."""
    session.execute(
        update(CallBack)
        .where(CallBack.ticket_id == ticket_id, CallBack.state == CallState.OPEN)
        .values(state=state, ended_at=at, next_at=None)
    )


@dataclass(frozen=True, slots=True)
class Queue:
    """One page of calls to make, how many there are in all, and how many of them could be made now."""

    calls: list[CallBack]
    total: int
    due: int


def queue(session: Session, viewer: Actor, now: datetime, page: int = 1) -> Queue:
    """What is to be called, whoever has waited longest first."""
    where = [CallBack.state == CallState.OPEN, visible_to(viewer)]
    counted = select(func.count(), func.count().filter(CallBack.next_at <= now)).select_from(CallBack).join(CallBack.ticket)
    total, due = session.execute(counted.where(*where)).one()
    found = session.scalars(
        select(CallBack)
        .join(CallBack.ticket)
        .where(*where)
        .order_by(CallBack.next_at, CallBack.id)
        .limit(PAGE)
        .offset((page - 1) * PAGE)
        .options(joinedload(CallBack.ticket).selectinload(Ticket.timers), joinedload(CallBack.ticket).joinedload(Ticket.resident))
    )
    return Queue(list(found), total, due)


def drawn_and_spared(session: Session, since: datetime, until: datetime) -> Mapping[str, tuple[int, int]]:
    """Of each stratum, how many were drawn in that time, and how many were spared."""
    spared = func.count().filter(CallBack.state == CallState.SPARED)
    counted = select(CallBack.stratum, func.count() - spared, spared)
    rows = session.execute(counted.where(CallBack.drawn_at >= since, CallBack.drawn_at < until).group_by(CallBack.stratum))
    return {stratum: (drawn, left) for stratum, drawn, left in rows}


def spared(session: Session, stratum: str, since: datetime, until: datetime) -> list[tuple[int, str, int]]:
    """Ticket, number and round of those spared then that can still be asked: done, in the same round, with nothing said of it."""
    rows = session.execute(
        select(Ticket.id, Ticket.number, Ticket.round)
        .join(CallBack, CallBack.ticket_id == Ticket.id)
        .where(
            CallBack.drawn_at >= since,
            CallBack.drawn_at < until,
            CallBack.stratum == stratum,
            CallBack.state == CallState.SPARED,
            CallBack.round == Ticket.round,
            Ticket.state.in_((State.RESOLVED, State.CLOSED)),
            ~exists().where(Rating.ticket_id == Ticket.id, Rating.round == Ticket.round),
        )
    )
    return [(ticket_id, number, turn) for ticket_id, number, turn in rows]
