"""What it costs to look for repeats of one new complaint: ``python -m benchmarks.repeats [--json] [--quick] [--engine E]``.

Tickets are built of our own sayings, three in each, in a city of 300 estates of very different size, over two years; then the
check that the desk's page makes is timed for new complaints: some with place and telephone, some with neither. The understanding
of the text is not in it. Limit: one look-up by a unique index, by the bare driver, in the same run. Beside it: what writing the
marks adds to taking a message in.

PostgreSQL is the tests' server, with fsync off: the check only reads; what intake costs there is therefore not told.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import numpy as np
import psycopg
from sqlalchemy import Table, func, insert, select, text

from app import repeats
from app.hotline import Hotline
from app.intake import Item, take_together
from app.register.model import Estate, Purchaser
from app.store.repeats import keep_marks
from app.tickets.lifecycle import Actor, Role
from app.tickets.model import Ticket
from app.tickets.repeats import TicketMark
from app.tickets.residents import Resident
from benchmarks.crowd import circumstances, city
from channels.contract import Complaint, Delivery, Kind
from routing.duplicates import MARKS, marks
from routing.verdict import PlaceFound, Verdict
from tests.databases import postgres_server

SIZES = (1_000, 100_000, 1_000_000)
ESTATES, PHONES, DAYS = 300, 200_000, 730
CALLS = 400
ALLOWED = 20.0  # milliseconds, of all but one in a hundred
CHUNK = 20_000
ENGINES = ("sqlite", "postgresql")
AGENT = Actor(Role.AGENT, "1", "坐席")


@dataclass
class Crowd:
    """Where the tickets of the city come from; the same every time."""

    hotline: Hotline
    says: list[tuple[str, str, tuple[int, ...]]]  # leaf, saying, marks
    estates: list[int]
    first_resident: int
    chance: random.Random

    def telling(self) -> tuple[str, str, list[int]]:
        """A leaf, a text of three sayings and its marks: the smallest of theirs, as the sketch of the whole would be."""
        parts = [self.chance.choice(self.says) for _ in range(3)]
        said = "，".join(one[1] for one in parts)
        return parts[0][0], said, sorted({mark for one in parts for mark in one[2]})[:MARKS]

    def place(self) -> tuple[int, str, str]:
        """Estate, building, room; every twentieth ticket comes from the largest estate."""
        estate = self.estates[min(int(self.chance.paretovariate(0.6)) - 1, ESTATES - 1) % ESTATES]
        return estate, str(self.chance.randint(1, 24)), f"{self.chance.randint(1, 30)}{self.chance.randint(1, 12):02}"


def crowd_of(hotline: Hotline) -> Crowd:
    with hotline.tx() as tx:
        purchaser = tx.session.scalars(select(Purchaser.id).limit(1)).one()
        rows = [{"name": f"第{n}号院", "purchaser_id": purchaser, "district": "", "address": ""} for n in range(ESTATES)]
        tx.session.execute(insert(Estate), rows)
        estates = list(tx.session.scalars(select(Estate.id).where(Estate.name.like("第%号院")).order_by(Estate.id)))
        people = [{"name": "", "phone": f"139{n:08}", "created_at": tx.now} for n in range(PHONES)]
        for at in range(0, PHONES, CHUNK):
            tx.session.execute(insert(Resident), people[at : at + CHUNK])
        first = tx.session.scalars(select(Resident.id).where(Resident.phone == people[0]["phone"])).one()
    says = [(leaf, one, marks(one)) for leaf, told in hotline.policy.phrases.items() for one in told]
    return Crowd(hotline, says, estates, first, random.Random(11))


def grow(crowd: Crowd, size: int) -> None:
    """Adds tickets, older ones first, until there are ``size``."""
    hotline = crowd.hotline
    with hotline.look() as tx:
        pattern = tx.session.execute(select(Ticket.__table__).order_by(Ticket.id).limit(1)).mappings().one()
        last: int = tx.session.scalars(select(func.max(Ticket.id))).one()
        now = tx.now
    apart, found = timedelta(days=DAYS) / size, []
    with hotline.db.begin() as connection:
        for at in range(last + 1, size + 1, CHUNK):
            rows = []
            for ticket_id in range(at, min(at + CHUNK, size + 1)):
                leaf, said, theirs = crowd.telling()
                estate, building, room = crowd.place()
                when = now - timedelta(hours=1) - apart * (size - ticket_id)
                placed = {"estate_id": estate, "building": building, "unit": "", "room": room}
                who = {"resident_id": crowd.first_resident + crowd.chance.randrange(PHONES), "state": "in_progress"}
                told = {"text": said, "leaf": leaf, "group": leaf[0], "created_at": when, "urgency": "U2"}
                rows.append({**pattern, "id": ticket_id, "number": f"B{ticket_id}", **placed, **who, **told})
                found += [(mark, ticket_id) for mark in theirs]
            connection.execute(insert(cast(Table, Ticket.__table__)), rows)
        ordered = np.array(sorted(found), dtype=np.int64)
        for part in range(0, len(ordered), CHUNK * 10):
            kept = [{"mark": int(m), "ticket_id": int(i)} for m, i in ordered[part : part + CHUNK * 10]]
            connection.execute(insert(cast(Table, TicketMark.__table__)), kept)
        if not hotline.db.is_sqlite:
            connection.execute(text("SELECT setval(pg_get_serial_sequence('ticket', 'id'), :last)"), {"last": size})
    settle(hotline)


def settle(hotline: Hotline) -> None:
    with hotline.db.engine.connect() as connection:
        if hotline.db.is_sqlite:
            connection.exec_driver_sql("COMMIT")
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        else:
            connection.execution_options(isolation_level="AUTOCOMMIT").exec_driver_sql("VACUUM ANALYZE")


def asked(crowd: Crowd, size: int) -> list[tuple[str, str, Verdict]]:
    """New complaints with what was understood of them: of three one repeats a ticket of the last weeks in part of its words, one
    is new at its place, one has neither place nor telephone."""
    with crowd.hotline.look() as tx:
        understander = crowd.hotline.knowledge(tx.session).understander
        recent = crowd.chance.sample(range(max(2, size - max(size // 30, 500)), size + 1), CALLS // 3 + 1)
        query = select(Ticket, Resident.phone).join(Resident, Resident.id == Ticket.resident_id).where(Ticket.id.in_(recent))
        before = [(ticket, phone) for ticket, phone in tx.session.execute(query)]
    made = []
    for n in range(CALLS):
        leaf, said, _ = crowd.telling()
        estate, building, room = crowd.place()
        phone = f"139{crowd.chance.randrange(PHONES):08}" if n % 3 else ""
        if n % 3 == 2 and before:
            ticket, phone = before.pop()
            estate, building, room, leaf = ticket.estate_id or 0, ticket.building, ticket.room, ticket.leaf
            said = "，".join((*ticket.text.split("，")[:2], said.partition("，")[0]))
        place = PlaceFound(estate_id=str(estate), building=building, room=room) if n % 3 else None
        made.append((said, phone, replace(understander.understand(said), leaf=leaf, group=leaf[0], place=place)))
    return made


def on_one_engine(engine: str, hotline: Hotline, bare: Callable[[str], object], sizes: Sequence[int]) -> Iterator[dict[str, Any]]:
    crowd = crowd_of(hotline)
    for size in sizes:
        grow(crowd, size)
        calls = asked(crowd, size)
        for said, phone, verdict in calls[:30]:  # warms up; does not count
            _check(hotline, said, phone, verdict)
        took, cpu, limit, offered = [], [], [], 0
        for said, phone, verdict in calls:
            began, busy = time.perf_counter(), time.process_time()
            offered += len(_check(hotline, said, phone, verdict))
            took.append((time.perf_counter() - began) * 1e3)
            cpu.append((time.process_time() - busy) * 1e3)
            began = time.perf_counter()
            bare(f"B{crowd.chance.randrange(2, size)}")
            limit.append((time.perf_counter() - began) * 1e3)
        p50, p99 = statistics.median(took), statistics.quantiles(took, n=100)[98]
        base = statistics.median(limit)
        row = {
            "engine": engine,
            "tickets": size,
            "p50": p50,
            "p99": p99,
            "limit": base,
            "ratio": p50 / base,
            "cpu": statistics.median(cpu),
        }
        yield {**row, "allowed": ALLOWED, "offered": offered / len(calls)}


def _check(hotline: Hotline, said: str, phone: str, verdict: Verdict) -> list[repeats.Offer]:
    with hotline.look() as tx:
        return repeats.of_call(tx, AGENT, said, phone, verdict)


def intake(crowd: Crowd) -> dict[str, Any]:
    """What marks add: a batch of 32 messages taken in, and the marks of as many texts made and written alone."""
    hotline, whole, alone = crowd.hotline, [], []
    for batch in range(12):
        texts = [crowd.telling()[1] for _ in range(32)]
        items = [
            Item(
                Delivery("wechat", said.encode(), hotline.clock.wall()),
                Complaint(external_id=f"b{batch}-{n}", sender=f"o-{batch}-{n}", kind=Kind.TEXT, text=said),
            )
            for n, said in enumerate(texts)
        ]
        began = time.perf_counter()
        take_together(hotline, items)
        whole.append((time.perf_counter() - began) / 32 * 1e3)
        with hotline.tx() as tx:
            began = time.perf_counter()
            newest = [Ticket(id=10_000_000 + batch * 32 + n, text=said) for n, said in enumerate(texts)]
            keep_marks(tx.session, [(ticket, marks(ticket.text)) for ticket in newest])
            alone.append((time.perf_counter() - began) / 32 * 1e3)
    took, added = statistics.median(whole), statistics.median(alone)
    return {"message taken in": took, "of it marks": added, "share": added / took}


def everything(sizes: Sequence[int], engines: Sequence[str], origin: Callable[[str], None]) -> Iterator[dict[str, Any]]:
    with tempfile.TemporaryDirectory() as name:
        if "sqlite" in engines:
            yield from on_sqlite(Path(name), sizes)
        if "postgresql" in engines:
            with postgres_server() as server:
                origin(server.origin)
                url = server.create()
                yield from on_postgres(url, Path(name), sizes)
                server.drop(url)


def on_sqlite(folder: Path, sizes: Sequence[int]) -> Iterator[dict[str, Any]]:
    with city(f"sqlite:///{folder / 'city.db'}", folder) as hotline:
        with closing(hotline.db.engine.raw_connection()) as connection:
            cursor = connection.cursor()
            yield from on_one_engine(
                "SQLite",
                hotline,
                lambda number: cursor.execute("SELECT id FROM ticket WHERE number = ?", (number,)).fetchall(),
                sizes,
            )
        yield {"engine": "SQLite", **intake(crowd_again(hotline))}


def on_postgres(url: str, folder: Path, sizes: Sequence[int]) -> Iterator[dict[str, Any]]:
    with psycopg.connect(url, autocommit=True) as plain, city(url, folder) as hotline:
        yield from on_one_engine(
            "PostgreSQL",
            hotline,
            lambda number: plain.execute("SELECT id FROM ticket WHERE number = %s", (number,)).fetchall(),
            sizes,
        )


def crowd_again(hotline: Hotline) -> Crowd:
    says = [(leaf, one, marks(one)) for leaf, told in hotline.policy.phrases.items() for one in told]
    return Crowd(hotline, says, [], 0, random.Random(12))


def main() -> None:
    given = argparse.ArgumentParser(description="what it costs to look for repeats")
    given.add_argument("--json", action="store_true", help="print JSON")
    given.add_argument("--quick", action="store_true", help="up to 20,000 tickets only")
    given.add_argument("--engine", choices=ENGINES, help="one of the two only")
    chosen = given.parse_args()
    origins = ["PostgreSQL not used"]
    sizes = (1_000, 20_000) if chosen.quick else SIZES
    began = datetime.now(UTC)
    rows = list(everything(sizes, [chosen.engine] if chosen.engine else ENGINES, origins.append))
    about = {**circumstances(origins[-1]), "took": str(datetime.now(UTC) - began), "unit": "milliseconds; cpu is of this process"}
    if chosen.json:
        print(json.dumps({**about, "rows": rows}, ensure_ascii=False, indent=2))
        return
    print("\n".join(f"{name}: {value}" for name, value in about.items()))
    heads = f"{'engine':<12}{'tickets':>10}{'p50':>8}{'p99':>8}{'cpu':>8}{'limit':>9}"
    print(f"\n{heads}{'÷ limit':>9}{'allowed p99':>13}{'offered':>9}")
    for row in rows:
        if "p50" in row:
            print(
                f"{row['engine']:<12}{row['tickets']:>10}{row['p50']:>8.2f}{row['p99']:>8.2f}{row['cpu']:>8.2f}"
                f"{row['limit']:>9.4f}{row['ratio']:>9.0f}{row['allowed']:>13.0f}{row['offered']:>9.2f}"
            )
        else:
            print(f"{row['engine']}: a message taken in {row['message taken in']:.2f}, its marks {row['of it marks']:.3f}")


if __name__ == "__main__":
    main()
