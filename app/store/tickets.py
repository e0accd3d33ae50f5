"""What is asked of tickets: one, a page of them, their history. Every question carries who asks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import ColumnElement, True_, bindparam, exists, false, or_, select
from sqlalchemy.orm import Session, joinedload, selectinload

from app.errors import Hidden, NotFound
from app.store.timers import overdue
from app.tickets.followup import Rating
from app.tickets.lifecycle import Actor, Role, State
from app.tickets.model import Message, Ticket, TicketEvent
from app.tickets.post import Attachment, Inbound
from app.tickets.privacy import complaint, outsider, visible_to
from app.tickets.residents import Resident

PAGE = 50
# What an act may look at. Read with the ticket: outside its session nothing can be read later.
WHOLE = (
    selectinload(Ticket.timers),
    selectinload(Ticket.holds),
    selectinload(Ticket.petitions),
    selectinload(Ticket.duties),
    selectinload(Ticket.supervisions),
    joinedload(Ticket.parent),
)


@dataclass(frozen=True, slots=True)
class Filter:
    """Which tickets; everything empty means all that the viewer may see. Newest first, or most urgent first.

    ``overdue`` is judged at the moment ``at``.
    """

    states: Sequence[State] = ()
    channel: str = ""
    sender: str = ""
    external_id: str = ""
    leaf: str = ""
    group: str = ""
    contractor_id: int | None = None
    estate_id: int | None = None
    overdue: bool | None = None
    at: datetime | None = None
    words: str = ""
    created_from: datetime | None = None
    created_to: datetime | None = None
    before_id: int | None = None
    urgent_first: bool = False
    limit: int = field(default=PAGE)


def by_number(session: Session, number: str, viewer: Actor, *, to_act: bool = False) -> Ticket:
    """The ticket with all that hangs on it.

    Raises NotFound where there is none; Hidden, whether or not there is one, for whoever does not see every ticket.

    ``to_act``: whoever else is acting on it is waited for, so that of many at once each finds what the one before has left. The
    sweep waits for nobody's ticket, so nobody waits for it in a ring. SQLite lets one writer in at a time as it is.
    """
    query = select(Ticket).where(Ticket.number == number, visible_to(viewer)).options(*WHOLE)
    found = session.scalars(query.with_for_update(of=Ticket) if to_act else query).one_or_none()
    if found is None:
        raise NotFound(f"没有找到工单 {number}") if sees_all(viewer) else Hidden
    return found


def sees_all(viewer: Actor) -> bool:
    """Whether no ticket is hidden from this viewer, who may then be told that there is none."""
    return isinstance(visible_to(viewer), True_)


def by_id(session: Session, ticket_id: int) -> Ticket:
    return session.scalars(select(Ticket).where(Ticket.id == ticket_id).options(*WHOLE)).one()


def listed(session: Session, viewer: Actor, wanted: Filter) -> list[Ticket]:
    """One page of tickets with all that an act, or a program, may look at."""
    query = select(Ticket).where(*conditions(session, viewer, wanted)).options(*WHOLE).limit(wanted.limit)
    order = (Ticket.urgency, Ticket.created_at) if wanted.urgent_first else (Ticket.id.desc(),)
    return list(session.scalars(query.order_by(*order)))


def conditions(session: Session, viewer: Actor, wanted: Filter) -> list[ColumnElement[bool]]:
    """What this viewer may see, and the filter, as conditions on Ticket: every list and every count goes through here.

    A filter by what somebody may not read would let them guess that piece by piece: contractors and third parties ask by sender
    and by a platform's id in vain, and their words are looked for in what they read.
    """
    if outsider(viewer) and (wanted.sender or wanted.external_id):
        return [false()]
    where = [visible_to(viewer), *_filtered(wanted)]
    if wanted.words:
        readable = outsider(viewer)
        where.append(_readable_words(session, viewer, where, wanted.words) if readable else _words(wanted.words))
    return where


def _words(words: str) -> ColumnElement[bool]:
    return or_(Ticket.text.contains(words, autoescape=True), Ticket.number == words)


_READ = (Ticket.id, Ticket.number, Ticket.text, Ticket.brief, Ticket.confidential, Ticket.urgency, Ticket.room)


def _readable_words(session: Session, viewer: Actor, where: Sequence[ColumnElement[bool]], words: str) -> ColumnElement[bool]:
    """``_words``, only where they stand in the complaint as the viewer reads it: masked, or as the desk has restated it."""
    rows = session.execute(
        select(*_READ, Resident.name.label("name"))
        .outerjoin(Resident, Resident.id == Ticket.resident_id)
        .where(*where, or_(_words(words), Ticket.brief.contains(words, autoescape=True)))
    )
    sought = words.casefold()
    found = [row.id for row in rows if row.number == words or sought in complaint(viewer, row, row.name or "").casefold()]
    # Written out, because a common word finds more tickets than SQLite takes parameters.
    return Ticket.id.in_(bindparam("readable", found, expanding=True, literal_execute=True))


def _filtered(wanted: Filter) -> list[ColumnElement[bool]]:
    where: list[ColumnElement[bool]] = []
    if wanted.states:
        where.append(Ticket.state.in_(wanted.states))
    for column, value in (
        (Ticket.channel, wanted.channel),
        (Ticket.sender, wanted.sender),
        (Ticket.leaf, wanted.leaf),
        (Ticket.group, wanted.group),
    ):
        if value:
            where.append(column == value)
    if wanted.contractor_id is not None:
        where.append(Ticket.contractor_id == wanted.contractor_id)
    if wanted.estate_id is not None:
        where.append(Ticket.estate_id == wanted.estate_id)
    if wanted.external_id:
        where.append(exists().where(Inbound.ticket_id == Ticket.id, Inbound.external_id == wanted.external_id))
    if wanted.overdue is not None and wanted.at is not None:
        where.append(overdue(wanted.at) if wanted.overdue else ~overdue(wanted.at))
    if wanted.created_from is not None:
        where.append(Ticket.created_at >= wanted.created_from)
    if wanted.created_to is not None:
        where.append(Ticket.created_at < wanted.created_to)
    if wanted.before_id is not None:
        where.append(Ticket.id < wanted.before_id)
    return where


@dataclass(frozen=True, slots=True)
class History:
    """What hangs on one ticket, in order."""

    events: list[TicketEvent]
    messages: list[Message]
    ratings: list[Rating]
    attachments: list[Attachment]
    external_ids: list[str]


def history(session: Session, ticket: Ticket) -> History:
    """Events, messages, ratings, attachments and the platforms' ids of one ticket."""
    return histories(session, [ticket])[ticket.id]


def histories(session: Session, tickets: Sequence[Ticket]) -> dict[int, History]:
    """The histories of a page of tickets by ticket id, in five questions however long the page."""
    ids = [ticket.id for ticket in tickets]
    found = {ticket_id: History([], [], [], [], []) for ticket_id in ids}
    for event in session.scalars(select(TicketEvent).where(TicketEvent.ticket_id.in_(ids)).order_by(TicketEvent.seq)):
        found[event.ticket_id].events.append(event)
    for said in session.scalars(select(Message).where(Message.ticket_id.in_(ids)).order_by(Message.at, Message.id)):
        found[said.ticket_id].messages.append(said)
    for rating in session.scalars(select(Rating).where(Rating.ticket_id.in_(ids)).order_by(Rating.round)):
        found[rating.ticket_id].ratings.append(rating)
    for attached in session.scalars(select(Attachment).where(Attachment.ticket_id.in_(ids)).order_by(Attachment.id)):
        found[attached.ticket_id].attachments.append(attached)
    kept = select(Inbound.ticket_id, Inbound.external_id).where(Inbound.ticket_id.in_(ids)).order_by(Inbound.id)
    for ticket_id, external_id in session.execute(kept):
        if ticket_id is not None:
            found[ticket_id].external_ids.append(external_id)
    return found


def open_of_resident(session: Session, resident_id: int, since: datetime, states: Sequence[State]) -> list[Ticket]:
    """A resident's tickets in these states that have moved since then, newest first."""
    return list(
        session.scalars(
            select(Ticket)
            .where(Ticket.resident_id == resident_id, Ticket.state.in_(states), Ticket.updated_at >= since)
            .order_by(Ticket.id.desc())
            .options(*WHOLE)
        )
    )


def last_event(session: Session, ticket: Ticket, action: str) -> TicketEvent | None:
    """The newest event of one kind on a ticket."""
    return session.scalars(
        select(TicketEvent)
        .where(TicketEvent.ticket_id == ticket.id, TicketEvent.action == action)
        .order_by(TicketEvent.seq.desc())
        .limit(1)
    ).first()


def times_of(session: Session, ticket: Ticket, action: str) -> list[datetime]:
    """When something was done to a ticket, in order."""
    done = select(TicketEvent.at).where(TicketEvent.ticket_id == ticket.id, TicketEvent.action == action)
    return list(session.scalars(done.order_by(TicketEvent.seq)))


def unexplained(session: Session, resident_id: int, since: datetime, low: int) -> Rating | None:
    """The newest low rating that this resident has given since then and said no reason for."""
    wanted = select(Rating).join(Rating.ticket).where(Ticket.resident_id == resident_id, Rating.at >= since)
    mine = wanted.where(Rating.satisfied <= low, Rating.reason == "", Rating.by_role == Role.RESIDENT)
    return session.scalars(mine.order_by(Rating.id.desc()).limit(1)).first()


def rating_of(session: Session, ticket: Ticket, turn: int | None = None) -> Rating | None:
    """The rating of a round, the present one unless another is asked for."""
    wanted = select(Rating).where(Rating.ticket_id == ticket.id, Rating.round == (turn or ticket.round))
    return session.scalars(wanted).one_or_none()
