"""Repeats 重复诉求: which earlier complaints are likely the same matter as a new one, how sure that is, and why. People decide.

1 letters   what a text says, without its frame and the name of the place
2 Weights   how much two texts have in common: pairs of letters, each weighing what it is worth in the field's own sayings
3 judge     who, where, what kind, when and the words together: likely, possible, or nothing
4 marks     a few numbers that two texts with much in common mostly share, so that an index finds the one by the other
"""

from __future__ import annotations

import heapq
import math
import re
import zlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from itertools import pairwise

from routing.boilerplate import matter
from routing.normal import plain

LONGEST = 1500  # characters of a text that are compared: what it is about stands there
MARKS = 12
ALIKE = 0.25  # cosine: on real complaints under 1 % of pairs of different matters reach it, and over 97 % of pairs of one
CLOSE, COPIED = 0.40, 0.70
DAY, NEAR, FORTNIGHT, MONTH = (timedelta(days=days) for days in (1, 3, 14, 30))
FURTHEST = timedelta(days=90)  # beyond which nothing is a repeat
ENOUGH, PLENTY = 8, 20  # pairs in common from which words alone say something where nobody knows the place
_NOT_LETTERS = re.compile(r"[\W_]+")


class Kind(StrEnum):
    """What makes two complaints one matter."""

    PERSON = "person"  # 同一人再次反映
    DWELLING = "dwelling"  # 同一住户
    CAUSE = "cause"  # 同一原因


@dataclass(frozen=True, slots=True)
class Telling:
    """One complaint as far as it is compared. Unknown parts of the place are empty.

    ``people`` are signs of who complains, each in itself enough (a resident's id, a telephone number); ``names`` are words for
    the place, which say nothing of the matter.
    """

    text: str
    at: datetime
    leaf: str = ""
    group: str = ""
    estate: str = ""
    building: str = ""
    unit: str = ""
    room: str = ""
    people: frozenset[str] = frozenset()
    names: tuple[str, ...] = ()
    emergency: bool = False

    def dwells_with(self, other: Telling) -> bool:
        known = bool(self.estate and self.building and self.room)
        same = (self.estate, self.building, self.room) == (other.estate, other.building, other.room)
        return known and same and (self.unit == other.unit or not (self.unit and other.unit))


@dataclass(frozen=True, slots=True)
class Repeat:
    """A likely (``sure``) or possible repeat. ``score`` orders them, 0 to 1; ``reasons`` are for the agent."""

    kind: Kind
    sure: bool
    score: float
    similarity: float
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Vector:
    """A text as weighed pairs of letters, of length one."""

    parts: Mapping[str, float]
    run: str = field(repr=False)  # the letters themselves, a blank where something was cut out


def letters(text: str, names: Iterable[str] = ()) -> str:
    """What a text says: its plain letters and digits, runs of them parted by blanks, without frame, address and ``names``."""
    said = str(plain(text[:LONGEST]))
    for name in names:
        if name:
            said = said.replace(name, " ")
    return _NOT_LETTERS.sub(" ", matter(said)).strip()


class Weights:
    """What each pair of letters is worth: the rarer among the sayings it was learnt from, the more. Immutable."""

    def __init__(self, sayings: Iterable[str]) -> None:
        seen: Counter[str] = Counter()
        total = 0
        for saying in sayings:
            total += 1
            seen.update(set(_pairs(letters(saying))))
        self._unknown = math.log(total + 1) + 1
        self._worth = {pair: math.log((total + 1) / (times + 1)) + 1 for pair, times in seen.items()}

    def vector(self, text: str, names: tuple[str, ...] = ()) -> Vector:
        run = letters(text, names)
        worth, unknown = self._worth, self._unknown
        weighed = {pair: _damped(times) * worth.get(pair, unknown) for pair, times in Counter(_pairs(run)).items()}
        length = math.sqrt(sum(value * value for value in weighed.values())) or 1.0
        return Vector({pair: value / length for pair, value in weighed.items()}, run)


def _pairs(run: str) -> list[str]:
    return [pair for pair in map("".join, pairwise(run)) if " " not in pair]


@lru_cache(maxsize=1024)
def _damped(times: int) -> float:
    return 1 + math.log(times)


def similarity(one: Vector, other: Vector) -> float:
    """The cosine, 0 to 1. Texts of a single letter, or of none, are like nothing."""
    few, many = sorted((one.parts, other.parts), key=len)
    return min(1.0, sum(value * many[pair] for pair, value in few.items() if pair in many))


def in_common(one: Vector, other: Vector, most: int = 3) -> tuple[str, ...]:
    """The weightiest stretches of letters that stand in both, as words to show."""
    found: dict[str, float] = {}
    stretch, weight = "", 0.0
    for first, second in zip(one.run, one.run[1:] + " ", strict=True):
        pair = first + second
        if pair in other.parts:
            stretch, weight = (stretch or first) + second, weight + one.parts[pair]
            continue
        if stretch:
            found[stretch] = max(weight, found.get(stretch, 0.0))
        stretch, weight = "", 0.0
    return tuple(sorted(found, key=lambda words: -found[words])[:most])


def marks(text: str, names: Iterable[str] = ()) -> tuple[int, ...]:
    """At most ``MARKS`` numbers below 2**48: the smallest hashes of the text's triples of letters (a bottom-k sketch).

    They depend on the text alone, so that those kept years ago still meet those of today.
    """
    run = letters(text, names)
    triples = {run[i : i + 3] for i in range(max(len(run) - 2, 1))} if run else set()
    return tuple(heapq.nsmallest(MARKS, {_number(triple) for triple in triples}))


def _number(triple: str) -> int:
    # Mixed, because a checksum alone keeps texts that are alike close together.
    return ((zlib.crc32(triple.encode()) * 0x9E3779B97F4A7C15) & 0xFFFFFFFFFFFFFFFF) >> 16


def find(weights: Weights, new: Telling, earlier: Sequence[Telling]) -> list[tuple[int, Repeat]]:
    """Which of the earlier ones may be the same matter, by place in the list: the surest first, then by score, then the last."""
    said = weights.vector(new.text, new.names)
    found = []
    for i, old in enumerate(earlier):
        theirs = weights.vector(old.text, old.names)
        repeat = judge(new, old, said, theirs)
        if repeat is not None:
            found.append((i, repeat))
    return sorted(found, key=lambda one: (not one[1].sure, -one[1].score, -one[0]))


def judge(new: Telling, old: Telling, said: Vector, theirs: Vector) -> Repeat | None:
    """The verdict on one pair; None when nothing speaks for one matter."""
    alike = similarity(said, theirs)
    apart = abs(new.at - old.at)
    if apart > FURTHEST:
        return None
    kind = Kind.PERSON if new.people & old.people else Kind.DWELLING if new.dwells_with(old) else Kind.CAUSE
    if kind is Kind.CAUSE:
        sure = _same_cause(new, old, alike, apart, said.parts.keys() & theirs.parts.keys() if alike >= CLOSE else ())
    else:
        sure = _same_household(new, old, alike, apart)
    if sure is None:
        return None
    return Repeat(kind, sure, _score(new, old, kind, alike, apart), alike, _reasons(new, old, kind, apart, alike, said, theirs))


def _same_household(new: Telling, old: Telling, alike: float, apart: timedelta) -> bool | None:
    """True likely, False possible: one household seldom has two matters of one kind at a time, or tells two in the same words."""
    if not new.text:  # a call that nobody has written down yet
        return False if apart <= MONTH else None
    if new.estate and old.estate and new.estate != old.estate:
        return False if alike >= CLOSE else None
    if alike >= ALIKE or (_same_leaf(new, old) and apart <= NEAR):
        return True
    near = (new.group and new.group == old.group and apart <= NEAR) or ((new.emergency or old.emergency) and apart <= DAY)
    return False if near or (_same_leaf(new, old) and apart <= MONTH) else None


def _same_cause(new: Telling, old: Telling, alike: float, apart: timedelta, shared: Iterable[str]) -> bool | None:
    """True likely, False possible: strangers in one house tell the same matter on the same days in words of their own."""
    if not (new.estate and old.estate):
        common = len(list(shared))
        if apart > FORTNIGHT or alike < CLOSE or common < ENOUGH:
            return None
        return alike >= COPIED and common >= PLENTY
    if new.estate != old.estate:
        return None
    beside = bool(new.building) and new.building == old.building
    elsewhere = not beside and bool(new.building and old.building)
    if apart <= NEAR and _same_leaf(new, old):
        if beside or alike >= ALIKE:
            return alike >= (ALIKE if beside else CLOSE) and not elsewhere
        return None
    if old.emergency and beside and apart <= DAY:
        return False
    close = alike >= CLOSE if apart <= NEAR else apart <= FORTNIGHT and alike >= COPIED
    return False if close and not elsewhere else None


def _same_leaf(new: Telling, old: Telling) -> bool:
    return bool(new.leaf) and new.leaf == old.leaf


def _score(new: Telling, old: Telling, kind: Kind, alike: float, apart: timedelta) -> float:
    same_estate = bool(new.estate) and new.estate == old.estate
    told = (
        (0.4, alike),
        (0.2, kind is not Kind.CAUSE),
        (0.1, same_estate),
        (0.1, same_estate and bool(new.building) and new.building == old.building),
        (0.15, _same_leaf(new, old)),
        (0.05, max(0.0, 1 - apart / FORTNIGHT)),
    )
    return round(sum(weight * value for weight, value in told), 3)


def _reasons(
    new: Telling, old: Telling, kind: Kind, apart: timedelta, alike: float, said: Vector, theirs: Vector
) -> tuple[str, ...]:
    who = {Kind.PERSON: "同一诉求人", Kind.DWELLING: "同一住户", Kind.CAUSE: ""}[kind]
    where = ""
    if kind is Kind.CAUSE and new.estate and new.estate == old.estate:
        where = "同一楼栋" if new.building and new.building == old.building else "同一小区"
    what = "同类别" if _same_leaf(new, old) else ""
    when = "当天" if apart < DAY else f"{math.ceil(apart / DAY)} 天内"
    words = "、".join(f"“{word}”" for word in in_common(said, theirs)) if alike >= ALIKE else ""
    common = f"文字相似 {alike:.0%}" + (f"：{words}" if words else "")
    facts = (who, "，".join(part for part in (where, what, when) if part), common if alike >= 0.1 else "")
    return tuple(fact for fact in facts if fact) + (("应急工单",) if old.emergency else ())
