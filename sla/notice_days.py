"""The days of a holiday notice, each with the line it stands on, and what must hold of them whatever form they came in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

from sla.budget import CalendarError
from sla.schedule import Schedule, year_of

COUNTRY = "CN"
_FIRST_OF_LATE_DECEMBER = 25  # the earliest day of the year before that a notice's 元旦 may take in; 2019's took the 29th
_NEAR = 21  # days; a make-up day is never further from its holiday
_NEVER_MISSING = (("元旦", 1, 1), ("春节", 0, 0), ("国庆", 10, 1))  # and the day it is sure to hold, if that never changes
# Days off by 《全国年节及纪念日放假办法》 as revised with effect from 2008 and from 2025. A day that falls on a weekend is made
# good on a weekday, so weekdays off less make-up days come to exactly these, whatever is swapped for what.
_BY_LAW = {
    2008: {"元旦": 1, "春节": 3, "清明": 1, "劳动": 1, "端午": 1, "中秋": 1, "国庆": 3},
    2025: {"元旦": 1, "春节": 4, "清明": 1, "劳动": 2, "端午": 1, "中秋": 1, "国庆": 3},
}
_UNLESS = "对照通知补正；若法定假日本身已由法律改变，可以不管"


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


class Unlawful(BadNotice):
    """A notice whose every day may be right, and which does not come to the days off that the law gives, as known here."""


def checked(days: Iterable[NoticeDay], years: Mapping[int, str], *, by_law: bool = True) -> Schedule:
    """The schedule these days make. ``by_law``: whether they must come to the days off the law gives, as known here. Raises
    BadNotice for the first thing that cannot be."""
    kept: dict[date, NoticeDay] = {}
    for one in days:
        _in_its_year(one, years)
        twin = kept.get(one.day)
        if twin:
            what = "出现了两次" if twin.off == one.off else "既放假又上班"
            raise BadNotice(f"{one.day} {what}", one.line, "对照通知原文，只留一处")
        if not one.off and one.day.weekday() < 5:
            raise BadNotice(f"{one.day} 是{_weekday(one.day)}，本来就上班", one.line, "调休上班只会在周六或周日，请核对日期")
        kept[one.day] = one
    for year in years:
        of_year = [one for one in kept.values() if year_of(one.day, one.name) == year]
        _complete(year, of_year)
        if by_law and year >= min(_BY_LAW):
            _lawful(year, of_year)
    off = {one.day: one.name for one in kept.values() if one.off}
    work = {one.day: f"{one.name}调休上班" for one in kept.values() if not one.off}
    return Schedule(COUNTRY, off, work, dict(years))


def _in_its_year(one: NoticeDay, years: Mapping[int, str]) -> None:
    """As real notices are: 元旦 alone may begin in the year before, as it did on 2018-12-30 and on 2022-12-31."""
    year = year_of(one.day, one.name)
    if year not in years:
        raise BadNotice(f"{one.day} 不在 {'、'.join(map(str, years))} 年", one.line, "核对年份；一份通知只安排它那一年的日子")
    if year != one.day.year and one.day.day < _FIRST_OF_LATE_DECEMBER:
        raise BadNotice(f"元旦不会牵涉 {one.day}", one.line, f"只有 12 月 {_FIRST_OF_LATE_DECEMBER} 日以后可能，请核对日期")


def _complete(year: int, days: list[NoticeDay]) -> None:
    last = max((one.line for one in days), default=1)
    for name, month, day in _NEVER_MISSING:
        of_it = [one.day for one in days if one.off and name in one.name]
        if not of_it:
            raise BadNotice(f"{year} 年没有{name}", last, "通知可能没有贴全，请补上后再读入")
        if month and date(year, month, day) not in of_it:
            raise BadNotice(f"{year} 年{name}不含 {month} 月 {day} 日", last, "这一天依法放假，请核对日期")
    for name in dict.fromkeys(one.name for one in days):
        _unbroken(sorted((one.day, one.line) for one in days if one.off and one.name == name), name)
    for one in days:
        if not one.off and not any(
            abs((one.day - other.day).days) <= _NEAR for other in days if other.off and other.name == one.name
        ):
            raise BadNotice(f"{one.day} 上班，离“{one.name}”太远", one.line, "核对月份，以及它属于哪个节日")


def _unbroken(days: list[tuple[date, int]], name: str) -> None:
    """A holiday is one run of days; only a weekend, when nobody works anyway, may be left out of it."""
    for (day, _), (later, line) in pairwise(days):
        between = [day + timedelta(days=number) for number in range(1, (later - day).days)]
        missing = next((one for one in between if one.weekday() < 5), None)
        if missing:
            raise BadNotice(f"“{name}”在 {day} 与 {later} 之间缺 {missing}", line, "核对日期；一个节日的假期是连着的")


def _lawful(year: int, days: list[NoticeDay]) -> None:
    law = _BY_LAW[max(since for since in _BY_LAW if since <= year)]
    last = max(one.line for one in days)
    for festival in law:
        if not any(one.off and festival in one.name for one in days):
            raise Unlawful(f"{year} 年没有{festival}", last, _UNLESS)
    found, due = _given(days), sum(law.values())
    if found == due:
        return
    for name in dict.fromkeys(one.name for one in days):
        own = [one for one in days if one.name == name]
        if _given(own) != sum(number for festival, number in law.items() if festival in name):
            last = own[-1].line
            break
    else:
        name = "各节"
    raise Unlawful(f"“{name}”有误：{year} 年放假的工作日减去调休上班的周末是 {found} 天，依法应为 {due} 天", last, _UNLESS)


def _given(days: list[NoticeDay]) -> int:
    """Weekdays off less weekend days worked."""
    return sum(one.day.weekday() < 5 for one in days if one.off) - sum(not one.off for one in days)


def _weekday(day: date) -> str:
    return f"周{'一二三四五六日'[day.weekday()]}"
