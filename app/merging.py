"""Merging 并单: one matter that was told more than once goes on under one number. What is said later leads there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.casework import act
from app.errors import BadInput
from app.hotline import Tx
from app.store import lineage
from app.store import tickets as store
from app.tickets import kinship
from app.tickets.lifecycle import SYSTEM, Actor
from app.tickets.model import Ticket, TicketEvent


def merge(tx: Tx, ticket: Ticket, by: Actor, details: Mapping[str, Any]) -> TicketEvent:
    """Merges a ticket into the one that ``into`` numbers. Only a ticket that stands by itself is merged, only into one that does,
    and both are locked meanwhile: so there is never a circle.

    Who asked to be kept from the contractor in one is kept from it in both. Raises BadInput with the rule that is against it.
    """
    into = named(tx, by, details)
    lineage.lock(tx.session, ticket, into)
    refusal = kinship.not_merged(ticket, into, split=bool(lineage.split_among(tx.session, [ticket])))
    if refusal is not None:
        raise BadInput(refusal[0], cure=refusal[1])
    event = act(tx, ticket, "merge", by, {"into": into.number, "into_id": into.id})
    if ticket.confidential and not into.confidential:
        act(tx, into, "protect", by, {"why": f"并入的工单 {ticket.number} 要求保密"})
    return event


def named(tx: Tx, by: Actor, details: Mapping[str, Any]) -> Ticket:
    """The ticket that ``into`` numbers. Raises BadInput without a number, NotFound for one that this person may not know of."""
    number = str(details.get("into") or "").strip().upper()
    if not number:
        raise BadInput("没有填写并入的工单号", cure="请填写工单号")
    return store.by_number(tx.session, number, by)


def survivor(tx: Tx, ticket: Ticket) -> Ticket:
    """Where a further word on this ticket belongs: the ticket it goes on under. A chain that leads nowhere is ended here: the
    ticket is its own again, at the desk, so that nothing said on it is lost."""
    found = lineage.survivor(tx.session, ticket)
    if found is None:
        act(tx, ticket, "unmerge", SYSTEM, {"reason": "并单关系有误，恢复单独办理"})
        return ticket
    return found
