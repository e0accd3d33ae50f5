"""Every step once, whoever dies: ``python -m benchmarks.exactly_once [--json] [--many N] [--kills K]``.

Ten thousand timers due at once; three ``hotline work`` on one PostgreSQL, two on one SQLite file, the oldest of them killed with
SIGKILL and another started, again and again until nothing is due. Then the tables are counted: how often each step fired, whether
each was told, whether any clock was left behind. Not a speed: dying takes time.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

from benchmarks.crowd import circumstances, city, counted, left, rings
from tests.databases import postgres_server
from tests.processes import Child, Nursery, nursery

MANY = 10_000
KILLS = 8
WORKERS = {"SQLite": 2, "PostgreSQL": 3}
LONGEST = 900.0  # seconds


def on(engine: str, lives: Nursery, url: str, folder: Path, many: int, kills: int) -> dict[str, Any]:
    env = {"HOTLINE_DATA_DIR": str(folder), "HOTLINE_DATABASE_URL": url, "HOTLINE_TICK_SECONDS": "0.2"}
    with city(url, folder) as hotline:
        rings(hotline, many, hotline.clock.now() - timedelta(seconds=1))
        workers = [lives.bear("work", env=env, out=folder / "out.log") for _ in range(WORKERS[engine])]
        began, killed, at_death = time.perf_counter(), 0, []
        try:
            while time.perf_counter() - began < LONGEST and (waiting := left(hotline)):
                if killed < kills and waiting < many * (kills - killed) / (kills + 1):
                    at_death.append(waiting)
                    workers.pop(0).kill()
                    workers.append(lives.bear("work", env=env, out=folder / "out.log"))
                    killed += 1
                workers[0].pause()
            took = time.perf_counter() - began
        finally:
            _stop(workers)
        return {
            "engine": engine,
            "workers": WORKERS[engine],
            "kills": killed,
            "left at each": at_death,
            "seconds": took,
        } | counted(hotline, many)


def _stop(workers: list[Child]) -> None:
    for worker in workers:
        worker.stop()


def everything(many: int, kills: int, origin: Callable[[str], None]) -> Iterator[dict[str, Any]]:
    with nursery() as lives, tempfile.TemporaryDirectory() as name:
        for engine in WORKERS:
            folder = Path(name) / engine
            folder.mkdir()
            if engine == "SQLite":
                yield on(engine, lives, f"sqlite:///{folder / 'city.db'}", folder, many, kills)
                continue
            with postgres_server() as server:
                server.durable()
                origin(server.origin)
                yield on(engine, lives, server.create(), folder, many, kills)


def main() -> None:
    given = argparse.ArgumentParser(description="every step once, whoever dies")
    given.add_argument("--json", action="store_true", help="print JSON")
    given.add_argument("--many", type=int, default=MANY, help="steps due at once")
    given.add_argument("--kills", type=int, default=KILLS, help="how often a worker is killed")
    chosen = given.parse_args()
    origins: list[str] = []
    rows = list(everything(chosen.many, chosen.kills, origins.append))
    about = circumstances(origins[0])
    if chosen.json:
        print(json.dumps({**about, "rows": rows}, ensure_ascii=False, indent=2))
    else:
        print("\n".join(f"{name}: {value}" for name, value in about.items()))
        shown = ("engine", "workers", "kills", "due", "fired", "doubled", "missed", "told", "parked", "left", "seconds")
        print("\n" + "".join(f"{name:>11}" for name in shown))
        for row in rows:
            print("".join(f"{row[name]:>11,.0f}" if isinstance(row[name], float) else f"{row[name]:>11}" for name in shown))
            print(f"{'':>11}  still due at each kill: {row['left at each']}")
    for row in rows:
        if row["fired"] != row["due"] or row["doubled"] or row["missed"] or row["parked"] or row["left"]:
            raise SystemExit(1)


if __name__ == "__main__":
    main()
