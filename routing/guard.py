"""The guard 守门: sayings that no contractor may get unasked, tried on an understanding before it is put to work.

The register it is tried on lets a contractor have everything that any contract could give: what stays away from it there stays
away from it everywhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date

from routing.assign import Assignment, Register, Terms, assign
from routing.classify import Model
from routing.place import EstateEntry, Gazetteer
from routing.taxonomy import Taxonomy
from routing.understand import Understander
from routing.verdict import Verdict

_DAY = date(2026, 1, 1)
_ESTATE = EstateEntry("1", "守望新村", (), "", ("3",))
_PURCHASER = ("1", "购买主体")


def leaks(model: Model, taxonomy: Taxonomy, texts: Iterable[str]) -> Iterator[tuple[str, Verdict]]:
    """The texts that would be dispatched to a contractor by themselves, with their verdicts.

    Raises ValueError when the model knows leaves that the taxonomy does not.
    """
    groups = frozenset(leaf.group for leaf in taxonomy.leaves.values())
    terms = Terms("1", "1", "1", "承接主体", *_PURCHASER, groups, frozenset({_ESTATE.id}), _DAY, _DAY)
    register = Register((terms,), {_ESTATE.id: _ESTATE}, {_ESTATE.id: _PURCHASER})
    understander = Understander(taxonomy, model, Gazetteer([_ESTATE]))
    for text in texts:
        verdict = understander.understand(f"{_ESTATE.name}3栋，{text}")
        found = assign(verdict, taxonomy.leaves[verdict.leaf], _ESTATE.id, _DAY, register)
        if isinstance(found, Assignment) and found.to == "contractor":
            yield text, verdict
