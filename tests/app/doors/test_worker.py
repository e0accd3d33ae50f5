"""The metronome and what operators see of it: it beats by itself, one broken job stops no other, silence is noticed."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import update

from app.intake import Item, keep
from app.store import beats
from app.tickets.model import Timer
from app.tickets.post import OutboxState
from app.worker import Worker, last_business_time
from channels.contract import Notice, Receipt
from tests.app.doors.street import LEAK, Street, letter, outbox_rows, tickets
from tests.cast import MONDAY_MORNING, Cast, Curtain, Pigeons

PATIENCE = 10.0  # seconds after which a test that waits has failed
QUICK = 0.05  # the shortest tick a process may be set to


class Heard(Worker):
    """A worker one can listen to: ``round_of`` waits until a job has been done once more from now on."""

    def __init__(self, cast: Cast) -> None:
        super().__init__(cast.hotline)
        self.done: Counter[str] = Counter()
        self.breaks: set[str] = set()
        self._changed = threading.Condition()

    def sweep(self) -> None:
        self._do("sweep", super().sweep)

    def deliver(self) -> None:
        self._do("deliver", super().deliver)

    def take_in_pending(self) -> None:
        self._do("take_in_pending", super().take_in_pending)

    def beat(self) -> None:
        self._do("beat", super().beat)

    def _do(self, name: str, job: Callable[[], None]) -> None:
        if name not in self.breaks:
            job()
        with self._changed:
            self.done[name] += 1
            self._changed.notify_all()
        if name in self.breaks:
            raise RuntimeError(f"{name} is broken")

    def round_of(self, *names: str) -> bool:
        """Each of these jobs was begun and ended after this call."""
        with self._changed:
            goal = {name: self.done[name] + 2 for name in names}
            return self._changed.wait_for(lambda: all(self.done[name] >= goal[name] for name in names), PATIENCE)


@contextmanager
def running(cast: Cast) -> Iterator[Heard]:
    worker = Heard(cast)
    worker.start()
    try:
        yield worker
    finally:
        worker.stop()


@pytest.fixture
def quick(raise_curtain: Curtain, sqlite_url: str) -> Cast:
    return raise_curtain(sqlite_url, tick_seconds=QUICK)


def heartbeat(cast: Cast) -> object:
    with cast.hotline.look() as tx:
        beat = beats.newest(tx.session)
    return beat.beat_at if beat else None


def test_one_tick_does_everything_once(cast: Cast) -> None:
    item = letter(cast.hotline, LEAK, message_id=1, at=cast.clock.wall())
    keep(cast.hotline, [item])
    cast.tick(seconds=6)
    (ticket,) = tickets(cast.hotline)
    assert len(cast.pigeons.sent) == 1  # the contractor
    assert heartbeat(cast) == cast.clock.wall()
    cast.tick(hours=3)
    assert "breach" in {event.action for event in cast.history(ticket.number).events}
    assert len(cast.pigeons.to("o-chen")) == 2


def test_a_started_worker_beats_by_itself(quick: Cast) -> None:
    quick.writes(LEAK)
    quick.clock.advance(timedelta(hours=2))
    with running(quick) as worker:
        assert worker.round_of("sweep", "deliver", "take_in_pending", "beat")
        assert worker.round_of("deliver")  # what the sweep had to say
    assert heartbeat(quick) == quick.clock.wall()
    assert "breach" in {event.action for event in quick.history(tickets(quick.hotline)[0].number).events}
    assert {row.state for row in outbox_rows(quick.hotline)} == {OutboxState.SENT}


def test_a_stopped_worker_is_silent(quick: Cast) -> None:
    with running(quick) as worker:
        assert worker.round_of("beat")
    done = Counter(worker.done)
    quick.clock.advance(timedelta(hours=1))
    with running(quick) as another:
        assert another.round_of("beat")
    assert worker.done == done


def test_a_job_that_breaks_is_tried_again_and_stops_no_other(quick: Cast) -> None:
    with running(quick) as worker:
        worker.breaks = {"sweep"}
        assert worker.round_of("sweep", "beat", "deliver")
        worker.breaks = set()
        quick.writes(LEAK)
        quick.clock.advance(timedelta(hours=2))
        assert worker.round_of("sweep")
    assert "breach" in {event.action for event in quick.history(tickets(quick.hotline)[0].number).events}


class SlowPigeons(Pigeons):
    """A platform that does not answer until it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.asked, self.let_go = threading.Event(), threading.Event()

    def send(self, notice: Notice) -> Receipt:
        self.asked.set()
        assert self.let_go.wait(PATIENCE)
        return super().send(notice)


def test_a_slow_platform_holds_up_neither_clocks_nor_heartbeat_and_stopping_waits_for_it(quick: Cast) -> None:
    slow = SlowPigeons()
    quick.hotline.channels = {**quick.hotline.channels, "console": slow}
    quick.writes(LEAK)
    with running(quick) as worker:
        assert slow.asked.wait(PATIENCE)
        quick.clock.advance(timedelta(hours=2))
        assert worker.round_of("sweep", "beat")
        slow.let_go.set()
    assert slow.sent
    assert outbox_rows(quick.hotline, "contractor")[0].state is OutboxState.SENT


def test_without_a_heartbeat_the_process_lives_and_is_not_ready(street: Street) -> None:
    assert (street.get("/healthz").status_code, street.get("/healthz").json()) == (200, {"status": "ok"})
    ready = street.get("/readyz")
    assert ready.status_code == 503
    assert ready.json()["troubles"] == ["计时与投递的后台进程没有心跳"]


def test_ready_while_the_heart_beats_and_not_when_it_has_stopped(street: Street) -> None:
    street.cast.tick()
    assert (street.get("/readyz").status_code, street.get("/readyz").json()["ready"]) == (200, True)
    street.cast.clock.advance(timedelta(seconds=30))
    assert street.get("/readyz").status_code == 200
    street.cast.clock.advance(timedelta(seconds=1))
    ready = street.get("/readyz")
    assert (ready.status_code, ready.json()["heartbeat_age_seconds"]) == (503, 31.0)


def test_a_heart_that_beats_while_the_clocks_stand_still_is_not_ready(street: Street) -> None:
    street.cast.writes(LEAK)
    street.cast.clock.advance(timedelta(hours=2))
    Worker(street.cast.hotline).beat()
    ready = street.get("/readyz")
    assert ready.status_code == 503
    assert ready.json()["troubles"] == ["有计时到点后长时间未处理"]
    street.cast.tick()
    assert street.get("/readyz").status_code == 200


def test_the_metrics_can_be_read_and_count_what_is_stuck(street: Street) -> None:
    cast = street.cast
    cast.writes(LEAK)
    keep(cast.hotline, [Item(street.push("<xml>"), None, "broken")])
    with cast.hotline.tx() as tx:
        tx.session.execute(update(Timer).where(Timer.target == "accept").values(ladder=[{"nonsense": 1}]))
    cast.tick(hours=2)
    answer = street.get("/metrics")
    assert answer.status_code == 200
    figures = {sample.name: sample.value for family in text_string_to_metric_families(answer.text) for sample in family.samples}
    assert figures["hotline_heartbeat_age_seconds"] == 0
    assert figures["hotline_parked_timers"] == 1
    assert figures["hotline_inbound_not_taken_in"] == 1
    assert figures["hotline_oldest_unprogressed_timer_seconds"] == 0
    assert figures["hotline_outbox_sent"] == len(cast.pigeons.sent) == len(outbox_rows(cast.hotline))
    assert (figures["hotline_outbox_parked"], figures["hotline_outbox_waiting"]) == (0, 0)


def test_an_application_with_its_worker_takes_in_what_was_left_and_is_ready(quick: Cast) -> None:
    told = SlowPigeons()
    quick.hotline.channels = {**quick.hotline.channels, "console": told}
    keep(quick.hotline, [letter(quick.hotline, LEAK, message_id=1, at=quick.clock.wall())])
    quick.clock.advance(timedelta(seconds=20))
    told.let_go.set()
    with Street(quick, with_worker=True) as street:
        assert told.asked.wait(PATIENCE)  # the contractor hears of it
        assert any(street.get("/readyz").status_code == 200 for _ in range(2000))
    assert len(tickets(quick.hotline)) == 1


def test_a_demonstration_goes_on_from_the_last_beat(sqlite_cast: Cast) -> None:
    assert last_business_time(sqlite_cast.hotline) is None
    sqlite_cast.tick(hours=5)
    assert last_business_time(sqlite_cast.hotline) == MONDAY_MORNING + timedelta(hours=5)
