"""Day by day, how the time up to a deadline was counted: what kind of day each was, what counted, what was cut out.

A pure account of what ``WorkCalendar`` has counted; it decides nothing. Days that count nothing are one line as long as they are
of one kind.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum

from sla.budget import Budget, Unit
from sla.calendar import Pause, Stretch, WorkCalendar

MOST_DAYS = 1100  # three years; of a longer wait nobody reads every day
NOTHING = timedelta(0)
ONE_DAY = timedelta(days=1)


class Kind(StrEnum):
    """What holds on a day."""

    WORKDAY = "工作日"
    MADE_UP = "调休上班"
    REST = "休息日"
    HOLIDAY = "节假日"
    SET_OPEN = "另定上班"
    SET_CLOSED = "另定休息"
    ANY = "自然日"  # on a calendar that never sleeps every day is like the others


@dataclass(frozen=True, slots=True)
class Cut:
    """Time that would have counted, had not the pause with this place in the list been."""

    pause: int
    since: datetime
    until: datetime
    length: timedelta


@dataclass(frozen=True, slots=True)
class Day:
    """One local day, or a run of days that count nothing.

    ``number``: which of the budget's days it is, for budgets in days; 0 is none of them. ``extra``: counted after the days of the
    budget were over, to make good for pauses. ``total``: what has counted so far, on days without a number. ``settled``: no
    notice can change any more what holds on it.
    """

    first: date
    last: date
    kind: Kind
    name: str
    settled: bool
    stretches: tuple[Stretch, ...] = ()
    counted: timedelta = NOTHING
    total: timedelta = NOTHING
    number: int = 0
    extra: bool = False
    cuts: tuple[Cut, ...] = ()

    @property
    def idle(self) -> bool:
        """Nothing counts, and nothing would have."""
        return not self.stretches and not self.cuts and not self.number


def kind_of(calendar: WorkCalendar, day: date) -> tuple[Kind, str]:
    """What a day is, and its name in the holiday notice, if it has one."""
    if calendar.endless:
        return Kind.ANY, ""
    if any(held == day for held, _ in calendar.days):
        return (Kind.SET_OPEN if calendar.hours(day) else Kind.SET_CLOSED), ""
    schedule = calendar.schedule
    if schedule is not None and schedule.closed(day):
        return Kind.HOLIDAY, schedule.name(day)
    if schedule is not None and schedule.made_up(day):
        return Kind.MADE_UP, schedule.name(day)
    return (Kind.WORKDAY if calendar.hours(day) else Kind.REST), ""


def account(
    calendar: WorkCalendar, budget: Budget, start: datetime, end: datetime, pauses: Sequence[Pause] = (), *, follows: bool = True
) -> tuple[Day, ...]:
    """The days from ``start`` to ``end`` as the budget counts them. ``follows``: the end is what comes out of start, budget and
    pauses; else somebody decided on it, and the days of the budget are numbered beyond its amount.

    Nothing for more than MOST_DAYS. Raises CalendarError where the calendar cannot count.
    """
    walked = calendar.counted_on(budget)
    if end <= start or end - start > MOST_DAYS * ONE_DAY:
        return ()
    if not budget.in_days:
        return _folded(_running(walked, start, end, pauses))
    over = min(calendar.due(start, budget).at, end) if follows else end
    days = list(_numbered(walked, budget, start, over, pauses))
    later = [replace(day, extra=True) for day in _running(walked, over, end, pauses)]
    return _folded(days + [day for day in later if not day.idle or day.first > days[-1].last])


def _running(walked: WorkCalendar, start: datetime, end: datetime, pauses: Sequence[Pause]) -> Iterator[Day]:
    """Every day with what counted on it, and the sum so far."""
    whole, left = (_by_day(found) for found in (walked.stretches(start, end), walked.stretches(start, end, pauses)))
    total = NOTHING
    for day in _days(start.astimezone(walked.zone), end.astimezone(walked.zone)):
        counted = sum((length for _, _, length in left.get(day, ())), NOTHING)
        total += counted
        kind, name = kind_of(walked, day)
        cuts = tuple(_cuts(whole.get(day, ()), pauses))
        yield Day(day, day, kind, name, walked.settled(day), tuple(left.get(day, ())), counted, total, cuts=cuts)


def _numbered(walked: WorkCalendar, budget: Budget, start: datetime, end: datetime, pauses: Sequence[Pause]) -> Iterator[Day]:
    """The days of a budget in days: the day of receipt is none of them, and what time it left does not count."""
    number = 0
    receipt = start.astimezone(walked.zone).date()
    for day in _running(walked, start, end, pauses):
        if day.first == receipt:
            yield replace(day, stretches=(), counted=NOTHING, total=NOTHING)
            continue
        counts = budget.unit is Unit.DAYS or bool(walked.hours(day.first))
        number += counts
        yield replace(day, number=number if counts else 0, total=NOTHING)


def _days(start: datetime, end: datetime) -> Iterator[date]:
    days = (end.date() - start.date()).days + 1
    if days > 1 and end.astimezone(UTC) <= _midnight(end.date(), end):
        days -= 1  # nothing of that day lies before its midnight
    for further in range(days):
        yield start.date() + timedelta(days=further)


def _midnight(day: date, like: datetime) -> datetime:
    """In UTC, where the order of time is never in doubt."""
    return datetime(day.year, day.month, day.day, tzinfo=like.tzinfo).astimezone(UTC)


def _by_day(stretches: Iterable[Stretch]) -> dict[date, list[Stretch]]:
    """Stretches cut at each midnight, by local day."""
    found: dict[date, list[Stretch]] = {}
    for begin, end, length in stretches:
        day = begin.date()
        while end.astimezone(UTC) > (midnight := _midnight(day + ONE_DAY, begin)):
            until_then = midnight - begin.astimezone(UTC)
            found.setdefault(day, []).append((begin, midnight.astimezone(begin.tzinfo), until_then))
            begin, length, day = midnight.astimezone(begin.tzinfo), length - until_then, day + ONE_DAY
        found.setdefault(day, []).append((begin, end, length))
    return found


def _cuts(whole: Iterable[Stretch], pauses: Sequence[Pause]) -> Iterator[Cut]:
    """What each pause took out of a day's stretches."""
    for place, (since, until) in enumerate(pauses):
        taken = [(max(begin, since), min(end, until)) for begin, end, _ in whole]
        taken = [(a.astimezone(UTC), b.astimezone(UTC)) for a, b in taken if a < b]
        if taken:
            yield Cut(place, taken[0][0], taken[-1][1], sum((b - a for a, b in taken), NOTHING))


def _folded(days: Iterable[Day]) -> tuple[Day, ...]:
    """Neighbouring days that count nothing and are called the same, as one line."""
    found: list[Day] = []
    for day in days:
        before = found[-1] if found else None
        alike = before is not None and before.idle and day.idle and before.last + ONE_DAY == day.first
        if before is not None and alike and (before.kind, before.name, before.settled) == (day.kind, day.name, day.settled):
            found[-1] = replace(before, last=day.last)
        else:
            found.append(day)
    return tuple(found)
