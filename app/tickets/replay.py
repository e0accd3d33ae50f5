"""Why a deadline is what it is: a ticket's events gone through again, each change of a clock reckoned anew and held against what
was written down at the time.

1. ``replay`` takes the events in order; each entry of their ledger (``app/tickets/ledger.py``) becomes a ``Line`` of its clock.
2. What follows by arithmetic is reckoned from start, budget and pauses on the calendar of then, never from what was recorded;
   where the two differ, the line says in what.
3. Steps that fired are put beside the clock they were of, and held against the deadline it then had.

Knows nothing of the policy, the calendars and the timers of today: the same events give the same answer years later.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from app.tickets.ledger import Entry
from app.tickets.lifecycle import BY_TIME, Role, State
from app.tickets.reckoning import OPERATIONS, Act, Reckoned, Unkept
from app.tickets.story import Fired, Happening, Line, Pause, Reader, Replayed, Story
from sla.calendar import WorkCalendar

Kept = Callable[[str], WorkCalendar | None]
STARTS = "+!"


@dataclass(slots=True)
class _Log:
    """How far the replay has come."""

    kept: Kept
    reader: Reader
    clocks: dict[int, Replayed] = field(default_factory=dict)
    unwritten: set[int] = field(default_factory=set)
    stands: list[Pause] = field(default_factory=list)  # of the ticket, whatever its clocks made of them
    hold_until: datetime | None = None  # when the present one is to end


def replay(events: Iterable[Happening], kept: Kept, reader: Reader | None = None) -> Story:
    """Goes through all events of one ticket, in their order. ``kept`` knows the calendars of former days by their version."""
    log, first, last = _Log(kept, reader or Reader()), None, None
    for event in events:
        first = first or event.at
        last = max(last or event.noticed_at, event.noticed_at)
        if event.action == "hold":
            log.stands.append(Pause(event.at, None, log.reader.who(event), log.reader.why(event)))
            log.hold_until = _moment(event.details.get("until_at"))
        for entry in event.clocks:
            _enter(log, event, entry)
        if event.from_state is State.ON_HOLD and event.to_state is not State.ON_HOLD:
            log.hold_until = None
        if event.action in BY_TIME:
            _fired(log, event)
    return Story(tuple(log.clocks[n] for n in sorted(log.clocks)), len(log.unwritten), first, last)


# --- changes ------------------------------------------------------------------------------------------------------------


def _enter(log: _Log, event: Happening, entry: Entry) -> None:
    n, op = int(entry["n"]), str(entry["op"])
    known = log.clocks.get(n)
    if known is None and op not in STARTS:
        log.unwritten.add(n)
        return
    before = known.reckoned if known is not None and op not in STARTS else None
    act = Act(event.at, event.details, entry, log.hold_until, _calendars(log.kept))
    unkept = ""
    try:
        after = OPERATIONS[op](before, act)
    except Unkept as missing:
        after, unkept = _as_recorded(before, entry, event.at), missing.version
    line = _line(log.reader, event, entry, before, after, unkept)
    if before is None or known is None:
        log.clocks[n] = Replayed(n, entry, after, (line,), (), tuple(_taken_over(log, entry)))
    else:
        pauses = _pauses(log, event, known.pauses, before, after)
        log.clocks[n] = replace(known, reckoned=after, lines=(*known.lines, line), pauses=pauses)


def _calendars(kept: Kept) -> Callable[[str], WorkCalendar]:
    def found(version: str) -> WorkCalendar:
        calendar = kept(version)
        if calendar is None:
            raise Unkept(version)
        return calendar

    return found


def _as_recorded(before: Reckoned | None, entry: Entry, at: datetime) -> Reckoned:
    """What can be said without the calendar: what was written down, believed."""
    stood = before or Reckoned.begun(entry)
    lapsed = entry.get("breached")
    changes: dict[str, dict[str, Any]] = {
        "=": {"paused_at": at},
        ">": {"paused_at": None},
        "-": {"stopped_at": at},
        "x": {"stopped_at": at, "cancelled": True},
    }
    return replace(
        stood,
        due_at=datetime.fromisoformat(entry["due"]),
        version=int(entry["version"]),
        calendar=str(entry["calendar"]),
        provisional=bool(entry.get("provisional")),
        breached_at=datetime.fromisoformat(lapsed) if lapsed else stood.breached_at,
        **changes.get(str(entry["op"]), {}),
    )


def _line(reader: Reader, event: Happening, entry: Entry, before: Reckoned | None, after: Reckoned, unkept: str) -> Line:
    moved = before is not None and before.due_at != after.due_at
    return Line(
        at=event.at,
        op=str(entry["op"]),
        action=event.action,
        by=reader.who(event),
        reason=reader.why(event),
        due=after.due_at,
        was=before.due_at if before is not None and moved else None,
        recorded=datetime.fromisoformat(entry["due"]),
        version=after.version,
        calendar=after.calendar,
        took=after.held - (before.held if before is not None else timedelta()),
        lapsed=after.breached_at is not None,
        faults=() if unkept else tuple(_differences(entry, before, after)),
        unkept=unkept,
    )


def _differences(entry: Entry, before: Reckoned | None, after: Reckoned) -> list[str]:
    """In what an entry differs from what is reckoned; a name for each."""
    newly = after.breached_at if before is None or before.breached_at is None else None
    was = before.due_at if before is not None and before.due_at != after.due_at else None
    pairs = {
        "期限": (_moment(entry.get("due")), after.due_at),
        "原期限": (_moment(entry.get("was")), was),
        "超期": (_moment(entry.get("breached")), newly),
        "挂起时长": (entry.get("held", after.held.total_seconds()), after.held.total_seconds()),
        "期限序号": (entry.get("version"), after.version),
        "日历": (entry.get("calendar"), after.calendar),
        "待公布": (bool(entry.get("provisional")), after.provisional),
    }
    return [name for name, (recorded, reckoned) in pairs.items() if recorded != reckoned]


def _moment(written: str | None) -> datetime | None:
    return datetime.fromisoformat(written) if written else None


# --- pauses -------------------------------------------------------------------------------------------------------------


def _taken_over(log: _Log, entry: Entry) -> Iterable[Pause]:
    """The ticket's pauses that a clock took over when it began, each with the reason of then."""
    known = {stood.since: stood for stood in log.stands}
    for since, until in entry.get("pauses", ()):
        begun, ended = datetime.fromisoformat(since), datetime.fromisoformat(until)
        stood = known.get(begun)
        yield Pause(begun, ended, stood.by if stood else "", stood.reason if stood else "")


def _pauses(log: _Log, event: Happening, known: Sequence[Pause], before: Reckoned, after: Reckoned) -> tuple[Pause, ...]:
    if before.paused_at is None and after.paused_at is not None:
        return (*known, Pause(after.paused_at, None, log.reader.who(event), log.reader.why(event)))
    over = after.stopped_at or (_taken_up(log, event) if before.paused_at is not None and after.paused_at is None else None)
    return tuple(replace(pause, until=pause.until or over) for pause in known)


def _taken_up(log: _Log, event: Happening) -> datetime:
    at: datetime = event.at
    return min(at, log.hold_until or at)


# --- steps --------------------------------------------------------------------------------------------------------------


def _fired(log: _Log, event: Happening) -> None:
    """Beside the clock that the step was of; one that people took names its target alone."""
    known = log.clocks.get(_place(log, event.details))
    if known is None:
        return
    clock, details, faults = known.reckoned, event.details, []
    due = _moment(details.get("due_at")) or clock.due_at
    if due != clock.due_at:
        faults.append("期限")
    if event.action == "breach":
        lapsed = clock.breached_at or clock.due_at
        if event.at != lapsed:
            faults.append("超期")
        clock = replace(clock, breached_at=lapsed)
    step = Fired(
        event.at,
        event.noticed_at,
        event.action,
        str(details.get("level_name", "")),
        tuple(details.get("tell", ())),
        "" if event.by_role is Role.SYSTEM else log.reader.who(event),
        due,
        tuple(faults),
    )
    log.clocks[known.n] = replace(known, reckoned=clock, fired=(*known.fired, step))


def _place(log: _Log, details: Mapping[str, Any]) -> int:
    if details.get("clock") is not None:
        return int(details["clock"])
    ours = [clock.n for clock in log.clocks.values() if clock.target == details.get("target")]
    running = [n for n in ours if log.clocks[n].reckoned.stopped_at is None]
    return max(running or ours, default=-1)
