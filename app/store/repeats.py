"""What may be the same matter as a complaint, found by indexes alone: what it costs does not grow with the number of tickets.

By who told it, by dwelling and building, by estate and category, and by the marks of the text; of each the newest few. Which of
them are repeats is judged elsewhere: routing/duplicates.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import Row, TextClause, bindparam, delete, func, insert, select, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session, joinedload

from app.tickets.lifecycle import Actor, State
from app.tickets.model import Ticket
from app.tickets.privacy import visible_to
from app.tickets.repeats import TicketMark, ToldApart
from app.tickets.residents import Resident
from app.tickets.tables import Moment

# How many of each are looked at, the newest first.
HOUSEHOLD, BUILDING, LEAF, PRESSING, WORDS = 10, 15, 20, 10, 20
IN_BUILDING = 200  # tickets of a building among which those of one dwelling are looked for
PER_MARK = 100  # newest tickets that bear one mark
PEOPLE = 20  # residents behind one telephone number
Marked = tuple[Ticket, tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class Sought:
    """What is known of a complaint that others are looked for to. ``ticket_id`` is its own, where it is a ticket already."""

    at: datetime
    marks: tuple[int, ...] = ()
    resident_id: int | None = None
    phones: tuple[str, ...] = ()
    estate_id: int | None = None
    building: str = ""
    room: str = ""
    leaf: str = ""
    emergencies: tuple[str, ...] = ()  # the leaves of emergencies
    ticket_id: int | None = None


def keep_marks(session: Session, marked: Sequence[Marked]) -> None:
    """Writes the marks of new tickets as one statement; the tickets are flushed, if they are not yet."""
    session.flush()
    rows = [{"mark": mark, "ticket_id": ticket.id} for ticket, found in marked for mark in found]
    if rows:
        session.execute(insert(TicketMark.__table__), rows)  # type: ignore[arg-type]  # a Table, which mypy takes for any FromClause


_COLUMNS = (
    *(Ticket.id, Ticket.number, Ticket.text, Ticket.created_at, Ticket.state, Ticket.leaf, Ticket.group, Ticket.urgency),
    *(Ticket.estate_id, Ticket.building, Ticket.unit, Ticket.room, Ticket.resident_id),
)


def candidates(session: Session, viewer: Actor, sought: Sought, furthest: timedelta, near: timedelta) -> Sequence[Any]:
    """Rows with columns of the tickets that may be the same matter, each with its resident's telephone, the oldest first.

    By place they were received within ``near`` before it, by household within ``furthest``. Only what the viewer may know of;
    neither what was merged nor parts of a whole, nor what people have told apart.
    """
    people = {sought.resident_id} if sought.resident_id is not None else set()
    if sought.phones:
        people |= set(session.scalars(select(Resident.id).where(Resident.phone.in_(sought.phones)).limit(PEOPLE)))
    here = sought.estate_id is not None
    shape = Shape(
        people=len(people),
        leaf=here and bool(sought.leaf),
        emergencies=len(sought.emergencies) if here else 0,
        building=here and bool(sought.building),
        room=here and bool(sought.building and sought.room),
        marks=len(sought.marks),
    )
    if shape == Shape():
        return ()
    values = {
        **{f"person{i}": one for i, one in enumerate(sorted(people))},
        **{f"emergency{i}": leaf for i, leaf in enumerate(sought.emergencies)},
        **{f"mark{i}": mark for i, mark in enumerate(sought.marks)},
        **{"estate": sought.estate_id, "leaf": sought.leaf, "building": sought.building, "room": sought.room},
        **{"near": sought.at - near, "furthest": sought.at - furthest},
    }
    # On the connection: the session takes any text for a writing one.
    ids = set(session.connection().scalars(question(shape), values)) - {sought.ticket_id}
    if not ids:
        return ()
    query = select(*_COLUMNS, func.coalesce(Resident.phone, "").label("phone"))
    query = query.outerjoin(Resident, Resident.id == Ticket.resident_id).where(Ticket.id.in_(ids), visible_to(viewer))
    query = query.where(Ticket.state != State.MERGED, Ticket.parent_id.is_(None), Ticket.created_at >= sought.at - furthest)
    if sought.ticket_id is not None:
        query = query.where(Ticket.id.not_in(_told_apart_from(sought.ticket_id)))
    return session.execute(query.order_by(Ticket.id)).all()


def whole(session: Session, viewer: Actor, ids: Sequence[int]) -> dict[int, Ticket]:
    """Those of these tickets that the viewer may know of, each with its resident and nothing else that hangs on it."""
    query = select(Ticket).where(Ticket.id.in_(ids), visible_to(viewer)).options(joinedload(Ticket.resident))
    return {one.id: one for one in session.scalars(query)} if ids else {}


@dataclass(frozen=True, slots=True)
class Shape:
    """What a question asks by: how many people, emergencies and marks, and which parts of a place."""

    people: int = 0
    leaf: bool = False
    emergencies: int = 0
    building: bool = False
    room: bool = False
    marks: int = 0


@lru_cache(maxsize=256)
def question(shape: Shape) -> TextClause:
    """The statement for the ids, as text that is made once: put together by hand each time it would cost more than its answer.

    Each part reads one index from its newest end and stops after a few rows.
    """
    recent, since = "created_at >= :near", "created_at >= :furthest"
    parts = [_newest(f"resident_id = :person{i} AND {since}", HOUSEHOLD) for i in range(shape.people)]
    if shape.leaf:
        parts.append(_newest(f"estate_id = :estate AND leaf = :leaf AND {recent}", LEAF))
    if shape.emergencies:
        leaves = ", ".join(f":emergency{i}" for i in range(shape.emergencies))
        parts.append(_newest(f"estate_id = :estate AND leaf IN ({leaves}) AND {recent}", PRESSING))
    house = "estate_id = :estate AND building = :building AND building <> ''"  # the last, so that the partial index serves
    if shape.building:
        parts.append(_newest(f"{house} AND {recent}", BUILDING))
    if shape.room:
        of_house = f"SELECT id, room FROM ticket WHERE {house} AND {since} ORDER BY created_at DESC LIMIT {IN_BUILDING}"
        parts.append(f"SELECT id FROM (SELECT id FROM ({of_house}) AS near_by WHERE room = :room LIMIT {HOUSEHOLD}) AS dwelling")
    if shape.marks:
        bearing = "SELECT ticket_id FROM ticket_mark WHERE mark = :mark{i} ORDER BY ticket_id DESC LIMIT {most}"
        each = [f"SELECT ticket_id FROM ({bearing.format(i=i, most=PER_MARK)}) AS m{i}" for i in range(shape.marks)]
        counted = f"SELECT ticket_id, count(*) AS shared FROM ({' UNION ALL '.join(each)}) AS bearing GROUP BY ticket_id"
        parts.append(f"SELECT ticket_id FROM ({counted} ORDER BY shared DESC, ticket_id DESC LIMIT {WORDS}) AS alike")
    asked = text(" UNION ALL ".join(parts))
    moments = [bindparam(name, type_=Moment()) for name in ("near", "furthest") if f":{name}" in asked.text]
    return asked.bindparams(*moments)


def _newest(where: str, most: int) -> str:
    return f"SELECT id FROM (SELECT id FROM ticket WHERE {where} ORDER BY created_at DESC LIMIT {most}) AS found"


def _told_apart_from(ticket_id: int) -> Any:
    first = select(ToldApart.other_id).where(ToldApart.ticket_id == ticket_id)
    return first.union_all(select(ToldApart.ticket_id).where(ToldApart.other_id == ticket_id))


def told_apart(session: Session, viewer: Actor, ticket_id: int) -> Sequence[Row[Any]]:
    """Number, who and when of each ticket that this one was told apart from, the newest first, as far as this viewer may know."""
    both = select(ToldApart.other_id.label("id"), ToldApart.by_name, ToldApart.at).where(ToldApart.ticket_id == ticket_id)
    back = select(ToldApart.ticket_id, ToldApart.by_name, ToldApart.at).where(ToldApart.other_id == ticket_id)
    told = both.union_all(back).subquery()
    query = select(Ticket.number, told.c.by_name, told.c.at).join(told, told.c.id == Ticket.id).where(visible_to(viewer))
    return session.execute(query.order_by(told.c.at.desc(), Ticket.id.desc())).all()


def take_back(session: Session, ticket: Ticket, other: Ticket) -> None:
    """Forgets that these were two matters; nothing happens where nobody had said so."""
    first, second = sorted((ticket.id, other.id))
    session.execute(delete(ToldApart).where(ToldApart.ticket_id == first, ToldApart.other_id == second))


def tell_apart(session: Session, ticket: Ticket, other: Ticket, by: Actor, at: datetime) -> None:
    """Remembers that these are two matters. Said twice, by whomever, the first stands."""
    first, second = sorted((ticket.id, other.id))
    add = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    row = {"ticket_id": first, "other_id": second, "at": at, "by_id": by.id, "by_name": by.name}
    session.execute(add(ToldApart).values(row).on_conflict_do_nothing())
