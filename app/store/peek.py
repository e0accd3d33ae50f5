"""Is anything due? The worker asks this before it opens a session for a sweep or a delivery: nearly always nothing is.

The condition is written with ``IS NOT NULL``, as in the partial indexes: with a state bound as a value PostgreSQL's generic plan
would read the whole table instead.
"""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.store.aside import Unanswered
from app.store.db import Database
from app.tickets.model import Timer
from app.tickets.tables import Moment

QUESTION = "SELECT {at} FROM {table} WHERE {at} IS NOT NULL AND {at} <= {value} ORDER BY {at} LIMIT 1"

COUNTED = 10_000  # due timers beyond which nobody counts: there are too many


class Peek:
    """When the oldest thing due should have happened; None when nothing is due.

    Where the database does not answer, now: the worker then looks the usual way, and what is wrong comes out there.
    """

    def __init__(self, db: Database) -> None:
        value = "?" if db.is_sqlite else "%s"
        self._ask = db.aside.ask
        self._timers = QUESTION.format(at="next_at", table="timer", value=value)
        self._notices = QUESTION.format(at="next_at", table="outbox", value=value)
        self._rounds = QUESTION.format(at="to_call_at", table="ticket", value=value)
        self._kept = _as_sqlite_keeps_it if db.is_sqlite else _as_it_is
        dialect = db.engine.dialect
        self._read = Moment().dialect_impl(dialect).result_processor(dialect, None) or _as_it_is

    def timer(self, now: datetime) -> datetime | None:
        """Of the steps of all timers, by business time."""
        return self._oldest(self._timers, now)

    def notice(self, wall: datetime) -> datetime | None:
        """Of the outbox: to be sent, or a lease that has lapsed. By wall time."""
        return self._oldest(self._notices, wall)

    def round_to_think_of(self, now: datetime) -> datetime | None:
        """Of the rounds that may have to be called about, by business time."""
        return self._oldest(self._rounds, now)

    def _oldest(self, question: str, now: datetime) -> datetime | None:
        try:
            rows = self._ask(question, self._kept(now))
        except Unanswered:
            return now
        return self._read(rows[0][0]) if rows else None


def _as_sqlite_keeps_it(value: datetime) -> str:
    """The text that ``Moment`` makes of it, in a fifth of the time: a moment of another shape would be compared wrongly."""
    return value.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")


def _as_it_is(value: datetime) -> datetime:
    return value


def due_count(session: Session, now: datetime) -> int:
    """How many timers wait to be fired, at most ``COUNTED``. Reads the index and no further than that."""
    due = select(Timer.next_at).where(Timer.next_at.is_not(None), Timer.next_at <= now).limit(COUNTED).subquery()
    return session.scalar(select(func.count()).select_from(due)) or 0
