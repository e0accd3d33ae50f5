"""Which tickets a sample draws for evaluation: by strata, at random, and the same again for the same seed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256


@dataclass(frozen=True, slots=True)
class Candidate:
    """A ticket that may be drawn, and the stratum 层 it lies in."""

    ticket_id: int
    number: str
    stratum: str


@dataclass(frozen=True, slots=True)
class Stratum:
    """One stratum: how many tickets it holds, and those drawn from it."""

    name: str
    size: int
    drawn: tuple[Candidate, ...]


def draw(candidates: Iterable[Candidate], percent: int, seed: str) -> list[Stratum]:
    """From each stratum ``percent`` of its tickets, rounded up, so that none goes without; by name of the stratum.

    Whoever knows the seed and the numbers draws the same: tickets are taken in the order of a hash of both.
    """
    strata: dict[str, list[Candidate]] = {}
    for one in candidates:
        strata.setdefault(one.stratum, []).append(one)
    return [Stratum(name, len(strata[name]), _first(strata[name], percent, seed)) for name in sorted(strata)]


def _first(stratum: Sequence[Candidate], percent: int, seed: str) -> tuple[Candidate, ...]:
    shuffled = sorted(stratum, key=lambda one: sha256(f"{seed}\n{one.number}".encode()).digest())
    drawn = shuffled[: -(-len(stratum) * percent // 100)]
    return tuple(sorted(drawn, key=lambda one: one.number))


def total(strata: Iterable[Stratum]) -> Mapping[str, int]:
    """How many there are, and how many were drawn."""
    found = list(strata)
    return {"size": sum(one.size for one in found), "drawn": sum(len(one.drawn) for one in found)}
