"""How well hot issues are found on real petitions: ``python -m benchmarks.understanding_hot FILE [--json]``; figures only.

FILE is a CSV of petitions (id, title, body, time, user, likes) of which some bear the name of a known hot issue in ``issue_id``.
No register knows these places and nobody has classified them: everything goes by the words, the place's among them.

pairs      all pairs of which at least one bears a name, ranked by likeness: average precision; and the pairs among those that
           bear one, as they were grouped: precision and recall. Of pairs that bear none nobody knows whether they are one issue.
top ten    how many of the named issues are there: as people count (nothing fades, likes not counted), by the shipped formula
           without fading, by the shipped formula on the day of the last complaint of the file, and each on the day of its own
           last complaint, where only what had been told by then is looked at
"""

from __future__ import annotations

import argparse
import csv
import json
import re
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from app.clock import stopwatch
from app.hotrules import hot_rules
from app.policy import Policy, load_policy
from routing.address import find_address
from routing.causes import groups, likenesses
from routing.duplicates import ENOUGH, Weights
from routing.hotspots import SAID, HotIssue, Observation, Rules, hot_issues

TOP = 10
Row = Mapping[str, str]


def observed(rows: Sequence[Row]) -> list[Observation]:
    """The petitions, the place's words standing in for an estate."""
    return [
        Observation(
            ref=row["id"],
            at=_moment(row["time"]),
            text=f"{row['title']}\n{row['body'].strip()}",
            place=find_address(row["title"]) or find_address(row["body"][:SAID]) or "",
            person=row["user"],
            likes=int(row["likes"] or 0),
        )
        for row in rows
    ]


def _moment(written: str) -> datetime:
    """A moment in any of the file's spellings; their zone is all the same here."""
    year, month, day, hour, minute, second = ([int(part) for part in re.findall(r"\d+", written)] + [0, 0, 0])[:6]
    return datetime(year, month, day, hour, minute, second, tzinfo=UTC)


def measure(rows: Sequence[Row], policy: Policy) -> dict[str, Any]:
    """The figures of the docstring above. ``rows`` with and without ``issue_id``."""
    weights = Weights(saying for says in policy.phrases.values() for saying in says)
    shipped = hot_rules(None, policy.taxonomy)
    started = stopwatch()
    seen = observed(rows)
    looked = stopwatch() - started
    names = np.array([row["issue_id"] for row in rows])
    now = max(one.at for one in seen)
    whole = replace(shipped, window_days=(now - min(one.at for one in seen)).days + 1, shown=len(rows))
    started = stopwatch()
    people = hot_issues(seen, now, replace(whole, half_life_days=0.0, likes=0.0), weights)
    took = stopwatch() - started
    still = hot_issues(seen, now, replace(whole, half_life_days=0.0), weights)
    lists = {"people": people, "formula_unfaded": still, "formula": hot_issues(seen, now, whole, weights)}
    ranks = {name: _ranks(found, rows) for name, found in lists.items()}
    ranks["each_on_its_day"] = _each_on_its_day(seen, rows, shipped, weights)
    return {
        "n": len(rows),
        "named": int((names != "").sum()),
        "issues": len({*names} - {""}),
        **_pairs(seen, names, weights, shipped),
        **{f"top_{TOP}_{name}": sum(0 < rank <= TOP for rank in found.values()) for name, found in ranks.items()},
        "ranks": {name: list(found.values()) for name, found in ranks.items()},
        "groups": len(people),
        "seconds": took,
        "seconds_addresses": looked,
    }


def _ranks(found: Sequence[HotIssue], rows: Sequence[Row]) -> dict[str, int]:
    """The best rank of a group that is mostly of an issue, for each issue in order of its name; 0 for none."""
    name_of = {row["id"]: row["issue_id"] for row in rows}
    ranks = dict.fromkeys(sorted({row["issue_id"] for row in rows} - {""}), 0)
    for rank, issue in enumerate(found, 1):
        name, many = Counter(name_of[ref] for ref in issue.refs).most_common(1)[0]
        if name and not ranks[name] and many * 2 > len(issue.refs):
            ranks[name] = rank
    return ranks


def _each_on_its_day(seen: Sequence[Observation], rows: Sequence[Row], rules: Rules, weights: Weights) -> dict[str, int]:
    ranks = {}
    for name in sorted({row["issue_id"] for row in rows} - {""}):
        day = max(one.at for one, row in zip(seen, rows, strict=True) if row["issue_id"] == name)
        window = [one for one in seen if day - timedelta(days=rules.window_days) <= one.at <= day]
        ranks[name] = _ranks(hot_issues(window, day, replace(rules, shown=len(rows)), weights), rows)[name]
    return ranks


def _pairs(seen: Sequence[Observation], names: Any, weights: Weights, rules: Rules) -> dict[str, float]:
    vectors = [weights.vector(one.text[:SAID]) for one in seen]
    alike = likenesses(vectors)[0].toarray()
    one, other = np.triu_indices(len(seen), 1)
    known = (names[one] != "") | (names[other] != "")
    same = ((names[one] == names[other]) & (names[one] != ""))[known]
    order = np.argsort(-alike[one, other][known], kind="stable")
    hits = same[order]
    precision = np.cumsum(hits) / np.arange(1, len(hits) + 1)
    group_of = np.empty(len(seen), int)
    for number, members in enumerate(groups(vectors, rules.alike_anywhere, ENOUGH, [one.place for one in seen])):
        group_of[members] = number
    both = (names[one] != "") & (names[other] != "")
    together, truly = (group_of[one] == group_of[other])[both], (names[one] == names[other])[both]
    right = int((together & truly).sum())
    return {
        "average_precision": float((precision * hits).sum() / hits.sum()),
        "pair_precision": right / max(1, int(together.sum())),
        "pair_recall": right / max(1, int(truly.sum())),
    }


def main() -> None:
    given = argparse.ArgumentParser(description="hot issues on real petitions")
    given.add_argument("file", type=Path)
    given.add_argument("--json", action="store_true", help="print JSON")
    chosen = given.parse_args()
    csv.field_size_limit(1 << 30)
    if not chosen.file.is_file():
        sys.exit(f"{chosen.file}: no such file")
    with chosen.file.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    found = measure(rows, load_policy())
    if chosen.json:
        print(json.dumps(found, ensure_ascii=False, indent=2))
        return
    for name, figure in found.items():
        print(f"  {name:<26}{figure:.3f}" if isinstance(figure, float) else f"  {name:<26}{figure}")


if __name__ == "__main__":
    main()
