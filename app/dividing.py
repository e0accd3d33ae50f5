"""Splitting 拆单: one matter of a resident that is several parties' business. It keeps one number towards its resident.

The ticket itself stays, as the whole; each part is a ticket of its own, of the same resident by the same channel, received when
the whole was, in words that an agent has written. Towards a contractor a part is a ticket like any other: nothing it may read
says that there is more.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from app.casework import act
from app.errors import BadInput, Conflict
from app.hotline import Tx
from app.store import sequences
from app.tickets import numbering
from app.tickets.lifecycle import AT_WORK, SEALED_GROUPS, Actor, Role
from app.tickets.model import Message, Ticket, TicketEvent
from app.triage import NOTHING_YET, alarm, assign_now
from routing.taxonomy import Leaf, Owner
from routing.verdict import Verdict

OTHERS = (Owner.PURCHASER, Owner.SUPERVISION, Owner.ELSEWHERE)  # whose leaves no contractor ever gets


def split(tx: Tx, ticket: Ticket, by: Actor, details: Mapping[str, Any]) -> TicketEvent:
    """Makes a part of a ticket: ``text`` and ``leaf`` are the part's; ``rest``, where given, is the leaf of what remains. Both go
    to whoever owes them. The resident is told once.

    Raises BadInput where a part that goes to a contractor speaks of a contractor's people or of what is reserved.
    """
    if ticket.parent_id is not None:
        raise Conflict("这张工单本身是拆出的分办事项", cure=f"请在总单 {ticket.public_number} 上拆单")
    text, leaf = str(details.get("text") or "").strip(), str(details.get("leaf") or "")
    if not text:
        raise BadInput("拆单缺少分办事项的内容", cure="请写明这一部分要办什么")
    rest = str(details.get("rest") or "")
    verdict = filed(tx, leaf, text, by)
    if rest:
        leaf_of(tx, rest)
    part = _part(tx, ticket, by, text, verdict)
    event = act(tx, ticket, "split", by, {"part": part.number, "leaf": leaf, "text": text})
    if verdict.emergencies:
        alarm(tx, part, verdict, text)
    assign_now(tx, part, verdict)
    if rest:
        _refile(tx, ticket, by, rest)
    return event


def filed(tx: Tx, code: str, text: str, by: Actor) -> Verdict:
    """The verdict of a person who has written these words and filed them under this leaf. Raises BadInput for a leaf that there
    is not, and for words that no contractor may read under a leaf that one gets."""
    leaf = leaf_of(tx, code)
    found = tx.hotline.knowledge(tx.session).understander.understand(text)
    if found.guarded and not _kept(leaf):
        raise BadInput(
            "这段话涉及承办单位或政府保留事项，不能转给承接主体", cure="请只写要承接主体办的事，其余留在原单里转主管部门"
        )
    return _as(found, leaf, f"{by.name}核定为{leaf.code}{leaf.name}")


def leaf_of(tx: Tx, code: str) -> Leaf:
    leaf = tx.hotline.policy.taxonomy.leaves.get(code)
    if leaf is None:
        raise BadInput(f"没有“{code}”这个类别", cure="请从列表中选择")
    return leaf


def _kept(leaf: Leaf) -> bool:
    return leaf.group in SEALED_GROUPS or leaf.owner in OTHERS


def _as(found: Verdict, leaf: Leaf, why: str) -> Verdict:
    """The verdict as a person has settled it."""
    return replace(
        found,
        leaf=leaf.code,
        group=leaf.group,
        owner=leaf.owner,
        confidence=1.0,
        urgency="U0" if found.emergencies else leaf.urgency,
        reserved=leaf.group == "G",
        about_contractor=leaf.group == "R" or leaf.owner is Owner.SUPERVISION,
        review=False,
        reasons=(why,),
    )


def _part(tx: Tx, whole: Ticket, by: Actor, text: str, verdict: Verdict) -> Ticket:
    """The part, received when the whole was, numbered as any ticket of that day; its resident is not told of it by itself."""
    day = tx.hotline.local_day(whole.created_at)
    part = Ticket(
        number=numbering.compose(day, sequences.take(tx.session, f"ticket.{day:%Y%m%d}")),
        **NOTHING_YET,
        parent_id=whole.id,
        parent=whole,
        created_at=whole.created_at,
        channel=whole.channel,
        account=whole.account,
        sender=whole.sender,
        resident_id=whole.resident_id,
        text=text,
        leaf=verdict.leaf,
        group=verdict.group,
        confidence=verdict.confidence,
        request_type=verdict.request_type,
        urgency=verdict.urgency,
        emergencies=[],
        verdict=verdict.to_json(),
        confidential=whole.confidential or leaf_of(tx, verdict.leaf).confidential,
        sealed=verdict.group in SEALED_GROUPS or verdict.about_contractor,
        policy=tx.hotline.policy.hash,
        **_place_of(whole, verdict),
    )
    tx.session.add(part)
    audience = ["resident", "contractor", "supervisor"]
    words = Message(ticket=part, at=whole.created_at, by_role=Role.RESIDENT, channel=whole.channel, text=text, audience=audience)
    tx.session.add(words)  # as the complaint is the first of a ticket's messages, and shown above them
    act(tx, part, "receive", by, {"channel": whole.channel}, at=whole.created_at)
    return part


def _place_of(whole: Ticket, verdict: Verdict) -> dict[str, Any]:
    """Where the whole is; a building, unit or flat that the part's words name goes before."""
    found = verdict.place
    named = found is not None and found.estate_id is not None
    same = found is not None and (not named or found.estate_id == str(whole.estate_id))
    here = {name: getattr(whole, name) for name in ("building", "unit", "room")}
    if found is not None and same:
        here |= {name: getattr(found, name) for name in here if getattr(found, name)}
    return {"estate_id": whole.estate_id, "purchaser_id": whole.purchaser_id, "place_text": whole.place_text, **here}


def _refile(tx: Tx, ticket: Ticket, by: Actor, code: str) -> None:
    """What remains gets its own leaf and goes to whoever owes that; whoever had the whole has it no more."""
    if ticket.leaf == code and ticket.state in AT_WORK:
        return  # it is with whoever owes that already, and nobody is told twice
    if ticket.state in AT_WORK:
        act(tx, ticket, "return", by, {"reason": "重新安排办理"})
    leaf = leaf_of(tx, code)
    act(
        tx,
        ticket,
        "classify",
        by,
        {"leaf": code, "urgency": min(leaf.urgency, ticket.urgency) if ticket.emergencies else leaf.urgency},
    )
    understood = tx.hotline.knowledge(tx.session).understander.understand(ticket.text)
    assign_now(tx, ticket, _as(understood, leaf, f"{by.name}拆单后核定为{leaf.code}{leaf.name}"))
