"""The chain of a ticket's events: each carries a hash over what it says and the hash of the one before.

Whoever changes, removes or slips in an event has to rewrite every hash after it, and the ticket's ``head`` with them; what even
that would hide shows against a checkpoint written down elsewhere (``hotline verify``).

What is hashed is plain data in one spelling, so that it comes out the same from either database, years later and without this
program: JSON, keys in order, moments in UTC, a whole number without a fraction however it was written (PostgreSQL gives 1e16
back as 10000000000000000).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, Protocol


class Recorded(Protocol):
    """An event, as far as it is hashed: a ``TicketEvent``, or a bare row with its columns."""

    seq: Any
    at: Any
    noticed_at: Any
    action: Any
    by_role: Any
    by_id: Any
    by_name: Any
    by_org: Any
    from_state: Any
    to_state: Any
    details: Any
    clocks: Any
    cause: Any
    hash: Any


def link(before: str, number: str, event: Recorded) -> str:
    """The hash of an event of ticket ``number`` that follows on one whose hash is ``before`` ("" for the first)."""
    said = {
        "before": before,
        "ticket": number,
        "seq": event.seq,
        "at": _spelt(event.at),
        "noticed_at": _spelt(event.noticed_at),
        "action": event.action,
        "by": [str(event.by_role), event.by_id, event.by_name, event.by_org],
        "from": str(event.from_state) if event.from_state else None,
        "to": str(event.to_state),
        "details": _plain(event.details),
        "clocks": _plain(event.clocks),
        "cause": event.cause,
    }
    plain = json.dumps(said, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(plain.encode("utf-8", "surrogatepass")).hexdigest()


def _plain(value: Any) -> Any:
    """The same data with keys as JSON has them and whole numbers as such."""
    if isinstance(value, dict):
        return {str(name): _plain(inside) for name, inside in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inside) for inside in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _spelt(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def faults(number: str, events: Iterable[Recorded], head: str, seq: int) -> list[str]:
    """What is wrong with a ticket's whole chain, each in a sentence; ``events`` in the order of their numbers.

    Events written before there was a chain carry no hash: they may stand at the beginning and nowhere else.
    """
    found, before, expected = [], "", 1
    for event in events:
        if event.seq != expected:
            found.append(f"{number}：第 {expected} 条记录缺失，接着是第 {event.seq} 条")
        expected = event.seq + 1
        if not event.hash and not before:
            continue
        if event.hash != link(before, number, event):
            found.append(f"{number}：第 {event.seq} 条记录（{event.action}）与写下时不同，或前一条被改动")
        before = event.hash
    if expected - 1 != seq:
        found.append(f"{number}：工单记着 {seq} 条记录，实有到第 {expected - 1} 条")
    if before != head:
        found.append(f"{number}：最后一条记录与工单上的封印不符")
    return found
