"""Where a matter is 房源位置: estates by name, alias or one slip of the pen; building, unit and room in all spoken forms."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from rapidfuzz.distance import OSA

from routing.dwelling import Dwelling, dwelling
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


def _key(name: str) -> str:
    return re.sub(r"\s+", "", plain(name))


class Gazetteer:
    """All estates of the register, ready to be found in a text. Immutable; safe for many threads."""

    def __init__(self, entries: Iterable[EstateEntry]) -> None:
        self.entries = {entry.id: entry for entry in entries}
        keys: dict[str, set[str]] = defaultdict(set)
        for entry in self.entries.values():
            for name in (entry.name, *entry.aliases):
                if len(_key(name)) >= 2:
                    keys[_key(name)].add(entry.id)
        self._keys = {key: frozenset(ids) for key, ids in keys.items()}
        self._lengths = sorted({len(key) for key in keys}, reverse=True)
        self._pairs: dict[str, set[str]] = defaultdict(set)
        for key in self._keys:
            if len(key) >= _FUZZY_FROM:
                for i in range(len(key) - 1):
                    self._pairs[key[i : i + 2]].add(key)

    def find(self, text: str) -> PlaceFound | None:
        """The place the text names, or None when it names neither an estate nor a dwelling.

        Several estates that answer equally well are reported as ``candidates`` and none is chosen. A building, the name of
        a district, or the number standing right behind a name may settle it: those are facts, not guesses.
        """
        text = plain(text)
        home = dwelling(text)
        squeezed, offsets = _squeeze(text)
        matches = self._exact(squeezed)
        exact = bool(matches)
        if not matches:
            matches = self._fuzzy(squeezed)
        if not matches:
            return _found(home) if home else None
        ids = self._settle(matches, text, home, offsets)
        words = tuple(dict.fromkeys(squeezed[m.start : m.end] for m in matches if m.ids & ids))
        if len(ids) == 1:
            entry = self.entries[next(iter(ids))]
            return _found(home, estate_id=entry.id, estate=entry.name, words=words, exact=exact)
        named = tuple(sorted((i, self.entries[i].name) for i in ids))
        return _found(home, words=words, exact=exact, candidates=named)

    def _exact(self, text: str) -> list[_Match]:
        matches: list[_Match] = []
        at = 0
        while at < len(text):
            for length in self._lengths:
                key = text[at : at + length]
                if len(key) == length and key in self._keys:
                    matches.append(_Match(key, at, self._keys[key]))
                    at += length - 1
                    break
            at += 1
        return matches

    def _fuzzy(self, text: str) -> list[_Match]:
        """Names met with one letter wrong, missing, added or two swapped; the telling letters must be right."""
        keys = {key for i in range(len(text) - 1) for key in self._pairs.get(text[i : i + 2], ())}
        matches = []
        for key in sorted(keys):
            for start, window in _windows(text, len(key)):
                if OSA.distance(key, window, score_cutoff=1) <= 1 and not _telling_slip(key, window):
                    matches.append(_Match(window, start, self._keys[key]))
                    break
        return matches

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
    *,
    estate_id: str | None = None,
    estate: str = "",
    words: tuple[str, ...] = (),
    exact: bool = True,
    candidates: tuple[tuple[str, str], ...] = (),
) -> PlaceFound:
    home = home or Dwelling()
    said = (*words, home.words) if home.words else words
    return PlaceFound(estate_id, estate, home.building, home.unit, home.room, said, exact, candidates)


def _squeeze(text: str) -> tuple[str, list[int]]:
    """The text without blanks, and for each letter its place in the text with them."""
    offsets = [i for i, letter in enumerate(text) if not letter.isspace()]
    return "".join(text[i] for i in offsets), offsets


def _windows(text: str, length: int) -> Iterator[tuple[int, str]]:
    for size in (length, length - 1, length + 1):
        for start in range(len(text) - size + 1):
            yield start, text[start : start + size]


def _telling_slip(key: str, window: str) -> bool:
    gone = set(key) ^ set(window)
    return any(letter in _TELLING or not letter.isalnum() for letter in gone)
