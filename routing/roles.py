"""Who is who in a call 角色: by the labels where they say so, else by how agents and residents speak.

1 labels that mean something · 2 labels that only part the speakers: each is judged by all that it said · 3 none: turn by turn,
most turns answering the one before
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from re import Pattern

from routing.normal import plain
from routing.patterns import expression, table
from routing.turns import AGENT, OTHER, RESIDENT, Turn, meant

BY_LABEL, BY_WORDS = "label", "words"
_FIRST = 1.0  # who speaks first is more often the agent
_ANSWERS = 1.6  # a turn without a label is more often another person's than the last one's
_CLIP = 6.0  # what one turn can say at most
_SURE = 3.0  # by how much words must speak for one reading
_READ = 300  # letters of a turn that are weighed
_THIRD = 6.0  # weight of words from which a third voice is another agent, to whom the call was passed


@dataclass(frozen=True, slots=True)
class Roles:
    """A role for every turn. ``by``: label or words; not ``sure``: the words say little, and either may be the resident."""

    of: tuple[str, ...]
    by: str
    sure: bool


def roles_of(turns: Sequence[Turn]) -> Roles:
    """The role of each turn, in their order. Any turns give an answer; time grows with their number."""
    names = _names(turns)
    known = {name: meant(name) for name in set(names) if name}
    if any(role in (AGENT, RESIDENT) for role in known.values()):
        return _by_label(names, known)
    if len(set(names) - {""}) >= 2 and all(names):
        return _by_voice(turns, names, known)
    return _by_turn(turns)


def _names(turns: Sequence[Turn]) -> list[str]:
    """What parts the speakers: their labels, or the tracks they were recorded on."""
    speakers = [turn.speaker for turn in turns]
    tracks = [turn.channel for turn in turns]
    return speakers if len(set(speakers)) >= 2 or len(set(tracks)) < 2 else tracks


def _by_label(names: list[str], known: dict[str, str]) -> Roles:
    """A label that says nothing is the other's of the one that does; without any label, the resident's: errs toward alarm."""
    rest = AGENT if AGENT not in known.values() else RESIDENT
    return Roles(tuple((known[name] or rest) if name else RESIDENT for name in names), BY_LABEL, True)


def _by_voice(turns: Sequence[Turn], names: list[str], known: dict[str, str]) -> Roles:
    weights: dict[str, float] = {}
    for turn, name in zip(turns, names, strict=True):
        if known.get(name) != OTHER:
            weights[name] = weights.get(name, _FIRST if not weights else 0.0) + _weight(turn.text)
    ranked = sorted(weights, key=lambda name: -weights[name])
    agents = {name for place, name in enumerate(ranked) if place == 0 or (place < len(ranked) - 1 and weights[name] >= _THIRD)}
    sure = len(ranked) > 1 and weights[ranked[0]] - weights[ranked[1]] >= _SURE
    return Roles(
        tuple(OTHER if known.get(name) == OTHER else AGENT if name in agents else RESIDENT for name in names), BY_WORDS, sure
    )


def _by_turn(turns: Sequence[Turn]) -> Roles:
    """The likeliest row of roles: what each turn says of itself, and that people take turns."""
    if len(turns) < 2:
        alone = AGENT if turns and _weight(turns[0].text) >= _CLIP else RESIDENT
        return Roles((alone,) * len(turns), BY_WORDS, False)
    agent, resident = _FIRST, 0.0
    came: list[tuple[str, str]] = []  # for each turn: from which role the best row comes that ends as agent, as resident
    for at, turn in enumerate(turns):
        weight = _weight(turn.text)
        if at:
            stays, takes = agent, resident + _ANSWERS
            stays_too, answers = resident, agent + _ANSWERS
            came.append((AGENT if stays >= takes else RESIDENT, RESIDENT if stays_too > answers else AGENT))
            agent, resident = max(stays, takes), max(stays_too, answers)
        agent, resident = agent + weight, resident - weight
    row = [AGENT if agent >= resident else RESIDENT]
    for from_agent, from_resident in reversed(came):
        row.append(from_agent if row[-1] == AGENT else from_resident)
    return Roles(tuple(reversed(row)), BY_WORDS, abs(agent - resident) >= _SURE and len(set(row)) == 2)


def _weight(text: str) -> float:
    """How much a turn sounds like an agent (above 0) or a resident (below)."""
    said = plain(text[:_READ])
    weight = sum(worth * min(len(words.findall(said)), 3) for worth, words in _cues())
    return max(-_CLIP, min(_CLIP, weight))


@lru_cache(maxsize=1)
def _cues() -> tuple[tuple[float, Pattern[str]], ...]:
    held = table("talk")
    return tuple(
        (row["weight"] * (1 if row["role"] == AGENT else -1), expression(row["words"], held["names"])) for row in held["cues"]
    )
