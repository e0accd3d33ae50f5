"""Training 训练: from labelled texts to a Model. Apart from using one, because scikit-learn takes a second to load."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix, diags_array, hstack
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.svm import LinearSVC

from routing.boilerplate import matter
from routing.classify import VERSION, Floats, Model, features, fingerprint, softmax, words_with
from routing.normal import plain
from routing.taxonomy import Owner, Taxonomy
from routing.tokens import taxonomy_words

Floats64 = npt.NDArray[np.float64]
_BLOCKS = ("words", "letters")
_FEW = 500  # texts
_CAP = 300_000  # features per block
_HARD = 2.0  # how much a text written for the alarm counts beside a saying
_OTHER_HANDS = 2.4  # residents write less like the examples than the examples like each other


def train(phrases: Mapping[str, Sequence[str]], taxonomy: Taxonomy, alarms: Sequence[tuple[str, bool]] = ()) -> Model:
    """Learn the leaves from example phrases and from the names of the leaves. The same inputs give the same model.

    ``alarms``: further texts, each with whether it tells of danger now; beside them the leaves of emergencies teach the alarm.
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
    return fit(
        texts,
        labels,
        extra=taxonomy_words(taxonomy),
        name=fingerprint(phrases, taxonomy, alarms),
        public=[True] * len(texts),
        alarms=alarms,
        dangers=dangers_of(taxonomy),
    )


def dangers_of(taxonomy: Taxonomy) -> frozenset[str]:
    """The leaves that are danger to life."""
    return frozenset(code for code, leaf in taxonomy.leaves.items() if leaf.owner is Owner.EMERGENCY)


def fit(
    texts: Sequence[str],
    labels: Sequence[str],
    *,
    extra: tuple[str, ...] = (),
    name: str = "",
    weights: Sequence[float] | None = None,
    public: Sequence[bool] | None = None,
    alarms: Sequence[tuple[str, bool]] = (),
    dangers: Collection[str] = (),
) -> Model:
    """Learn any labels from any texts. Deterministic. Raises ValueError for fewer than two labels or unequal lengths.

    ``weights``: how much each text counts, by default 1. ``public``: of which texts every fragment may stand in the model,
    by default of none; of the others only what two or more texts have in common. ``alarms``, all public, and the ``dangers``
    among the labels teach the alarm; without alarms there is none.
    """
    heft = np.ones(len(texts)) if weights is None else np.asarray(weights, dtype=np.float64)
    if len(texts) != len(labels) or len(texts) != len(heft) or len(set(labels)) < 2:
        raise ValueError("training needs as many labels as texts, and at least two different labels")
    words = words_with(extra)
    read = [features(text, words) for text in (*texts, *(plain(text) for text, _ in alarms))]
    shown = [*(public or [False] * len(texts)), *([True] * len(alarms))]
    matrices, vocabularies, idfs, first = [], [], [], 0
    for block in range(len(_BLOCKS)):
        counted = [counts[block] for counts in read]
        maker = TfidfVectorizer(analyzer=_elements, sublinear_tf=True, vocabulary=_kept(counted, shown))
        matrices.append(maker.fit_transform(counted))
        vocabularies.append({str(word): first + int(i) for word, i in sorted(maker.vocabulary_.items(), key=lambda kv: kv[1])})
        idfs.append(maker.idf_)
        first += len(maker.vocabulary_)
    everything = hstack(matrices, format="csr")
    x = everything[: len(texts)]
    known = tuple(sorted(set(labels)))
    y = np.array([known.index(label) for label in labels])
    planes, bias = _machine(x, y, heft, len(known))
    temperature, ringing = _calibrated(x, y, heft, len(known)), 0.0
    if alarms:
        calm = np.array([*(label not in dangers for label in labels), *(not rings for _, rings in alarms)], dtype=np.int64)
        counts = np.concatenate([heft, np.full(len(alarms), _HARD)])
        plane, at = _machine(everything, calm, counts, 1)
        planes, bias = np.hstack([planes, plane]), np.concatenate([bias, at])
        ringing = _alarm_temperature(everything, calm, counts, len(texts))
    if not name:
        held = [VERSION, list(texts), list(labels), heft.tolist(), list(alarms)]
        name = hashlib.sha256(json.dumps(held, ensure_ascii=False).encode()).hexdigest()[:16]
    idf = np.concatenate(idfs).astype(np.float32)
    halved = planes.astype(np.float16).astype(np.float32)  # kept in half the room: three digits are more than a plane needs
    return Model(known, name, tuple(vocabularies), halved, idf, bias, temperature, extra, ringing, words)


def _kept(counted: Sequence[Counter[str]], public: Sequence[bool] | None) -> list[str]:
    """What may stand in the model, at most _CAP of it, the commonest first; in the order of the alphabet.

    A word of one text only may name a person, and tells one label from another only where texts are few and written for it.
    """
    texts = Counter(name for counts in counted for name in counts)
    ours = {name for counts, ours in zip(counted, public or (), strict=False) if ours for name in counts}
    least = 2 if len(counted) >= _FEW else 1
    kept = [name for name, n in texts.items() if n >= least or name in ours]
    return sorted(sorted(kept, key=lambda name: (-texts[name], name))[:_CAP])


def _elements(counts: Counter[str]) -> Iterable[str]:
    return counts.elements()


def _machine(x: csr_matrix, y: npt.NDArray[np.int64], heft: Floats64, labels: int) -> tuple[Floats, Floats]:
    """One plane a label: the mean of a plain one and of one over features scaled by how much they tell the label from the rest.

    The scale is the root of the log-count ratio of Wang and Manning, Baselines and Bigrams (ACL 2012); it goes into the
    weights, so that using the model costs no more than one plane.
    """
    held = csr_matrix((np.ones_like(x.data), x.indices, x.indptr), shape=x.shape)
    everywhere = np.asarray(held.sum(axis=0)).ravel()
    weights, bias = np.empty((x.shape[1], labels), dtype=np.float32), np.empty(labels, dtype=np.float32)
    for label in range(labels):
        mine = y == label
        here = np.asarray(held[mine].sum(axis=0)).ravel()
        there = everywhere - here
        ratio = np.log((here + 1) / (here + 1).sum()) - np.log((there + 1) / (there + 1).sum())
        scale = np.sqrt(np.abs(ratio))
        flat, scaled = _plane(x, mine, heft), _plane(x @ diags_array(scale), mine, heft)
        weights[:, label] = (flat.coef_[0] + scaled.coef_[0] * scale) / 2
        bias[label] = (flat.intercept_[0] + scaled.intercept_[0]) / 2
    return weights, bias


def _plane(x: csr_matrix, mine: npt.NDArray[np.bool_], heft: Floats64) -> LinearSVC:
    machine = LinearSVC(C=1.0, class_weight="balanced", random_state=0, dual=True, tol=1e-3)
    return machine.fit(x, mine, sample_weight=heft)


def _calibrated(x: csr_matrix, y: npt.NDArray[np.int64], heft: Floats64, labels: int) -> float:
    """The temperature under which held-back texts are least surprised (one fold in three held back, every label trained)."""
    order = np.random.default_rng(0).permutation(len(y))
    seen: Counter[int] = Counter()
    held = np.zeros(len(y), dtype=bool)
    for i in order:
        seen[int(y[i])] += 1
        held[i] = seen[int(y[i])] % 3 == 0
    if not held.any():
        return 0.5
    weights, bias = _machine(x[~held], y[~held], heft[~held], labels)
    margins = np.asarray(x[held] @ weights + bias, dtype=np.float64)
    truth = y[held]
    scale = np.geomspace(0.03, 2.0, 60)
    losses = [-np.log(np.maximum(softmax(margins, t)[np.arange(len(truth)), truth], 1e-12)).mean() for t in scale]
    return float(scale[int(np.argmin(losses))]) * _OTHER_HANDS


def _alarm_temperature(x: csr_matrix, calm: npt.NDArray[np.int64], heft: Floats64, first: int) -> float:
    """The same for the alarm, held back being every third of the texts from ``first`` on: those written for it."""
    held = np.zeros(len(calm), dtype=bool)
    held[first + np.random.default_rng(0).permutation(len(calm) - first)[::3]] = True
    plane, bias = _machine(x[~held], calm[~held], heft[~held], 1)
    margins = np.asarray(x[held] @ plane + bias, dtype=np.float64)[:, 0]
    signed = np.where(calm[held] == 0, margins, -margins)
    scale = np.geomspace(0.03, 2.0, 60)
    return float(scale[int(np.argmin([np.logaddexp(0, -signed / t).mean() for t in scale]))])
