"""The ticket 工单 and what hangs on it: events, messages, timers, holds, petitions. What else: app/tickets/followup.py."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Boolean, Float, ForeignKey, Index, Interval, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.tickets.lifecycle import Handler, Role, State
from app.tickets.residents import Resident
from app.tickets.tables import BigId, Code, Id, Long, Name, Record


class Ticket(Record):
    """One case. ``state`` is assigned in ``casework.act`` and nowhere else; writers collide on ``version``."""

    __tablename__ = "ticket"
    __table_args__ = (
        Index("ix_ticket_queue", "state", "created_at"),
        Index("ix_ticket_contractor", "contractor_id", "state"),
        Index("ix_ticket_estate_leaf", "estate_id", "leaf", "created_at"),
        Index("ix_ticket_sender", "channel", "sender", "created_at"),
        Index(
            "ix_ticket_building",
            "estate_id",
            "building",
            "created_at",
            sqlite_where=text("building <> ''"),
            postgresql_where=text("building <> ''"),
        ),
        Index(
            "ix_ticket_to_call",
            "to_call_at",
            sqlite_where=text("to_call_at IS NOT NULL"),
            postgresql_where=text("to_call_at IS NOT NULL"),
        ),
    )
    id: Mapped[Id]
    number: Mapped[Code] = mapped_column(unique=True)
    version: Mapped[int] = mapped_column(BigId, default=1)
    state: Mapped[State]
    handler: Mapped[Handler] = mapped_column(default=Handler.DESK)
    created_at: Mapped[datetime] = mapped_column(index=True)  # receipt: the citizen's clock runs from here
    updated_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]

    channel: Mapped[Code]
    account: Mapped[Code] = mapped_column(default="")
    sender: Mapped[Name] = mapped_column(default="")
    resident_id: Mapped[int | None] = mapped_column(ForeignKey("resident.id"), index=True)
    text: Mapped[Long]

    leaf: Mapped[Code] = mapped_column(default="")
    group: Mapped[Code] = mapped_column(default="")
    confidence: Mapped[float] = mapped_column(Float, default=0.0)
    request_type: Mapped[Code] = mapped_column(default="")
    urgency: Mapped[Code] = mapped_column(default="U2", index=True)
    emergencies: Mapped[list[str]] = mapped_column(default=list)
    verdict: Mapped[dict[str, Any]] = mapped_column(default=dict)  # as understood, whole, with its reasons
    confidential: Mapped[bool] = mapped_column(Boolean, default=False)
    sealed: Mapped[bool] = mapped_column(Boolean, default=False)  # never to be seen by a contractor; once true, stays true

    estate_id: Mapped[int | None] = mapped_column(ForeignKey("estate.id"))
    building: Mapped[Code] = mapped_column(default="")
    unit: Mapped[Code] = mapped_column(default="")
    room: Mapped[Code] = mapped_column(default="")
    place_text: Mapped[Name] = mapped_column(default="")

    contractor_id: Mapped[int | None] = mapped_column(ForeignKey("contractor.id"))
    contract_id: Mapped[int | None] = mapped_column(ForeignKey("contract.id"))
    purchaser_id: Mapped[int | None] = mapped_column(ForeignKey("purchaser.id"), index=True)
    assigned_why: Mapped[Long] = mapped_column(default="")  # the reason in words, also when nobody was found

    seq: Mapped[int] = mapped_column(BigId, default=0)  # of the last event
    round: Mapped[int] = mapped_column(BigId, default=1)  # resolution round 办理轮次
    level: Mapped[int] = mapped_column(BigId, default=0)  # highest rung of the ladder reached
    nudges: Mapped[int] = mapped_column(BigId, default=0)
    merged_into_id: Mapped[int | None] = mapped_column(ForeignKey("ticket.id"))
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("ticket.id"), index=True)  # 拆单: the ticket that this is a part of
    follows_id: Mapped[int | None] = mapped_column(ForeignKey("ticket.id"), index=True)  # 群体事件: the work order it goes with
    incident: Mapped[bool] = mapped_column(Boolean, default=False)  # the one work order of a mass incident; nobody's complaint
    brief: Mapped[Long] = mapped_column(default="")  # 转述: what a contractor reads instead of the resident's own words
    binding: Mapped[bool] = mapped_column(Boolean, default=False)  # 指定承办: not to be returned any more
    returns: Mapped[int] = mapped_column(BigId, default=0)  # 退单次数, granted ones
    moves: Mapped[int] = mapped_column(BigId, default=0)  # how often somebody was set to work: 踢皮球 shows here
    reviewed_at: Mapped[datetime | None]  # when the present resolution was found good, by the desk or the resident
    outcome: Mapped[Code] = mapped_column(default="")  # 办理结果 of the present round
    excluded_at: Mapped[datetime | None]  # 剔除: no part of the evaluation, by a decision
    called_round: Mapped[int] = mapped_column(BigId, default=0)  # the last round that a call-back was thought of for
    to_call_at: Mapped[datetime | None]  # since when one is to be thought of: what the worker looks for
    head: Mapped[Code] = mapped_column(default="")  # hash of the last event: app/tickets/chain.py
    policy: Mapped[Code] = mapped_column(default="")  # hash of the policy it was classified under
    timers: Mapped[list[Timer]] = relationship(back_populates="ticket", order_by="Timer.id")
    resident: Mapped[Resident | None] = relationship()
    holds: Mapped[list[Hold]] = relationship(back_populates="ticket", order_by="Hold.id")
    petitions: Mapped[list[Petition]] = relationship(back_populates="ticket", order_by="Petition.id")
    duties: Mapped[list[Duty]] = relationship(back_populates="ticket", order_by="Duty.id")
    supervisions: Mapped[list[Supervision]] = relationship(back_populates="ticket", order_by="Supervision.id")
    parent: Mapped[Ticket | None] = relationship(remote_side="Ticket.id", foreign_keys=[parent_id])

    @property
    def public_number(self) -> str:
        """The number that its resident knows: of a part the whole's, so that a split matter keeps one."""
        return self.parent.number if self.parent is not None else self.number

    @property
    def present_hold(self) -> Hold | None:
        """The hold that it is in."""
        return next((held for held in reversed(self.holds) if held.ended_at is None), None)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012


class TicketEvent(Record):
    """流转记录: one row per act, never changed. ``cause`` is unique, so that what happens once is written once."""

    __tablename__ = "ticket_event"
    __table_args__ = (UniqueConstraint("ticket_id", "seq"),)
    id: Mapped[Id]
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"))
    seq: Mapped[int] = mapped_column(BigId)
    at: Mapped[datetime]  # when it happened: a breach is dated by the deadline that lapsed
    noticed_at: Mapped[datetime]  # when we wrote it down
    action: Mapped[Code]
    by_role: Mapped[Role]
    by_id: Mapped[Code] = mapped_column(default="")
    by_name: Mapped[Name] = mapped_column(default="")
    by_org: Mapped[int] = mapped_column(BigId, default=0)
    from_state: Mapped[State | None]
    to_state: Mapped[State]
    details: Mapped[dict[str, Any]] = mapped_column(default=dict)
    clocks: Mapped[list[dict[str, Any]]] = mapped_column(default=list)  # what it did to the clocks: app/tickets/ledger.py
    cause: Mapped[Name | None] = mapped_column(unique=True)
    hash: Mapped[Code] = mapped_column(default="")  # over what it says and the hash of the event before: app/tickets/chain.py
    ticket: Mapped[Ticket] = relationship()


class Message(Record):
    """往来消息: one thing said. ``audience`` names who may read it; an empty audience is an internal note 内部备注."""

    __tablename__ = "message"
    id: Mapped[Id]
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"), index=True)
    at: Mapped[datetime]
    by_role: Mapped[Role]
    by_name: Mapped[Name] = mapped_column(default="")
    channel: Mapped[Code] = mapped_column(default="")
    kind: Mapped[Code] = mapped_column(default="text")
    text: Mapped[Long] = mapped_column(default="")
    audience: Mapped[list[str]] = mapped_column(default=list)
    inbound_id: Mapped[int | None] = mapped_column(ForeignKey("inbound.id"))
    ticket: Mapped[Ticket] = relationship()


class Timer(Record):
    """计时: one running target. ``next_at`` is empty exactly when nothing will ever fire; the sweep reads only that column."""

    __tablename__ = "timer"
    __table_args__ = (
        # With the ticket, so that timers of one ticket that are due together are claimed together, by whichever worker.
        Index(
            "ix_timer_next",
            "next_at",
            "ticket_id",
            sqlite_where=text("next_at IS NOT NULL"),
            postgresql_where=text("next_at IS NOT NULL"),
        ),
        Index(
            "ix_timer_parked", "id", sqlite_where=text("parked_at IS NOT NULL"), postgresql_where=text("parked_at IS NOT NULL")
        ),
        # Which calendars are counted on, and by whom, without reading the clocks that are over.
        Index(
            "ix_timer_counted",
            "calendar",
            "hours",
            "id",
            sqlite_where=text("stopped_at IS NULL"),
            postgresql_where=text("stopped_at IS NULL"),
        ),
        Index(
            "ix_timer_provisional",
            "due_at",
            sqlite_where=text("provisional = 1 AND stopped_at IS NULL"),
            postgresql_where=text("provisional AND stopped_at IS NULL"),
        ),
    )
    id: Mapped[Id]
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"), index=True)
    target: Mapped[Code]
    name: Mapped[Name]
    party: Mapped[Code]  # whose clock: citizen, contractor, adjudicator or hotline
    contractor_id: Mapped[int | None] = mapped_column(ForeignKey("contractor.id"))
    round: Mapped[int] = mapped_column(BigId, default=1)
    budget: Mapped[Code]
    pausable: Mapped[bool] = mapped_column(Boolean, default=False)
    started_at: Mapped[datetime]
    due_at: Mapped[datetime]
    paused_at: Mapped[datetime | None]
    held: Mapped[timedelta] = mapped_column(Interval, default=timedelta())  # time of the budget's kind in pauses that are over
    used: Mapped[timedelta] = mapped_column(Interval, default=timedelta())  # time that counted, as of when it last stood still
    stopped_at: Mapped[datetime | None]
    breached_at: Mapped[datetime | None]
    cancelled: Mapped[bool] = mapped_column(Boolean, default=False)
    ladder: Mapped[list[dict[str, Any]]]  # frozen: the steps as the policy had them when the clock started, each with its time
    next_step: Mapped[int] = mapped_column(BigId, default=0)
    next_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(BigId, default=1)  # of the deadline: every change of due_at counts one up
    provisional: Mapped[bool] = mapped_column(Boolean, default=False)
    policy: Mapped[Code]
    calendar: Mapped[Code]  # version of the calendar it walks
    hours: Mapped[Code] = mapped_column(default="")  # version of the calendar that waiting steps wait for
    acknowledged_at: Mapped[datetime | None]  # 知悉: steps that only go on until somebody answers stop here
    attempts: Mapped[int] = mapped_column(BigId, default=0)
    parked_at: Mapped[datetime | None]
    error: Mapped[Long] = mapped_column(default="")
    ticket: Mapped[Ticket] = relationship(back_populates="timers")


class Hold(Record):
    """挂起: a pause, as a fact of the ticket: whatever clock may be paused stands still from ``started_at`` to ``ended_at``.

    No policy holds it, so no change of policy or category loses it.
    """

    __tablename__ = "hold"
    __table_args__ = (
        Index("ix_hold_open", "until", sqlite_where=text("ended_at IS NULL"), postgresql_where=text("ended_at IS NULL")),
    )
    id: Mapped[Id]
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"), index=True)
    started_at: Mapped[datetime]
    until: Mapped[datetime]  # when work goes on by itself; never later than the policy's cap
    ended_at: Mapped[datetime | None]
    reason: Mapped[Long]
    by_role: Mapped[Role]
    by_name: Mapped[Name] = mapped_column(default="")
    ticket: Mapped[Ticket] = relationship(back_populates="holds")


class PetitionState(StrEnum):
    """How far a petition has come."""

    OPEN = "open"
    GRANTED = "granted"
    DENIED = "denied"
    MOOT = "moot"  # the ticket moved on before anybody decided


class Petition(Record):
    """申请: what a contractor asks for and somebody else decides, within a limit of its own. No effect until it is granted."""

    __tablename__ = "petition"
    __table_args__ = (Index("ix_petition_open", "ticket_id", "state"),)
    id: Mapped[Id]
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"))
    kind: Mapped[Code]  # extension 延期, return 退单, closure 不解决办结, exclusion 剔除, appeal 评价申诉
    code: Mapped[Code] = mapped_column(default="")  # the reason by its code, where there are codes
    state: Mapped[PetitionState] = mapped_column(default=PetitionState.OPEN)
    round: Mapped[int] = mapped_column(BigId, default=1)
    asked_at: Mapped[datetime]
    asked_by: Mapped[Name] = mapped_column(default="")
    contractor_id: Mapped[int | None] = mapped_column(ForeignKey("contractor.id"))
    reason: Mapped[Long]
    wanted: Mapped[datetime | None]  # the deadline asked for
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[Name] = mapped_column(default="")
    decision: Mapped[Long] = mapped_column(default="")  # the reason given for it
    ticket: Mapped[Ticket] = relationship(back_populates="petitions")


class Duty(Record):
    """协办: what another contractor is to do on a ticket beside whoever leads; its clock is a ``Timer`` of target ``assist``."""

    __tablename__ = "duty"
    __table_args__ = (Index("ix_duty_open", "contractor_id", "ticket_id"),)
    id: Mapped[Id]
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"), index=True)
    contractor_id: Mapped[int] = mapped_column(ForeignKey("contractor.id"))
    task: Mapped[Long]
    asked_at: Mapped[datetime]
    asked_by: Mapped[Name] = mapped_column(default="")
    done_at: Mapped[datetime | None]
    result: Mapped[Long] = mapped_column(default="")
    withdrawn_at: Mapped[datetime | None]
    ticket: Mapped[Ticket] = relationship(back_populates="duties")

    @property
    def open(self) -> bool:
        return self.done_at is None and self.withdrawn_at is None


class Supervision(Record):
    """督办单: a supervisor's numbered order to whoever answers for a ticket; its clock is a ``Timer`` of target ``supervise``."""

    __tablename__ = "supervision"
    id: Mapped[Id]
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"), index=True)
    number: Mapped[Name] = mapped_column(unique=True)  # 文号
    level: Mapped[int] = mapped_column(BigId)
    demand: Mapped[Long]
    to_handler: Mapped[Code]  # who answered for the ticket then: contractor, purchaser, desk
    to_org: Mapped[int | None] = mapped_column(BigId)
    to_name: Mapped[Name] = mapped_column(default="")
    issued_at: Mapped[datetime]
    issued_by: Mapped[Name] = mapped_column(default="")
    issued_org: Mapped[Name] = mapped_column(default="")
    answered_at: Mapped[datetime | None]
    answered_by: Mapped[Name] = mapped_column(default="")
    answer: Mapped[Long] = mapped_column(default="")
    ticket: Mapped[Ticket] = relationship(back_populates="supervisions")
