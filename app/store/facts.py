"""Named facts of this installation: heartbeat, revisions, secrets made on first start."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from app.register.model import Fact


def read(session: Session, key: str) -> Fact | None:
    return session.get(Fact, key)


def stamp(session: Session, key: str, at: datetime, text: str = "") -> None:
    """Writes when a fact was last true, with a word about it."""
    fact = session.get(Fact, key)
    if fact is None:
        session.add(Fact(key=key, number=0, at=at, text=text))
    else:
        fact.at, fact.text = at, text
