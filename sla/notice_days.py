"""The days of a holiday notice, each with the line it stands on, and what must hold of them whatever form they came in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from sla.budget import CalendarError
from sla.schedule import Schedule, year_of

COUNTRY = "CN"
_FIRST_OF_LATE_DECEMBER = 25  # the earliest day of the year before that a notice's 元旦 may take in; 2019's took the 29th
_NEVER_MISSING = (("元旦", 1, 1), ("春节", 0, 0), ("国庆", 10, 1))  # a day each is sure to hold, where it is the same every year


class BadNotice(CalendarError):
    """A notice that cannot be right. ``line``: from 1; ``cure``: what to do, in Chinese. The message has both."""

    def __init__(self, problem: str, line: int, cure: str) -> None:
        super().__init__(f"第 {line} 行：{problem}（{cure}）")
        self.problem = problem
        self.line = line
        self.cure = cure


@dataclass(frozen=True, slots=True)
class NoticeDay:
    """One day off, or one weekend day worked."""

    line: int
    day: date
    name: str
    off: bool


def checked(days: Iterable[NoticeDay], years: Mapping[int, str]) -> Schedule:
    """The schedule these days make. Raises BadNotice for the first thing that cannot be, in the order of the text."""
    off: dict[date, str] = {}
    work: dict[date, str] = {}
    last = 1
    for one in days:
        last = max(last, one.line)
        _in_its_year(one, years)
        if one.day in off or one.day in work:
            both = (one.day in off) != one.off
            raise BadNotice(f"{one.day} 既放假又上班" if both else f"{one.day} 出现了两次", one.line, "对照通知原文，只留一处")
        if one.off:
            off[one.day] = one.name
        elif one.day.weekday() < 5:
            raise BadNotice(f"{one.day} 是{_weekday(one.day)}，本来就上班", one.line, "调休上班只会在周六或周日，请核对日期")
        else:
            work[one.day] = f"{one.name}调休上班"
    for year in years:
        _complete(year, off, last)
    return Schedule(COUNTRY, off, work, dict(years))


def _in_its_year(one: NoticeDay, years: Mapping[int, str]) -> None:
    """As real notices are: 元旦 alone may begin in the year before, as it did on 2018-12-30 and on 2022-12-31."""
    year = year_of(one.day, one.name)
    if year not in years:
        raise BadNotice(f"{one.day} 不在 {'、'.join(map(str, years))} 年", one.line, "核对年份；一份通知只安排它那一年的日子")
    if year != one.day.year and one.day.day < _FIRST_OF_LATE_DECEMBER:
        raise BadNotice(f"元旦不会牵涉 {one.day}", one.line, f"只有 12 月 {_FIRST_OF_LATE_DECEMBER} 日以后可能，请核对日期")


def _complete(year: int, off: Mapping[date, str], line: int) -> None:
    for name, month, day in _NEVER_MISSING:
        of_it = [held for held, called in off.items() if name in called and year_of(held, called) == year]
        if not of_it:
            raise BadNotice(f"{year} 年没有{name}", line, "通知可能没有贴全，请补上后再读入")
        if month and date(year, month, day) not in of_it:
            raise BadNotice(f"{year} 年{name}不含 {month} 月 {day} 日", line, "这一天依法放假，请核对日期")


def _weekday(day: date) -> str:
    return f"周{'一二三四五六日'[day.weekday()]}"
