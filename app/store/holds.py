"""Holds in SQL: which are over."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.tickets.model import Hold


def over(session: Session, now: datetime, limit: int) -> list[int]:
    """Tickets on hold until now, the longest over first. Reads one partial index."""
    query = select(Hold.ticket_id).where(Hold.ended_at.is_(None), Hold.until <= now).order_by(Hold.until).limit(limit)
    return list(session.scalars(query))
