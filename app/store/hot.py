"""What hot issues are counted from: every complaint of a span of time, with how often and when last its resident has spoken."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from app.tickets.lifecycle import Actor, Role, State
from app.tickets.model import Message, Ticket, TicketEvent
from app.tickets.privacy import visible_to
from app.tickets.residents import Resident

MOST = 20_000  # complaints that are looked at, the newest; more of them take longer than anybody waits for a page
ANEW = ("nudge", "reopen")  # what a resident does, or has done, who complains again of the same ticket
_COLUMNS = (
    *(Ticket.number, Ticket.created_at, Ticket.leaf, Ticket.group, Ticket.urgency, Ticket.state),
    *(Ticket.estate_id, Ticket.building, Ticket.unit, Ticket.room, Ticket.place_text),
    *(Ticket.resident_id, Ticket.channel, Ticket.sender, Ticket.sealed, Ticket.confidential),
)


def told(
    session: Session,
    viewer: Actor,
    since: datetime,
    until: datetime,
    letters: int,
    estate_id: int | None = None,
    contractor_id: int | None = None,
) -> Sequence[Any]:
    """Rows of the complaints between these moments that this viewer may know of, the newest first, ``MOST`` at most.

    Beside the ticket's columns: the first ``letters`` of its text, name and telephone of its resident, how many messages it is
    (``words``), when the last of them came (``last``), and whether it was complained of again (``anew``). One question, whatever
    the number. Work orders of mass incidents are nobody's complaint and not among them.
    """
    where = [Ticket.created_at >= since, Ticket.created_at <= until, Ticket.incident.is_(False), visible_to(viewer)]
    if estate_id is not None:
        where.append(Ticket.estate_id == estate_id)
    if contractor_id is not None:
        where.append(Ticket.contractor_id == contractor_id)
    said = (
        select(Message.ticket_id, func.count().label("words"), func.max(Message.at).label("last"))
        .join(Ticket, Ticket.id == Message.ticket_id)
        .where(Message.by_role == Role.RESIDENT, Message.at <= until, *where)
        .group_by(Message.ticket_id)
        .subquery()
    )
    anew = exists().where(TicketEvent.ticket_id == Ticket.id, TicketEvent.action.in_(ANEW), TicketEvent.at <= until)
    query = (
        select(
            *_COLUMNS,
            func.substr(Ticket.text, 1, letters).label("text"),
            func.coalesce(Resident.name, "").label("name"),
            func.coalesce(Resident.phone, "").label("phone"),
            func.coalesce(said.c.words, 1).label("words"),
            said.c.last,
            (anew | (Ticket.state == State.MERGED)).label("anew"),
        )
        .outerjoin(Resident, Resident.id == Ticket.resident_id)
        .outerjoin(said, said.c.ticket_id == Ticket.id)
        .where(*where)
    )
    return session.execute(query.order_by(Ticket.created_at.desc(), Ticket.id.desc()).limit(MOST)).all()
