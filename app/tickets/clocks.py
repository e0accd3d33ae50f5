"""What an act does to a ticket's clocks: rows of ``timer`` turned into pure clocks, moved on, and written back.

Which anchor: on the first round the citizen's targets run from receipt, however late somebody was set to work; on a later round
from the act that opened it. An emergency told later runs from the alarm (``!``): before it nobody could know, and a limit of
minutes counted from receipt would have lapsed before a word was said. While it lasts, whatever follows keeps that anchor; told
again, or found to be none, it gives nobody more time. A contractor's targets run from the act that set that contractor to work.

Every change is told to the ledger 台账, from which the deadline is explained later.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from app.tickets.ledger import Entry, entry
from app.tickets.lifecycle import Actor, Handler, Role, State, TimerEffect
from app.tickets.model import Ticket, Timer
from app.tickets.petitions import outlives
from app.tickets.promises import EMERGENCY, Promises
from app.tickets.rows import read, write
from sla import timer as clockwork
from sla.policy import Target
from sla.timer import Clock, Firing

ASSIST = "assist"
TO_SOMEBODY = ("contact", "respond", "reach", "callback")  # what is promised to one person: to be called, answered, called back


@dataclass(frozen=True, slots=True)
class Act:
    """What the clocks need to know of an act: on which ticket, under which promises, dated when, by whom, with what details."""

    ticket: Ticket
    promises: Promises
    at: datetime
    by: Actor
    details: Mapping[str, Any] = field(default_factory=dict)
    leads_to: State | None = None  # where the ticket stands after it
    entries: list[Entry] = field(default_factory=list)

    def changes(self, timer: Timer, op: str, before: Clock | None, after: Clock, **more: Any) -> None:
        """Writes the clock back, and what happened to it into the ledger."""
        if before == after:
            return
        place = len(self.ticket.timers) if before is None else self.ticket.timers.index(timer)
        write(timer, before, after)
        self.entries.append(entry(place, op, before, after, **more))


def apply(effects: Iterable[TimerEffect], act: Act) -> list[Entry]:
    """Does what a row of the table says to the clocks of a ticket; returns what changed. What an act writes on the ticket beside
    that stands there already: a decided petition waits no longer."""
    for effect in effects:
        if effect.op in "+!":
            _start(act, effect.target, anew=effect.op == "!")
            continue
        target = str(act.details.get("target", "")) if effect.target == "?" else effect.target
        for timer in act.ticket.timers:
            if timer.stopped_at is None and target in ("*", timer.target) and _concerns(effect.op, timer, act):
                clock = read(timer, act.promises)
                act.changes(timer, effect.op, clock, _CHANGES[effect.op](clock, timer, act))
    return act.entries


def _concerns(op: str, timer: Timer, act: Act) -> bool:
    """What an agent does is not done by the contractor: its own clocks run on. Of several who assist each has a clock of its own.
    A decision that is still waited for keeps its clock, whatever becomes of the ticket."""
    if timer.target == ASSIST and "helper" in act.details:
        return bool(timer.contractor_id == int(act.details["helper"]))
    if timer.target == "decide" and op == "x":
        return not outlives(act.ticket, act.leads_to)
    return not (op == "-" and timer.party == "contractor" and act.by.role is Role.AGENT and act.ticket.handler != Handler.DESK)


def _resume(clock: Clock, timer: Timer, act: Act) -> Clock:
    """From the act, or from the end of the hold where that was before: nobody stands still longer because the worker was away."""
    hold = act.ticket.present_hold
    at = min(act.at, hold.until) if hold is not None else act.at
    return clockwork.resume(clock, act.promises.calendar_of(timer), at, act.promises.hours_of(timer))


def _decided(clock: Clock, timer: Timer, act: Act) -> Clock:
    """The deadline that somebody decided on; what was asked for and granted moves no clock to an earlier one. Rungs are those
    the clock has: the promise of then, for the new deadline."""
    due_at = datetime.fromisoformat(str(act.details["deadline_at"]))
    granted = "asked" in act.details
    if due_at == clock.due_at or (granted and due_at < clock.due_at):
        return clock
    return clockwork.extend(clock, act.promises.calendar_of(timer), due_at, act.at, hours=act.promises.hours_of(timer))


def _recount(clock: Clock, timer: Timer, act: Act) -> Clock:
    return recounted(clock, timer, act.promises, act.details, act.at)


def recounted(clock: Clock, timer: Timer, promises: Promises, details: Mapping[str, Any], at: datetime) -> Clock:
    """Counted again on the newer version of its calendar, where it was counted on the former; otherwise as it is.

    ``details["calendar"]`` names both versions. ``details["hours"]``, where given, does the same for the service hours that its
    waiting rungs wait for, and those go into the row; without it they wait for the hours in force.
    """
    former, newer = (str(details["calendar"][key]) for key in ("from", "to"))
    waits = details.get("hours")
    if timer.calendar != former or (waits is not None and timer.hours != waits["from"]):
        return clock
    hours = promises.sla.hours
    if waits is not None:
        hours = promises.calendar(str(waits["to"])) if waits["to"] else None
        timer.hours = str(waits["to"])
    before, after = promises.calendar(former), promises.calendar(newer)
    same = before == after
    again = clockwork.replan(clock, after, hours) if same else clockwork.recount(clock, before, after, hours, at)
    return replace(again, next_at=None) if timer.parked_at is not None else again  # whoever mends it sets it going


def carry_on(timer: Timer, promises: Promises, details: Mapping[str, Any], at: datetime) -> None:
    """``recounted`` for a clock whose deadline that leaves where it is: nothing has happened to the ticket."""
    clock = read(timer, promises)
    write(timer, clock, recounted(clock, timer, promises, details, at))


_CHANGES: Mapping[str, Callable[[Clock, Timer, Act], Clock]] = {
    "-": lambda clock, timer, act: clockwork.stop(clock, act.at),
    "=": lambda clock, timer, act: clockwork.pause(clock, act.promises.calendar_of(timer), act.at),
    ">": _resume,
    "x": lambda clock, timer, act: clockwork.cancel(clock, act.at),
    "~": lambda clock, timer, act: clockwork.acknowledge(clock, act.at),
    "^": _decided,
    "%": _recount,
}


def fire(timer: Timer, promises: Promises, now: datetime) -> Firing | None:
    """The timer's next step that is due, if any; the row is moved past it. Counts on no calendar: the steps carry their times."""
    fired = clockwork.fire(read(timer, promises), now)
    if fired is None:
        return None
    firing, after = fired
    timer.next_step, timer.next_at, timer.breached_at = after.next_step, after.next_at, after.breached_at
    return firing


def unpark(timer: Timer, promises: Promises) -> None:
    """Gives a parked timer back to the sweep at the step where it stopped. Raises what parked it, where that is not mended."""
    clock = read(timer, promises)
    step = clock.ladder[clock.next_step] if clock.next_step < len(clock.ladder) else None
    timer.parked_at, timer.error = None, ""
    timer.next_at = step.at if step is not None and clock.running else None


def _start(act: Act, key: str, *, anew: bool) -> None:
    ticket, promises = act.ticket, act.promises
    target = promises.target(ticket, key)
    owed_by = _owed_by(act, key, target)
    present = [t for t in ticket.timers if t.target == key and t.round == ticket.round and not t.cancelled]
    if key == ASSIST:
        present = [timer for timer in present if timer.contractor_id == owed_by]
    running = [timer for timer in present if timer.stopped_at is None]
    if target is None:
        _cancel(act, running)
        return
    if _not_now(act, target, running, anew):
        return
    citizens = target.anchor == "receipt"
    if (citizens or anew) and present and _stands(present[-1], target, anew):
        return  # setting somebody else to work, or telling it twice, changes nothing for the citizen
    _cancel(act, running)
    anchor = _anchor(ticket, key, act.at) if citizens and not anew else act.at
    pauses = [(hold.started_at, hold.ended_at) for hold in ticket.holds if hold.ended_at is not None]
    hours = promises.sla.hours
    clock = clockwork.start(target, promises.sla.calendar_of(target), anchor, hours, pauses)
    timer = Timer(
        name=target.name,
        party=target.party,
        contractor_id=owed_by,
        round=ticket.round,
        policy=promises.policy.hash,
        hours=hours.version if hours is not None else "",
        attempts=0,
        error="",
    )
    counted = [[since.isoformat(), until.isoformat()] for since, until in pauses] if clock.held else []
    more = {"party": target.party, "policy": promises.policy.hash, "round": ticket.round, "pauses": counted}
    act.changes(timer, "!" if anew else "+", None, clock, name=target.name, **more, **_promised_on(ticket, target, owed_by))
    ticket.timers.append(timer)


def _owed_by(act: Act, key: str, target: Target | None) -> int | None:
    """The contractor that owes it, where one does."""
    if key == ASSIST:
        return int(act.details["helper"])
    return act.ticket.contractor_id if target is not None and target.party == "contractor" else None


def _promised_on(ticket: Ticket, target: Target, owed_by: int | None) -> dict[str, Any]:
    """What of the ticket the promise follows from, as it is now, and who owes it."""
    found: dict[str, Any] = {"leaf": ticket.leaf, "urgency": ticket.urgency}
    if ticket.emergencies:
        found["emergencies"] = list(ticket.emergencies)
    if target.party == "contractor":
        found["contractor"] = owed_by
    return found


def _not_now(act: Act, target: Target, running: list[Timer], anew: bool) -> bool:
    """Clocks that are not asked for as things stand, or that run already and are not begun again by the same thing said twice."""
    if target.key in TO_SOMEBODY and act.ticket.incident:  # the work order of many is nobody's complaint
        return True
    if target.key == "review":
        return act.ticket.reviewed_at is not None
    if target.key == "contact" and act.ticket.parent is not None:  # whoever was called about the whole was called about its parts
        return any(one.target == "contact" and one.stopped_at and not one.cancelled for one in act.ticket.parent.timers)
    if target.key in (ASSIST, "supervise"):
        return False
    if target.party == "contractor":
        accepted = target.key == "accept" and anew and not running
        return act.ticket.handler == Handler.DESK or accepted
    if target.key == "respond":  # until the first contact its own clock governs; a second word does not put off the first
        waits = any(timer.target == "contact" and timer.stopped_at is None for timer in act.ticket.timers)
        return waits or bool(running) or act.ticket.state is State.RESOLVED  # there nobody is at work; it is reopened first
    return False


def _stands(timer: Timer, target: Target, anew: bool) -> bool:
    """Whether a clock of this round answers the promise: it runs as promised, or was met, though not before an emergency."""
    return timer.budget == str(target.budget) if timer.stopped_at is None else not anew


def _anchor(ticket: Ticket, key: str, at: datetime) -> datetime:
    """From when a citizen's target is counted in this round, by the clocks that it has had, cancelled ones included."""
    begun = [timer.started_at for timer in ticket.timers if timer.target == key and timer.round == ticket.round]
    if begun and ticket.urgency == EMERGENCY:
        return begun[-1]
    return ticket.created_at if ticket.round == 1 else min(begun, default=at)


def _cancel(act: Act, timers: Iterable[Timer]) -> None:
    for timer in timers:
        clock = read(timer, act.promises)
        act.changes(timer, "x", clock, clockwork.cancel(clock, act.at))
