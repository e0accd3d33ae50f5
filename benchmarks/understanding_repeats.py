"""How well repeats are told apart on real complaints: ``python -m benchmarks.understanding_repeats FOLDER [--json]``.

FOLDER holds CSV files with a column ``dup_group`` that names which rows are one matter; the text is in ``text``, or in ``title``
and ``body``. Prints figures only, never a text. Nothing is learnt from the files.

Text score alone: all pairs within a group against 200,000 random pairs of different matters, against as many of one category,
and against hard ones: of every row that has a group its nearest neighbour within its category that has another, or none. Many of
those are repeats that nobody marked, so the last figure says more of the marks than of us.

Index: rows are entered one by one, as tickets come; of each that has an earlier one of its group it is counted whether one of
them is among the few candidates that the marks lead to.
"""

from __future__ import annotations

import argparse
import csv
import json
import random
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix

from app.policy import load_policy
from app.store.repeats import PER_MARK, WORDS
from routing.duplicates import ALIKE, Weights, marks

SAMPLE = 200_000
FALSE = 0.01
Scores = npt.NDArray[np.float64]
Pair = tuple[int, int]


@dataclass(frozen=True)
class Row:
    text: str
    group: str
    category: str


def rows_of(path: Path) -> list[Row]:
    csv.field_size_limit(10_000_000)
    with path.open(encoding="utf-8-sig", newline="") as file:
        found = [
            Row(
                one.get("text") or f"{one.get('title') or ''}\n{one.get('body') or ''}".strip(),
                one.get("dup_group") or "",
                "/".join(one.get(name) or "" for name in ("cat1", "cat2", "label1")),
            )
            for one in csv.DictReader(file)
        ]
    return [row for row in found if row.text.strip()]


class Space:
    """The rows as vectors, by which many pairs are compared at once."""

    def __init__(self, rows: Sequence[Row], weights: Weights) -> None:
        places: dict[str, int] = {}
        at, values, ends = [], [], [0]
        for row in rows:
            for pair, value in weights.vector(row.text).parts.items():
                at.append(places.setdefault(pair, len(places)))
                values.append(value)
            ends.append(len(at))
        self._x = csr_matrix((values, at, ends), shape=(len(rows), len(places)))

    def alike(self, pairs: Sequence[Pair]) -> Scores:
        ours, theirs = np.array(pairs).T
        found = [
            np.asarray(self._x[a].multiply(self._x[b]).sum(axis=1)).ravel()
            for a, b in zip(np.array_split(ours, 20), np.array_split(theirs, 20), strict=True)
        ]
        return np.concatenate(found)

    def nearest(self, row: int, others: Sequence[int]) -> float:
        return float((self._x[list(others)] @ self._x[row].T).toarray().max())


def members(rows: Sequence[Row], by: Callable[[Row], str]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = defaultdict(list)
    for i, row in enumerate(rows):
        if by(row):
            found[by(row)].append(i)
    return found


def strangers(rows: Sequence[Row], chance: random.Random, other: Callable[[int], int]) -> list[Pair]:
    found: set[Pair] = set()
    for _ in range(SAMPLE * 3):
        one = chance.randrange(len(rows))
        two = other(one)
        if one != two and not (rows[one].group and rows[one].group == rows[two].group):
            found.add((min(one, two), max(one, two)))
        if len(found) == SAMPLE:
            break
    return sorted(found)


def of_texts(rows: Sequence[Row], weights: Weights) -> dict[str, Any]:
    """The text score alone."""
    chance = random.Random(5)
    groups = members(rows, lambda row: row.group)
    categories = members(rows, lambda row: row.category or "-")
    kin = [(one, two) for group in groups.values() for i, one in enumerate(group) for two in group[i + 1 :]]
    space = Space(rows, weights)
    same = space.alike(kin)
    anybody = space.alike(strangers(rows, chance, lambda one: chance.randrange(len(rows))))
    alike = space.alike(strangers(rows, chance, lambda one: chance.choice(categories[rows[one].category or "-"])))
    hard = []
    grouped = [i for group in groups.values() for i in group]
    for i in chance.sample(grouped, min(1500, len(grouped))):
        others = [j for j in categories[rows[i].category or "-"] if j != i and rows[j].group != rows[i].group]
        if others:
            hard.append(space.nearest(i, others))
    bound, bound_alike = float(np.quantile(anybody, 1 - FALSE)), float(np.quantile(alike, 1 - FALSE))
    return {
        "pairs of one matter": len(kin),
        "recall at 1 % of random pairs": round(float((same > bound).mean()), 4),
        "cosine there": round(bound, 3),
        "recall at 1 % of pairs of one category": round(float((same > bound_alike).mean()), 4),
        "cosine there, one category": round(bound_alike, 3),
        f"recall at {ALIKE}": round(float((same >= ALIKE).mean()), 4),
        f"random pairs at {ALIKE}": round(float((anybody >= ALIKE).mean()), 5),
        f"pairs of one category at {ALIKE}": round(float((alike >= ALIKE).mean()), 5),
        f"nearest strangers at {ALIKE}": round(float((np.array(hard) >= ALIKE).mean()), 3) if hard else None,
    }


def of_index(rows: Sequence[Row]) -> dict[str, Any]:
    """Whether the marks lead from a row to an earlier one of its group, as app/store/repeats.py asks them."""
    bearing: dict[int, list[int]] = defaultdict(list)
    before: dict[str, list[int]] = defaultdict(list)
    asked = found = pairs = met = 0
    for i, row in enumerate(rows):
        mine = marks(row.text)
        if row.group:
            shared = Counter(one for mark in mine for one in bearing[mark][-PER_MARK:])
            best = {one for one, _ in sorted(shared.items(), key=lambda kept: (-kept[1], -kept[0]))[:WORDS]}
            earlier = before[row.group]
            asked, found = asked + bool(earlier), found + any(one in best for one in earlier)
            pairs, met = pairs + len(earlier), met + sum(one in shared for one in earlier)
            before[row.group].append(i)
        for mark in mine:
            bearing[mark].append(i)
    return {
        "rows with an earlier one": asked,
        "index finds one of them": round(found / asked, 4) if asked else None,
        "pairs with a mark in common": round(met / pairs, 4) if pairs else None,
    }


def everything(folder: Path) -> Iterator[dict[str, Any]]:
    phrases = load_policy().phrases
    weights = Weights(saying for says in phrases.values() for saying in says)
    for path in sorted(folder.glob("*.csv")):
        with path.open(encoding="utf-8-sig", newline="") as file:
            grouped = "dup_group" in (next(csv.reader(file), None) or [])
        rows = rows_of(path) if grouped else []
        if any(row.group for row in rows):
            yield {"file": path.name, "rows": len(rows), **of_texts(rows, weights), **of_index(rows)}


def main() -> None:
    given = argparse.ArgumentParser(description="repeats on real complaints")
    given.add_argument("folder", type=Path)
    given.add_argument("--json", action="store_true", help="print JSON")
    chosen = given.parse_args()
    found = list(everything(chosen.folder))
    if not found:
        sys.exit(f"{chosen.folder}: no CSV file with a column dup_group")
    if chosen.json:
        print(json.dumps(found, ensure_ascii=False, indent=2))
        return
    for one in found:
        print(f"\n{one['file']}")
        print("\n".join(f"  {name:<42}{value}" for name, value in one.items() if name != "file"))


if __name__ == "__main__":
    main()
