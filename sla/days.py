"""Prepared days: a calendar's working time laid out once on the line of absolute time, so that counting on it is a bisection.

Everything is whole microseconds since 1970 UTC. Summer time needs no care after this: an hour is an hour.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from sla.budget import CalendarError
from sla.hours import Intervals

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
TICK = timedelta(microseconds=1)


def ticks(moment: datetime) -> int:
    """Microseconds since 1970 UTC. Raises CalendarError for a time without a zone."""
    if moment.tzinfo is None:
        raise CalendarError(f"时间 {moment.isoformat()} 没有时区")
    return (moment - EPOCH) // TICK


def moment(at: int, zone: ZoneInfo) -> datetime:
    """The inverse of ``ticks``, on the clocks of ``zone``."""
    return (EPOCH + timedelta(microseconds=at)).astimezone(zone)


class PreparedDays:
    """The days of some whole years: where working time begins and ends, and how much of it lies before each stretch.

    A local time the clocks jump over counts as that much later; one they pass twice counts the first time. Never changed
    once built, so it may be read from any thread.
    """

    def __init__(
        self, years: tuple[int, int], zone: ZoneInfo, hours: Callable[[date], Intervals], known: Callable[[date], bool]
    ) -> None:
        self.years = years
        self._begins: list[int] = []
        self._ends: list[int] = []
        self._before: list[int] = []  # working time before each stretch
        self._upto: list[int] = []  # and until its end
        self._workdays: list[int] = []  # ordinals of the days that have any
        self._closing: list[int] = []  # when each of those ends
        self._unknown: list[int] = []  # where runs of days without a published schedule begin and end, by turns
        for ordinal in range(date(years[0], 1, 1).toordinal(), date(years[1], 12, 31).toordinal() + 1):
            day = date.fromordinal(ordinal)
            midnight = datetime(day.year, day.month, day.day, tzinfo=zone)
            if known(day) == len(self._unknown) % 2:
                self._unknown.append(ticks(midnight))
            self._lay_out(ordinal, midnight, hours(day))

    def _lay_out(self, ordinal: int, midnight: datetime, intervals: Intervals) -> None:
        worked = False
        for begin, end in intervals:
            since = max(ticks(midnight + timedelta(seconds=begin)), self._ends[-1] if self._ends else 0)
            until = ticks(midnight + timedelta(seconds=end))
            if since >= until:
                continue  # the clocks jumped over all of it
            done = self._upto[-1] if self._upto else 0
            self._begins.append(since)
            self._ends.append(until)
            self._before.append(done)
            self._upto.append(done + until - since)
            worked = True
        if worked:
            self._workdays.append(ordinal)
            self._closing.append(self._ends[-1])

    def worked(self, at: int) -> int:
        """Working time between the first prepared day and ``at``."""
        place = bisect_right(self._begins, at) - 1
        return 0 if place < 0 else self._before[place] + min(at, self._ends[place]) - self._begins[place]

    def walk(self, at: int, step: int) -> int | None:
        """``step`` of working time later, the first such moment; or, for a negative step, earlier, the last such moment.
        None when that lies beyond the prepared days."""
        goal = self.worked(at) + step
        if step > 0:
            place = bisect_left(self._upto, goal)
            return None if place == len(self._upto) else self._ends[place] - (self._upto[place] - goal)
        place = bisect_right(self._before, goal) - 1
        return None if place < 0 else self._begins[place] + goal - self._before[place]

    def workday(self, ordinal: int, steps: int) -> tuple[int, int] | None:
        """The working day that many after the day given, or before it when negative: its ordinal and when it closes."""
        place = (bisect_right(self._workdays, ordinal) - 1 if steps > 0 else bisect_left(self._workdays, ordinal)) + steps
        return (self._workdays[place], self._closing[place]) if 0 <= place < len(self._workdays) else None

    def doubtful(self, first: int, last: int) -> bool:
        """Whether any day touched from ``first`` until just before ``last`` has no published schedule."""
        place = bisect_right(self._unknown, first)
        return place % 2 == 1 or (place < len(self._unknown) and self._unknown[place] < last)

    def stretches(self, begin: int, end: int) -> list[tuple[int, int]]:
        """The working stretches within [begin, end], cut to it."""
        place = bisect_right(self._ends, begin)
        found = []
        while place < len(self._begins) and self._begins[place] < end:
            found.append((max(begin, self._begins[place]), min(end, self._ends[place])))
            place += 1
        return found
