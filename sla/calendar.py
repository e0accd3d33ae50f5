"""Working time: ``add`` and ``between`` on a calendar with lunch breaks, holidays, make-up days and summer time.

``between(s, add(s, b)) == b`` for every start and every stretch; everything else here is built on the two.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any, Literal
from zoneinfo import ZoneInfo

from sla.budget import Budget, CalendarError, Unit
from sla.days import EPOCH, NOTHING_PREPARED, SECOND, TICK, PreparedDays, length, prepare, ticks
from sla.hours import AROUND_THE_CLOCK, DAY, WHOLE_DAY, Intervals, Week, parse_days, parse_week, written_days, written_week
from sla.pauses import Pause, joined, without
from sla.schedule import Schedule, published

__all__ = ["BeyondCalendar", "Budget", "CalendarError", "Moment", "Pause", "Stretch", "Unit", "WorkCalendar"]

REACH = 20  # years a deadline may lie ahead of its start, or a warning behind it
_KEPT = 60  # years prepared at most for one calendar
_FORM = 1  # of ``content``
_EDGES = (date(2, 1, 1).toordinal(), date(9998, 12, 31).toordinal())  # days that can be prepared
Stretch = tuple[datetime, datetime, timedelta]  # from, to, how long


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
    _prepared: list[PreparedDays] = field(init=False, repr=False, default_factory=lambda: [NOTHING_PREPARED])

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

    def content(self) -> dict[str, Any]:
        """All of it as plain JSON data, its holidays included: what is kept for as long as deadlines counted on it are."""
        return {
            "form": _FORM,
            "name": self.name,
            "timezone": self.timezone,
            "hours": written_week(self.week),
            "days": written_days(self.days),
            "schedule": self.schedule.content() if self.schedule else None,
        }

    @classmethod
    def from_content(cls, content: Mapping[str, Any]) -> WorkCalendar:
        """The inverse of ``content``: the same version and the same answers, whatever has been published since. Raises
        CalendarError."""
        if content.get("form") != _FORM or not all(isinstance(content.get(key), str) for key in ("name", "timezone")):
            raise CalendarError("保存的日历无法读取，它不是本程序写下的，或出自更新的版本")
        kept = content.get("schedule")
        schedule = Schedule.from_content(kept) if kept is not None else None
        return cls(
            content["name"], content["timezone"], parse_week(content.get("hours")), schedule, parse_days(content.get("days"))
        )

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
        at, step = ticks(start), length(amount)
        if step == 0 or self.endless:
            return Moment(self._local(at + step))
        prepared = self._prepared[0]
        if prepared.since <= at <= prepared.until:
            reached = prepared.walk(at, step)
            if reached is not None:
                return self._found(prepared, start, at, reached)
        for prepared in self._ever_wider(at, abs(step) // self._open_a_day, ahead=step > 0):
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
        prepared = self._prepared[0]
        found = prepared.workday(local.toordinal(), days) if prepared.since <= at <= prepared.until else None
        if found is None:
            found, prepared = self._workday_beyond(start, at, local.toordinal(), days)
        if end == "close":
            return self._found(prepared, start, at, found[1])
        day = date.fromordinal(found[0])
        return self._found(prepared, start, at, ticks(local.replace(year=day.year, month=day.month, day=day.day)))

    def _workday_beyond(self, start: datetime, at: int, ordinal: int, days: int) -> tuple[tuple[int, int], PreparedDays]:
        for prepared in self._ever_wider(at, abs(days), ahead=days > 0):
            found = prepared.workday(ordinal, days)
            if found is not None:
                return found, prepared
        raise self._beyond(start)

    def due(self, start: datetime, budget: Budget, pauses: Iterable[Pause] = ()) -> Moment:
        """When the budget runs out. Each pause puts it off by the time of that budget's kind which fell into the pause
        before the deadline was reached; pauses may overlap and come in any order."""
        return self.counted_on(budget).put_off(self._first_due(start, budget), start, pauses)

    def put_off(self, due: Moment, start: datetime, pauses: Iterable[Pause]) -> Moment:
        """A deadline counted from ``start``, moved by the working time in each pause that began before it was reached."""
        for begin, finish in joined(pauses, ticks(start)):
            if begin >= ticks(due.at):
                break
            later = self.add(due.at, self._between(begin, finish) * TICK)
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
        try:
            return self._local(ticks(self._local(ticks(start)) + timedelta(days=days)))
        except OverflowError as wrong:
            raise self._beyond(start) from wrong

    def offset(self, at: datetime, amount: timedelta) -> Moment:
        """``amount`` of working time after ``at``, or before it when negative. The same as ``add``; the name says the purpose."""
        return self.add(at, amount)

    def between(self, start: datetime, end: datetime) -> timedelta:
        """Working time from ``start`` to ``end``; negative when ``end`` is the earlier."""
        return timedelta(0, 0, self._between(ticks(start), ticks(end)))

    def segments(self, start: datetime, end: datetime, without: Iterable[Pause] = ()) -> tuple[Pause, ...]:
        """The working stretches from ``start`` to ``end`` in order, in the calendar's zone, pauses cut out."""
        return tuple((begin, finish) for begin, finish, _ in self.stretches(start, end, without))

    def stretches(self, start: datetime, end: datetime, pauses: Iterable[Pause] = ()) -> tuple[Stretch, ...]:
        """``segments`` with the length of each, which on a day when the clocks are changed is not what they seem to show."""
        first, last = ticks(start), ticks(end)
        found = [(first, last)] if self.endless else self._spanning(first, last).stretches(first, last)
        left = without(found, joined(pauses, first))
        return tuple((self._local(a), self._local(b), timedelta(0, 0, b - a)) for a, b in left)

    # --- preparing ----------------------------------------------------------------------------------------------------

    @cached_property
    def _epoch(self) -> datetime:
        return EPOCH.replace(tzinfo=self.zone)

    def _local(self, at: int) -> datetime:
        """The inverse of ``ticks``, on this calendar's clocks."""
        return self.zone.fromutc(self._epoch + timedelta(0, 0, at))

    @cached_property
    def _open_a_day(self) -> int:
        """Ticks of working time a day of the week has on average; that of a whole day where no weekday has any."""
        return (sum(end - begin for day in self.week for begin, end in day) * SECOND // 7) or DAY * SECOND

    def _between(self, first: int, last: int) -> int:
        if self.endless:
            return last - first
        prepared = self._spanning(first, last)
        return prepared.worked(last) - prepared.worked(first)

    def _spanning(self, first: int, last: int) -> PreparedDays:
        first, last = (first, last) if first <= last else (last, first)
        held = self._prepared[0]
        if held.since <= first and last <= held.until:
            return held
        days = [self._local(at).toordinal() for at in (first, last)]
        if days[1] - days[0] > _KEPT * 366:
            raise BeyondCalendar(f"起止相隔超过 {_KEPT} 年，无法计算工作时间")
        return self._covering(days[0] - 2, days[1] + 2)

    def _ever_wider(self, at: int, days: int, *, ahead: bool) -> Iterator[PreparedDays]:
        """Prepared days to look for an answer in, which mostly is ``days`` away and never more than REACH years."""
        here = self._local(at)
        day, reach = here.toordinal(), 10 + days * 3 // 2  # ten: a weekend and the longest holiday
        furthest = (REACH + 1) * 366
        while True:
            reach = min(reach, furthest)
            yield self._covering(day - 2, day + reach) if ahead else self._covering(day - reach, day + 2)
            if reach == furthest:
                return
            reach *= 4

    def _covering(self, first: int, last: int) -> PreparedDays:
        """Prepared days that hold those with these ordinals; what was prepared before is kept unless that would be too much.

        Swapped as a whole: another thread sees what was, or what is; at worst two lay out the same days.
        """
        first, last = max(first, _EDGES[0]), min(last, _EDGES[1])
        if first > last:
            raise BeyondCalendar(f"日历“{self.name}”只能计算公元 2 年至 9998 年")
        held = self._prepared[0]
        if held.first <= first and last <= held.last:
            return held
        if held is NOTHING_PREPARED or max(last, held.last) - min(first, held.first) > _KEPT * 366:
            fresh = self._prepare(first, last)
        else:
            fresh = self._widened(held, first, last)
        self._prepared[0] = fresh
        return fresh

    def _widened(self, held: PreparedDays, first: int, last: int) -> PreparedDays:
        spare = min((held.last - held.first) // 2, 400)  # so that deadlines asked for in turn do not widen it one day at a time
        if first < held.first:
            held = self._prepare(max(min(first, held.first - spare), _EDGES[0]), held.first - 1).followed_by(held)
        if last > held.last:
            held = held.followed_by(self._prepare(held.last + 1, min(max(last, held.last + spare), _EDGES[1])))
        return held

    def _prepare(self, first: int, last: int) -> PreparedDays:
        return prepare(first, last, self.zone, self.hours, self.settled if self.schedule else None)

    def _found(self, prepared: PreparedDays, start: datetime, at: int, reached: int) -> Moment:
        result = self._local(reached)
        if abs(result.year - start.year) > REACH:
            raise self._beyond(start)
        if not prepared.unknown:
            return Moment(result)
        return Moment(result, prepared.doubtful(at, reached) if at < reached else prepared.doubtful(reached, at))

    def _beyond(self, start: datetime) -> BeyondCalendar:
        return BeyondCalendar(f"日历“{self.name}”自 {start.date()} 起 {REACH} 年内没有足够的工作时间")
