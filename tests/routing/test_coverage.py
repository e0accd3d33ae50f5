"""Gaps and overlaps in the contracts, with their days."""

from __future__ import annotations

from datetime import date

import pytest

from routing.coverage import Cell, coverage, gaps, overlaps
from routing.taxonomy import Taxonomy
from tests.routing.world import register, terms

FIRST, LAST = date(2026, 1, 1), date(2026, 12, 31)


def cell(cells: list[Cell], estate: str, group: str, leaf: str = "") -> Cell:
    return next(c for c in cells if (c.estate_id, c.group, c.leaf) == (estate, group, leaf))


def test_hand_over_with_a_hole(taxonomy: Taxonomy) -> None:
    reg = register(terms("OLD", "C", last="2026-06-28"), terms("NEW", "C", first="2026-07-01"))
    found = cell(coverage(reg, taxonomy, FIRST, LAST), "1", "C")
    assert [(s.kind, s.first.isoformat(), s.last.isoformat(), s.numbers) for s in found.spans] == [
        ("contractor", "2026-01-01", "2026-06-28", ("OLD",)),
        ("gap", "2026-06-29", "2026-06-30", ()),
        ("contractor", "2026-07-01", "2026-12-31", ("NEW",)),
    ]


def test_overlap_and_the_leaf_that_differs(taxonomy: Taxonomy) -> None:
    reg = register(terms("A", "C", last="2026-07-31"), terms("B", "C", first="2026-07-01"), terms("L", "C07"))
    cells = coverage(reg, taxonomy, FIRST, LAST)
    doubled = [f for f in overlaps(cells) if f.cell.estate_id == "1"]
    assert [(f.cell.group, f.span.first, f.span.last, f.span.numbers) for f in doubled] == [
        ("C", date(2026, 7, 1), date(2026, 7, 31), ("A", "B"))
    ]
    assert [s.numbers for s in cell(cells, "1", "C", "C07").spans] == [("L",)]


def test_purchaser_and_emergency_are_no_gap(taxonomy: Taxonomy) -> None:
    cells = coverage(register(), taxonomy, FIRST, LAST)
    assert {f.cell.group for f in gaps(cells)} == {"A", "B", "C", "D", "P"}
    assert cell(cells, "1", "G").spans[0].kind == "purchaser"
    assert cell(cells, "1", "E").spans[0].parties == ("青河区住房保障中心",)
    assert cell(cells, "1", "D", "D05").spans[0].kind == "purchaser"
    assert not any(c.group == "N" for c in cells)


def test_the_days_must_be_in_order(taxonomy: Taxonomy) -> None:
    with pytest.raises(ValueError):
        coverage(register(), taxonomy, LAST, FIRST)
