"""DOOR 3: time passes.

1 which timers have ``next_at`` behind us (one indexed read)
2 for each, in a transaction of its own: claim it by its ``next_at``; another worker may have got there first
3 the clock says which step is due and dates it by the deadline, not by us
4 act(remind | breach | escalate); a ticket no longer waiting for anybody just lets the step go by

One that throws is parked and alarmed; the others go on. An outage changes nobody's record: missed steps fire in order, each
with its own date.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm.exc import StaleDataError

from app.casework import act
from app.hotline import Hotline, Tx
from app.logs import log
from app.store import timers as store
from app.tickets import clocks
from app.tickets.lifecycle import RULES, SYSTEM
from app.tickets.model import Timer
from sla.timer import Firing

BATCH = 100
LEVELS = {"催办": 1, "督办": 2, "约谈": 3}  # how high a rung of the ladder is


def sweep(hotline: Hotline, limit: int = BATCH) -> int:
    """Fires what is due, at most ``limit`` steps; returns how many timers were moved on."""
    with hotline.look() as tx:
        due = store.due(tx.session, tx.now, limit)
    moved = 0
    for timer_id, expected in due:
        try:
            with hotline.tx() as tx:
                timer = store.claim(tx.session, timer_id, expected)
                if timer is not None:
                    _fire(tx, timer)
                    moved += 1
        except StaleDataError:
            log.info("timer.collided", timer=timer_id)  # somebody acted on the ticket meanwhile; the next sweep looks again
        except Exception as broken:  # noqa: BLE001  one bad timer must not stop the others' clocks
            log.error("timer.parked", timer=timer_id, error=repr(broken))
            with hotline.tx() as tx:
                store.park(tx.session, timer_id, expected, tx.now, repr(broken))
    return moved


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
