"""What programs and pages ask of the register: lists, and ids by name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.register.model import Contract, Contractor, Estate, Purchaser

Listed = TypeVar("Listed", Contract, Contractor, Estate)
Named = TypeVar("Named", Contractor, Estate, Purchaser)


def everything(session: Session, kind: type[Listed]) -> list[Listed]:
    return list(session.scalars(select(kind).order_by(kind.id)))


def id_named(session: Session, kind: type[Named], name: str) -> int | None:
    """The id behind a name (or behind the id itself, written out); None when there is none."""
    if not name:
        return None
    if name.isascii() and name.isdigit() and len(name) < 19:  # a longer one is no id, and neither engine takes it for a number
        return session.scalar(select(kind.id).where(kind.id == int(name)))
    return session.scalar(select(kind.id).where(kind.name == name))


def contract_numbers(session: Session, ids: Sequence[int]) -> dict[int, str]:
    """Contract numbers by id."""
    rows = session.execute(select(Contract.id, Contract.number).where(Contract.id.in_(ids))) if ids else ()
    return {row_id: number for row_id, number in rows}
