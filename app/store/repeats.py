"""What may be the same matter as a complaint, found by indexes alone: what it costs does not grow with the number of tickets.

By who told it, by dwelling and building, by estate and category, and by the marks of the text; of each the newest few. Which of
them are repeats is judged elsewhere: routing/duplicates.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, func, insert, literal_column, or_, select, union_all
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from app.tickets.lifecycle import Actor, State
from app.tickets.model import Ticket
from app.tickets.privacy import visible_to
from app.tickets.repeats import TicketMark, ToldApart
from app.tickets.residents import Resident

# How many of each are looked at, the newest first.
HOUSEHOLD, BUILDING, LEAF, PRESSING, WORDS = 10, 15, 20, 10, 20
IN_BUILDING = 200  # tickets of a building among which those of one dwelling are looked for
PER_MARK = 200  # newest tickets that bear one mark
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
    *(Ticket.estate_id, Ticket.building, Ticket.unit, Ticket.room, Ticket.resident_id, Ticket.incident, Ticket.follows_id),
)


def candidates(session: Session, viewer: Actor, sought: Sought, furthest: timedelta, near: timedelta) -> Sequence[Any]:
    """Rows with columns of the tickets that may be the same matter, each with its resident's telephone, the oldest first.

    Only what the viewer may know of; neither what was merged nor parts of a whole, nor what people have told apart.
    """
    wanted = _by_person(session, sought, furthest) + _by_place(sought, furthest, near) + _by_words(sought)
    if not wanted:
        return ()
    ids = set(session.scalars(union_all(*wanted))) - {sought.ticket_id}
    if not ids:
        return ()
    query = select(*_COLUMNS, func.coalesce(Resident.phone, "").label("phone"))
    query = query.outerjoin(Resident, Resident.id == Ticket.resident_id).where(Ticket.id.in_(ids), visible_to(viewer))
    query = query.where(Ticket.state != State.MERGED, Ticket.parent_id.is_(None), Ticket.created_at >= sought.at - furthest)
    if sought.ticket_id is not None:
        query = query.where(Ticket.id.not_in(_told_apart_from(sought.ticket_id)))
    return session.execute(query.order_by(Ticket.id)).all()


def _newest(query: Select[Any], most: int) -> Select[Any]:
    found = query.order_by(Ticket.created_at.desc()).limit(most).subquery()
    return select(found.c[0])


def _by_person(session: Session, sought: Sought, furthest: timedelta) -> list[Select[Any]]:
    people = {sought.resident_id} if sought.resident_id is not None else set()
    if sought.phones:
        people |= set(session.scalars(select(Resident.id).where(Resident.phone.in_(sought.phones)).limit(PEOPLE)))
    since = sought.at - furthest
    return [_newest(select(Ticket.id).where(Ticket.resident_id == one, Ticket.created_at >= since), HOUSEHOLD) for one in people]


def _by_place(sought: Sought, furthest: timedelta, near: timedelta) -> list[Select[Any]]:
    if sought.estate_id is None:
        return []
    here, since = Ticket.estate_id == sought.estate_id, sought.at - near
    found = []
    if sought.leaf:
        alike = (here, Ticket.leaf == sought.leaf, Ticket.created_at >= since)
        found.append(_newest(select(Ticket.id).where(*alike), LEAF))
    if sought.emergencies:
        pressing = (here, Ticket.leaf.in_(sought.emergencies), Ticket.created_at >= since)
        found.append(_newest(select(Ticket.id).where(*pressing), PRESSING))
    if sought.building:
        # Written out, so that the partial index is known to serve.
        house = (here, Ticket.building == sought.building, literal_column("ticket.building") != literal_column("''"))
        found.append(_newest(select(Ticket.id).where(*house, Ticket.created_at >= since), BUILDING))
        if sought.room:
            of_house = select(Ticket.id, Ticket.room, Ticket.created_at).where(*house, Ticket.created_at >= sought.at - furthest)
            newest = of_house.order_by(Ticket.created_at.desc()).limit(IN_BUILDING).subquery()
            dwelling = select(newest.c.id).where(newest.c.room == sought.room).limit(HOUSEHOLD).subquery()
            found.append(select(dwelling.c.id))
    return found


def _by_words(sought: Sought) -> list[Select[Any]]:
    """Those that share most marks with it, of the newest that bear each."""
    if not sought.marks:
        return []
    bearing = []
    for mark in sought.marks:
        one = select(TicketMark.ticket_id).where(TicketMark.mark == mark).order_by(TicketMark.ticket_id.desc()).limit(PER_MARK)
        bearing.append(select(one.subquery().c.ticket_id))
    each = union_all(*bearing).subquery()
    most = select(each.c.ticket_id).group_by(each.c.ticket_id).order_by(func.count().desc(), each.c.ticket_id.desc()).limit(WORDS)
    return [select(most.subquery().c.ticket_id)]


def _told_apart_from(ticket_id: int) -> Any:
    first = select(ToldApart.other_id).where(ToldApart.ticket_id == ticket_id)
    return first.union_all(select(ToldApart.ticket_id).where(ToldApart.other_id == ticket_id))


def tell_apart(session: Session, ticket: Ticket, other: Ticket, by: Actor, at: datetime) -> None:
    """Remembers that these are two matters. Said twice, by whomever, the first stands."""
    first, second = sorted((ticket.id, other.id))
    add = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    row = {"ticket_id": first, "other_id": second, "at": at, "by_id": by.id, "by_name": by.name}
    session.execute(add(ToldApart).values(row).on_conflict_do_nothing())


def told_apart(session: Session, ticket: Ticket) -> Sequence[ToldApart]:
    """What people have said of a ticket: not the same matter as …"""
    mine = or_(ToldApart.ticket_id == ticket.id, ToldApart.other_id == ticket.id)
    return session.scalars(select(ToldApart).where(mine).order_by(ToldApart.at)).all()
