"""A clock as it follows by arithmetic from its start, its budget and what happened to it; nothing here is looked up.

Written apart from ``sla/timer.py``, with no ladder and no rows: what one of the two gets wrong the other shows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from app.tickets.ledger import Entry
from sla.budget import Budget
from sla.calendar import Moment, WorkCalendar

NOTHING = timedelta()


class Unkept(Exception):
    """Nobody kept the calendar with this version."""

    def __init__(self, version: str) -> None:
        super().__init__(version)
        self.version = version


@dataclass(frozen=True, slots=True)
class Reckoned:
    """Where a clock stands. ``held``: time of the budget's kind in the pauses that put its deadline off; ``follows``: whether the
    deadline comes out of start, budget and pauses, or somebody decided on it."""

    budget: Budget
    pausable: bool
    started_at: datetime
    due_at: datetime
    calendar: str
    provisional: bool = False
    version: int = 1
    held: timedelta = NOTHING
    paused_at: datetime | None = None
    stopped_at: datetime | None = None
    breached_at: datetime | None = None
    acknowledged_at: datetime | None = None
    cancelled: bool = False
    follows: bool = True

    @classmethod
    def begun(cls, entry: Entry) -> Reckoned:
        """As the entry of its start has it, before anything is reckoned."""
        started = datetime.fromisoformat(entry["started_at"])
        budget = Budget.parse(str(entry["budget"]))
        return cls(budget, bool(entry.get("pausable")), started, datetime.fromisoformat(entry["due"]), str(entry["calendar"]))


@dataclass(frozen=True, slots=True)
class Act:
    """What an act brings: when, with what details, what was written down of it, when the ticket's hold was to end, and the
    calendars of then. ``calendar`` raises Unkept."""

    at: datetime
    details: Mapping[str, Any]
    entry: Entry
    hold_until: datetime | None
    calendar: Callable[[str], WorkCalendar]


def _started(before: Reckoned | None, act: Act) -> Reckoned:
    fresh = Reckoned.begun(act.entry)
    calendar = act.calendar(fresh.calendar)
    pauses = [(datetime.fromisoformat(since), datetime.fromisoformat(until)) for since, until in act.entry.get("pauses", ())]
    due = calendar.due(fresh.started_at, fresh.budget, pauses)
    held = calendar.counted_on(fresh.budget).between(calendar.due(fresh.started_at, fresh.budget).at, due.at)
    return replace(fresh, due_at=due.at.astimezone(UTC), provisional=due.provisional, held=held)


def _paused(clock: Reckoned, act: Act) -> Reckoned:
    return replace(_judged(clock, act.at), paused_at=act.at)


def _resumed(clock: Reckoned, act: Act) -> Reckoned:
    """Put off by the time of the budget's kind in the pause, unless it had lapsed before. A hold is over when it was to be,
    however late somebody took the work up."""
    if clock.paused_at is None:
        return clock
    walked = act.calendar(clock.calendar).counted_on(clock.budget)
    if clock.breached_at is not None:
        return replace(clock, paused_at=None)
    took = walked.between(clock.paused_at, max(clock.paused_at, min(act.at, act.hold_until or act.at)))
    later = walked.add(clock.due_at, took)
    runs = replace(clock, paused_at=None, held=clock.held + took)
    return _moved(runs, Moment(later.at, clock.provisional or later.provisional))


def _met(clock: Reckoned, act: Act) -> Reckoned:
    return replace(_judged(clock, act.at), stopped_at=act.at)


def _cancelled(clock: Reckoned, act: Act) -> Reckoned:
    """Whether it had lapsed by then is only judged where it was: what is not asked for any more need not be."""
    judged = _judged(clock, act.at) if "breached" in act.entry else clock
    return replace(judged, stopped_at=act.at, cancelled=True)


def _answered(clock: Reckoned, act: Act) -> Reckoned:
    return replace(clock, acknowledged_at=act.at)


def _decided(clock: Reckoned, act: Act) -> Reckoned:
    """As decided; lateness is judged by that from here on. Without what was decided, what was recorded of it must do.

    Where the ledger adds to ``held``, whoever decided is taken to have known how long it had stood: that is not put on top.
    """
    if "held" in act.entry and clock.paused_at is not None:
        stood = act.calendar(clock.calendar).counted_on(clock.budget).between(clock.paused_at, act.at)
        clock = replace(clock, held=clock.held + stood, paused_at=act.at)
    due = datetime.fromisoformat(str(act.details.get("deadline_at") or act.entry["due"]))
    fresh = replace(clock, breached_at=None, acknowledged_at=None, provisional=False, version=clock.version + 1, follows=False)
    return replace(fresh, due_at=due.astimezone(UTC))


def _recounted(clock: Reckoned, act: Act) -> Reckoned:
    """On the calendar that replaced the one it was counted on. A deadline that somebody decided on, or that had lapsed, stays;
    and none is moved to where it would have lapsed already."""
    newer = str(act.details.get("calendar", {}).get("to") or act.entry["calendar"])
    due = _on(clock, act.calendar(newer), clock.paused_at or act.at)
    return _moved(replace(clock, calendar=newer), due)


def _on(clock: Reckoned, calendar: WorkCalendar, now: datetime) -> Moment:
    """The deadline on another calendar, as of a moment."""
    if not clock.follows or clock.breached_at is not None or clock.due_at <= now:
        return Moment(clock.due_at)
    first = calendar.due(clock.started_at, clock.budget)
    due = calendar.counted_on(clock.budget).add(first.at, clock.held)
    stays = due.at != clock.due_at and due.at <= now
    return Moment(clock.due_at) if stays else Moment(due.at, first.provisional or due.provisional)


def carried(clock: Reckoned, act: Act) -> Reckoned:
    """The clock before an act, on the calendar that the act counted on: the ledger does not speak of one that was changed
    meanwhile and left the deadline where it was. Raises Unkept."""
    newer = str(act.entry["calendar"])
    if newer == clock.calendar or act.entry["op"] == "%":
        return clock
    due = _on(clock, act.calendar(newer), clock.paused_at or act.at)
    return replace(clock, calendar=newer, provisional=due.at == clock.due_at and due.provisional)


def _moved(clock: Reckoned, due: Moment) -> Reckoned:
    at = due.at.astimezone(UTC)
    return replace(clock, due_at=at, provisional=due.provisional, version=clock.version + (at != clock.due_at))


def _judged(clock: Reckoned, at: datetime) -> Reckoned:
    """With its deadline known to have lapsed, if it did before ``at``; one that stands still is judged by when it stopped."""
    late = (clock.paused_at or at) > clock.due_at
    return replace(clock, breached_at=clock.due_at) if late and clock.breached_at is None else clock


def _of_one_begun(change: Callable[[Reckoned, Act], Reckoned]) -> Callable[[Reckoned | None, Act], Reckoned]:
    def changed(before: Reckoned | None, act: Act) -> Reckoned:
        return change(carried(before or Reckoned.begun(act.entry), act), act)

    return changed


OPERATIONS: Mapping[str, Callable[[Reckoned | None, Act], Reckoned]] = {
    "+": _started,
    "!": _started,
    "-": _of_one_begun(_met),
    "=": _of_one_begun(_paused),
    ">": _of_one_begun(_resumed),
    "x": _of_one_begun(_cancelled),
    "~": _of_one_begun(_answered),
    "^": _of_one_begun(_decided),
    "%": _of_one_begun(_recounted),
}


class How(StrEnum):
    """How a clock stands."""

    MET = "met"  # 按时完成
    LATE = "late"  # 超期完成
    CANCELLED = "cancelled"  # 不再计
    PAUSED = "paused"  # 挂起
    STOOD_LATE = "stood_late"  # 已超期，挂起
    RUNNING = "running"  # 在走
    OVERDUE = "overdue"  # 已超期


@dataclass(frozen=True, slots=True)
class Result:
    """How a clock stands at a moment. Time is of the budget's kind: ``used`` and ``left`` of ``whole``; ``over`` beyond it."""

    how: How
    used: timedelta
    left: timedelta
    over: timedelta
    whole: timedelta


def result(clock: Reckoned, calendar: WorkCalendar, now: datetime) -> Result:
    """Where it stands at ``now``, or where it ended."""
    walked = calendar.counted_on(clock.budget)
    until = min(moment for moment in (now, clock.paused_at, clock.stopped_at) if moment is not None)
    until = max(until, clock.started_at)
    whole = walked.between(clock.started_at, clock.due_at) - clock.held
    used = walked.between(clock.started_at, until) - clock.held
    over = max(NOTHING, walked.between(clock.due_at, until))
    return Result(_how(clock, until), used, max(NOTHING, whole - used), over, whole)


def _how(clock: Reckoned, until: datetime) -> How:
    if clock.cancelled:
        return How.CANCELLED
    if clock.stopped_at is not None:
        return How.LATE if clock.breached_at is not None else How.MET
    lapsed = clock.breached_at is not None
    if clock.paused_at is not None:
        return How.STOOD_LATE if lapsed else How.PAUSED
    return How.OVERDUE if lapsed or clock.due_at <= until else How.RUNNING
