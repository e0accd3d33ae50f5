"""How late a step is noticed: ``python -m benchmarks.lag [--json] [--seconds S]``.

One ``hotline work`` as people run it (a tick a second), steps falling due a few a second; for each, the time between the moment
it was planned for and the moment its event was written. The promise is 2 seconds at the 99th percentile. The limit is the tick.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select

from app.hotline import Hotline
from app.tickets.model import TicketEvent
from benchmarks.crowd import circumstances, city, left, rings
from tests.databases import postgres_server
from tests.processes import Nursery, nursery

SECONDS = 60
A_SECOND = 10
ALLOWED = 2.0
AHEAD = timedelta(seconds=8)  # for the worker to start


def on(engine: str, lives: Nursery, url: str, folder: Path, seconds: int) -> dict[str, Any]:
    many = seconds * A_SECOND
    with city(url, folder) as hotline:
        rings(hotline, many, hotline.clock.now() + AHEAD, timedelta(seconds=1 / A_SECOND))
        env = {"HOTLINE_DATA_DIR": str(folder), "HOTLINE_DATABASE_URL": url}
        worker = lives.bear("work", env=env, out=folder / "out.log")
        try:
            time.sleep(AHEAD.total_seconds() + seconds + 3)
        finally:
            worker.stop()
        assert left(hotline) == 0, "the worker has not kept up"
        lags = sorted(_lags(hotline))
    assert len(lags) == many, f"{len(lags)} steps instead of {many}"
    cuts = statistics.quantiles(lags, n=100)
    return {
        "engine": engine,
        "steps": many,
        "p50": cuts[49],
        "p90": cuts[89],
        "p99": cuts[98],
        "most": lags[-1],
        "allowed": ALLOWED,
    }


def _lags(hotline: Hotline) -> Iterator[float]:
    with hotline.look() as tx:
        query = select(TicketEvent.at, TicketEvent.noticed_at).where(TicketEvent.cause.like("timer:%"))
        for at, noticed_at in tx.session.execute(query):
            yield (noticed_at - at).total_seconds()


def main() -> None:
    given = argparse.ArgumentParser(description="how late a step is noticed")
    given.add_argument("--json", action="store_true", help="print JSON")
    given.add_argument("--seconds", type=int, default=SECONDS, help="for how long steps fall due")
    chosen = given.parse_args()
    with nursery() as lives, postgres_server() as server, tempfile.TemporaryDirectory() as name:
        server.durable()
        folders = {engine: Path(name) / engine for engine in ("SQLite", "PostgreSQL")}
        for folder in folders.values():
            folder.mkdir()
        rows = [
            on("SQLite", lives, f"sqlite:///{folders['SQLite'] / 'city.db'}", folders["SQLite"], chosen.seconds),
            on("PostgreSQL", lives, server.create(), folders["PostgreSQL"], chosen.seconds),
        ]
        about = circumstances(server.origin)
    if chosen.json:
        print(json.dumps({**about, "rows": rows}, ensure_ascii=False, indent=2))
        return
    print("\n".join(f"{name}: {value}" for name, value in about.items()))
    print(f"\n{'engine':<11}{'steps':>7}{'p50 s':>8}{'p90 s':>8}{'p99 s':>8}{'most s':>8}{'allowed':>9}")
    for row in rows:
        numbers = "".join(f"{row[name]:>8.2f}" for name in ("p50", "p90", "p99", "most"))
        print(f"{row['engine']:<11}{row['steps']:>7}{numbers}{row['allowed']:>9.1f}")


if __name__ == "__main__":
    main()
