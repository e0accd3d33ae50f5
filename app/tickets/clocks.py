"""What an act does to a ticket's clocks: rows of ``timer`` turned into pure clocks, moved on, and written back.

Which anchor: on the first round the citizen's targets run from receipt, however late somebody was set to work; on a later round
from the act that opened it. An emergency told later runs from the alarm (``!``): before it nobody could know, and a limit of
minutes counted from receipt would have lapsed before a word was said. While it lasts, whatever follows keeps that anchor; told
again, or found to be none, it gives nobody more time. A contractor's targets run from the act that set that contractor to work.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from app.policy import Policy
from app.tickets.lifecycle import TimerEffect
from app.tickets.model import Ticket, Timer
from sla import timer as clockwork
from sla.budget import Budget
from sla.calendar import WorkCalendar
from sla.ladder import from_json, to_json
from sla.policy import Target
from sla.timer import Clock, Firing

EMERGENCY = "U0"


@dataclass(frozen=True, slots=True)
class Promises:
    """The policy in force, asked for what is promised on a ticket and for the calendars that its clocks walk."""

    policy: Policy

    def target(self, ticket: Ticket, key: str) -> Target | None:
        """What is promised on this ticket for one target, if anything.

        In an emergency the strictest of the ticket's own leaf and the emergencies told on it: whoever tells of the fire in a
        second message is promised no less than who tells of it in the first, and an emergency loosens nothing.
        """
        leaves = [ticket.leaf or self.policy.rules.unclassified_as]
        if ticket.urgency == EMERGENCY:
            leaves += [code for code in ticket.emergencies if code in self.policy.taxonomy.leaves]
        found = [t for leaf in leaves for t in self.policy.sla.targets(leaf, ticket.urgency) if t.key == key]
        return min(found, key=lambda target: target.budget.length, default=None)

    def calendar_of(self, timer: Timer) -> WorkCalendar:
        """The calendar that the clock was last counted on; the one now in force for such a target where that is gone."""
        kept = self.policy.sla.calendar(timer.calendar)
        if kept is not None:
            return kept
        target = self.target(timer.ticket, timer.target)
        return self.policy.sla.calendars[target.calendar] if target else next(iter(self.policy.sla.calendars.values()))


def apply(effects: Iterable[TimerEffect], ticket: Ticket, promises: Promises, at: datetime) -> None:
    """Does what a row of the table says to the clocks of a ticket."""
    for effect in effects:
        if effect.op in "+!":
            _start(ticket, effect.target, promises, at, anew=effect.op == "!")
            continue
        change = _CHANGES[effect.op]
        for timer in ticket.timers:
            if timer.stopped_at is None and effect.target in ("*", timer.target):
                _write(timer, change(_read(timer), promises.calendar_of(timer), at))


_CHANGES: Mapping[str, Callable[[Clock, WorkCalendar, datetime], Clock]] = {
    "-": lambda clock, calendar, at: clockwork.stop(clock, at),
    "=": clockwork.pause,
    ">": clockwork.resume,
    "x": lambda clock, calendar, at: clockwork.cancel(clock, at),
}


def fire(timer: Timer, promises: Promises, now: datetime) -> Firing | None:
    """The timer's next step that is due, if any; the row is moved past it."""
    fired = clockwork.fire(_read(timer), promises.calendar_of(timer), now)
    if fired is None:
        return None
    firing, after = fired
    _write(timer, after)
    return firing


def _start(ticket: Ticket, key: str, promises: Promises, at: datetime, *, anew: bool) -> None:
    target = promises.target(ticket, key)
    present = [t for t in ticket.timers if t.target == key and t.round == ticket.round and not t.cancelled]
    if target is None:
        _cancel(present, at)
        return
    citizens = target.anchor == "receipt"
    if citizens and present and _stands(present[-1], target, anew):
        return  # setting somebody else to work, or telling it twice, changes nothing for the citizen
    _cancel(present, at)
    anchor = _anchor(ticket, key, at) if citizens and not anew else at
    calendar = promises.policy.sla.calendars[target.calendar]
    timer = Timer(
        name=target.name,
        party=target.party,
        contractor_id=None if citizens else ticket.contractor_id,
        round=ticket.round,
        policy=promises.policy.hash,
        attempts=0,
        error="",
    )
    _write(timer, clockwork.start(target, calendar, anchor))
    ticket.timers.append(timer)


def _stands(timer: Timer, target: Target, anew: bool) -> bool:
    """Whether a clock of this round answers the promise: it runs as promised, or was met, though not before an emergency."""
    return timer.budget == str(target.budget) if timer.stopped_at is None else not anew


def _anchor(ticket: Ticket, key: str, at: datetime) -> datetime:
    """From when a citizen's target is counted in this round, by the clocks that it has had, cancelled ones included."""
    begun = [timer.started_at for timer in ticket.timers if timer.target == key and timer.round == ticket.round]
    if begun and ticket.urgency == EMERGENCY:
        return begun[-1]
    return ticket.created_at if ticket.round == 1 else min(begun, default=at)


def _cancel(timers: Iterable[Timer], at: datetime) -> None:
    for timer in timers:
        if timer.stopped_at is None:
            _write(timer, clockwork.cancel(_read(timer), at))


def _read(timer: Timer) -> Clock:
    return Clock(
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
        cancelled=timer.cancelled,
    )


def _write(timer: Timer, clock: Clock) -> None:
    ladder = to_json(clock.ladder)
    if timer.ladder != ladder:
        timer.ladder = ladder
    timer.target = clock.target
    timer.budget = str(clock.budget)
    timer.calendar = clock.calendar
    timer.pausable = clock.pausable
    timer.started_at = clock.started_at
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
    timer.cancelled = clock.cancelled
