"""How well messages are understood: ``python -m benchmarks.understanding [DATA]``; figures only, never a text.

The shipped model on our own adversarial sets; and, where a folder with real labelled texts is given (see the README here),
the engine trained on them in grouped folds, and the shipped model on texts it has never seen the like of.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
import tempfile
import tomllib
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from app.policy import load_policy
from app.shipped import model_for
from benchmarks import understanding_calls
from benchmarks.understanding_hot import measure as hot_issues
from benchmarks.understanding_place import measure
from routing.emergency import detect
from routing.evaluate import accuracy, macro_f1
from routing.evaluate import folds as parted
from routing.normal import plain
from routing.place import Gazetteer
from routing.taxonomy import Owner
from routing.training import fit
from routing.understand import Understander

SETS = Path(__file__).parent.parent / "tests" / "routing"
FOLDS = 5
# Which category of the labelling guideline a leaf is: by its group, and by itself where the guideline cuts otherwise.
BY_GROUP = {
    **{"A": "入住退出", "B": "租金与房屋使用", "C": "维修养护", "D": "综合管理", "P": "综合管理", "E": "维修养护"},
    **{"G": "政府保留-资格与保障政策", "R": "投诉承接单位或人员", "N": "不属于公租房"},
}
BY_LEAF = {
    **dict.fromkeys(("B10", "B11", "B12", "B13", "C16"), "综合管理"),  # fire lanes, noise, animals, pests
    **{
        "A08": "租金与房屋使用",
        "B04": "政府保留-资格与保障政策",
        "D06": "政府保留-资格与保障政策",
    },  # deposits; subsidies; policy
    **{"G06": "政府保留-工程建设", "G09": "不属于公租房"},
}

# Offices that go by their name and by a shorter form of it in one and the same year of the orders.
SAME_OFFICE = {
    **{"街道办": "街道办事处", "工商局": "工商行政管理局", "环保局": "环境保护局", "物价监督局": "物价监督检查局"},
    **{"劳动监察大队": "劳动保障监察大队", "人口计划生育委员会": "人口和计划生育委员会"},
    **{"土地征收办公室": "土地和房屋征收办公室"},
}


def understander() -> Understander:
    policy = load_policy()
    with tempfile.TemporaryDirectory() as folder:
        return Understander(policy.taxonomy, model_for(policy, Path(folder)), Gazetteer(()))


def read(path: Path) -> list[dict[str, str]]:
    csv.field_size_limit(1 << 30)
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def folds(rows: Sequence[dict[str, str]], texts: Sequence[str], label: str) -> dict[str, Any]:
    """Trained on four fifths and asked for the last, rows of one group never on both sides."""
    labels = [row[label] for row in rows]
    groups = [row["dup_group"] or f"alone {at}" for at, row in enumerate(rows)]
    place = parted(labels, groups, FOLDS)
    pairs = []
    for fold in range(FOLDS):
        learn = [i for i, at in enumerate(place) if at != fold]
        model = fit([texts[i] for i in learn], [labels[i] for i in learn])
        pairs += [(labels[i], model.top(texts[i])[0]) for i, at in enumerate(place) if at == fold]
    return _judged(pairs) | {"pairs": pairs}


def _judged(pairs: Sequence[tuple[str, str]]) -> dict[str, Any]:
    labels = {label for label, _ in pairs}
    return {"n": len(pairs), "labels": len(labels), "accuracy": accuracy(pairs), "macro_f1": macro_f1(pairs)}


def one_office(pairs: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """The same where two names of one office count as one."""
    return _judged([(SAME_OFFICE.get(label, label), SAME_OFFICE.get(said, said)) for label, said in pairs])


def cold_start(rows: Sequence[dict[str, str]], reader: Understander) -> dict[str, Any]:
    """The shipped model on real texts about housing; a leak: reserved or about the contractor, and a contractor set to work."""
    pairs, sure, leaks = [], [], Counter[str]()
    for row in rows:
        verdict = reader.understand(row["text"])
        said = BY_LEAF.get(verdict.leaf, BY_GROUP[verdict.group])
        pairs.append((row["category"], said))
        if not verdict.review:
            sure.append(pairs[-1])
        if row["category"].startswith(("政府保留", "投诉承接单位")) and verdict.owner is Owner.CONTRACTOR and not verdict.review:
            leaks[row["category"]] += 1
    return {
        "n": len(rows),
        "accuracy": accuracy(pairs),
        "macro_f1": macro_f1(pairs),
        "unasked": len(sure) / len(rows),
        "accuracy_unasked": accuracy(sure),
        "leaks": sum(leaks.values()),
    }


def alarms(held: dict[str, Any], reader: Understander) -> dict[str, Any]:
    """Recall over what must ring, by any code, and false alarms over what must not; beside them the signs without the model."""
    rows = [row for code, row in held.items() if code.startswith("E")]
    ring = [text for row in rows for text in row["ring"]]
    calm = [text for row in rows for text in row["calm"]]
    return {
        "must_ring": len(ring),
        "recall": sum(bool(reader.understand(text).emergencies) for text in ring) / len(ring),
        "calm": len(calm),
        "false_alarms": sum(bool(reader.understand(text).emergencies) for text in calm) / len(calm),
        "signs_recall": sum(bool(detect(text)) for text in ring) / len(ring),
        "signs_false": sum(bool(detect(text)) for text in calm) / len(calm),
    }


def withheld(texts: Sequence[str], reader: Understander, of: str) -> dict[str, Any]:
    """How many are known for what they are; how many would have gone to a contractor unasked."""
    found = [reader.understand(text) for text in texts]
    leaked = [one for one in found if one.owner is Owner.CONTRACTOR and not one.review]
    return {"n": len(found), "recall": sum(bool(getattr(one, of)) for one in found) / len(found), "leaks": len(leaked)}


def everything(data: Path | None) -> Iterator[tuple[str, dict[str, Any]]]:
    reader = understander()
    for path in sorted(SETS.glob("adversarial*.toml")):
        held = tomllib.loads(path.read_text(encoding="utf-8"))
        yield f"emergencies, {path.stem}", alarms(held, reader)
        for of in ("reserved", "about_contractor"):
            if of in held:
                yield f"{of}, {path.stem}", withheld(held[of]["says"], reader, of)
    if data is None:
        return
    housing = read(data / "housing_labelled_dev.csv")
    yield "housing, cold start", cold_start(housing, reader)
    spans = measure(housing)
    yield (
        "addresses",
        {"n": spans.rows, "exact": spans.exact, "overlap_f1": spans.f1, "overlap_iou": spans.iou, "false_hits": spans.false_hits},
    )
    yield "calls, who is who", understanding_calls.measure(understanding_calls.read(data / "call_transcripts_dev.jsonl"))
    yield "hot issues", hot_issues(read(data / "teddy_hot_issues_train.csv"), load_policy())
    petitions = read(data / "teddy_first_level_train.csv")
    yield "petitions, 7 classes", folds(petitions, [plain(f"{row['title']}\n{row['body']}") for row in petitions], "label1")
    orders = [row for row in read(data / "haikou12345_train.csv") if row["dept"].strip()]
    found = folds(orders, [plain(row["text"]) for row in orders], "dept")
    yield "orders to departments", found
    yield "the same, two names of one office", one_office(found["pairs"])


def main() -> None:
    given = argparse.ArgumentParser(description="how well messages are understood")
    given.add_argument("data", type=Path, nargs="?", help="folder of real labelled texts")
    given.add_argument("--json", action="store_true", help="print JSON")
    chosen = given.parse_args()
    if chosen.data is not None and not chosen.data.is_dir():
        sys.exit(f"{chosen.data}: no such folder")
    found = {}
    for name, figures in everything(chosen.data):
        found[name] = {key: value for key, value in figures.items() if key != "pairs"}
        if not chosen.json:
            shown = "  ".join(
                f"{key} {value:.3f}" if isinstance(value, float) else f"{key} {value}" for key, value in found[name].items()
            )
            print(f"{name:<34}{shown}", flush=True)
    if chosen.json:
        print(json.dumps(found, ensure_ascii=False, indent=2))


if __name__ == "__main__":
    main()
