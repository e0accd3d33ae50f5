"""How long a promise is: "2h", "90wm", "3wd", "15d", as a value that says which kind of time it is counted in."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from functools import lru_cache

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
_FORM = re.compile(r"([0-9]{1,6})(wm|wh|wd|m|h|d)")


class CalendarError(ValueError):
    """A budget, a calendar or a moment that cannot be counted with. The message is a Chinese sentence."""


class Unit(StrEnum):
    """What a budget is counted in. ``m`` and ``h`` run day and night; ``wm``, ``wh`` and ``wd`` only in working hours."""

    MINUTES = "m"
    HOURS = "h"
    WORKING_MINUTES = "wm"
    WORKING_HOURS = "wh"
    WORKING_DAYS = "wd"
    DAYS = "d"


_WORDS = {
    Unit.MINUTES: "分钟",
    Unit.HOURS: "小时",
    Unit.WORKING_MINUTES: "个工作分钟",
    Unit.WORKING_HOURS: "个工作小时",
    Unit.WORKING_DAYS: "个工作日",
    Unit.DAYS: "日",
}
_LENGTH = {
    Unit.MINUTES: MINUTE,
    Unit.WORKING_MINUTES: MINUTE,
    Unit.HOURS: HOUR,
    Unit.WORKING_HOURS: HOUR,
    Unit.WORKING_DAYS: 24 * HOUR,
    Unit.DAYS: 24 * HOUR,
}


@dataclass(frozen=True, slots=True)
class Budget:
    """A whole number of one unit, at least 1. ``str(Budget.parse(text)) == text``.

    * ``m``, ``h``: minutes and hours of the clock on the wall, day and night;
    * ``wm``, ``wh``: minutes and hours of working time;
    * ``wd``: working days; the day of receipt is not counted, due when the last day's working hours end;
    * ``d``: calendar days; due at the same local time of day, that many days later.
    """

    amount: int
    unit: Unit

    def __post_init__(self) -> None:
        if self.amount < 1:
            raise CalendarError(f"时限“{self}”须至少为 1")

    @classmethod
    def parse(cls, text: str) -> Budget:
        """Raises CalendarError for anything but digits and one of m, h, wm, wh, wd, d."""
        return _parsed(text)

    def __str__(self) -> str:
        return f"{self.amount}{self.unit}"

    @property
    def words(self) -> str:
        """As a person reads it: 3个工作日."""
        return f"{self.amount}{_WORDS[self.unit]}"

    @property
    def length(self) -> timedelta:
        """The stretch meant by minutes and hours. Days have no fixed length: for them a day counts 24 hours, good enough
        only to say which of two budgets is the stricter."""
        return self.amount * _LENGTH[self.unit]

    @property
    def in_days(self) -> bool:
        return self.unit in (Unit.WORKING_DAYS, Unit.DAYS)

    @property
    def in_working_time(self) -> bool:
        """Whether nights, weekends and holidays are left out."""
        return self.unit in (Unit.WORKING_MINUTES, Unit.WORKING_HOURS, Unit.WORKING_DAYS)

    def stricter(self, other: Budget) -> Budget:
        """The shorter of the two; ``self`` when they are as long."""
        return other if other.length < self.length else self


@lru_cache(maxsize=1024)
def _parsed(text: str) -> Budget:
    found = _FORM.fullmatch(text)
    if found is None:
        raise CalendarError(f"时限“{text}”无法识别，应写作 30m、2h、90wm、4wh、3wd 或 15d")
    return Budget(int(found[1]), Unit(found[2]))
