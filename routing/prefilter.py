"""Which of many expressions can match a text at all, by the letters that stand in it: most need not be tried."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from re import _constants as op  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

# The commonest letters of what residents write, commonest first: worth little as a sign that an expression may match.
_COMMON = (
    "了不的人房没一电我来租上水楼有到在公个下里是门家住要子说请都天户小能收么就打去开还金给年交修区费面梯老单出工过口地车管同道"
    "保多两合吗三停时退大反月申得办气着业进签领被墙通名把外查漏问报那半换们期映好坏点手看这证十怎他什台物间补知钱自头机发信次用对屋号想走"
)
_COST = {letter: float(len(_COMMON) - rank) for rank, letter in enumerate(_COMMON)}
_WIDEST = 64  # letters of a class that is still a sign
_DOUBT = 1e9


class Prefilter:
    """Holds expressions; ``candidates`` leaves out those that cannot match. Immutable; safe for many threads."""

    def __init__(self, patterns: Sequence[re.Pattern[str]]) -> None:
        self._always: list[int] = []
        by_letter: dict[str, list[int]] = defaultdict(list)
        for number, pattern in enumerate(patterns):
            letters = needed(pattern)
            if letters is None:
                self._always.append(number)
            for letter in letters or ():
                by_letter[letter].append(number)
        self._by_letter = {letter: tuple(numbers) for letter, numbers in by_letter.items()}
        self._telling = frozenset(self._by_letter)

    def candidates(self, letters: frozenset[str]) -> list[int]:
        """The numbers, in order, of the expressions that may match a text made of these letters."""
        found = set(self._always)
        for letter in self._telling & letters:
            found.update(self._by_letter[letter])
        return sorted(found)


def needed(pattern: re.Pattern[str]) -> frozenset[str] | None:
    """Letters of which at least one stands in whatever the expression matches; None where that cannot be told."""
    if pattern.flags & re.IGNORECASE:
        return None
    letters, cost = _sequence(parser.parse(pattern.pattern, pattern.flags))
    return letters if cost < _DOUBT else None


_Found = tuple[frozenset[str], float]
_NOTHING: _Found = (frozenset(), _DOUBT)


def _weighed(letters: Iterable[str]) -> _Found:
    held = frozenset(letters)
    return held, sum(_COST.get(letter, 1.0) for letter in held)


def _sequence(items: Iterable[tuple[Any, Any]]) -> _Found:
    """All of them must match, so the most telling one will do."""
    return min((_one(kind, value) for kind, value in items), key=lambda found: found[1], default=_NOTHING)


def _one(kind: Any, value: Any) -> _Found:
    if kind is op.LITERAL:
        return _weighed(chr(value))
    if kind is op.IN:
        return _class(value)
    if kind is op.BRANCH:
        ways = [_sequence(way) for way in value[1]]
        return _NOTHING if any(cost >= _DOUBT for _, cost in ways) else _weighed(frozenset().union(*(held for held, _ in ways)))
    if kind in (op.MAX_REPEAT, op.MIN_REPEAT, op.POSSESSIVE_REPEAT):
        return _sequence(value[2]) if value[0] else _NOTHING
    if kind is op.SUBPATTERN:
        return _sequence(value[3])
    if kind is op.ATOMIC_GROUP:
        return _sequence(value)
    return _NOTHING


def _class(members: list[tuple[Any, Any]]) -> _Found:
    letters: set[str] = set()
    for kind, value in members:
        if kind is op.LITERAL:
            letters.add(chr(value))
        elif kind is op.RANGE and value[1] - value[0] < _WIDEST:
            letters.update(map(chr, range(value[0], value[1] + 1)))
        else:
            return _NOTHING
    return _weighed(letters)
