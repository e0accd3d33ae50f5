"""The yearly holiday notice of a country as data: which days are off, which weekend days are worked, which years are known."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import cached_property, lru_cache
from importlib.resources import files
from typing import Any, TypeVar

from sla.budget import CalendarError

T = TypeVar("T")
_COUNTRIES = {"CN": "holidays_cn.toml"}


@dataclass(frozen=True)
class Schedule:
    """Public holidays and make-up working days 调休.

    ``years`` are those with a published notice. For other years only ``fixed`` days (month, day) and ``likely`` dates are
    off, which the law on holidays already settles; what will be swapped for them is not known, so whatever counts on such
    a day is provisional. The notice of a year may dispose of last days of the year before: 元旦 2023 began on 2022-12-31.
    """

    country: str
    off: Mapping[date, str]
    work: Mapping[date, str]
    years: Mapping[int, str]  # year -> the notice it comes from
    fixed: Mapping[tuple[int, int], str] = field(default_factory=dict)
    likely: Mapping[date, str] = field(default_factory=dict)

    def knows(self, day: date) -> bool:
        """Whether a notice says what holds on this day."""
        return day.year in self.years or day in self.off or day in self.work

    def closed(self, day: date) -> bool:
        """Off by a notice, or, where there is none yet, off by law."""
        if day in self.off:
            return True
        return not self.knows(day) and ((day.month, day.day) in self.fixed or day in self.likely)

    def made_up(self, day: date) -> bool:
        """A weekend day that is worked."""
        return day in self.work

    def name(self, day: date) -> str:
        """What the day is called in the notice, or ""."""
        found = self.off.get(day) or self.work.get(day)
        if found is None and not self.knows(day):
            found = self.fixed.get((day.month, day.day)) or self.likely.get(day)
        return found or ""

    def with_years(self, newer: Schedule) -> Schedule:
        """The same with the years of ``newer`` added, replacing those held before. Raises CalendarError for another country."""
        if newer.country != self.country:
            raise CalendarError(f"不能把 {newer.country} 的假日并入 {self.country} 的日历")
        return replace(
            self,
            off={d: n for d, n in self.off.items() if year_of(d, n) not in newer.years} | dict(newer.off),
            work={d: n for d, n in self.work.items() if year_of(d, n) not in newer.years} | dict(newer.work),
            years=dict(self.years) | dict(newer.years),
        )

    def content(self) -> dict[str, Any]:
        """All of it as plain JSON data."""
        return {
            "country": self.country,
            "years": {str(year): notice for year, notice in sorted(self.years.items())},
            "off": {str(day): name for day, name in sorted(self.off.items())},
            "work": {str(day): name for day, name in sorted(self.work.items())},
            "fixed": {f"{month:02}-{day:02}": name for (month, day), name in sorted(self.fixed.items())},
            "likely": {str(day): name for day, name in sorted(self.likely.items())},
        }

    @classmethod
    def from_content(cls, content: Mapping[str, Any]) -> Schedule:
        """The inverse of ``content``. Raises CalendarError for what ``content`` never wrote."""
        try:
            off, work, likely = (
                {date.fromisoformat(day): str(name) for day, name in content[key].items()} for key in ("off", "work", "likely")
            )
            years = {int(year): str(notice) for year, notice in content["years"].items()}
            fixed = {_month_day(key): str(name) for key, name in content["fixed"].items()}
            return cls(str(content["country"]), off, work, years, fixed, likely)
        except (AttributeError, KeyError, TypeError, ValueError) as wrong:
            raise CalendarError("保存的假日安排无法读取，它不是本程序写下的") from wrong

    @cached_property
    def version(self) -> str:
        """A hash of what it says about any day; names do not matter."""
        said = (sorted(self.off), sorted(self.work), sorted(self.years), sorted(self.fixed), sorted(self.likely))
        return hashlib.sha256(f"{self.country}{said!r}".encode()).hexdigest()[:16]

    @classmethod
    def parse(cls, text: str) -> Schedule:
        """Reads the form of ``holidays_cn.toml``. Raises CalendarError naming the entry that is wrong."""
        try:
            raw = tomllib.loads(text)
        except tomllib.TOMLDecodeError as wrong:
            raise CalendarError(f"假日文件不是有效的 TOML：{wrong}") from wrong
        off: dict[date, str] = {}
        work: dict[date, str] = {}
        years: dict[int, str] = {}
        for block in _list(raw, "year"):
            year = _typed(block, "year", int)
            years[year] = _typed(block, "notice", str)
            for holiday in _list(block, "holiday"):
                name = _typed(holiday, "name", str)
                off.update((day, name) for day in _days(holiday, year))
                work.update((day, f"{name}调休上班") for day in _made_up(holiday, year))
        both = sorted(off.keys() & work.keys())
        if both:
            raise CalendarError(f"{both[0]} 既放假又上班")
        fixed = {_month_day(key): name for key, name in raw.get("by_law", {}).get("fixed", {}).items()}
        likely = {date.fromisoformat(key): name for key, name in raw.get("by_law", {}).get("dated", {}).items()}
        return cls(_typed(raw, "country", str), off, work, years, fixed, likely)


@lru_cache
def published(country: str) -> Schedule:
    """The schedule that comes with the program. Raises CalendarError for a country it does not hold."""
    if country not in _COUNTRIES:
        raise CalendarError(f"没有“{country}”的假日安排，现有：{'、'.join(_COUNTRIES)}")
    return Schedule.parse(files("sla").joinpath(_COUNTRIES[country]).read_text(encoding="utf-8"))


def _list(raw: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    value = raw.get(key, [])
    if not isinstance(value, list):
        raise CalendarError(f"假日文件中的 {key} 应为 [[{key}]] 列表")
    return value


def _typed(raw: Mapping[str, Any], key: str, kind: type[T]) -> T:
    value = raw.get(key)
    if not isinstance(value, kind):
        raise CalendarError(f"假日文件缺少 {key}，或写法不对")
    return value


def _days(holiday: Mapping[str, Any], year: int) -> Iterator[date]:
    first, last = _typed(holiday, "from", date), _typed(holiday, "to", date)
    if not first <= last or {year_of(first, holiday["name"]), year_of(last, holiday["name"])} != {year}:
        raise CalendarError(f"{year} 年“{holiday['name']}”的起止日期不对：{first} 至 {last}")
    for offset in range((last - first).days + 1):
        yield first + timedelta(days=offset)


def _made_up(holiday: Mapping[str, Any], year: int) -> Iterator[date]:
    for day in holiday.get("work", []):
        if not isinstance(day, date) or year_of(day, holiday["name"]) != year or day.weekday() < 5:
            raise CalendarError(f"{year} 年“{holiday['name']}”的调休上班日不对：{day}")
        yield day


def year_of(day: date, name: str) -> int:
    """The year whose notice disposes of this day: 元旦 may take in the last days of December, which belong to the next one."""
    return day.year + (day.month == 12 and name.startswith("元旦"))


def _month_day(text: str) -> tuple[int, int]:
    day = date.fromisoformat(f"2024-{text}")
    return day.month, day.day
