"""The one question of an idle worker: answered to the microsecond, from the index, and again after the line was cut."""

from __future__ import annotations

import sqlite3
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from sqlalchemy import select, text, update
from structlog.testing import CapturingLogger

from app.hotline import Hotline
from app.store.aside import Aside, Unanswered
from app.store.peek import COUNTED, QUESTION, Peek, due_count
from app.tickets.model import Timer
from app.tickets.post import OutboxRow
from tests.cast import Cast

LEAK = "石桥新居3栋2单元1502 厨房水管漏水"
A_MOMENT = timedelta(microseconds=1)


def earliest(hotline: Hotline, table: type[Timer] | type[OutboxRow]) -> Any:
    with hotline.look() as tx:
        return tx.session.scalar(select(table.next_at).where(table.next_at.is_not(None)).order_by(table.next_at).limit(1))


def test_nothing_is_due_in_an_empty_city(cast: Cast) -> None:
    peek = Peek(cast.hotline.db)
    assert (peek.timer(cast.clock.now()), peek.notice(cast.clock.wall())) == (None, None)


@pytest.mark.parametrize("off", [timedelta(), timedelta(microseconds=120), timedelta(milliseconds=7)])
def test_a_step_is_due_at_its_moment_and_not_before(cast: Cast, off: timedelta) -> None:
    """On SQLite moments are text: with and without a fraction, or with another separator, they would sort wrongly."""
    cast.writes(LEAK)
    with cast.hotline.tx() as tx:
        timer = tx.session.scalars(select(Timer).order_by(Timer.next_at)).first()
        assert timer is not None and timer.next_at is not None
        timer.next_at += off
    at, peek = earliest(cast.hotline, Timer), Peek(cast.hotline.db)
    assert peek.timer(at - A_MOMENT) is None
    assert peek.timer(at) == at
    assert peek.timer(at + timedelta(days=400)) == at  # the oldest, however many are due
    assert peek.timer(at.astimezone(cast.hotline.zone)) == at


def test_a_notice_is_due_by_the_wall(cast: Cast) -> None:
    cast.writes(LEAK)
    at, peek = earliest(cast.hotline, OutboxRow), Peek(cast.hotline.db)
    assert (peek.notice(at - A_MOMENT), peek.notice(at)) == (None, at)
    with cast.hotline.tx() as tx:
        tx.session.execute(update(OutboxRow).values(next_at=None))
    assert peek.notice(at) is None


def test_what_is_due_is_counted_from_the_index(cast: Cast) -> None:
    cast.writes(LEAK)
    with cast.hotline.look() as tx:
        everything = len([at for at in tx.session.scalars(select(Timer.next_at)) if at is not None])
        assert 0 < everything < COUNTED
        assert due_count(tx.session, tx.now) == 0
        assert due_count(tx.session, tx.now + timedelta(days=400)) == everything


ASKED = [
    ("timer", "ix_timer_next", "next_at"),
    ("outbox", "ix_outbox_next", "next_at"),
    ("ticket", "ix_ticket_to_call", "to_call_at"),
]


@pytest.mark.parametrize(("table", "index", "at"), ASKED)
def test_sqlite_answers_from_the_partial_index(sqlite_cast: Cast, table: str, index: str, at: str) -> None:
    question = QUESTION.format(at=at, table=table, value="?")
    plan = sqlite_cast.hotline.db.aside.ask(f"EXPLAIN QUERY PLAN {question}", "2026-01-01")
    assert [row[3] for row in plan] == [f"SEARCH {table} USING COVERING INDEX {index} ({at}>? AND {at}<?)"]


@pytest.mark.slow
@pytest.mark.parametrize(("table", "index", "at"), ASKED)
def test_postgres_answers_from_the_partial_index_whatever_the_value(postgres_cast: Cast, table: str, index: str, at: str) -> None:
    """A generic plan knows no value: an index whose condition depended on one could not be taken, and all would be read."""
    with postgres_cast.hotline.db.begin() as connection:
        connection.execute(text("SET LOCAL plan_cache_mode = force_generic_plan"))
        connection.execute(text("SET LOCAL enable_seqscan = off"))  # the table is nearly empty: else it would just be read
        question = QUESTION.format(at=at, table=table, value="$1")
        connection.execute(text(f"PREPARE peek (timestamptz) AS {question}"))
        plan = "\n".join(connection.scalars(text("EXPLAIN EXECUTE peek ('2026-01-01')")))
    assert f"using {index} on {table}" in plan, plan
    assert "$1" in plan, plan


def test_a_question_keeps_no_old_state_of_the_file(sqlite_cast: Cast) -> None:
    """A reader that never finishes keeps the write-ahead log growing until the disk is full."""
    sqlite_cast.writes(LEAK)
    peek = Peek(sqlite_cast.hotline.db)
    assert peek.timer(sqlite_cast.clock.now() + timedelta(days=400)) is not None
    sqlite_cast.writes("另一处漏水", "o-li")
    with sqlite_cast.hotline.db.engine.connect() as connection:
        connection.exec_driver_sql("COMMIT")
        assert connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").one()[0] == 0


def scripted(*outcomes: bool) -> Aside:
    """One whose attempts to connect succeed or fail as told; each connection is lost after one answer."""
    coming = iter(outcomes)

    def connect() -> sqlite3.Connection:
        if not next(coming):
            raise sqlite3.OperationalError("unable to open database file")
        return sqlite3.connect(":memory:", isolation_level=None)

    return Aside(connect)


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> CapturingLogger:
    """What is logged of the line. By its own name: the program's logger keeps to the first output it was given."""
    logger = CapturingLogger()
    monkeypatch.setattr("app.store.aside.log", logger)
    return logger


def told(said: CapturingLogger) -> list[str]:
    return [f"{call.method_name} {call.args[0]}" for call in said.calls]


def test_an_outage_is_told_once_and_ends_by_itself(said: CapturingLogger) -> None:
    aside = scripted(True, False, False, False, True)
    assert aside.ask("SELECT 1") == [(1,)]
    for question in ("SELECT nonsense", "SELECT 1", "SELECT 1", "SELECT 1"):
        with pytest.raises(Unanswered):
            aside.ask(question)
    assert aside.ask("SELECT 2") == [(2,)]
    aside.close()
    assert told(said) == ["warning database.aside_lost", "info database.aside_back"]


@pytest.mark.slow
def test_a_line_that_the_server_cut_is_opened_by_the_next_question(postgres_cast: Cast, said: CapturingLogger) -> None:
    db, now = postgres_cast.hotline.db, postgres_cast.clock.now()
    peek = Peek(db)
    ((line,),) = db.aside.ask("SELECT pg_backend_pid()")
    with psycopg.connect(db.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)) as other:
        other.execute("SELECT pg_terminate_backend(%s, 10000)", (line,))
    assert peek.timer(now) == now  # nobody knows: the worker looks the usual way
    assert peek.timer(now) is None
    assert db.aside.ask("SELECT pg_backend_pid()") != [(line,)]
    assert told(said) == ["warning database.aside_lost", "info database.aside_back"]
