"""Questions about deadlines as other programs ask them, a line of JSON each, and the answers.

1. ``Answerer.answer`` reads the line and finds its calendar; calendars are kept by what they say, so that asking again is cheap.
2. ``ask`` counts out the deadline, the moment asked for around it, and the working stretches that led there.
3. Whatever cannot be answered becomes one sentence: what is wrong and what to do.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from math import isfinite
from typing import Any

from sla.budget import MINUTE, CalendarError
from sla.calendar import REACH, BeyondCalendar, Moment, Pause, WorkCalendar
from sla.days import SECOND, length

KEYS = ("id", "calendar", "start", "minutes", "working_days", "days", "end", "offset_minutes", "pauses")
CALENDAR_KEYS = ("timezone", "country", "hours", "days")
LIMITS = ("minutes", "working_days", "days")
_KEPT = 128  # calendars; making one costs less than a tenth of a millisecond, keeping one prepared for decades megabytes
_MOST_DAYS = REACH * 366
_YEARS = (1900, 2200)  # in which a question may begin
_LINE = '每行写一个 {"id":…,"calendar":…,"start":…,"minutes":…}'
_TIME = "写作 2026-02-13T17:00:00+08:00"


class Answerer:
    """Answers lines one after the other. ``named``: the calendars a question may call by name, or CalendarError; called once,
    when a question first does."""

    def __init__(self, named: Callable[[], Mapping[str, WorkCalendar]]) -> None:
        self._look_up = named
        self._named: Mapping[str, WorkCalendar] | CalendarError | None = None
        self._calendars: dict[str, WorkCalendar] = {}

    def answer(self, line: bytes, number: int) -> tuple[bytes, bool]:
        """The answer as a line of JSON in UTF-8, and whether the question could be answered. ``number``: of the line, from 1."""
        asked_as: object = None
        try:
            question = _read(line)
            asked_as = _identity(question)
            _only(question, KEYS, "")
            said = {"id": asked_as, **ask(question, self._calendar(question.get("calendar")))}
            return _written(said), True
        except CalendarError as wrong:
            return _written({"id": asked_as, "error": f"第 {number} 行：{wrong}"}), False

    def _calendar(self, raw: object) -> WorkCalendar:
        if isinstance(raw, str):
            return self._by_name(raw)
        if not isinstance(raw, dict):
            raise CalendarError("缺少 calendar，或写法不对，请写日历的名称，或含 timezone、hours 的对象")
        content = repr(raw)  # tells 1 from true, so nothing passes unread
        calendar = self._calendars.get(content)
        if calendar is None:
            calendar = calendar_of(raw)
            if len(self._calendars) >= _KEPT:
                del self._calendars[next(iter(self._calendars))]
            self._calendars[content] = calendar
        return calendar

    def _by_name(self, name: str) -> WorkCalendar:
        if self._named is None:
            try:
                self._named = self._look_up()
            except CalendarError as wrong:
                self._named = wrong
        if isinstance(self._named, CalendarError):
            raise CalendarError(str(self._named)) from self._named
        if name not in self._named:
            raise CalendarError(f"没有名为“{_shown(name)}”的日历，可用：{'、'.join(self._named)}，或直接写出日历")
        return self._named[name]


def calendar_of(raw: Mapping[str, object]) -> WorkCalendar:
    """A calendar written out in a question. Raises CalendarError."""
    _only(raw, CALENDAR_KEYS, "calendar 的")
    timezone, country, days = raw.get("timezone"), raw.get("country"), raw.get("days")
    if not isinstance(timezone, str):
        raise CalendarError("calendar 缺少 timezone，请写明时区，如 Asia/Shanghai")
    if country is not None and (not isinstance(country, str) or not country):
        raise CalendarError("calendar 的 country 写法不对，请写 CN，不按国家放假则不写")
    if days is not None and not isinstance(days, dict):
        raise CalendarError('calendar 的 days 写法不对，请写作 {"2026-02-14":[["08:30","12:00"]]}')
    hours = raw.get("hours")
    calendar = WorkCalendar.build("所给", timezone, {} if hours is None else hours, country, days)
    calendar.zone  # noqa: B018  an unknown zone is refused here, not by the first question
    return calendar


def ask(question: Mapping[str, object], calendar: WorkCalendar) -> dict[str, Any]:
    """``due``, ``offset``, ``provisional``, ``working_minutes_paused`` and ``segments`` of a question, in the calendar's zone.

    ``minutes`` and ``offset_minutes`` are working time, whole or not; what is asked for in ``minutes`` or ``working_days`` is
    put off by the working time of each pause, what is asked for in calendar ``days`` by the time on the clock. Segments and
    paused minutes always tell of the calendar's working time between start and deadline. Raises CalendarError.
    """
    start = _moment(question.get("start"), "start")
    pauses = _pauses(question.get("pauses"))
    around = _minutes(question, "offset_minutes")
    try:
        due = _due(question, calendar, start, pauses)
        offset = None if around is None else calendar.offset(due.at, around)
        stretches = calendar.stretches(start, due.at, pauses)
        whole = calendar.between(start, due.at)
    except (BeyondCalendar, OverflowError) as wrong:
        why = str(wrong) if isinstance(wrong, BeyondCalendar) else "结果超出日历所及"
        raise CalendarError(f"{why}，请检查日历，或改小时限") from wrong
    worked = sum((stretch for _, _, stretch in stretches), timedelta(0))
    return {
        "due": due.at.isoformat(),
        "offset": None if offset is None else offset.at.isoformat(),
        "provisional": due.provisional or (offset is not None and offset.provisional),
        "working_minutes_paused": _in_minutes(whole - worked),
        "segments": [[begin.isoformat(), end.isoformat(), _in_minutes(took)] for begin, end, took in stretches],
    }


def _due(question: Mapping[str, object], calendar: WorkCalendar, start: datetime, pauses: list[Pause]) -> Moment:
    given = [key for key in LIMITS if question.get(key) is not None]
    if len(given) != 1:
        how = "同时写了 " + "、".join(given) if given else "没有写时限"
        raise CalendarError(f"{how}，请在 minutes、working_days、days 中只写一项")
    end = question.get("end")
    if end not in (None, "same_time", "close"):
        raise CalendarError(f"end “{_shown(end)}”无法识别，请写 same_time，或不写")
    if given != ["working_days"] and end is not None:
        raise CalendarError("end 只能与 working_days 同用，请去掉")
    if given == ["minutes"]:
        stretch = _minutes(question, "minutes")
        if stretch is None or stretch <= timedelta(0):
            raise CalendarError("minutes 须大于 0，请改正")
        return calendar.put_off(calendar.add(start, stretch), start, pauses)
    if given == ["working_days"]:
        days = _days(question, "working_days")
        first = calendar.add_days(start, days, end="same_time" if end == "same_time" else "close")
        return calendar.put_off(first, start, pauses)
    return calendar.clock.put_off(Moment(calendar.later_days(start, _days(question, "days"))), start, pauses)


# --- reading ------------------------------------------------------------------------------------------------------------


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [key for key, _ in pairs]
        twice = next(key for key in names if names.count(key) > 1)
        raise CalendarError(f"“{_shown(twice)}”写了两次，请只留一个")
    return found


def _finite(text: str) -> float:
    number = float(text)
    if not isfinite(number):
        raise CalendarError(f"数字 {_shown(text)} 太大或不是数，请改正")
    return number


_DECODER = json.JSONDecoder(object_pairs_hook=_once, parse_float=_finite, parse_constant=_finite)
_ENCODER = json.JSONEncoder(ensure_ascii=False)


def _read(line: bytes) -> dict[str, object]:
    try:
        question = _DECODER.decode(line.decode("utf-8").lstrip("\ufeff"))
    except UnicodeDecodeError as wrong:
        raise CalendarError("这一行不是 UTF-8 编码，请转码后再试") from wrong
    except json.JSONDecodeError as wrong:
        raise CalendarError(f"这一行不是 JSON（第 {wrong.pos + 1} 个字符处），请{_LINE}") from wrong
    except CalendarError:
        raise
    except (ValueError, RecursionError) as wrong:  # a number of thousands of digits; brackets thousands deep
        raise CalendarError(f"这一行的数字太长或括号太深，请{_LINE}") from wrong
    if not isinstance(question, dict):
        raise CalendarError(f"这一行不是 JSON 对象，请{_LINE}")
    return question


def _identity(question: Mapping[str, object]) -> object:
    found = question.get("id")
    if found is not None and (isinstance(found, bool) or not isinstance(found, str | int | float)):
        raise CalendarError("id 应为文字或数字，请改正")
    return found


def _only(raw: Mapping[str, object], keys: tuple[str, ...], of: str) -> None:
    for key in raw:
        if key not in keys:
            raise CalendarError(f"{of}“{_shown(key)}”不认识，可用：{'、'.join(keys)}")


def _moment(raw: object, what: str) -> datetime:
    if raw is None:
        raise CalendarError(f"缺少 {what}，请{_TIME}")
    try:
        at = datetime.fromisoformat(raw) if isinstance(raw, str) else None
    except ValueError:
        at = None
    if at is None:
        raise CalendarError(f"{what} “{_shown(raw)}”不是时刻，请{_TIME}")
    if at.tzinfo is None:
        raise CalendarError(f"{what} “{_shown(raw)}”没有时区，请{_TIME}")
    if not _YEARS[0] <= at.year <= _YEARS[1]:
        raise CalendarError(f"{what} 的年份须在 {_YEARS[0]} 与 {_YEARS[1]} 之间，请改正")
    return at


def _pauses(raw: object) -> list[Pause]:
    if raw is None:
        return []
    if not isinstance(raw, list):
        raise CalendarError("pauses 应为若干个 [起, 止]，没有暂停则不写")
    found = []
    for number, pair in enumerate(raw, 1):
        if not isinstance(pair, list) or len(pair) != 2:
            raise CalendarError(f"pauses 第 {number} 段应为 [起, 止] 两个时刻")
        begin, end = (_moment(one, f"pauses 第 {number} 段的{which}") for one, which in zip(pair, "起止", strict=True))
        if end < begin:
            raise CalendarError(f"pauses 第 {number} 段的终点早于起点，请对调或改正")
        found.append((begin, end))
    return found


def _minutes(question: Mapping[str, object], key: str) -> timedelta | None:
    """Kept to the microsecond; None when not given."""
    raw = question.get(key)
    if raw is None:
        return None
    if isinstance(raw, bool) or not isinstance(raw, int | float):
        raise CalendarError(f"{key} “{_shown(raw)}”不是数，请写分钟数，如 60")
    if abs(raw) > _MOST_DAYS * 24 * 60:
        raise CalendarError(f"{key} 超过 {REACH} 年，请改小")
    return timedelta(0, 0, round(raw * 60 * SECOND))


def _days(question: Mapping[str, object], key: str) -> int:
    raw = question.get(key)
    if isinstance(raw, bool) or not isinstance(raw, int):
        raise CalendarError(f"{key} “{_shown(raw)}”不是整数，请写天数，如 5")
    if not 1 <= raw <= _MOST_DAYS:
        raise CalendarError(f"{key} 须在 1 与 {_MOST_DAYS} 之间，请改正")
    return raw


# --- writing ------------------------------------------------------------------------------------------------------------


def _in_minutes(stretch: timedelta) -> int | float:
    whole, rest = divmod(length(stretch), length(MINUTE))
    return whole if not rest else stretch / MINUTE


def _shown(raw: object) -> str:
    """A value as a sentence may quote it."""
    text = str(raw)
    return text if len(text) <= 40 else f"{text[:40]}…"


def _written(answer: Mapping[str, object]) -> bytes:
    try:
        return f"{_ENCODER.encode(answer)}\n".encode()
    except UnicodeEncodeError:  # half a surrogate pair, which JSON may carry and UTF-8 may not
        return f"{json.dumps(answer)}\n".encode()
