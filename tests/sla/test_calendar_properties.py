"""What holds for every calendar, start and stretch."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as some

from sla.calendar import WorkCalendar
from sla.hours import WEEKDAYS

ZONES = ("Asia/Shanghai", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe")


@some.composite
def hours_of_a_day(draw: some.DrawFn) -> list[list[str]]:
    edges = sorted(draw(some.sets(some.integers(0, 96), max_size=6)))
    if len(edges) % 2:
        edges.pop()
    clock = [f"{quarter // 4:02}:{quarter % 4 * 15:02}" for quarter in edges]
    return [list(pair) for pair in zip(clock[::2], clock[1::2], strict=True)]


@some.composite
def calendars(draw: some.DrawFn) -> WorkCalendar:
    hours = {day: draw(hours_of_a_day()) for day in draw(some.sets(some.sampled_from(WEEKDAYS)))}
    hours[draw(some.sampled_from(WEEKDAYS[:5]))] = [["09:15", "11:45"]]
    return WorkCalendar.build("x", draw(some.sampled_from(ZONES)), hours, draw(some.sampled_from([None, "CN"])))


WEEK = {"mon": [["08:30", "12:00"], ["14:00", "17:30"]], "wed": "mon", "sun": [["00:00", "24:00"]]}
CALENDARS = [WorkCalendar.build("x", zone, WEEK, country) for zone in ZONES for country in (None, "CN")]
STARTS = some.datetimes(datetime(2024, 1, 1), datetime(2027, 12, 31), timezones=some.just(UTC))  # noqa: DTZ001
STRETCHES = some.timedeltas(timedelta(microseconds=1), timedelta(hours=400))


@settings(max_examples=60, deadline=None)
@given(calendars(), STARTS, STRETCHES, STRETCHES)
def test_what_is_added_lies_between(calendar: WorkCalendar, start: datetime, stretch: timedelta, more: timedelta) -> None:
    end = calendar.add(start, stretch).at
    assert calendar.between(start, end) == stretch
    assert calendar.between(end, start) == -stretch
    later = calendar.add(end, more).at
    assert later == calendar.add(start, stretch + more).at
    assert calendar.between(start, later) == stretch + more
    back = calendar.offset(end, -stretch).at
    assert calendar.between(back, end) == stretch and back >= start
    assert sum((b - a for a, b in _utc(calendar.segments(start, end))), timedelta(0)) == stretch


def _utc(segments: tuple[tuple[datetime, datetime], ...]) -> list[tuple[datetime, datetime]]:
    return [(a.astimezone(UTC), b.astimezone(UTC)) for a, b in segments]


@settings(max_examples=40, deadline=None)
@given(some.integers(0, 7), STARTS, some.integers(1, 60))
def test_working_days_are_days_with_hours(which: int, start: datetime, days: int) -> None:
    calendar = CALENDARS[which]
    due = calendar.add_days(start, days).at
    first, last = start.astimezone(calendar.zone).date(), (due - timedelta(microseconds=1)).date()
    counted = [first + timedelta(days=n) for n in range(1, (last - first).days + 1)]
    assert sum(bool(calendar.hours(day)) for day in counted) == days
    assert calendar.hours(last)


@settings(max_examples=60, deadline=None)
@given(some.integers(0, 7), STARTS, some.integers(1, 40 * 60))
def test_the_same_as_walking_day_by_day(which: int, start: datetime, minutes: int) -> None:
    calendar = CALENDARS[which]
    stretch = timedelta(minutes=minutes)
    assert calendar.add(start, stretch).at == walked(calendar, start, stretch)


def walked(calendar: WorkCalendar, start: datetime, left: timedelta) -> datetime:
    """The slow way round: one day after the other, one stretch after the other."""
    day = start.astimezone(calendar.zone).date()
    while True:
        for begin, end in calendar.hours(day):
            since, until = max(start, absolute(calendar.zone, day, begin)), absolute(calendar.zone, day, end)
            if until - since >= left:
                return since + left
            left -= max(until - since, timedelta(0))
        day += timedelta(days=1)


def absolute(zone: ZoneInfo, day: date, seconds: int) -> datetime:
    return (datetime(day.year, day.month, day.day, tzinfo=zone) + timedelta(seconds=seconds)).astimezone(UTC)
