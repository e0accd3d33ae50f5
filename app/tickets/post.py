"""What comes in and what goes out, kept: raw messages before anybody answers for them, notices until somebody has them."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, LargeBinary, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.tickets.model import Ticket, TicketEvent
from app.tickets.tables import BigId, Code, Id, Long, Name, Record


class InboundState(StrEnum):
    """How far a kept message has come."""

    PENDING = "pending"  # kept, and not yet a ticket
    TAKEN_IN = "taken_in"
    UNREADABLE = "unreadable"  # from a verified sender, not understood; ``hotline replay`` tries again after a mend


class Inbound(Record):
    """原始来件: a Delivery kept as it came. Unique by channel, account, sender and the platform's own id."""

    __tablename__ = "inbound"
    __table_args__ = (
        UniqueConstraint("channel", "account", "sender", "external_id"),
        Index("ix_inbound_open", "id", sqlite_where=text("state <> 'taken_in'"), postgresql_where=text("state <> 'taken_in'")),
    )
    id: Mapped[Id]
    channel: Mapped[Code]
    account: Mapped[Code] = mapped_column(default="")
    sender: Mapped[Name] = mapped_column(default="")
    external_id: Mapped[Name] = mapped_column(index=True)
    state: Mapped[InboundState]
    received_at: Mapped[datetime]  # business time
    wall_at: Mapped[datetime]  # wall time, by which the signature was judged
    method: Mapped[Code] = mapped_column(default="POST")
    headers: Mapped[dict[str, Any]]
    query: Mapped[dict[str, Any]]
    body: Mapped[bytes] = mapped_column(LargeBinary)
    ticket_id: Mapped[int | None] = mapped_column(ForeignKey("ticket.id"), index=True)
    answer: Mapped[Long] = mapped_column(default="")  # what the sender was told; a repeat is told the same
    answered_at: Mapped[datetime | None]  # business time of the first answer
    attempts: Mapped[int] = mapped_column(BigId, default=0)
    error: Mapped[Long] = mapped_column(default="")
    ticket: Mapped[Ticket | None] = relationship()


class Attachment(Record):
    """附件: something that came with a message, named by what the platform calls it; the worker fetches it."""

    __tablename__ = "attachment"
    id: Mapped[Id]
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"), index=True)
    inbound_id: Mapped[int | None] = mapped_column(ForeignKey("inbound.id"))
    kind: Mapped[Code]
    reference: Mapped[Long]
    name: Mapped[Name] = mapped_column(default="")
    mime: Mapped[Code] = mapped_column(default="")
    said: Mapped[Long] = mapped_column(default="")  # what the platform's voice recognition made of it
    created_at: Mapped[datetime]
    ticket: Mapped[Ticket] = relationship()


class OutboxState(StrEnum):
    """How far a notice has come."""

    WAITING = "waiting"
    CLAIMED = "claimed"
    SENT = "sent"
    FAILED = "failed"  # no route left; recorded, nobody will retry
    PARKED = "parked"  # people must mend something first
    HELD = "held"  # noticed late: it goes out once with everything else that was missed, in one digest
    DIGESTED = "digested"  # said in that digest
    DROPPED = "dropped"  # no longer true, or answered before it was said


class OutboxRow(Record):
    """待发通知: to be said to one person by one route. ``next_at`` is wall time, empty once nothing is left to do."""

    __tablename__ = "outbox"
    __table_args__ = (
        Index(
            "ix_outbox_next",
            "next_at",
            sqlite_where=text("next_at IS NOT NULL"),
            postgresql_where=text("next_at IS NOT NULL"),
        ),
        Index("ix_outbox_held", "id", sqlite_where=text("state = 'held'"), postgresql_where=text("state = 'held'")),
    )
    id: Mapped[Id]
    key: Mapped[Name] = mapped_column(unique=True)  # one notice per event and recipient, whoever tries to write it twice
    ticket_id: Mapped[int | None] = mapped_column(ForeignKey("ticket.id"), index=True)  # none: a digest of many
    event_id: Mapped[int | None] = mapped_column(ForeignKey("ticket_event.id"))
    audience: Mapped[Code]  # resident, contractor, supervisor, desk
    org_id: Mapped[int | None] = mapped_column(BigId)
    channel: Mapped[Code]
    account: Mapped[Code] = mapped_column(default="")
    address: Mapped[Name]
    subject: Mapped[Name] = mapped_column(default="")
    text: Mapped[Long]
    created_at: Mapped[datetime]  # business time
    good_until: Mapped[datetime | None]  # business time after which what it says is no longer true
    state: Mapped[OutboxState]
    next_at: Mapped[datetime | None]  # wall time
    claimed_by: Mapped[Code] = mapped_column(default="")
    attempts: Mapped[int] = mapped_column(BigId, default=0)
    sent_at: Mapped[datetime | None]  # wall time
    sent_via: Mapped[Code] = mapped_column(default="")  # the channel that took it; "reply" when it was the answer itself
    external_id: Mapped[Name] = mapped_column(default="")
    error: Mapped[Long] = mapped_column(default="")
    ticket: Mapped[Ticket | None] = relationship()
    event: Mapped[TicketEvent | None] = relationship()
