"""Seals 封存 in SQL: one hash over the heads of all tickets' chains, chained to the seal before.

1 ``horizon``   the last event, when no transaction is under way that may still write one with a smaller number
2 ``digest``    hashed over (ticket, number of its last event, that event's hash) of every ticket, as of that event
3 ``keep``      the row, unless somebody else has written one meanwhile
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from app.tickets.model import TicketEvent
from app.tickets.programs import Checkpoint

RANGE = 20_000  # tickets asked for at a time


@dataclass
class Digest:
    """A seal in the making: fed with every ticket's last event, in the order of the tickets."""

    before: str
    last_event: int
    tickets: int = 0
    events: int = 0
    _hash: Any = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._hash = hashlib.sha256(f"{self.before}\n{self.last_event}\n".encode())

    def feed(self, ticket: int, seq: int, head: str, events: int) -> None:
        """``events``: how many of the ticket's events are as old as the seal."""
        self._hash.update(f"{ticket} {seq} {head}\n".encode())
        self.tickets += 1
        self.events += events

    @property
    def hash(self) -> str:
        return str(self._hash.hexdigest())


def horizon(session: Session) -> int:
    """The newest event such that every older one is there to be read; 0 without any. In a writing transaction of its own.

    On PostgreSQL numbers are given out before they are committed: whoever has one is waited for, and nobody gets one meanwhile.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("LOCK TABLE ticket_event IN SHARE MODE"))
    return session.scalar(select(func.max(TicketEvent.id))) or 0


def last_ticket(session: Session) -> int:
    """The highest ticket that has an event."""
    return session.scalar(select(func.max(TicketEvent.ticket_id))) or 0


def fill(session: Session, digest: Digest, first: int) -> None:
    """Feeds the ``RANGE`` of tickets that begins there, as their events were when the seal's last was the newest."""
    there = (TicketEvent.ticket_id >= first, TicketEvent.ticket_id < first + RANGE, TicketEvent.id <= digest.last_event)
    newest = (
        select(TicketEvent.ticket_id, func.max(TicketEvent.seq).label("seq"), func.count().label("events"))
        .where(*there)
        .group_by(TicketEvent.ticket_id)
        .subquery()
    )
    query = (
        select(newest.c.ticket_id, newest.c.seq, TicketEvent.hash, newest.c.events)
        .join(TicketEvent, (TicketEvent.ticket_id == newest.c.ticket_id) & (TicketEvent.seq == newest.c.seq))
        .order_by(newest.c.ticket_id)
    )
    for ticket, seq, head, events in session.execute(query):
        digest.feed(ticket, seq, head, events)


def newest(session: Session, many: int = 1) -> list[Checkpoint]:
    """The newest seals, the newest first."""
    return list(session.scalars(select(Checkpoint).order_by(Checkpoint.id.desc()).limit(many)))


def before(session: Session, one: Checkpoint) -> str:
    """The hash of the seal before this one, "" for the first."""
    query = select(Checkpoint.hash).where(Checkpoint.id < one.id).order_by(Checkpoint.id.desc()).limit(1)
    return session.scalar(query) or ""


def with_hash(session: Session, wanted: str) -> Checkpoint | None:
    return session.scalars(select(Checkpoint).where(Checkpoint.hash == wanted)).first()


def keep(session: Session, digest: Digest, wall: datetime) -> Checkpoint | None:
    """Writes the seal down; None when another has been written since this one was begun."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("LOCK TABLE checkpoint IN EXCLUSIVE MODE"))
    present = newest(session)
    if (present[0].hash if present else "") != digest.before:
        return None
    made = Checkpoint(at=wall, last_event=digest.last_event, tickets=digest.tickets, events=digest.events, hash=digest.hash)
    session.add(made)
    session.flush()
    return made
