"""What is kept about repeats 重复诉求: the marks of each ticket's text, and which tickets people have said are not one matter."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from app.tickets.tables import BigId, Code, Name, Record


class TicketMark(Record):
    """One of a dozen numbers by which texts like a ticket's are found (``routing.duplicates.marks``).

    No foreign key: a dozen rows a ticket are written in the ticket's own transaction, and checking each would cost more than
    writing it. A mark without a ticket finds nothing.
    """

    __tablename__ = "ticket_mark"
    __table_args__ = {"sqlite_with_rowid": False}  # noqa: RUF012  (read by SQLAlchemy as it stands)
    mark: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    ticket_id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)


class ToldApart(Record):
    """不是重复: two tickets that somebody has looked at and found to be two matters. They are not offered to each other again."""

    __tablename__ = "told_apart"
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"), primary_key=True)  # the older of the two
    other_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"), primary_key=True, index=True)
    at: Mapped[datetime]
    by_id: Mapped[Code]
    by_name: Mapped[Name]
