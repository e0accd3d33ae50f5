"""How far a purchaser's eye reaches: itself and everything below it (省 → 市 → 县)."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.register.model import Purchaser


def reach_of(session: Session, purchaser_id: int | None) -> frozenset[int]:
    """The purchaser and all its descendants; empty without one."""
    if purchaser_id is None:
        return frozenset()
    children: dict[int | None, list[int]] = {}
    for child, parent in session.execute(select(Purchaser.id, Purchaser.parent_id)):
        children.setdefault(parent, []).append(child)
    reached: set[int] = set()
    waiting = [purchaser_id]
    while waiting:
        here = waiting.pop()
        if here not in reached:
            reached.add(here)
            waiting.extend(children.get(here, ()))
    return frozenset(reached)
