"""A trial 试判: tickets that came in lately judged by the model in force and by another one, side by side. Nothing changes.

Both judge today, with today's register and the same program, so that whatever moves was moved by the model (or the dictionary).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row

from app.corrections import settled
from app.hotline import Hotline
from app.policy import Policy
from app.store import corrections as store
from app.triage import seals
from routing.assign import Assignment, Register, assign
from routing.classify import Model
from routing.place import Gazetteer
from routing.taxonomy import Taxonomy
from routing.understand import Understander

DESK, CONTRACTOR, PURCHASER = "desk", "contractor", "purchaser"
PAGE = 200


@dataclass(frozen=True, slots=True)
class Fate:
    """What would become of a ticket: its leaf, who would get it unasked (else the desk), and whether it is sealed."""

    leaf: str
    to: str
    sealed: bool


@dataclass(frozen=True, slots=True)
class Moved:
    """A ticket with which something else would happen. ``decided``: the leaf a person settled on, "" where nobody had to."""

    number: str
    before: Fate
    after: Fate
    decided: str


@dataclass(slots=True)
class Trial:
    """What was seen. ``settled``, ``agreed_before`` and ``agreed_after`` count the tickets on which a person decided."""

    n: int = 0
    wordless: int = 0
    settled: int = 0
    agreed_before: int = 0
    agreed_after: int = 0
    moved: list[Moved] = field(default_factory=list)

    def _where(self, holds: Callable[[Moved], bool]) -> list[Moved]:
        return [one for one in self.moved if holds(one)]

    @property
    def to_contractor(self) -> list[Moved]:
        """Newly with a contractor unasked: what cannot be taken back once it was read."""
        return self._where(lambda one: one.after.to == CONTRACTOR != one.before.to)

    @property
    def wrongly(self) -> list[Moved]:
        """Of these, what a person had found to be reserved or about the contractor."""
        return [one for one in self.to_contractor if one.decided[:1] in ("G", "R")]

    @property
    def rightly(self) -> list[Moved]:
        """Of these, what a person had found to be just that."""
        return [one for one in self.to_contractor if one.decided == one.after.leaf]

    @property
    def unasked(self) -> list[Moved]:
        """Newly set to work without an agent."""
        return self._where(lambda one: one.before.to == DESK != one.after.to)

    @property
    def held_back(self) -> list[Moved]:
        """Newly waiting for an agent."""
        return self._where(lambda one: one.after.to == DESK != one.before.to)

    @property
    def sealed(self) -> list[Moved]:
        return self._where(lambda one: one.after.sealed and not one.before.sealed)

    @property
    def unsealed(self) -> list[Moved]:
        return self._where(lambda one: one.before.sealed and not one.after.sealed)

    @property
    def leaves(self) -> list[tuple[str, str, int]]:
        """From which leaf to which, how many, the most first."""
        counted = Counter((one.before.leaf, one.after.leaf) for one in self.moved if one.before.leaf != one.after.leaf)
        return [(old, new, n) for (old, new), n in sorted(counted.items(), key=lambda item: (-item[1], item[0]))]


@dataclass(frozen=True, slots=True)
class _Side:
    understander: Understander
    taxonomy: Taxonomy
    register: Register

    def fate(self, row: Row[Any], day: date) -> Fate:
        verdict = self.understander.understand(row.text, place_hint=row.place_text)
        sealed, estate = seals(verdict), str(row.estate_id) if row.estate_id else None
        found = assign(verdict, self.taxonomy.leaves[verdict.leaf], estate, day, self.register)
        if not isinstance(found, Assignment):
            return Fate(verdict.leaf, DESK, sealed)
        return Fate(verdict.leaf, CONTRACTOR if found.to == "contractor" and not sealed else PURCHASER, sealed)


def run(hotline: Hotline, policy: Policy, model: Model, since: datetime, told: Callable[[int], None]) -> Trial:
    """Judges every resident's ticket received ``since`` then, twice. ``told`` is called with how many were read. Raises
    ValueError when the model knows leaves that the policy does not."""
    trial = Trial()
    with hotline.look() as tx:
        known = hotline.knowledge(tx.session)
        register, gazetteer = known.snapshot.register, Gazetteer(known.snapshot.entries)
        present = _Side(known.understander, hotline.policy.taxonomy, register)
        other = _Side(Understander(policy.taxonomy, model, gazetteer), policy.taxonomy, register)
        for rows, acts in store.pages(tx.session, received_since=since, page=PAGE):
            for row in rows:
                decided = settled(row.verdict, acts.get(row.id, ()), hotline.policy.taxonomy)
                _compare(trial, row, hotline.local_day(row.created_at), (present, other), decided.leaf if decided else "")
            told(len(rows))
    return trial


def _compare(trial: Trial, row: Row[Any], day: date, sides: tuple[_Side, _Side], decided: str) -> None:
    if not row.text.strip():
        trial.wordless += 1
        return
    before, after = (side.fate(row, day) for side in sides)
    trial.n += 1
    if decided:
        trial.settled += 1
        trial.agreed_before += before.leaf == decided
        trial.agreed_after += after.leaf == decided
    if before != after:
        trial.moved.append(Moved(row.number, before, after, decided))


def to_json(trial: Trial) -> dict[str, Any]:
    """As plain data, what matters most first."""
    return {
        "n": trial.n,
        "wordless": trial.wordless,
        "moved": len(trial.moved),
        "to_contractor": list(_told(trial.to_contractor)),
        "unasked": list(_told(trial.unasked)),
        "held_back": list(_told(trial.held_back)),
        "sealed": list(_told(trial.sealed)),
        "unsealed": list(_told(trial.unsealed)),
        "leaves": [{"from": old, "to": new, "n": n} for old, new, n in trial.leaves],
        "settled": {"n": trial.settled, "agreed_before": trial.agreed_before, "agreed_after": trial.agreed_after},
    }


def _told(some: list[Moved]) -> Iterator[dict[str, str | bool]]:
    for one in some:
        yield {
            "number": one.number,
            "from": one.before.leaf,
            "to": one.after.leaf,
            "was_with": one.before.to,
            "would_be_with": one.after.to,
            "decided": one.decided,
            "wrong": bool(one.decided) and one.after.leaf != one.decided,
        }
