"""Tickets that hang together: the parts of a whole, what was merged into what, who goes with a mass incident."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session, joinedload, selectinload

from app.store.tickets import WHOLE, by_id
from app.tickets.lifecycle import UNANSWERED, Actor, State
from app.tickets.model import Ticket
from app.tickets.privacy import visible_to


def parts_of(session: Session, ticket: Ticket) -> list[Ticket]:
    """The parts 分办事项 that a ticket was split into, the oldest first."""
    query = select(Ticket).where(Ticket.parent_id == ticket.id).order_by(Ticket.id).options(*WHOLE)
    return list(session.scalars(query)) if ticket.id is not None else []


def split_among(session: Session, tickets: Sequence[Ticket]) -> set[int]:
    """The ids of those of them that have parts."""
    found = session.scalars(select(Ticket.parent_id).where(Ticket.parent_id.in_([one.id for one in tickets])).distinct())
    return {ticket_id for ticket_id in found if ticket_id is not None}


def members_of(session: Session, incident: Ticket) -> list[Ticket]:
    """The complainants' tickets that go with a mass incident now, whole, in the order in which they came."""
    query = select(Ticket).where(Ticket.follows_id == incident.id).order_by(Ticket.id)
    return list(session.scalars(query.options(*WHOLE, joinedload(Ticket.resident))))


def survivor(session: Session, ticket: Ticket) -> Ticket | None:
    """The ticket that a merged one goes on under, through however many mergers; itself where it was not merged.

    None where the chain leads nowhere: it comes back to where it was, or ends at a merged ticket that names no other.
    """
    seen = set()
    while ticket.state is State.MERGED:
        if ticket.merged_into_id is None or ticket.id in seen:
            return None
        seen.add(ticket.id)
        ticket = by_id(session, ticket.merged_into_id)
    return ticket


def lock(session: Session, ticket: Ticket, other: Ticket) -> None:
    """Keeps both tickets from being written by anybody else until this transaction ends, and reads the other one anew: of two
    who tie the same two together the second sees what the first has done. SQLite has one writer at a time as it is."""
    both = sorted((ticket.id, other.id))
    session.scalars(select(Ticket.id).where(Ticket.id.in_(both)).order_by(Ticket.id).with_for_update()).all()
    session.refresh(other)


@dataclass(frozen=True, slots=True)
class Tally:
    """How far the complainants of one mass incident are: how many there are, and how many have been answered."""

    members: int
    answered: int


def tallies(session: Session, incidents: Sequence[Ticket]) -> dict[int, Tally]:
    """By the incident's id."""
    answered = func.count().filter(Ticket.state.not_in(tuple(UNANSWERED)))
    query = (
        select(Ticket.follows_id, func.count(), answered)
        .where(Ticket.follows_id.in_([one.id for one in incidents]))
        .group_by(Ticket.follows_id)
    )
    found = {incident_id: Tally(members, done) for incident_id, members, done in session.execute(query) if incident_id}
    return {one.id: found.get(one.id, Tally(0, 0)) for one in incidents}


def buildings_of(session: Session, incident: Ticket) -> list[str]:
    """From which buildings people complain."""
    query = select(Ticket.building).where(Ticket.follows_id == incident.id, Ticket.building != "").distinct()
    return sorted(session.scalars(query), key=lambda name: (len(name), name))


def incidents(session: Session, viewer: Actor) -> list[Ticket]:
    """Mass incidents that are not over, the newest first."""
    open_ones = (Ticket.incident.is_(True), Ticket.state.in_((*UNANSWERED, State.RESOLVED)))
    query = select(Ticket).where(visible_to(viewer), *open_ones).order_by(Ticket.id.desc()).limit(100)
    return list(session.scalars(query.options(selectinload(Ticket.timers))))


def like(session: Session, viewer: Actor, ticket: Ticket, since: datetime) -> list[Ticket]:
    """What may have the same cause: open, of the same estate and leaf, received since then, and in no incident yet. The same
    building first. People choose among them; nothing is joined by itself."""
    alike = (Ticket.estate_id == ticket.estate_id, Ticket.leaf == ticket.leaf, Ticket.created_at >= since)
    free = (Ticket.follows_id.is_(None), Ticket.incident.is_(False), Ticket.state.in_(tuple(UNANSWERED)))
    query = select(Ticket).where(visible_to(viewer), *alike, *free, Ticket.id != ticket.id)
    found = session.scalars(query.order_by(Ticket.building != ticket.building, Ticket.id).limit(200))
    return list(found)


def numbered(session: Session, viewer: Actor, numbers: Sequence[str]) -> list[Ticket]:
    """These tickets, whole, as far as the viewer may know of them, in the order in which they came."""
    query = select(Ticket).where(visible_to(viewer), Ticket.number.in_(numbers)).order_by(Ticket.id)
    return list(session.scalars(query.options(*WHOLE, joinedload(Ticket.resident))))


def of_resident(session: Session, resident_id: int, since: datetime, states: Sequence[State]) -> list[Ticket]:
    """A resident's tickets that have moved since then and are in these states, or have a part that is; the newest first."""
    part = select(Ticket.parent_id).where(
        Ticket.resident_id == resident_id,
        Ticket.parent_id.is_not(None),
        Ticket.state.in_(states),
        Ticket.updated_at >= since,
    )
    mine = (Ticket.resident_id == resident_id, Ticket.parent_id.is_(None))
    there = or_(Ticket.id.in_(part), (Ticket.state.in_(states)) & (Ticket.updated_at >= since))
    return list(session.scalars(select(Ticket).where(*mine, there).order_by(Ticket.id.desc()).options(*WHOLE)))
