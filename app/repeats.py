"""Repeats 重复诉求 offered to the desk: what may be the same matter as a ticket, or as a call that is being written down.

Offered, never joined: whoever looks at it merges, has it go with the incident, or says that it is another matter.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from app.errors import BadInput
from app.hotline import Tx
from app.store import lineage
from app.store import repeats as store
from app.store import tickets as tickets_store
from app.tickets import kinship, privacy
from app.tickets.lifecycle import OPEN, UNANSWERED, Actor, offers
from app.tickets.model import Ticket
from app.tickets.residents import Resident
from routing.duplicates import FORTNIGHT, FURTHEST, Kind, Repeat, Telling, Weights, find, marks
from routing.verdict import Verdict

_WEIGHTS: dict[str, Weights] = {}  # by the hash of the policy; learnt twice at worst, with one result
SHOWN = 5  # repeats that a page offers; emergencies come on top of them


@dataclass(frozen=True, slots=True)
class Offer:
    """An earlier or later ticket that may be the same matter, and what can be done about it with one click.

    ``merge``: this ticket may be merged into that one; ``join``: the number of the incident that this one may go with;
    ``gather``: both may be gathered in a new incident; ``add``: what is said now may be added to that ticket.
    """

    ticket: Ticket
    repeat: Repeat
    merge: bool = False
    join: str = ""
    gather: bool = False
    add: bool = False

    @property
    def emergency(self) -> bool:
        return self.ticket.urgency == kinship.EMERGENCY


def mark(tx: Tx, ticket: Ticket) -> None:
    """Has a new ticket found by its words from the end of this transaction on."""
    tx.marked.append((ticket, marks(ticket.text, names_of(tx, ticket.estate_id))))


def of_ticket(tx: Tx, ticket: Ticket, viewer: Actor) -> list[Offer]:
    """What may be the same matter as an open ticket, as far as this viewer may know. Nothing for whoever stands outside the
    house: that there is something alike is itself told of nobody's sealed ticket."""
    alone = ticket.parent_id is None and not ticket.incident and ticket.state in OPEN
    if not alone or privacy.outsider(viewer):
        return []
    names = names_of(tx, ticket.estate_id)
    phone = _phone(tx, ticket)
    sought = store.Sought(
        at=ticket.created_at,
        marks=marks(ticket.text, names),
        resident_id=ticket.resident_id,
        phones=(phone,) if phone else (),
        estate_id=ticket.estate_id,
        building=ticket.building,
        room=ticket.room,
        leaf=ticket.leaf,
        emergencies=_emergencies(tx),
        ticket_id=ticket.id,
    )
    new = _telling(ticket, phone, names)
    found = [one for one in _found(tx, viewer, sought, new) if not _tied(ticket, one[0])]
    split = bool(lineage.split_among(tx.session, [ticket])) if found else False
    return [_offer(tx, ticket, viewer, other, repeat, split=split) for other, repeat in found]


def of_call(tx: Tx, viewer: Actor, text: str, phone: str, verdict: Verdict | None) -> list[Offer]:
    """What may be the same matter as what a caller is telling just now; without words all that the telephone number is known by.

    ``verdict`` is what was understood of the words.
    """
    if privacy.outsider(viewer):
        return []
    place = verdict.place if verdict is not None else None
    estate_id = int(place.estate_id) if place is not None and place.estate_id else None
    names = names_of(tx, estate_id)
    leaf, group = (verdict.leaf, verdict.group) if verdict is not None and text.strip() else ("", "")
    building, unit, room = (place.building, place.unit, place.room) if place is not None else ("", "", "")
    sought = store.Sought(
        at=tx.now,
        marks=marks(text, names),
        phones=(phone,) if phone else (),
        estate_id=estate_id,
        building=building,
        room=room,
        leaf=leaf,
        emergencies=_emergencies(tx),
    )
    people = frozenset({f"p{phone}"}) if phone else frozenset()
    estate = str(estate_id or "")
    new = Telling(text, tx.now, leaf, group, estate, building, unit, room, people, names, bool(verdict and verdict.emergencies))
    return [
        Offer(other, repeat, add=repeat.kind is not Kind.CAUSE and other.state in UNANSWERED and not other.incident)
        for other, repeat in _found(tx, viewer, sought, new)
    ]


def tell_apart(tx: Tx, ticket: Ticket, by: Actor, number: str) -> None:
    """Two matters, says somebody who has looked at both: neither is offered to the other again. Raises BadInput without another
    ticket, NotFound for one that this person may not know of."""
    store.tell_apart(tx.session, ticket, _other(tx, ticket, by, number), by, tx.now)


def take_back(tx: Tx, ticket: Ticket, by: Actor, number: str) -> None:
    """It may be one matter after all: the two are offered to each other again. Raises as ``tell_apart`` does."""
    store.take_back(tx.session, ticket, _other(tx, ticket, by, number))


def _other(tx: Tx, ticket: Ticket, by: Actor, number: str) -> Ticket:
    if not number.strip():
        raise BadInput("没有写明哪张工单", cure="请从列表中选择")
    other = tickets_store.by_number(tx.session, number.strip().upper(), by)
    if other.id == ticket.id:
        raise BadInput("不能与自己比较", cure="请选择另一张工单")
    return other


def names_of(tx: Tx, estate_id: int | None) -> tuple[str, ...]:
    """What an estate is called: said of every matter there, so it counts for none."""
    entry = tx.hotline.knowledge(tx.session).snapshot.register.estates.get(str(estate_id))
    return tuple(sorted((entry.name, *entry.aliases), key=len, reverse=True)) if entry is not None else ()


def _found(tx: Tx, viewer: Actor, sought: store.Sought, new: Telling) -> list[tuple[Ticket, Repeat]]:
    rows = store.candidates(tx.session, viewer, sought, FURTHEST, FORTNIGHT)
    names = {estate_id: names_of(tx, estate_id) for estate_id in {row.estate_id for row in rows}}
    earlier = [_telling(row, row.phone, names[row.estate_id]) for row in rows]
    repeats = [(rows[i], repeat) for i, repeat in find(weights(tx), new, earlier)]
    kept = [one for n, one in enumerate(repeats) if n < SHOWN or one[0].urgency == kinship.EMERGENCY]
    whole = store.whole(tx.session, viewer, [row.id for row, _ in kept])
    return [(whole[row.id], repeat) for row, repeat in kept if row.id in whole]


def _telling(ticket: Ticket | Row[Any], phone: str, names: tuple[str, ...]) -> Telling:
    people = {f"r{ticket.resident_id}"} if ticket.resident_id is not None else set()
    created: datetime = ticket.created_at
    return Telling(
        text=ticket.text,
        at=created,
        leaf=ticket.leaf,
        group=ticket.group,
        estate=str(ticket.estate_id or ""),
        building=ticket.building,
        unit=ticket.unit,
        room=ticket.room,
        people=frozenset(people | ({f"p{phone}"} if phone else set())),
        names=names,
        emergency=ticket.urgency == kinship.EMERGENCY,
    )


def _tied(ticket: Ticket, other: Ticket) -> bool:
    """Whether people have tied the two together already."""
    together = ticket.follows_id is not None and ticket.follows_id in (other.follows_id, other.id)
    return together or other.id == ticket.parent_id


def _offer(tx: Tx, ticket: Ticket, viewer: Actor, other: Ticket, repeat: Repeat, *, split: bool) -> Offer:
    """An emergency is only shown, and so is a sealed ticket beside one that a contractor may read: whoever merges those, or has
    them go with others, does so by hand. The repair and the complaint about it are two matters."""
    if ticket.urgency == kinship.EMERGENCY or ticket.sealed != other.sealed:
        return Offer(other, repeat)
    may = {rule.action for rule in offers(ticket.state, viewer.role)}
    later = (ticket.created_at, ticket.id) > (other.created_at, other.id)
    merge = "merge" in may and later and kinship.not_merged(ticket, other, split=split) is None
    incident = other if other.incident else _incident_of(tx, other, viewer)
    if incident is not None:
        join = "join" in may and ticket.follows_id is None and kinship.not_joined(ticket, incident, split=split) is None
        return Offer(other, repeat, merge=merge, join=incident.number if join else "")
    both_open = ticket.state in UNANSWERED and other.state in UNANSWERED and ticket.follows_id is None
    gather = both_open and repeat.kind is Kind.CAUSE and "join" in may and not ticket.sealed
    same_estate = ticket.estate_id is not None and ticket.estate_id == other.estate_id
    return Offer(other, repeat, merge=merge, gather=gather and same_estate)


def _incident_of(tx: Tx, other: Ticket, viewer: Actor) -> Ticket | None:
    if other.follows_id is None:
        return None
    incident = tickets_store.by_id(tx.session, other.follows_id)
    found = lineage.numbered(tx.session, viewer, [incident.number])
    return found[0] if found else None


def _phone(tx: Tx, ticket: Ticket) -> str:
    resident = tx.session.get(Resident, ticket.resident_id) if ticket.resident_id is not None else None
    return resident.phone if resident is not None else ""


def _emergencies(tx: Tx) -> tuple[str, ...]:
    return tuple(code for code, leaf in tx.hotline.policy.taxonomy.leaves.items() if leaf.group == "E")


def weights(tx: Tx) -> Weights:
    """Learnt from the policy's own sayings, once a policy."""
    policy = tx.hotline.policy
    known = _WEIGHTS.get(policy.hash)
    if known is None:
        known = _WEIGHTS[policy.hash] = Weights(saying for says in policy.phrases.values() for saying in says)
    return known
