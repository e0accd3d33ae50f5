"""Engines and transactions: the only place that begins, commits and rolls back.

SQLite: WAL, ``synchronous=FULL`` (what we acknowledged survives a power cut), ``BEGIN IMMEDIATE`` under one process-wide
write lock, because many writers leaning on the busy time-out wait a second at the 99th percentile. Between processes the busy
time-out is all there is. PostgreSQL: the engine does the locking, nothing of ours.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.orm import ORMExecuteState, Session, UOWTransaction

from app.errors import BadInput
from app.store.aside import Aside

POOL_SIZE = 8
CONNECT_SECONDS = 10  # a server that cannot be reached is said to be away before whoever asks gives up


class Database:
    """One database, on either engine. Thread-safe."""

    def __init__(self, url: str) -> None:
        self.engine = _engine(url)
        self.is_sqlite = self.engine.dialect.name == "sqlite"
        self._writer = self.engine.execution_options(writes=True)
        self._write_lock = threading.Lock()
        self.aside = Aside(self.connect_aside) if self.is_sqlite else Aside(self.connect_aside, prepare=True)

    @contextmanager
    def write(self) -> Iterator[Session]:
        """One transaction: commits at the end, rolls back on any exception. Nothing nests."""
        if self.is_sqlite:
            with self._write_lock, self._writing() as session:
                yield session
        else:
            with self._writing() as session:
                yield session

    @contextmanager
    def _writing(self) -> Iterator[Session]:
        with Session(self._writer, expire_on_commit=False) as session:
            try:
                yield session
                session.commit()
            except BaseException:
                session.rollback()
                raise

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session in which writing raises: for pages that only show."""
        with Session(self.engine, expire_on_commit=False, autoflush=False) as session:
            event.listen(session, "before_flush", _refuse_flush)
            event.listen(session, "do_orm_execute", _refuse_writes)
            yield session

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """One writing transaction on a bare connection: for migrations."""
        with self._writer.begin() as connection:
            yield connection

    def connect_aside(self) -> Any:
        """A driver connection outside the pool, in autocommit; whoever asked for it closes it."""
        pooled = self.engine.raw_connection()
        connection: Any = pooled.driver_connection
        pooled.detach()
        if not self.is_sqlite:
            connection.autocommit = True  # those of SQLite are, see _sqlite_connect
        return connection

    def dispose(self) -> None:
        self.aside.close()
        self.engine.dispose()


def _refuse_flush(session: Session, context: UOWTransaction, instances: object) -> None:
    if session.new or session.dirty or session.deleted:
        raise RuntimeError("a page that only looks tried to write; open hotline.tx() instead of hotline.look()")


def _refuse_writes(state: ORMExecuteState) -> None:
    if not state.is_select:
        raise RuntimeError("a page that only looks tried to write; open hotline.tx() instead of hotline.look()")


def _engine(url: str) -> Engine:
    try:
        parsed = make_url(url)
    except Exception as wrong:
        raise BadInput("数据库地址 HOTLINE_DATABASE_URL 无法识别", cure="形如 postgresql://用户:密码@主机/库名") from wrong
    backend = parsed.get_backend_name()
    if backend == "sqlite":
        if parsed.database and parsed.database != ":memory:":
            file = Path(parsed.database)
            file.parent.mkdir(parents=True, exist_ok=True)
            if not file.exists():
                file.touch(mode=0o600)  # residents' words and numbers: ours alone to read; -wal and -shm take after it
        engine = create_engine(
            parsed, pool_size=POOL_SIZE, max_overflow=POOL_SIZE, connect_args={"timeout": 10, "check_same_thread": False}
        )
        event.listen(engine, "connect", _sqlite_connect)
        event.listen(engine, "begin", _sqlite_begin)
        return engine
    if backend == "postgresql":
        given = {} if "connect_timeout" in parsed.query else {"connect_timeout": CONNECT_SECONDS}
        return create_engine(
            parsed.set(drivername="postgresql+psycopg"),
            pool_size=POOL_SIZE,
            max_overflow=POOL_SIZE,
            pool_pre_ping=True,
            connect_args=given,
        )
    raise BadInput(f"不支持的数据库 {backend}", cure="请使用 sqlite 或 postgresql")


def _sqlite_connect(connection: Any, record: object) -> None:
    # The driver's own transaction handling starts deferred transactions, which fail with SQLITE_BUSY once they turn into writers.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=10000", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _sqlite_begin(connection: Any) -> None:
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
