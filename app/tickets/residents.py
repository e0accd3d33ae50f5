"""Residents 诉求人 and households 住户: who complains, from which addresses, living where."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.tickets.tables import Code, Id, Name, Record


class Household(Record):
    """A dwelling: one flat of one estate."""

    __tablename__ = "household"
    __table_args__ = (UniqueConstraint("estate_id", "building", "unit", "room"),)
    id: Mapped[Id]
    estate_id: Mapped[int] = mapped_column(ForeignKey("estate.id"))
    building: Mapped[Code] = mapped_column(default="")
    unit: Mapped[Code] = mapped_column(default="")
    room: Mapped[Code] = mapped_column(default="")


class Resident(Record):
    """A person who has written to us. Only what answering needs is kept (个人信息保护法 art. 6)."""

    __tablename__ = "resident"
    id: Mapped[Id]
    name: Mapped[Name] = mapped_column(default="")
    phone: Mapped[Code] = mapped_column(default="", index=True)
    household_id: Mapped[int | None] = mapped_column(ForeignKey("household.id"))
    created_at: Mapped[datetime]


class ResidentAddress(Record):
    """Where a resident can be reached on one channel; ``dead_at`` once the platform says nobody is there."""

    __tablename__ = "resident_address"
    __table_args__ = (UniqueConstraint("channel", "account", "address"),)
    id: Mapped[Id]
    resident_id: Mapped[int] = mapped_column(ForeignKey("resident.id"), index=True)
    channel: Mapped[Code]
    account: Mapped[Code] = mapped_column(default="")
    address: Mapped[Name]
    last_heard_at: Mapped[datetime]
    dead_at: Mapped[datetime | None]
