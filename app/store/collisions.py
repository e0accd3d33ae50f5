"""When two write the same ticket at once: whoever was second tries again on what the first has left, so often and no oftener."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from sqlalchemy.exc import OperationalError
from sqlalchemy.orm.exc import StaleDataError

TRIES = 5
LET_GO = ("40001", "40P01")  # PostgreSQL: serialization_failure, deadlock_detected; the other one has gone on

Found = TypeVar("Found")


def again(do: Callable[[], Found]) -> Found:
    """What ``do`` gives, which must be one transaction. Raises StaleDataError when others were first every
    time; nothing of it was done then."""
    for _ in range(TRIES - 1):
        try:
            return do()
        except StaleDataError:
            continue
        except OperationalError as away:
            if not _let_go(away):
                raise
    try:
        return do()
    except OperationalError as away:
        if not _let_go(away):
            raise
        raise StaleDataError("another writer was first") from away


def _let_go(away: OperationalError) -> bool:
    return getattr(away.orig, "sqlstate", None) in LET_GO
