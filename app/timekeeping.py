"""DOOR 3: time passes.

1 which timers have ``next_at`` behind us (one indexed read)
2 for each, in a transaction of its own: claim it by its ``next_at``; another worker may have got there first
3 the clock says which step is due and dates it by the deadline, not by us
4 act(remind | breach | escalate); a ticket no longer waiting for anybody just lets the step go by
5 act(close) on what was resolved and has been silent for ``auto_close_days``, dated by the day the silence was full

One that throws is parked and alarmed; the others go on. An outage changes nobody's record: missed steps fire in order, each
with its own date.
"""

from __future__ import annotations

import heapq
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.exc import OperationalError
from sqlalchemy.orm.exc import StaleDataError

from app.casework import act
from app.hotline import Hotline, Tx
from app.logs import log
from app.store import silence
from app.store import tickets as ticket_store
from app.store import timers as store
from app.tickets import clocks
from app.tickets.lifecycle import RULES, SYSTEM, State
from app.tickets.model import Timer
from sla.timer import Firing

BATCH = 100
LEVELS = {"催办": 1, "督办": 2, "约谈": 3}  # how high a rung of the ladder is


def sweep(hotline: Hotline, limit: int = BATCH) -> int:
    """Fires what is due in the order it fell due, at most ``limit`` steps; returns how many."""
    with hotline.look() as tx:
        now, due = tx.now, store.due(tx.session, tx.now, limit)
    waiting = [(at, timer_id) for timer_id, at in due]  # in order, and so a heap
    seen_until = waiting[-1][0] if len(waiting) == limit else now  # what lies beyond has rivals that were not read
    moved = 0
    while waiting and moved < limit:
        at, timer_id = heapq.heappop(waiting)
        timer = _step(hotline, timer_id, at)
        if timer is not None:
            moved += 1
            if timer.next_at is not None and timer.next_at <= seen_until:
                heapq.heappush(waiting, (timer.next_at, timer_id))
    return moved


def _step(hotline: Hotline, timer_id: int, expected: datetime) -> Timer | None:
    """One step of one timer in a transaction of its own; None when it was not ours to take, or could not be taken."""
    try:
        with hotline.tx() as tx:
            timer = store.claim(tx.session, timer_id, expected)
            if timer is not None:
                _fire(tx, timer)
        return timer
    except StaleDataError:
        log.info("timer.collided", timer=timer_id)  # somebody acted on the ticket meanwhile; the next sweep looks again
    except OperationalError as away:
        log.warning("timer.database", timer=timer_id, error=repr(away))  # nothing is wrong with the timer: the next sweep
    except Exception as broken:  # noqa: BLE001  one bad timer must not stop the others' clocks
        log.error("timer.parked", timer=timer_id, error=repr(broken))
        with hotline.tx() as tx:
            store.park(tx.session, timer_id, expected, tx.now, repr(broken))
    return None


def _fire(tx: Tx, timer: Timer) -> None:
    firing = clocks.fire(timer, tx.hotline.promises, tx.now)
    if firing is None:
        return
    ticket = timer.ticket
    action = str(firing.step.action)
    if ticket.state not in RULES[action].sources:
        return
    cause = f"timer:{timer.id}:{firing.step.key}:{firing.step.turn}:v{firing.version}"
    act(tx, ticket, action, SYSTEM, _details(tx, timer, firing), at=firing.at, cause=cause)


def _details(tx: Tx, timer: Timer, firing: Firing) -> dict[str, Any]:
    step = firing.step
    return {
        "target": timer.target,
        "target_name": timer.name,
        "step": step.key,
        "level": LEVELS.get(step.level, 0),
        "level_name": step.level,
        "tell": list(step.tell),
        "due_at": timer.due_at.isoformat(),
        "due": tx.hotline.spell(timer.due_at),
    }


def close_silent(hotline: Hotline, limit: int = BATCH) -> int:
    """Closes resolutions that nobody answered, each in a transaction of its own; returns how many.

    No timer: silence is promised to nobody, and a clock for it would stand among the promises and run over. No rating either:
    silence is not praise.
    """
    allowed = timedelta(days=hotline.policy.rules.auto_close_days)
    with hotline.look() as tx:
        silent = silence.silent_since(tx.session, tx.now - allowed, limit)
    return sum(_close(hotline, ticket_id, allowed) for ticket_id in silent)


def _close(hotline: Hotline, ticket_id: int, allowed: timedelta) -> bool:
    try:
        with hotline.tx() as tx:
            ticket = ticket_store.by_id(tx.session, ticket_id)
            over = ticket.updated_at + allowed
            if ticket.state is not State.RESOLVED or over > tx.now:
                return False  # somebody spoke up meanwhile
            why = {"why": f"办结后{allowed.days}天无人回应"}
            act(tx, ticket, "close", SYSTEM, why, at=over, cause=f"silence:{ticket.id}:{ticket.seq}")
        return True
    except StaleDataError:
        log.info("silence.collided", ticket=ticket_id)  # somebody acted on the ticket meanwhile: it is not silent
    except Exception as broken:  # noqa: BLE001  one ticket that cannot be closed must not keep the others open
        log.error("silence.failed", ticket=ticket_id, error=repr(broken))
    return False
