"""Requests that carried an ``Idempotency-Key``, and what they were answered: the same again is told the same, and done once.

The row is written before the act and in its very transaction. Of two that come at once the second waits at the unique key until
the first is through (PostgreSQL), or for its turn to write (SQLite); where the first was refused, nothing is left of it.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from app.tickets.programs import Answered

# A program that lost an answer asks again within minutes, one that was down overnight the next morning; and what is kept are
# whole tickets, with what residents said: no longer than that.
KEPT = timedelta(hours=24)
AT_ONCE = 100  # old rows cleared out by one request, so that none pays for a whole day's


def claim(session: Session, holder: str, key: str, request: str, wall: datetime) -> Answered | None:
    """Takes the key for this request: None where it was free, else what stands under it. Rows past their time are cleared out."""
    old = select(Answered.id).where(Answered.at < wall - KEPT).order_by(Answered.id).limit(AT_ONCE)
    own = (Answered.holder == holder, Answered.key == key)
    session.execute(delete(Answered).where(*own, Answered.at < wall - KEPT))
    session.execute(
        delete(Answered)
        .where(Answered.id.in_(old.with_for_update(skip_locked=True).scalar_subquery()))
        .execution_options(synchronize_session=False)
    )
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    row = {"holder": holder, "key": key, "request": request, "status": 0, "body": "", "at": wall}
    taken = insert(Answered).values(**row).on_conflict_do_nothing(index_elements=["holder", "key"]).returning(Answered.id)
    if session.scalar(taken) is not None:
        return None
    return session.scalars(select(Answered).where(*own)).one()


def keep(session: Session, holder: str, key: str, status: int, body: str) -> None:
    """What the request was answered, under the key it has claimed."""
    session.execute(
        update(Answered)
        .where(Answered.holder == holder, Answered.key == key)
        .values(status=status, body=body)
        .execution_options(synchronize_session=False)
    )
