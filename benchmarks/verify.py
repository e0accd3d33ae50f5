"""How fast ``hotline verify`` looks through the history: ``python -m benchmarks.verify [--json] [--quick]``.

Limit: the same events read by the bare driver in the same order, and each row's text hashed as it comes: no types, no spelling.
Us: ``app.verify.verify`` whole, with three seals recomputed and the messages looked at. Every run must find everything whole;
a run that finds less, or a fault, reports no speed. PostgreSQL is the tests' server, with fsync off: nothing is written then.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from sqlalchemy import func, insert, select

from app.hotline import Hotline
from app.store.tickets import by_id
from app.tickets import chain
from app.tickets.model import Ticket, TicketEvent
from app.verify import seal, verify
from benchmarks.crowd import circumstances, city
from tests.databases import postgres_server

TICKETS, QUICK, ROUNDS, RUNS = 20_000, 2_000, 5, 5  # ROUNDS: how often each ticket goes through the pattern's events
AT_ONCE = 1_000
QUESTION = "SELECT * FROM ticket_event ORDER BY ticket_id, seq"


def grow(hotline: Hotline, many: int) -> int:
    """Adds tickets whose histories are the first one's, several times over and chained; returns how many events there are."""
    with hotline.look() as tx:
        first = tx.session.scalar(select(func.min(Ticket.id))) or 0
        whole = by_id(tx.session, first)
        pattern = {column.name: getattr(whole, column.key) for column in Ticket.__table__.columns if column.name != "id"}
        events = list(tx.session.scalars(select(TicketEvent).where(TicketEvent.ticket_id == first).order_by(TicketEvent.seq)))
        names = [column.name for column in TicketEvent.__table__.columns if column.name != "id"]
        said = [{name: getattr(event, name) for name in names} for event in events] * ROUNDS
    for start in range(1, many + 1, AT_ONCE):
        numbers = [f"B{first + i}" for i in range(start, min(start + AT_ONCE, many + 1))]
        chained = {number: _chained(number, said) for number in numbers}
        with hotline.db.begin() as connection:
            rows = [{**pattern, "number": n, "seq": len(said), "head": chained[n][-1]["hash"]} for n in numbers]
            connection.execute(insert(Ticket), rows)
            ids = {
                row.number: row.id
                for row in connection.execute(select(Ticket.number, Ticket.id).where(Ticket.number.in_(numbers)))
            }
            connection.execute(insert(TicketEvent), [{**row, "ticket_id": ids[n]} for n in numbers for row in chained[n]])
    return len(events) + many * len(said)


def _chained(number: str, said: list[dict[str, Any]]) -> list[dict[str, Any]]:
    rows, before = [], ""
    for seq, one in enumerate(said, 1):
        row = {**one, "seq": seq, "cause": None}
        before = row["hash"] = chain.link(before, number, SimpleNamespace(**row))
        rows.append(row)
    return rows


def limit(hotline: Hotline) -> int:
    """Reads and hashes every event by the bare driver; returns how many."""
    connection = hotline.db.connect_aside()
    try:
        cursor = connection.cursor()
        cursor.execute(QUESTION)
        seen = 0
        while rows := cursor.fetchmany(5_000):
            for row in rows:
                hashlib.sha256(str(row).encode()).hexdigest()
            seen += len(rows)
        return seen
    finally:
        connection.close()


def ours(hotline: Hotline) -> int:
    found = verify(hotline)
    assert found.whole, found.faults[:3]
    return found.events


def on_one_engine(engine: str, hotline: Hotline, many: int, runs: int) -> Iterator[dict[str, Any]]:
    events = grow(hotline, many)
    for _ in range(3):
        seal(hotline)
    rates: dict[str, list[float]] = {"limit": [], "verify": []}
    cpu: list[float] = []
    asked: dict[str, Callable[[Hotline], int]] = {"limit": limit, "verify": ours}
    for run in range(runs + 1):  # the first warms up and does not count
        for name, look in asked.items():
            began, busy = time.perf_counter(), time.process_time()
            assert look(hotline) == events, "not everything was looked at"
            if run:
                rates[name].append(events / (time.perf_counter() - began))
                cpu += [(time.process_time() - busy) / events * 1e6] if name == "verify" else []
    best = statistics.median(rates["limit"])
    for name, found in rates.items():
        middle = statistics.median(found)
        yield {
            "engine": engine,
            "events": events,
            "what": name,
            "median": middle,
            "least": min(found),
            "most": max(found),
            "ratio": middle / best,
            "cpu": statistics.median(cpu) if name == "verify" else None,
        }


def main() -> None:
    given = argparse.ArgumentParser(description="how fast the history is verified")
    given.add_argument("--json", action="store_true", help="print JSON")
    given.add_argument("--quick", action="store_true", help=f"{QUICK:,} tickets, one run")
    chosen = given.parse_args()
    many, runs = (QUICK, 1) if chosen.quick else (TICKETS, RUNS)
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with city(f"sqlite:///{folder / 'city.db'}", folder) as hotline:
            rows += on_one_engine("SQLite", hotline, many, runs)
        with postgres_server() as server:
            url = server.create()
            with city(url, folder) as hotline:
                rows += on_one_engine("PostgreSQL", hotline, many, runs)
            server.drop(url)
            about = {**circumstances(server.origin), "unit": "events a second; cpu: microseconds an event, this process"}
    if chosen.json:
        print(json.dumps({**about, "rows": rows}, ensure_ascii=False, indent=2))
        return
    print("\n".join(f"{name}: {value}" for name, value in about.items()))
    print(f"\n{'engine':<11}{'events':>10}  {'what':<8}{'median':>10}{'min':>10}{'max':>10}{'÷ limit':>9}{'cpu':>8}")
    for row in rows:
        cpu = f"{row['cpu']:>8.1f}" if row["cpu"] is not None else ""
        speeds = "".join(f"{row[name]:>10,.0f}" for name in ("median", "least", "most"))
        print(f"{row['engine']:<11}{row['events']:>10,}  {row['what']:<8}{speeds}{row['ratio']:>9.2f}{cpu}")


if __name__ == "__main__":
    main()
