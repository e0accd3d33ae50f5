"""Who delivers is woken by the transaction that wrote the notice, from wherever it was written, and by no other."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest

from app.casework import act
from app.hotline import Tx
from app.store import tickets as store
from app.store.db import Database
from app.store.wake import CHANNEL, Bell, Listener
from app.tickets.lifecycle import SYSTEM
from tests.app.doors.listened import NEVER, PATIENCE, SlowPigeons, woken_only
from tests.app.doors.street import LEAK
from tests.cast import Cast, Curtain

MANY = 200


def answering(cast: Cast) -> SlowPigeons:
    """A console that is asked soon, and answers when it is let go."""
    pigeons = SlowPigeons()
    cast.hotline.channels = {**cast.hotline.channels, "console": pigeons}
    return pigeons


def bell_of(cast: Cast) -> threading.Event:
    heard = threading.Event()
    cast.hotline.bell.hang(heard)
    return heard


def speaks(cast: Cast, number: str) -> None:
    with cast.hotline.tx() as tx:
        replies(cast, tx, number)


def breaks_off(cast: Cast, number: str) -> None:
    """Something is said, and then the transaction comes to nothing."""
    with pytest.raises(RuntimeError, match="too late"), cast.hotline.tx() as tx:
        replies(cast, tx, number)
        raise RuntimeError("too late")


def replies(cast: Cast, tx: Tx, number: str) -> None:
    act(tx, store.by_number(tx.session, number, SYSTEM), "reply", cast.agent(), {"text": "师傅在路上"})
    assert tx.said


def notes(cast: Cast, number: str) -> None:
    """Something happens of which nobody is told."""
    with cast.hotline.tx() as tx:
        act(tx, store.by_number(tx.session, number, SYSTEM), "note", cast.agent(), {"text": "看过"})
        assert not tx.said


def test_the_bell_rings_after_the_commit_and_for_notices_only(sqlite_cast: Cast) -> None:
    number, heard = sqlite_cast.writes(LEAK).number, bell_of(sqlite_cast)
    notes(sqlite_cast, number)
    breaks_off(sqlite_cast, number)
    assert not heard.is_set()
    with sqlite_cast.hotline.tx() as tx:
        replies(sqlite_cast, tx, number)
        assert not heard.is_set()
    assert heard.is_set()


def test_whoever_has_taken_his_event_down_is_left_in_peace() -> None:
    bell, mine, yours = Bell(), threading.Event(), threading.Event()
    bell.hang(mine, yours)
    bell.take_down(mine)
    bell.ring()
    assert (mine.is_set(), yours.is_set()) == (False, True)


def test_a_notice_leaves_without_a_tick(raise_curtain: Curtain, sqlite_url: str) -> None:
    cast = raise_curtain(sqlite_url, tick_seconds=NEVER)
    platform = answering(cast)
    with woken_only(cast):
        cast.writes(LEAK)
        assert platform.asked.wait(PATIENCE)
        platform.let_go.set()
    assert platform.sent


def test_however_often_a_job_is_rung_while_it_works_one_more_round_follows(raise_curtain: Curtain, sqlite_url: str) -> None:
    cast = raise_curtain(sqlite_url, tick_seconds=NEVER)
    platform = answering(cast)
    with woken_only(cast) as worker:
        before = worker.done["deliver"]
        number = cast.writes(LEAK).number
        assert platform.asked.wait(PATIENCE)
        for _ in range(MANY):
            cast.hotline.bell.ring()
        speaks(cast, number)
        platform.let_go.set()
        assert worker.has_done({"deliver": before + 2})
    assert worker.done["deliver"] == before + 2
    assert any("师傅在路上" in text for text in [notice.text for notice in platform.sent])  # said during the first round


@pytest.mark.slow
def test_what_another_process_says_leaves_without_a_tick(raise_curtain: Curtain, postgres_url: str) -> None:
    here, there = raise_curtain(postgres_url, tick_seconds=NEVER), raise_curtain(postgres_url)
    platform = answering(here)
    with woken_only(here):
        there.writes(LEAK)
        assert platform.asked.wait(PATIENCE)
        platform.let_go.set()
    assert platform.sent
    assert not there.pigeons.sent


def plain(db: Database) -> str:
    return db.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)


@pytest.mark.slow
def test_only_what_was_committed_and_says_something_is_announced(postgres_cast: Cast) -> None:
    number = postgres_cast.writes(LEAK).number
    with psycopg.connect(plain(postgres_cast.hotline.db), autocommit=True) as ear:
        ear.execute(f"LISTEN {CHANNEL}")
        notes(postgres_cast, number)
        breaks_off(postgres_cast, number)
        speaks(postgres_cast, number)  # the one that is heard: notifications come in the order of their commits
        heard = [note.payload for note in ear.notifies(timeout=PATIENCE, stop_after=1)]
        heard += [note.payload for note in ear.notifies(timeout=0)]
    assert heard == ["said"]


@contextmanager
def listening(connect: Callable[[], Any]) -> Iterator[threading.Semaphore]:
    """A listener on its own; the semaphore counts how often it has called."""
    calls = threading.Semaphore(0)
    listener = Listener(connect, calls.release)
    listener.start()
    try:
        yield calls
    finally:
        listener.stop()


def cut(db: Database) -> None:
    """The server ends the listener's connection, as one that restarts does."""
    with psycopg.connect(plain(db), autocommit=True) as other:
        ended = other.execute(
            "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE query = %s AND datname = current_database()",
            (f"LISTEN {CHANNEL}",),
        ).fetchall()
    assert ended == [(True,)]


@pytest.mark.slow
def test_a_listener_whose_line_was_cut_comes_back_and_asks_what_it_missed(postgres_cast: Cast) -> None:
    db = postgres_cast.hotline.db
    number = postgres_cast.writes(LEAK).number
    with listening(db.connect_aside) as calls:
        assert calls.acquire(timeout=PATIENCE)  # it listens
        for _ in range(2):
            cut(db)
            assert calls.acquire(timeout=PATIENCE)  # it listens again
            speaks(postgres_cast, number)
            assert calls.acquire(timeout=PATIENCE)


def test_a_listener_without_a_server_goes_on_trying_until_it_is_stopped() -> None:
    tried = threading.Semaphore(0)

    def in_vain() -> psycopg.Connection:
        tried.release()
        raise psycopg.OperationalError("connection refused")

    with listening(in_vain) as calls:
        assert all(tried.acquire(timeout=PATIENCE) for _ in range(2))
        assert not calls.acquire(blocking=False)
    assert "worker.listener" not in {thread.name for thread in threading.enumerate()}
