"""The figures of an evaluation, as scikit-learn reckons them, or by hand; and folds that keep kin together."""

from __future__ import annotations

import random
from collections import Counter

import pytest
from sklearn.metrics import accuracy_score, confusion_matrix, precision_recall_fscore_support

from routing.evaluate import CURVE, Judged, accuracy, calibration_error, confusion, coverage, folds, macro_f1, per_label, report

LABELS = ("维修", "租金", "投诉", "咨询")


def some_pairs(seed: int, n: int = 300) -> list[tuple[str, str]]:
    """Answers that are right more often than not; 表扬 is answered and never true, 举报 true and never answered."""
    chance = random.Random(seed)
    pairs = []
    for _ in range(n):
        truth = chance.choice((*LABELS, "举报"))
        answer = truth if truth != "举报" and chance.random() < 0.6 else chance.choice((*LABELS, "表扬"))
        pairs.append((truth, answer))
    return pairs


@pytest.mark.parametrize("seed", range(5))
def test_it_agrees_with_another_reckoner(seed: int) -> None:
    pairs = some_pairs(seed)
    truth, said = [a for a, _ in pairs], [b for _, b in pairs]
    names = sorted({*truth, *said})
    precision, recall, f1, support = precision_recall_fscore_support(truth, said, labels=names, zero_division=0)
    found = per_label(pairs)
    assert list(found) == names
    for at, name in enumerate(names):
        one = found[name]
        assert (one.precision, one.recall, one.f1) == pytest.approx((precision[at], recall[at], f1[at]))
        assert one.support == support[at]
    assert macro_f1(pairs) == pytest.approx(f1.mean())
    assert accuracy(pairs) == pytest.approx(accuracy_score(truth, said))
    matrix = confusion_matrix(truth, said, labels=names)
    counted = confusion(pairs)
    assert [[counted.get(a, {}).get(b, 0) for b in names] for a in names] == matrix.tolist()


JUDGED = [Judged("a", "a", 0.9), Judged("a", "b", 0.2), Judged("b", "b", 0.6), Judged("b", "b", 0.5)]


@pytest.mark.parametrize(
    ("threshold", "share", "right"), [(0.0, 1.0, 0.75), (0.2, 1.0, 0.75), (0.25, 0.75, 1.0), (0.6, 0.5, 1.0), (0.95, 0.0, None)]
)
def test_coverage_counts_what_is_answered(threshold: float, share: float, right: float | None) -> None:
    found = coverage(JUDGED, threshold)
    assert (found["coverage"], found["accuracy"], found["n"]) == (share, right, int(share * 4))


def test_calibration_error_by_hand() -> None:
    """Each stands in a bin of its own: 0.1, 0.8, 0.4 and 0.5 away from what came true."""
    apart = [Judged("a", "a", 0.9), Judged("a", "b", 0.8), Judged("b", "b", 0.6), Judged("b", "b", 0.5)]
    assert calibration_error(apart) == pytest.approx((0.1 + 0.8 + 0.4 + 0.5) / 4)
    assert calibration_error([Judged("a", "a", 1.0)] * 3) == 0
    half = [Judged("a", "a" if n % 2 else "b", 0.5) for n in range(10)]
    assert calibration_error(half) == pytest.approx(0)


def test_nothing_at_all_is_no_division_by_zero() -> None:
    found = report([], 0.25)
    assert (found["n"], found["accuracy"], found["macro_f1"], found["calibration_error"]) == (0, 0.0, 0.0, 0.0)


def test_a_report_has_what_is_promised() -> None:
    found = report(JUDGED, 0.25)
    assert found["per_class"] == {
        "a": {"precision": 1.0, "recall": 0.5, "f1": 0.6667, "support": 2},
        "b": {"precision": 0.6667, "recall": 1.0, "f1": 0.8, "support": 2},
    }
    assert found["confusion"] == {"a": {"a": 1, "b": 1}, "b": {"b": 2}}
    curve = found["curve"]
    assert isinstance(curve, list) and [one["threshold"] for one in curve] == list(CURVE)
    shares = [one["coverage"] for one in curve]
    assert shares == sorted(shares, reverse=True)


@pytest.mark.parametrize("seed", range(5))
def test_kin_are_never_apart_and_every_fold_has_its_share(seed: int) -> None:
    chance = random.Random(seed)
    labels = [chance.choice(LABELS) for _ in range(400)]
    groups = [f"g{chance.randrange(250)}" for _ in labels]
    found = folds(labels, groups, 5)
    assert found == folds(labels, groups, 5)
    at = {group: {fold for fold, own in zip(found, groups, strict=True) if own == group} for group in groups}
    assert all(len(where) == 1 for where in at.values())
    for label in LABELS:
        shares = Counter(fold for fold, own in zip(found, labels, strict=True) if own == label)
        assert max(shares[fold] for fold in range(5)) <= 1.4 * labels.count(label) / 5
    sizes = Counter(found)
    assert set(sizes) == set(range(5)) and max(sizes.values()) - min(sizes.values()) <= 25


@pytest.mark.parametrize("k", [1, 4])
def test_folds_that_cannot_be_are_refused(k: int) -> None:
    with pytest.raises(ValueError):
        folds(["a", "b", "a", "b"], ["x", "x", "y", "z"], k)
