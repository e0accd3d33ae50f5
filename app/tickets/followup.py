"""What follows on a resolution and who looks at it from outside: ratings, call-backs, photos of the work, samples drawn."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Boolean, Float, ForeignKey, Index, LargeBinary, UniqueConstraint, text
from sqlalchemy.orm import Mapped, deferred, mapped_column, relationship

from app.tickets.model import Ticket
from app.tickets.parties import Role
from app.tickets.tables import BigId, Code, Id, Long, Name, Record


class Rating(Record):
    """评价: the tenant's own word on one resolution round; silence is never praise, so there is no default.

    Of a split ticket each part is rated by itself, of a mass incident each complainant's ticket. One that was appealed against
    with success 申诉成立 stays as it is and does not count: ``petitions.voided``.
    """

    __tablename__ = "rating"
    __table_args__ = (UniqueConstraint("ticket_id", "round"),)
    id: Mapped[Id]
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"))
    round: Mapped[int] = mapped_column(BigId)
    at: Mapped[datetime]
    via: Mapped[Code]  # the channel it came by
    by_role: Mapped[Role]
    by_id: Mapped[Code] = mapped_column(default="")  # the agent who wrote it down for the resident, where one did
    by_name: Mapped[Name] = mapped_column(default="")
    call_id: Mapped[Name] = mapped_column(default="")  # the call in which it was said
    contractor_id: Mapped[int | None] = mapped_column(ForeignKey("contractor.id"))  # whose work it speaks of
    responded: Mapped[bool | None] = mapped_column(Boolean)  # 响应: was I contacted in time
    solved: Mapped[bool | None] = mapped_column(Boolean)  # 解决
    satisfied: Mapped[int] = mapped_column(BigId)  # 满意: 5 非常满意 … 1 非常不满意
    reason: Mapped[Long] = mapped_column(default="")
    ticket: Mapped[Ticket] = relationship()


class CallState(StrEnum):
    """How far a call-back has come."""

    OPEN = "open"
    REACHED = "reached"  # spoken with, whether or not they said anything of it
    UNREACHABLE = "unreachable"  # tried as often as the policy asks: no answer, and no praise
    ANSWERED = "answered"  # they had said it by themselves meanwhile
    MOOT = "moot"  # the round was over before anybody got through
    SPARED = "spared"  # the sample did not draw it


# 回访原因 and 拨打结果, as they are kept and as they are read.
CALL_REASONS: Mapping[str, str] = {
    "resolved": "办结回访",
    "lapsed": "到期回访",
    "unresolved": "不解决办结回访",
    "low": "低分回访",
}
CALL_OUTCOMES: Mapping[str, str] = {
    "answered": "接通",
    "no_answer": "无人接听",
    "busy": "占线",
    "off": "关机或停机",
    "wrong": "号码有误",
    "refused": "拒绝回访",
}


class CallBack(Record):
    """回访: a call to make about one round of one ticket, or the word that the sample did not draw it."""

    __tablename__ = "callback"
    __table_args__ = (
        UniqueConstraint("ticket_id", "round"),
        Index("ix_callback_open", "next_at", sqlite_where=text("state = 'open'"), postgresql_where=text("state = 'open'")),
        Index("ix_callback_drawn", "drawn_at", "stratum"),
    )
    id: Mapped[Id]
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"))
    round: Mapped[int] = mapped_column(BigId)
    why: Mapped[Code]  # CALL_REASONS
    stratum: Mapped[Name] = mapped_column(default="")  # within which it was drawn
    state: Mapped[CallState]
    drawn_at: Mapped[datetime]
    next_at: Mapped[datetime | None]  # when to call next
    attempts: Mapped[int] = mapped_column(BigId, default=0)
    ended_at: Mapped[datetime | None]
    contractor_id: Mapped[int | None] = mapped_column(ForeignKey("contractor.id"))  # whose work it asks about
    ticket: Mapped[Ticket] = relationship()
    calls: Mapped[list[CallAttempt]] = relationship(back_populates="callback", order_by="CallAttempt.id")


class CallAttempt(Record):
    """One attempt to call: by whom, what came of it, and the call itself in the call centre's records."""

    __tablename__ = "call_attempt"
    id: Mapped[Id]
    callback_id: Mapped[int] = mapped_column(ForeignKey("callback.id"), index=True)
    at: Mapped[datetime]
    by_id: Mapped[Code] = mapped_column(default="")
    by_name: Mapped[Name] = mapped_column(default="")
    outcome: Mapped[Code]  # CALL_OUTCOMES
    call_id: Mapped[Name] = mapped_column(default="")
    note: Mapped[Long] = mapped_column(default="")
    answers: Mapped[dict[str, Any]] = mapped_column(default=dict)  # 响应, 解决, 满意 and the reason, as they were said
    callback: Mapped[CallBack] = relationship(back_populates="calls")


class Photo(Record):
    """佐证照片: a picture of the work, encoded anew without what the camera wrote into it; time and place of that kept apart."""

    __tablename__ = "photo"
    __table_args__ = (UniqueConstraint("ticket_id", "sha256"),)
    id: Mapped[Id]
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"))
    round: Mapped[int] = mapped_column(BigId, default=1)
    stage: Mapped[Code]  # before 修前, after 修后, other
    sha256: Mapped[Code]  # of what was sent: the same picture twice is one
    content_sha256: Mapped[Code]  # of what is kept, as the event that carries it says too
    mime: Mapped[Code]
    width: Mapped[int] = mapped_column(BigId)
    height: Mapped[int] = mapped_column(BigId)
    content: Mapped[bytes] = deferred(mapped_column(LargeBinary, nullable=False))
    taken_at: Mapped[datetime | None]  # as the camera says
    latitude: Mapped[float | None] = mapped_column(Float)
    longitude: Mapped[float | None] = mapped_column(Float)
    by_role: Mapped[Role]
    by_id: Mapped[Code] = mapped_column(default="")
    by_name: Mapped[Name] = mapped_column(default="")
    by_org: Mapped[int] = mapped_column(BigId, default=0)
    kept_at: Mapped[datetime]
    ticket: Mapped[Ticket] = relationship()


class Sample(Record):
    """抽样: a ticket drawn for third-party evaluation; what an evaluator may read, and nothing else."""

    __tablename__ = "sample"
    __table_args__ = (UniqueConstraint("batch", "ticket_id"),)
    id: Mapped[Id]
    batch: Mapped[Code]
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"), index=True)
    stratum: Mapped[Name] = mapped_column(default="")
    drawn_at: Mapped[datetime]
    drawn_by: Mapped[Name] = mapped_column(default="")
    ticket: Mapped[Ticket] = relationship()
