"""The model 分类模型: words and letter sequences, a linear machine, calibrated probabilities; kept without pickle."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix, hstack
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.svm import LinearSVC

from routing.boilerplate import matter
from routing.taxonomy import Taxonomy
from routing.tokens import Words, plain, shared_words, taxonomy_words

Floats = npt.NDArray[np.float32]
_VERSION = "1"  # of the features; a change makes saved models stale
_BLOCKS = ("words", "letters")
_CAP = 150_000  # features per block
_OTHER_HANDS = 1.4  # residents write less like the examples than the examples like each other
_NUMBER = re.compile(r"\d+")
_BLANK = re.compile(r"[\s,。.!?;:、()\[\]\"'“”‘’《》<>#@…~\-]+")


@dataclass(frozen=True, eq=False)
class Model:
    """A trained classifier. Immutable; safe for many threads. ``fingerprint`` names what it was trained from."""

    labels: tuple[str, ...]
    fingerprint: str
    vocabularies: tuple[Mapping[str, int], ...]
    weights: Floats  # features x labels
    idf: Floats
    bias: Floats
    temperature: float
    extra: tuple[str, ...] = ()
    words: Words = field(default_factory=shared_words, repr=False)

    def scores(self, text: str) -> list[tuple[str, float]]:
        """Every label with its probability, best first; they add up to one."""
        p = self._probabilities(text)
        order = np.argsort(-p, kind="stable")
        return [(self.labels[i], float(p[i])) for i in order]

    def top(self, text: str) -> tuple[str, float]:
        """The best label and its probability."""
        return self.scores(text)[0]

    def _probabilities(self, text: str) -> npt.NDArray[np.float64]:
        margin = self.bias.astype(np.float64)
        for counts, vocabulary in zip(_features(text, self.words), self.vocabularies, strict=True):
            known = [(vocabulary[name], count) for name, count in counts.items() if name in vocabulary]
            if known:
                at = np.fromiter((i for i, _ in known), dtype=np.int64)
                value = (1 + np.log(np.fromiter((n for _, n in known), dtype=np.float64))) * self.idf[at]
                margin = margin + (value / np.linalg.norm(value)) @ self.weights[at]
        p: npt.NDArray[np.float64] = _softmax(margin[None, :], self.temperature)[0]
        return p

    def save(self, path: Path) -> None:
        """Write the model as one .npz file with plain JSON inside; no pickle, nothing that runs when it is read."""
        about = {
            "labels": self.labels,
            "fingerprint": self.fingerprint,
            "temperature": self.temperature,
            "extra": self.extra,
            "vocabularies": [sorted(v, key=v.__getitem__) for v in self.vocabularies],
        }
        packed = np.frombuffer(json.dumps(about, ensure_ascii=False).encode(), dtype=np.uint8)
        partial = path.with_name(path.name + ".part")
        with partial.open("wb") as file:
            np.savez(file, about=packed, weights=self.weights, idf=self.idf, bias=self.bias)
        partial.replace(path)

    @classmethod
    def load(cls, path: Path) -> Model:
        """Read what ``save`` wrote. Raises OSError when there is no file, ValueError when it is not such a file."""
        try:
            with np.load(path, allow_pickle=False) as held:
                about = json.loads(held["about"].tobytes())
                weights, idf, bias = held["weights"], held["idf"], held["bias"]
            first = 0
            vocabularies: list[dict[str, int]] = []
            for names in about["vocabularies"]:
                vocabularies.append({name: first + i for i, name in enumerate(names)})
                first += len(names)
            return cls(
                tuple(about["labels"]),
                about["fingerprint"],
                tuple(vocabularies),
                weights,
                idf,
                bias,
                float(about["temperature"]),
                tuple(about["extra"]),
                _words(tuple(about["extra"])),
            )
        except (KeyError, TypeError, UnicodeDecodeError) as error:
            raise ValueError(f"{path} is not a saved model: {error}") from error


def fingerprint(phrases: Mapping[str, Sequence[str]], taxonomy: Taxonomy) -> str:
    """A short name for exactly these inputs; a saved model with the same one need not be trained again."""
    names = {code: leaf.name for code, leaf in taxonomy.leaves.items()}
    held = json.dumps([_VERSION, {k: list(v) for k, v in phrases.items()}, names], ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(held.encode()).hexdigest()[:16]


def train(phrases: Mapping[str, Sequence[str]], taxonomy: Taxonomy) -> Model:
    """Learn the leaves from example phrases and from the names of the leaves. The same inputs give the same model.

    Raises ValueError when phrases name a leaf that the taxonomy does not have, or a leaf has neither phrase nor name.
    """
    unknown = sorted(set(phrases) - set(taxonomy.leaves))
    if unknown:
        raise ValueError(f"phrases for leaves that are not in the taxonomy: {', '.join(unknown)}")
    texts, labels = [], []
    for code in sorted(taxonomy.leaves):
        for text in (taxonomy.leaves[code].name, *phrases.get(code, ())):
            texts.append(matter(plain(text)))
            labels.append(code)
    return fit(texts, labels, extra=taxonomy_words(taxonomy), name=fingerprint(phrases, taxonomy))


def fit(texts: Sequence[str], labels: Sequence[str], *, extra: tuple[str, ...] = (), name: str = "") -> Model:
    """Learn any labels from any texts. Deterministic. Raises ValueError for fewer than two labels or unequal lengths."""
    if len(texts) != len(labels) or len(set(labels)) < 2:
        raise ValueError("training needs as many labels as texts, and at least two different labels")
    words = _words(extra)
    read = [_features(text, words) for text in texts]
    matrices, vocabularies, idfs, first = [], [], [], 0
    for block in range(len(_BLOCKS)):
        maker = TfidfVectorizer(analyzer=_elements, sublinear_tf=True, min_df=_rarest(len(texts)), max_features=_CAP)
        matrices.append(maker.fit_transform([counts[block] for counts in read]))
        vocabularies.append({str(word): first + int(i) for word, i in sorted(maker.vocabulary_.items(), key=lambda kv: kv[1])})
        idfs.append(maker.idf_)
        first += len(maker.vocabulary_)
    x = hstack(matrices, format="csr")
    known = tuple(sorted(set(labels)))
    y = np.array([known.index(label) for label in labels])
    weights, bias = _machine(x, y)
    temperature = _calibrated(x, y, len(known))
    if not name:
        name = hashlib.sha256(json.dumps([_VERSION, list(texts), list(labels)], ensure_ascii=False).encode()).hexdigest()[:16]
    idf = np.concatenate(idfs).astype(np.float32)
    return Model(known, name, tuple(vocabularies), weights, idf, bias, temperature, extra, words)


def _rarest(size: int) -> int:
    return 1 if size < 500 else 2


def _elements(counts: Counter[str]) -> Iterable[str]:
    return counts.elements()


@lru_cache(maxsize=4)
def _words(extra: tuple[str, ...]) -> Words:
    return Words(extra) if extra else shared_words()


def _features(text: str, words: Words) -> tuple[Counter[str], Counter[str]]:
    """Words 1–2 and letters 1–3; numbers are one sign, so that rooms and sums do not become labels."""
    text = _NUMBER.sub("0", plain(text))
    cut = words.cut(_BLANK.sub(" ", text))
    named = Counter(cut)
    named.update(f"{a} {b}" for a, b in pairwise(cut))
    packed = _BLANK.sub("", text)
    letters = Counter(packed[i : i + n] for n in (1, 2, 3) for i in range(len(packed) - n + 1))
    return named, letters


def _machine(x: Any, y: npt.NDArray[np.int64]) -> tuple[Floats, Floats]:
    machine = LinearSVC(C=0.5, random_state=0, dual=True, tol=1e-3)
    machine.fit(x, y)
    weights, bias = machine.coef_, machine.intercept_
    if weights.shape[0] == 1:  # two labels: one plane
        weights, bias = np.vstack([-weights, weights]), np.concatenate([-bias, bias])
    return np.ascontiguousarray(weights.T, dtype=np.float32), bias.astype(np.float32)


def _calibrated(x: csr_matrix, y: npt.NDArray[np.int64], labels: int) -> float:
    """The temperature under which held-back texts are least surprised (one fold in three held back, every label trained)."""
    order = np.random.default_rng(0).permutation(len(y))
    seen: Counter[int] = Counter()
    held = np.zeros(len(y), dtype=bool)
    for i in order:
        seen[int(y[i])] += 1
        held[i] = seen[int(y[i])] % 3 == 0
    if not held.any():
        return 0.5
    weights, bias = _machine(x[~held], y[~held])
    margins = np.asarray(x[held] @ weights + bias, dtype=np.float64)
    truth = y[held]
    scale = np.geomspace(0.03, 2.0, 60)
    losses = [-np.log(np.maximum(_softmax(margins, t)[np.arange(len(truth)), truth], 1e-12)).mean() for t in scale]
    return float(scale[int(np.argmin(losses))]) * _OTHER_HANDS


def _softmax(margins: npt.NDArray[np.float64], temperature: float) -> npt.NDArray[np.float64]:
    z = margins / temperature
    z = np.exp(z - z.max(axis=1, keepdims=True))
    return np.asarray(z / z.sum(axis=1, keepdims=True))
