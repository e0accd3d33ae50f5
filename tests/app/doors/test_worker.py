"""The metronome and what operators see of it: it beats by itself, one broken job stops no other, silence is noticed."""

from __future__ import annotations

import re
import sqlite3
from collections import Counter
from contextlib import closing
from datetime import timedelta

import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import event, select, update

from app.intake import Item, keep
from app.register.model import WorkerBeat
from app.store import beats
from app.store.db import Database
from app.tickets.model import Timer
from app.tickets.post import OutboxState
from app.worker import Worker, last_business_time
from tests.app.doors.listened import PATIENCE, Heard, SlowPigeons, running
from tests.app.doors.street import LEAK, Street, letter, outbox_rows, tickets
from tests.cast import MONDAY_MORNING, Cast, Curtain
from tests.house.source import ROOT

QUICK = 0.05  # the shortest tick a process may be set to


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
    cast.tick(seconds=11)
    cast.tick(hours=3)
    assert "breach" in {event.action for event in cast.history(ticket.number).events}
    assert len(cast.pigeons.to("o-chen")) == 2


def test_a_started_worker_beats_by_itself(quick: Cast) -> None:
    quick.writes(LEAK)
    quick.clock.advance(timedelta(hours=1))
    with running(quick) as worker:
        assert worker.round_of("sweep", "deliver", "take_in_pending", "beat")
        assert worker.round_of("deliver")  # what the sweep had to say
    assert heartbeat(quick) == quick.clock.wall()
    assert "breach" in {event.action for event in quick.history(tickets(quick.hotline)[0].number).events}
    rows = outbox_rows(quick.hotline)
    assert {row.state for row in rows} == {OutboxState.SENT, OutboxState.DROPPED}
    assert all("将于" in row.text for row in rows if row.state is OutboxState.DROPPED), "reminders of what has lapsed meanwhile"


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


def test_one_worker_that_lives_is_enough_and_one_that_died_is_seen(street: Street) -> None:
    clock, first, second = street.cast.clock, Worker(street.cast.hotline), Worker(street.cast.hotline)
    first.beat()
    second.beat()
    assert street.get("/readyz").json()["workers_alive"] == 2
    clock.advance(beats.ALIVE + timedelta(seconds=1))
    assert street.get("/readyz").json()["troubles"] == ["计时与投递的后台进程没有心跳"]
    second.beat()
    ready = street.get("/readyz")
    assert (ready.status_code, ready.json()["workers_alive"]) == (200, 1)


def test_without_a_database_nothing_is_ready_and_says_so(street: Street) -> None:
    ours, street.cast.hotline.db = street.cast.hotline.db, Database("postgresql://hotline@/none?host=/nowhere")
    ready, metrics = street.get("/readyz"), street.get("/metrics")
    street.cast.hotline.db = ours
    assert (ready.status_code, ready.json()) == (503, {"ready": False, "troubles": ["数据库无法访问"]})
    assert (metrics.status_code, metrics.text.splitlines()[-1]) == (200, "hotline_database_up 0.0")
    assert street.get("/metrics").text.count("hotline_database_up 1.0") == 1
    assert street.get("/healthz").status_code == 200


def test_a_heart_that_beats_while_the_clocks_stand_still_is_not_ready(street: Street) -> None:
    street.cast.writes(LEAK)
    street.cast.clock.advance(timedelta(hours=2))
    Worker(street.cast.hotline).beat()
    ready = street.get("/readyz")
    assert ready.status_code == 503
    assert ready.json()["troubles"] == ["有计时到点后长时间未处理"]
    street.cast.tick()
    assert street.get("/readyz").status_code == 200


def figures(street: Street) -> dict[str, float]:
    """What Prometheus reads, by name; those of workers added up."""
    answer = street.get("/metrics")
    assert answer.status_code == 200
    found: dict[str, float] = {}
    for family in text_string_to_metric_families(answer.text):
        for sample in family.samples:
            found[sample.name] = found.get(sample.name, 0.0) + sample.value
    return found


def test_the_metrics_can_be_read_and_count_what_is_stuck(street: Street) -> None:
    cast = street.cast
    cast.writes(LEAK)
    keep(cast.hotline, [Item(street.push("<xml>"), None, "broken")])
    with cast.hotline.tx() as tx:
        tx.session.execute(update(Timer).where(Timer.target == "accept").values(ladder=[{"nonsense": 1}]))
    cast.tick(hours=2)
    read = figures(street)
    assert read["hotline_heartbeat_age_seconds"] == 0
    assert read["hotline_parked_timers"] == 1
    assert read["hotline_inbound_not_taken_in"] == 1
    assert read["hotline_oldest_unprogressed_timer_seconds"] == 0
    sent = [row for row in outbox_rows(cast.hotline) if row.state is OutboxState.SENT]
    assert read["hotline_outbox_sent"] == len(cast.pigeons.sent) == len(sent) > 1
    assert (read["hotline_outbox_parked"], read["hotline_outbox_waiting"]) == (0, 0)


def test_what_the_workers_did_is_counted_for_each(street: Street) -> None:
    cast = street.cast
    cast.writes(LEAK)
    due_at = min(timer.next_at for timer in tickets(cast.hotline)[0].timers if timer.next_at)
    cast.clock.set(due_at + timedelta(seconds=90))
    before = figures(street)
    assert (before["hotline_workers_alive"], before["hotline_oldest_unprogressed_timer_seconds"]) == (0, 90)
    assert before["hotline_timers_due"] >= 1
    busy, idle = Worker(cast.hotline), Worker(cast.hotline)
    for worker in (busy, idle):
        worker.tick()
    read = figures(street)
    steps = sum(timer.next_step for ticket in tickets(cast.hotline) for timer in ticket.timers)
    assert read["hotline_timers_fired_total"] == busy.tally.fired == steps > 0
    assert read["hotline_sweep_busy_seconds_total"] == pytest.approx(busy.tally.busy)
    assert read["hotline_timers_fired_per_second"] == pytest.approx(steps / busy.tally.busy)
    assert read["hotline_sweep_lag_seconds"] == 90
    assert (read["hotline_workers_alive"], read["hotline_timers_due"]) == (2, 0)
    said = street.get("/metrics").text
    assert "# TYPE hotline_timers_fired_total counter" in said
    assert f'hotline_timers_fired_total{{worker="{idle.name}"}} 0.0' in said


def test_every_figure_is_explained(street: Street) -> None:
    """An alarm is built on a figure once; whoever is woken by it at night reads what it means here."""
    street.cast.tick()
    manual = (ROOT / "app" / "docs" / "running.md").read_text(encoding="utf-8")
    explained = {re.sub(r"\{.*", "", name) for name in re.findall(r"`(hotline_[a-z_{}]+)`", manual)}
    shown = {name for name in figures(street) if not name.startswith("hotline_outbox_")}
    shown |= {"hotline_timers_fired_per_second", "hotline_outbox_"}
    assert shown - explained == set()


def beat_rows(cast: Cast) -> dict[str, WorkerBeat]:
    with cast.hotline.look() as tx:
        return {row.name: row for row in tx.session.scalars(select(WorkerBeat))}


def test_each_worker_beats_for_itself_once_a_second_at_most(cast: Cast) -> None:
    first, second = Worker(cast.hotline), Worker(cast.hotline)
    first.beat()
    second.beat()
    began = cast.clock.wall()
    cast.writes(LEAK)
    cast.clock.advance(timedelta(hours=2))
    second.sweep()
    second.beat()
    cast.clock.advance(timedelta(milliseconds=500))
    second.beat()
    kept = beat_rows(cast)
    assert kept[first.name].beat_at == kept[first.name].started_at == began
    assert kept[second.name].beat_at == kept[second.name].now == began + timedelta(hours=2)
    assert (kept[first.name].fired, kept[second.name].fired) == (0, second.tally.fired)
    assert kept[second.name].host
    cast.clock.advance(timedelta(milliseconds=500))
    second.beat()
    assert beat_rows(cast)[second.name].beat_at == began + timedelta(hours=2, seconds=1)


def test_a_worker_that_was_silent_for_a_day_is_forgotten(cast: Cast) -> None:
    gone, here = Worker(cast.hotline), Worker(cast.hotline)
    gone.beat()
    cast.clock.advance(timedelta(days=1))
    here.beat()
    assert set(beat_rows(cast)) == {gone.name, here.name}
    cast.clock.advance(timedelta(seconds=1))
    here.beat()
    assert set(beat_rows(cast)) == {here.name}


def test_a_file_that_another_process_writes_to_is_swept_later_and_nothing_is_parked(quick: Cast) -> None:
    engine = quick.hotline.db.engine
    quick.writes(LEAK)
    engine.dispose()
    event.listen(engine, "connect", lambda connection, record: connection.execute("PRAGMA busy_timeout=0"))
    quick.clock.advance(timedelta(hours=2))
    with closing(sqlite3.connect(str(engine.url.database), isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with running(quick) as worker:
            assert worker.round_of("sweep", "beat", "deliver")
            other.execute("ROLLBACK")
            assert worker.round_of("sweep")
    (ticket,) = tickets(quick.hotline)
    assert {timer.parked_at for timer in ticket.timers} == {None}
    assert "breach" in {event.action for event in quick.history(ticket.number).events}


class Impatient(Heard):
    stop_seconds = 0.1


def test_stopping_does_not_wait_for_ever(quick: Cast) -> None:
    slow = SlowPigeons()
    quick.hotline.channels = {**quick.hotline.channels, "console": slow}
    quick.writes(LEAK)
    worker = Impatient(quick)
    worker.start()
    assert slow.asked.wait(PATIENCE)
    worker.stop()
    assert outbox_rows(quick.hotline, "contractor")[0].state is OutboxState.CLAIMED  # a lease: somebody will take it over
    done = worker.done["deliver"]
    slow.let_go.set()
    assert worker.has_done({"deliver": done + 1})


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
