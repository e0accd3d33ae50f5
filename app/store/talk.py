"""When a resident and we last spoke about a ticket: what their next words go on from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from app.tickets.lifecycle import TABLE, Role
from app.tickets.model import TicketEvent

# What the resident says through an agent, or is told. Reminders and breaches are the clocks' talk, whomever a ladder tells.
SPOKEN = ("append", *(rule.action for rule in TABLE if "resident" in rule.told))


def last_spoken(session: Session, ticket_ids: Sequence[int]) -> Mapping[int, datetime]:
    """By ticket, when its resident last said something on it or was told something of it."""
    if not ticket_ids:
        return {}
    rows = session.execute(
        select(TicketEvent.ticket_id, func.max(TicketEvent.noticed_at))
        .where(
            TicketEvent.ticket_id.in_(ticket_ids),
            or_(TicketEvent.by_role == Role.RESIDENT, TicketEvent.action.in_(SPOKEN)),
        )
        .group_by(TicketEvent.ticket_id)
    )
    return {ticket_id: at for ticket_id, at in rows if at is not None}
