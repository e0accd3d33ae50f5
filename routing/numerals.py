"""Numbers read aloud 口说数字: telephones digit by digit, flats, years and emergency numbers, put into figures."""

from __future__ import annotations

import re

_FIGURES = {letter: str(i) for i, letter in enumerate("零一二三四五六七八九")} | {
    "〇": "0",
    "○": "0",
    "幺": "1",
    "两": "2",
    "洞": "0",
}
_ONE = "零〇○一二三四五六七八九幺"
_AGAIN = rf"(?:[两二三四五六七八九2-9]个|[俩双])[{_ONE}\d]"
_FILLER = r"(?:[\s,、.。-]|嗯|啊|呃|哦|对|然后|后面是?|接着是?|再|中间是?|最后是?|是){0,3}"
_NUMERAL = re.compile(rf"[{_ONE}两]{{2}}|幺|[两二三四五六七八九2-9]个[{_ONE}\d]|[{_ONE}十](?:栋|幢|号楼|单元)|十[{_ONE}]?零")

_READ = re.compile(rf"(?<![{_ONE}两\d])(?:[{_ONE}\d]|{_AGAIN})(?:{_FILLER}(?:{_AGAIN}|[{_ONE}\d])){{5,24}}(?![{_ONE}\d])")
_TAKEN = re.compile(rf"(?:([两二三四五六七八九2-9])个|([俩双]))([{_ONE}\d])|([{_ONE}\d])")
_MOBILE = re.compile(r"1[3-9]\d{9}\Z")
_LANDLINE = re.compile(r"0(?:10|2\d|[3-9]\d{2})[2-9]\d{6,7}\Z")
_TAIL = re.compile(
    rf"(后面|前面|中间|尾号|末尾|最后|开头|号码)([是为]?)([两二三四五六七八九2-9])个([{_ONE}\d])(?![{_ONE}\d十百千万个位月天年次人户块元小])"
)
_CALL = re.compile(r"(?<=[打拨报])(一一零|一一九|一二零|一二三四五)(?![一二三四五六七八九零十百千万\d])")
_WITH_ONE = re.compile(rf"(?<![{_ONE}两])(?=[{_ONE}]*幺)[{_ONE}]{{2,8}}(?![{_ONE}])|(?<=\d)幺|幺(?=\d)")
_YEAR = re.compile(r"(?<![一-龥])?二[零〇○][零〇○一二三四五六七八九]{2}(?=年)")

_COUNT = r"[一二三四五六七八九十]{1,3}|\d{1,3}"
_ROOM = rf"(?:二?十[一二三四五六七八九]?零[一二三四五六七八九]|[{_ONE}]{{3,4}})(?![{_ONE}十百千万\d元块人户年天个次栋幢])"
_HOME = re.compile(
    rf"(?<![{_ONE}十百\d])({_COUNT})(栋楼?|幢楼?|号楼)(\s?,?)(?:({_COUNT}|两)(单元)(\s?,?)({_ROOM})?|({_ROOM}))"
    rf"|(?<![{_ONE}十百\d])({_COUNT})(单元)(\s?,?)({_ROOM})"
)


def spoken(text: str) -> str:
    """The text with what was read aloud as figures: 一三八零零零零一二三四, 三栋二单元一五零二, 打幺二零, 后面四个8.

    A number that might be a quantity (两栋楼, 三个月, 一百二) stays as it is.
    """
    if not _NUMERAL.search(text):
        return text
    text = _READ.sub(_telephone, text)
    text = _TAIL.sub(lambda m: m[1] + m[2] + _figure(m[4]) * int(_figure(m[3])), text)
    text = _HOME.sub(_flat, text)
    text = _WITH_ONE.sub(lambda m: _figures(m.group()), text)
    text = _CALL.sub(lambda m: _figures(m.group()), text)
    return _YEAR.sub(lambda m: _figures(m.group()), text)


def _figure(letter: str) -> str:
    return "2" if letter in "俩双" else _FIGURES.get(letter, letter)


def _figures(said: str) -> str:
    return "".join(_FIGURES.get(letter, letter) for letter in said)


def _telephone(match: re.Match[str]) -> str:
    """A whole telephone number in figures; anything else as it stands."""
    number = "".join(
        _figure(one[4]) if one[4] else _figure(one[3]) * int(_figure(one[1] or one[2])) for one in _TAKEN.finditer(match.group())
    )
    return number if _MOBILE.match(number) or _LANDLINE.match(number) else match.group()


def _flat(match: re.Match[str]) -> str:
    return "".join(part if part is None or not _SAID.fullmatch(part) else _count(part) for part in match.groups() if part)


_SAID = re.compile(rf"[{_ONE}十两]+")


def _count(said: str) -> str:
    """三 → 3, 十二 → 12, 二十 → 20, 一五零二 → 1502, 十五零二 → 1502."""
    floor, zero, rest = said.partition("零")
    if "十" in floor:
        tens, _, ones = floor.partition("十")
        number = str(int(_figures(tens) or 1) * 10 + int(_figures(ones) or 0))
        return f"{number}0{_figures(rest)}" if zero else number
    return _figures(said)
