"""Who waits for notices is woken by the transaction that wrote them, and by none that was rolled back.

Within a process a bell rings after the commit. Between processes PostgreSQL carries it: NOTIFY inside the transaction is heard
exactly when that commits. Nothing depends on being woken: the tick finds everything a little later.
"""

from __future__ import annotations

import os
import selectors
import threading
from collections.abc import Callable
from contextlib import closing
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.logs import log
from app.store.aside import AWAY

CHANNEL, SAID = "hotline", "said"
_NOTIFY = text(f"SELECT pg_notify('{CHANNEL}', '{SAID}')")
BACK_OFF = (0.5, 1.0, 2.0, 5.0, 10.0, 30.0)  # seconds before each further try to listen again
ASK_AFTER = 60.0  # seconds of silence after which the line itself is tried: a server that vanished does not hang up


class Bell:
    """Sets every event that hangs on it. Thread-safe."""

    def __init__(self) -> None:
        self._hung: tuple[threading.Event, ...] = ()
        self._lock = threading.Lock()

    def hang(self, *events: threading.Event) -> None:
        with self._lock:
            self._hung = (*self._hung, *events)

    def take_down(self, *events: threading.Event) -> None:
        with self._lock:
            self._hung = tuple(event for event in self._hung if event not in events)

    def ring(self) -> None:
        for event in self._hung:
            event.set()


def announce(session: Session) -> None:
    """Tells the other processes, once this transaction commits, that notices wait. SQLite has nobody to carry it."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(_NOTIFY)


class Listener:
    """Hears on a thread of its own what other processes announce on PostgreSQL; after an outage it comes back by itself.

    ``heard`` is called once however much was announced together, and once after each (re)connection, since nobody knows what was
    missed meanwhile.
    """

    def __init__(self, connect: Callable[[], Any], heard: Callable[[], None]) -> None:
        """``connect`` opens a driver connection in autocommit."""
        self._connect = connect
        self._heard = heard
        self._stopping = threading.Event()
        self._hang_up, self._wakes = os.pipe()
        self._thread = threading.Thread(target=self._run, name="worker.listener", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Returns when the line is closed, or after a second when the server keeps us waiting."""
        self._stopping.set()
        os.write(self._wakes, b".")
        self._thread.join(timeout=1.0)
        if not self._thread.is_alive():
            os.close(self._wakes)
            os.close(self._hang_up)

    def _run(self) -> None:
        failed = 0
        while not self._stopping.is_set():
            try:
                with closing(self._connect()) as connection:
                    connection.execute(f"LISTEN {CHANNEL}")
                    failed = 0
                    self._heard()
                    self._hear(connection)
            except AWAY as lost:
                pause = BACK_OFF[min(failed, len(BACK_OFF) - 1)]
                failed += 1
                log.warning("wake.listener_lost", again_in=pause, error=repr(lost))
                self._stopping.wait(pause)

    def _hear(self, connection: Any) -> None:
        with selectors.DefaultSelector() as ready:
            ready.register(connection.fileno(), selectors.EVENT_READ)
            ready.register(self._hang_up, selectors.EVENT_READ)
            while not self._stopping.is_set():
                if not ready.select(ASK_AFTER):
                    connection.execute("SELECT 1")
                if any(note.payload == SAID for note in connection.notifies(timeout=0)):
                    self._heard()
