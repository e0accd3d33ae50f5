"""What people made of the classifier's guesses, page by page: tickets with their verdicts, and what settled the category."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, select
from sqlalchemy.orm import Session

from app.tickets.model import Ticket, TicketEvent
from app.tickets.residents import Resident

SETTLING = ("classify", "dispatch", "refer", "split")
_TICKET = (
    *(Ticket.id, Ticket.number, Ticket.created_at, Ticket.text, Ticket.place_text, Ticket.estate_id, Ticket.verdict),
    *(Ticket.confidential, Ticket.sealed, Ticket.brief, Ticket.urgency, Ticket.room, Ticket.group, Ticket.resident_id),
    *(Ticket.parent_id, Ticket.follows_id, Ticket.merged_into_id, Resident.name),
)


def pages(
    session: Session, *, received_since: datetime | None = None, touched_since: datetime | None = None, page: int = 500
) -> Iterator[tuple[Sequence[Row[Any]], dict[int, list[Row[Any]]]]]:
    """Resident's tickets, in the order of their ids, with the acts that settled their categories, by ticket. What was written by
    the desk (parts of split tickets, work orders of mass incidents) is left out: those are no resident's words."""
    asked = select(*_TICKET).join(Resident, Resident.id == Ticket.resident_id, isouter=True).order_by(Ticket.id).limit(page)
    asked = asked.where(Ticket.parent_id.is_(None), Ticket.incident.is_(False))
    if received_since is not None:
        asked = asked.where(Ticket.created_at >= received_since)
    if touched_since is not None:
        asked = asked.where(Ticket.updated_at >= touched_since)
    after = 0
    while rows := session.execute(asked.where(Ticket.id > after)).all():
        after = rows[-1].id
        yield rows, _acts(session, [row.id for row in rows])


def _acts(session: Session, tickets: Sequence[int]) -> dict[int, list[Row[Any]]]:
    event = TicketEvent
    found: dict[int, list[Row[Any]]] = defaultdict(list)
    columns = (event.ticket_id, event.at, event.action, event.by_role, event.by_id, event.details)
    asked = select(*columns).where(event.ticket_id.in_(tickets), event.action.in_(SETTLING))
    for row in session.execute(asked.order_by(event.ticket_id, event.seq)):
        found[row.ticket_id].append(row)
    return found


def how_many(session: Session, received_since: datetime) -> int:
    """Resident's tickets received since then."""
    residents = (Ticket.parent_id.is_(None), Ticket.incident.is_(False), Ticket.created_at >= received_since)
    return session.scalar(select(func.count()).select_from(Ticket).where(*residents)) or 0
