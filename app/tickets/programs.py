"""What other programs and auditors hold on to: requests answered once, contractors' webhooks, seals over the chain of events."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.tickets.tables import BigId, Code, Id, Long, Name, Record


class Answered(Record):
    """A request that carried an ``Idempotency-Key``, and what it was answered: the same again is told the same. Wall time."""

    __tablename__ = "answered"
    __table_args__ = (UniqueConstraint("holder", "key"),)
    id: Mapped[Id]
    holder: Mapped[Code]  # whose key it is
    key: Mapped[Name]
    request: Mapped[Code]  # hash of method, address and body
    status: Mapped[int] = mapped_column(BigId)
    body: Mapped[Long]
    at: Mapped[datetime] = mapped_column(index=True)


class Webhook(Record):
    """A contractor's own system, told of every event of its tickets (Standard Webhooks). Wall time."""

    __tablename__ = "webhook"
    id: Mapped[Id]
    contractor_id: Mapped[int] = mapped_column(ForeignKey("contractor.id"), index=True)
    name: Mapped[Name] = mapped_column(default="")
    url: Mapped[Long]
    secret: Mapped[Name]  # whsec_…; must be known to sign with, so it is kept as it is
    former: Mapped[Name] = mapped_column(default="")  # the secret before a rotation, signed with too until it is dropped
    created_at: Mapped[datetime]
    disabled_at: Mapped[datetime | None]


class Checkpoint(Record):
    """封存: one hash over the heads of all tickets' chains, chained to the one before. Whoever writes it down elsewhere can prove
    later that no history, and no ticket, has been changed or lost since. Wall time."""

    __tablename__ = "checkpoint"
    id: Mapped[Id]
    at: Mapped[datetime]
    last_event: Mapped[int] = mapped_column(BigId)
    tickets: Mapped[int] = mapped_column(BigId)
    events: Mapped[int] = mapped_column(BigId)
    hash: Mapped[Code]
