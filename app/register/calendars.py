"""Calendars in the database: the yearly notices that were imported, and every calendar that a deadline was ever counted on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from app.register import holidays
from app.register.model import CalendarVersion, HolidayNotice
from sla.calendar import WorkCalendar
from sla.policy import SlaPolicy
from sla.schedule import Schedule, published


def in_force(session: Session, sla: SlaPolicy) -> SlaPolicy:
    """The policy's promises under the holidays as published; years imported here go before those that came with the program."""
    for country, newer in imported(session).items():
        sla = sla.under(published(country).with_years(newer))
    return sla


def imported(session: Session) -> dict[str, Schedule]:
    """The imported years of each country, as one schedule each."""
    found: dict[str, Schedule] = {}
    for row in session.scalars(select(HolidayNotice).order_by(HolidayNotice.country, HolidayNotice.year)):
        year = Schedule.from_content(row.content)
        found[row.country] = found[row.country].with_years(year) if row.country in found else year
    return found


def under(calendar: WorkCalendar, notices: Mapping[str, Schedule]) -> WorkCalendar:
    """A calendar of any day under the notices given, its hours and all other years as they were; itself where that changes
    nothing."""
    newer = notices.get(calendar.schedule.country) if calendar.schedule else None
    if calendar.schedule is None or newer is None:
        return calendar
    moved = calendar.with_schedule(calendar.schedule.with_years(newer))
    return calendar if moved == calendar else moved


def difference(before: WorkCalendar, after: WorkCalendar) -> str:
    """Why deadlines move from one to the other, as they are told of it: 2027年放假安排公布."""
    said = []
    if before.schedule and after.schedule:
        for year in holidays.changed_years(before.schedule, after.schedule):
            said.append(f"{year}年放假安排{'更正' if year in before.schedule.years else '公布'}")
    if (before.timezone, before.week, before.days) != (after.timezone, after.week, after.days):
        said.append("工作时间调整")
    return "、".join(said) or "工作日历调整"


def remember(session: Session, calendars: Iterable[WorkCalendar], now: datetime) -> None:
    """Keeps each calendar whole the first time it is in force."""
    rows = {
        calendar.version: {
            "version": calendar.version,
            "name": calendar.name,
            "content": calendar.content(),
            "first_used_at": now,
        }
        for calendar in calendars
    }
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    session.execute(insert(CalendarVersion).on_conflict_do_nothing(), [rows[version] for version in sorted(rows)])


_KEPT: dict[str, WorkCalendar] = {}  # by version, which is a hash of all that matters: good for every database


def kept(session: Session, version: str) -> WorkCalendar | None:
    """A calendar of former days by its version; None when nobody kept it."""
    if version not in _KEPT:
        row = session.get(CalendarVersion, version)
        if row is None:
            return None
        _KEPT[version] = WorkCalendar.from_content(row.content)
    return _KEPT[version]


def archived(session: Session) -> list[WorkCalendar]:
    """Every calendar that was ever in force here."""
    versions = session.scalars(select(CalendarVersion.version).order_by(CalendarVersion.version))
    return [calendar for version in versions if (calendar := kept(session, version)) is not None]
