"""Open clocks counted again on another version of their calendar: after a notice, or because somebody asked for it.

1 ``by_notices``, ``by_calendars``   which open clocks are counted on what another version has taken the place of
2 ``preview``                        the deadlines that move, from when to when: nothing is changed
3 ``carry_out``                      batch by batch, each in a transaction of its own; may be broken off and gone on with

A ticket of which a deadline moves has ``act(recount)`` done to it. Of the others only the clocks are written, which carry on
under the new version: nothing has happened to the ticket. Why in batches: app/docs/decisions/0008.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm.exc import StaleDataError

from app.casework import act
from app.hotline import Hotline, Tx
from app.logs import log
from app.register import calendars, holidays
from app.store import counted
from app.tickets import clocks
from app.tickets.lifecycle import SYSTEM
from app.tickets.model import Ticket, Timer
from sla import timer as clockwork
from sla.budget import Budget, CalendarError
from sla.calendar import WorkCalendar
from sla.schedule import Schedule
from sla.timer import Clock

BATCH = 100  # clocks; SQLite has one writer, and whoever else writes waits for a batch to end
PAGE = 1000  # clocks read at once where nothing is written
ROUNDS = 20  # over what somebody had in hand, or begun on an old calendar meanwhile


@dataclass(frozen=True, slots=True)
class Move:
    """The open clocks on one version of a calendar, whose rungs wait for one version of the service hours, and what takes the
    places of both."""

    before: WorkCalendar
    after: WorkCalendar
    hours_before: WorkCalendar | None
    hours_after: WorkCalendar | None

    @property
    def pair(self) -> counted.Pair:
        return self.before.version, _version(self.hours_before)

    @property
    def why(self) -> str:
        if self.before == self.after and self.hours_before and self.hours_after:
            return calendars.difference(self.hours_before, self.hours_after)
        return calendars.difference(self.before, self.after)

    def details(self, by: str) -> dict[str, Any]:
        """What the act is told."""
        said = {
            "calendar": {"from": self.before.version, "to": self.after.version},
            "hours": {"from": _version(self.hours_before), "to": _version(self.hours_after)},
            "reason": self.why,
        }
        return said | ({"asked_by": by} if by else {})


def _version(calendar: WorkCalendar | None) -> str:
    return calendar.version if calendar is not None else ""


Find = Callable[[Tx], list[Move]]


def take_up(tx: Tx, notice: Schedule, by: str) -> list[int]:
    """Keeps a notice, and every calendar as it is under it, whoever may be counting on it; returns the years that are new. Clocks
    that run are left to ``carry_out``, clocks begun from now on are counted on it in every process."""
    fresh = holidays.keep(tx.session, notice, by, tx.now)
    if fresh:
        newer = calendars.imported(tx.session)
        calendars.remember(tx.session, [calendars.under(one, newer) for one in calendars.archived(tx.session)], tx.now)
    return fresh


def by_notices(tx: Tx, notices: Mapping[str, Schedule] | None = None) -> list[Move]:
    """What the notices imported here, or those given, ask for. Each calendar keeps its hours and whatever else it held: a changed
    policy or a newer program moves nobody's deadline by itself."""
    known = calendars.imported(tx.session) if notices is None else notices
    return _moves(tx, lambda calendar: calendars.under(calendar, known))


def by_calendars(tx: Tx) -> list[Move]:
    """From whatever clocks are counted on to the calendars of the same names as they are in force."""
    in_force = {calendar.name: calendar for calendar in tx.promises.sla.calendars.values()}
    return _moves(tx, lambda calendar: in_force.get(calendar.name, calendar))


def _moves(tx: Tx, successor: Callable[[WorkCalendar], WorkCalendar]) -> list[Move]:
    found = []
    for calendar, hours in counted.pairs(tx.session):
        before, waits = _kept(tx, calendar), _kept(tx, hours) if hours else None
        if before is None or (hours and waits is None):
            continue
        after, waits_after = successor(before), successor(waits) if waits else None
        if (before, waits) != (after, waits_after) and counted.any_movable(tx.session, (calendar, hours)):
            found.append(Move(before, after, waits, waits_after))
    return found


def count(tx: Tx, moves: Iterable[Move]) -> int:
    """How many open clocks these are."""
    return sum(counted.count(tx.session, move.pair) for move in moves)


def strays(tx: Tx) -> int:
    """Open clocks on calendars that nobody kept: they run, and cannot be counted again."""
    lost = [(one, two) for one, two in counted.pairs(tx.session) if _kept(tx, one) is None or (two and _kept(tx, two) is None)]
    return sum(counted.count(tx.session, pair) for pair in lost)


def _kept(tx: Tx, version: str) -> WorkCalendar | None:
    try:
        return tx.promises.calendar(version)
    except CalendarError:
        return None


# --- what would move ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Shift:
    """A deadline that moves. ``by``: how much working time lies between, by whichever of the two calendars has more of it;
    negative when the deadline comes earlier."""

    number: str
    target: str
    name: str
    was: datetime
    due: datetime
    by: timedelta


def preview(tx: Tx, moves: Iterable[Move], page: int = PAGE) -> Iterator[Shift]:
    """The deadlines that move, in the order in which their clocks were started; ``page`` clocks are read at once."""
    for move in moves:
        since, moved = _first_difference(move)
        after = 0
        while moved and (rows := counted.running(tx.session, move.pair, after, page)):
            after = rows[-1][1].id
            for number, row in rows:
                if number and (since is None or row.due_at >= since) and (shift := _shift(number, row, move, tx.now)):
                    yield shift


def _first_difference(move: Move) -> tuple[datetime | None, bool]:
    """Deadlines before this moment cannot move, as no day until then has changed; and whether any can move at all."""
    before, after = move.before, move.after
    if before == after:
        return None, False
    same = (before.timezone, before.week, before.days) == (after.timezone, after.week, after.days)
    if not same or before.schedule is None or after.schedule is None:
        return None, True
    days = holidays.changes(before.schedule, after.schedule, weekends=any(after.week[5:]))
    return (datetime.combine(days[0].day, datetime.min.time(), after.zone), True) if days else (None, False)


def _shift(number: str, row: Row[Any], move: Move, now: datetime) -> Shift | None:
    due = _due(row, move, now)
    if due == row.due_at:
        return None
    kind = Budget.parse(row.budget)
    between = (held.counted_on(kind).between(row.due_at, due) for held in (move.before, move.after))
    return Shift(number, row.target, row.name, row.due_at, due, max(between, key=abs))


def _due(held: Timer | Row[Any], move: Move, now: datetime) -> datetime:
    """The deadline after the move. Rungs are left out: no deadline depends on them, and they are most of a clock."""
    clock = Clock(
        target=held.target,
        budget=Budget.parse(held.budget),
        calendar=move.before.version,
        pausable=True,
        started_at=held.started_at,
        due_at=held.due_at,
        paused_at=held.paused_at,
        held=held.held,
        breached_at=held.breached_at,
    )
    return clockwork.recount(clock, move.before, move.after, None, now).due_at


# --- doing it -----------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Outcome:
    """What was done: tickets acted on, deadlines moved on them, clocks that only carry on. ``left``: tickets that could not be
    done now; the worker tries them again."""

    tickets: int = 0
    moved: int = 0
    carried: int = 0
    left: set[int] = field(default_factory=set)

    @property
    def clocks(self) -> int:
        return self.moved + self.carried


def _never() -> bool:
    return False


@dataclass(slots=True)
class _Run:
    """One run of ``carry_out``."""

    hotline: Hotline
    by: str
    batch: int
    told: Callable[[int], None]
    stopping: Callable[[], bool]
    details: dict[str, Any] = field(default_factory=dict)  # of the move in hand, as its acts are told them
    done: Outcome = field(default_factory=Outcome)


def carry_out(
    hotline: Hotline,
    find: Find,
    *,
    by: str = "",
    batch: int = BATCH,
    told: Callable[[int], None] = lambda number: None,
    stopping: Callable[[], bool] = _never,
) -> Outcome:
    """Counts again whatever ``find`` finds, until it finds nothing more or nothing more can be done. ``by``: who asked for it.
    ``told`` hears how many clocks each batch has done."""
    run = _Run(hotline, by, batch, told, stopping)
    for _ in range(ROUNDS):
        with hotline.look() as tx:
            moves = find(tx)
        if not moves:
            break
        with hotline.tx() as tx:
            newer = [calendar for move in moves for calendar in (move.after, move.hours_after) if calendar]
            calendars.remember(tx.session, newer, tx.now)
        before = run.done.clocks
        for move in moves:
            _all_of(run, move)
        if stopping() or run.done.clocks == before:
            break
    return run.done


def _all_of(run: _Run, move: Move) -> None:
    run.details = move.details(run.by)
    after: int | None = 0
    while after is not None and not run.stopping():
        with run.hotline.look() as tx:
            ids, after = counted.tickets_of(tx.session, move.pair, after, run.batch)
        before = run.done.clocks
        for ticket_id in _together(run, move, ids) if ids else ():
            _alone(run, move, ticket_id)
        run.told(run.done.clocks - before)


def _together(run: _Run, move: Move, ids: list[int]) -> list[int]:
    """Those tickets in one transaction; returns those that somebody had in hand, or all of them when one could not be done."""
    part = Outcome()
    try:
        with run.hotline.tx() as tx:
            tickets = counted.lock(tx.session, ids)
            with tx.in_bulk():
                for ticket in tickets:
                    _count_again(tx, ticket, move, run.details, part)
            got = {ticket.id for ticket in tickets}
    except Exception as broken:  # noqa: BLE001  one bad ticket must not keep the others on the old calendar
        log.warning("recount.one_by_one", error=repr(broken), tickets=len(ids))
        return ids
    _add(run.done, part, got)
    return [ticket_id for ticket_id in ids if ticket_id not in got]


def _alone(run: _Run, move: Move, ticket_id: int) -> None:
    """One ticket in a transaction of its own, which waits until whoever has it in hand is done."""
    part = Outcome()
    try:
        with run.hotline.tx() as tx:
            for ticket in counted.lock(tx.session, [ticket_id], wait=True):
                _count_again(tx, ticket, move, run.details, part)
    except (StaleDataError, OperationalError) as away:
        log.warning("recount.database", ticket=ticket_id, error=repr(away))  # nothing is wrong with the ticket
        run.done.left.add(ticket_id)
    except Exception as broken:  # noqa: BLE001  one bad ticket must not keep the others on the old calendar
        log.error("recount.failed", ticket=ticket_id, error=repr(broken))
        run.done.left.add(ticket_id)
    else:
        _add(run.done, part, {ticket_id})


def _add(done: Outcome, part: Outcome, tickets: set[int]) -> None:
    done.tickets += part.tickets
    done.moved += part.moved
    done.carried += part.carried
    done.left -= tickets


def _count_again(tx: Tx, ticket: Ticket, move: Move, details: Mapping[str, Any], done: Outcome) -> None:
    """The clocks of a ticket that are still counted on what the move is from."""
    mine = [timer for timer in ticket.timers if timer.stopped_at is None and (timer.calendar, timer.hours) == move.pair]
    moved = sum(_due(timer, move, tx.now) != timer.due_at for timer in mine)
    if moved:
        act(tx, ticket, "recount", SYSTEM, details)
        done.tickets += 1
    else:
        for timer in mine:
            clocks.carry_on(timer, tx.promises, details, tx.now)
    done.moved += moved
    done.carried += len(mine) - moved
