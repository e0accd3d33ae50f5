"""What an act writes on the ticket itself, beside its state: one small function an act, listed at the end."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from app.tickets.lifecycle import SEALED_GROUPS, Actor, Details, Handler, Role
from app.tickets.model import Ticket

Effect = Callable[[Ticket, Actor, Details], None]


def _dispatch(ticket: Ticket, by: Actor, details: Details) -> None:
    ticket.handler = Handler.CONTRACTOR
    ticket.contractor_id = int(details["contractor"])
    ticket.contract_id = int(details["contract"]) if details.get("contract") else None
    ticket.assigned_why = str(details.get("why", ""))


def _refer(ticket: Ticket, by: Actor, details: Details) -> None:
    ticket.handler = Handler.PURCHASER
    ticket.purchaser_id = int(details["purchaser"])
    ticket.contractor_id = ticket.contract_id = None
    ticket.assigned_why = str(details.get("why", ""))


def _classify(ticket: Ticket, by: Actor, details: Details) -> None:
    ticket.leaf = str(details["leaf"])
    ticket.group = ticket.leaf[:1]
    ticket.urgency = str(details.get("urgency") or ticket.urgency)
    ticket.confidence = float(details.get("confidence", 1.0))
    ticket.confidential = ticket.confidential or bool(details.get("confidential"))  # once promised, never taken back
    # Once sealed, a changed category does not open the text to a contractor; only a supervisor who has read it may.
    opened = by.role is Role.SUPERVISOR and bool(details.get("unseal"))
    ticket.sealed = ticket.group in SEALED_GROUPS or (ticket.sealed and not opened)


def _back_to_the_desk(ticket: Ticket, by: Actor, details: Details) -> None:
    ticket.handler = Handler.DESK
    ticket.contractor_id = ticket.contract_id = None
    ticket.assigned_why = str(details.get("reason", ""))


def _new_round(ticket: Ticket, by: Actor, details: Details) -> None:
    ticket.round += 1
    ticket.level = 0
    if ticket.handler is Handler.DESK:  # it stands in the queue, where the reason is read
        ticket.assigned_why = str(details.get("reason", ""))


def _escalate(ticket: Ticket, by: Actor, details: Details) -> None:
    ticket.level = max(ticket.level, int(details.get("level", 0)))


def _nudge(ticket: Ticket, by: Actor, details: Details) -> None:
    ticket.nudges += 1


def _merge(ticket: Ticket, by: Actor, details: Details) -> None:
    ticket.merged_into_id = int(details["into_id"])


def _alarm(ticket: Ticket, by: Actor, details: Details) -> None:
    ticket.urgency = "U0"
    ticket.emergencies = sorted({*ticket.emergencies, *details["codes"]})


EFFECTS: Mapping[str, Effect] = {
    "dispatch": _dispatch,
    "refer": _refer,
    "classify": _classify,
    "return": _back_to_the_desk,
    "remand": _new_round,
    "reopen": _new_round,
    "escalate": _escalate,
    "breach": _escalate,
    "nudge": _nudge,
    "merge": _merge,
    "alarm": _alarm,
}
