"""What /api/v1 answers, as JSON: the shapes that the OpenAPI document promises to other programs."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from pydantic import BaseModel, Field


class Problem(BaseModel):
    """RFC 9457. ``type`` is stable, one a kind: app/docs/api.md. ``field``: what is wrong in the request, if one thing."""

    type: str
    title: str
    status: int
    detail: str
    instance: str | None = None
    field: str | None = None


class TimerView(BaseModel):
    target: str
    name: str
    budget: str
    started_at: datetime
    due_at: datetime
    paused_at: datetime | None
    stopped_at: datetime | None
    breached_at: datetime | None
    round: int
    provisional: bool
    party: str
    cancelled: bool
    version: int


class EventView(BaseModel):
    """One act. ``seq`` counts those that the viewer may read; ``words`` is the line of it on the pages."""

    seq: int
    at: datetime
    action: str
    by: str
    role: str
    from_state: str | None = Field(serialization_alias="from")
    to_state: str = Field(serialization_alias="to")
    details: dict[str, Any]
    words: str


class ConflictProblem(Problem):
    """Somebody was first: how the ticket stands now, and what has happened after ``seen`` that the viewer may read."""

    number: str
    state: str
    state_name: str
    seq: int
    meanwhile: list[EventView]


class PetitionView(BaseModel):
    """申请: ``kind`` is extension, return, closure, exclusion or appeal; ``state`` open, granted, denied or moot."""

    kind: str
    code: str
    state: str
    round: int
    asked_at: datetime
    asked_by: str
    reason: str
    wanted: datetime | None
    decided_at: datetime | None
    decided_by: str
    decision: str


class DutyView(BaseModel):
    """协办: what another contractor does beside whoever leads."""

    helper: str
    task: str
    asked_at: datetime
    done_at: datetime | None
    result: str
    withdrawn_at: datetime | None


class SupervisionView(BaseModel):
    """督办单."""

    number: str
    level: int
    demand: str
    to: str
    issued_at: datetime
    issued_by: str
    answered_at: datetime | None
    answer: str


class RatingView(BaseModel):
    """评价 of one round; ``counts`` is false where an appeal against it was granted."""

    round: int
    at: datetime
    via: str
    responded: bool | None
    solved: bool | None
    satisfied: int
    reason: str
    counts: bool


class MessageView(BaseModel):
    at: datetime
    by: str
    channel: str
    kind: str
    text: str
    internal: bool


class PlaceView(BaseModel):
    estate: str | None
    building: str | None
    unit: str | None
    room: str | None
    said: str


class TicketView(BaseModel):
    """One ticket with its whole history, as this viewer may see it; the same in lists and alone."""

    number: str
    state: str
    channel: str
    sender: str
    external_ids: list[str] = []
    created_at: datetime
    text: str
    leaf: str
    group: str
    confidence: float
    request_type: str
    urgency: str
    emergencies: list[str]
    confidential: bool
    place: PlaceView
    contractor: str | None
    contract: str | None
    purchaser: str | None
    why: str
    level: int
    round: int
    timers: list[TimerView]
    events: list[EventView] = []
    messages: list[MessageView] = []
    rating: dict[str, Any] | None = None
    seq: int = Field(default=0, description="此令牌能看到的最后一条流转记录的序号；办理时作为 seen 带回")
    public_number: str = Field(default="", description="诉求人手里的工单号：拆出的工单是原单号；承接主体看到的是本单号")
    outcome: str = Field(
        default="", description="本轮办理结果：solved partly explained unfounded unreachable answered，空为还没有"
    )
    reviewed_at: datetime | None = Field(default=None, description="本轮办结审核通过的时间")
    binding: bool = Field(default=False, description="已指定承办，不能再退单")
    returns: int | None = Field(default=None, description="同意退单的次数；承接主体不可见")
    moves: int | None = Field(default=None, description="派出过多少次；承接主体不可见")
    petitions: list[PetitionView] = []
    duties: list[DutyView] = []
    supervisions: list[SupervisionView] = []
    ratings: list[RatingView] = []


class ChangeView(BaseModel):
    """One change of a clock. ``due_at`` is what comes out now, ``recorded_due_at`` what was recorded then.

    ``op``: ``+`` or ``!`` started, ``-`` met, ``=`` paused, ``>`` resumed, ``x`` cancelled, ``^`` decided, ``~`` answered, ``%``
    counted again.
    """

    at: datetime
    action: str
    op: str
    by: str
    reason: str
    was: datetime | None
    due_at: datetime
    recorded_due_at: datetime
    version: int
    calendar: str
    agrees: bool
    faults: list[str]
    unkept: str
    words: str


class CutView(BaseModel):
    """Time of a day that a pause took out."""

    since: datetime = Field(alias="from")
    until: datetime = Field(alias="to")
    seconds: float
    reason: str
    by: str


class DayView(BaseModel):
    """A local day, or a run of days that count nothing. ``number``: which day of a limit in days it is, 0 is none of them."""

    first: date
    last: date
    kind: str
    name: str
    settled: bool
    number: int
    extra: bool
    hours: list[tuple[datetime, datetime]]
    counted_seconds: float
    total_seconds: float
    cuts: list[CutView]


class FiredView(BaseModel):
    """A step of the ladder: dated by the plan, ``noticed_at`` when it was written down."""

    at: datetime
    noticed_at: datetime
    action: str
    level: str
    told: list[str]
    by: str
    due_at: datetime
    agrees: bool
    words: str


class StandardView(BaseModel):
    """The policy version under which something was promised."""

    hash: str
    name: str
    version: str
    effective_from: date | None


class CalendarView(BaseModel):
    version: str
    name: str


class ResultView(BaseModel):
    """met, late, cancelled, paused, stood_late, running or overdue; time is of the kind that the limit counts."""

    how: str
    used_seconds: float | None
    left_seconds: float | None
    over_seconds: float | None
    words: str


class DeadlineView(BaseModel):
    """One clock, explained. ``follows``: the deadline comes out of start, limit and pauses; else somebody decided on it."""

    n: int
    target: str
    name: str
    party: str
    owed_by: str
    round: int
    leaf: str | None
    urgency: str | None
    budget: str
    pausable: bool
    follows: bool
    version: int
    provisional: bool
    cancelled: bool
    started_at: datetime
    due_at: datetime
    paused_at: datetime | None
    stopped_at: datetime | None
    breached_at: datetime | None
    acknowledged_at: datetime | None
    held_seconds: float
    agrees: bool
    checked: bool
    calendar: CalendarView
    policy: StandardView
    lines: list[ChangeView]
    days: list[DayView]
    steps: list[FiredView]
    result: ResultView
    today: str


class DeadlinesView(BaseModel):
    """The deadlines of a ticket, replayed. ``agrees``: all that was recorded comes out again; ``checked``: all could be reckoned;
    ``unwritten``: clocks older than the ledger, of which nothing can be said."""

    number: str
    at: datetime
    agrees: bool
    checked: bool
    unwritten: int
    clocks: list[DeadlineView]


class TicketPage(BaseModel):
    """A page of tickets, newest first; ``next`` is the cursor of the following page."""

    tickets: list[TicketView]
    next: str | None
