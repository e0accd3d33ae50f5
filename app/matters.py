"""A resident's matter 事项: the ticket whose number they know, with the parts it was split into, or the ticket it goes on under.

Whatever number is quoted, of a part or of what was merged, it is one matter; what is asked of it concerns every part.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from app.hotline import Tx
from app.merging import survivor
from app.store import lineage
from app.store import tickets as store
from app.tickets.lifecycle import OPEN, SYSTEM, State
from app.tickets.model import Ticket
from routing.verdict import Verdict

DONE = (State.RESOLVED, State.CLOSED)


def all_of(tx: Tx, ticket: Ticket) -> list[Ticket]:
    """The whole, then its parts."""
    return [ticket, *lineage.parts_of(tx.session, ticket)]


def chosen(tx: Tx, resident_id: int, since: datetime, states: Sequence[State], numbers: Sequence[str]) -> Ticket | None:
    """The resident's matter that a command is about, of those of which something is in these states: the one that is named, by
    whatever number of it, else the newest. Of what was merged it is the ticket that it goes on under."""
    for ticket in _named(tx, resident_id, numbers) if numbers else _newest(tx, resident_id, since, states):
        for one in (ticket, lineage.survivor(tx.session, ticket)):
            if one is not None and any(part.state in states for part in all_of(tx, one)):
                return one
    return None


def _newest(tx: Tx, resident_id: int, since: datetime, states: Sequence[State]) -> list[Ticket]:
    return lineage.of_resident(tx.session, resident_id, since, (*states, State.MERGED))


def _named(tx: Tx, resident_id: int, numbers: Sequence[str]) -> list[Ticket]:
    """The resident's own by these numbers; a stranger who quotes a number finds nothing."""
    found = lineage.numbered(tx.session, SYSTEM, numbers) if numbers else []
    return [ticket.parent or ticket for ticket in found if ticket.resident_id == resident_id]


def named_home(tx: Tx, resident_id: int, numbers: Sequence[str], verdict: Verdict) -> Ticket | None:
    """Where a further word belongs that quotes these numbers; None where it quotes none of the resident's that is open."""
    homes = (home(tx, ticket, verdict) for ticket in _named(tx, resident_id, numbers))
    return next((found for found in homes if found is not None), None)


def home(tx: Tx, ticket: Ticket, verdict: Verdict) -> Ticket | None:
    """Which ticket of a matter a further word goes to: the part that it is about, else the whole, else a part that is open; of
    what was merged, of the one it goes on under. None where none is open that it may join."""
    there = [one for one in all_of(tx, survivor(tx, ticket)) if one.state in OPEN and may_join(verdict, one)]
    about = "" if verdict.review else verdict.leaf
    return next((one for one in there if one.parent_id and one.leaf == about), None) or next(iter(there), None)


def may_join(verdict: Verdict, ticket: Ticket) -> bool:
    """Words about a contractor, or reserved to government, never join a ticket that a contractor can read."""
    return ticket.sealed or not verdict.guarded


def to_rate(tx: Tx, ticket: Ticket) -> Ticket | None:
    """Which of a matter a rating speaks of that names none: what was resolved last of what is not rated yet; where all is rated,
    what was resolved last, because the last word counts."""
    found: Ticket | None = None
    best: tuple[bool, datetime] | None = None
    for one in all_of(tx, ticket):
        ended = done_at(tx, one) if one.state in DONE else None
        if ended is not None and (best is None or best <= (store.rating_of(tx.session, one) is None, ended)):
            found, best = one, (store.rating_of(tx.session, one) is None, ended)
    return found


def done_at(tx: Tx, ticket: Ticket) -> datetime | None:
    """When it was last resolved, answered or closed unresolved; None when it never was, or was withdrawn since."""
    ends = [store.last_event(tx.session, ticket, action) for action in ("resolve", "answer", "grant_closure", "withdraw")]
    last = max((event for event in ends if event is not None), key=lambda event: event.seq, default=None)
    return None if last is None or last.action == "withdraw" else last.at
