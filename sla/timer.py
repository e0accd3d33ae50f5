"""One running clock 计时 as a value, and the few things that can happen to it. Pure: whoever calls knows what time it is.

1. ``start`` fixes the deadline and freezes the ladder; later changes of policy do not reach it.
2. ``fire`` gives the one next rung whose time has come, dated by that time, and the clock after it; call it until None.
3. ``pause`` and ``resume`` move the deadline by the time that did not count; ``extend`` sets a new one.
4. ``stop`` (met) and ``cancel`` (no longer asked for) end it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from sla.budget import Budget, CalendarError
from sla.calendar import Moment, WorkCalendar
from sla.ladder import Action, Ladder, Promise, Step, lay_out, planned
from sla.policy import Target

NOTHING = timedelta(0)


@dataclass(frozen=True, slots=True)
class Clock:
    """A target that runs, or ran.

    ``calendar`` is the version of the calendar it was last counted on. ``held``: time of the budget's kind spent in pauses that
    are over; ``used``: time that had counted when the clock was last paused. ``version`` counts the deadlines it has had.
    ``next_at`` is empty exactly when nothing will fire unless somebody acts: over, or paused, or no rung left. A paused
    clock whose rungs were due before the pause keeps them. All moments are in UTC, where the order of time is never in doubt.
    """

    target: str
    budget: Budget
    calendar: str
    pausable: bool
    started_at: datetime
    due_at: datetime
    ladder: Ladder = ()
    provisional: bool = False
    version: int = 1
    next_step: int = 0
    next_at: datetime | None = None
    paused_at: datetime | None = None
    held: timedelta = NOTHING
    used: timedelta = NOTHING
    stopped_at: datetime | None = None
    breached_at: datetime | None = None
    cancelled: bool = False

    @property
    def running(self) -> bool:
        """Neither over nor paused."""
        return self.stopped_at is None and self.paused_at is None


@dataclass(frozen=True, slots=True)
class Firing:
    """A rung that has been reached: do ``step``, and date it ``at``. (target, version, step.key, step.turn) names it for good."""

    target: str
    version: int
    step: Step
    at: datetime


def start(target: Target, calendar: WorkCalendar, at: datetime) -> Clock:
    """A clock that begins at ``at``: receipt or dispatch, as the target says. Raises CalendarError."""
    due = calendar.due(at, target.budget)
    version, began, due_at = calendar.version, at.astimezone(UTC), due.at.astimezone(UTC)
    fresh = Clock(target.key, target.budget, version, target.pausable, began, due_at, provisional=due.provisional)
    return _planned_anew(fresh, target.ladder, calendar, since=at)


def fire(clock: Clock, calendar: WorkCalendar, now: datetime) -> tuple[Firing, Clock] | None:
    """The one rung whose time came first, and the clock after it; None when none is due by ``now``.

    Dated by the plan, however late it was noticed; a breach by the deadline that lapsed.
    """
    if clock.next_at is None or clock.next_at > now:
        return None
    step = clock.ladder[clock.next_step]
    at = planned(step, _promise(clock, calendar), calendar).astimezone(UTC)
    if step.action is Action.BREACH:
        at = clock.breached_at or clock.due_at
        clock = replace(clock, breached_at=at)
    return Firing(clock.target, clock.version, step, at), _next(replace(clock, next_step=clock.next_step + 1), calendar)


def pause(clock: Clock, calendar: WorkCalendar, at: datetime) -> Clock:
    """Stands still from ``at``. A target that may not be paused, or is over, or paused already, is returned as it is.

    A deadline that had lapsed before is on record from here on, whether or not its rung has fired.
    """
    if not clock.pausable or not clock.running:
        return clock
    stood = replace(_judged(clock, at), paused_at=at.astimezone(UTC), used=used(clock, calendar, at))
    return _next(stood, calendar)


def resume(clock: Clock, calendar: WorkCalendar, at: datetime) -> Clock:
    """Runs on from ``at``; the deadline moves by the time of its kind that fell into the pause. Not paused: as it is."""
    if clock.paused_at is None or clock.stopped_at is not None:
        return clock
    walked = calendar.counted_on(clock.budget)
    pause_took = walked.between(clock.paused_at, at)
    due = walked.add(clock.due_at, pause_took)
    due_at = due.at.astimezone(UTC)
    moved = replace(
        clock,
        paused_at=None,
        held=clock.held + pause_took,
        due_at=due_at,
        calendar=calendar.version,
        provisional=clock.provisional or due.provisional,
        version=clock.version + (due_at != clock.due_at),
    )
    return _next(moved, calendar)


def extend(clock: Clock, calendar: WorkCalendar, due_at: datetime, at: datetime, ladder: Ladder = ()) -> Clock:
    """A new deadline, granted by somebody at ``at``. All rungs that lie ahead of it may fire again, for this deadline.

    Lateness is judged by the deadline granted, so a breach of the former one is taken off the clock; the ticket's history keeps
    it. ``ladder``: the rungs to use from now on; those the clock has when empty. Raises CalendarError when the clock is over
    or the new deadline lies before its start.
    """
    if clock.stopped_at is not None:
        raise CalendarError("计时已结束，不能再改期限")
    if due_at <= clock.started_at:
        raise CalendarError("新期限早于计时起点")
    steps = ladder or tuple(step for step in clock.ladder if step.turn == 1)
    moved = replace(
        clock,
        due_at=due_at.astimezone(UTC),
        breached_at=None,
        provisional=False,
        version=clock.version + 1,
        calendar=calendar.version,
    )
    return _planned_anew(moved, steps, calendar, since=min(at, due_at))


def stop(clock: Clock, at: datetime) -> Clock:
    """Met at ``at``: on time up to and including the deadline, else breached by it. Over already: as it is."""
    if clock.stopped_at is not None:
        return clock
    return replace(_judged(clock, at), stopped_at=at.astimezone(UTC), next_at=None)


def cancel(clock: Clock, at: datetime) -> Clock:
    """No longer asked for; says nothing about whether it would have been met. Over already: as it is."""
    return clock if clock.stopped_at is not None else replace(clock, stopped_at=at.astimezone(UTC), next_at=None, cancelled=True)


def recount(clock: Clock, before: WorkCalendar, after: WorkCalendar) -> Clock:
    """The clock under a changed calendar; the very same object when nothing moves.

    Only a deadline that follows from its budget moves: one that was set by ``extend``, or that belongs to a clock that is over,
    stays. Rungs already climbed stay climbed.
    """
    if clock.stopped_at is not None or before == after:
        return clock
    if _reckoned(clock, before).at != clock.due_at:
        return clock if clock.calendar == after.version else replace(clock, calendar=after.version)
    due = _reckoned(clock, after)
    moved = replace(
        clock,
        due_at=due.at,
        provisional=due.provisional,
        calendar=after.version,
        version=clock.version + (due.at != clock.due_at),
    )
    return _next(moved, after)


def used(clock: Clock, calendar: WorkCalendar, at: datetime) -> timedelta:
    """Time of the budget's kind that has counted from the start until ``at``, or until the clock was paused or ended."""
    until = min(end for end in (at, clock.paused_at, clock.stopped_at) if end is not None)
    return calendar.counted_on(clock.budget).between(clock.started_at, until) - clock.held


def _promise(clock: Clock, calendar: WorkCalendar) -> Promise:
    length = calendar.counted_on(clock.budget).between(clock.started_at, clock.due_at)
    return Promise(clock.budget, clock.due_at, length - clock.held)


def _reckoned(clock: Clock, calendar: WorkCalendar) -> Moment:
    """The deadline as it follows from start, budget and the pauses that are over."""
    due = calendar.due(clock.started_at, clock.budget)
    later = calendar.counted_on(clock.budget).add(due.at, clock.held)
    return Moment(later.at.astimezone(UTC), due.provisional or later.provisional)


def _judged(clock: Clock, at: datetime) -> Clock:
    """With the breach on record, if the deadline lapsed before ``at``; a clock standing still is judged by when it stopped."""
    late = (clock.paused_at or at) > clock.due_at
    return replace(clock, breached_at=clock.due_at) if late and clock.breached_at is None else clock


def _planned_anew(clock: Clock, ladder: Ladder, calendar: WorkCalendar, since: datetime) -> Clock:
    rungs = lay_out(ladder, _promise(clock, calendar), calendar, since)
    return _next(replace(clock, ladder=rungs, next_step=0), calendar)


def _next(clock: Clock, calendar: WorkCalendar) -> Clock:
    """With ``next_at`` as it follows from everything else."""
    at = None
    if clock.stopped_at is None and clock.next_step < len(clock.ladder):
        at = planned(clock.ladder[clock.next_step], _promise(clock, calendar), calendar).astimezone(UTC)
        if clock.paused_at is not None and at > clock.paused_at:
            at = None
    return replace(clock, next_at=at)
