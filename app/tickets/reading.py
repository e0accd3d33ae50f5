"""What a contractor reads of a ticket's history: the rule, in one place for pages, programs and webhooks."""

from __future__ import annotations

from typing import Any, Protocol

from app.tickets.lifecycle import Actor, Role
from app.tickets.model import Ticket, TicketEvent
from app.tickets.petitions import ASKED_BY, DENIED_BY, GRANTED_BY

# What it was told, what it did, and its own clocks.
_DONE_THERE = {"accept", "contact", "arrive", "progress", "hold", "resume", "resolve", "acknowledge", "assisted", "report"}
_TOLD_THERE = {"dispatch", "append", "remand", "reopen", "nudge", "remind", "breach", "escalate", "close", "withdraw", "confirm"}
_DECIDED = {"override", "recount", "approve", "assist", "unassist", "supervise"}
CONTRACTOR_READS = _DONE_THERE | _TOLD_THERE | _DECIDED | {*ASKED_BY, *GRANTED_BY, *DENIED_BY}


class Owed(Protocol):
    """A clock, as far as it matters to whom it may be shown."""

    @property
    def party(self) -> Any: ...
    @property
    def contractor_id(self) -> Any: ...


def concerns(timer: Owed, viewer: Actor) -> bool:
    """A resident sees what was promised to citizens; a contractor that and what it owes itself, not who calls back when."""
    if viewer.role is Role.RESIDENT:
        return bool(timer.party == "citizen")
    if viewer.role is Role.CONTRACTOR:
        return timer.party in ("citizen", "adjudicator") or timer.contractor_id == viewer.org
    return True


def contractor_reads(ticket: Ticket, event: TicketEvent, viewer: Actor) -> bool:
    """Whether the contractor that answers for the ticket reads this event of it."""
    clock = event.details.get("clock")
    if clock is not None and not concerns(ticket.timers[clock], viewer):
        return False  # another contractor's, or when the hotline calls back
    own_note = event.action == "note" and event.by_org == viewer.org and event.by_role is Role.CONTRACTOR
    return own_note or event.action in CONTRACTOR_READS
