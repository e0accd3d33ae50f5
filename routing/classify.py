"""The model 分类模型: words and letter sequences, a linear machine, calibrated probabilities; kept without pickle."""

from __future__ import annotations

import hashlib
import json
import math
import re
import zipfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import chain, pairwise
from operator import add
from pathlib import Path

import numpy as np
import numpy.typing as npt

from routing.normal import plain
from routing.taxonomy import Taxonomy
from routing.tokens import Words, shared_words

Floats = npt.NDArray[np.float32]
VERSION = "4"  # of the features; a change makes saved models stale
_LONGEST_HEADING = 60  # letters
_NUMBER = re.compile(r"\d+")
_BLANK = re.compile(r"[\s,。.!?;:、()\[\]\"'“”‘’《》<>#@…~\-]+")


@dataclass(frozen=True, eq=False)
class Model:
    """A trained classifier. Immutable; safe for many threads. ``fingerprint`` names what it was trained from."""

    labels: tuple[str, ...]
    fingerprint: str
    vocabularies: tuple[Mapping[str, int], ...]
    weights: Floats  # features x labels, and a last column for the alarm where there is one
    idf: Floats
    bias: Floats
    temperature: float
    extra: tuple[str, ...] = ()
    alarm: float = 0.0  # the temperature of the alarm; 0 in a model that was taught none
    words: Words = field(default_factory=shared_words, repr=False)

    def scores(self, text: str) -> list[tuple[str, float]]:
        """Every label with its probability, best first; they add up to one."""
        return self.judge(text)[0]

    def judge(self, text: str) -> tuple[list[tuple[str, float]], float]:
        """``scores``, and the probability that somebody is in danger now; that is 0 in a model that was taught no alarm."""
        margin = self._margins(text)
        danger = 1 / (1 + math.exp(-float(margin[-1]) / self.alarm)) if self.alarm else 0.0
        p = softmax(margin[None, : len(self.labels)], self.temperature)[0]
        likely, labels = p.tolist(), self.labels
        return [(labels[i], likely[i]) for i in np.argsort(-p, kind="stable").tolist()], danger

    def top(self, text: str) -> tuple[str, float]:
        """The best label and its probability."""
        return self.scores(text)[0]

    def _margins(self, text: str) -> npt.NDArray[np.float64]:
        places, values = [], []
        for counts, vocabulary in zip(features(text, self.words), self.vocabularies, strict=True):
            known = [(at, count) for name, count in counts.items() if (at := vocabulary.get(name)) is not None]
            if known:
                block = np.array([at for at, _ in known])
                value = _logarithms([count for _, count in known]) * self.idf.take(block)
                places.append(block)
                values.append(value / math.sqrt(value @ value))
        margin = self.bias.astype(np.float64)
        if places:
            margin += np.concatenate(values) @ self.weights.take(np.concatenate(places), axis=0)
        return margin

    def save(self, path: Path) -> None:
        """Write the model as one .npz file with plain JSON inside; no pickle, nothing that runs when it is read."""
        about = {
            "features": VERSION,
            "labels": self.labels,
            "fingerprint": self.fingerprint,
            "temperature": self.temperature,
            "extra": self.extra,
            "alarm": self.alarm,
            "vocabularies": [sorted(v, key=v.__getitem__) for v in self.vocabularies],
        }
        packed = np.frombuffer(json.dumps(about, ensure_ascii=False).encode(), dtype=np.uint8)
        partial = path.with_name(path.name + ".part")
        with partial.open("wb") as file:
            np.savez(file, about=packed, weights=self.weights.astype(np.float16), idf=self.idf, bias=self.bias)
        partial.replace(path)

    @classmethod
    def load(cls, path: Path) -> Model:
        """Read what ``save`` wrote. Raises OSError when there is no file, ValueError when it is not such a file."""
        try:
            with path.open("rb") as file, np.load(file, allow_pickle=False) as held:
                about = json.loads(held["about"].tobytes())
                weights, idf, bias = held["weights"].astype(np.float32), held["idf"], held["bias"]
            if about["features"] != VERSION:
                raise ValueError(f"{path} was trained on features of version {about['features']}, not {VERSION}")
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
                float(about["alarm"]),
                words_with(tuple(about["extra"])),
            )
        except (KeyError, TypeError, UnicodeDecodeError, zipfile.BadZipFile, EOFError) as error:
            raise ValueError(f"{path} is not a saved model: {error}") from error


def fingerprint(phrases: Mapping[str, Sequence[str]], taxonomy: Taxonomy, alarms: Sequence[tuple[str, bool]] = ()) -> str:
    """A short name for exactly these inputs; a saved model with the same one need not be trained again."""
    names = {code: leaf.name for code, leaf in taxonomy.leaves.items()}
    learnt = [VERSION, {k: list(v) for k, v in phrases.items()}, names, list(alarms)]
    held = json.dumps(learnt, ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(held.encode()).hexdigest()[:16]


@lru_cache(maxsize=4)
def words_with(extra: tuple[str, ...]) -> Words:
    return Words(extra) if extra else shared_words()


def features(text: str, words: Words) -> tuple[Counter[str], Counter[str]]:
    """Words 1–2 and letters 1–3; numbers are one sign, so that rooms and sums do not become labels.

    A first line that others follow is a heading and counts twice: people put the matter there.
    """
    text = _NUMBER.sub("0", plain(text))
    named: Counter[str] = Counter()
    letters: Counter[str] = Counter()
    heading, parted, _ = text.partition("\n")
    for part in (text, heading) if parted and len(heading) <= _LONGEST_HEADING else (text,):
        cut = words.cut(_BLANK.sub(" ", part))
        named.update(cut)
        named.update(f"{a} {b}" for a, b in pairwise(cut))
        packed = _BLANK.sub("", part)
        letters.update(_sequences(packed))
    return named, letters


def _sequences(packed: str) -> Iterator[str]:
    """All runs of one, two and three letters."""
    pairs = list(map(add, packed, packed[1:]))
    return chain(packed, pairs, map(add, pairs, packed[2:]))


def _logarithms(counts: list[int]) -> Floats:
    """1 + ln n: a word said three times does not count three times."""
    if max(counts) == 1:
        return np.ones(len(counts), dtype=np.float32)
    return 1 + np.log(np.array(counts, dtype=np.float32))


def softmax(margins: npt.NDArray[np.float64], temperature: float) -> npt.NDArray[np.float64]:
    z = margins / temperature
    z = np.exp(z - z.max(axis=1, keepdims=True))
    return np.asarray(z / z.sum(axis=1, keepdims=True))
