"""Who may see which ticket, what of it, and what is masked: the rules, in one place.

1 the ticket     ``visible_to``, in SQL, and ``known_to`` for a ticket in hand: lists, counts, searches, look-ups, webhooks
2 the person     ``sees_person``: name, phone, sender, the platforms' ids
3 the dwelling   ``sees_dwelling``: unit and room
4 the words      ``reads_words``, ``complaint``, ``may_quote``, ``reads_message``: the resident's own, or the desk's restatement
5 the rest       ``masked``: whatever else is read is free of names, numbers and hidden rooms

Decision 0016 gives the reasons. Sources: 信访工作条例 art. 30 (a complaint is never passed to the party complained of); GB/T
33358 (who asks for it is handled in confidence); 个人信息保护法 art. 6 (no more than needed).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Protocol

from sqlalchemy import ColumnElement, and_, false, or_, select, true

from app.tickets.followup import Sample
from app.tickets.lifecycle import BY_TIME, SEALED_GROUPS, Actor, Handler, Role
from app.tickets.model import Duty, Ticket, TicketEvent
from app.tickets.petitions import DENIED_BY, GRANTED_BY

_GAP = r"[-\s,，、]?"  # between the groups of a number as people write it or it is read aloud
_MOBILE = re.compile(rf"(?:(?<!\d)|(?<=86)|(?<=86[-\s]))1[3-9]\d{_GAP}(\d{{4}}){_GAP}\d{{4}}(?!\d)")
_LANDLINE = re.compile(rf"(?<!\d)0\d{{2,3}}[)）]?{_GAP}([2-9]\d{{2,3}}{_GAP}\d{{2}})\d{{2}}(?!\d)")
_IDENTITY = re.compile(rf"(?<!\d)\d{{6}}{_GAP}(\d{{4}}{_GAP}\d{{4}}){_GAP}\d{{3}}[\dXx](?!\d)")
_WIDE = str.maketrans("０１２３４５６７８９Ｘｘ", "0123456789Xx")
_SPOKEN = str.maketrans("零〇一二三四五六七八九幺两", "0012345678912")
_ALOUD = re.compile(r"[零〇一二三四五六七八九幺两](?:[\s,，、-]?[零〇一二三四五六七八九幺两\d]){6,}")
_KEPT_ALOUD = (3, 2)  # figures left standing at the head and foot of a number read aloud in no known form
# Three or four figures by themselves, but for years, sums, lengths of time, and what stands in a date or a number of a document.
_ROOM = re.compile(r"(?<![0-9A-Za-z.:：〔*-])\d{3,4}(?![0-9A-Za-z*〕-]|[.:：]\d|年|元|块|度|天|次|小时|分钟|号楼)")
_UNIT = re.compile(r"[0-9A-Za-z一二三四五六七八九十]+单元")
_TITLES = "女士|先生|小姐|阿姨|叔叔|大爷|大妈|大姐|大哥|师傅|老师|老人|婆婆|爷爷|奶奶|同志|某某|某"

OUTSIDE = Actor(Role.CONTRACTOR)  # any contractor, where it does not matter which
WITHHELD = "诉求人要求保密，原话不转；具体情况以热线的转述为准，尚无转述时请向热线索取。"
AWAITED = "（诉求人的原话不转，以热线的转述为准）"
# What staff say to a contractor itself. Whatever else is said on a ticket in confidence may carry the resident's words.
_ADDRESSED = {"dispatch", "assist", "unassist", "assisted", "return", "remand", "supervise", "override", "recount", "approve"}
ADDRESSED = frozenset({*_ADDRESSED, "restate", "accept", "hold", "resume", "join", "merge", *GRANTED_BY, *DENIED_BY, *BY_TIME})


class Told(Protocol):
    """A ticket, or a row of a search, as far as its words go."""

    @property
    def text(self) -> str: ...
    @property
    def brief(self) -> str: ...
    @property
    def confidential(self) -> bool: ...
    @property
    def urgency(self) -> str: ...
    @property
    def room(self) -> str: ...


# --- the ticket -----------------------------------------------------------------------------------------------------------


def visible_to(viewer: Actor) -> ColumnElement[bool]:
    """The condition under which a ticket exists for this viewer; used by every list, count, search and single look-up.

    A supervisor sees what belongs to their purchaser and those below it, and what belongs to none yet; one without a purchaser
    oversees the whole city (``register.people.check_org``) and sees everything. A contractor sees what it answers for, and what
    it was asked to assist with unless that was withdrawn; nothing sealed, no single complaint of a mass incident. A third party
    sees what was drawn for it.
    """
    match viewer.role:
        case Role.AGENT | Role.ADMIN | Role.SYSTEM:
            return true()
        case Role.SUPERVISOR if not viewer.org:
            return true()
        case Role.SUPERVISOR:
            return or_(Ticket.purchaser_id.in_(viewer.reach | {viewer.org}), Ticket.purchaser_id.is_(None))
        case Role.CONTRACTOR:
            own = Ticket.__table__.alias("own")
            led = select(own.c.id).where(own.c.contractor_id == viewer.org, own.c.handler == Handler.CONTRACTOR)
            helped = select(Duty.ticket_id).where(Duty.contractor_id == viewer.org, Duty.withdrawn_at.is_(None))
            return and_(Ticket.id.in_(led.union_all(helped)), _unsealed(), Ticket.follows_id.is_(None))
        case Role.EVALUATOR:
            return and_(Ticket.id.in_(select(Sample.ticket_id)), _unsealed())
        case Role.RESIDENT:
            # Of a split matter the resident knows one ticket; its parts stand on that one's page.
            return and_(Ticket.resident_id == int(viewer.id), Ticket.parent_id.is_(None)) if viewer.id.isdigit() else false()


def _unsealed() -> ColumnElement[bool]:
    return and_(Ticket.sealed.is_(False), Ticket.group.not_in(SEALED_GROUPS))


def led_by(viewer: Actor) -> ColumnElement[bool]:
    """Of what is visible: what a contractor answers for, and not only assists with; of anybody else's everything."""
    if viewer.role is not Role.CONTRACTOR:
        return true()
    return and_(Ticket.contractor_id == viewer.org, Ticket.handler == Handler.CONTRACTOR)


def leads(viewer: Actor, ticket: Ticket) -> bool:
    """Whether this contractor answers for the ticket, and does not only assist."""
    return ticket.handler == Handler.CONTRACTOR and ticket.contractor_id == viewer.org


def known_to(contractor_id: int, ticket: Ticket) -> bool:
    """``visible_to`` for one contractor, asked of a ticket in hand: whether it may hear of it at all."""
    if ticket.sealed or ticket.group in SEALED_GROUPS or ticket.follows_id is not None:
        return False
    helps = any(duty.contractor_id == contractor_id and duty.withdrawn_at is None for duty in ticket.duties)
    return helps or leads(Actor(Role.CONTRACTOR, org=contractor_id), ticket)


def outsider(viewer: Actor) -> bool:
    """Whether the viewer stands outside the hotline and the departments: nothing of the house's own is for such eyes."""
    return viewer.role in (Role.CONTRACTOR, Role.EVALUATOR)


# --- the person and the dwelling ------------------------------------------------------------------------------------------


def sees_person(viewer: Actor, ticket: Ticket) -> bool:
    """Whether the viewer may know who complains: a contractor only where it answers for the ticket and nobody asked for
    confidence, never a third party."""
    if viewer.role is Role.CONTRACTOR:
        return not ticket.confidential and leads(viewer, ticket)
    return viewer.role is not Role.EVALUATOR


def sees_dwelling(viewer: Actor, ticket: Told) -> bool:
    """Whether the viewer may know unit and room. Work is done there; but where confidence was asked for they say who complains,
    so a contractor learns them only in danger, or when the desk's restatement names the room (1502室)."""
    if viewer.role is Role.CONTRACTOR:
        return not ticket.confidential or ticket.urgency == "U0" or _names_room(ticket)
    return viewer.role is not Role.EVALUATOR


def _names_room(ticket: Told) -> bool:
    room = re.escape(ticket.room)
    return bool(room) and re.search(rf"(?<![0-9A-Za-z]){room}(?:室|房|户|号(?!楼))", ticket.brief) is not None


# --- the words ------------------------------------------------------------------------------------------------------------


def reads_words(viewer: Actor, ticket: Told) -> bool:
    """Whether the viewer reads what the resident said, and not only what the desk makes of it. No promise of secrecy outlives
    somebody's own words; and what was restated was restated so that the original is not read."""
    return not outsider(viewer) or not (ticket.confidential or ticket.brief)


def complaint(viewer: Actor, ticket: Told, name: str) -> str:
    """The complaint as this viewer reads it: in the resident's words, as restated, or only that it is withheld."""
    words = ticket.text if reads_words(viewer, ticket) else ticket.brief or WITHHELD
    return masked(viewer, ticket, words, name)


def may_quote(action: str, by: Role) -> bool:
    """Whether the words of an act are safe on a ticket in confidence: a contractor's own, or said by staff to a contractor."""
    return by is Role.CONTRACTOR or action in ADDRESSED


def hears(viewer: Actor, ticket: Told, action: str, by: Role) -> bool:
    """Whether the viewer reads the words of an act."""
    return reads_words(viewer, ticket) or may_quote(action, by)


def reads_message(viewer: Actor, ticket: Told, by: Role, audience: list[str]) -> bool:
    """Whether the viewer reads one thing said: no note of the house, and in confidence only what contractors said themselves."""
    if not outsider(viewer):
        return True
    return "contractor" in audience and (reads_words(viewer, ticket) or by is Role.CONTRACTOR)


def sees_sent(viewer: Actor, ticket: Told, by: Role) -> bool:
    """Whether the viewer gets what somebody sent along (a picture, a voice): a third party nothing, a contractor in confidence
    only what contractors took themselves; a resident's picture shows whose kitchen it is."""
    if viewer.role is Role.EVALUATOR:
        return False
    return reads_words(viewer, ticket) or by is Role.CONTRACTOR


def as_told(ticket: Ticket, event: TicketEvent, values: Mapping[str, Any]) -> dict[str, Any]:
    """What a contractor's notice is made of: in confidence without words that may be the resident's."""
    quoted = values.keys() & {"text", "reason", "quote", "asked"}
    return {**values, **({} if hears(OUTSIDE, ticket, event.action, event.by_role) else dict.fromkeys(quoted, AWAITED))}


# --- what is masked -------------------------------------------------------------------------------------------------------


def masked(viewer: Actor, ticket: Told, text: str, name: str) -> str:
    """Words as this viewer may read them: outside the house without numbers and the complainant's name; in confidence also
    without what points at the name, and without the room where that is hidden."""
    if not outsider(viewer):
        return text
    if not sees_dwelling(viewer, ticket):
        text = mask_dwelling(text, ticket.room)
    if ticket.confidential or viewer.role is Role.EVALUATOR:
        text = _mask_address(text, name)
    return mask_text(text, name)


def mask_dwelling(text: str, room: str) -> str:
    """Hides the room wherever it stands, whatever else may be one, and every unit: better a number too many than a flat told."""
    if room:
        text = re.sub(rf"(?<![0-9A-Za-z]){re.escape(room)}(?![0-9A-Za-z])", "*" * len(room), text)
    return _UNIT.sub("*单元", _ROOM.sub(lambda found: "*" * len(found[0]), text))


def _mask_address(text: str, name: str) -> str:
    """王女士 and 秀兰 tell as much as 王秀兰 does."""
    if not name:
        return text
    if len(name) > 2:
        text = re.sub(rf"(?<!{re.escape(name[0])}){re.escape(name[1:])}", "*" * (len(name) - 1), text)
    return re.sub(rf"{re.escape(name[0])}(?={_TITLES})", "*", text)


def mask_phone(phone: str) -> str:
    """138****5678; of any other number its last two figures."""
    return mask_text(phone) if _MOBILE.search(phone) else re.sub(r"\d(?=\d{2})", "*", phone)


def mask_name(name: str) -> str:
    """王*."""
    return name[:1] + "*" * (len(name) - 1)


def mask_text(text: str, name: str = "") -> str:
    """Phone and identity numbers inside free text, written in any width or read aloud, and the complainant's ``name``; everything
    else stays as it was said."""
    if len(name) > 1:
        text = text.replace(name, mask_name(name))
    figures = _ALOUD.sub(lambda run: run[0].translate(_SPOKEN), text.translate(_WIDE))  # sign for sign: every place stays
    hidden: set[int] = set()
    for pattern in (_IDENTITY, _MOBILE, _LANDLINE):
        for found in pattern.finditer(figures):
            hidden.update(range(*found.span(1)))
            figures = figures[: found.start()] + "·" * len(found[0]) + figures[found.end() :]
    head, foot = _KEPT_ALOUD
    for run in _ALOUD.finditer(text):
        places = [at for at in range(*run.span()) if figures[at].isdigit()]
        hidden.update(places[head : len(places) - foot])
    return "".join("*" if at in hidden and sign not in "-, ，、\t\n" else sign for at, sign in enumerate(text))
