"""The model: the same from the same inputs, the same after saving, never a pickle, and clear refusals."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from routing.classify import Model, fingerprint
from routing.taxonomy import Taxonomy
from routing.training import fit, train

Phrases = Mapping[str, tuple[str, ...]]
Alarms = tuple[tuple[str, bool], ...]
TEXTS = ("厨房顶上漏水", "电梯又停了", "ａｂｃ", "", "租金扣了两次 电话13800138000")


def test_training_is_deterministic(model: Model, phrases: Phrases, alarms: Alarms, taxonomy: Taxonomy) -> None:
    again = train(phrases, taxonomy, alarms)
    assert again.fingerprint == model.fingerprint == fingerprint(phrases, taxonomy, alarms)
    assert (again.temperature, again.alarm) == (model.temperature, model.alarm)
    assert np.array_equal(again.weights, model.weights)
    assert [again.judge(text) for text in TEXTS] == [model.judge(text) for text in TEXTS]


def test_the_alarm_is_taught_beside_the_leaves_and_changes_none_of_them(model: Model, alarms: Alarms) -> None:
    assert {rings for _, rings in alarms} == {True, False}
    told = [(model.judge(text)[1], rings) for text, rings in alarms]
    assert sum(p >= 0.5 for p, rings in told if rings) / sum(rings for _, rings in told) > 0.95
    assert sum(p >= 0.5 for p, rings in told if not rings) / sum(not rings for _, rings in told) < 0.05
    leaves = ["水管漏水", "厨房漏水", "电梯坏了", "电梯停运", "着火了", "冒烟了"], ["水", "水", "梯", "梯", "火", "火"]
    taught = fit(*leaves, alarms=[("浓烟滚滚", True), ("电梯停了", False), ("水很小", False)], dangers={"火"})
    assert taught.judge("楼道着火")[1] > 0.5 > taught.judge("电梯停了一天")[1]
    untaught = fit(*leaves)
    assert untaught.judge("楼道着火")[1] == 0.0 == untaught.alarm
    assert (taught.labels, taught.top("厨房水管")[0]) == (untaught.labels, untaught.top("厨房水管")[0])


def test_probabilities(model: Model, taxonomy: Taxonomy) -> None:
    for text in TEXTS:
        scores = model.scores(text)
        assert {code for code, _ in scores} == set(taxonomy.leaves)
        assert sum(p for _, p in scores) == pytest.approx(1)
        assert [p for _, p in scores] == sorted((p for _, p in scores), reverse=True)


def test_saved_and_loaded_is_the_same(model: Model, tmp_path: Path) -> None:
    path = tmp_path / "model.npz"
    model.save(path)
    loaded = Model.load(path)
    assert (loaded.fingerprint, loaded.labels, loaded.extra) == (model.fingerprint, model.labels, model.extra)
    assert [loaded.judge(text) for text in TEXTS] == [model.judge(text) for text in TEXTS]
    with np.load(path, allow_pickle=False) as held:
        assert set(held.files) == {"about", "weights", "idf", "bias"}
    assert [p.name for p in tmp_path.iterdir()] == ["model.npz"]


def test_refusals(taxonomy: Taxonomy, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="Z99"):
        train({"Z99": ("无此类别",)}, taxonomy)
    with pytest.raises(ValueError):
        fit(["只有一类", "还是一类"], ["a", "a"])
    with pytest.raises(OSError):
        Model.load(tmp_path / "none.npz")
    np.savez(tmp_path / "other.npz", weights=np.zeros(1))
    with pytest.raises(ValueError):
        Model.load(tmp_path / "other.npz")
    (tmp_path / "broken.npz").write_bytes(b"not a model")
    with pytest.raises(ValueError):
        Model.load(tmp_path / "broken.npz")


def test_the_fingerprint_follows_the_inputs(phrases: Phrases, alarms: Alarms, taxonomy: Taxonomy) -> None:
    assert fingerprint(phrases, taxonomy) != fingerprint(phrases, taxonomy, alarms[:1]) != fingerprint(phrases, taxonomy, alarms)
    more = {**phrases, "C01": (*phrases["C01"], "又漏了")}
    assert fingerprint(more, taxonomy) != fingerprint(phrases, taxonomy)


def test_any_two_labels_can_be_learned() -> None:
    learned = fit(["水管漏水", "厨房漏水", "电梯坏了", "电梯停运"], ["水", "水", "梯", "梯"])
    assert learned.top("卫生间漏水")[0] == "水"
    assert learned.top("电梯不动")[0] == "梯"


def test_phrases_are_enough_and_each_stands_once(phrases: Phrases, taxonomy: Taxonomy) -> None:
    assert set(phrases) == set(taxonomy.leaves)
    assert min(len(texts) for texts in phrases.values()) >= 20
    every = [text for texts in phrases.values() for text in texts]
    assert len(every) == len(set(every))
