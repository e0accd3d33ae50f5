"""What each worker process says of itself, in a row of its own: nobody waits for anybody to say that they live."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from app.register.model import WorkerBeat

ALIVE = timedelta(seconds=30)  # a worker silent for longer is taken for dead
REMEMBERED = timedelta(days=1)  # then its row goes


def write(session: Session, name: str, said: Mapping[str, Any]) -> None:
    """Leaves a beat, and removes the rows of those that have long been silent."""
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    row = insert(WorkerBeat).values(name=name, **said)
    session.execute(row.on_conflict_do_update(index_elements=["name"], set_=dict(said)))
    session.execute(
        delete(WorkerBeat).where(WorkerBeat.beat_at < said["beat_at"] - REMEMBERED).execution_options(synchronize_session=False)
    )


def newest(session: Session) -> WorkerBeat | None:
    """The last beat of all."""
    return session.scalars(select(WorkerBeat).order_by(WorkerBeat.beat_at.desc()).limit(1)).first()


def since(session: Session, wall: datetime) -> list[WorkerBeat]:
    """Workers that have beaten at that moment or later, by name."""
    return list(session.scalars(select(WorkerBeat).where(WorkerBeat.beat_at >= wall).order_by(WorkerBeat.name)))
