"""Triage 研判派单: from a verdict to a ticket, and from a ticket to whoever owes it, or to the agents with the reason why not."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from app import repeats
from app.casework import act
from app.hotline import Tx
from app.notify import replies
from app.store import sequences
from app.tickets import numbering
from app.tickets.lifecycle import SEALED_GROUPS, SYSTEM, Actor, Handler, Role, State
from app.tickets.model import Message, Ticket
from app.tickets.post import Inbound
from app.tickets.residents import Household, Resident
from channels.contract import Complaint
from routing.assign import Assignment, Unassigned, assign
from routing.taxonomy import Owner
from routing.verdict import PlaceFound, Verdict

# What a ticket begins with; the columns' own defaults come only with the insert.
NOTHING_YET: Mapping[str, Any] = {
    **dict.fromkeys(("seq", "level", "nudges", "returns", "moves", "called_round"), 0),
    **dict.fromkeys(("brief", "outcome", "head"), ""),
    "round": 1,
    "binding": False,
    "incident": False,
    "handler": Handler.DESK,
}
QUOTE = 60  # characters of the complaint that an alarm quotes


def open_ticket(
    tx: Tx,
    *,
    channel: str,
    account: str,
    complaint: Complaint,
    verdict: Verdict,
    resident: Resident,
    received_at: datetime,
    inbound: Inbound | None,
    by: Actor = SYSTEM,
) -> Ticket:
    """A new ticket, received, alarmed if it must be, and set to work if it is clear who owes it."""
    day = tx.hotline.local_day(received_at)
    number = numbering.compose(day, sequences.take(tx.session, f"ticket.{day:%Y%m%d}"))
    ticket = Ticket(
        number=number,
        **NOTHING_YET,
        created_at=received_at,
        channel=channel,
        account=account,
        sender=complaint.sender,
        resident_id=resident.id,
        text=complaint.text,
        sealed=False,
        confidential=complaint.confidential,
        policy=tx.hotline.policy.hash,
    )
    _understood(ticket, verdict)
    _placed(tx, ticket, verdict, complaint.place)
    _at_home(tx, ticket, verdict, resident)
    tx.session.add(ticket)
    repeats.mark(tx, ticket)
    tx.session.add(
        Message(
            ticket=ticket,
            at=received_at,
            by_role=Role.RESIDENT,
            by_name=complaint.name,
            channel=channel,
            kind=str(complaint.kind),
            text=complaint.text,
            audience=["resident", "contractor", "supervisor"],
            inbound_id=inbound.id if inbound else None,
        )
    )
    known = {"channel": channel, "external_id": complaint.external_id, "replying": replies(tx, ticket)}
    act(tx, ticket, "receive", by, {**known, "ask": _ask(tx, ticket, verdict)}, at=received_at)
    if verdict.emergencies:
        alarm(tx, ticket, verdict, complaint.text, received_at)
    assign_now(tx, ticket, verdict)
    return ticket


def _ask(tx: Tx, ticket: Ticket, verdict: Verdict) -> str:
    """The question where it is, if somebody can be sent only once that is known."""
    if verdict.owner not in (Owner.CONTRACTOR, Owner.EMERGENCY):
        return ""
    if from_record(ticket):
        return tx.hotline.texts.say("talk", "confirm_place")
    if ticket.estate_id is not None:
        return ""
    names = [name for _, name in verdict.place.candidates] if verdict.place else []
    if names:
        return tx.hotline.texts.say("talk", "ask_which", candidates="、".join(names))
    return tx.hotline.texts.say("talk", "ask_place")


def alarm(tx: Tx, ticket: Ticket, verdict: Verdict, text: str, at: datetime | None = None) -> None:
    """People first: the resident is told what to do, desk and supervisors are alarmed, whatever else becomes of the ticket.

    ``at``: when it was told. A resolved ticket is taken up again, so that somebody is at work and a clock runs.
    """
    if ticket.state is State.RESOLVED:
        act(tx, ticket, "reopen", SYSTEM, {"reason": "诉求人报告紧急情况"}, at=at)
    codes = [hit.code for hit in verdict.emergencies]
    why = "；".join(hit.why for hit in verdict.emergencies)
    details = {"codes": codes, "why": why, "quote": text[:QUOTE], "replying": replies(tx, ticket)}
    act(tx, ticket, "alarm", SYSTEM, details, at=at)


def assign_now(tx: Tx, ticket: Ticket, verdict: Verdict) -> Assignment | Unassigned:
    """Dispatches or refers by contract; otherwise the ticket stays with the agents and says why. Never guesses.

    A verdict on more words replaces one that was in doubt, and seals what it finds to be no contractor's.
    """
    if verdict.leaf != ticket.leaf and ticket.verdict.get("review") and not verdict.review:
        urgency = min(verdict.urgency, ticket.urgency)
        act(tx, ticket, "classify", SYSTEM, {"leaf": verdict.leaf, "urgency": urgency, "confidence": verdict.confidence})
        ticket.verdict = verdict.to_json()
    ticket.sealed = ticket.sealed or seals(verdict)
    leaf = tx.hotline.policy.taxonomy.leaves.get(ticket.leaf)
    if leaf is None:
        ticket.assigned_why = "没有可供研判的文字，须由坐席核实"
        return Unassigned("unsure", ticket.assigned_why)
    register = tx.hotline.knowledge(tx.session).snapshot.register
    estate = str(ticket.estate_id) if ticket.estate_id else None
    found = assign(verdict, leaf, estate, tx.hotline.local_day(tx.now), register)
    if isinstance(found, Unassigned):
        ticket.assigned_why = found.why
        return found
    replying = replies(tx, ticket)
    if found.to == "contractor" and not ticket.sealed:
        details = {"contractor": int(found.party_id), "contract": int(found.contract_id), "clause": found.clause}
        act(tx, ticket, "dispatch", SYSTEM, {**details, "why": found.why, "replying": replying})
    else:
        act(tx, ticket, "refer", SYSTEM, {"purchaser": int(found.purchaser_id), "why": found.why, "replying": replying})
    return found


def _understood(ticket: Ticket, verdict: Verdict) -> None:
    ticket.leaf = verdict.leaf
    ticket.group = verdict.group
    ticket.confidence = verdict.confidence
    ticket.request_type = verdict.request_type
    ticket.urgency = verdict.urgency
    ticket.emergencies = sorted({hit.code for hit in verdict.emergencies})
    ticket.confidential = ticket.confidential or verdict.confidential
    ticket.sealed = seals(verdict)
    ticket.verdict = verdict.to_json()


def seals(verdict: Verdict) -> bool:
    """A doubtful verdict seals nothing: no contractor sees the ticket at the desk, and there an agent classifies it."""
    return not verdict.review and (verdict.reserved or verdict.about_contractor or verdict.group in SEALED_GROUPS)


def _placed(tx: Tx, ticket: Ticket, verdict: Verdict, said: str) -> None:
    place = verdict.place
    ticket.place_text = said[:200]
    if place is not None:
        ticket.estate_id = int(place.estate_id) if place.estate_id else None
        ticket.building, ticket.unit, ticket.room = place.building, place.unit, place.room
        ticket.place_text = ticket.place_text or (place.address or "".join(place.words))[:200]
    party = tx.hotline.knowledge(tx.session).snapshot.register.purchaser(str(ticket.estate_id) if ticket.estate_id else None)
    ticket.purchaser_id = int(party[0]) if party else None


def _at_home(tx: Tx, ticket: Ticket, verdict: Verdict, resident: Resident) -> None:
    """Where nothing was said of a place, the resident's own dwelling 登记住址, and the verdict says that it is only that."""
    place = verdict.place
    named = place is not None and (place.estate_id or place.candidates or place.address)
    if named or ticket.place_text or resident.household_id is None:
        return
    home = tx.session.get_one(Household, resident.household_id)
    ticket.estate_id = home.estate_id
    if place is None:
        ticket.building, ticket.unit, ticket.room = home.building, home.unit, home.room
    party = tx.hotline.knowledge(tx.session).snapshot.register.purchaser(str(home.estate_id))
    ticket.purchaser_id = int(party[0]) if party else None
    told = verdict.to_json()
    shown = dict(told["place"]) if isinstance(told["place"], dict) else {}
    ticket.verdict = told | {"place": shown | {"source": "registered"}}


def from_record(ticket: Ticket) -> bool:
    """Whether the ticket's place is only where its resident is registered to live: nobody has said that it happens there."""
    return bool((ticket.verdict.get("place") or {}).get("source") == "registered")


def add_place(tx: Tx, ticket: Ticket, verdict: Verdict) -> bool:
    """Takes from a later message the place the first one lacked. True when an estate was gained."""
    place = verdict.place
    if place is None:
        return False
    gained = place.estate_id is not None and (ticket.estate_id is None or from_record(ticket))
    if gained:
        _placed(tx, ticket, verdict, ticket.place_text)
        ticket.verdict = {**ticket.verdict, "place": place.to_json()}
    for part in ("building", "unit", "room"):
        if not getattr(ticket, part) and getattr(place, part):
            setattr(ticket, part, getattr(place, part))
    return gained


def draw_on(tx: Tx, ticket: Ticket, text: str, verdict: Verdict, at: datetime | None = None) -> None:
    """What follows from a further word, said ``at``, on a ticket: an alarm, or the missing place and with it who is to do it."""
    if verdict.emergencies:
        alarm(tx, ticket, verdict, text, at)
    if add_place(tx, ticket, verdict) and ticket.state is State.RECEIVED:
        assign_now(tx, ticket, tx.hotline.knowledge(tx.session).understander.understand(f"{ticket.text} {text}".strip()))


def nothing_understood(kind: str, place: PlaceFound | None = None) -> Verdict:
    """The verdict on a message without words (a picture, a spot on the map): at most a place is known, an agent looks."""
    return Verdict(
        leaf="",
        group="",
        owner=Owner.CONTRACTOR,
        confidence=0.0,
        runners_up=(),
        request_type="求助",
        urgency="U2",
        emergencies=(),
        place=place,
        phones=(),
        reserved=False,
        about_contractor=False,
        confidential=False,
        review=True,
        reasons=(f"没有可供研判的文字（{kind}）",),
    )
