"""Samples 抽样 in SQL: what may be drawn, what was drawn, batch by batch."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session, selectinload

from app.register.model import Contractor
from app.tickets.drawing import Candidate, Stratum
from app.tickets.followup import Sample
from app.tickets.lifecycle import SEALED_GROUPS, Actor, Handler, State
from app.tickets.model import Ticket
from app.tickets.privacy import visible_to

ENDED = (State.RESOLVED, State.CLOSED)


def candidates(session: Session, since: datetime, until: datetime) -> list[Candidate]:
    """Tickets received from ``since`` on and before ``until`` that a contractor has handled to an end, by contractor and group.

    Nothing sealed, nothing excluded 剔除 by a decision, and nothing that was taken back before anybody had done anything.
    """
    rows = session.execute(
        select(Ticket.id, Ticket.number, Contractor.name, Ticket.group)
        .join(Contractor, Contractor.id == Ticket.contractor_id)
        .where(Ticket.created_at >= since, Ticket.created_at < until)
        .where(Ticket.handler == Handler.CONTRACTOR, Ticket.state.in_(ENDED), Ticket.outcome != "")
        .where(Ticket.sealed.is_(False), Ticket.group.not_in(SEALED_GROUPS), Ticket.excluded_at.is_(None))
        .order_by(Ticket.number)
    )
    return [Candidate(ticket_id, number, f"{name} · {group}") for ticket_id, number, name, group in rows]


def is_taken(session: Session, batch: str) -> bool:
    return session.scalar(select(Sample.id).where(Sample.batch == batch).limit(1)) is not None


def keep(session: Session, batch: str, strata: Iterable[Stratum], at: datetime, by: str) -> None:
    """Writes down what was drawn."""
    session.add_all(
        Sample(batch=batch, ticket_id=one.ticket_id, stratum=stratum.name, drawn_at=at, drawn_by=by)
        for stratum in strata
        for one in stratum.drawn
    )


@dataclass(frozen=True, slots=True)
class Batch:
    """One drawing: its name, when and by whom, and how many tickets it holds that may still be read."""

    name: str
    drawn_at: datetime
    drawn_by: str
    tickets: int


def batches(session: Session, viewer: Actor) -> list[Batch]:
    """All drawings, the newest first; the tickets are counted that this viewer may see."""
    drawn = func.min(Sample.drawn_at)
    rows = session.execute(
        select(Sample.batch, drawn, func.min(Sample.drawn_by), func.count())
        .join(Ticket, Ticket.id == Sample.ticket_id)
        .where(visible_to(viewer))
        .group_by(Sample.batch)
        .order_by(drawn.desc(), Sample.batch)
    )
    return [Batch(name, at, by, number) for name, at, by, number in rows]


def of_batch(session: Session, batch: str, viewer: Actor) -> Sequence[Sample]:
    """What was drawn in one batch, with the tickets, by stratum; only what this viewer may see."""
    return session.scalars(
        select(Sample)
        .join(Sample.ticket)
        .where(Sample.batch == batch, visible_to(viewer))
        .options(selectinload(Sample.ticket).selectinload(Ticket.timers))
        .order_by(Sample.stratum, Ticket.number)
    ).all()
