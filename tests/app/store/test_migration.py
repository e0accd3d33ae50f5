"""A database that people have worked with is brought to the newest schema and loses nothing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, MetaData, Table, insert, select

from app.store import schema
from app.store.db import Database

BEFORE = "20261122_the_line"
NOW = datetime(2026, 11, 23, 1, tzinfo=UTC)
FIRST = ("purchaser", "contractor", "estate", "resident", "ticket", "ticket_event", "message", "timer", "outbox")


def to(db: Database, revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", "app:migrations")
    with db.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)


def filled(connection: Connection, tables: MetaData) -> None:
    """One row in each table that tickets hang on, each referring to those before."""
    for name in FIRST:
        table = tables.tables[name]
        connection.execute(insert(table), [row_of(table)])


def row_of(table: Table) -> Mapping[str, Any]:
    row: dict[str, Any] = {}
    for column in table.columns:
        if column.foreign_keys:
            target = next(iter(column.foreign_keys)).column.table.name
            row[column.name] = 1 if target in FIRST and target != table.name else None
        elif not column.nullable or column.primary_key:
            row[column.name] = _value(column.type.python_type)
    return row


def _value(kind: type[Any]) -> Any:
    values: Mapping[type[Any], Any] = {datetime: NOW, timedelta: timedelta(), str: "x", dict: [], bool: False, float: 0.0}
    return values.get(kind, 1)


def test_a_database_of_the_first_version_keeps_every_row(database_url: str) -> None:
    db = Database(database_url)
    try:
        to(db, BEFORE)
        tables = MetaData()
        tables.reflect(db.engine)
        with db.begin() as connection:
            filled(connection, tables)
        assert not schema.is_current(db)
        schema.migrate(db)
        assert schema.is_current(db) and schema.differences(db) == []
        now = MetaData()
        now.reflect(db.engine)
        with db.begin() as connection:
            rows = {name: connection.execute(select(now.tables[name])).mappings().one() for name in FIRST}
        assert (rows["outbox"]["ticket_id"], rows["outbox"]["event_id"], rows["outbox"]["good_until"]) == (1, 1, None)
        assert (rows["timer"]["ticket_id"], rows["timer"]["hours"], rows["timer"]["acknowledged_at"]) == (1, "", None)
        assert rows["ticket_event"]["clocks"] == []
    finally:
        db.dispose()
