"""The only place that reads the time; everything else is handed ``now``.

Two times exist. *Business time* (``now``) dates tickets and drives deadlines; a demonstration may let it run fast. *Wall
time* (``wall``) is what the outside world agrees on: signatures, tokens, leases and sign-in sessions use it.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    def now(self) -> datetime:
        """Business time, aware, UTC."""
        ...

    def wall(self) -> datetime:
        """Wall time, aware, UTC."""
        ...


class SystemClock:
    """Business time is wall time: what production runs on."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def wall(self) -> datetime:
        return datetime.now(UTC)


def stopwatch() -> float:
    """Seconds from an arbitrary start, never set back: for measuring how long something took."""
    return time.perf_counter()
