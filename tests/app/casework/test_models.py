"""Which model is in force, and a trial of another one, on both engines."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from app import learned, trial
from app.errors import BadInput
from app.register.model import ModelUse
from routing.classify import Model
from tests.app.casework.stage import Stage
from tests.cast import MONDAY_MORNING


def test_the_last_one_put_in_force_holds(stage: Stage, model: Model, tmp_path: Path) -> None:
    hotline = stage.cast.hotline
    one = replace(model, fingerprint="1a" * 8)
    one.save(tmp_path / "one.npz")
    digest = learned.keep(hotline.settings.data_dir, one, tmp_path / "one.npz")
    with hotline.tx() as tx:
        learned.put_in_force(tx.session, one.fingerprint, digest, "李工", tx.wall)
    with hotline.tx() as tx:
        used = learned.in_force(tx.session)
        assert used is not None and (used.fingerprint, used.by_name, used.at) == (one.fingerprint, "李工", tx.wall)
        assert hotline.knowledge(tx.session).understander.model.fingerprint == one.fingerprint
    with hotline.tx() as tx:
        learned.put_in_force(tx.session, "", "", "李工", tx.wall)
    with hotline.tx() as tx:
        assert learned.in_force(tx.session) is None
        assert hotline.knowledge(tx.session).understander.model is hotline.model
        assert [row.fingerprint for row in learned.history(tx.session)][:2] == ["", one.fingerprint]


def test_what_is_no_longer_a_category_cannot_be_said(stage: Stage, model: Model, tmp_path: Path) -> None:
    strange = replace(model, fingerprint="2b" * 8, labels=(*model.labels[:-1], "Z99"))
    strange.save(tmp_path / "strange.npz")
    taxonomy = stage.cast.hotline.policy.taxonomy
    digest = learned.keep(tmp_path, strange, tmp_path / "strange.npz")
    with pytest.raises(BadInput, match="Z99"):
        learned.load_kept(tmp_path, ModelUse(fingerprint="2b" * 8, digest=digest), taxonomy)


def test_a_trial_counts_what_people_decided_and_leaves_out_what_the_desk_wrote(stage: Stage) -> None:
    stage.cast.clock.set(begins := MONDAY_MORNING + timedelta(days=40))
    right = stage.opens(leaf="C12", text="楼道灯不亮了")
    wrong = stage.opens(leaf="C12", text="楼道的灯不亮")
    stage.does(right, "classify", stage.agent, leaf="C06")
    stage.does(wrong, "classify", stage.agent, leaf="P01")
    stage.incident(stage.opens(leaf="C07", text="电梯停了"), stage.opens(leaf="C07", text="电梯坏了"))
    read: list[int] = []
    hotline = stage.cast.hotline
    found = trial.run(hotline, hotline.policy, hotline.model, begins, read.append)
    assert (found.n, found.settled, found.agreed_before, found.agreed_after, found.moved) == (4, 2, 1, 1, [])
    assert sum(read) == 4
