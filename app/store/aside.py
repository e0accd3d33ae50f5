"""One driver connection beside the pool, for the question that is asked every tick and nearly always answered with nothing.

A session, a checkout and a ping cost fifty times what such a question does. The connection is opened by the first question and
kept; one that was lost is opened anew by the next.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import psycopg
from sqlalchemy.exc import SQLAlchemyError

from app.logs import log

AWAY = (sqlite3.Error, psycopg.Error, SQLAlchemyError)  # what opening and asking raise; the pool wraps some, the drivers none
PATIENCE = 1.0  # seconds that closing waits for a question under way


class Unanswered(Exception):
    """The database did not answer this question; the next one tries again."""


class Aside:
    """Asks prepared questions on a connection of its own, each a transaction of its own. Thread-safe; for reading only."""

    def __init__(self, connect: Callable[[], Any], **how: Any) -> None:
        """``connect`` opens a driver connection in autocommit; ``how`` goes with every question."""
        self._connect = connect
        self._how = how
        self._lock = threading.Lock()
        self._connection: Any = None
        self._cursor: Any = None
        self._lost = False

    def ask(self, question: str, *values: object) -> list[tuple[Any, ...]]:
        """All rows of the answer, as the driver gives them. Raises Unanswered, and says so in the log once an outage."""
        with self._lock:
            try:
                if self._cursor is None:
                    self._connection = self._connect()
                    self._cursor = self._connection.cursor()
                # All rows: a statement left unfinished would hold an old state of an SQLite file and keep its log from shrinking.
                rows: list[tuple[Any, ...]] = self._cursor.execute(question, values, **self._how).fetchall()
            except AWAY as lost:
                self._drop()
                if not self._lost:
                    log.warning("database.aside_lost", error=repr(lost))
                self._lost = True
                raise Unanswered from lost
            if self._lost:
                self._lost = False
                log.info("database.aside_back")
            return rows

    def close(self) -> None:
        """Lets the connection go; the next question would open another. One that hangs in a question is left hanging."""
        if self._lock.acquire(timeout=PATIENCE):
            try:
                self._drop()
            finally:
                self._lock.release()

    def _drop(self) -> None:
        connection, self._connection, self._cursor = self._connection, None, None
        if connection is not None:
            with suppress(*AWAY):  # it is gone already, or goes now
                connection.close()
