"""A clock that stands still until a test moves it, so that no test ever waits for time to pass."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

MONDAY_MORNING = datetime(2026, 1, 5, 1, 0, tzinfo=UTC)  # 09:00 in Shanghai, an ordinary working Monday


class HandClock:
    """An ``app.clock.Clock`` moved by hand. Business time and wall time go together."""

    def __init__(self, moment: datetime = MONDAY_MORNING) -> None:
        self.set(moment)

    def now(self) -> datetime:
        return self._moment

    def wall(self) -> datetime:
        return self._moment

    def set(self, moment: datetime) -> None:
        """Raises ValueError for a moment without a time zone: nobody can say what it means."""
        if moment.tzinfo is None:
            raise ValueError("a moment without a time zone")
        self._moment = moment.astimezone(UTC)

    def advance(self, step: timedelta) -> datetime:
        """Moves the hand forward, returns where it now stands."""
        self.set(self._moment + step)
        return self._moment
