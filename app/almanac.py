"""What is known here of a year's holidays: how it is worked, where that is known from, and whether somebody has to see to it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby

from app.errors import BadInput
from app.hotline import Tx
from app.register import holidays
from app.store import counted
from sla.calendar import WorkCalendar
from sla.notice_days import COUNTRY
from sla.schedule import Schedule

NOVEMBER = 11  # when the notice of the next year has been published, or will be any day
CURE = "请用 hotline calendar import 导入国务院办公厅的通知"


# --- a year as people read it -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Holiday:
    """Days off in one run, and the days worked for them."""

    name: str
    first: date
    last: date
    made_up: tuple[date, ...]

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1


@dataclass(frozen=True, slots=True)
class Month:
    number: int
    days: int  # worked
    time: timedelta


@dataclass(frozen=True, slots=True)
class Year:
    """One year on one calendar. ``known``: a notice says what holds; else it is reckoned by the law. ``source``: from where."""

    year: int
    calendar: str
    known: bool
    source: str
    holidays: tuple[Holiday, ...]
    months: tuple[Month, ...]


def year_on(tx: Tx, year: int, calendar: WorkCalendar) -> Year:
    """How a year is worked on a calendar, as things are known now."""
    schedule = calendar.schedule
    return Year(
        year=year,
        calendar=calendar.name,
        known=schedule is None or year in schedule.years,
        source=_source(tx, year, schedule),
        holidays=tuple(_holidays(schedule, year)) if schedule else (),
        months=tuple(_month(calendar, year, number) for number in range(1, 13)),
    )


def calendar_named(tx: Tx, name: str = "") -> WorkCalendar:
    """A calendar in force by key or name; without one that of the service hours, else the first that keeps holidays. Raises
    BadInput."""
    sla = tx.promises.sla
    known: Mapping[str, WorkCalendar] = {held.name: held for held in sla.calendars.values()} | dict(sla.calendars)
    if name and name not in known:
        raise BadInput(f"没有名为“{name}”的日历", cure=f"可用：{'、'.join(known)}")
    keeping = (held for held in sla.calendars.values() if held.schedule)
    return known[name] if name else sla.hours or next(keeping, next(iter(sla.calendars.values())))


def schedule_in_force(tx: Tx) -> Schedule | None:
    """The holidays that calendars keep here now; None when none keeps any."""
    kept = (held.schedule for held in tx.promises.sla.calendars.values() if held.schedule)
    return next((schedule for schedule in kept if schedule.country == COUNTRY), None)


def source_words(tx: Tx, year: int) -> str:
    """From where a year is known: imported when and by whom, or as it came with the program, or not at all."""
    return _source(tx, year, schedule_in_force(tx))


def _source(tx: Tx, year: int, schedule: Schedule | None) -> str:
    if schedule is None:
        return "不受放假安排影响"
    row = holidays.imported_years(tx.session, schedule.country).get(year)
    if row is not None:
        by = f"，{row.imported_by}" if row.imported_by else ""
        return f"导入：{row.notice}（{tx.hotline.local_day(row.imported_at)}{by}）"
    return f"随附：{schedule.years[year]}" if year in schedule.years else "尚未公布，按法定假日推算"


def _holidays(schedule: Schedule, year: int) -> Iterator[Holiday]:
    own = holidays.only(schedule, year)
    off = dict(own.off) or {day: schedule.name(day) for day in _days(year) if schedule.closed(day)}
    seen: set[str] = set()  # of a holiday whose weekend is left out the second part has no made-up days of its own
    for (name, _), run in groupby(sorted(off), key=lambda day: (off[day], _run(day, off))):
        days = list(run)
        made_up = [day for day, said in sorted(own.work.items()) if said.removesuffix("调休上班") == name and name not in seen]
        seen.add(name)
        yield Holiday(name, days[0], days[-1], tuple(made_up))


def _run(day: date, off: Mapping[date, str]) -> date:
    """The first day of the unbroken run of days off of the same name that a day belongs to."""
    before = day - timedelta(days=1)
    return _run(before, off) if off.get(before) == off[day] else day


def _month(calendar: WorkCalendar, year: int, number: int) -> Month:
    open_days = [hours for day in _days(year) if day.month == number and (hours := calendar.hours(day))]
    seconds = sum(end - begin for hours in open_days for begin, end in hours)
    return Month(number, len(open_days), timedelta(seconds=seconds))


def _days(year: int) -> Iterator[date]:
    day = date(year, 1, 1)
    while day.year == year:
        yield day
        day += timedelta(days=1)


# --- what somebody has to see to ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Alarm:
    """``missing``: years that count already, or are about to, and have no notice. ``provisional``: open clocks whose deadline a
    notice may still move; ``begun``: those of them that are due in a year which has begun."""

    missing: tuple[int, ...]
    provisional: int
    begun: int

    @property
    def warnings(self) -> list[str]:
        said = [f"{year} 年放假安排尚未导入，涉及它的时限是按法定假日推算的，{CURE}" for year in self.missing]
        if self.begun:
            said.append(f"有 {self.begun} 个在走的时限已进入到期年份，仍按未公布的放假安排暂定，{CURE}")
        return said


def alarm(tx: Tx) -> Alarm:
    """From 1 November on the next year's notice should be known, and this year's at any time. Reads two small indexes."""
    today = tx.hotline.local_day(tx.now)
    schedule = schedule_in_force(tx)
    wanted = [today.year, *([today.year + 1] if today.month >= NOVEMBER else [])] if schedule else []
    missing = tuple(year for year in wanted if schedule and year not in schedule.years)
    new_year = datetime(today.year + 1, 1, 1, tzinfo=tx.hotline.zone)
    return Alarm(missing, counted.provisional(tx.session), counted.provisional(tx.session, new_year))
