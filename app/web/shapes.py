"""What /api/v1 answers, as JSON: the shapes that the OpenAPI document promises to other programs."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field


class Problem(BaseModel):
    """RFC 9457."""

    type: str
    title: str
    status: int
    detail: str


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
    at: datetime
    action: str
    by: str
    role: str
    from_state: str | None = Field(serialization_alias="from")
    to_state: str = Field(serialization_alias="to")
    details: dict[str, Any]


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


class TicketPage(BaseModel):
    """A page of tickets, newest first; ``next`` is the cursor of the following page."""

    tickets: list[TicketView]
    next: str | None
