"""The account of days: worked cases anybody can follow with a calendar on the wall, and what holds for every one."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from sla.budget import Budget
from sla.calendar import CalendarError, WorkCalendar
from sla.daybook import MOST_DAYS, Day, Kind, account, kind_of
from tests.sla.test_calendar_properties import STARTS, built, written

WEEK = {"mon": [["08:30", "12:00"], ["14:00", "17:30"]], **dict.fromkeys(("tue", "wed", "thu", "fri"), "mon")}
OFFICE = WorkCalendar.build("热线工作时间", "Asia/Shanghai", WEEK, "CN")
HOUR = timedelta(hours=1)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=OFFICE.zone)


def days(budget: str, start: str, *pauses: tuple[str, str], calendar: WorkCalendar = OFFICE) -> list[Day]:
    stood = [(at(since), at(until)) for since, until in pauses]
    limit = Budget.parse(budget)
    return list(account(calendar, limit, at(start), calendar.due(at(start), limit, stood).at, stood))


def hours(day: Day) -> list[str]:
    return [f"{begin:%H:%M}–{end:%H:%M}" for begin, end, _ in day.stretches]


def test_lunch_does_not_count() -> None:
    (day,) = days("120wm", "2026-02-14 11:30")
    assert (day.kind, day.name, hours(day)) == (Kind.MADE_UP, "春节调休上班", ["11:30–12:00", "14:00–15:30"])
    assert (day.counted, day.total) == (2 * HOUR, 2 * HOUR)


def test_a_make_up_saturday_counts() -> None:
    friday, saturday = days("60wm", "2026-02-13 17:00")
    assert (friday.kind, hours(friday), friday.total) == (Kind.WORKDAY, ["17:00–17:30"], HOUR / 2)
    assert (saturday.kind, hours(saturday), saturday.total) == (Kind.MADE_UP, ["08:30–09:00"], HOUR)


def test_a_holiday_is_one_line_whatever_its_weekdays_and_working_days_are_numbered() -> None:
    found = days("5wd", "2026-09-30 09:00")
    assert [(day.first.day, day.last.day, day.kind, day.number) for day in found] == [
        (30, 30, Kind.WORKDAY, 0),  # the day of receipt
        (1, 7, Kind.HOLIDAY, 0),
        (8, 8, Kind.WORKDAY, 1),
        (9, 9, Kind.WORKDAY, 2),
        (10, 10, Kind.MADE_UP, 3),
        (11, 11, Kind.REST, 0),
        (12, 12, Kind.WORKDAY, 4),
        (13, 13, Kind.WORKDAY, 5),
    ]
    assert found[1].name == "国庆节" and not hours(found[0])


def test_what_stood_still_is_cut_out_and_made_good_after_the_last_day() -> None:
    found = days("3wd", "2026-11-23 09:00", ("2026-11-24 11:00", "2026-11-25 10:00"))
    tuesday, wednesday, _, friday = found[1:]
    assert [cut.length for day in (tuesday, wednesday) for cut in day.cuts] == [4.5 * HOUR, 1.5 * HOUR]
    assert (tuesday.number, hours(tuesday), hours(wednesday)) == (1, ["08:30–11:00"], ["10:00–12:00", "14:00–17:30"])
    assert (friday.extra, friday.number, friday.total, hours(friday)) == (True, 0, 6 * HOUR, ["08:30–12:00", "14:00–16:30"])


def test_a_weekend_on_hold_costs_nothing() -> None:
    held = days("8wh", "2026-11-27 16:00", ("2026-11-27 17:30", "2026-11-30 08:30"))
    assert held == days("8wh", "2026-11-27 16:00")
    assert [(day.first.day, day.last.day, day.idle) for day in held] == [(27, 27, False), (28, 29, True), (30, 30, False)]


def test_calendar_days_and_hours_of_the_clock_go_through_nights_and_holidays() -> None:
    by_day = days("2d", "2026-10-01 10:00")
    assert [(day.kind, day.number) for day in by_day] == [(Kind.ANY, 0), (Kind.ANY, 1), (Kind.ANY, 2)]
    by_hour = days("30h", "2026-10-01 10:00")
    assert [(hours(day), day.total) for day in by_hour] == [(["10:00–00:00"], 14 * HOUR), (["00:00–16:00"], 30 * HOUR)]


def test_calendar_days_that_stood_still_are_made_good_on_the_same_day() -> None:
    found = days("2d", "2026-11-23 09:00", ("2026-11-24 10:00", "2026-11-24 12:00"))
    assert [(day.first.day, day.number, day.extra) for day in found] == [
        (23, 0, False),
        (24, 1, False),
        (25, 2, False),
        (25, 0, True),
    ]
    assert found[-1].counted == 2 * HOUR


def test_a_deadline_that_was_decided_numbers_the_days_beyond_the_limit() -> None:
    found = account(OFFICE, Budget.parse("1wd"), at("2026-11-23 09:00"), at("2026-11-26 10:00"), follows=False)
    assert [day.number for day in found] == [0, 1, 2, 3]
    assert not any(day.extra for day in found)


def test_days_set_by_hand_and_days_not_yet_published_are_called_so() -> None:
    calendar = WorkCalendar.build("x", "Asia/Shanghai", WEEK, "CN", {"2026-11-24": [], "2026-11-28": WEEK["mon"]})
    kinds = [kind_of(calendar, date(2026, 11, day)) for day in (23, 24, 28, 29)]
    assert [kind for kind, _ in kinds] == [Kind.WORKDAY, Kind.SET_CLOSED, Kind.SET_OPEN, Kind.REST]
    (*_, last) = days("1wd", "2031-03-03 09:00")
    assert not last.settled


def test_of_many_years_nobody_reads_every_day() -> None:
    start = at("2026-11-23 09:00")
    assert account(OFFICE, Budget.parse("1wd"), start, start + timedelta(days=MOST_DAYS + 1), follows=False) == ()
    assert account(OFFICE, Budget.parse("1wd"), start, start) == ()


@some.composite
def cases(draw: some.DrawFn) -> tuple[WorkCalendar, Budget, datetime, list[tuple[datetime, datetime]]]:
    calendar, start = built(draw(written())), draw(STARTS)
    unit = draw(some.sampled_from(["m", "h", "wm", "wh", "wd", "d"]))
    budget = Budget.parse(f"{draw(some.integers(1, 12 if 'd' in unit else 900 if 'm' in unit else 60))}{unit}")
    edges = sorted(draw(some.lists(some.integers(0, 40 * 1440), min_size=0, max_size=6, unique=True)))
    moments = [start + timedelta(minutes=edge) for edge in edges]
    return calendar, budget, start, list(zip(moments[::2], moments[1::2], strict=False))


@settings(max_examples=60, deadline=None)
@given(case=cases())
def test_what_counts_adds_up_to_the_limit_and_what_was_cut_out_was_made_good(
    case: tuple[WorkCalendar, Budget, datetime, list[tuple[datetime, datetime]]],
) -> None:
    calendar, budget, start, pauses = case
    try:
        due = calendar.due(start, budget, pauses).at
    except CalendarError:
        return
    found = account(calendar, budget, start, due, pauses)
    if not found:
        return
    walked = calendar.counted_on(budget)
    assert found[0].first == start.astimezone(walked.zone).date()
    assert all(day.first <= day.last for day in found)
    assert all(a.last < b.first or (b.extra and a.last == b.first) for a, b in pairwise(found))
    if budget.in_days:
        first = calendar.due(start, budget).at
        late = [(max(begin, first), end) for begin, end in pauses if end > first]
        cut_later = sum((walked.between(begin, min(end, due)) for begin, end in late if begin < due), timedelta())
        extra = sum((day.counted for day in found if day.extra), timedelta())
        assert extra == walked.between(first, due) - cut_later
        assert max((day.number for day in found), default=0) == budget.amount
    else:
        assert found[-1].total == budget.length
    assert all(begin.astimezone(UTC) < end.astimezone(UTC) for day in found for begin, end, _ in day.stretches)


@pytest.mark.parametrize("zone", ["America/Havana", "Australia/Lord_Howe"])
def test_days_on_which_the_clocks_change_keep_their_length(zone: str) -> None:
    calendar = WorkCalendar.always(zone)
    start = datetime(2026, 1, 1, tzinfo=calendar.zone)
    limit = Budget.parse("9000h")
    found = account(calendar, limit, start, calendar.due(start, limit).at)
    assert found[-1].total == limit.length
    assert {day.counted for day in found[:-1]} > {24 * HOUR}
