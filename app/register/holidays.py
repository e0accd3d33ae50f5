"""The yearly holiday notice: read from a file as people hand it in, compared with what is in force, kept in the database.

1. ``read_file``   bytes → text → days off and days worked, or a BadFile that names file, line and cure
2. ``changes``     which days that would change
3. ``keep``        the notice of each year replaces what was imported for it before; the register's revision moves on
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from app.errors import BadFile
from app.register.model import Fact, HolidayNotice
from app.register.organisations import REVISION, touch
from sla.notices import FORMS, BadNotice, Unlawful, read_notice
from sla.schedule import Schedule, year_of

LARGEST = 1_000_000  # bytes; a year's notice has a few thousand
WEEKDAYS = "一二三四五六日"


def read_file(path: Path, form: str, doubt: Callable[[str], None]) -> Schedule:
    """The years that a file is about. ``form`` is one of FORMS; what the file's name ends in when empty. Raises BadFile.

    That it does not come to the days off which the law gives is no reason to refuse it, because laws change: it is said to
    ``doubt``, and whoever imports it decides.
    """
    form = form or path.suffix.removeprefix(".").lower()
    if form not in FORMS:
        raise BadFile("看不出是哪种格式", file=str(path), cure=f"用 --form 指明：{'、'.join(FORMS)}")
    try:
        content = path.read_bytes()
    except IsADirectoryError:
        raise BadFile("是一个目录", file=str(path), cure="指明其中的文件") from None
    if len(content) > LARGEST:
        raise BadFile("文件太大，不会是一份放假通知", file=str(path), cure="核对是不是这个文件")
    try:
        return _read(_text(content, path), form, path, doubt)
    except BadNotice as wrong:
        raise BadFile(wrong.problem, file=str(path), line=wrong.line, cure=wrong.cure) from wrong


def _read(text: str, form: str, path: Path, doubt: Callable[[str], None]) -> Schedule:
    try:
        return read_notice(text, form)
    except Unlawful as unusual:
        found = read_notice(text, form, by_law=False)
        doubt(f"{path} 第{unusual.line}行：{unusual.problem}（{unusual.cure}）")
        return found


def _text(content: bytes, path: Path) -> str:
    """UTF-8, with or without a mark at its beginning, else what Chinese spreadsheets write."""
    line = 1  # how far the better of the two gets
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError as wrong:
            line = max(line, content.count(b"\n", 0, wrong.start) + 1)
    raise BadFile("既不是 UTF-8，也不是 GB18030 编码", file=str(path), line=line, cure="另存为 UTF-8 后重试")


# --- what a notice changes ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class DayChange:
    """A day that one schedule works and the other does not. ``name``: of the holiday that it has to do with."""

    day: date
    works: bool
    name: str

    @property
    def words(self) -> str:
        """2027-01-02 周六 上班（元旦调休上班）."""
        return f"{spelled(self.day)} {'上班' if self.works else '放假'}" + (f"（{self.name}）" if self.name else "")


def spelled(day: date) -> str:
    return f"{day} 周{WEEKDAYS[day.weekday()]}"


def works(schedule: Schedule, day: date, *, weekends: bool = False) -> bool:
    """Whether people who work from Monday to Friday, or all week, work on this day."""
    return schedule.made_up(day) or ((weekends or day.weekday() < 5) and not schedule.closed(day))


def changes(before: Schedule, after: Schedule, *, weekends: bool = False) -> list[DayChange]:
    """The days that are worked under one of the two and not under the other, in order."""
    found = {}
    for year in changed_years(before, after):
        for day in _days_of(year):
            working = works(after, day, weekends=weekends)
            if working != works(before, day, weekends=weekends):
                found[day] = DayChange(day, working, after.name(day) or before.name(day))
    return [found[day] for day in sorted(found)]


def changed_years(before: Schedule, after: Schedule) -> list[int]:
    """The years whose notices say different things, or which only one of the two knows."""
    years = sorted(before.years.keys() | after.years.keys())
    return [
        year for year in years if (year in before.years) != (year in after.years) or _said(before, year) != _said(after, year)
    ]


def _days_of(year: int) -> Iterator[date]:
    """All days that the notice of a year may dispose of."""
    day = date(year - 1, 12, 1)
    while day.year <= year:
        yield day
        day += timedelta(days=1)


def _said(schedule: Schedule, year: int) -> tuple[bool, list[date], list[date]]:
    one = only(schedule, year)
    return year in one.years, sorted(one.off), sorted(one.work)


def only(schedule: Schedule, year: int) -> Schedule:
    """What the notice of one year says, and nothing else."""
    return replace(
        schedule,
        off={day: name for day, name in schedule.off.items() if year_of(day, name) == year},
        work={day: name for day, name in schedule.work.items() if year_of(day, name) == year},
        years={number: notice for number, notice in schedule.years.items() if number == year},
        fixed={},
        likely={},
    )


# --- keeping it ---------------------------------------------------------------------------------------------------------


def imported_years(session: Session, country: str) -> dict[int, HolidayNotice]:
    """What was imported, by year."""
    rows = session.scalars(select(HolidayNotice).where(HolidayNotice.country == country).order_by(HolidayNotice.year))
    return {row.year: row for row in rows}


def keep(session: Session, notice: Schedule, by: str, now: datetime) -> list[int]:
    """Replaces the years that the notice is about where they say something else; returns these. The register's revision moves on
    with them, so that whoever runs takes them up. Of two at once the second sees what the first has kept."""
    _one_at_a_time(session)
    present = imported_years(session, notice.country)
    fresh = []
    for year, title in notice.years.items():
        content, row = only(notice, year).content(), present.get(year)
        if row is not None and row.content == content:
            continue
        if row is None:
            row = HolidayNotice(country=notice.country, year=year)
            session.add(row)
        row.notice, row.content, row.imported_at, row.imported_by = title[:200], content, now, by[:200]
        fresh.append(year)
    if fresh:
        touch(session)
    return fresh


def _one_at_a_time(session: Session) -> None:
    """Holds the row that everybody who changes the register writes."""
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    session.execute(insert(Fact).values(key=REVISION, number=0, text="").on_conflict_do_nothing())
    session.execute(select(Fact.key).where(Fact.key == REVISION).with_for_update())
