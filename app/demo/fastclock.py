"""A clock whose business time runs N times faster than the wall, so that an hour's deadline is seen to lapse."""

from __future__ import annotations

from datetime import datetime

from app.clock import Clock


class FastClock:
    """Business time starts at ``begins`` and runs ``speed`` times faster than ``base``; wall time stays true."""

    def __init__(self, base: Clock, *, speed: float, begins: datetime) -> None:
        self._base = base
        self._speed = speed
        self._begins = begins
        self._anchor = base.wall()

    def now(self) -> datetime:
        return self._begins + (self._base.wall() - self._anchor) * self._speed

    def wall(self) -> datetime:
        return self._base.wall()
