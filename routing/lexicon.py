"""The rules that come before the model: words that settle a matter as R, G or N08, and words that only ask for a second look."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from routing.needed import Sieve
from routing.patterns import expression, table

_REACH = 14  # how far on either side of a hit the softening words are looked for
# In a long letter the matter stands at the head or, for an accusation, at the foot; elsewhere a word is an aside: (head, foot).
_REACH_OF = {"R": (90, 40), "G": (90, 0), "N": (90, 0)}

DECIDES, STOPS, HINTS = "decides", "stops", "hints"


@dataclass(frozen=True, slots=True)
class RuleHit:
    """A rule that fired. ``code`` is a leaf where ``force`` is DECIDES, else a leaf or only a group letter."""

    code: str
    words: str
    force: str

    @property
    def group(self) -> str:
        return self.code[0]


def read(text: str) -> tuple[RuleHit, ...]:
    """All rules that fire on the plain text: one hit per leaf that decides, then those that stop, then those that hint."""
    rows, items = _compiled()
    hits: dict[tuple[str, str], RuleHit] = {}
    for number in items.matching(text):
        force, code, pattern, unless = rows[number]
        for match in pattern.finditer(text):
            if unless is not None and unless.search(text[max(0, match.start() - _REACH) : match.end() + _REACH]):
                continue
            head, foot = _REACH_OF[code[0]]
            aside = force == DECIDES and head < match.start() < len(text) - foot
            held = STOPS if aside else force
            hits.setdefault((code, held), RuleHit(code, match.group().strip(), held))
    return tuple(sorted(hits.values(), key=lambda hit: (DECIDES, STOPS, HINTS).index(hit.force)))


_Rows = tuple[tuple[str, str, "re.Pattern[str]", "re.Pattern[str] | None"], ...]


class _Items:
    """The single alternatives of all rows: a row is searched only where one of its own is found."""

    def __init__(self, rows: list[list[re.Pattern[str]]]) -> None:
        self._items = [(number, item) for number, items in enumerate(rows) for item in items]
        self._sieve = Sieve([(item,) for _, item in self._items])

    def matching(self, text: str) -> list[int]:
        """The numbers, in order, of the rows that match somewhere."""
        found: list[int] = []
        for candidate in self._sieve.passing(frozenset(text)):
            number, item = self._items[candidate]
            if (not found or found[-1] != number) and item.search(text):
                found.append(number)
        return found


@lru_cache(maxsize=1)
def _compiled() -> tuple[_Rows, _Items]:
    held = table("rules")
    names = held["names"]
    unless = {code: expression(words, names) for code, words in held["unless"].items()}
    unless["G"] = unless["G06"]  # the broad words of building, softened by the same
    written = [
        (force, *row) for force, part in ((DECIDES, "strong"), (STOPS, "stop"), (HINTS, "weak")) for row in held[part].items()
    ]
    rows = tuple((force, code, expression(words, names), unless.get(code)) for force, code, words in written)
    return rows, _Items([[expression(word, names) for word in _listed(words)] for _, _, words in written])


def _listed(words: str | list[str]) -> list[str]:
    return [words] if isinstance(words, str) else words
