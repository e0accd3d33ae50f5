"""The guard list: the shipped model keeps it, one that has forgotten what is reserved does not, and a city may have its own."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from app.errors import BadFile
from app.guarded import leaking, sayings
from app.policy import Policy
from routing.classify import Model


def forgetful(model: Model) -> Model:
    """The same classifier, only that it never thinks of G or R, and is surer of the rest."""
    bias = model.bias.copy()
    bias[: len(model.labels)][[label[0] in "GR" for label in model.labels]] = -np.float32(1000)
    return replace(model, bias=bias, temperature=model.temperature / 4, fingerprint="f0" * 8)


def test_the_shipped_model_keeps_the_shipped_list(policy: Policy, model: Model) -> None:
    assert len(sayings(None)) >= 30
    assert [(text, verdict.leaf) for text, verdict in leaking(model, policy, None)] == []


def test_a_forgetful_model_is_found_out(policy: Policy, model: Model) -> None:
    found = leaking(forgetful(model), policy, None)
    assert found
    assert all(verdict.leaf[0] not in "GR" and not verdict.review for _, verdict in found)


def test_no_saying_of_the_list_is_learned_from(policy: Policy) -> None:
    assert not {*sayings(None)} & {text for texts in policy.phrases.values() for text in texts}


def test_a_city_may_have_a_list_of_its_own(policy: Policy, model: Model, tmp_path: Path) -> None:
    (tmp_path / "guard.toml").write_text(
        'reserved = ["灯不亮了，请派人来修"]\nabout_contractor = ["师傅乱收费"]\n', encoding="utf-8"
    )
    assert sayings(tmp_path) == ("灯不亮了，请派人来修", "师傅乱收费")
    assert [text for text, _ in leaking(model, policy, tmp_path)] == ["灯不亮了，请派人来修"]
    assert sayings(tmp_path / "none") == sayings(None)


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ('reserved = ["x"]\n', 1),
        ('reserved = ["x"]\nabout_contractor = []\n', 2),
        ('reserved = ["x"]\nabout_contractor = [1]\n', 2),
    ],
)
def test_a_bad_list_is_named_with_its_line(content: str, line: int, tmp_path: Path) -> None:
    (tmp_path / "guard.toml").write_text(content, encoding="utf-8")
    with pytest.raises(BadFile) as refused:
        sayings(tmp_path)
    assert refused.value.line == line and "guard.toml" in str(refused.value)
