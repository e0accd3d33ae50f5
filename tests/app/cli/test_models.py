"""The classifier's life in a house: what agents put right is exported and learned from, tried, put in force and taken back."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from shutil import copytree

import numpy as np
import pytest
from sqlalchemy import delete

from app.policy import SHIPPED
from app.register.model import ModelUse
from app.register.organisations import touch
from routing.classify import Model
from tests.app.casework.stage import Stage
from tests.app.cli.conftest import Town
from tests.app.test_guarded import forgetful

LAMP = "石桥新居3栋楼道灯不亮了"
SINCE = ("--since", "2026-11-01")


def another(model: Model, name: str = "ab" * 8) -> Model:
    """As good as the shipped one, under a name of its own."""
    return replace(model, fingerprint=name, temperature=model.temperature * 1.01)


def swapped(model: Model, one: str, other: str) -> Model:
    """The same classifier, only that it takes one leaf for the other."""
    order = list(range(len(model.labels)))
    a, b = model.labels.index(one), model.labels.index(other)
    order[a], order[b] = b, a
    return replace(model, weights=np.ascontiguousarray(model.weights[:, order]), bias=model.bias[order], fingerprint="cd" * 8)


def saved(model: Model, folder: Path) -> str:
    path = folder / f"candidate-{model.fingerprint[:4]}.npz"
    model.save(path)
    return str(path)


def in_force(stage: Stage) -> str:
    """The model by which the running hotline judges."""
    with stage.cast.hotline.look() as tx:
        return stage.cast.hotline.knowledge(tx.session).understander.model.fingerprint


@pytest.fixture
def house(town: Town) -> Iterator[Town]:
    """The town, and the shipped model in force again when the test is over."""
    yield town
    _, stage = town
    with stage.cast.hotline.tx() as tx:
        tx.session.execute(delete(ModelUse))
        touch(tx.session)


def test_a_running_hotline_takes_up_what_is_put_in_force(house: Town, tmp_path: Path, model: Model) -> None:
    terminal, stage = house
    assert in_force(stage) == model.fingerprint
    said = terminal.done("classifier", "use", saved(another(model), tmp_path), "--by", "李工")
    assert "已启用 abababababababab" in said and "不必重启" in said
    assert in_force(stage) == "ab" * 8
    number = stage.cast.writes("石桥新居2栋门禁刷不开了", "o-learn").number
    assert stage.ticket(number).verdict["model"] == "ab" * 8, "each verdict says which model gave it"
    assert json.loads(terminal.done("classify", typed='{"id":1,"text":"灯不亮"}'))["model"] == "ab" * 8
    assert "已经在用" in terminal.done("classifier", "use", "abab")
    told = terminal.json("classifier", "list")
    assert (told["in_force"], told["acting"]) == ("ab" * 8, "ab" * 8)
    assert [(one["by"], one["model"]) for one in told["uses"]] == [("李工", "ab" * 8)]
    listed = {one["fingerprint"]: one for one in told["kept"]}
    assert listed["ab" * 8]["in_force"] and listed[model.fingerprint]["shipped"]
    terminal.done("classifier", "use", "shipped")
    assert in_force(stage) == model.fingerprint
    assert "启用 随附的模型" in terminal.done("classifier", "list")


def test_a_model_that_is_lost_or_changed_leaves_the_shipped_one_at_work(house: Town, tmp_path: Path, model: Model) -> None:
    terminal, stage = house
    terminal.done("classifier", "use", saved(another(model, "ef" * 8), tmp_path))
    kept = terminal.folder / "models" / f"{'ef' * 8}.npz"
    kept.write_bytes(kept.read_bytes()[:-1])
    assert in_force(stage) == model.fingerprint
    result = terminal.run("classifier", "list")
    assert result.exit_code == 0 and "无法使用" in result.stderr
    kept.unlink()
    assert "不在" in terminal.refused("classify", typed='{"id":1,"text":"灯不亮"}')
    assert terminal.run("classifier", "use", "shipped").exit_code == 0


def test_what_does_not_fit_is_refused_and_changes_nothing(house: Town, tmp_path: Path, model: Model) -> None:
    terminal, stage = house
    strange = replace(model, labels=(*model.labels[:-1], "Z99"))
    few = replace(model, labels=model.labels[:-1], weights=model.weights[:, :-1], bias=model.bias[:-1])
    assert "Z99" in (said := terminal.refused("classifier", "use", saved(strange, tmp_path))) and "标签" in said
    assert model.labels[-1] in (said := terminal.refused("classifier", "use", saved(few, tmp_path))) and "--history" in said
    leaky = terminal.refused("classifier", "use", saved(forgetful(model), tmp_path))
    assert "守门例句" in leaky and "自动派给承接主体" in leaky
    assert "没有模型" in terminal.refused("classifier", "use", "0123456789")
    (tmp_path / "text.npz").write_text("灯不亮", encoding="utf-8")
    assert "不是可用的模型" in terminal.refused("classifier", "use", str(tmp_path / "text.npz"))
    assert in_force(stage) == model.fingerprint
    assert terminal.json("classifier", "list")["uses"] == []
    assert not (terminal.folder / "models" / f"{'f0' * 8}.npz").exists()


def test_another_model_under_a_known_name_is_refused(house: Town, tmp_path: Path, model: Model) -> None:
    terminal, _ = house
    terminal.done("classifier", "use", saved(another(model, "a1" * 8), tmp_path))
    disguised = replace(model, fingerprint="a1" * 8, temperature=model.temperature * 2)
    assert "指纹相同而内容不同" in terminal.refused("classifier", "use", saved(disguised, tmp_path))


def test_a_trial_shows_what_would_become_of_last_months_tickets(spoiled_town: Town, tmp_path: Path, model: Model) -> None:
    terminal, stage = spoiled_town
    number = stage.cast.writes(LAMP, "o-lamp").number
    assert stage.ticket(number).contractor_id is not None
    stage.opens(leaf="C06", text=" ")
    before = stage.everything(number)
    same = terminal.json("classifier", "replay", "shipped", *SINCE)
    assert (same["n"], same["moved"], same["to_contractor"], same["wordless"]) == (1, 0, [], 1)
    lifted = terminal.json("classifier", "replay", saved(swapped(model, "C06", "C07"), tmp_path), *SINCE)
    assert lifted["leaves"] == [{"from": "C06", "to": "C07", "n": 1}] and lifted["to_contractor"] == []
    away = terminal.json("classifier", "replay", saved(swapped(model, "C06", "G01"), tmp_path), *SINCE)
    assert [one["number"] for one in away["sealed"]] == [number] and away["unasked"] == []
    assert stage.everything(number) == before, "a trial changes nothing"
    assert terminal.json("classifier", "replay", "shipped", "--since", "2030-01-01")["n"] == 0


def test_a_trial_warns_first_of_what_would_reach_a_contractor(spoiled_town: Town, tmp_path: Path, model: Model) -> None:
    terminal, stage = spoiled_town
    number = stage.opens(leaf="C12", text="石桥新居3栋，我家漏雨漏得厉害，能不能申请调到别的小区去住")
    stage.does(number, "classify", stage.agent, leaf="G03")
    candidate = saved(forgetful(model), tmp_path)
    told = terminal.json("classifier", "replay", candidate, *SINCE)
    assert [(one["number"], one["decided"], one["wrong"]) for one in told["to_contractor"]] == [(number, "G03", True)]
    assert told["settled"] == {"n": 1, "agreed_before": told["settled"]["agreed_before"], "agreed_after": 0}
    said = terminal.done("classifier", "replay", candidate, *SINCE)
    assert said.startswith("警告：1 件会新派给承接主体，其中 1 件坐席核定为政府保留或涉承接主体")
    assert number in said and "G03" in said and "什么都没有改变" in said
    assert terminal.json("classifier", "list")["uses"] == []


def test_corrections_are_exported_as_a_file_that_can_be_trained_on(spoiled_town: Town, tmp_path: Path) -> None:
    terminal, stage = spoiled_town
    for text, leaf in (("垃圾桶满了没人收", "P01"), ("五楼走廊黑的", "C06"), ("送红包才来修", "R02"), ("电梯门卡住", "C07")):
        stage.does(stage.opens(leaf="C12", text=text), "classify", stage.agent, leaf=leaf)
    out = tmp_path / "out.csv"
    told = terminal.json("classifier", "corrections", "--out", str(out))
    assert (told["written"], told["changed"], told["kept_back"]) == (3, 3, 1)
    with out.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    first = rows[0]
    assert (first["text"], first["leaf"], first["guess"]) == ("垃圾桶满了没人收", "P01", "C12")
    assert "红包" not in out.read_text(encoding="utf-8-sig")
    assert "已存在" in terminal.refused("classifier", "corrections", "--out", str(out))
    train = ("classifier", "train", str(out), "--text", "text", "--label", "leaf", "--out", str(tmp_path / "m.npz"), "--json")
    assert json.loads(terminal.done(*train))["labels"] == ["C06", "C07", "P01"]
    assert (
        terminal.json("classifier", "corrections", "--since", "2030-01-01", "--out", str(tmp_path / "none.csv"))["written"] == 0
    )


def test_there_must_be_something_to_learn_from(spoiled_town: Town, tmp_path: Path) -> None:
    terminal, _ = spoiled_town
    assert "还没有坐席更正" in terminal.refused("classifier", "train", "--history", "--out", str(tmp_path / "m.npz"))
    odd = tmp_path / "odd.csv"
    odd.write_text("t,l\n灯,X9\n", encoding="utf-8")
    named = ("--text", "t", "--label", "l", "--out", str(tmp_path / "m.npz"))
    assert "X9" in terminal.refused("classifier", "train", "--history", str(odd), *named)


@pytest.mark.slow
def test_a_citys_own_word_is_learned_and_the_check_is_honest(spoiled_town: Town, tmp_path: Path) -> None:
    """A word that only this city uses, for the lamps of the stairs; each fold learns it from the others."""
    terminal, stage = spoiled_town
    for floor in "一二三四五六七八":
        stage.does(stage.opens(leaf="C12", text=f"{floor}楼油灯笼子困觉了"), "classify", stage.agent, leaf="C06")
    out = tmp_path / "own.npz"
    told = terminal.json("classifier", "train", "--history", "--folds", "2", "--out", str(out))
    assert (told["n"], told["corrections"], told["changed"], told["guard"]) == (8, 8, 8, [])
    assert told["after"]["n"] == told["before"]["n"] == 8
    assert told["after"]["accuracy"] == 1.0 > told["before"]["accuracy"]
    assert "已启用" in terminal.done("classifier", "use", str(out))
    assert in_force(stage) == told["fingerprint"]
    before_all = ("classifier", "train", "--history", "--until", "2026-11-01", "--out", str(tmp_path / "none.npz"))
    assert "还没有坐席更正" in terminal.refused(*before_all), "what is held back for a trial is not learned from"
    words = terminal.done("classifier", "train", "--history", "--folds", "2", "--out", str(out))
    assert "只用随附例句" in words and "守门例句全部守住" in words and told["fingerprint"] in words


@pytest.mark.slow
def test_a_policy_folder_can_be_tried(spoiled_town: Town, tmp_path: Path) -> None:
    terminal, stage = spoiled_town
    copytree(SHIPPED, tmp_path / "policy")
    stage.cast.writes(LAMP, "o-lamp2")
    told = terminal.json("classifier", "replay", str(tmp_path / "policy"), *SINCE)
    assert (told["n"], told["moved"]) == (1, 0)
