"""How many steps a second fire, the whole act included: ``python -m benchmarks.firing [--json] [--many N]``.

Us: 1, 2 and 3 processes on PostgreSQL, 1 and 2 on one SQLite file, each sweeping until nothing is due: claim, act, event, clock,
ticket and notice. Limit, in the same run: the bare driver writing as many rows into the same tables, in as large transactions,
knowing beforehand what to write. After each run the tables are counted: a run that lost or doubled a step has no speed.

PostgreSQL is the tests' server with fsync on.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from multiprocessing import get_context
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any

from sqlalchemy import Table, bindparam, insert, select, update

from app.bootstrap import build, settle_memory
from app.hotline import Hotline
from app.settings import Settings
from app.tickets.model import Ticket, TicketEvent, Timer
from app.tickets.post import OutboxRow
from app.timekeeping import BATCH, sweep
from benchmarks.crowd import TARGET, circumstances, city, counted, left, rings
from tests.databases import postgres_server

MANY = 10_000
LONGEST = 600.0  # seconds one run may take
WORKERS = {"SQLite": (1, 2), "PostgreSQL": (1, 2, 3)}


def limit(hotline: Hotline, many: int) -> float:
    """Rows a second of the bare statements: one event, one notice, one timer, one ticket for each of ``many`` steps."""
    with hotline.look() as tx:
        event = _plain(tx.session.execute(select(TicketEvent.__table__).limit(1)).mappings().one())
        notice = _plain(tx.session.execute(select(OutboxRow.__table__).limit(1)).mappings().one())
        timers = list(tx.session.execute(select(Timer.id, Timer.ticket_id).where(Timer.target == TARGET).limit(many)))
    events, notices, clocks, tickets = (_table(kind) for kind in (TicketEvent, OutboxRow, Timer, Ticket))
    moved = update(clocks).where(clocks.c.id == bindparam("_id")).values(attempts=bindparam("_one"))
    seen = update(tickets).where(tickets.c.id == bindparam("_id")).values(nudges=bindparam("_one"))
    began = time.perf_counter()
    for start in range(0, len(timers), BATCH):
        batch = timers[start : start + BATCH]
        with hotline.db.begin() as connection:
            connection.execute(moved, [{"_id": timer, "_one": 1} for timer, _ in batch])
            connection.execute(seen, [{"_id": ticket, "_one": 1} for _, ticket in batch])
            connection.execute(insert(events), [{**event, "ticket_id": ticket, "seq": -ticket} for _, ticket in batch])
            connection.execute(
                insert(notices), [{**notice, "ticket_id": ticket, "key": f"L{ticket}", "next_at": None} for _, ticket in batch]
            )
    return len(timers) / (time.perf_counter() - began)


def _plain(row: Any) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in ("id", "cause")}


def _table(kind: type[Any]) -> Table:
    table = kind.__table__
    assert isinstance(table, Table)
    return table


def us(hotline: Hotline, workers: int) -> tuple[float, float]:
    """Seconds until nothing is due, and seconds of processor time that the workers took together."""
    forks = get_context("fork")
    gate, spent = forks.Barrier(workers + 1), forks.SimpleQueue()
    settings = hotline.settings
    hotline.db.dispose()  # a connection must not be shared between processes
    children = [forks.Process(target=_work, args=(settings, gate, spent)) for _ in range(workers)]
    for child in children:
        child.start()
    gate.wait(LONGEST)
    began = time.perf_counter()
    busy = sum(float(spent.get()) for _ in children)
    took = time.perf_counter() - began
    for child in children:
        child.join()
    return took, busy


def _work(settings: Settings, gate: Barrier, spent: Any) -> None:
    hotline = build(settings, channels={})
    with hotline.look() as tx:
        hotline.knowledge(tx.session)  # a worker that has run for a second knows the register
    settle_memory()
    gate.wait(LONGEST)
    began, busy = time.perf_counter(), time.process_time()
    while time.perf_counter() - began < LONGEST and (sweep(hotline) or left(hotline)):
        pass
    spent.put(time.process_time() - busy)
    os._exit(0)


@contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


def on(engine: str, fresh: Callable[[Path], str], many: int) -> Iterator[dict[str, Any]]:
    for workers in WORKERS[engine]:
        with _folder() as folder, city(fresh(folder), folder) as hotline:
            rings(hotline, many, hotline.clock.now() - timedelta(seconds=1))
            took, busy = us(hotline, workers)
            found = counted(hotline, many)
            sound = found["fired"] == many and not any(found[name] for name in ("doubled", "missed", "parked", "left"))
            bare = limit(hotline, many)
            rate = many / took if sound else None
            yield {
                "engine": engine,
                "workers": workers,
                "steps": many,
                "per_second": rate,
                "cpu_us": busy / many * 1e6,
                "limit_per_second": bare,
                "ratio": rate / bare if rate else None,
                **found,
            }


def main() -> None:
    given = argparse.ArgumentParser(description="steps fired a second, the whole act included")
    given.add_argument("--json", action="store_true", help="print JSON")
    given.add_argument("--many", type=int, default=MANY, help="steps due at once")
    chosen = given.parse_args()
    rows = list(on("SQLite", lambda folder: f"sqlite:///{folder / 'city.db'}", chosen.many))
    with postgres_server() as server:
        server.durable()
        rows += list(on("PostgreSQL", lambda _: server.create(), chosen.many))
        about = circumstances(server.origin)
    if chosen.json:
        print(json.dumps({**about, "rows": rows}, ensure_ascii=False, indent=2))
        return
    print("\n".join(f"{name}: {value}" for name, value in about.items()))
    print(f"\n{'engine':<11}{'workers':>8}{'steps':>8}{'steps/s':>9}{'cpu µs':>8}{'limit/s':>9}{'÷ limit':>9}", end="")
    print("  doubled missed parked left")
    for row in rows:
        rate, ratio = (row["per_second"] or 0, row["ratio"] or 0)
        print(f"{row['engine']:<11}{row['workers']:>8}{row['steps']:>8,}{rate:>9,.0f}{row['cpu_us']:>8.0f}", end="")
        print(f"{row['limit_per_second']:>9,.0f}{ratio:>9.2f}", end="")
        print(f"  {row['doubled']:>7} {row['missed']:>6} {row['parked']:>6} {row['left']:>4}")


if __name__ == "__main__":
    main()
