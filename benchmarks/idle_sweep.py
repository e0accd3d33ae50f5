"""What a look at the clocks costs when nothing is due: ``python -m benchmarks.idle_sweep [--json] [--quick]``.

Limit on SQLite: the same question, asked of an empty indexed table by the bare driver. Limit on PostgreSQL: ``select 1`` by the
bare driver, one round trip. Us: the peek alone; ``Worker.sweep()`` whole, with its clock and peek; and, for comparison, the full
sweep through a session that a worker without a peek would make on each tick.

PostgreSQL is the tests' server, with fsync off: nothing is written while we measure, so that changes nothing here.
"""

from __future__ import annotations

import argparse
import json
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import Connection, text

from app.hotline import Hotline
from app.store.peek import QUESTION, Peek
from app.tickets.model import Timer
from app.timekeeping import sweep
from app.worker import Worker
from benchmarks.crowd import circumstances, city
from tests.databases import migrated, postgres_server

SIZES = (10_000, 100_000, 1_000_000)
RUNS = 7
CALLS = {"limit": 2000, "peek": 2000, "Worker.sweep": 2000, "full sweep": 100}  # in each run
ALLOWED = {"SQLite": 3.0, "PostgreSQL": 2.0}  # times the limit
SPREAD = 90  # days from tomorrow over which the pending timers fall due


@dataclass(frozen=True)
class Cost:
    """Microseconds of one call: the median of the runs, the smallest, the largest; and of processor time in this process."""

    median: float
    least: float
    most: float
    cpu: float


def measured(asked: dict[str, Callable[[], object]]) -> dict[str, Cost]:
    """Each in turn, round after round, so that what else the machine does falls on all of them alike."""
    wall: dict[str, list[float]] = {name: [] for name in asked}
    cpu: dict[str, list[float]] = {name: [] for name in asked}
    for run in range(RUNS + 1):  # the first warms up and does not count
        for name, call in asked.items():
            began, busy = time.perf_counter(), time.process_time()
            for _ in range(CALLS[name]):
                call()
            if run:
                wall[name].append((time.perf_counter() - began) / CALLS[name] * 1e6)
                cpu[name].append((time.process_time() - busy) / CALLS[name] * 1e6)
    return {
        name: Cost(statistics.median(took), min(took), max(took), statistics.median(cpu[name])) for name, took in wall.items()
    }


def grow(hotline: Hotline, size: int) -> None:
    """Adds pending timers by SQL until there are ``size``; then the statistics are brought up to date, as they would be."""
    with hotline.db.begin() as connection:
        there = connection.execute(text("SELECT count(*) FROM timer WHERE next_at IS NOT NULL")).scalar_one()
        _copy_pattern(connection, hotline.db.is_sqlite, size - there)
        found = connection.execute(text("SELECT count(*) FROM timer WHERE next_at IS NOT NULL")).scalar_one()
        assert found == size, f"{found} timers instead of {size}"
    with hotline.db.engine.connect() as connection:
        if hotline.db.is_sqlite:
            connection.exec_driver_sql("COMMIT")
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        else:
            connection.execution_options(isolation_level="AUTOCOMMIT").exec_driver_sql("VACUUM ANALYZE timer")


def _copy_pattern(connection: Connection, is_sqlite: bool, many: int) -> None:
    names = [column.name for column in Timer.__table__.columns if column.name not in ("id", "next_at")]
    step = SPREAD * 86400 / max(many, 1)
    if is_sqlite:
        series = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :many)"
        moment = "strftime('%Y-%m-%d %H:%M:%f', julianday('now') + 1 + n.i * :step / 86400.0) || '000'"
    else:
        series = "WITH n(i) AS (SELECT generate_series(1, :many))"
        moment = "now() + interval '1 day' + n.i * :step * interval '1 second'"
    columns = ", ".join(names)
    pattern = ", ".join(f"p.{name}" for name in names)
    connection.execute(
        text(
            f"{series} INSERT INTO timer ({columns}, next_at) "
            f"SELECT {pattern}, {moment} FROM n, (SELECT * FROM timer ORDER BY id LIMIT 1) p"
        ),
        {"many": many, "step": step},
    )


@contextmanager
def sqlite_limit(folder: Path) -> Iterator[Callable[[], object]]:
    """The question asked of an empty table, same schema, same settings of the file, nothing between it and the driver."""
    file = folder / "empty.db"
    migrated(f"sqlite:///{file}")
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute("PRAGMA synchronous=FULL")
        question = QUESTION.format(table="timer", value="?")
        moment = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
        cursor = connection.cursor()
        yield lambda: cursor.execute(question, (moment,)).fetchall()


@contextmanager
def postgres_limit(url: str) -> Iterator[Callable[[], object]]:
    with psycopg.connect(url, autocommit=True) as connection:
        cursor = connection.cursor()
        yield lambda: cursor.execute("select 1").fetchall()


def on_one_engine(engine: str, hotline: Hotline, limit: Callable[[], object], sizes: tuple[int, ...]) -> Iterator[dict[str, Any]]:
    worker, peek, clock = Worker(hotline), Peek(hotline.db), hotline.clock
    asked: dict[str, Callable[[], object]] = {
        "limit": limit,
        "peek": lambda: peek.timer(clock.now()),
        "Worker.sweep": worker.sweep,
        "full sweep": lambda: sweep(hotline),
    }
    for size in sizes:
        grow(hotline, size)
        assert peek.timer(clock.now()) is None and sweep(hotline) == 0, "something is due: this would not be idle"
        assert peek.timer(clock.now() + timedelta(days=2)) is not None, "the peek sees nothing at all"
        costs = measured(asked)
        for name, cost in costs.items():
            ratio = cost.median / costs["limit"].median
            yield {"engine": engine, "timers": size, "what": name, **vars(cost), "ratio": ratio, "allowed": ALLOWED[engine]}
    assert worker.tally.fired == 0


def everything(sizes: tuple[int, ...], origin: Callable[[str], None]) -> Iterator[dict[str, Any]]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with sqlite_limit(folder) as limit, city(f"sqlite:///{folder / 'city.db'}", folder) as hotline:
            yield from on_one_engine("SQLite", still(hotline), limit, sizes)
        with postgres_server() as server:
            url = server.create()
            with postgres_limit(url) as limit, city(url, folder) as hotline:
                origin(server.origin)
                yield from on_one_engine("PostgreSQL", still(hotline), limit, sizes)
            server.drop(url)


def still(hotline: Hotline) -> Hotline:
    """The clocks of its one ticket are the pattern of all others, and ring for nobody themselves."""
    with hotline.db.begin() as connection:
        connection.execute(text("UPDATE timer SET next_at = NULL"))
    return hotline


def main() -> None:
    given = argparse.ArgumentParser(description="what an idle sweep costs")
    given.add_argument("--json", action="store_true", help="print JSON")
    given.add_argument("--quick", action="store_true", help="10,000 timers only")
    chosen = given.parse_args()
    origins: list[str] = []
    rows = list(everything(SIZES[:1] if chosen.quick else SIZES, origins.append))
    about = {**circumstances(origins[0]), "unit": "microseconds a call; cpu is of this process"}
    if chosen.json:
        print(json.dumps({**about, "rows": rows}, ensure_ascii=False, indent=2))
        return
    print("\n".join(f"{name}: {value}" for name, value in about.items()))
    print(f"\n{'engine':<11}{'timers':>10}  {'what':<14}{'median':>9}{'min':>9}{'max':>9}{'cpu':>9}{'÷ limit':>9}{'allowed':>9}")
    for row in rows:
        allowed = f"{row['allowed']:.0f}" if row["what"] in ("peek", "Worker.sweep") else ""
        numbers = "".join(f"{row[name]:>9.1f}" for name in ("median", "least", "most", "cpu"))
        print(f"{row['engine']:<11}{row['timers']:>10,}  {row['what']:<14}{numbers}{row['ratio']:>9.2f}{allowed:>9}")


if __name__ == "__main__":
    main()
