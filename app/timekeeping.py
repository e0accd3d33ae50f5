"""DOOR 3: time passes.

1 claim a batch of timers with ``next_at`` behind us, ticket by ticket; what another worker has in hand is skipped
2 each clock says which step is due and dates it by the deadline, not by us
3 act(remind | breach | escalate); a ticket no longer waiting for anybody just lets the step go by
4 act(resume) on what was on hold until now, dated by the end of the hold
5 act(close) on what was resolved and has been silent for ``auto_close_days``, dated by the day the silence was full

One that throws is parked and alarmed; the others go on. An outage changes nobody's record: missed steps fire in order, each
with its own date. What is noticed late is told in one digest (``app/digest.py``), not in a burst.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy.exc import OperationalError
from sqlalchemy.orm.exc import StaleDataError

from app.casework import act
from app.hotline import Hotline, Tx
from app.logs import log
from app.store import calls, holds, silence
from app.store import tickets as ticket_store
from app.store import timers as store
from app.tickets import clocks
from app.tickets.lifecycle import RULES, SYSTEM, State
from app.tickets.model import Ticket, Timer
from sla.timer import Firing

BATCH = 100
AT_WORK = ("citizen", "contractor")  # whose clocks mean nothing once a ticket is closed; a decision, a call are still waited for
LEVELS = {"催办": 1, "督办": 2, "约谈": 3}  # how high a rung of the ladder is


def sweep(hotline: Hotline, limit: int = BATCH) -> int:
    """Fires what is due, each ticket's steps in the order they fell due, at most ``limit`` steps; returns how many.

    All in one transaction. When one of them cannot be fired, nothing was, and each is tried by itself.
    """
    claimed: list[int] = []
    try:
        with hotline.tx() as tx:
            batch = store.claim_due(tx.session, tx.now, limit)
            claimed = [timer.id for timer in batch]
            with tx.in_bulk():
                return _fire_in_order(tx, batch, limit)
    except (StaleDataError, OperationalError) as away:
        log.warning("sweep.database", error=repr(away))  # nothing is wrong with the timers: the next sweep looks again
        return 0
    except Exception as broken:  # noqa: BLE001  one bad timer must not stop the others' clocks
        log.warning("sweep.one_by_one", error=repr(broken), timers=len(claimed))
        return sum(_alone(hotline, timer_id) for timer_id in claimed)


def _fire_in_order(tx: Tx, batch: Sequence[Timer], limit: int) -> int:
    """Step by step, whichever is due first; a timer whose next step is due as well comes again."""
    waiting = [(timer.next_at, timer.id, timer) for timer in batch]  # in order, and so a heap
    moved = 0
    while waiting and moved < limit:
        _, _, timer = heapq.heappop(waiting)
        _fire(tx, timer)
        moved += 1
        if timer.next_at is not None and timer.next_at <= tx.now:
            heapq.heappush(waiting, (timer.next_at, timer.id, timer))
    return moved


def _alone(hotline: Hotline, timer_id: int) -> int:
    """One step of one timer in a transaction of its own; 0 when it was not ours to take, or could not be taken."""
    try:
        with hotline.tx() as tx:
            timer = store.claim(tx.session, timer_id, tx.now)
            if timer is None:
                return 0
            _fire(tx, timer)
        return 1
    except (StaleDataError, OperationalError) as away:
        log.warning("timer.database", timer=timer_id, error=repr(away))
    except Exception as broken:  # noqa: BLE001  one bad timer must not stop the others' clocks
        log.error("timer.parked", timer=timer_id, error=repr(broken))
        with hotline.tx() as tx:
            store.park(tx.session, timer_id, tx.now, repr(broken))
    return 0


def _fire(tx: Tx, timer: Timer) -> None:
    firing = clocks.fire(timer, tx.promises, tx.now)
    if firing is None:
        return
    ticket = timer.ticket
    action = str(firing.step.action)
    if ticket.state not in RULES[action].sources or (ticket.state is State.CLOSED and timer.party in AT_WORK):
        return
    cause = f"timer:{timer.id}:{firing.step.key}:{firing.step.turn}:v{firing.version}"
    act(tx, ticket, action, SYSTEM, _details(tx, timer, firing), at=firing.at, cause=cause)


def _details(tx: Tx, timer: Timer, firing: Firing) -> dict[str, Any]:
    step = firing.step
    said = {
        "clock": timer.ticket.timers.index(timer),
        "target": timer.target,
        "target_name": timer.name,
        "party": timer.party,
        "step": step.key,
        "until": step.until,
        "level": LEVELS.get(step.level, 0),
        "level_name": step.level,
        "tell": list(step.tell),
        "due_at": timer.due_at.isoformat(),
        "due": tx.hotline.spell(timer.due_at),
    }
    if timer.target == "assist":
        said["helper"] = timer.contractor_id
    if tx.now - firing.at > timedelta(minutes=tx.hotline.policy.rules.digest_after_minutes):
        said["late"] = True  # told in the digest, not by itself
    return said


def end_holds(hotline: Hotline, limit: int = BATCH) -> int:
    """Takes up again what was on hold until now, each in a transaction of its own and dated by its end; returns how many."""
    with hotline.look() as tx:
        over = holds.over(tx.session, tx.now, limit)
    return sum(in_its_own(hotline, ticket_id, _take_up) for ticket_id in over)


def _take_up(tx: Tx, ticket: Ticket) -> bool:
    held = ticket.present_hold
    if held is None or ticket.state is not State.ON_HOLD or held.until > tx.now:
        return False  # somebody took it up meanwhile
    act(tx, ticket, "resume", SYSTEM, {"reason": "挂起到期"}, at=held.until, cause=f"hold:{held.id}")
    return True


def close_silent(hotline: Hotline, limit: int = BATCH) -> int:
    """Closes reviewed resolutions that nobody answered, and about which nobody is to be called, each in a transaction of its own;
    returns how many.

    No timer: silence is promised to nobody, and a clock for it would stand among the promises and run over. No rating either:
    silence is not praise.
    """
    with hotline.look() as tx:
        silent = silence.silent_since(tx.session, tx.now - _silence(tx), limit)
    return sum(in_its_own(hotline, ticket_id, _close) for ticket_id in silent)


def _silence(tx: Tx) -> timedelta:
    return timedelta(days=tx.hotline.policy.rules.auto_close_days)


def _close(tx: Tx, ticket: Ticket) -> bool:
    over = ticket.updated_at + _silence(tx)
    if ticket.state is not State.RESOLVED or ticket.reviewed_at is None or over > tx.now:
        return False  # somebody spoke up meanwhile
    if ticket.to_call_at is not None or calls.open_of(tx.session, ticket.id) is not None:
        return False  # or is to be called
    why = {"why": f"办结后{_silence(tx).days}天无人回应"}
    act(tx, ticket, "close", SYSTEM, why, at=over, cause=f"silence:{ticket.id}:{ticket.seq}")
    return True


def in_its_own(hotline: Hotline, ticket_id: int, do: Callable[[Tx, Ticket], bool]) -> bool:
    """One ticket in a transaction of its own: what cannot be done to it does not keep the others from being done."""
    try:
        with hotline.tx() as tx:
            return do(tx, ticket_store.by_id(tx.session, ticket_id))
    except StaleDataError:
        log.info("ticket.collided", ticket=ticket_id)  # somebody acted on it meanwhile: the next tick looks again
    except Exception as broken:  # noqa: BLE001
        log.error("ticket.failed", ticket=ticket_id, job=do.__name__, error=repr(broken))
    return False
