"""What may be done to a ticket, by whatever door: acts of the table, and those that make or move more than one ticket.

Pages and programs call ``do``; an act that only concerns its own ticket goes straight to ``casework.act``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from app.casework import act
from app.dividing import split
from app.hotline import Tx
from app.incidents import join
from app.merging import merge
from app.tickets.lifecycle import Actor
from app.tickets.model import Ticket, TicketEvent

Deed = Callable[[Tx, Ticket, Actor, Mapping[str, Any]], TicketEvent]

# Acts that need more than their own ticket.
DEEDS: Mapping[str, Deed] = {"split": split, "merge": merge, "join": join}


def do(tx: Tx, ticket: Ticket, action: str, by: Actor, details: Mapping[str, Any] | None = None) -> TicketEvent:
    """Does it in the caller's transaction and returns what was written on this ticket. Raises what ``casework.act`` raises."""
    deed = DEEDS.get(action)
    return deed(tx, ticket, by, details or {}) if deed is not None else act(tx, ticket, action, by, details)
