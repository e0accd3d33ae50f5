"""The alarm: read first, on every message and every later word of a ticket; errs toward alarm and shows its words.

A danger is a table of signs (``data/emergencies.toml``): words, and where they are too common, a companion near by. What a sign
found is then weighed by what stands around it: figures of speech, denial, what is over, what is only feared or talked about.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from re import Pattern
from typing import Any

from routing.bearing import Bearing
from routing.needed import Sieve
from routing.normal import plain
from routing.patterns import apart, expression, table
from routing.verdict import EmergencyHit

_SHOWN = 5  # words shown of one emergency
_WEIGHED = 400  # hits of one sign weighed in one text; further ones are taken to be more of the same


@dataclass(frozen=True, slots=True)
class Sign:
    """One way to speak of an emergency. ``near`` must stand within ``reach`` signs of the words; ``never`` may not stand in
    their clause, ``trap`` not right beside them."""

    code: str
    words: Pattern[str]
    trap: Pattern[str] | None
    near: Pattern[str] | None
    reach: int
    never: Pattern[str] | None
    guards: frozenset[str]


@dataclass(frozen=True, slots=True)
class Table:
    """All signs of all emergencies, the reason given for each code, and the sieve that says which are worth searching."""

    why: dict[str, str]
    signs: tuple[Sign, ...]
    sieve: Sieve
    bearing: Bearing


@dataclass(frozen=True, slots=True)
class _Read:
    hits: tuple[EmergencyHit, ...]
    mentioned: bool


def detect(text: str) -> tuple[EmergencyHit, ...]:
    """Every emergency the text speaks of as present or near, in the order of the table; () when there is none."""
    return _read(text).hits


def mentioned(text: str) -> bool:
    """Whether any sign stands in the text at all, alarm or not: then a model need not guess what the signs have settled."""
    return _read(text).mentioned


@lru_cache(maxsize=4)  # one message is asked about several times in a row
def _read(text: str) -> _Read:
    held = signs()
    text = plain(text)
    said = held.bearing.literal(text)
    seen = False
    ringing: dict[str, list[tuple[int, int]]] = {}
    settled: dict[str, int] = {}  # where the text last says how it ended
    for at in held.sieve.passing(frozenset(said)):
        sign = held.signs[at]
        found = _found(said, sign, held.bearing)
        seen = seen or bool(found) or sign.words.search(said) is not None
        for start, end in found:
            if held.bearing.rings(said, start, end, sign.guards):
                ringing.setdefault(sign.code, []).append((start, end))
            elif held.bearing.ended(said, start, end):
                settled[sign.code] = max(start, settled.get(sign.code, 0))
    hits = []
    for code in held.why:
        # A heading and the first lines name what a later sentence brings to its end: one event, unless it is said to go on.
        spoken = [
            (start, end)
            for start, end in ringing.get(code, ())
            if start > settled.get(code, -1) or held.bearing.goes_on(said, start, end)
        ]
        if spoken:
            shown = tuple(dict.fromkeys(text[start:end].strip() for start, end in spoken))[:_SHOWN]
            hits.append(EmergencyHit(code, shown, f"{held.why[code]}：原话“{'”“'.join(shown)}”"))
    return _Read(tuple(hits), seen or said != text)


def _found(said: str, sign: Sign, bearing: Bearing) -> list[tuple[int, int]]:
    """Where the sign stands in the text, its companion by its side and nothing that makes it another thing."""
    found = []
    for match in sign.words.finditer(said):
        start, end = match.span()
        if sign.trap is not None and bearing.beside(said, start, end, sign.trap):
            continue
        if sign.near is not None and not sign.near.search(said, max(0, start - sign.reach), end + sign.reach):
            continue
        if sign.never is not None and sign.never.search(said, *bearing.clause(said, start, end)):
            continue
        found.append((start, end))
        if len(found) >= _WEIGHED:
            break
    return found


@lru_cache(maxsize=1)
def signs() -> Table:
    """The tables of signs and of what bears on them, read once."""
    held = table("emergencies")
    names = held.pop("names")
    found = tuple(sign for code, row in held.items() for entry in row["signs"] for sign in _signs(code, entry, names))
    sieve = Sieve([(sign.words, sign.near) for sign in found])
    return Table({code: row["why"] for code, row in held.items()}, found, sieve, Bearing(table("bearing")))


def _signs(code: str, entry: dict[str, Any], names: dict[str, str]) -> list[Sign]:
    """One entry of the table: a sign for each of its words, all under the same conditions."""

    def read(key: str) -> Pattern[str] | None:
        return expression(entry[key], names) if key in entry else None

    trap, near, never = read("trap"), read("near"), read("never")
    reach, guards = entry.get("reach", 14), frozenset(entry.get("guards", Bearing.ALL))
    return [
        Sign(code, expression(one, names), trap, near, reach, never, guards) for words in entry["words"] for one in apart(words)
    ]
