"""How well free addresses are found: ``python -m benchmarks.understanding_place DATA`` reads DATA/housing_labelled_dev.csv."""

from __future__ import annotations

import csv
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from routing.address import find_address


@dataclass(frozen=True, slots=True)
class Spans:
    """Over rows that name an address: exact matches and mean overlap; over rows that do not: how many got one all the same."""

    rows: int
    exact: float
    f1: float  # mean F1 of the letters' positions
    iou: float  # mean intersection over union of the same
    missed: float
    empty_rows: int
    false_hits: float


def overlap(text: str, wanted: str, found: str | None) -> tuple[float, float]:
    """F1 and IoU of the positions in the text; 0 where nothing was found."""
    if not found:
        return 0.0, 0.0
    return max(_between(span, other) for span in _spans(text, wanted) for other in _spans(text, found))


def _spans(text: str, words: str) -> list[range]:
    starts = []
    at = text.find(words)
    while at >= 0:
        starts.append(range(at, at + len(words)))
        at = text.find(words, at + 1)
    return starts


def _between(one: range, other: range) -> tuple[float, float]:
    common = max(0, min(one.stop, other.stop) - max(one.start, other.start))
    return 2 * common / (len(one) + len(other)), common / (len(one) + len(other) - common)


def measure(rows: Sequence[dict[str, str]]) -> Spans:
    """``rows`` have ``text`` and ``address_span``, empty when there is none."""
    named = [row for row in rows if row["address_span"]]
    empty = [row for row in rows if not row["address_span"]]
    found = [find_address(row["text"]) for row in named]
    scores = [overlap(row["text"], row["address_span"], one) for row, one in zip(named, found, strict=True)]
    return Spans(
        rows=len(named),
        exact=sum(row["address_span"] == one for row, one in zip(named, found, strict=True)) / max(len(named), 1),
        f1=sum(score[0] for score in scores) / max(len(named), 1),
        iou=sum(score[1] for score in scores) / max(len(named), 1),
        missed=sum(one is None for one in found) / max(len(named), 1),
        empty_rows=len(empty),
        false_hits=sum(find_address(row["text"]) is not None for row in empty) / max(len(empty), 1),
    )


def main(data: Path) -> None:
    with (data / "housing_labelled_dev.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    print("addresses       rows  exact  F1     IoU    missed  without  false hits")
    for name, part in (("even rows", rows[::2]), ("odd rows", rows[1::2]), ("all", rows)):
        got = measure(part)
        print(
            f"{name:<14}{got.rows:>6}  {got.exact:.3f}  {got.f1:.3f}  {got.iou:.3f}  {got.missed:.3f}"
            f"  {got.empty_rows:>7}  {got.false_hits:.3f}"
        )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
