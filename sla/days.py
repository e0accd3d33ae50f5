"""Prepared days: a calendar's working time laid out on the line of absolute time, so that counting on it is a bisection.

Everything is whole microseconds since 1970 UTC, here called ticks. Summer time needs no care after this: an hour is an hour.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from sla.budget import CalendarError
from sla.hours import Intervals

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
TICK = timedelta(microseconds=1)
SECOND = 1_000_000
_EPOCH_DAY = EPOCH.toordinal()
_DAY = 86_400 * SECOND
_NEVER = -(1 << 62)  # before any moment


def ticks(moment: datetime) -> int:
    """Microseconds since 1970 UTC. Raises CalendarError for a time without a zone."""
    if moment.tzinfo is None:
        raise CalendarError(f"时间 {moment.isoformat()} 没有时区")
    return length(moment - EPOCH)


def length(stretch: timedelta) -> int:
    """A stretch in ticks. The same as ``stretch // TICK`` in a third of the time."""
    return (stretch.days * 86_400 + stretch.seconds) * SECOND + stretch.microseconds


@dataclass(frozen=True, slots=True)
class PreparedDays:
    """Consecutive days: where working time begins and ends, and how much of it lies before each stretch.

    A local time the clocks jump over counts as that much later; one they pass twice counts the first time. Never changed
    once built, so it may be read from any thread. ``since`` and ``until`` are the first and last moment that may be asked
    about: a day inside at either end, as what lies beyond may reach over midnight where the clocks are put back or forward.
    """

    first: int = 0  # ordinals of the days laid out
    last: int = -1
    since: int = 0
    until: int = -1
    begins: list[int] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)
    before: list[int] = field(default_factory=list)  # working time before each stretch
    upto: list[int] = field(default_factory=list)  # and until its end
    workdays: list[int] = field(default_factory=list)  # ordinals of the days that have any
    closing: list[int] = field(default_factory=list)  # when each of those ends
    unknown: list[int] = field(default_factory=list)  # where runs of days without a published schedule begin and end, by turns

    def worked(self, at: int) -> int:
        """Working time between the first prepared day and ``at``."""
        place = bisect_right(self.begins, at) - 1
        return 0 if place < 0 else self.before[place] + min(at, self.ends[place]) - self.begins[place]

    def walk(self, at: int, step: int) -> int | None:
        """``step`` of working time later, the first such moment; or, for a negative step, earlier, the last such moment.
        None when that lies beyond the prepared days."""
        goal = self.worked(at) + step
        if step > 0:
            place = bisect_left(self.upto, goal)
            return None if place == len(self.upto) else self.ends[place] - (self.upto[place] - goal)
        place = bisect_right(self.before, goal) - 1
        return None if place < 0 else self.begins[place] + goal - self.before[place]

    def workday(self, ordinal: int, steps: int) -> tuple[int, int] | None:
        """The working day that many after the day given, or before it when negative: its ordinal and when it closes."""
        place = (bisect_right(self.workdays, ordinal) - 1 if steps > 0 else bisect_left(self.workdays, ordinal)) + steps
        return (self.workdays[place], self.closing[place]) if 0 <= place < len(self.workdays) else None

    def doubtful(self, first: int, last: int) -> bool:
        """Whether any day touched from ``first`` until just before ``last`` has no published schedule."""
        place = bisect_right(self.unknown, first)
        return place % 2 == 1 or (place < len(self.unknown) and self.unknown[place] < last)

    def stretches(self, begin: int, end: int) -> list[tuple[int, int]]:
        """The working stretches within [begin, end], cut to it."""
        place, after = bisect_right(self.ends, begin), bisect_left(self.begins, end)
        found = list(zip(self.begins[place:after], self.ends[place:after], strict=True))
        if found:
            found[0] = (max(begin, found[0][0]), found[0][1])
            found[-1] = (found[-1][0], min(end, found[-1][1]))
        return found

    def followed_by(self, later: PreparedDays) -> PreparedDays:
        """These days and ``later`` ones, which begin on the very next day, as one."""
        done = self.upto[-1] if self.upto else 0
        return PreparedDays(
            self.first,
            later.last,
            self.since,
            later.until,
            self.begins + later.begins,
            self.ends + later.ends,
            self.before + [before + done for before in later.before],
            self.upto + [upto + done for upto in later.upto],
            self.workdays + later.workdays,
            self.closing + later.closing,
            self.unknown + later.unknown,
        )


NOTHING_PREPARED = PreparedDays()


def prepare(
    first: int, last: int, zone: ZoneInfo, hours: Callable[[date], Intervals], known: Callable[[date], bool] | None
) -> PreparedDays:
    """Lays out the days with these ordinals, first and last included. ``known``: whether a day's schedule is published; None
    when no day of this calendar is subject to any."""
    days = PreparedDays(first, last, _at(first + 1, 0, zone), _at(last, 0, zone))
    eve = hours(date.fromordinal(first - 1))
    latest = _at(first - 1, eve[-1][1], zone) if eve else _NEVER
    here = _offset(first, zone)
    for ordinal in range(first, last + 1):
        day = date.fromordinal(ordinal)
        if known is not None and known(day) == len(days.unknown) % 2:
            days.unknown.append(_at(ordinal, 0, zone))
        there, intervals = _offset(ordinal + 1, zone), hours(day)
        if intervals:
            if here == there:
                midnight = (ordinal - _EPOCH_DAY) * _DAY - length(here)
                spans = [(midnight + begin * SECOND, midnight + end * SECOND) for begin, end in intervals]
            else:  # the clocks are changed on this day
                spans = [(_at(ordinal, begin, zone), _at(ordinal, end, zone)) for begin, end in intervals]
            latest = _lay_out(days, ordinal, spans, latest)
        here = there
    if len(days.unknown) % 2:
        days.unknown.append(_at(last + 1, 0, zone))  # closed, so that days laid out later can be appended
    return days


def _lay_out(days: PreparedDays, ordinal: int, spans: list[tuple[int, int]], latest: int) -> int:
    """Appends one day's stretches, none of them before ``latest``; the end of the last one."""
    done = days.upto[-1] if days.upto else 0
    worked = False
    for begin, end in spans:
        since = begin if begin > latest else latest
        if since >= end:
            continue  # the clocks jumped over all of it
        days.begins.append(since)
        days.ends.append(end)
        days.before.append(done)
        done += end - since
        days.upto.append(done)
        latest, worked = end, True
    if worked:
        days.workdays.append(ordinal)
        days.closing.append(latest)
    return latest


def _offset(ordinal: int, zone: ZoneInfo) -> timedelta:
    """How far the clocks are ahead of UTC at this day's midnight."""
    return zone.utcoffset(datetime.fromordinal(ordinal)) or timedelta(0)


def _at(ordinal: int, seconds: int, zone: ZoneInfo) -> int:
    """The moment at which the clocks first show this time of that day, in ticks; 86,400 is the midnight after it."""
    local = datetime.fromordinal(ordinal) + timedelta(0, seconds)
    offset = zone.utcoffset(local) or timedelta(0)
    return (ordinal - _EPOCH_DAY) * _DAY + seconds * SECOND - length(offset)
