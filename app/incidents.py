"""Mass incidents 群体事件: one cause, many complaints; one work order, many answers.

The work order is a ticket that nobody sent; people choose which complaints go with it, the machine never does. What happens to
it is handed on to each complaint: app/passing_on.py.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from app.casework import act
from app.dividing import filed
from app.errors import BadInput
from app.hotline import Tx
from app.merging import named
from app.store import lineage, sequences
from app.tickets import kinship, numbering
from app.tickets.lifecycle import Actor
from app.tickets.model import Ticket, TicketEvent
from app.triage import NOTHING_YET, assign_now

CHANNEL = "incident"
MOST = 2000  # complaints that one work order takes at a time


def join(tx: Tx, ticket: Ticket, by: Actor, details: Mapping[str, Any]) -> TicketEvent:
    """Has a complaint go with the incident that ``into`` numbers, and notes it there. Raises BadInput with what is against it."""
    incident = named(tx, by, details)
    lineage.lock(tx.session, ticket, incident)
    event = _join(tx, ticket, incident, by, split=bool(lineage.split_among(tx.session, [ticket])))
    # Written on the work order too: whoever resolves it at this moment collides, and the newcomer is not forgotten.
    act(tx, incident, "note", by, {"text": f"工单 {ticket.number} 并入"})
    return event


def _join(tx: Tx, ticket: Ticket, incident: Ticket, by: Actor, *, split: bool) -> TicketEvent:
    refusal = kinship.not_joined(ticket, incident, split=split)
    if refusal is not None:
        raise BadInput(f"工单 {ticket.number}：{refusal[0]}", cure=refusal[1])
    return act(tx, ticket, "join", by, {"into": incident.number, "into_id": incident.id})


def open_incident(tx: Tx, by: Actor, numbers: Sequence[str], leaf: str, text: str) -> Ticket:
    """The work order for these complaints, in words that an agent has written, sent to whoever owes its leaf.

    Received when the first of them was. Where all of one building complain it is that building's. Raises BadInput without two of
    them, and for one that may not go along; then nothing was opened.
    """
    wanted = list(dict.fromkeys(numbers))
    if not 2 <= len(wanted) <= MOST:
        raise BadInput(f"群体事件须有 2 到 {MOST} 张工单", cure="请勾选或填写工单号")
    if not text.strip():
        raise BadInput("没有写明群体事件的情况", cure="请写明哪里、什么问题、影响哪些人")
    members = lineage.numbered(tx.session, by, wanted)
    missing = sorted(set(wanted) - {ticket.number for ticket in members})
    if missing:
        raise BadInput(f"没有找到工单 {'、'.join(missing[:5])}", cure="请核对工单号")
    verdict = filed(tx, leaf, text.strip(), by)
    incident = _work_order(tx, by, members, text.strip(), verdict.leaf, verdict.to_json())
    incident.sealed = verdict.group in ("G", "R") or verdict.about_contractor
    incident.group, incident.urgency, incident.request_type = verdict.group, verdict.urgency, verdict.request_type
    tx.session.add(incident)
    act(tx, incident, "receive", by, {"channel": CHANNEL, "members": len(members)}, at=incident.created_at)
    tx.session.flush()
    whole = lineage.split_among(tx.session, members)
    with tx.session.no_autoflush:  # written once, at the end: a flush before each of hundreds costs more than all the rest
        for ticket in members:
            _join(tx, ticket, incident, by, split=ticket.id in whole)
    tx.session.flush()
    assign_now(tx, incident, verdict)
    return incident


def _work_order(tx: Tx, by: Actor, members: Sequence[Ticket], text: str, leaf: str, verdict: Mapping[str, Any]) -> Ticket:
    first = min(ticket.created_at for ticket in members)
    estates = {ticket.estate_id for ticket in members}
    if len(estates) > 1:
        raise BadInput("所选工单不在同一小区", cure="请每个小区各建一个群体事件")
    buildings = {ticket.building for ticket in members}
    units = {(ticket.building, ticket.unit) for ticket in members}
    day = tx.hotline.local_day(tx.now)
    return Ticket(
        number=numbering.compose(day, sequences.take(tx.session, f"ticket.{day:%Y%m%d}")),
        **{**NOTHING_YET, "incident": True},
        created_at=first,
        channel=CHANNEL,
        account="",
        sender="",
        resident_id=None,
        text=text,
        leaf=leaf,
        confidence=1.0,
        emergencies=[],
        verdict=dict(verdict),
        confidential=False,
        estate_id=estates.pop(),
        building=min(buildings) if len(buildings) == 1 else "",
        unit=min(units)[1] if len(units) == 1 else "",
        room="",
        place_text="",
        purchaser_id=members[0].purchaser_id,
        policy=tx.hotline.policy.hash,
    )
