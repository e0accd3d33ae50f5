"""What is read of a ticket's history, and of its clocks: the rule, in one place for pages, programs and webhooks."""

from __future__ import annotations

from typing import Any, Protocol

from app.tickets import privacy
from app.tickets.lifecycle import BY_TIME, Actor, Handler, Role
from app.tickets.model import Ticket, TicketEvent
from app.tickets.petitions import ASKED_BY, DENIED_BY, GRANTED_BY

# What a contractor reads of the history: what it was told, what it did, and its own clocks.
_DONE_THERE = {"accept", "contact", "arrive", "progress", "hold", "resume", "resolve", "acknowledge", "assisted", "report"}
_TOLD_THERE = {"dispatch", "append", "remand", "reopen", "nudge", "remind", "breach", "escalate", "close", "withdraw", "confirm"}
_DECIDED = {"override", "recount", "approve", "assist", "unassist", "supervise", "restate"}
_OF_THE_WORK = {"dispatch", "append", "restate", "resolve", "remand", "reopen", "withdraw", "confirm", "close"}
_OF_HELP = {"assist", "assisted", "unassist"}
CONTRACTOR_READS = _DONE_THERE | _TOLD_THERE | _DECIDED | {*ASKED_BY, *GRANTED_BY, *DENIED_BY}


# What a third party reads: how the work went and what came of it, not how the house came to its decisions.
EVALUATOR_READS = CONTRACTOR_READS | {"receive", "refer", "answer", "reject", "return", "rate", "call", "reply"}


class Owed(Protocol):
    """A clock, as far as it matters to whom it may be shown."""

    @property
    def party(self) -> Any: ...
    @property
    def contractor_id(self) -> Any: ...


def concerns(timer: Owed, viewer: Actor, leads: bool = True) -> bool:
    """A resident sees what was promised to citizens; a contractor that and what it owes itself, not who calls back when, and of
    petitions nothing where it only assists (``leads`` false); a third party what citizens and contractors owe."""
    if viewer.role is Role.RESIDENT:
        return bool(timer.party == "citizen")
    if viewer.role is Role.CONTRACTOR:
        asked = leads and timer.party == "adjudicator"
        return bool(asked or timer.party == "citizen" or timer.contractor_id == viewer.org)
    if viewer.role is Role.EVALUATOR:
        return timer.party in ("citizen", "contractor")
    return True


def contractor_reads(ticket: Ticket, event: TicketEvent, viewer: Actor) -> bool:
    """Whether a contractor that knows the ticket reads this event of it: no internal note of others, nor what is none of its
    business."""
    if not clock_concerns(ticket, event, viewer):
        return False  # another contractor's, or when the hotline calls back
    own = bool(event.by_org == viewer.org and event.by_role is Role.CONTRACTOR)
    if event.action == "note":
        return own
    if privacy.leads(viewer, ticket):
        return event.action in CONTRACTOR_READS and not _of_another(ticket, event, viewer)
    asked = event.action in _OF_HELP and event.details.get("helper") == viewer.org
    return own or asked or event.action in _OF_THE_WORK or event.action in BY_TIME


def _of_another(ticket: Ticket, event: TicketEvent, viewer: Actor) -> bool:
    """Whether it is between the house and a contractor that had the ticket before: what that asked for and was told, and the
    orders it was given."""
    if event.action in (*ASKED_BY, "report"):
        return bool(event.by_role is Role.CONTRACTOR and event.by_org != viewer.org)
    if event.action in (*GRANTED_BY, *DENIED_BY):
        decided = [asked for asked in ticket.petitions if asked.decided_at == event.at]
        return any(asked.contractor_id not in (None, viewer.org) for asked in decided)
    if event.action == "supervise":
        given = [order for order in ticket.supervisions if order.issued_at == event.at]
        return any((order.to_handler, order.to_org) != (Handler.CONTRACTOR, viewer.org) for order in given)
    return False


def clock_concerns(ticket: Ticket, event: TicketEvent, viewer: Actor) -> bool:
    """Whether an act of a clock is of one that this viewer sees."""
    clock = event.details.get("clock")
    return clock is None or concerns(ticket.timers[clock], viewer)
