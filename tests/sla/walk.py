"""Working time counted the slow way, minute by minute, written from the definition alone: it shares no line with ``sla``.

The definition: a stretch of working time begins at the moment the local clocks first show its first time, and ends at the moment
they first show its last; a time the clocks jump over is as much later. Each minute is inside some stretch, or it is not.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

NAMES = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
US = 1_000_000
HOLIDAYS = Path(__file__).parents[2] / "sla" / "holidays_cn.toml"
Raw = dict[str, Any]  # timezone, hours, country, days: as people write them
Pause = tuple[datetime, datetime]


def us(at: datetime) -> int:
    """Microseconds since 1970 UTC."""
    passed = at - datetime(1970, 1, 1, tzinfo=UTC)
    return passed.days * 86_400 * US + passed.seconds * US + passed.microseconds


@cache
def chinese_days() -> tuple[set[date], set[date], set[int], set[str], set[str]]:
    """Off, worked, years with a notice, (month-day) and dates off by law."""
    raw = tomllib.loads(HOLIDAYS.read_text(encoding="utf-8"))
    off: set[date] = set()
    work: set[date] = set()
    for year in raw["year"]:
        for holiday in year["holiday"]:
            day = holiday["from"]
            while day <= holiday["to"]:
                off.add(day)
                day += timedelta(days=1)
            work |= set(holiday.get("work", []))
    law = raw["by_law"]
    return off, work, {year["year"] for year in raw["year"]}, set(law["fixed"]), set(law["dated"])


class Walk:
    """One calendar in its written form."""

    def __init__(self, raw: Raw) -> None:
        self.zone = ZoneInfo(raw["timezone"])
        self.raw = raw
        self.week, self.single = self._week(), self._single()
        edges = [edge for spans in [*self.week.values(), *self.single.values()] for span in spans for edge in span]
        self.cell = (60 if all(edge % 60 == 0 for edge in edges) else 1) * US
        always = all(spans == [(0, 86_400)] for spans in self.week.values())
        self.chinese = raw.get("country") == "CN" and not always

    def _spans(self, written: object) -> list[tuple[int, int]]:
        if written == "24x7":
            return [(0, 86_400)]
        assert isinstance(written, list)
        return [(self._seconds(begin), self._seconds(end)) for begin, end in written]

    @staticmethod
    def _seconds(text: str) -> int:
        parts = [int(part) for part in text.split(":")]
        return parts[0] * 3600 + parts[1] * 60 + (parts[2] if len(parts) > 2 else 0)

    def _week(self) -> dict[str, list[tuple[int, int]]]:
        hours = self.raw["hours"]
        if hours == "24x7":
            return {name: [(0, 86_400)] for name in NAMES}
        found = {}
        for name in NAMES:
            written = hours.get(name, [])
            while isinstance(written, str) and written in NAMES:
                written = hours.get(written, [])
            found[name] = self._spans(written)
        return found

    def _single(self) -> dict[str, list[tuple[int, int]]]:
        return {day: self._spans(written) for day, written in (self.raw.get("days") or {}).items()}

    def spans(self, day: date) -> list[tuple[int, int]]:
        week, single = self.week, self.single
        if str(day) in single:
            return single[str(day)]
        if self.chinese:
            off, work, years, fixed, dated = chinese_days()
            if day in off or (day.year not in years and (str(day)[5:] in fixed or str(day) in dated)):
                return []
            if day in work:
                return next((week[name] for name in NAMES[:5] if week[name]), week[NAMES[day.weekday()]])
        return week[NAMES[day.weekday()]]

    def first_shown(self, day: date, seconds: int) -> int:
        local = datetime(day.year, day.month, day.day) + timedelta(seconds=seconds)  # noqa: DTZ001
        return us(local.replace(tzinfo=self.zone, fold=0))

    def cells(self, day: date) -> list[int]:
        """The minutes of this day's working time, by number since 1970."""
        open_cells: set[int] = set()
        for begin, end in self.spans(day):
            open_cells |= set(range(self.first_shown(day, begin) // self.cell, self.first_shown(day, end) // self.cell))
        return sorted(open_cells)

    def here(self, at: datetime) -> date:
        return at.astimezone(self.zone).date()

    def forward(self, at: datetime) -> Iterator[int]:
        day, seen = self.here(at) - timedelta(days=1), -(1 << 62)
        while True:
            for cell in self.cells(day):
                if cell > seen:
                    seen = cell
                    yield cell
            day += timedelta(days=1)

    def backward(self, at: datetime) -> Iterator[int]:
        day, seen = self.here(at) + timedelta(days=1), 1 << 62
        while True:
            for cell in reversed(self.cells(day)):
                if cell < seen:
                    seen = cell
                    yield cell
            day -= timedelta(days=1)

    def later(self, start: datetime, amount: timedelta, pauses: Iterable[Pause] = ()) -> int:
        """The first moment at which that much working time outside the pauses has passed, in microseconds."""
        left, since = amount // timedelta(microseconds=1), us(start)
        stops = [(us(begin), us(end)) for begin, end in pauses]
        for cell in self.forward(start):
            if (cell + 1) * self.cell <= since:
                continue
            pieces = [(max(cell * self.cell, since), (cell + 1) * self.cell)]
            for begin, end in stops:
                pieces = [part for a, b in pieces for part in ((a, min(b, begin)), (max(a, end), b)) if part[0] < part[1]]
            for begin, end in pieces:
                if end - begin >= left > 0:
                    return begin + left
                left -= max(end - begin, 0)
        raise AssertionError

    def earlier(self, end: datetime, amount: timedelta) -> int:
        """The last moment from which that much working time remains until ``end``."""
        left, until = amount // timedelta(microseconds=1), us(end)
        for cell in self.backward(end):
            begin, finish = cell * self.cell, min((cell + 1) * self.cell, until)
            if finish - begin >= left > 0:
                return finish - left
            left -= max(finish - begin, 0)
        raise AssertionError

    def worked(self, start: datetime, end: datetime) -> int:
        """Working time from ``start`` to ``end`` in microseconds, ``start`` being the earlier."""
        since, until, total = us(start), us(end), 0
        for cell in self.forward(start):
            if cell * self.cell >= until:
                return total
            total += max(min((cell + 1) * self.cell, until) - max(cell * self.cell, since), 0)
        raise AssertionError

    def closing(self, start: datetime, days: int) -> tuple[date, int]:
        """The day that many working days later, and when it closes."""
        day = self.here(start)
        while days:
            day += timedelta(days=1)
            days -= bool(self.cells(day))
        return day, (self.cells(day)[-1] + 1) * self.cell
