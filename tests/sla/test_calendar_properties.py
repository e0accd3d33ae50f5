"""What holds for every calendar, start and stretch."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from sla.calendar import CalendarError, WorkCalendar
from sla.hours import WEEKDAYS
from sla.schedule import Schedule, published
from tests.sla.walk import Raw, Walk, us
from tests.sla.worked import raw

ZONES = (
    "Asia/Shanghai",
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "America/St_Johns",
    "America/Havana",  # clocks change at midnight
    "Asia/Kathmandu",
)
YEARS = (datetime(2024, 1, 1), datetime(2027, 12, 31))  # noqa: DTZ001


@some.composite
def hours_of_a_day(draw: some.DrawFn) -> list[list[str]]:
    edges = sorted(draw(some.sets(some.integers(0, 96), max_size=6)))
    if len(edges) % 2:
        edges.pop()
    clock = [f"{quarter // 4:02}:{quarter % 4 * 15:02}" for quarter in edges]
    return [list(pair) for pair in zip(clock[::2], clock[1::2], strict=True)]


@some.composite
def written(draw: some.DrawFn) -> Raw:
    """A calendar as people write it, with at least one stretch a week and some days of its own."""
    hours = {day: draw(hours_of_a_day()) for day in draw(some.sets(some.sampled_from(WEEKDAYS)))}
    hours[draw(some.sampled_from(WEEKDAYS[:5]))] = [["09:15", "11:45"]]
    single = draw(some.dictionaries(some.dates(YEARS[0].date(), YEARS[1].date()), hours_of_a_day(), max_size=4))
    found = raw(draw(some.sampled_from(ZONES)), hours, draw(some.sampled_from([None, "CN"])))
    return found | {"days": {str(day): spans for day, spans in single.items()}}


def built(given: Raw) -> WorkCalendar:
    return WorkCalendar.build("x", given["timezone"], given["hours"], given["country"], given["days"])


WEEK = {"mon": [["08:30", "12:00"], ["14:00", "17:30"]], "wed": "mon", "sun": [["00:00", "24:00"]]}
RAW = [raw(zone, WEEK, country) for zone in ZONES[:4] for country in (None, "CN")]
CALENDARS = [built(one) for one in RAW]
STARTS = some.datetimes(*YEARS, timezones=some.just(UTC))
STRETCHES = some.timedeltas(timedelta(microseconds=1), timedelta(hours=400))


@settings(max_examples=40, deadline=None)
@given(written().map(built), STARTS, STRETCHES, STRETCHES)
def test_what_is_added_lies_between(calendar: WorkCalendar, start: datetime, stretch: timedelta, more: timedelta) -> None:
    end = calendar.add(start, stretch).at
    assert calendar.between(start, end) == stretch
    assert calendar.between(end, start) == -stretch
    later = calendar.add(end, more).at
    assert later == calendar.add(start, stretch + more).at
    assert calendar.between(start, later) == stretch + more
    back = calendar.offset(end, -stretch).at
    assert calendar.between(back, end) == stretch and back >= start
    stretches = calendar.stretches(start, end)
    assert sum((took for _, _, took in stretches), timedelta(0)) == stretch
    assert all(b.astimezone(UTC) - a.astimezone(UTC) == took for a, b, took in stretches)


@settings(max_examples=40, deadline=None)
@given(written().map(built), STARTS, some.timedeltas(timedelta(0), timedelta(days=9)), STRETCHES, STRETCHES)
def test_later_or_longer_is_never_sooner(
    calendar: WorkCalendar, start: datetime, after: timedelta, stretch: timedelta, more: timedelta
) -> None:
    due = calendar.add(start, stretch).at
    assert calendar.add(start + after, stretch).at >= due
    assert calendar.add(start, stretch + more).at > due
    assert calendar.offset(start + after, -stretch).at >= calendar.offset(start, -stretch).at
    middle, end = start + after, start + after + more
    assert calendar.between(start, end) == calendar.between(start, middle) + calendar.between(middle, end)
    assert timedelta(0) <= calendar.between(start, end) <= end - start


@settings(max_examples=40, deadline=None)
@given(some.integers(0, 7), STARTS, some.integers(1, 60))
def test_working_days_are_days_with_hours(which: int, start: datetime, days: int) -> None:
    calendar = CALENDARS[which]
    due = calendar.add_days(start, days).at
    first, last = start.astimezone(calendar.zone).date(), (due - timedelta(microseconds=1)).date()
    counted = [first + timedelta(days=n) for n in range(1, (last - first).days + 1)]
    assert sum(bool(calendar.hours(day)) for day in counted) == days
    assert calendar.hours(last)


PAUSES = some.lists(some.tuples(some.integers(-3000, 9000), some.integers(0, 3000)), max_size=3)


@settings(max_examples=40, deadline=None)
@given(written(), STARTS, some.timedeltas(timedelta(microseconds=1), timedelta(hours=30)), PAUSES, some.integers(1, 6))
def test_the_same_as_walking_minute_by_minute(
    given: Raw, start: datetime, stretch: timedelta, pauses: list[tuple[int, int]], days: int
) -> None:
    calendar, walk = built(given), Walk(given)
    assert us(calendar.add(start, stretch).at) == walk.later(start, stretch)
    assert us(calendar.offset(start, -stretch).at) == walk.earlier(start, stretch)
    assert us(calendar.add_days(start, days).at) == walk.closing(start, days)[1]
    spans = [(start + timedelta(minutes=a), start + timedelta(minutes=a + b)) for a, b in pauses]
    due = calendar.put_off(calendar.add(start, stretch), start, spans).at
    assert us(due) == walk.later(start, stretch, spans)
    assert sum((took for _, _, took in calendar.stretches(start, due, spans)), timedelta(0)) == stretch


CHANGES = some.sampled_from(
    [
        ("Europe/Berlin", datetime(2026, 3, 29, 1, tzinfo=UTC)),
        ("Europe/Berlin", datetime(2026, 10, 25, 1, tzinfo=UTC)),
        ("America/New_York", datetime(2026, 3, 8, 7, tzinfo=UTC)),
        ("America/New_York", datetime(2026, 11, 1, 6, tzinfo=UTC)),
        ("Australia/Lord_Howe", datetime(2026, 4, 4, 15, tzinfo=UTC)),
        ("Australia/Lord_Howe", datetime(2026, 10, 3, 15, 30, tzinfo=UTC)),
        ("America/Havana", datetime(2026, 3, 8, 5, tzinfo=UTC)),
        ("America/Havana", datetime(2026, 11, 1, 5, tzinfo=UTC)),
        ("Pacific/Apia", datetime(2011, 12, 30, 10, tzinfo=UTC)),  # a whole day was left out
    ]
)


@settings(max_examples=60, deadline=None)
@given(written(), CHANGES, some.integers(-1200, 400), some.integers(1, 900))
def test_the_same_as_walking_where_the_clocks_change(
    given: Raw, change: tuple[str, datetime], minutes: int, stretch: int
) -> None:
    zone, when = change
    given = given | {
        "timezone": zone,
        "hours": {"mon": [["00:15", "02:30"], ["02:45", "24:00"]]} | dict.fromkeys(WEEKDAYS[1:], "mon"),
    }
    calendar, walk = built(given), Walk(given)
    start, amount = when + timedelta(minutes=minutes), timedelta(minutes=stretch)
    assert us(calendar.add(start, amount).at) == walk.later(start, amount)
    assert us(calendar.offset(start, -amount).at) == walk.earlier(start, amount)


@settings(max_examples=25, deadline=None)
@given(written(), STARTS, STRETCHES)
def test_what_is_kept_answers_the_same(given: Raw, start: datetime, stretch: timedelta) -> None:
    calendar = built(given)
    kept = json.loads(json.dumps(calendar.content()))
    again = WorkCalendar.from_content(kept)
    assert (again.version, again.name, again.content()) == (calendar.version, calendar.name, kept)
    for count in (calendar, again):
        assert count.add(start, stretch) == calendar.add(start, stretch)
    assert again.add_days(start, 3) == calendar.add_days(start, 3)
    days = [start.date() + timedelta(days=number) for number in range(0, 700, 5)]
    assert [again.hours(day) for day in days] == [calendar.hours(day) for day in days]


def test_a_schedule_is_kept_whole() -> None:
    known = published("CN")
    again = Schedule.from_content(json.loads(json.dumps(known.content())))
    assert again == known and again.version == known.version
    assert again.name(date(2027, 2, 6)) == "春节" and again.closed(date(2027, 10, 1))


KEPT = WorkCalendar.build("x", "Asia/Shanghai", WEEK, "CN", {"2026-03-02": []}).content()


@pytest.mark.parametrize(
    "wrong",
    [
        {"form": 2},
        {"form": None},
        {"name": 5},
        {"timezone": None},
        {"hours": None},
        {"hours": {}},
        {"days": None},
        {"days": {"20260302": []}},
        {"schedule": {}},
        {"schedule": "CN"},
        {"schedule": {**KEPT["schedule"], "off": {"never": "元旦"}}},
        {"schedule": {**KEPT["schedule"], "years": None}},
    ],
)
def test_what_was_never_kept_is_refused(wrong: dict[str, object]) -> None:
    assert WorkCalendar.from_content(KEPT).days == ((date(2026, 3, 2), ()),)
    with pytest.raises(CalendarError):
        WorkCalendar.from_content({**KEPT, **wrong})


def test_threads_may_share_a_calendar() -> None:
    """Each asks for other years, so that the days prepared are swapped under the hands of the rest."""
    asked = [
        (datetime(2005 + n * 7 % 31, 1 + n % 12, 1 + n % 28, n % 24, tzinfo=UTC), timedelta(hours=1 + n * 37 % 500))
        for n in range(400)
    ]
    alone = [built(RAW[1]).add(*question).at for question in asked[:40]]
    shared = built(RAW[1])
    with ThreadPoolExecutor(8) as pool:
        found = list(
            pool.map(lambda question: (shared.add(*question).at, shared.between(question[0], shared.add(*question).at)), asked)
        )
    assert [at for at, _ in found[:40]] == alone
    assert [took for _, took in found] == [stretch for _, stretch in asked]
