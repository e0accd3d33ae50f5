"""Working time: ``add`` and ``between`` on a calendar with lunch breaks, holidays, make-up days and summer time.

``between(s, add(s, b)) == b`` for every start and every stretch; everything else here is built on the two.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Literal
from zoneinfo import ZoneInfo

from sla.budget import Budget, CalendarError, Unit
from sla.days import TICK, PreparedDays, moment, ticks
from sla.hours import AROUND_THE_CLOCK, WHOLE_DAY, Intervals, Week, parse_days, parse_week
from sla.schedule import Schedule, published

__all__ = ["BeyondCalendar", "Budget", "CalendarError", "Moment", "Pause", "Unit", "WorkCalendar"]

REACH = 20  # years a deadline may lie ahead of its start, or a warning behind it
_KEPT = 60  # years prepared at most for one calendar
Pause = tuple[datetime, datetime]  # from, to


class BeyondCalendar(CalendarError):
    """There is not that much working time within REACH years."""


@dataclass(frozen=True, slots=True)
class Moment:
    """A point in time that was counted out, in the calendar's zone. ``provisional``: a day counted on has no published
    schedule yet, so the notice of that year may still move it."""

    at: datetime
    provisional: bool = False


@dataclass(frozen=True, eq=False)
class WorkCalendar:
    """When work is done. Equal and hashable by ``version``, a hash of everything that moves a deadline; the name does not.

    A holiday closes the day whatever its weekday; a make-up day has the hours of the first open day from Monday to Friday;
    ``days`` overrides both. A calendar that is open around the clock all week has no holidays. Build it with ``build``.
    """

    name: str
    timezone: str
    week: Week
    schedule: Schedule | None = None
    days: tuple[tuple[date, Intervals], ...] = ()
    _days: dict[date, Intervals] = field(init=False, repr=False)
    _prepared: list[PreparedDays] = field(init=False, repr=False, default_factory=list)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_days", dict(self.days))
        if not any(self.week) and not any(self._days.values()):
            raise CalendarError(f"日历“{self.name}”没有任何工作时间")

    @classmethod
    def build(
        cls, name: str, timezone: str, hours: object, country: str | None = None, days: Mapping[str, object] | None = None
    ) -> WorkCalendar:
        """From the written form: ``hours`` is "24x7" or {"mon": [["08:30", "12:00"], …], "tue": "mon", …}, ``days`` the same for
        single ISO dates, ``country`` brings its published holidays. Raises CalendarError."""
        week = parse_week(hours)
        schedule = published(country) if country and any(day != WHOLE_DAY for day in week) else None
        return cls(name, timezone, week, schedule, parse_days(days or {}))

    @classmethod
    def always(cls, timezone: str) -> WorkCalendar:
        """The calendar that never sleeps."""
        return cls(AROUND_THE_CLOCK, timezone, (WHOLE_DAY,) * 7)

    def with_schedule(self, schedule: Schedule) -> WorkCalendar:
        """The same hours under another holiday notice; itself when it keeps no holidays."""
        return self if self.schedule is None else replace(self, schedule=schedule)

    # --- what it is -------------------------------------------------------------------------------------------------

    @cached_property
    def version(self) -> str:
        """Content hash, 16 hex digits."""
        content = (self.timezone, self.week, self.schedule.version if self.schedule else "", self.days)
        return hashlib.sha256(repr(content).encode()).hexdigest()[:16]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, WorkCalendar) and self.version == other.version

    def __hash__(self) -> int:
        return hash(self.version)

    @cached_property
    def zone(self) -> ZoneInfo:
        try:
            return ZoneInfo(self.timezone)
        except (KeyError, ValueError, OSError) as wrong:
            raise CalendarError(f"没有时区“{self.timezone}”，应写作 Asia/Shanghai") from wrong

    @cached_property
    def endless(self) -> bool:
        """Open day and night without exception: time on it is time on the clock."""
        return not self._days and self.schedule is None and all(day == WHOLE_DAY for day in self.week)

    @cached_property
    def clock(self) -> WorkCalendar:
        """The calendar that never sleeps, in the same zone; what ``m``, ``h`` and ``d`` are counted on."""
        return self if self.endless else WorkCalendar.always(self.timezone)

    def counted_on(self, budget: Budget) -> WorkCalendar:
        """The calendar on which time is used up for this budget: itself for working time, else the never-sleeping one."""
        return self if budget.in_working_time else self.clock

    @cached_property
    def _workday_hours(self) -> Intervals:
        return next((day for day in self.week[:5] if day), ())

    def hours(self, day: date) -> Intervals:
        """Working hours of one local date, in seconds since midnight; () is closed."""
        if day in self._days:
            return self._days[day]
        if self.schedule is not None:
            if self.schedule.closed(day):
                return ()
            if self.schedule.made_up(day):
                return self._workday_hours or self.week[day.weekday()]
        return self.week[day.weekday()]

    def settled(self, day: date) -> bool:
        """Whether what holds on this date is published, or set by hand, or not subject to any notice."""
        return self.schedule is None or day in self._days or self.schedule.knows(day)

    # --- counting -----------------------------------------------------------------------------------------------------

    def add(self, start: datetime, amount: timedelta) -> Moment:
        """The first moment at which ``amount`` of working time has passed since ``start``; with a negative amount, the last
        moment from which that much remains until ``start``. Nothing to count leaves ``start`` where it is.

        Raises CalendarError for a time without a zone, BeyondCalendar past REACH years.
        """
        at, step = ticks(start), amount // TICK
        if step == 0 or self.endless:
            return Moment(moment(at + step, self.zone))
        for years in _ever_wider(start.year, ahead=step > 0):
            prepared = self._covering(years)
            reached = prepared.walk(at, step)
            if reached is not None:
                return self._found(prepared, start, at, reached)
        raise self._beyond(start)

    def add_days(self, start: datetime, days: int, *, end: Literal["close", "same_time"] = "close") -> Moment:
        """That many working days later, or earlier when negative; the day of ``start`` is not counted. "close": when that
        day's working hours end; "same_time": at the time of day of ``start``. Raises like ``add``, and for 0 days."""
        if days == 0:
            raise CalendarError("工作日数不能为 0")
        at = ticks(start)
        local = self._local(at)
        for years in _ever_wider(local.year, ahead=days > 0):
            prepared = self._covering(years)
            found = prepared.workday(local.toordinal(), days)
            if found is not None:
                day = date.fromordinal(found[0])
                reached = found[1] if end == "close" else ticks(local.replace(year=day.year, month=day.month, day=day.day))
                return self._found(prepared, start, at, reached)
        raise self._beyond(start)

    def due(self, start: datetime, budget: Budget, pauses: Iterable[Pause] = ()) -> Moment:
        """When the budget runs out. Each pause puts it off by the time of that budget's kind which fell into the pause
        before the deadline was reached; pauses may overlap and come in any order."""
        due = self._first_due(start, budget)
        walked = self.counted_on(budget)
        for begin, finish in _joined(pauses, ticks(start)):
            if begin >= ticks(due.at):
                break
            later = walked.add(due.at, walked._between(begin, finish) * TICK)
            due = Moment(later.at, due.provisional or later.provisional)
        return due

    def _first_due(self, start: datetime, budget: Budget) -> Moment:
        if budget.unit is Unit.WORKING_DAYS:
            return self.add_days(start, budget.amount)
        if budget.unit is Unit.DAYS:
            return Moment(self.later_days(start, budget.amount))
        return self.counted_on(budget).add(start, budget.length)

    def later_days(self, start: datetime, days: int) -> datetime:
        """That many calendar days later (or earlier) at the same local time of day."""
        local = self._local(ticks(start))
        try:
            return moment(ticks(local + timedelta(days=days)), self.zone)
        except OverflowError as wrong:
            raise self._beyond(start) from wrong

    def offset(self, at: datetime, amount: timedelta) -> Moment:
        """``amount`` of working time after ``at``, or before it when negative. The same as ``add``; the name says the purpose."""
        return self.add(at, amount)

    def between(self, start: datetime, end: datetime) -> timedelta:
        """Working time from ``start`` to ``end``; negative when ``end`` is the earlier."""
        return self._between(ticks(start), ticks(end)) * TICK

    def segments(self, start: datetime, end: datetime, without: Iterable[Pause] = ()) -> tuple[Pause, ...]:
        """The working stretches from ``start`` to ``end`` in order, in the calendar's zone, pauses cut out."""
        first, last = ticks(start), ticks(end)
        found = [(first, last)] if self.endless else self._spanning(first, last).stretches(first, last)
        for begin, finish in _joined(without, first):
            found = [part for piece in found for part in _cut(piece, begin, finish)]
        return tuple((moment(a, self.zone), moment(b, self.zone)) for a, b in found if a < b)

    # --- preparing ----------------------------------------------------------------------------------------------------

    def _local(self, at: int) -> datetime:
        return moment(at, self.zone)

    def _between(self, first: int, last: int) -> int:
        if self.endless:
            return last - first
        prepared = self._spanning(first, last)
        return prepared.worked(last) - prepared.worked(first)

    def _spanning(self, first: int, last: int) -> PreparedDays:
        years = sorted((self._local(first).year, self._local(last).year))
        if years[1] - years[0] > _KEPT:
            raise BeyondCalendar(f"起止相隔超过 {_KEPT} 年，无法计算工作时间")
        return self._covering((years[0] - 1, years[1] + 1))

    def _covering(self, years: tuple[int, int]) -> PreparedDays:
        """Prepared days that hold these years; what was prepared before is kept unless that would be too much."""
        years = (max(years[0], 1), min(years[1], 9998))
        held = self._prepared[0] if self._prepared else None
        if held is not None:
            if held.years[0] <= years[0] and years[1] <= held.years[1]:
                return held
            union = (min(held.years[0], years[0]), max(held.years[1], years[1]))
            years = union if union[1] - union[0] <= _KEPT else years
        fresh = PreparedDays(years, self.zone, self.hours, self.settled)
        self._prepared[:] = [fresh]
        return fresh

    def _found(self, prepared: PreparedDays, start: datetime, at: int, reached: int) -> Moment:
        result = self._local(reached)
        if abs(result.year - start.year) > REACH:
            raise self._beyond(start)
        return Moment(result, self.schedule is not None and prepared.doubtful(min(at, reached), max(at, reached)))

    def _beyond(self, start: datetime) -> BeyondCalendar:
        return BeyondCalendar(f"日历“{self.name}”自 {start.date()} 起 {REACH} 年内没有足够的工作时间")


def _ever_wider(year: int, *, ahead: bool) -> Iterator[tuple[int, int]]:
    """Ranges of years to try: the answer mostly lies near, and preparing a year takes milliseconds."""
    for reach in (1, 5, REACH + 1):
        yield (year - 1, year + reach) if ahead else (year - reach, year + 1)


def _joined(pauses: Iterable[Pause], start: int) -> list[tuple[int, int]]:
    """Pauses in order, overlaps made one, nothing before ``start``. Raises CalendarError for one that ends before it begins."""
    joined: list[tuple[int, int]] = []
    for begin, finish in sorted((ticks(begin), ticks(finish)) for begin, finish in pauses):
        if finish < begin:
            raise CalendarError("暂停的终点早于起点")
        if joined and begin <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], finish))
        elif finish > start:
            joined.append((max(begin, start), finish))
    return joined


def _cut(piece: tuple[int, int], begin: int, finish: int) -> list[tuple[int, int]]:
    """What is left of ``piece`` without [begin, finish]."""
    return [(piece[0], min(piece[1], max(begin, piece[0]))), (max(piece[0], min(finish, piece[1])), piece[1])]
