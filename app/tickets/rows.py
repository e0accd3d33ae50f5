"""Rows of ``timer`` as pure clocks, and back."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy.orm.attributes import flag_modified

from app.tickets.model import Timer
from app.tickets.promises import Promises
from sla.budget import Budget
from sla.ladder import from_json, to_json
from sla.timer import Clock, with_times


def read(timer: Timer, promises: Promises) -> Clock:
    """The clock that a row holds."""
    clock = Clock(
        target=timer.target,
        budget=Budget.parse(timer.budget),
        calendar=timer.calendar,
        pausable=timer.pausable,
        started_at=timer.started_at,
        due_at=timer.due_at,
        ladder=from_json(timer.ladder),
        provisional=timer.provisional,
        version=timer.version,
        next_step=timer.next_step,
        next_at=timer.next_at,
        paused_at=timer.paused_at,
        held=timer.held,
        used=timer.used,
        stopped_at=timer.stopped_at,
        breached_at=timer.breached_at,
        acknowledged_at=timer.acknowledged_at,
        cancelled=timer.cancelled,
    )
    if any(step.at is None for step in clock.ladder):  # written before steps carried their times
        clock = replace(with_times(clock, promises.calendar_of(timer), promises.hours_of(timer)), next_at=clock.next_at)
    return clock


def write(timer: Timer, before: Clock | None, clock: Clock) -> None:
    """Writes what differs from ``before``; a row that says the same is not touched.

    The calendar is written with it even where it is the same: a recount that came in between must find this clock counted on
    what it was counted on, or it would stay as a mixture of both calendars.
    """
    if before is None or before.ladder != clock.ladder:
        timer.ladder = to_json(clock.ladder)
    if before is None:
        timer.target = clock.target
        timer.budget = str(clock.budget)
        timer.pausable = clock.pausable
        timer.started_at = clock.started_at
    timer.calendar = clock.calendar
    if before is not None and before != clock:
        flag_modified(timer, "calendar")
    timer.due_at = clock.due_at
    timer.provisional = clock.provisional
    timer.version = clock.version
    timer.next_step = clock.next_step
    timer.next_at = clock.next_at
    timer.paused_at = clock.paused_at
    timer.held = clock.held
    timer.used = clock.used
    timer.stopped_at = clock.stopped_at
    timer.breached_at = clock.breached_at
    timer.acknowledged_at = clock.acknowledged_at
    timer.cancelled = clock.cancelled
