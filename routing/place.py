"""Where a matter is 房源位置: estates by name, alias or one slip of the pen; building, unit and room in all spoken forms."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from rapidfuzz.distance import OSA

from routing.dwelling import Dwelling, buildings, dwelling
from routing.normal import plain
from routing.verdict import PlaceFound


@dataclass(frozen=True, slots=True)
class EstateEntry:
    """An estate 小区 of the register. ``buildings`` are plain numbers or letters ("12", "A"); empty = not known."""

    id: str
    name: str
    aliases: tuple[str, ...] = ()
    district: str = ""
    buildings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Match:
    key: str
    start: int
    ids: frozenset[str]

    @property
    def end(self) -> int:
        return self.start + len(self.key)


# A slip of the pen may not turn one estate into its neighbour: 一期/二期, 东区/西区, A区/B区.
_TELLING = frozenset("0123456789一二三四五六七八九十东西南北中上下左右新老旧期区abcdefgh甲乙丙丁")
_FUZZY_FROM = 4  # shorter names with one letter wrong are somebody else's name
_CROWDED = 40  # names that share a pair of letters from which the pair tells nothing
# Letters that a keyboard or a recogniser puts for each other; any other letter makes another name.
_ALIKE = {
    letter: group
    for group in (
        *("家佳嘉加", "园圆苑源缘元原院", "新欣鑫馨心辛", "和合河荷禾贺", "景锦晶靖", "福富府", "华花桦", "阳洋杨扬", "清青庆卿"),
        *("明名铭", "丽利莉立", "龙隆珑", "庭廷亭婷", "城成诚", "祥翔详", "云芸", "晨辰", "兰蓝澜岚", "玉御裕誉郁", "怡宜逸"),
        *(
            "桥侨",
            "水睡",
            "春椿",
            "雅亚",
            "泰太",
            "瑞睿",
            "凤风丰枫",
            "湖胡",
            "安按",
            "江姜",
            "幸兴星",
            "居聚",
            "村春",
            "畅唱常",
            "岸按案",
        ),
    )
    for letter in group
}
_ENDS = re.compile("(?:小区|公租房|廉租房|公租房小区|社区|保障房)$")
_GOES_ON = re.compile(
    "(?:花园|家园|花苑|公寓|新村|山庄|名邸|名都|广场|大厦|国际|豪庭|雅苑|佳苑|嘉园|华府|一号|[湾苑城园府庭轩阁郡邸墅庄岸坊郦镇乡村县](?!里有|里的))"
)
_PHASE = re.compile("(?:的)?([一二三四五六七八九1-9])期|(?:的)?([东西南北a-h])区")
_LETTER = re.compile("[\u4e00-\u9fff](?<![停的漏没坏有电楼物门路里那这是断])")
_LIVES = re.compile("(?:住|家|住在|家在|我是|住的是|人在)$")


def _key(name: str) -> str:
    return re.sub(r"\s+", "", plain(name))


class Gazetteer:
    """All estates of the register, ready to be found in a text. Immutable; safe for many threads.

    The cost of a look-up hangs on the text, not on the number of estates: every name is filed under pairs of letters.
    """

    def __init__(self, entries: Iterable[EstateEntry]) -> None:
        self.entries = {entry.id: entry for entry in entries}
        keys: dict[str, set[str]] = defaultdict(set)
        for entry in self.entries.values():
            for name in (entry.name, *entry.aliases):
                if len(_key(name)) >= 2:
                    keys[_key(name)].add(entry.id)
        for key in tuple(keys):
            if len(short := _ENDS.sub("", key)) >= 3 and short != key:
                keys[short] |= keys[key]
        self._keys = {key: frozenset(ids) for key, ids in keys.items()}
        self._heads: dict[str, list[str]] = defaultdict(list)
        pairs: dict[str, list[tuple[str, int]]] = defaultdict(list)
        for key in sorted(self._keys, key=lambda one: (-len(one), one)):
            self._heads[key[:2]].append(key)
            if len(key) >= _FUZZY_FROM:
                for i in range(len(key) - 1):
                    pairs[key[i : i + 2]].append((key, i))
        self._pairs = {pair: held for pair, held in pairs.items() if len(held) <= _CROWDED}

    def find(self, text: str) -> PlaceFound | None:
        """The place the text names, or None when it names neither an estate nor a dwelling.

        Several estates that answer equally well are reported as ``candidates`` and none is chosen. A building, the name of
        a district, or the number standing right behind a name may settle it: those are facts, not guesses. Where somebody
        lives gives way to another estate that is named (``others``).
        """
        text = plain(text)
        home = dwelling(text)
        squeezed, offsets = _squeeze(text)
        matches = self._exact(squeezed)
        exact = bool(matches)
        if not matches:
            matches = self._fuzzy(squeezed)
        if not matches:
            return _found(home, text) if home else None
        ids, beside = self._matter(matches, squeezed, text, home, offsets)
        words = tuple(dict.fromkeys(squeezed[m.start : m.end] for m in matches if m.ids & ids))
        others = tuple(sorted((i, self.entries[i].name) for i in beside - ids))
        if len(ids) == 1:
            entry = self.entries[next(iter(ids))]
            return _found(home, text, estate_id=entry.id, estate=entry.name, words=words, exact=exact, others=others)
        named = tuple(sorted((i, self.entries[i].name) for i in ids))
        return _found(home, text, words=words, exact=exact, candidates=named)

    def _matter(
        self, matches: list[_Match], squeezed: str, text: str, home: Dwelling | None, offsets: list[int]
    ) -> tuple[frozenset[str], frozenset[str]]:
        """The estates where the matter is, and all that were named."""
        every = frozenset().union(*(m.ids for m in matches))
        there = [m for m in matches if not _LIVES.search(squeezed[max(0, m.start - 3) : m.start])]
        if there and len({m.ids for m in matches}) > 1:
            return self._settle(there, text, home, offsets), every
        return self._settle(matches, text, home, offsets), every

    def _exact(self, text: str) -> list[_Match]:
        matches: list[_Match] = []
        at = 0
        while at < len(text) - 1:
            for key in self._heads.get(text[at : at + 2], ()):
                if text.startswith(key, at):
                    ids = self._right_phase(self._keys[key], key, text[at + len(key) : at + len(key) + 4])
                    if ids:
                        matches.append(_Match(key, at, ids))
                        at += len(key) - 1
                    break
            at += 1
        return matches

    def _right_phase(self, ids: frozenset[str], key: str, behind: str) -> frozenset[str]:
        """Which of these are meant when this stands behind the name: another name goes on, or a phase 期 tells them apart."""
        if _GOES_ON.match(behind):
            return frozenset()
        phase = _PHASE.match(behind)
        if phase is None:
            return ids
        said = f"{phase[1]}期" if phase[1] else f"{phase[2]}区"
        of = {i: _key(self.entries[i].name) for i in ids}
        has = frozenset(i for i, name in of.items() if said in name)
        return has or frozenset(i for i, name in of.items() if said[-1] not in name[len(key) - 2 :] or said[-1] in key)

    def _fuzzy(self, text: str) -> list[_Match]:
        """Names met with one letter alike, missing, doubled or two swapped; the telling letters must be right."""
        seen: set[tuple[str, int]] = set()
        matches: dict[str, _Match] = {}
        for at in range(len(text) - 1):
            for key, offset in self._pairs.get(text[at : at + 2], ()):
                if key in matches or (key, at - offset) in seen:
                    continue
                seen.add((key, at - offset))
                match = self._near(text, key, at - offset)
                if match is not None:
                    matches[key] = match
        return [matches[key] for key in sorted(matches)]

    def _near(self, text: str, key: str, about: int) -> _Match | None:
        for start in (about, about - 1, about + 1):
            for size in (len(key), len(key) - 1, len(key) + 1):
                window = text[start : start + size] if start >= 0 else ""
                if len(window) != size or OSA.distance(key, window, score_cutoff=1) > 1 or not _slip(key, window):
                    continue
                behind = text[start + size : start + size + 4]
                if size < len(key) and key.startswith(window) and _LETTER.match(behind):
                    continue  # the last letter is not missing, it is another one
                if ids := self._right_phase(self._keys[key], key, behind):
                    return _Match(window, start, ids)
        return None

    def _settle(self, matches: list[_Match], text: str, home: Dwelling | None, offsets: list[int]) -> frozenset[str]:
        sets = [m.ids for m in matches]
        common = frozenset.intersection(*sets)
        if len(common) == 1:
            return common
        ids = frozenset().union(*sets)
        if home and len({m.ids for m in matches}) > 1:
            before = [m for m in matches if 0 <= home.start - offsets[m.end - 1] - 1 <= 2]
            if len(before) == 1:
                ids = before[0].ids
        if len(ids) > 1:
            ids = self._narrow(ids, text, home)
        return ids

    def _narrow(self, ids: frozenset[str], text: str, home: Dwelling | None) -> frozenset[str]:
        in_district = frozenset(i for i in ids if (d := self.entries[i].district) and (d in text or d.rstrip("区县市") in text))
        if len(in_district) == 1:
            return in_district
        ids = in_district or ids
        if home and home.building:
            has = frozenset(i for i in ids if home.building in self.entries[i].buildings)
            if len(has) == 1 and all(self.entries[i].buildings for i in ids):
                return has
        return ids


def _found(
    home: Dwelling | None,
    text: str,
    *,
    estate_id: str | None = None,
    estate: str = "",
    words: tuple[str, ...] = (),
    exact: bool = True,
    candidates: tuple[tuple[str, str], ...] = (),
    others: tuple[tuple[str, str], ...] = (),
) -> PlaceFound:
    several = buildings(text)
    home = home or Dwelling()
    said = (*words, home.words) if home.words else words
    return PlaceFound(
        estate_id, estate, home.building, home.unit, home.room, said, exact, candidates, others=others, buildings=several
    )


def _squeeze(text: str) -> tuple[str, list[int]]:
    """The text without blanks, and for each letter its place in the text with them."""
    offsets = [i for i, letter in enumerate(text) if not letter.isspace()]
    return "".join(text[i] for i in offsets), offsets


def _slip(key: str, window: str) -> bool:
    """Whether the one difference is a slip of the pen: a letter of the same sound, one of the last two dropped, one doubled by
    its like, two neighbours swapped; never a telling letter."""
    if any(letter in _TELLING or not letter.isalnum() for letter in set(key) ^ set(window)):
        return False
    at = next((i for i, (a, b) in enumerate(zip(key, window, strict=False)) if a != b), min(len(key), len(window)))
    if len(key) == len(window):
        return sorted(key) == sorted(window) or _alike(key[at], window[at])
    if len(window) < len(key):
        return at >= len(key) - 2 or len(key) >= 6
    near = key[max(0, at - 1) : at + 1]
    return any(_alike(window[at], letter) for letter in near)


def _alike(one: str, other: str) -> bool:
    return one == other or other in _ALIKE.get(one, "")
