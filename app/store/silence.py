"""Resolved tickets on which nothing more is said or done: what the worker closes."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.tickets.lifecycle import State
from app.tickets.model import Ticket


def silent_since(session: Session, since: datetime, limit: int) -> list[int]:
    """Resolved tickets whose last act lies at or before ``since``, the longest silent first.

    None of them is younger than that itself, which lets the index of the queue (state, receipt) find them.
    """
    return list(
        session.scalars(
            select(Ticket.id)
            .where(Ticket.state == State.RESOLVED, Ticket.created_at <= since, Ticket.updated_at <= since)
            .order_by(Ticket.updated_at)
            .limit(limit)
        )
    )
