"""One running clock 计时 as a value, and the few things that can happen to it. Pure: whoever calls knows what time it is.

1. ``start`` fixes the deadline and freezes the ladder, each rung with its time; later changes of policy do not reach it.
2. ``fire`` gives the one next rung whose time has come, dated by that time, and the clock after it; call it until None.
3. ``pause`` and ``resume`` move the deadline by the time that did not count; ``extend`` sets a new one.
4. ``acknowledge`` leaves out the rungs that only go on until somebody has answered.
5. ``stop`` (met) and ``cancel`` (no longer asked for) end it.

Whatever plans rungs takes ``hours``, the service hours that waiting rungs wait for; the clock's own calendar when None.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from sla.budget import Budget, CalendarError
from sla.calendar import Moment, Pause, WorkCalendar
from sla.ladder import ACKNOWLEDGED, TOLD_LATER, Action, Ladder, Promise, Step, in_order, lay_out, timed
from sla.policy import Target

NOTHING = timedelta(0)


@dataclass(frozen=True, slots=True)
class Clock:
    """A target that runs, or ran.

    ``calendar`` is the version of the calendar it was last counted on. ``held``: time of the budget's kind spent in pauses that
    are over; ``used``: time that had counted when the clock was last paused. ``version`` counts the deadlines it has had;
    ``acknowledged_at``: when somebody answered for the present one.
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
    acknowledged_at: datetime | None = None
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


def start(
    target: Target, calendar: WorkCalendar, at: datetime, hours: WorkCalendar | None = None, pauses: Iterable[Pause] = ()
) -> Clock:
    """A clock that begins at ``at``: receipt or dispatch, as the target says. ``pauses`` that are over and lie behind ``at``
    count as if the clock had been there: a ticket keeps its pauses when its promise changes. Raises CalendarError."""
    over = tuple(pauses) if target.pausable else ()
    due = calendar.due(at, target.budget, over)
    fresh = Clock(
        target.key,
        target.budget,
        calendar.version,
        target.pausable,
        at.astimezone(UTC),
        due.at.astimezone(UTC),
        provisional=due.provisional,
    )
    first = calendar.due(at, target.budget)
    held = calendar.counted_on(target.budget).between(first.at, due.at)
    return _planned_anew(replace(fresh, held=held), target.ladder, calendar, at, hours)


def fire(clock: Clock, now: datetime) -> tuple[Firing, Clock] | None:
    """The one rung whose time came first, and the clock after it; None when none is due by ``now``.

    Dated by the plan, however late it was noticed; a breach by the deadline that lapsed.
    """
    if clock.next_at is None or clock.next_at > now:
        return None
    step, at = clock.ladder[clock.next_step], clock.next_at
    if step.action is Action.BREACH:
        at = clock.breached_at or clock.due_at
        clock = replace(clock, breached_at=at)
    return Firing(clock.target, clock.version, step, at), _next(replace(clock, next_step=clock.next_step + 1))


def pause(clock: Clock, calendar: WorkCalendar, at: datetime) -> Clock:
    """Stands still from ``at``. A target that may not be paused, or is over, or paused already, is returned as it is.

    A deadline that had lapsed before is on record from here on, whether or not its rung has fired.
    """
    if not clock.pausable or not clock.running:
        return clock
    stood = replace(_judged(clock, at), paused_at=at.astimezone(UTC), used=used(clock, calendar, at))
    return _next(stood)


def resume(clock: Clock, calendar: WorkCalendar, at: datetime, hours: WorkCalendar | None = None) -> Clock:
    """Runs on from ``at``; the deadline moves by the time of its kind that fell into the pause. Not paused: as it is.

    A deadline that had lapsed before the pause stays lapsed and stays where it is; only the rungs after it are put off.
    """
    if clock.paused_at is None or clock.stopped_at is not None:
        return clock
    walked = calendar.counted_on(clock.budget)
    pause_took = walked.between(clock.paused_at, max(at, clock.paused_at))
    if clock.breached_at is not None:
        return _next(_put_off(replace(clock, paused_at=None, calendar=calendar.version), walked, pause_took))
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
    return _planned_ahead(moved, calendar, hours)


def extend(
    clock: Clock,
    calendar: WorkCalendar,
    due_at: datetime,
    at: datetime,
    ladder: Ladder = (),
    hours: WorkCalendar | None = None,
) -> Clock:
    """A new deadline, granted by somebody at ``at``. All rungs that lie ahead of it may fire again, for this deadline, also those
    that an acknowledgement of the former one had left out.

    Lateness is judged by the deadline granted, so a breach of the former one is taken off the clock; the ticket's history keeps
    it. A clock that stands still goes on standing; whoever decided knew how long it had stood, so only what it stands from then
    on moves the new deadline. ``ladder``: the rungs to use from now on; those the clock has when empty. Raises CalendarError
    when the clock is over or the new deadline lies before its start.
    """
    if clock.stopped_at is not None:
        raise CalendarError("计时已结束，不能再改期限")
    if due_at <= clock.started_at:
        raise CalendarError("新期限早于计时起点")
    steps = ladder or tuple(step for step in clock.ladder if step.turn == 1)
    moved = replace(
        _stood_until(clock, calendar, at),
        due_at=due_at.astimezone(UTC),
        breached_at=None,
        acknowledged_at=None,
        provisional=False,
        version=clock.version + 1,
        calendar=calendar.version,
    )
    return _planned_anew(moved, steps, calendar, min(at, due_at), hours)


def acknowledge(clock: Clock, at: datetime) -> Clock:
    """Somebody answers at ``at``: rungs that go on until then are left out from here on. Over, or answered before: as it is."""
    if clock.stopped_at is not None or clock.acknowledged_at is not None:
        return clock
    return _next(replace(clock, acknowledged_at=at.astimezone(UTC)))


def stop(clock: Clock, at: datetime) -> Clock:
    """Met at ``at``: on time up to and including the deadline, else breached by it. Over already: as it is."""
    if clock.stopped_at is not None:
        return clock
    return replace(_judged(clock, at), stopped_at=at.astimezone(UTC), next_at=None)


def cancel(clock: Clock, at: datetime) -> Clock:
    """No longer asked for; says nothing about whether it would have been met. What had lapsed before is on record, whether or
    not its rung has fired. Over already: as it is."""
    if clock.stopped_at is not None:
        return clock
    return replace(_judged(clock, at), stopped_at=at.astimezone(UTC), next_at=None, cancelled=True)


def recount(
    clock: Clock, before: WorkCalendar, after: WorkCalendar, hours: WorkCalendar | None = None, at: datetime | None = None
) -> Clock:
    """The clock under a changed calendar, counted again at ``at``; the very same object when the calendars are equal or the
    clock is over.

    Only a deadline that follows from its budget and has not lapsed moves: one that was set by ``extend`` stays. None moves to
    before ``at``: nobody is late by a deadline that was never told. Rungs already climbed stay climbed; those ahead are planned
    on the new calendar, but for a lapsed clock's, which may have been put off.
    """
    if clock.stopped_at is not None or before == after:
        return clock
    now = clock.paused_at or at
    lapsed = clock.breached_at is not None or (now is not None and clock.due_at <= now)
    followed = not lapsed and _reckoned(clock, before).at == clock.due_at
    due = _reckoned(clock, after) if followed else Moment(clock.due_at)
    if now is not None and due.at != clock.due_at and due.at <= now:
        due = Moment(clock.due_at)
    moved = replace(
        clock,
        due_at=due.at,
        provisional=due.provisional,
        calendar=after.version,
        version=clock.version + (due.at != clock.due_at),
    )
    return moved if lapsed else _planned_ahead(moved, after, hours)


def replan(clock: Clock, calendar: WorkCalendar, hours: WorkCalendar | None) -> Clock:
    """The clock with the rungs ahead planned for other service hours; as it is when it is over or has lapsed."""
    return clock if clock.stopped_at is not None or clock.breached_at is not None else _planned_ahead(clock, calendar, hours)


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


def _stood_until(clock: Clock, calendar: WorkCalendar, at: datetime) -> Clock:
    """A paused clock as if that pause had ended and another begun at ``at``; the deadline stays."""
    if clock.paused_at is None or at <= clock.paused_at:
        return clock
    stood = calendar.counted_on(clock.budget).between(clock.paused_at, at)
    return replace(clock, held=clock.held + stood, paused_at=at.astimezone(UTC))


def _planned_anew(clock: Clock, ladder: Ladder, calendar: WorkCalendar, since: datetime, hours: WorkCalendar | None) -> Clock:
    rungs = lay_out(ladder, _promise(clock, calendar), calendar, since, hours)
    return _next(replace(clock, ladder=rungs, next_step=0))


def with_times(clock: Clock, calendar: WorkCalendar, hours: WorkCalendar | None = None) -> Clock:
    """A clock whose rungs were frozen without their times, with them."""
    return replace(clock, ladder=timed(clock.ladder, _promise(clock, calendar), calendar, hours))


def _planned_ahead(clock: Clock, calendar: WorkCalendar, hours: WorkCalendar | None) -> Clock:
    """With the rungs not yet climbed planned for the deadline as it is now."""
    climbed, ahead = clock.ladder[: clock.next_step], clock.ladder[clock.next_step :]
    rungs = in_order(timed(ahead, _promise(clock, calendar), calendar, hours))
    return _next(replace(clock, ladder=climbed + rungs))


def _put_off(clock: Clock, walked: WorkCalendar, long: timedelta) -> Clock:
    """With the rungs that lay ahead when it stood still later by ``long``."""
    rungs = tuple(
        replace(rung, at=walked.add(rung.at, long).at.astimezone(UTC)) if place >= clock.next_step and rung.at else rung
        for place, rung in enumerate(clock.ladder)
    )
    return replace(clock, ladder=rungs)


def _needless(clock: Clock, place: int) -> bool:
    """Whether nobody need hear of this rung: somebody has answered; or it is a reminder that had to wait for service as long as
    the word about the breach itself, which says more to the same people at the same moment."""
    rung = clock.ladder[place]
    if clock.acknowledged_at is not None and rung.until == ACKNOWLEDGED:
        return True
    words = (one for one in clock.ladder[place + 1 :] if one.at == rung.at and one.key.endswith(TOLD_LATER))
    return rung.action is Action.REMIND and any(set(rung.tell) <= set(word.tell) for word in words)


def _next(clock: Clock) -> Clock:
    """With ``next_step`` and ``next_at`` as they follow from everything else."""
    place = clock.next_step
    while place < len(clock.ladder) and _needless(clock, place):
        place += 1
    at = None
    if clock.stopped_at is None and place < len(clock.ladder):
        at = clock.ladder[place].at
        if clock.paused_at is not None and at is not None and at > clock.paused_at:
            at = None
    return replace(clock, next_step=place, next_at=at)
