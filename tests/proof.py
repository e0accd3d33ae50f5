"""Pictures for tests, real and tiny, and what a contractor has to show before it may resolve."""

from __future__ import annotations

import io
import itertools
from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from PIL import Image

from app import evidence
from app.casework import act
from app.hotline import Tx
from app.store import photos
from app.tickets import pictures
from app.tickets.lifecycle import Actor, Role
from app.tickets.model import Ticket, TicketEvent

SHANGHAI = ZoneInfo("Asia/Shanghai")
_COUNT = itertools.count(1)


def jpeg(order: int | None = None, size: tuple[int, int] = (24, 16), **saved: Any) -> bytes:
    """A picture like no other, unless its order is given."""
    number = next(_COUNT) if order is None else order
    colour = (number * 37 % 256, number // 7 * 53 % 256, number // 1792 % 256)
    made = io.BytesIO()
    Image.new("RGB", size, colour).save(made, "JPEG", comment=f"{number}", **saved)
    return made.getvalue()


def sent(tx: Tx, ticket: Ticket, by: Actor, stage: str, picture: bytes | None = None) -> int:
    """A picture kept with a ticket; its number."""
    return evidence.keep(tx, ticket, by, stage, pictures.read(picture or jpeg(), SHANGHAI)).id


def proven(tx: Tx, ticket: Ticket, by: Actor, details: Mapping[str, Any]) -> dict[str, Any]:
    """The details of a resolution, with what a contractor has to show for this ticket and has not shown yet."""
    given = dict(details)
    asked = evidence.asked_of(tx, ticket, by)
    there = {one.stage for one in photos.of_round(tx.session, ticket, by)}
    for stage in ("before", "after"):
        if stage in asked and stage not in there:
            sent(tx, ticket, by, stage)
    if "time" in asked:
        given.setdefault("finished_at", tx.now.isoformat())
    if "place" in asked:
        given.setdefault("spot", "3栋2单元")
    return given


def done(tx: Tx, ticket: Ticket, action: str, by: Actor, details: Mapping[str, Any]) -> TicketEvent:
    """``act``; a contractor who resolves shows what has to be shown."""
    shows = action == "resolve" and by.role is Role.CONTRACTOR
    return act(tx, ticket, action, by, proven(tx, ticket, by, details) if shows else details)


def form(*stages: str, finished: str = "2026-11-23T09:00") -> dict[str, Any]:
    """What a form of a resolution adds: a picture a stage, when it was done, and where."""
    files = [(f"photos_{stage}", (f"{stage}.jpg", jpeg(), "image/jpeg")) for stage in stages or ("before", "after")]
    return {"files": files, "finished": finished, "spot": "3栋2单元"}
