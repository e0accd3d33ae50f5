"""What a ticket's parties, place and category are called in words, for pages, notices and commands."""

from __future__ import annotations

from app.hotline import Tx
from app.tickets.lifecycle import SYSTEM, Actor, Handler
from app.tickets.model import Ticket
from app.tickets.privacy import sees_dwelling


def handler_name(tx: Tx, ticket: Ticket) -> str:
    """Who answers for the ticket, in words."""
    names = tx.hotline.knowledge(tx.session).snapshot
    if ticket.follows_id is not None:  # the work is done under the incident's work order
        return handler_name(tx, tx.session.get_one(Ticket, ticket.follows_id))
    match ticket.handler:
        case Handler.CONTRACTOR:
            return names.contractors.get(ticket.contractor_id or 0, "承接主体")
        case Handler.PURCHASER:
            return names.purchasers.get(ticket.purchaser_id or 0, "主管部门")
        case _:
            return "热线坐席"


def contractor_name(tx: Tx, contractor_id: int) -> str:
    return tx.hotline.knowledge(tx.session).snapshot.contractors.get(contractor_id, "承接主体")


def place_name(tx: Tx, ticket: Ticket, viewer: Actor = SYSTEM) -> str:
    """Estate, building, unit, room, as far as known and as far as this viewer may know."""
    whole, told = sees_dwelling(viewer, ticket), ""
    if ticket.estate_id:
        estate = tx.hotline.knowledge(tx.session).snapshot.register.estates[str(ticket.estate_id)].name
    else:
        estate = (told := ticket.place_text if whole else "") or "地点待核"
    parts = [(ticket.building, "栋"), *([(ticket.unit, "单元"), (ticket.room, "室")] if whole else [])]
    return estate + "".join(f"{value}{word}" for value, word in parts if value and value not in told)


def leaf_name(tx: Tx, ticket: Ticket) -> str:
    leaf = tx.hotline.policy.taxonomy.leaves.get(ticket.leaf)
    return f"{leaf.code}{leaf.name}" if leaf else "类别待核"
