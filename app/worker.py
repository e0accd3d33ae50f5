"""The metronome: on every tick sweep the timers, close what stayed silent, deliver the outbox, take in what stayed
pending, leave a heartbeat.

APScheduler ticks and does nothing else: no job is scheduled for later, no job store is shared. All recurring work is here.
"""

from __future__ import annotations

import os
import secrets
import threading
from collections.abc import Callable
from datetime import datetime, timedelta

from apscheduler.schedulers.background import BackgroundScheduler

from app import digest, intake, outbox, timekeeping
from app.hotline import Hotline
from app.logs import log
from app.store import facts, inbox

HEARTBEAT = "worker.heartbeat"
PENDING_AFTER = timedelta(seconds=5)  # younger ones are still in the hands of the intake that kept them
MAX_ROUNDS = 20  # of one job in one tick, so that a flood in one cannot starve the others


class Worker:
    """Runs the recurring work of one process. ``name`` is unique among processes, for the claims."""

    def __init__(self, hotline: Hotline) -> None:
        self.hotline = hotline
        self.name = f"{os.getpid()}-{secrets.token_hex(4)}"
        self._stopping = threading.Event()
        self._scheduler = BackgroundScheduler(timezone="UTC")

    def start(self) -> None:
        """Begins to tick; each job on its own, so that a slow platform does not hold up the clocks."""
        for job in (self.sweep, self.end_holds, self.digest, self.close_silent, self.deliver, self.take_in_pending, self.beat):
            self._scheduler.add_job(
                _guarded(job),
                "interval",
                seconds=self.hotline.settings.tick_seconds,
                id=job.__name__,
                coalesce=True,
                misfire_grace_time=None,
                max_instances=1,
            )
        self._scheduler.start()

    def stop(self) -> None:
        """Finishes what is in hand and stops."""
        self._stopping.set()
        self._scheduler.shutdown(wait=True)

    def tick(self) -> None:
        """Everything once, in order: what tests and ``hotline`` commands call instead of waiting."""
        for job in (self.end_holds, self.sweep, self.digest, self.close_silent, self.take_in_pending, self.deliver, self.beat):
            job()

    def sweep(self) -> None:
        self._until_idle(lambda: timekeeping.sweep(self.hotline))

    def end_holds(self) -> None:
        self._until_idle(lambda: timekeeping.end_holds(self.hotline))

    def digest(self) -> None:
        self._until_idle(lambda: digest.digest(self.hotline))

    def close_silent(self) -> None:
        self._until_idle(lambda: timekeeping.close_silent(self.hotline))

    def deliver(self) -> None:
        self._until_idle(lambda: outbox.deliver(self.hotline, self.name))

    def take_in_pending(self) -> None:
        with self.hotline.look() as tx:
            rows = inbox.pending(tx.session, tx.wall - PENDING_AFTER)
        for row, error in intake.retry(self.hotline, rows):
            log.info("intake.retried", inbound=row.id, error=error)

    def beat(self) -> None:
        with self.hotline.tx() as tx:
            facts.stamp(tx.session, HEARTBEAT, tx.wall, tx.now.isoformat())

    def _until_idle(self, job: Callable[[], int]) -> None:
        for _ in range(MAX_ROUNDS):
            if self._stopping.is_set() or job() == 0:
                return


def _guarded(job: Callable[[], None]) -> Callable[[], None]:
    def run() -> None:
        try:
            job()
        except Exception as broken:  # noqa: BLE001  one failed tick is logged; the next one tries again
            log.error("worker.tick_failed", job=job.__name__, error=repr(broken))

    return run


def last_business_time(hotline: Hotline) -> datetime | None:
    """The business time of the last heartbeat: where a demonstration's clock goes on."""
    with hotline.look() as tx:
        fact = facts.read(tx.session, HEARTBEAT)
    return datetime.fromisoformat(fact.text) if fact is not None and fact.text else None
