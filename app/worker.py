"""The metronome: on every tick count again what a calendar import left, end what was on hold until now, sweep the timers, tell
what was missed, draw whom to call back, close what stayed silent, take in what stayed pending, deliver the outbox to people and
to contractors' systems, seal the day's history, leave a beat.

APScheduler ticks and does nothing else: it rings, no job is scheduled for later, no job store is shared. Each job has a thread
that does one round when it is rung, by the tick or by a transaction that wrote notices (``app.store.wake``); however often it is
rung meanwhile, one more round follows. A sweep or a delivery begins with a peek and ends there when nothing is due.
"""

from __future__ import annotations

import os
import platform
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from apscheduler.schedulers.background import BackgroundScheduler
from sqlalchemy.exc import OperationalError

from app import aftercare, digest, intake, outbox, recount, timekeeping, verify
from app.clock import stopwatch
from app.hotline import Hotline
from app.logs import log
from app.store import beats, inbox
from app.store.peek import Peek
from app.store.wake import Listener

PENDING_AFTER = timedelta(seconds=5)  # younger ones are still in the hands of the intake that kept them
MAX_ROUNDS = 20  # of one job at one ring, so that a flood in one cannot starve the others
BEAT_EVERY = timedelta(seconds=0.9)  # at most; a little less than the usual tick, which is never quite punctual
RECOUNT_EVERY = timedelta(seconds=30)  # at most: a clock is seldom begun on a calendar that has just been superseded
# In the order in which a tick does them.
JOBS = (
    *("recount", "end_holds", "sweep", "tell_missed", "draw_calls", "close_silent", "take_in_pending"),
    *("deliver", "push", "seal", "beat"),
)
WOKEN = ("sweep", "deliver", "push")  # what need not wait for the tick


@dataclass(frozen=True, slots=True)
class Tally:
    """What a worker has done since it started: steps fired, seconds spent on it, how late the last busy sweep was."""

    fired: int = 0
    busy: float = 0.0
    lag: float = 0.0


class Worker:
    """Runs the recurring work of one process. ``name`` is unique among processes, for the claims and the beats."""

    stop_seconds = 6.0  # that stopping waits for what is in hand: more than any platform may take for one notice

    def __init__(self, hotline: Hotline) -> None:
        self.hotline = hotline
        self.name = f"{os.getpid()}-{secrets.token_hex(4)}"
        self.tally = Tally()
        self._started_at = hotline.clock.wall()
        self._beaten_at: datetime | None = None
        self._recounted_at: datetime | None = None
        self._week_kept: date | None = None
        self._sealed_on: date | None = None
        self._peek = Peek(hotline.db)
        self._stopping = threading.Event()
        self._scheduler = BackgroundScheduler(timezone="UTC")
        self._bells = {name: threading.Event() for name in JOBS}
        self._threads: list[threading.Thread] = []
        self._listener: Listener | None = None

    def start(self) -> None:
        """Begins at once and goes on with every tick; each job on its own, so that a slow platform holds up no clock."""
        self.hotline.bell.hang(*(self._bells[name] for name in WOKEN))
        for name in JOBS:
            thread = threading.Thread(target=self._answer, args=(name,), name=f"worker.{name}", daemon=True)
            self._threads.append(thread)
            thread.start()
        if not self.hotline.db.is_sqlite:
            self._listener = Listener(self.hotline.db.connect_aside, self._wake)
            self._listener.start()
        self._scheduler.add_job(
            self._ring_all,
            "interval",
            seconds=self.hotline.settings.tick_seconds,
            coalesce=True,
            misfire_grace_time=None,
            max_instances=1,
        )
        self._scheduler.start()
        self._ring_all()

    def stop(self) -> None:
        """Finishes what is in hand and stops; what takes longer than a few seconds is left to whoever takes it over."""
        self._stopping.set()
        self._scheduler.shutdown(wait=True)
        self.hotline.bell.take_down(*(self._bells[name] for name in WOKEN))
        if self._listener is not None:
            self._listener.stop()
        self._ring_all()
        began = stopwatch()
        for thread in self._threads:
            thread.join(timeout=max(0.0, self.stop_seconds - (stopwatch() - began)))
        left = [thread.name for thread in self._threads if thread.is_alive()]
        if left:
            log.warning("worker.left_behind", jobs=left)  # its leases lapse, and then another worker goes on with it
        _guarded("beat", self._say_alive)

    def tick(self) -> None:
        """Everything once, in order: what tests and ``hotline`` commands call instead of waiting."""
        for name in JOBS:
            getattr(self, name)()

    def sweep(self) -> None:
        """Fires steps until none is due, or for as many rounds as one ring has."""
        fired, lag, began = 0, 0.0, stopwatch()
        try:
            for _ in range(MAX_ROUNDS):
                now = self.hotline.clock.now()
                oldest = None if self._stopping.is_set() else self._peek.timer(now)
                moved = timekeeping.sweep(self.hotline) if oldest is not None else 0
                if oldest is None or not moved:
                    return
                fired, lag = fired + moved, max(lag, (now - oldest).total_seconds())
            self._bells["sweep"].set()
        finally:
            if fired:
                self.tally = Tally(self.tally.fired + fired, self.tally.busy + stopwatch() - began, lag)

    def recount(self) -> None:
        """Counts again what a calendar import has left, and clocks begun on the old calendar while it was made."""
        wall = self.hotline.clock.wall()
        if self._recounted_at is None or abs(wall - self._recounted_at) >= RECOUNT_EVERY:
            recount.carry_out(self.hotline, recount.by_notices, stopping=self._stopping.is_set)
            self._recounted_at = wall

    def end_holds(self) -> None:
        self._until_idle(timekeeping.end_holds)

    def tell_missed(self) -> None:
        self._until_idle(digest.tell_missed)

    def draw_calls(self) -> None:
        """Thinks of the rounds that are over; and once, when a week is, of what it owes."""
        for _ in range(MAX_ROUNDS):
            idle = self._stopping.is_set() or self._peek.round_to_think_of(self.hotline.clock.now()) is None
            if idle or aftercare.draw_calls(self.hotline) == 0:
                break
        monday = aftercare.week_of(self.hotline)
        if self._week_kept != monday:
            aftercare.keep_minimum(self.hotline, monday)
            self._week_kept = monday

    def close_silent(self) -> None:
        self._until_idle(timekeeping.close_silent)

    def _until_idle(self, job: Callable[[Hotline], int]) -> None:
        for _ in range(MAX_ROUNDS):
            if self._stopping.is_set() or job(self.hotline) == 0:
                return

    def deliver(self) -> None:
        """Sends until nothing is due, or for as many rounds as one ring has."""
        for _ in range(MAX_ROUNDS):
            if self._stopping.is_set() or self._peek.notice(self.hotline.clock.wall()) is None:
                return
            if outbox.deliver(self.hotline, self.name) == 0:
                return
        self._bells["deliver"].set()

    def push(self) -> None:
        """The same to contractors' systems, apart from the notices to people."""
        for _ in range(MAX_ROUNDS):
            if self._stopping.is_set() or self._peek.notice(self.hotline.clock.wall()) is None:
                return
            if outbox.push(self.hotline, self.name) == 0:
                return
        self._bells["push"].set()

    def take_in_pending(self) -> None:
        with self.hotline.look() as tx:
            rows = inbox.pending(tx.session, tx.wall - PENDING_AFTER)
        for row, error in intake.retry(self.hotline, rows):
            log.info("intake.retried", inbound=row.id, error=error)

    def seal(self) -> None:
        """Seals the chains of events once a day, whichever worker is first."""
        today = self.hotline.local_day(self.hotline.clock.wall())
        if self._sealed_on != today:
            verify.seal_today(self.hotline)
            self._sealed_on = today

    def beat(self) -> None:
        """Says that this worker lives, unless it has just done so."""
        wall = self.hotline.clock.wall()
        if self._beaten_at is None or abs(wall - self._beaten_at) >= BEAT_EVERY:
            self._say_alive()

    def _say_alive(self) -> None:
        tally = self.tally
        with self.hotline.tx() as tx:
            said = {
                "host": platform.node()[:200],
                "started_at": self._started_at,
                "beat_at": tx.wall,
                "now": tx.now,
                "fired": tally.fired,
                "busy_seconds": tally.busy,
                "lag_seconds": tally.lag,
            }
            beats.write(tx.session, self.name, said)
        self._beaten_at = tx.wall

    def _ring_all(self) -> None:
        for bell in self._bells.values():
            bell.set()

    def _wake(self) -> None:
        for name in WOKEN:
            self._bells[name].set()

    def _answer(self, name: str) -> None:
        """The life of a job's thread."""
        bell, job = self._bells[name], getattr(self, name)
        while bell.wait() and not self._stopping.is_set():
            bell.clear()  # before the work: what rings during it may be news that it has not seen
            _guarded(name, job)


def _guarded(name: str, job: Callable[[], None]) -> None:
    try:
        job()
    except OperationalError as away:  # busy beyond its time-out, or gone: nothing is wrong with the work
        log.warning("worker.database", job=name, error=repr(away))
    except Exception as broken:  # noqa: BLE001  one failed round is logged; the next tick tries again
        log.error("worker.tick_failed", job=name, error=repr(broken))


def last_business_time(hotline: Hotline) -> datetime | None:
    """The business time of the last beat: where a demonstration's clock goes on."""
    with hotline.look() as tx:
        beat = beats.newest(tx.session)
    return beat.now if beat is not None else None
