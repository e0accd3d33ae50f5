"""Building, unit and room 楼栋、单元、房号 as people write and say them, read into plain numbers."""

from __future__ import annotations

import re
from dataclasses import dataclass

_DIGITS = {c: str(i) for i, c in enumerate("零一二三四五六七八九")} | {"〇": "0", "幺": "1", "两": "2", "○": "0"}
_CN = "零〇○一二三四五六七八九十百两幺"
_NUM = rf"(?:\d{{1,3}}|[{_CN}]{{1,4}}|[a-z]\d{{0,2}}|[甲乙丙丁])"
_ROOM = rf"(?:[a-z]?\d{{3,4}}|[{_CN}千]{{3,7}})"
_MARK = "(?:号楼|栋楼?|幢楼?|座|号栋|#楼?)"

_SPELLED = re.compile(
    rf"(?<![\da-z])(?P<building>{_NUM})\s*{_MARK}"
    rf"(?:\s*[,,、]?\s*(?P<unit>{_NUM})\s*(?:单元|门洞|门))?"
    rf"(?:\s*[,,、-]?\s*(?:\d{{1,2}}[楼层]\s*)?(?P<room>{_ROOM})(?!\d|元|块|人|户|年|次|天|个|度)\s*(?:室|房间|房|号房|号|户)?)?"
)
_HASH = re.compile(r"(?<![\d#-])(?P<building>\d{1,3}|[a-z])#(?P<unit>\d{1,2})-(?P<room>\d{3,4})(?![\d-])")
_DASHED = re.compile(r"(?<![\d-])(?P<building>\d{1,3}|[a-z]\d?)-(?P<unit>\d{1,2})-(?P<room>\d{3,4})(?!\d|-|元|块)")
_SHORT = re.compile(r"(?<![\d.:-])(?P<building>\d{1,2}|[a-z])[-#](?P<room>\d{3,4})(?!\d|-|元|块|人|点|分|次|天|号线|年|月)")
_UNIT_ONLY = re.compile(
    rf"(?<![\d{_CN}])(?P<unit>{_NUM})\s*单元(?:\s*(?P<room>{_ROOM})(?!\d|元|块|人|户|年|次|天|个)\s*(?:室|房|号)?)?"
)
_ROOM_ONLY = re.compile(rf"(?<![\d.{_CN}千-])(?P<room>{_ROOM})(?:室|房间|房(?![租产屋子东管源型改])|号房)")


_ONE = rf"(?:\d{{1,3}}|[{_CN}]{{1,4}}|[a-z])"
_HOUSE = "(?:号楼|栋楼?|幢楼?|座|#楼?)"
_SEVERAL = re.compile(rf"(?<![\da-z.])({_ONE}{_HOUSE}?(?:\s?[、,,和及到至~-]\s?{_ONE}{_HOUSE}?){{1,8}}?{_HOUSE})(?!\d)")
_PARTS = re.compile(rf"(到|至|~|-)?\s?({_ONE})(?={_HOUSE}|[、,,和及到至~-]|$)")
_MOST = 30  # buildings that a span (5栋到8栋) may reach over


# Each form with the signs without which it cannot stand: most texts have none, and a look for a sign is cheap.
_FORMS = (
    (_SPELLED, ("号楼", "栋", "幢", "座", "#")),
    (_HASH, ("#",)),
    (_DASHED, ("-",)),
    (_SHORT, ("-", "#")),
    (_UNIT_ONLY, ("单元",)),
    (_ROOM_ONLY, ("室", "房")),
)


@dataclass(frozen=True, slots=True)
class Dwelling:
    """A flat as far as it was named; parts that were not named are empty. ``start`` is where the words stand."""

    building: str = ""
    unit: str = ""
    room: str = ""
    words: str = ""
    start: int = -1


def number(said: str) -> str:
    """三 → 3, 十二 → 12, 一五零二 → 1502, 一千五百零二 → 1502, a → A; digits lose leading zeros."""
    said = said.strip()
    if said.isascii():
        return said.lstrip("0").upper() or "0"
    if said in "甲乙丙丁":
        return said
    if not any(c in said for c in "十百千"):
        return "".join(_DIGITS.get(c, c) for c in said)
    total = current = 0
    for letter in said:
        if letter in "十百千":
            total += (current or 1) * {"十": 10, "百": 100, "千": 1000}[letter]
            current = 0
        else:
            current = int(_DIGITS[letter])
    return str(total + current)


def dwelling(text: str) -> Dwelling | None:
    """The fullest naming of a flat in the (plain) text; the first of equals. None when there is none."""
    best: Dwelling | None = None
    score = 0
    for pattern, signs in _FORMS:
        if not any(sign in text for sign in signs):
            continue
        for match in pattern.finditer(text):
            named = {part: number(value) for part, value in match.groupdict().items() if value}
            worth = len(named) * 2 + ("building" in named)
            if worth > score:
                best = Dwelling(**named, words=match.group().strip(), start=match.start())
                score = worth
    return best


def buildings(text: str) -> tuple[str, ...]:
    """All buildings of an enumeration or a span in the (plain) text: 3、4、5栋, 5栋到8栋; empty when fewer than two are named."""
    if not any(sign in text for sign in _FORMS[0][1]):
        return ()
    for match in _SEVERAL.finditer(text):
        named: list[str] = []
        for reach, said in _PARTS.findall(match[1]):
            one = number(said)
            if reach and named and one.isdigit() and named[-1].isdigit() and 0 < int(one) - int(named[-1]) <= _MOST:
                named.extend(str(n) for n in range(int(named[-1]) + 1, int(one) + 1))
            else:
                named.append(one)
        if len(named) > 1:
            return tuple(dict.fromkeys(named))
    return ()
