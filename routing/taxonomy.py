"""The taxonomy 诉求类别: groups and leaves, who owns each, how urgent it is. Data; the words stand in the policy files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Owner(StrEnum):
    """Who owes the answer to a leaf."""

    CONTRACTOR = "contractor"  # 承接主体, by contract
    PURCHASER = "purchaser"  # 住房保障部门: reserved to government, or never bought
    SUPERVISION = "supervision"  # the purchaser's supervision; hidden from contractors
    EMERGENCY = "emergency"  # people are called first, then the contractor if a contract covers it
    ELSEWHERE = "elsewhere"  # not ours: tell the person where to go


@dataclass(frozen=True, slots=True)
class Leaf:
    """A node of the taxonomy that a ticket can be filed under, e.g. C01 室内渗漏."""

    code: str
    group: str  # one letter
    name: str
    owner: Owner
    urgency: str  # U0 life-safety, U1 urgent, U2 normal, U3 low
    confidential: bool = False  # the complainant's name is withheld by default
    refer: str = ""  # where the person is sent, for ELSEWHERE and for shared duties
    first_action: str = ""  # for emergencies: what the person is told at once
    evidence: tuple[str, ...] = ()  # 佐证: what a contractor's resolution must show
    review: bool = False  # whether a contractor's resolution is reviewed before it counts


@dataclass(frozen=True, slots=True)
class Taxonomy:
    """All leaves of one policy version. ``precedence`` ranks groups (or single leaves) when several rules fire."""

    groups: Mapping[str, str]  # letter -> Chinese name
    leaves: Mapping[str, Leaf]
    precedence: tuple[tuple[str, ...], ...] = (
        ("E",),
        ("R",),
        ("G",),
        ("N08",),
        ("A", "B", "C", "D", "P"),
        ("N",),
    )

    def rank(self, code: str) -> int:
        """0 is the strongest. A leaf named by itself (N08) outranks its group. Raises KeyError for an unknown code."""
        group = self.leaves[code].group
        named = {name: place for place, names in enumerate(self.precedence) for name in names}
        return named.get(code, named[group])
