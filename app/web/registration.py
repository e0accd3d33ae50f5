"""A call or a visit written down, by an agent at the desk or by the agent's own program: kept as any message is, and its ticket
opened."""

from __future__ import annotations

from app.errors import BadInput
from app.hotline import Tx
from app.store import inbox
from app.tickets.lifecycle import Actor
from app.tickets.model import Ticket
from app.triage import open_ticket
from app.web.follow import inbound_row
from channels.contract import Complaint, Delivery
from routing.verdict import Verdict


def register(
    tx: Tx, delivery: Delivery, complaint: Complaint, verdict: Verdict, by: Actor, *, source: str = ""
) -> tuple[Ticket, bool]:
    """The ticket of what was written down, and whether it is new: the same ``external_id`` from the same source is one ticket.

    ``source``: whose ids they are; the complainant's address unless it is said otherwise.
    """
    kept = inbox.keep(tx.session, [inbound_row(tx, delivery, complaint, source or complaint.sender)])
    inbound_id = next(iter(kept.values())).id
    inbound = inbox.claim(tx.session, inbound_id)
    if inbound is None:
        before = inbox.get(tx.session, inbound_id).ticket
        if before is None:
            raise BadInput("这张表单已提交过", cure="请打开新的登记页面")
        return before, False
    ticket = open_ticket(
        tx,
        channel=delivery.channel,
        account="",
        complaint=complaint,
        verdict=verdict,
        resident=inbox.resident_for(tx.session, inbound, complaint, tx.now),
        received_at=tx.now,
        inbound=inbound,
        by=by,
    )
    inbound.ticket = ticket
    return ticket, True
