"""A holiday notice proclaimed at Christmas, imported as the command does it, and what can be seen of it afterwards."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select

from app import recount
from app.hotline import Hotline
from app.register.calendars import imported
from app.store import counted
from app.tickets.model import Ticket, TicketEvent, Timer
from sla.notices import read_notice
from tests.app.casework.stage import Stage
from tests.notices_to_come import OF_2027

CHRISTMAS = datetime(2026, 12, 24, 1, 0, tzinfo=UTC)  # Thursday, 09:00
TEN_DAYS, TEN_DAYS_UNDER_NOTICE = (datetime(2027, 1, day, 9, 30, tzinfo=UTC) for day in (8, 10))
SLOW, QUICK = "C16", "C06"  # resolved within ten working days, and within three


def announced(hotline: Hotline, text: str = OF_2027, by: str = "周主任") -> list[int]:
    with hotline.tx() as tx:
        return recount.take_up(tx, read_notice(text, "txt"), by)


def imports(hotline: Hotline, text: str = OF_2027, batch: int = recount.BATCH) -> recount.Outcome:
    announced(hotline, text)
    return recount.carry_out(hotline, recount.by_notices, by="周主任", batch=batch)


def foreseen(hotline: Hotline, text: str = OF_2027, page: int = recount.PAGE) -> list[recount.Shift]:
    """What would move, were the notice imported."""
    with hotline.look() as tx:
        moves = recount.by_notices(tx, imported(tx.session) | {"CN": read_notice(text, "txt")})
        return list(recount.preview(tx, moves, page))


def versions(hotline: Hotline) -> set[str]:
    """What the open clocks are counted on, those that never sleep left out."""
    with hotline.look() as tx:
        found = {calendar for calendar, _ in counted.pairs(tx.session)}
        return {version for version in found if tx.promises.calendar(version).schedule is not None}


def in_force(hotline: Hotline) -> set[str]:
    with hotline.look() as tx:
        return {held.version for held in tx.promises.sla.calendars.values() if held.schedule}


def everything(hotline: Hotline) -> list[tuple[Any, ...]]:
    """Every field of every ticket, clock and event."""
    with hotline.look() as tx:
        return [
            tuple(getattr(row, column.key) for column in row.__table__.columns)
            for kind in (Ticket, Timer, TicketEvent)
            for row in tx.session.scalars(select(kind).order_by(kind.id))
        ]


def fields(stage: Stage, number: str) -> list[tuple[Any, ...]]:
    """Every field of a ticket and its clocks."""
    ticket = stage.ticket(number)
    return [tuple(getattr(row, column.key) for column in row.__table__.columns) for row in (ticket, *ticket.timers)]
