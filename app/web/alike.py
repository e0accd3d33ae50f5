"""可能重复 as the desk sees it: what may be the same matter, with why, and what can be done about it with one click."""

from __future__ import annotations

from dataclasses import dataclass

from app import naming, repeats
from app.hotline import Hotline, Tx
from app.store.repeats import told_apart
from app.tickets.lifecycle import STATE_NAMES, Actor
from app.tickets.model import Ticket
from app.tickets.privacy import outsider
from app.web.views import EXCERPT, STATE_TONES, complaint


@dataclass(frozen=True, slots=True)
class RepeatView:
    """One ticket that may be the same matter."""

    number: str
    leaf: str
    place: str
    state: str
    tone: str
    created: str
    excerpt: str
    verdict: str  # 很可能重复, 可能重复
    sure: bool
    emergency: bool
    incident: bool
    similarity: str
    reasons: tuple[str, ...]
    merge: bool
    join: str
    gather: bool
    add: bool


def _view(tx: Tx, offer: repeats.Offer, viewer: Actor) -> RepeatView:
    ticket, repeat = offer.ticket, offer.repeat
    return RepeatView(
        number=ticket.number,
        leaf=naming.leaf_name(tx, ticket),
        place=naming.place_name(tx, ticket, viewer),
        state=STATE_NAMES[ticket.state],
        tone=STATE_TONES[ticket.state],
        created=tx.hotline.spell(ticket.created_at),
        excerpt=complaint(tx, ticket, viewer)[:EXCERPT],
        verdict="很可能重复" if repeat.sure else "可能重复",
        sure=repeat.sure,
        emergency=offer.emergency,
        incident=ticket.incident,
        similarity=f"{repeat.similarity:.0%}",
        reasons=repeat.reasons,
        merge=offer.merge,
        join=offer.join,
        gather=offer.gather,
        add=offer.add,
    )


@dataclass(frozen=True, slots=True)
class ApartView:
    """One ticket that somebody found to be another matter."""

    number: str
    by: str
    at: str


def apart_from(tx: Tx, ticket: Ticket, viewer: Actor) -> list[ApartView]:
    """What this ticket was told apart from, and by whom; nothing for whoever stands outside the house."""
    if outsider(viewer):
        return []
    return [ApartView(row.number, row.by_name, tx.hotline.spell(row.at)) for row in told_apart(tx.session, viewer, ticket.id)]


def of_ticket(tx: Tx, ticket: Ticket, viewer: Actor) -> list[RepeatView]:
    return [_view(tx, offer, viewer) for offer in repeats.of_ticket(tx, ticket, viewer)]


def of_call(hotline: Hotline, viewer: Actor, text: str, phone: str, place: str) -> list[RepeatView]:
    """Of a call that is being written down; by the telephone number alone while it has no words."""
    with hotline.look() as tx:
        understander = hotline.knowledge(tx.session).understander
    verdict = understander.understand(text, place_hint=place) if text else None
    with hotline.look() as tx:
        return [_view(tx, offer, viewer) for offer in repeats.of_call(tx, viewer, text, phone, verdict)]
