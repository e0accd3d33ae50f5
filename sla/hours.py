"""Opening hours as people write them, "08:30" to "12:00" and "14:00" to "17:30", turned into seconds of the day."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from functools import lru_cache

from sla.budget import CalendarError

DAY = 86_400
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
AROUND_THE_CLOCK = "24x7"
_TIME = re.compile(r"([0-9]{1,2}):([0-9]{2})(?::([0-9]{2}))?")

Interval = tuple[int, int]  # seconds since local midnight: from, to
Intervals = tuple[Interval, ...]
Week = tuple[Intervals, ...]  # Monday first
WHOLE_DAY: Intervals = ((0, DAY),)


def parse_time(text: object) -> int:
    """Seconds since midnight of "08:30" or "08:30:15"; "24:00" is the end of the day. Raises CalendarError."""
    if not isinstance(text, str):
        raise CalendarError(f"时间“{text}”无法识别，应写作 08:30")
    return _seconds(text)


@lru_cache(maxsize=1024)
def _seconds(text: str) -> int:
    found = _TIME.fullmatch(text)
    if found is None:
        raise CalendarError(f"时间“{text}”无法识别，应写作 08:30")
    hour, minute, second = int(found[1]), int(found[2]), int(found[3] or 0)
    seconds = hour * 3600 + minute * 60 + second
    if minute > 59 or second > 59 or seconds > DAY:
        raise CalendarError(f"时间“{text}”不存在，最晚为 24:00")
    return seconds


def parse_intervals(raw: object) -> Intervals:
    """The hours of one day: a list of [from, to] in order, not overlapping; [] is closed, "24x7" the whole day."""
    if raw == AROUND_THE_CLOCK:
        return WHOLE_DAY
    if not isinstance(raw, Sequence) or isinstance(raw, str):
        raise CalendarError(f"工作时间“{raw}”无法识别，应为若干个 [起, 止]")
    spans: list[Interval] = []
    for pair in raw:
        if not isinstance(pair, Sequence) or isinstance(pair, str) or len(pair) != 2:
            raise CalendarError(f"工作时间“{pair}”应为 [起, 止] 两个时间")
        begin, end = parse_time(pair[0]), parse_time(pair[1])
        if begin >= end:
            raise CalendarError(f"工作时间 {pair[0]}–{pair[1]} 的起点不早于终点，跨夜请拆成两天")
        if spans and begin < spans[-1][1]:
            raise CalendarError(f"工作时间 {pair[0]}–{pair[1]} 与前一段重叠或次序颠倒")
        spans.append((begin, end))
    return tuple(spans)


def parse_week(raw: object) -> Week:
    """Seven days of hours. A day not named is closed; a day may name another day whose hours it shares. Raises CalendarError."""
    if raw == AROUND_THE_CLOCK:
        return (WHOLE_DAY,) * 7
    if not isinstance(raw, Mapping):
        raise CalendarError("工作时间应按 mon 至 sun 列出，或写作 24x7")
    for key in raw:
        if key not in WEEKDAYS:
            raise CalendarError(f"“{key}”不是星期，应为 {'、'.join(WEEKDAYS)}")
    named = [_named(raw, day) for day in WEEKDAYS]
    parsed = {day: parse_intervals(raw.get(day, [])) for day in set(named)}
    return tuple(parsed[day] for day in named)


def _named(raw: Mapping[str, object], day: str) -> str:
    """The day whose hours these are, at the end of "tue is as mon"."""
    seen = [day]
    while isinstance(other := raw.get(seen[-1]), str) and other in WEEKDAYS:
        if other in seen:
            raise CalendarError(f"“{day}”的工作时间互相引用，没有尽头")
        seen.append(other)
    return seen[-1]


def parse_days(raw: object) -> tuple[tuple[date, Intervals], ...]:
    """Single dates with hours of their own, sorted. Keys are ISO dates. Raises CalendarError."""
    if not isinstance(raw, Mapping):
        raise CalendarError("个别日期应按“日期 = 工作时间”列出")
    found: dict[date, Intervals] = {}
    for key, value in raw.items():
        try:
            day = date.fromisoformat(key)
        except (TypeError, ValueError) as wrong:
            raise CalendarError(f"“{key}”不是日期，应写作 2026-02-14") from wrong
        if key != str(day):  # 20260214 is a date as well, and two spellings of one day could contradict each other
            raise CalendarError(f"日期“{key}”应写作 {day}")
        found[day] = parse_intervals(value)
    return tuple(sorted(found.items()))


def written_week(week: Week) -> dict[str, list[list[str]]]:
    """The form ``parse_week`` reads; every day stands by itself."""
    return {name: written(day) for name, day in zip(WEEKDAYS, week, strict=True)}


def written_days(days: Iterable[tuple[date, Intervals]]) -> dict[str, list[list[str]]]:
    """The form ``parse_days`` reads."""
    return {str(day): written(intervals) for day, intervals in days}


def written(intervals: Intervals) -> list[list[str]]:
    return [[_clock(begin), _clock(end)] for begin, end in intervals]


def _clock(seconds: int) -> str:
    whole = f"{seconds // 3600:02}:{seconds // 60 % 60:02}"
    return f"{whole}:{seconds % 60:02}" if seconds % 60 else whole
