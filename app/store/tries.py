"""Wrong tries at a door, counted by what was tried and from where, so that guessing becomes hopelessly slow. Wall time."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.register.model import Fact

WINDOW = timedelta(minutes=15)
_PREFIX = "tries."


def _key(what: str) -> str:
    return _PREFIX + hashlib.sha256(what.encode()).hexdigest()[:40]


def may_try(session: Session, limits: Mapping[str, int], wall: datetime) -> bool:
    """False once any of these (what -> most wrong tries in WINDOW) is used up."""
    most = {_key(what): number for what, number in limits.items()}
    tried = session.scalars(select(Fact).where(Fact.key.in_(most)))
    return all(fact.number < most[fact.key] or _lapsed(fact, wall) for fact in tried)


def missed(session: Session, limits: Mapping[str, int], wall: datetime) -> None:
    """Counts one wrong try against each; the window runs from the first. Lapsed counts are cleared out."""
    session.execute(delete(Fact).where(Fact.key.startswith(_PREFIX), Fact.at < wall - WINDOW))
    for what in limits:
        fact = session.get(Fact, _key(what), populate_existing=True)
        if fact is None:
            session.add(Fact(key=_key(what), number=1, at=wall, text=""))
        else:
            fact.number += 1


def forget(session: Session, what: str) -> None:
    """A right try takes the wrong ones before it off the count."""
    session.execute(delete(Fact).where(Fact.key == _key(what)))


def _lapsed(fact: Fact, wall: datetime) -> bool:
    return fact.at is None or fact.at < wall - WINDOW
