"""Thousands of tickets whose clocks are about to ring, copied in the database from one that came through the front door."""

from __future__ import annotations

import os
import platform
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import Connection, func, select, text, update

from app.bootstrap import build
from app.demo.load import load_city
from app.hotline import Hotline
from app.intake import Item, take_together
from app.register.model import Contract
from app.register.people import QUICK_PASSWORDS
from app.settings import Settings
from app.tickets.model import Ticket, TicketEvent, Timer
from app.tickets.post import OutboxRow
from channels.contract import Complaint, Delivery, Kind

WORDS = "石桥新居3栋2单元1502 厨房水管漏水"
TARGET = "contact"  # whose first step rings; its other steps lie hours ahead


@contextmanager
def city(url: str, folder: Path) -> Iterator[Hotline]:
    """A city with one ticket, dispatched and with all its clocks; no channel leads out of it."""
    hotline = build(Settings(data_dir=folder, database_url=url), migrate=True, channels={})
    try:
        with hotline.tx() as tx:
            load_city(tx.session, hotline.policy, tx.now, passwords=QUICK_PASSWORDS)
            tx.session.execute(update(Contract).values(starts=date(2000, 1, 1), ends=date(2199, 12, 31)))
        complaint = Complaint(external_id="1", sender="o-1", kind=Kind.TEXT, text=WORDS)
        take_together(hotline, [Item(Delivery("wechat", WORDS.encode(), hotline.clock.wall()), complaint)])
        yield hotline
    finally:
        hotline.db.dispose()


def rings(hotline: Hotline, many: int, first: datetime, apart: timedelta = timedelta()) -> None:
    """Adds that many tickets with all the clocks of the first; of each the first step of one clock is due, the first ticket's at
    ``first`` and every further one ``apart`` later."""
    with hotline.db.begin() as connection:
        there = connection.execute(select(func.max(Ticket.id))).scalar_one()
        pattern = connection.execute(select(func.min(Ticket.id))).scalar_one()
        _copy(
            connection,
            columns_of(Ticket),
            "ticket",
            {"id": ":there + n.i", "number": "'B' || (:there + n.i)"},
            pattern,
            there,
            many,
        )
        seconds = apart.total_seconds()
        if hotline.db.is_sqlite:
            moment = "strftime('%Y-%m-%d %H:%M:%f', julianday(:first) + n.i * :apart / 86400.0) || '000'"
        else:
            moment = "cast(:first as timestamptz) + n.i * :apart * interval '1 second'"
        due = f"CASE WHEN p.target = '{TARGET}' THEN {moment} END"
        names = [name for name in columns_of(Timer) if name != "id"]
        said = first.astimezone(UTC)
        when = said.strftime("%Y-%m-%d %H:%M:%S.%f") if hotline.db.is_sqlite else said.isoformat()
        _copy(
            connection,
            names,
            "timer",
            {"ticket_id": ":there + n.i", "next_at": due},
            pattern,
            there,
            many,
            first=when,
            apart=seconds,
        )
        connection.execute(update(Timer).where(Timer.ticket_id == pattern).values(next_at=None))
        if not hotline.db.is_sqlite:
            connection.execute(text("SELECT setval(pg_get_serial_sequence('ticket', 'id'), :last)"), {"last": there + many})
    with hotline.db.engine.connect() as connection:
        if hotline.db.is_sqlite:
            connection.exec_driver_sql("COMMIT")
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        else:
            connection.execution_options(isolation_level="AUTOCOMMIT").exec_driver_sql("VACUUM ANALYZE")


def _copy(
    connection: Connection, names: list[str], table: str, other: dict[str, str], pattern: int, there: int, many: int, **more: Any
) -> None:
    recursive = connection.dialect.name == "sqlite"
    series = (
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :many)"
        if recursive
        else "WITH n(i) AS (SELECT generate_series(1, :many))"
    )
    quoted = connection.dialect.identifier_preparer.quote
    columns = ", ".join(quoted(name) for name in names)
    values = ", ".join(other.get(name, f"p.{quoted(name)}") for name in names)
    key = "id" if table == "ticket" else "ticket_id"
    wanted = f"FROM n, {table} p WHERE p.{key} = :pattern ORDER BY n.i, p.id"
    connection.execute(
        text(f"{series} INSERT INTO {table} ({columns}) SELECT {values} {wanted}"),
        {"many": many, "there": there, "pattern": pattern, **more},
    )


def columns_of(kind: type[Ticket] | type[Timer]) -> list[str]:
    return [column.name for column in kind.__table__.columns]


def left(hotline: Hotline) -> int:
    """Steps that are due and have not fired."""
    with hotline.look() as tx:
        return tx.session.scalar(select(func.count()).where(Timer.next_at <= tx.now)) or 0


def counted(hotline: Hotline, many: int) -> dict[str, int]:
    """What stands in the tables after that many steps should have fired: each once, each told once."""
    with hotline.look() as tx:
        ask = tx.session.scalar
        fired = TicketEvent.cause.like("timer:%")
        events = ask(select(func.count()).where(fired)) or 0
        causes = ask(select(func.count(func.distinct(TicketEvent.cause))).where(fired)) or 0
        steps = ask(select(func.coalesce(func.sum(Timer.next_step), 0))) or 0
        told = ask(select(func.count(func.distinct(OutboxRow.event_id))).join(OutboxRow.event).where(fired)) or 0
        rows = ask(select(func.count()).select_from(OutboxRow).join(OutboxRow.event).where(fired)) or 0
        keys = ask(select(func.count(func.distinct(OutboxRow.key))).join(OutboxRow.event).where(fired)) or 0
        parked = ask(select(func.count()).where(Timer.parked_at.is_not(None))) or 0
    return {
        "due": many,
        "fired": int(events),
        "doubled": int(events - causes) + int(rows - keys),
        "missed": many - int(causes),
        "clocks moved": int(steps),
        "told": int(told),
        "parked": int(parked),
        "left": left(hotline),
    }


def circumstances(postgres: str) -> dict[str, str]:
    """On what this was measured."""
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False).stdout.strip()
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": commit,
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the end",
        "python": f"CPython {platform.python_version()}, psycopg {psycopg.__version__}",
        "databases": f"SQLite {sqlite3.sqlite_version} (WAL, synchronous=FULL), {postgres}",
    }
