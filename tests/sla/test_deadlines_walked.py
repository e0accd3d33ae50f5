"""Every worked deadline against the calculator and against a walk that counts minute by minute and shares no line with it."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest

from sla.calendar import Budget, Moment, Pause, WorkCalendar
from tests.sla import test_deadlines as earlier
from tests.sla.walk import Walk, us
from tests.sla.worked import CALENDARS, OFFSETS, PAUSED, PROVISIONAL, RAW, WORKED, at, rows, spans

MINUTES = {"wm": 1, "wh": 60, "m": 1, "h": 60}
ALL = [*rows(WORKED), *rows(earlier.WORKED)]


def counted(calendar: WorkCalendar, start: datetime, limit: str, pauses: list[Pause]) -> Moment:
    if limit.endswith("="):
        return calendar.put_off(calendar.add_days(start, int(limit[:-3]), end="same_time"), start, pauses)
    return calendar.due(start, Budget.parse(limit), pauses)


def walked(walk: Walk, start: datetime, limit: str, pauses: list[Pause]) -> int:
    """The same by walking, in microseconds since 1970."""
    found = re.fullmatch(r"([0-9]+)([a-z]+)(=?)", limit)
    assert found
    amount, unit = int(found[1]), found[2]
    clock = Walk({"timezone": walk.zone.key, "hours": "24x7"})
    if unit == "wd":
        day, closing = walk.closing(start, amount)
        local = start.astimezone(walk.zone).replace(year=day.year, month=day.month, day=day.day, fold=0)
        return pushed(walk, start, us(local) if found[3] else closing, pauses)
    if unit == "d":
        local = (start.astimezone(walk.zone).replace(tzinfo=None) + timedelta(days=amount)).replace(tzinfo=walk.zone)
        return pushed(clock, start, us(local), pauses)
    return (walk if unit.startswith("w") else clock).later(start, timedelta(minutes=amount * MINUTES[unit]), pauses)


def pushed(walk: Walk, start: datetime, due: int, pauses: list[Pause]) -> int:
    """A deadline that a day sets: when as much working time outside the pauses has passed as lay before it."""
    if not pauses:
        return due
    end = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=due)
    whole = timedelta(microseconds=walk.worked(start, end))
    if not whole:
        return due
    free, held = walk.later(start, whole), walk.later(start, whole, pauses)
    return held if held > free else due


@pytest.mark.parametrize(("calendar", "start", "limit", "due"), ALL)
def test_worked(calendar: str, start: str, limit: str, due: str) -> None:
    count = CALENDARS[calendar]
    begun = at(start, count.zone)
    found = counted(count, begun, limit, [])
    assert us(found.at) == us(at(due, count.zone)), found.at
    assert not found.provisional or (calendar == "service" and found.at.year == 2027)
    assert walked(Walk(RAW[calendar]), begun, limit, []) == us(found.at)


@pytest.mark.parametrize(("calendar", "start", "limit", "pauses", "due"), rows(PAUSED))
def test_paused(calendar: str, start: str, limit: str, pauses: str, due: str) -> None:
    count = CALENDARS[calendar]
    begun, stops = at(start, count.zone), spans(pauses, count.zone)
    found = counted(count, begun, limit, stops)
    assert us(found.at) == us(at(due, count.zone)), found.at
    assert walked(Walk(RAW[calendar]), begun, limit, stops) == us(found.at)


@pytest.mark.parametrize(("calendar", "start", "minutes", "result"), [*rows(OFFSETS), *rows(earlier.OFFSETS)])
def test_offset(calendar: str, start: str, minutes: str, result: str) -> None:
    count, amount = CALENDARS[calendar], timedelta(minutes=float(minutes))
    begun = at(start, count.zone)
    found = us(count.offset(begun, amount).at)
    assert found == us(at(result, count.zone))
    walk = Walk(RAW[calendar])
    if amount:
        assert (walk.later(begun, amount) if amount > timedelta(0) else walk.earlier(begun, -amount)) == found


@pytest.mark.parametrize(("start", "limit", "due", "flagged"), [*rows(PROVISIONAL), *rows(earlier.PROVISIONAL)])
def test_provisional(start: str, limit: str, due: str, flagged: str) -> None:
    count = CALENDARS["service"]
    begun = at(start, count.zone)
    found = counted(count, begun, limit, [])
    assert (found.at, found.provisional) == (at(due, count.zone), flagged == "yes")
    assert walked(Walk(RAW["service"]), begun, limit, []) == us(found.at)


def test_the_table_is_long_and_says_nothing_twice() -> None:
    own = [tuple(row[:3]) for row in rows(WORKED)] + [tuple(row[:4]) for row in rows(PAUSED)]
    assert len(own) >= 150 and len(set(own)) == len(own)
