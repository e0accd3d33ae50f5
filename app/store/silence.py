"""Resolutions, reviewed, on which nothing more is said or done and about which nobody is to be called: the worker closes them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from app.tickets.followup import CallBack, CallState
from app.tickets.lifecycle import State
from app.tickets.model import Ticket


def silent_since(session: Session, since: datetime, limit: int) -> list[int]:
    """Reviewed resolutions whose last act lies at or before ``since``, the longest silent first; not while a call is to be made.

    None of them is younger than that itself, which lets the index of the queue (state, receipt) find them.
    """
    return list(
        session.scalars(
            select(Ticket.id)
            .where(
                Ticket.state == State.RESOLVED,
                Ticket.created_at <= since,
                Ticket.updated_at <= since,
                Ticket.reviewed_at.is_not(None),
                Ticket.to_call_at.is_(None),
                ~exists().where(CallBack.ticket_id == Ticket.id, CallBack.state == CallState.OPEN),
            )
            .order_by(Ticket.updated_at)
            .limit(limit)
        )
    )
