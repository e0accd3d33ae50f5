"""Deadlines worked out by hand, as a table: calendar, start, budget, due."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from sla.calendar import BeyondCalendar, Budget, CalendarError, WorkCalendar
from tests.sla.worked import CALENDARS, LUNCH, at, rows, week

WORKED = """
# calendar       | start                     | budget | due
# --- the deadlines of our notes on other systems
service          | 2026-02-13 17:00          | 60wm   | 2026-02-14 09:00   make-up Saturday
service          | 2026-02-14 11:30          | 120wm  | 2026-02-14 15:30   lunch
service          | 2026-02-16 10:00          | 60wm   | 2026-02-24 09:30   holiday
service          | 2025-01-26 09:00          | 840wm  | 2025-02-05 09:00   make-up Sunday, then the holiday
service          | 2026-09-30 10:00          | 5wd    | 2026-10-13 17:30   the day of receipt is not counted
utc 9-17         | 2024-01-19 16:00          | 120wm  | 2024-01-22 10:00
10-18            | 2026-03-05 15:00          | 30wm   | 2026-03-09 10:30   two days closed by hand
8-18             | 2026-03-02 17:00          | 240wm  | 2026-03-03 11:00
# --- boundaries of a day
service          | 2026-03-02 08:30          | 60wm   | 2026-03-02 09:30
service          | 2026-03-02 08:00          | 30wm   | 2026-03-02 09:00   before opening
service          | 2026-03-02 00:00          | 1wm    | 2026-03-02 08:31
service          | 2026-03-02 11:30          | 60wm   | 2026-03-02 14:30   over lunch
service          | 2026-03-02 11:30          | 30wm   | 2026-03-02 12:00   ends with the morning
service          | 2026-03-02 12:00          | 30wm   | 2026-03-02 14:30   starts with lunch
service          | 2026-03-02 12:30          | 30wm   | 2026-03-02 14:30   during lunch
service          | 2026-03-02 14:00          | 30wm   | 2026-03-02 14:30
service          | 2026-03-02 17:30          | 1wm    | 2026-03-03 08:31   starts at closing
service          | 2026-03-02 20:00          | 30wm   | 2026-03-03 09:00   evening
service          | 2026-03-02 17:29:30       | 1wm    | 2026-03-03 08:30:30  seconds are kept
service          | 2026-03-02 09:00:00.250   | 1wm    | 2026-03-02 09:01:00.250
service          | 2026-03-02 08:30          | 420wm  | 2026-03-02 17:30   a whole day
service          | 2026-03-02 08:30          | 421wm  | 2026-03-03 08:31
service          | 2026-03-02 08:30          | 35wh   | 2026-03-06 17:30   a whole week
service          | 2026-03-06 17:00          | 1wh    | 2026-03-09 09:00   over the weekend
service          | 2026-03-07 10:00          | 1wh    | 2026-03-09 09:30   Saturday
service          | 2026-03-02T00:30:00Z      | 1wh    | 2026-03-02 09:30   a start in another zone
service          | 2026-03-01T20:00:00-05:00 | 1wh    | 2026-03-02 10:00
until midnight   | 2026-03-02 23:00          | 1wh    | 2026-03-03 00:00   ends with the day
until midnight   | 2026-03-02 23:00          | 61wm   | 2026-03-03 20:01
until midnight   | 2026-03-02 23:00          | 1wd    | 2026-03-04 00:00
# --- holidays and make-up days
service          | 2025-12-31 17:00          | 60wm   | 2026-01-04 09:00   New Year, make-up Sunday
service          | 2026-01-01 10:00          | 60wm   | 2026-01-04 09:30
service          | 2026-02-14 17:00          | 60wm   | 2026-02-24 09:00   nine days of spring festival
service          | 2026-02-28 09:00          | 60wm   | 2026-02-28 10:00   make-up Saturday
service          | 2026-02-28 17:00          | 60wm   | 2026-03-02 09:00
service          | 2026-04-03 17:00          | 60wm   | 2026-04-07 09:00
service          | 2026-04-30 17:00          | 60wm   | 2026-05-06 09:00
service          | 2026-05-08 17:00          | 60wm   | 2026-05-09 09:00   make-up Saturday
service          | 2026-06-18 17:00          | 60wm   | 2026-06-22 09:00
service          | 2026-09-18 17:00          | 60wm   | 2026-09-20 09:00   Saturday off, Sunday worked
service          | 2026-09-24 17:00          | 60wm   | 2026-09-28 09:00
service          | 2026-09-30 17:00          | 60wm   | 2026-10-08 09:00   national holiday
service          | 2026-10-09 17:00          | 60wm   | 2026-10-10 09:00   make-up Saturday
service          | 2026-10-10 17:00          | 60wm   | 2026-10-12 09:00
service          | 2024-02-04 08:30          | 60wm   | 2024-02-04 09:30   make-up Sunday
service          | 2024-02-09 17:00          | 60wm   | 2024-02-18 09:00   holiday to make-up Sunday
service          | 2024-09-13 17:00          | 60wm   | 2024-09-14 09:00
service          | 2024-09-14 17:00          | 60wm   | 2024-09-18 09:00
service          | 2025-01-27 17:00          | 60wm   | 2025-02-05 09:00
service          | 2025-09-30 17:00          | 60wm   | 2025-10-09 09:00
sunday too       | 2026-02-15 10:00          | 60wm   | 2026-02-24 10:00   a holiday closes whatever its weekday
sunday too       | 2026-03-01 10:00          | 60wm   | 2026-03-01 11:00   an open Sunday
# --- working days, calendar days, the clock
service          | 2026-03-02 10:00          | 1wd    | 2026-03-03 17:30
service          | 2026-03-02 23:59:59       | 1wd    | 2026-03-03 17:30
service          | 2026-03-03 00:00          | 1wd    | 2026-03-04 17:30
service          | 2026-03-02T17:00:00Z      | 1wd    | 2026-03-04 17:30   already Tuesday in Shanghai
service          | 2026-03-06 10:00          | 1wd    | 2026-03-09 17:30
service          | 2026-03-07 10:00          | 1wd    | 2026-03-09 17:30   received on Saturday
service          | 2026-02-13 10:00          | 1wd    | 2026-02-14 17:30   make-up Saturday counts
service          | 2026-02-13 10:00          | 2wd    | 2026-02-24 17:30
service          | 2026-02-16 10:00          | 3wd    | 2026-02-26 17:30   received on a holiday
service          | 2026-09-30 10:00          | 10wd   | 2026-10-20 17:30
service          | 2026-02-13 17:00          | 15d    | 2026-02-28 17:00   calendar days, same time
service          | 2026-03-06 23:00          | 2h     | 2026-03-07 01:00   the clock does not sleep
service          | 2026-02-16 10:00          | 30m    | 2026-02-16 10:30
always           | 2026-02-16 23:50          | 30wm   | 2026-02-17 00:20
always           | 2026-02-14 10:00          | 1wd    | 2026-02-16 00:00   the end of the next day
# --- summer time
berlin always    | 2026-03-28T23:30:00+01:00 | 180wm  | 2026-03-29T03:30:00+02:00   an hour is jumped over
berlin always    | 2026-10-25T00:30:00+02:00 | 180wm  | 2026-10-25T02:30:00+01:00   an hour passes twice
berlin nights    | 2026-03-29T01:00:00+01:00 | 180wm  | 2026-03-29T05:00:00+02:00   a night of three hours
berlin nights    | 2026-10-25T01:00:00+02:00 | 300wm  | 2026-10-25T05:00:00+01:00   a night of five
berlin 9-17      | 2026-03-27T16:00:00+01:00 | 120wm  | 2026-03-30T10:00:00+02:00
berlin 9-17      | 2026-10-23T16:00:00+02:00 | 120wm  | 2026-10-26T10:00:00+01:00
berlin daily     | 2013-06-04T09:00:00Z      | 240wm  | 2013-06-04T13:00:00Z
berlin daily     | 2013-06-04T15:00:00Z      | 120wm  | 2013-06-05T08:00:00Z
berlin always    | 2026-03-28T10:00:00+01:00 | 1d     | 2026-03-29T10:00:00+02:00   same time, 23 hours later
berlin always    | 2026-03-28T02:30:00+01:00 | 1d     | 2026-03-29T03:30:00+02:00   a time that does not exist
berlin always    | 2026-03-28T10:00:00+01:00 | 24h    | 2026-03-29T11:00:00+02:00
new york         | 2026-10-30T16:00:00-04:00 | 120wm  | 2026-11-02T10:00:00-05:00
"""


@pytest.mark.parametrize(("calendar", "start", "budget", "due"), rows(WORKED))
def test_due(calendar: str, start: str, budget: str, due: str) -> None:
    count = CALENDARS[calendar]
    begun = at(start, count.zone)
    found = count.due(begun, Budget.parse(budget))
    assert found.at.astimezone(UTC) == at(due, count.zone).astimezone(UTC)  # in the hour that passes twice only UTC compares
    assert str(found.at.tzinfo) == count.timezone
    assert not found.provisional
    if budget.endswith(("wm", "wh")):
        assert count.between(begun, found.at) == Budget.parse(budget).length


OFFSETS = """
8-18             | 2026-03-03 11:00          | -60    | 2026-03-03 10:00   the warning of our notes
8-18             | 2026-03-03 09:00          | -120   | 2026-03-02 17:00   over the night
8-18             | 2026-03-03 09:00          | -60    | 2026-03-03 08:00   the opening, not the evening before
8-18             | 2026-03-02 18:00          | -600   | 2026-03-02 08:00
8-18             | 2026-03-02 08:00          | -60    | 2026-02-27 17:00   over the weekend
service          | 2026-03-03 09:00          | -60    | 2026-03-02 17:00
service          | 2026-03-02 14:30          | -60    | 2026-03-02 11:30   over lunch
service          | 2026-03-02 14:30          | -30    | 2026-03-02 14:00
service          | 2026-02-24 09:00          | -60    | 2026-02-14 17:00   over nine days of holiday
service          | 2026-10-08 08:30          | -1     | 2026-09-30 17:29
service          | 2026-03-08 12:00          | -30    | 2026-03-06 17:00   from a Sunday backwards
service          | 2026-03-08 12:00          | 30     | 2026-03-09 09:00   and forwards
service          | 2026-03-08 12:00          | 0      | 2026-03-08 12:00   nothing to count
service          | 2026-01-04 09:00          | -60    | 2025-12-31 17:00   over the year's end
berlin nights    | 2026-03-29T05:00:00+02:00 | -180   | 2026-03-29T01:00:00+01:00
berlin always    | 2026-10-25T02:30:00+01:00 | -180   | 2026-10-25T00:30:00+02:00
always           | 2026-03-01 00:10          | -20    | 2026-02-28 23:50
"""


@pytest.mark.parametrize(("calendar", "start", "minutes", "result"), rows(OFFSETS))
def test_offset(calendar: str, start: str, minutes: str, result: str) -> None:
    count = CALENDARS[calendar]
    found = count.offset(at(start, count.zone), timedelta(minutes=int(minutes))).at
    assert found.astimezone(UTC) == at(result, count.zone).astimezone(UTC)


PROVISIONAL = """
2026-12-31 17:00 | 30wm | 2026-12-31 17:30 | no    still on a published day
2026-12-31 17:00 | 60wm | 2027-01-04 09:00 | yes   New Year's Day is off by law, the rest is not known
2026-12-30 10:00 | 1wd  | 2026-12-31 17:30 | no
2026-12-30 10:00 | 5wd  | 2027-01-07 17:30 | yes
2027-02-04 17:00 | 60wm | 2027-02-09 09:00 | yes   spring festival by law
2027-04-30 17:00 | 60wm | 2027-05-03 09:00 | yes
2027-03-01 09:00 | 60wm | 2027-03-01 10:00 | yes
2026-12-31 20:00 | 24h  | 2027-01-01 20:00 | no    the clock has no holidays
2026-12-31 20:00 | 2d   | 2027-01-02 20:00 | no
2023-12-29 17:00 | 60wm | 2024-01-02 09:00 | yes   nor is 2023 held
"""


@pytest.mark.parametrize(("start", "budget", "due", "flagged"), rows(PROVISIONAL))
def test_provisional(start: str, budget: str, due: str, flagged: str) -> None:
    count = CALENDARS["service"]
    found = count.due(at(start, count.zone), Budget.parse(budget))
    assert (found.at, found.provisional) == (at(due, count.zone), flagged == "yes")


def test_a_day_set_by_hand_is_not_provisional() -> None:
    count = WorkCalendar.build("热线", "Asia/Shanghai", week(*LUNCH), "CN", {"2027-03-01": LUNCH})
    assert not count.add(at("2027-03-01 09:00", count.zone), timedelta(hours=1)).provisional
    assert count.add(at("2027-03-01 17:00", count.zone), timedelta(hours=1)).provisional


def test_pauses_of_our_notes() -> None:
    count = CALENDARS["berlin daily"]
    pauses = [
        (at(f"2013-06-04T{a}:00Z", count.zone), at(f"2013-06-04T{b}:00Z", count.zone))
        for a, b in [("11:00", "12:00"), ("09:00", "10:30")]
    ]
    assert count.due(at("2013-06-04T09:00:00Z", count.zone), Budget.parse("240wm"), pauses).at == at(
        "2013-06-04T15:30:00Z", count.zone
    )


@pytest.mark.parametrize(
    ("pauses", "due"),
    [
        ([("02-14 08:40", "02-14 08:50")], "02-14 09:10"),
        ([("02-13 18:00", "02-14 08:30")], "02-14 09:00"),  # a night costs nothing
        ([("02-12 09:00", "02-13 16:00")], "02-14 09:00"),  # over before it began
        ([("02-13 16:00", "02-13 17:15")], "02-14 09:15"),  # begun before the start
        ([("02-14 08:40", "02-14 08:50"), ("02-14 08:45", "02-14 08:55")], "02-14 09:15"),  # overlapping
        ([("02-14 09:30", "02-14 10:30")], "02-14 09:00"),  # after the deadline
        ([("02-14 08:45", "02-24 08:45")], "02-24 09:00"),  # over the holiday
    ],
)
def test_pauses(pauses: list[tuple[str, str]], due: str) -> None:
    count = CALENDARS["service"]
    spans = [(at(f"2026-{a}", count.zone), at(f"2026-{b}", count.zone)) for a, b in pauses]
    assert count.due(at("2026-02-13 17:00", count.zone), Budget.parse("60wm"), spans).at == at(f"2026-{due}", count.zone)


def test_segments_leave_out_pauses() -> None:
    count = CALENDARS["service"]
    pause = (at("2026-02-14 08:40", count.zone), at("2026-02-14 08:50", count.zone))
    found = count.segments(at("2026-02-13 17:00", count.zone), at("2026-02-14 09:10", count.zone), [pause])
    assert [(a.strftime("%d %H:%M"), b.strftime("%d %H:%M")) for a, b in found] == [
        ("13 17:00", "13 17:30"),
        ("14 08:30", "14 08:40"),
        ("14 08:50", "14 09:10"),
    ]


def test_same_time_on_the_last_working_day() -> None:
    count = CALENDARS["service"]
    assert count.add_days(at("2026-02-13 10:15", count.zone), 2, end="same_time").at == at("2026-02-24 10:15", count.zone)
    assert count.add_days(at("2026-02-24 10:15", count.zone), -1).at == at("2026-02-14 17:30", count.zone)


@pytest.mark.parametrize("text", ["30m", "2h", "90wm", "4wh", "3wd", "15d"])
def test_budgets_round_trip(text: str) -> None:
    assert str(Budget.parse(text)) == text


@pytest.mark.parametrize("text", ["", "3", "wd", "0h", "-1h", "1.5h", "3 wd", "3w", "３wd", "1h30m"])
def test_what_is_not_a_budget(text: str) -> None:
    with pytest.raises(CalendarError):
        Budget.parse(text)


@pytest.mark.parametrize(
    ("hours", "days"),
    [
        ({}, {}),
        ({"mon": []}, {"2026-01-01": []}),
        ({"mon": [["12:00", "08:30"]]}, {}),
        ({"mon": [["08:30", "12:00"], ["11:00", "17:00"]]}, {}),
        ({"mon": [["08:30", "24:01"]]}, {}),
        ({"mon": [["8点", "12:00"]]}, {}),
        ({"mon": [["08:30"]]}, {}),
        ({"monday": [["08:30", "12:00"]]}, {}),
        ({"mon": "tue", "tue": "mon"}, {}),
        ({"mon": "08:30-12:00"}, {}),
        ({"mon": [["08:30", "12:00"]]}, {"2026-02-30": []}),
        ("always", {}),
    ],
)
def test_calendars_that_are_refused(hours: object, days: dict[str, object]) -> None:
    with pytest.raises(CalendarError):
        WorkCalendar.build("x", "Asia/Shanghai", hours, days=days)


def test_unknown_zones_and_countries_are_refused() -> None:
    with pytest.raises(CalendarError, match="时区"):
        WorkCalendar.build("x", "Asia/Peking", "24x7").add(datetime(2026, 1, 1, tzinfo=UTC), timedelta(hours=1))
    with pytest.raises(CalendarError, match="XX"):
        WorkCalendar.build("x", "UTC", week(*LUNCH), "XX")


def test_times_without_a_zone_are_refused() -> None:
    naive = datetime(2026, 3, 2, 9)  # noqa: DTZ001
    count = CALENDARS["service"]
    for ask in (
        lambda: count.add(naive, timedelta(hours=1)),
        lambda: count.add_days(naive, 1),
        lambda: count.between(naive, naive),
        lambda: count.due(naive, Budget.parse("2h")),
        lambda: count.due(naive, Budget.parse("2d")),
    ):
        with pytest.raises(CalendarError, match="没有时区"):
            ask()


def test_beyond_twenty_years_is_said_not_guessed() -> None:
    count = WorkCalendar.build("一天", "Asia/Shanghai", {}, days={"2026-03-02": LUNCH})
    assert count.add(at("2026-03-01 09:00", count.zone), timedelta(hours=7)).at == at("2026-03-02 17:30", count.zone)
    with pytest.raises(BeyondCalendar, match="20 年"):
        count.add(at("2026-03-01 09:00", count.zone), timedelta(hours=8))
    with pytest.raises(BeyondCalendar):
        count.add_days(at("2026-03-02 09:00", count.zone), -1)
    service = CALENDARS["service"]
    with pytest.raises(BeyondCalendar):
        service.due(at("2026-03-02 09:00", service.zone), Budget.parse("9999wd"))
    assert service.due(at("2026-03-02 09:00", service.zone), Budget.parse("4000wd")).provisional


def test_calendars_are_equal_by_what_moves_a_deadline() -> None:
    one, two = (WorkCalendar.build(name, "Asia/Shanghai", week(*LUNCH), "CN") for name in ("甲", "乙"))
    other = WorkCalendar.build("甲", "Asia/Shanghai", week(["08:30", "12:00"]), "CN")
    assert one == two and hash(one) == hash(two) and one.version == two.version
    assert one != other and len({one, two, other}) == 2
