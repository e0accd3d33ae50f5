"""Who owes what, where and when, over a stretch of days: holes and overlaps in the contracts, before a ticket falls in."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from routing.assign import Register
from routing.taxonomy import Leaf, Owner, Taxonomy

Kind = Literal["contractor", "purchaser", "gap", "overlap"]


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of days, both ends inclusive, in which the same parties owe the matter."""

    first: date
    last: date
    kind: Kind
    parties: tuple[str, ...] = ()  # names; several in an overlap, none in a gap
    numbers: tuple[str, ...] = ()  # contract numbers


@dataclass(frozen=True, slots=True)
class Cell:
    """One estate and one group, or a single leaf where it differs from the rest of its group (then ``leaf`` is its code)."""

    estate_id: str
    estate: str
    group: str
    leaf: str
    name: str
    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Finding:
    """A gap or an overlap with its days."""

    cell: Cell
    span: Span


def coverage(register: Register, taxonomy: Taxonomy, first: date, last: date) -> list[Cell]:
    """Estate by group, in the order of the register and the taxonomy. Raises ValueError when last is before first.

    What is nobody's here (ELSEWHERE) is left out. An emergency without a contract is the purchaser's and no gap.
    """
    if last < first:
        raise ValueError("the last day is before the first")
    cells: list[Cell] = []
    for estate_id, estate in register.estates.items():
        for group in taxonomy.groups:
            leaves = [leaf for leaf in taxonomy.leaves.values() if leaf.group == group and leaf.owner is not Owner.ELSEWHERE]
            spans = {leaf.code: _spans(register, leaf, estate_id, first, last) for leaf in leaves}
            if not spans:
                continue
            usual = max(dict.fromkeys(spans.values()), key=lambda kind: sum(s == kind for s in spans.values()))
            cells.append(Cell(estate_id, estate.name, group, "", taxonomy.groups[group], usual))
            cells += [
                Cell(estate_id, estate.name, group, leaf.code, leaf.name, spans[leaf.code])
                for leaf in leaves
                if spans[leaf.code] != usual
            ]
    return cells


def gaps(cells: Iterable[Cell]) -> list[Finding]:
    """The days on which nobody owes the matter."""
    return [Finding(cell, span) for cell in cells for span in cell.spans if span.kind == "gap"]


def overlaps(cells: Iterable[Cell]) -> list[Finding]:
    """The days on which two contracts claim the matter equally."""
    return [Finding(cell, span) for cell in cells for span in cell.spans if span.kind == "overlap"]


def _spans(register: Register, leaf: Leaf, estate_id: str, first: date, last: date) -> tuple[Span, ...]:
    """The days cut where any contract of the estate starts or ends, and equal neighbours joined again."""
    day = timedelta(days=1)
    here = [t for t in register.terms if estate_id in t.estates]
    cuts = {first} | {t.starts for t in here} | {t.ends + day for t in here if t.ends < last}
    starts = sorted(cut for cut in cuts if first <= cut <= last)
    spans: list[Span] = []
    for i, start in enumerate(starts):
        end = starts[i + 1] - day if i + 1 < len(starts) else last
        span = _span(register, leaf, estate_id, start, end)
        if spans and (before := spans[-1]).kind == span.kind and (before.parties, before.numbers) == (span.parties, span.numbers):
            spans[-1] = Span(before.first, end, span.kind, span.parties, span.numbers)
        else:
            spans.append(span)
    return tuple(spans)


def _span(register: Register, leaf: Leaf, estate_id: str, first: date, last: date) -> Span:
    purchaser = register.purchaser(estate_id)
    mine = Span(first, last, "purchaser", (purchaser[1],)) if purchaser else Span(first, last, "gap")
    if leaf.owner not in (Owner.CONTRACTOR, Owner.EMERGENCY) or leaf.group in ("G", "R"):
        return mine
    owed = register.owed(leaf, estate_id, first)
    if not owed:
        return mine if leaf.owner is Owner.EMERGENCY else Span(first, last, "gap")
    parties = tuple(sorted(t.contractor for t in owed))
    numbers = tuple(sorted(t.number for t in owed))
    return Span(first, last, "contractor" if len(owed) == 1 else "overlap", parties, numbers)
