"""How good a classifier is 评测: every figure from what was true, what was said, and how surely; nothing is trained or read here.

Macro F1 is the mean of the F1 of every label that occurs, as the truth or as an answer (as scikit-learn and the Teddy Cup have
it). Coverage 自动率 is the share of texts answered with at least a given probability; the others are left to a person.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

Pair = tuple[str, str]  # (truth, answer)
CURVE = (0.0, 0.1, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99)
BINS = 10


@dataclass(frozen=True, slots=True)
class Judged:
    """One text: its true label, the answer, and the probability that the classifier gave its answer."""

    truth: str
    answer: str
    p: float

    @property
    def right(self) -> bool:
        return self.truth == self.answer

    @property
    def pair(self) -> Pair:
        return self.truth, self.answer


@dataclass(frozen=True, slots=True)
class Label:
    """The figures of one label. What was never answered has precision 0, what was never true recall 0."""

    precision: float
    recall: float
    f1: float
    support: int


def per_label(pairs: Iterable[Pair]) -> dict[str, Label]:
    """Of every label that occurs, in the order of the labels."""
    known = list(pairs)
    right = Counter(truth for truth, answer in known if truth == answer)
    true, said = Counter(truth for truth, _ in known), Counter(answer for _, answer in known)
    return {
        label: Label(
            right[label] / said[label] if said[label] else 0.0,
            right[label] / true[label] if true[label] else 0.0,
            2 * right[label] / (true[label] + said[label]),
            true[label],
        )
        for label in sorted(true | said)
    }


def macro_f1(pairs: Iterable[Pair]) -> float:
    """0 for no pairs at all."""
    labels = per_label(pairs).values()
    return sum(label.f1 for label in labels) / len(labels) if labels else 0.0


def accuracy(pairs: Iterable[Pair]) -> float:
    """The share of right answers; 0 for no pairs at all."""
    known = list(pairs)
    return sum(truth == answer for truth, answer in known) / len(known) if known else 0.0


def confusion(pairs: Iterable[Pair]) -> dict[str, dict[str, int]]:
    """How often each truth got each answer; what never happened is left out."""
    counted: dict[str, Counter[str]] = defaultdict(Counter)
    for truth, answer in pairs:
        counted[truth][answer] += 1
    return {truth: dict(sorted(counted[truth].items())) for truth in sorted(counted)}


def coverage(judged: Sequence[Judged], threshold: float) -> dict[str, float | int | None]:
    """What is answered at this threshold, and how well; accuracy is None where nothing is answered."""
    answered = [one for one in judged if one.p >= threshold]
    return {
        "threshold": threshold,
        "n": len(answered),
        "coverage": round(len(answered) / len(judged), 4) if judged else 0.0,
        "accuracy": round(accuracy(one.pair for one in answered), 4) if answered else None,
    }


def calibration_error(judged: Sequence[Judged], bins: int = BINS) -> float:
    """Expected calibration error: how far, on average, what is claimed lies from what comes true (bins of equal width)."""
    held: dict[int, list[Judged]] = defaultdict(list)
    for one in judged:
        held[min(int(one.p * bins), bins - 1)].append(one)
    far = (abs(sum(one.p for one in some) - sum(one.right for one in some)) for some in held.values())
    return sum(far) / len(judged) if judged else 0.0


def report(judged: Sequence[Judged], threshold: float) -> dict[str, object]:
    """All figures as plain data, shares to four digits."""
    pairs = [one.pair for one in judged]
    labels = per_label(pairs)
    return {
        "n": len(judged),
        "accuracy": round(accuracy(pairs), 4),
        "macro_f1": round(macro_f1(pairs), 4),
        "per_class": {name: _rounded(label) for name, label in labels.items()},
        "confusion": confusion(pairs),
        "coverage": coverage(judged, threshold),
        "curve": [coverage(judged, one) for one in CURVE],
        "calibration_error": round(calibration_error(judged), 4),
    }


def _rounded(label: Label) -> Mapping[str, float | int]:
    return {
        "precision": round(label.precision, 4),
        "recall": round(label.recall, 4),
        "f1": round(label.f1, 4),
        "support": label.support,
    }


def folds(labels: Sequence[str], groups: Sequence[str], k: int) -> list[int]:
    """The fold, 0 to ``k`` - 1, of each text. Texts of one group are never apart, and every fold gets its share of every label
    as far as the groups allow. The same input gives the same folds. Raises ValueError for fewer than two folds or too few groups.
    """
    members: dict[str, list[int]] = defaultdict(list)
    for at, group in enumerate(groups):
        members[group].append(at)
    if not 2 <= k <= len(members):
        raise ValueError(f"{len(members)} groups cannot be laid into {k} folds")
    of = [0] * len(labels)
    sizes, shares = [0] * k, [Counter[str]() for _ in range(k)]
    for group in sorted(members, key=lambda name: (-len(members[name]), members[name][0])):
        counted = Counter(labels[at] for at in members[group])
        chief = min(counted, key=lambda label: (-counted[label], label))
        chosen = min(range(k), key=lambda fold: (shares[fold][chief], sizes[fold], fold))
        shares[chosen] += counted
        sizes[chosen] += len(members[group])
        for at in members[group]:
            of[at] = chosen
    return of
