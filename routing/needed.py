"""Which signs a text must hold for an expression to match at all: one cheap question asked before many dear ones."""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Set
from importlib import import_module
from re import Pattern
from typing import Any

_parse: Any = import_module("re._parser").parse  # the expression as Python itself takes it apart
# The commonest signs of what residents write, commonest first: worth little as a mark that an expression may match.
_COMMON = (
    "了不的人房没一电我来租上水楼有到在公个下里是门家住要子说请都天户小能收么就打去开还金给年交修区费面梯老单出工过口地车管同道"
    "保多两合吗三停时退大反月申得办气着业进签领被墙通名把外查漏问报那半换们期映好坏点手看这证十怎他什台物间补知钱自头机发信次用对屋号想走"
)
_COST = {sign: float(len(_COMMON) - rank) for rank, sign in enumerate(_COMMON)}
_WIDEST = 400  # signs in a class beyond which it is as good as any sign
_DEPTH = 4  # conditions kept of one expression, the most telling

Condition = frozenset[str]


class Sieve:
    """Many expressions at once: which of them a text can match, by its signs alone. Lets pass too many, never too few."""

    def __init__(self, expressions: Sequence[Sequence[Pattern[str] | None]]) -> None:
        """Each item: expressions that must all match for that item to be of interest."""
        self._free = [0] * _DEPTH  # for each condition the items that do not have so many
        self._by_sign: dict[str, list[int]] = {}
        for at, item in enumerate(expressions):
            held = sorted({c for words in item if words is not None for c in conditions(words)}, key=_cost)
            for depth in range(_DEPTH):
                if depth >= len(held):
                    self._free[depth] |= 1 << at
                    continue
                for sign in held[depth]:
                    self._by_sign.setdefault(sign, [0] * _DEPTH)[depth] |= 1 << at

    def passing(self, signs: Set[str]) -> list[int]:
        """The items, in their order, that a text of these signs can match."""
        first, second, third, fourth = self._free
        held = self._by_sign
        for sign in signs:
            if masks := held.get(sign):
                first |= masks[0]
                second |= masks[1]
                third |= masks[2]
                fourth |= masks[3]
        left, found = first & second & third & fourth, []
        while left:
            lowest = left & -left
            found.append(lowest.bit_length() - 1)
            left ^= lowest
        return found


def conditions(words: Pattern[str]) -> list[Condition]:
    """Sets of signs of each of which every match holds at least one; none where nothing can be told."""
    return _all(_parse(words.pattern))


def _all(parts: Iterable[tuple[Any, Any]]) -> list[Condition]:
    return [found for kind, what in parts for found in _one(str(kind), what)]


def _one(kind: str, what: Any) -> list[Condition]:
    if kind == "LITERAL":
        return [frozenset(chr(what))]
    if kind == "IN":
        return _any_of(what)
    if kind == "SUBPATTERN":
        return _all(what[3])
    if kind == "BRANCH":
        return _either([_all(branch) for branch in what[1]])
    if kind in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT") and what[0] > 0:
        return _all(what[2])
    return []


def _any_of(what: list[tuple[Any, Any]]) -> list[Condition]:
    signs: set[str] = set()
    for kind, value in what:
        if str(kind) == "LITERAL":
            signs.add(chr(value))
        elif str(kind) == "RANGE" and value[1] - value[0] < _WIDEST:
            signs.update(map(chr, range(value[0], value[1] + 1)))
        else:  # what is not in the class, or a category of signs
            return []
    return [frozenset(signs)]


def _either(branches: list[list[Condition]]) -> list[Condition]:
    """One of the branches must match: of each, its most telling condition and its next, joined to those of the others."""
    if not all(branches):
        return []
    ranked = [sorted(branch, key=_cost) for branch in branches]
    least = min(len(branch) for branch in ranked)
    return [frozenset[str]().union(*(branch[depth] for branch in ranked)) for depth in range(least)]


def _cost(condition: Condition) -> tuple[float, list[str]]:
    """How often a text holds one of these signs all the same, in no unit; then by the alphabet."""
    return sum(_COST.get(sign, 1.0) for sign in condition), sorted(condition)
