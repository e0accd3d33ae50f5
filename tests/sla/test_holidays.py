"""The published holidays, checked day by day against an independent source, and the form a new year is brought in."""

from __future__ import annotations

from datetime import date, timedelta

import chinese_calendar
import pytest

from sla.calendar import CalendarError, WorkCalendar
from sla.schedule import Schedule, published

WEEK = {"mon": [["09:00", "17:00"]], "tue": "mon", "wed": "mon", "thu": "mon", "fri": "mon"}

NEXT_YEAR = """
country = "CN"
[[year]]
year = 2027
notice = "测试用的通知"
holiday = [{ name = "元旦", from = 2027-01-01, to = 2027-01-03, work = [2027-01-09] }]
"""


@pytest.mark.parametrize("year", [2024, 2025, 2026])
def test_every_day_agrees_with_an_independent_source(year: int) -> None:
    calendar = WorkCalendar.build("热线", "Asia/Shanghai", WEEK, "CN")
    days = [date(year, 1, 1) + timedelta(days=number) for number in range(366)]
    differing = [day for day in days if day.year == year and bool(calendar.hours(day)) != chinese_calendar.is_workday(day)]
    assert differing == []


def test_days_have_names_and_a_source() -> None:
    schedule = published("CN")
    assert schedule.name(date(2026, 2, 17)) == "春节"
    assert schedule.name(date(2026, 2, 14)) == "春节调休上班"
    assert schedule.name(date(2026, 3, 2)) == ""
    assert schedule.name(date(2027, 2, 6)) == "春节"
    assert schedule.years[2026].startswith("国务院办公厅关于2026年")


def test_a_new_year_replaces_what_was_only_likely() -> None:
    before = WorkCalendar.build("热线", "Asia/Shanghai", WEEK, "CN")
    after = before.with_schedule(published("CN").with_years(Schedule.parse(NEXT_YEAR)))
    assert after.version != before.version
    assert before.hours(date(2027, 1, 9)) == () and after.hours(date(2027, 1, 9)) == before.hours(date(2027, 1, 4))
    assert not before.settled(date(2027, 1, 9)) and after.settled(date(2027, 1, 9))
    assert after.hours(date(2026, 2, 14)) and not after.hours(date(2026, 2, 16))
    assert before.clock.with_schedule(Schedule.parse(NEXT_YEAR)) is before.clock


@pytest.mark.parametrize(
    "wrong",
    [
        "year = ",
        'country = "CN"\nyear = 2027',
        NEXT_YEAR.replace('country = "CN"', ""),
        NEXT_YEAR.replace('notice = "测试用的通知"', ""),
        NEXT_YEAR.replace("to = 2027-01-03", "to = 2026-12-31"),
        NEXT_YEAR.replace("to = 2027-01-03", 'to = "三日"'),
        NEXT_YEAR.replace("2027-01-09", "2027-01-08"),  # a Friday is no make-up day
        NEXT_YEAR.replace("2027-01-09", "2027-01-02"),  # off and worked at once
    ],
)
def test_a_notice_that_cannot_be_right_is_refused(wrong: str) -> None:
    with pytest.raises(CalendarError):
        Schedule.parse(wrong)


def test_countries_are_not_mixed() -> None:
    with pytest.raises(CalendarError):
        published("CN").with_years(Schedule("XX", {}, {}, {}))
