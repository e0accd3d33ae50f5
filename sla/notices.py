"""The yearly holiday notice as people hand it in, turned into a ``Schedule`` of the years it is about, or refused with the line.

1. One reader a form: TOML as ``holidays_cn.toml``, a table (CSV), the JSON that circulates for Chinese holidays, and the notice's
   own words (``notice_text``). Each yields days with the line they stand on.
2. ``checked`` looks at the days of all forms alike: in their year, no day twice, make-up days at weekends, the year complete,
   and as many days off in all as the law gives.
"""

from __future__ import annotations

import csv
import json
import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, timedelta
from typing import Any

from sla.budget import CalendarError
from sla.notice_days import COUNTRY, BadNotice, NoticeDay, Unlawful, checked
from sla.notice_text import read_text
from sla.schedule import Schedule, year_of

__all__ = ["FORMS", "BadNotice", "Unlawful", "read_notice"]

_AS_SHIPPED = '写作 { name = "元旦", from = 2026-01-01, to = 2026-01-03, work = [2026-01-04] }'
_KINDS = {"放假": True, "off": True, "上班": False, "work": False}
_COLUMNS = {"日期": "date", "名称": "name", "安排": "kind", "date": "date", "name": "name", "kind": "kind"}
_DATE = re.compile(r"(\d{4})(?:-|/|年)(\d{1,2})(?:-|/|月)(\d{1,2})日?")


def read_notice(text: str, form: str, *, by_law: bool = True) -> Schedule:
    """The years a notice is about, without what the law fixes beyond them: ``published("CN").with_years(read_notice(…))``.

    ``form`` is one of FORMS; "toml" may always depart from the number of days off that the law gives, the others without
    ``by_law``. Raises BadNotice for a notice that cannot be right, its kind Unlawful for one that departs from the law and is
    otherwise sound, CalendarError for an unknown form.
    """
    if form not in FORMS:
        raise CalendarError(f"不认识的格式“{form}”，可用：{'、'.join(FORMS)}")
    days, years = FORMS[form](text.removeprefix("\ufeff"))
    return checked(days, years, by_law=by_law and form != "toml")


def _titled(year: int) -> str:
    return f"国务院办公厅关于{year}年部分节假日安排的通知"


Read = tuple[list[NoticeDay], dict[int, str]]  # the days, and the notice each year's come from


# --- TOML ---------------------------------------------------------------------------------------------------------------


def _read_toml(text: str) -> Read:
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as wrong:
        found = re.search(r"at line (\d+)", str(wrong))
        line = int(found[1]) if found else text.count("\n") + 1
        raise BadNotice("不是有效的 TOML", line, "检查这一行的引号、括号和日期写法") from wrong
    lines = _Lines(text)
    for key in raw:
        if key not in ("country", "year"):
            raise BadNotice(
                f"“{key}”不属于通知",
                lines.following(rf"(?:^|\[)\s*\"?{re.escape(key)}\b"),
                "只保留 country 和 [[year]]，法定节日由程序自带",
            )
    if raw.get("country", COUNTRY) != COUNTRY:
        raise BadNotice(f"只能读入 {COUNTRY} 的安排", lines.following(r"^\s*country\b"), f'写作 country = "{COUNTRY}"')
    blocks = _tables(raw, "year", 1)
    if not blocks:
        raise BadNotice("没有写是哪一年", 1, "写一段 [[year]]，含 year、notice、holiday")
    days: list[NoticeDay] = []
    years: dict[int, str] = {}
    for block in blocks:
        line = lines.following(r"\[\[\s*year\s*\]\]")
        year, notice = block.get("year"), block.get("notice")
        if not isinstance(year, int) or isinstance(year, bool) or not 1949 < year < 2200:
            raise BadNotice("年份不对", line, "写作 year = 2026")
        strange = [key for key in block if key not in ("year", "notice", "holiday")]
        if strange:
            raise BadNotice(f"“{strange[0]}”不认识", line, "一年只写 year、notice、holiday")
        if year in years:
            raise BadNotice(f"{year} 年写了两段", line, "合成一段，或删去一段")
        if not isinstance(notice, str) or not notice:
            raise BadNotice(f"{year} 年没有写明出自哪份通知", line, f'写作 notice = "{_titled(year)}"')
        years[year] = notice
        for holiday in _tables(block, "holiday", line):
            days += _toml_days(holiday, lines.following(r"\{|\[\[\s*year\.holiday\s*\]\]"))
    return days, years


def _toml_days(holiday: Mapping[str, Any], line: int) -> Iterator[NoticeDay]:
    for key in holiday:
        if key not in ("name", "from", "to", "work"):
            raise BadNotice(f"“{key}”不认识", line, _AS_SHIPPED)
    name, first, last, work = holiday.get("name"), holiday.get("from"), holiday.get("to"), holiday.get("work", [])
    if not isinstance(name, str) or not name:
        raise BadNotice("节日没有名称", line, _AS_SHIPPED)
    if type(first) is not date or type(last) is not date:
        raise BadNotice(f"“{name}”的起止不是日期", line, _AS_SHIPPED)
    if not 0 <= (last - first).days < 31:
        raise BadNotice(f"“{name}”的起止 {first} 至 {last} 不对", line, "终点不早于起点，也不会长达一个月")
    yield from (NoticeDay(line, first + timedelta(days=day), name, True) for day in range((last - first).days + 1))
    if not isinstance(work, list) or any(type(day) is not date for day in work):
        raise BadNotice(f"“{name}”的上班日不是一组日期", line, _AS_SHIPPED)
    yield from (NoticeDay(line, day, name, False) for day in work)


def _tables(raw: Mapping[str, Any], key: str, line: int) -> list[Mapping[str, Any]]:
    value = raw.get(key, [])
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        raise BadNotice(f"{key} 应为一组表", line, f"写作 [[{key}]]" if key == "year" else f"{_AS_SHIPPED} 的列表")
    return value


class _Lines:
    """Where in a TOML text things stand, asked for in the order in which they come."""

    def __init__(self, text: str) -> None:
        self._lines = [re.sub(r"^\s*#.*", "", line) for line in text.splitlines()]
        self._since: dict[str, int] = {}

    def following(self, pattern: str) -> int:
        """The next line with such a thing; the last one that had it when there is none."""
        since = self._since.get(pattern, 0)
        found = next((n for n in range(since, len(self._lines)) if re.search(pattern, self._lines[n])), max(since - 1, 0))
        self._since[pattern] = found + 1
        return found + 1


# --- CSV ----------------------------------------------------------------------------------------------------------------


def _read_csv(text: str) -> Read:
    head = text.split("\n", 1)[0]
    rows = csv.reader(text.splitlines(), delimiter="\t" if "\t" in head else ",")
    columns: dict[str, int] = {}
    days: list[NoticeDay] = []
    try:
        for row in rows:
            cells = [cell.strip() for cell in row]
            if not any(cells):
                continue
            if not columns:
                columns = _columns(cells, rows.line_num)
            else:
                days.append(_row(cells, columns, rows.line_num))
    except csv.Error as wrong:
        raise BadNotice("这一行不是 CSV", rows.line_num, "检查引号是否成对") from wrong
    if not days:
        raise BadNotice("表中没有日子", 1, "首行写 日期,名称,安排，以下每行一个日子")
    return days, _years_of(days)


def _columns(cells: list[str], line: int) -> dict[str, int]:
    found: dict[str, int] = {}
    for place, cell in enumerate(cells):
        column = _COLUMNS.get(cell.lower())
        if column in found:
            raise BadNotice(f"列“{cell}”写了两次", line, "只留一列")
        if column:
            found[column] = place
    if len(found) < 3:
        raise BadNotice("首行缺少列名", line, "写作 日期,名称,安排（或 date,name,kind），用半角逗号")
    return found


def _row(cells: list[str], columns: Mapping[str, int], line: int) -> NoticeDay:
    day, name, kind = (cells[columns[key]] if columns[key] < len(cells) else "" for key in ("date", "name", "kind"))
    if kind.lower() not in _KINDS:
        raise BadNotice(f"安排“{kind}”不认识", line, "写 放假 或 上班")
    return NoticeDay(line, _date(day, line), _name(name, line), _KINDS[kind.lower()])


def _date(raw: object, line: int) -> date:
    found = _DATE.fullmatch(raw.strip()) if isinstance(raw, str) else None
    try:
        if found:
            return date(int(found[1]), int(found[2]), int(found[3]))
    except ValueError as wrong:
        raise BadNotice(f"没有 {raw} 这一天", line, "改正日期") from wrong
    raise BadNotice(f"“{raw}”不是日期", line, "写作 2026-01-01")


def _name(raw: object, line: int) -> str:
    if not isinstance(raw, str) or not raw.strip():
        raise BadNotice("没有节日名称", line, "写明是哪个节日，如 元旦")
    return raw.strip().removesuffix("调休上班").removesuffix("调休")


def _years_of(days: Iterable[NoticeDay]) -> dict[int, str]:
    return {year: _titled(year) for year in sorted({year_of(day.day, day.name) for day in days})}


# --- JSON ---------------------------------------------------------------------------------------------------------------


def _read_json(text: str) -> Read:
    try:
        raw = json.loads(text)
    except json.JSONDecodeError as wrong:
        raise BadNotice("不是有效的 JSON", wrong.lineno, "检查这一行的引号、逗号和括号") from wrong
    except (ValueError, RecursionError) as wrong:
        raise BadNotice("数字太长或括号太深", 1, '写作 {"year":2026,"days":[…]}') from wrong
    if not isinstance(raw, dict) or not isinstance(raw.get("days"), list) or not raw["days"]:
        raise BadNotice("没有 days 列表", 1, '写作 {"year":2026,"days":[{"name":"元旦","date":"2026-01-01","isOffDay":true}]}')
    year = raw.get("year")
    if not isinstance(year, int) or isinstance(year, bool):
        raise BadNotice("没有写是哪一年", 1, '写作 "year": 2026')
    return [_entry(entry, line) for entry, line in _placed(text, raw["days"])], {year: _titled(year)}


def _placed(text: str, entries: list[object]) -> Iterator[tuple[object, int]]:
    """Each entry and the line it begins on: the text is gone through again, entry by entry. Line 1 where that fails."""
    decoder, place = json.JSONDecoder(), None
    for opening in re.finditer(r'"days"\s*:\s*(?=\[)', text):
        try:
            same = decoder.raw_decode(text, opening.end())[0] == entries
        except json.JSONDecodeError:
            continue  # the words stand inside a text
        place = opening.end() + 1 if same else place
    for entry in entries:
        if place is None:
            yield entry, 1
            continue
        while text[place] in " \t\r\n,":
            place += 1
        yield entry, text.count("\n", 0, place) + 1
        place = decoder.raw_decode(text, place)[1]


def _entry(raw: object, line: int) -> NoticeDay:
    if not isinstance(raw, dict):
        raise BadNotice("days 中的一项不是对象", line, '写作 {"name":"元旦","date":"2026-01-01","isOffDay":true}')
    off = raw.get("isOffDay")
    if not isinstance(off, bool):
        raise BadNotice("isOffDay 须为 true 或 false", line, "放假写 true，上班写 false")
    return NoticeDay(line, _date(raw.get("date"), line), _name(raw.get("name"), line), off)


FORMS: Mapping[str, Callable[[str], Read]] = {"toml": _read_toml, "csv": _read_csv, "json": _read_json, "txt": read_text}
