"""Several ``hotline work`` on one database, one of them killed again and again: every step exactly once, every notice told.

Asserts on what stands in the tables and on nothing else: how a sweep goes about it is its own affair.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select, update

from app.clock import SystemClock
from app.hotline import Hotline
from app.intake import Item, take_together
from app.register.model import Contract, WorkerBeat
from app.shipped import model_for
from app.store import beats
from app.store import timers as timer_store
from app.tickets.model import TicketEvent, Timer
from app.tickets.post import OutboxRow, OutboxState
from channels.contract import Complaint, Delivery, Kind
from tests.cast import Cast, Curtain
from tests.databases import PostgresServer, Prepare, SqliteFiles
from tests.processes import Child, Nursery, Process, nursery

LEAK = "石桥新居3栋2单元1502 厨房水管漏水"
LIVES = 3  # waves of work; into each falls a kill
LETTERS = 40  # in a wave; each has two clocks with several steps, all long due
AGO = timedelta(days=20)
LOOKS = 6000
UNSENT = (OutboxState.WAITING, OutboxState.CLAIMED)


@dataclass
class Shift:
    """Some workers on one database, and what was seen while they were killed."""

    lives: Nursery
    cast: Cast
    env: dict[str, str]
    out: Path
    workers: list[Child] = field(default_factory=list)
    left_at_death: int = 0

    def begins(self) -> None:
        self.workers.append(self.lives.bear("work", env=self.env, out=self.out))

    def kills_one(self) -> None:
        self.workers.pop(0).kill()
        self.left_at_death += due(self.cast.hotline, SystemClock().now())


@contextmanager
def shift(cast: Cast, workers: int, folder: Path) -> Iterator[Shift]:
    """Workers that share the cast's database; the cast itself only writes letters and reads tables."""
    with cast.hotline.tx() as tx:  # the city's contracts do not run out while this test lives
        tx.session.execute(update(Contract).values(starts=date(2000, 1, 1), ends=date(2199, 12, 31)))
    model_for(cast.hotline.policy, folder)  # kept there, so that not every worker trains it
    env = {
        "HOTLINE_DATA_DIR": str(folder),
        "HOTLINE_DATABASE_URL": cast.hotline.settings.url,
        "HOTLINE_TICK_SECONDS": "0.05",
    }
    with nursery() as lives:
        at_work = Shift(lives, cast, env, folder / "out.log")
        try:
            for _ in range(workers):
                at_work.begins()
            yield at_work
        finally:  # a test that fails leaves nobody running
            for worker in at_work.workers:
                worker.stop()


def neglected(cast: Cast, wave: int) -> None:
    """Letters of three weeks ago that nobody has looked at since."""
    cast.clock.set(SystemClock().wall() - AGO)
    items = [
        Item(
            Delivery("wechat", LEAK.encode(), SystemClock().wall()),  # young: none that a worker has to take in
            Complaint(external_id=f"{wave}-{number}", sender=f"o-{wave}-{number}", kind=Kind.TEXT, text=LEAK),
        )
        for number in range(LETTERS)
    ]
    take_together(cast.hotline, items)


def due(hotline: Hotline, now: datetime) -> int:
    with hotline.look() as tx:
        return _number(tx.session.scalar(select(func.count()).where(Timer.next_at <= now)))


def fired(hotline: Hotline) -> int:
    with hotline.look() as tx:
        return _number(tx.session.scalar(select(func.sum(Timer.next_step))))


def unsent(hotline: Hotline) -> int:
    with hotline.look() as tx:
        return _number(tx.session.scalar(select(func.count()).where(OutboxRow.state.in_(UNSENT))))


def _number(found: int | None) -> int:
    return found or 0


def goes_to_work(at_work: Shift) -> None:
    """Waves of work; into each falls the death of a worker, and another takes its place."""
    hotline = at_work.cast.hotline
    for wave in range(LIVES):
        before = fired(hotline)
        neglected(at_work.cast, wave)
        until(at_work, lambda: fired(hotline) > before)  # noqa: B023  (asked within this turn)
        at_work.kills_one()
        at_work.begins()
    now = SystemClock().now()
    until(at_work, lambda: due(hotline, now) == 0)
    until(at_work, lambda: unsent(hotline) == 0)


def until(at_work: Shift, come: Callable[[], bool]) -> None:
    for _ in range(LOOKS):
        if come():
            return
        assert all(worker.alive for worker in at_work.workers), at_work.out.read_text(encoding="utf-8")[-2000:]
        at_work.workers[0].pause()
    raise AssertionError(at_work.out.read_text(encoding="utf-8")[-2000:])


def check(at_work: Shift) -> None:
    with at_work.cast.hotline.look() as tx:
        causes = Counter(cause for cause in tx.session.scalars(select(TicketEvent.cause)) if cause)
        steps = {timer.id: timer.next_step for timer in tx.session.scalars(select(Timer))}
        rows = list(tx.session.scalars(select(OutboxRow)))
        sequences = Counter(map(tuple, tx.session.execute(select(TicketEvent.ticket_id, TicketEvent.seq))))
        beaten = {beat.name: beat.fired for beat in tx.session.scalars(select(WorkerBeat))}
        assert timer_store.parked_count(tx.session) == 0
    assert len(steps) >= LIVES * LETTERS * 2
    assert max(causes.values()) == max(sequences.values()) == 1
    told_of = Counter(int(cause.split(":")[1]) for cause in causes if cause.startswith("timer:"))
    assert {timer: told_of[timer] for timer in steps} == steps
    assert len({row.key for row in rows}) == len(rows)
    assert {row.state for row in rows} <= {OutboxState.SENT, OutboxState.HELD, OutboxState.DIGESTED, OutboxState.DROPPED}
    # By key and not by line: what a dying process wrote last may stand before another one's line, without an end.
    printed = set(re.findall(r'"key": "([^"]+)"', at_work.out.read_text(encoding="utf-8")))
    assert {row.key for row in rows if row.sent_via == "console"} - printed == set()
    assert 0 < sum(beaten.values()) <= sum(steps.values())  # a killed worker takes with it what it did since its last beat
    assert at_work.left_at_death, "every kill fell into idleness: the test proved nothing about work under way"


@pytest.mark.slow
def test_three_workers_on_one_postgres(raise_curtain: Curtain, postgres: PostgresServer, city: Prepare, tmp_path: Path) -> None:
    url = postgres.create(city)
    with shift(raise_curtain(url), 3, tmp_path) as at_work:
        goes_to_work(at_work)
        check(at_work)
    at_work.cast.hotline.db.dispose()
    postgres.drop(url)


@pytest.mark.slow
def test_two_workers_on_one_file(raise_curtain: Curtain, sqlite: SqliteFiles, city: Prepare, tmp_path: Path) -> None:
    with shift(raise_curtain(sqlite.create(city)), 2, tmp_path) as at_work:
        goes_to_work(at_work)
        check(at_work)


@pytest.mark.slow
def test_a_worker_that_is_told_to_stop_ends_well(
    raise_curtain: Curtain, sqlite: SqliteFiles, city: Prepare, tmp_path: Path
) -> None:
    cast = raise_curtain(sqlite.create(city))
    with shift(cast, 0, tmp_path) as at_work:
        worker = Process("work", env=at_work.env, out=at_work.out)
        for _ in range(LOOKS):
            with cast.hotline.look() as tx:
                beat = beats.newest(tx.session)
            if beat is not None or not worker.alive:
                break
            worker.pause()
        assert worker.stop() == 0
        with cast.hotline.look() as tx:
            last = beats.newest(tx.session)
    assert beat is not None and last is not None and last.beat_at > beat.beat_at  # it said so when it went
