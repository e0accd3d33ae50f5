"""What hangs together with a ticket, as staff see it: its whole, its parts, what it goes on under, who complains with it.

A contractor sees of a mass incident how many complain and from which buildings, and of everything else nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from app import naming
from app.hotline import Tx
from app.store import lineage
from app.store import tickets as store
from app.tickets.lifecycle import STATE_NAMES, Actor, Role
from app.tickets.model import Ticket
from app.web.views import STATE_TONES

SHOWN = 100  # members that a page lists


@dataclass(frozen=True, slots=True)
class KinRow:
    number: str
    leaf: str
    place: str
    state: str
    tone: str
    handler: str


@dataclass(frozen=True, slots=True)
class KinView:
    """Everything tied to one ticket. Numbers are empty where there is nothing."""

    whole: str = ""
    merged_into: str = ""
    follows: str = ""
    parts: list[KinRow] = field(default_factory=list)
    incident: bool = False
    members: int = 0
    answered: int = 0
    buildings: str = ""
    rows: list[KinRow] = field(default_factory=list)  # of the members

    @property
    def any(self) -> bool:
        return bool(self.whole or self.merged_into or self.follows or self.parts or self.incident)


def kin_view(tx: Tx, ticket: Ticket, viewer: Actor) -> KinView:
    outsider = viewer.role is Role.CONTRACTOR
    incident = _incident(tx, ticket, outsider) if ticket.incident else {}
    if outsider:
        return KinView(**incident)
    return KinView(
        whole=ticket.parent.number if ticket.parent is not None else "",
        merged_into=_number(tx, ticket.merged_into_id),
        follows=_number(tx, ticket.follows_id),
        parts=[_row(tx, part) for part in lineage.parts_of(tx.session, ticket)],
        **incident,
    )


def _incident(tx: Tx, ticket: Ticket, outsider: bool) -> dict[str, Any]:
    tally = lineage.tallies(tx.session, [ticket])[ticket.id]
    buildings = "、".join(f"{name}栋" for name in lineage.buildings_of(tx.session, ticket))
    told: dict[str, Any] = {"incident": True, "members": tally.members, "buildings": buildings}
    if outsider:
        return told
    rows = [_row(tx, member) for member in lineage.members_of(tx.session, ticket)[:SHOWN]]
    return {**told, "answered": tally.answered, "rows": rows}


def _number(tx: Tx, ticket_id: int | None) -> str:
    return store.by_id(tx.session, ticket_id).number if ticket_id is not None else ""


def _row(tx: Tx, ticket: Ticket) -> KinRow:
    return KinRow(
        number=ticket.number,
        leaf=naming.leaf_name(tx, ticket),
        place=naming.place_name(tx, ticket),
        state=STATE_NAMES[ticket.state],
        tone=STATE_TONES[ticket.state],
        handler=naming.handler_name(tx, ticket),
    )
