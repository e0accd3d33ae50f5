"""The words of the General Office's notice, as people paste them.

A line of it: 一、元旦：1月1日（周四）至3日（周六）放假调休，共3天。1月4日（周日）上班。

1. The title says the year.
2. The text is cut into items, one a holiday, wherever its lines break; every character remembers its line.
3. In each item, days off and make-up days are found one after the other. What stands between them must not hold a date or a
   number that was not understood: better no calendar than one that has lost a day.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from sla.notice_days import BadNotice, NoticeDay

_TITLE = re.compile(r"(?:国务院办公厅)?关于(\d{4})年(?:部分)?节假日(?:放假)?安排的?通知")
_FESTIVAL = "(?:元旦|春节|清明节?|劳动节|五一|端午节?|中秋节?|国庆节?)"
_NUMBER = r"(?:\(?[一二三四五六七八九十]{1,3}\)?[、.]?|\(?\d{1,2}\)?[、.])"
_HEADING = re.compile(rf"(?:{_NUMBER}(?P<name>[^\d:。,;()]{{1,20}})|(?P<plain>{_FESTIVAL}(?:[、和与及]{_FESTIVAL})*)):")
_CLOSING = re.compile(r"^(?:节假日期间|国务院办公厅|\d{4}年\d{1,2}月\d{1,2}日$)")
_SIGNED = re.compile(r"(?:国务院办公厅)?\d{4}年\d{1,2}月\d{1,2}日\n*$")
_NOTE = r"(?:\((?P<{0}note>[^()]*)\))?"
_DAY = r"(?:(?P<{0}year>\d{{4}})年)?(?:(?P<{0}month>\d{{1,2}})月)?(?P<{0}day>\d{{1,2}})日" + _NOTE
_ONE = re.compile(_DAY.format(""))
_BARE = r"(?:(?:\d{4}年)?(?:\d{1,2}月)?\d{1,2}日(?:\([^()]*\))?)"
_LEFT = r"(?:放假|调休放假|休息|休假)(?:调休)?"
_OFF = (
    rf"(?P<off>{_DAY.format('a')}(?:(?:至|到|[-—–~〜]+){_DAY.format('b')})?{_LEFT}"
    rf"(?P<tail>(?:(?!{_BARE})[^。;])*))"
)
_WORK = rf"(?P<work>{_BARE}(?:[、,和及]{_BARE})*)(?:\([^()]*\))?(?:均|都|正常|照常)?上班"
_SAID = re.compile(f"{_WORK}|{_OFF}")
_ADVICE = re.compile(r"鼓励[^。;]*[。;]?")  # of employers, to let people off on further days: those are no holidays
_COUNT = re.compile(r"(?:^|,)(?:共|放假|计)?(?:计)?([\d一二三四五六七八九十]{1,3})天")
_TALLY = "一二三四五六七八九十"
_CURE = "照通知原文写作 1月1日（周四）至3日（周六）放假调休，共3天。1月4日（周日）上班。"


@dataclass(frozen=True)
class _Item:
    """One holiday's words without blanks, in half-width forms, and the line of each character."""

    name: str
    line: int
    text: str
    lines: list[int]

    def at(self, place: int) -> int:
        return self.lines[min(place, len(self.lines) - 1)] if self.lines else self.line


def read_text(text: str) -> tuple[list[NoticeDay], dict[int, str]]:
    """The days of the one year the notice is about, and its title. Raises BadNotice."""
    lines = [re.sub(r"\s+", "", unicodedata.normalize("NFKC", line)) for line in text.splitlines()]
    title, year = _title(lines)
    items = list(_items(lines))
    if not items:
        raise BadNotice("看不出哪些节日", 1, "保留“一、元旦：”这样的开头")
    return [day for item in items for day in _days(item, year)], {year: title}


def _title(lines: list[str]) -> tuple[str, int]:
    found = {int(match[1]) for match in _TITLE.finditer("".join(lines))}
    if not found:
        raise BadNotice("没有写明是哪一年的通知", 1, "保留标题“国务院办公厅关于2026年部分节假日安排的通知”")
    if len(found) > 1:
        raise BadNotice(f"同时有 {'、'.join(str(year) for year in sorted(found))} 年的标题", 1, "一次只读入一份通知")
    year = found.pop()
    return f"国务院办公厅关于{year}年部分节假日安排的通知", year


def _items(lines: list[str]) -> Iterator[_Item]:
    """Each holiday's words, up to the next one's, or a blank line, or the closing words."""
    text, of, starts = "", [], set()
    for number, line in enumerate(lines, 1):
        words = f"\n{line}" if not line or _CLOSING.match(line) else line
        starts.add(len(text) + len(words) - len(line))
        text += words
        of += [number] * len(words)
    signed = _SIGNED.search(text)
    if signed:
        text = text[: signed.start()] + "\n" + text[signed.start() + 1 :]
    starts |= {mark.end() for mark in re.finditer("[。;]", text)}
    headings: list[re.Match[str]] = []
    for place in sorted(starts):
        found = _HEADING.match(text, place)
        if found and (not headings or place >= headings[-1].end()):  # a line may begin in the middle of “五、端午节：”
            headings.append(found)
    _nothing_outside(text[: headings[0].start() if headings else len(text)], of, 0)
    for number, heading in enumerate(headings):
        after = headings[number + 1].start() if number + 1 < len(headings) else len(text)
        end = text.find("\n", heading.end(), after)
        end = after if end < 0 else end
        _nothing_outside(text[end:after], of, end)
        span = slice(heading.end(), end)
        yield _Item(heading["name"] or heading["plain"], of[heading.start()], text[span], of[span])


def _nothing_outside(text: str, of: list[int], since: int) -> None:
    """Refuses words about days off that stand before the first holiday, or after an end."""
    for sentence in re.finditer(r"[^。;\n]+", text):
        if re.search(r"\d日", sentence[0]) and re.search("放假|上班|休息", sentence[0]):
            line = of[since + sentence.start()]
            raise BadNotice("这里提到放假或上班，却看不出属于哪个节日", line, "在前面写明，如“一、元旦：”")


def _days(item: _Item, year: int) -> Iterator[NoticeDay]:
    text = _ADVICE.sub(lambda advice: "。" * len(advice[0]), item.text)
    place, off = 0, False
    for said in _SAID.finditer(text):
        _nothing_lost(item, text, place, said.start())
        place = said.end()
        if said["work"]:
            yield from _worked(item, said, year)
        elif off:
            raise BadNotice(f"“{item.name}”中有两处放假，看不出第二处属于哪个节日", item.at(said.start()), "每个节日各起一行")
        else:
            yield from _off(item, said, year)
            off = True
    _nothing_lost(item, text, place, len(text))
    if not off:
        raise BadNotice(f"“{item.name}”没有写哪天放假", item.line, _CURE)


def _nothing_lost(item: _Item, text: str, begin: int, end: int) -> None:
    strange = re.search(r"\d+[月日天号]?|上班|放假", text[begin:end])
    if strange:
        raise BadNotice(f"“{item.name}”中的“{text[begin:end].strip('。,;、')}”读不懂", item.at(begin + strange.start()), _CURE)


def _worked(item: _Item, said: re.Match[str], year: int) -> Iterator[NoticeDay]:
    month = None
    for one in _ONE.finditer(said["work"]):
        line = item.at(said.start("work") + one.start())
        day = _date(item, one, "", line, year, month)
        month = day.month
        yield NoticeDay(line, day, item.name, False)


def _off(item: _Item, said: re.Match[str], year: int) -> Iterator[NoticeDay]:
    line = item.at(said.start("off"))
    first = _date(item, said, "a", line, year, None)
    last = _date(item, said, "b", line, year, first.month) if said["bday"] else first
    if not 0 <= (last - first).days < 31:
        raise BadNotice(f"“{item.name}”放假的起止 {first} 至 {last} 不对", line, "核对起止日期")
    days = (last - first).days + 1
    _tail(item, said, days)
    yield from (NoticeDay(line, first + timedelta(days=day), item.name, True) for day in range(days))


def _tail(item: _Item, said: re.Match[str], days: int) -> None:
    """What follows 放假 in its sentence: the count must agree, and there may be no further date in it."""
    line, tail = item.at(said.start("tail")), said["tail"]
    for count in _COUNT.finditer(tail):
        told = int(count[1]) if count[1].isdigit() else _TALLY.find(count[1]) + 1
        if told != days:
            raise BadNotice(f"“{item.name}”写共 {told} 天，起止之间却是 {days} 天", line, "核对起止日期和天数")
    rest = _COUNT.sub("", tail)
    if re.search(r"\d|上班|放假", rest):
        raise BadNotice(f"“{item.name}”中的“{rest.strip(',')}”读不懂", line, _CURE)


def _date(item: _Item, found: re.Match[str], which: str, line: int, year: int, month: int | None) -> date:
    """The date named. Without a year it is the notice's; the year before for a 元旦 that begins in December."""
    if found[f"{which}month"]:
        month = int(found[f"{which}month"])
    if month is None:
        raise BadNotice(f"“{item.name}”的“{found[0]}”没有写月份", line, _CURE)
    if found[f"{which}year"]:
        year = int(found[f"{which}year"])
    elif month == 12 and item.name.startswith("元旦"):
        year -= 1
    try:
        day = date(year, month, int(found[f"{which}day"]))
    except ValueError as wrong:
        raise BadNotice(f"没有 {year} 年 {month} 月 {found[f'{which}day']} 日这一天", line, "改正日期") from wrong
    weekday = re.search("(?:周|星期|礼拜)([一二三四五六日天])", found[f"{which}note"] or "")
    if weekday and "一二三四五六日".find(weekday[1].replace("天", "日")) != day.weekday():
        raise BadNotice(f"{day} 不是{weekday[0]}，是周{'一二三四五六日'[day.weekday()]}", line, "核对日期和年份")
    return day
