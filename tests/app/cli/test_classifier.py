"""``hotline classifier train`` and ``evaluate`` on real files: what they write and print, and what they refuse."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from tests.app.cli.conftest import Terminal

THINGS = {
    "维修": ("灯", "水管", "门锁", "电梯", "马桶", "窗户", "水龙头", "插座"),
    "租金": ("房租", "押金", "租金账单", "欠租", "租金发票", "缴租", "租金减免", "租金扣款"),
    "邻里": ("狗叫", "广场舞", "麻将声", "楼上脚步", "油烟", "乱停车", "堆杂物", "装修声"),
}
SAYINGS = ("{}的事麻烦看一下", "我要反映{}", "{}好几天了", "请问{}怎么办", "{}没人管")


def rows() -> list[tuple[str, str, str]]:
    return [(said.format(thing), label, thing) for label, things in THINGS.items() for thing in things for said in SAYINGS]


def write(path: Path, *, extra: tuple[tuple[str, str, str], ...] = (), only: str = "") -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("body", "kind", "thing"))
        writer.writerows((*(row for row in rows() if not only or only in row[0]), *extra))
    return path


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return write(tmp_path / "data.csv")


NAMED = ("--text", "body", "--label", "kind")


@pytest.mark.slow
def test_training_writes_a_plain_file_and_the_same_one_again(terminal: Terminal, data: Path, tmp_path: Path) -> None:
    one, two = tmp_path / "one.npz", tmp_path / "two.npz"
    said = terminal.json("classifier", "train", str(data), *NAMED, "--out", str(one))
    terminal.done("classifier", "train", str(data), *NAMED, "--out", str(two))
    assert one.read_bytes() == two.read_bytes()
    assert (said["n"], said["labels"], said["bytes"]) == (120, sorted(THINGS), one.stat().st_size)
    with np.load(one, allow_pickle=False) as held:
        assert json.loads(held["about"].tobytes())["fingerprint"] == said["fingerprint"]
    assert not (terminal.folder / "hotline.db").exists(), "training on a file makes no database"


def test_a_model_is_measured_on_a_file(terminal: Terminal, data: Path, tmp_path: Path) -> None:
    model = tmp_path / "m.npz"
    terminal.done("classifier", "train", str(data), *NAMED, "--out", str(model))
    test = write(tmp_path / "test.csv", only="好几天", extra=(("外星人来了", "太空", "x"),))
    found = json.loads(terminal.done("classifier", "evaluate", str(model), str(test), *NAMED))
    assert found["n"] == 25 and found["labels_unknown_to_model"] == ["太空"]
    assert found["accuracy"] == pytest.approx(24 / 25) and found["train_seconds"] is None
    assert set(found["per_class"]) == {*THINGS, "太空"} and found["per_class"]["太空"]["recall"] == 0
    assert found["confusion"]["维修"] == {"维修": 8}
    assert found["coverage"]["threshold"] == 0.25 and found["curve"][0]["coverage"] == 1.0
    assert found["microseconds_per_text"] > 0


def test_trained_on_one_file_and_tested_on_another(terminal: Terminal, tmp_path: Path) -> None:
    train, test = write(tmp_path / "a.csv", only="反映"), write(tmp_path / "b.csv", only="没人管")
    found = json.loads(terminal.done("classifier", "evaluate", "--train", str(train), "--test", str(test), *NAMED))
    assert (found["train_n"], found["n"], found["shared_groups"]) == (24, 24, 0)
    assert found["accuracy"] > 0.9 and found["train_seconds"] >= 0
    whole = write(tmp_path / "c.csv")
    both = json.loads(terminal.done("classifier", "evaluate", "--train", str(whole), "--test", str(test), *NAMED))
    assert both["shared_groups"] == 24, "what stands on both sides is told"


def test_folds_keep_groups_together(terminal: Terminal, data: Path) -> None:
    """Texts of one thing on both sides are recognised by the thing; grouped by it, they are not."""
    loose = json.loads(terminal.done("classifier", "evaluate", str(data), *NAMED, "--folds", "5"))
    grouped = json.loads(terminal.done("classifier", "evaluate", str(data), *NAMED, "--folds", "5", "--group", "thing"))
    assert (loose["n"], grouped["n"], grouped["groups"], len(grouped["folds"])) == (120, 120, 24, 5)
    assert grouped["accuracy"] < loose["accuracy"] - 0.1
    assert sum(fold["n"] for fold in grouped["folds"]) == 120


def test_empty_rows_are_counted_and_told(terminal: Terminal, tmp_path: Path) -> None:
    data = write(tmp_path / "gaps.csv", extra=((" ", "维修", ""), ("没有类别", "", ""), ("也没有", " ", "")))
    result = terminal.run("classifier", "train", str(data), *NAMED, "--out", str(tmp_path / "m.npz"), "--json")
    assert result.exit_code == 0 and "没有文字的 1 行、没有标签的 2 行" in result.stderr
    assert (json.loads(result.stdout)["empty_texts"], json.loads(result.stdout)["empty_labels"]) == (1, 2)


def test_people_read_a_table(terminal: Terminal, data: Path, tmp_path: Path) -> None:
    said = terminal.done("classifier", "evaluate", str(data), *NAMED, "--folds", "3", "--group", "thing", "--table")
    assert "宏平均 F1" in said and "自动率" in said and "应为" in said
    trained = terminal.done("classifier", "train", str(data), *NAMED, "--out", str(tmp_path / "m.npz"), "--folds", "3")
    assert "训练 120 条，3 类" in trained and "准确率" in trained and "已写入" in trained


def test_the_shipped_model_can_be_measured(terminal: Terminal, tmp_path: Path) -> None:
    path = tmp_path / "leaves.jsonl"
    said = [{"t": "楼道灯不亮", "l": "C06"}, {"t": "电梯又坏了", "l": "C07"}]
    path.write_text("\n".join(json.dumps(one, ensure_ascii=False) for one in said), encoding="utf-8")
    for name in ("shipped", "present"):
        assert (
            json.loads(terminal.done("classifier", "evaluate", name, str(path), "--text", "t", "--label", "l"))["accuracy"] == 1.0
        )


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("train", "--out", "m.npz"), "没有训练用的文件"),
        (("train", "DATA", "--out", "m.npz"), "--text"),
        (("train", "DATA", "--text", "body", "--label", "none", "--out", "m.npz"), "data.csv 第1行：没有列“none”"),
        (("train", "DATA", "--text", "body", "--label", "kind", "--out", "none/m.npz"), "没有文件夹"),
        (("train", "DATA", "--text", "body", "--label", "kind", "--out", "DATA"), "不是模型文件"),
        (("train", "DATA", "--text", "body", "--label", "kind", "--out", "m.npz", "--since", "2026-01-01"), "--history"),
        (("train", "missing.csv", "--text", "body", "--label", "kind", "--out", "m.npz"), "missing.csv"),
        (
            ("train", "DATA", "--text", "body", "--label", "kind", "--out", "m.npz", "--group", "kind", "--folds", "4"),
            "只有 3 组",
        ),
        (("evaluate", "DATA", "--text", "body", "--label", "kind"), "须写明模型"),
        (("evaluate", "DATA", "DATA", "--text", "body", "--label", "kind"), "不是可用的模型"),
        (("evaluate", "abcdef12", "DATA", "--text", "body", "--label", "kind"), "没有模型“abcdef12”"),
        (("evaluate", "--train", "DATA", "--text", "body", "--label", "kind"), "须同时写"),
        (("evaluate", "--folds", "3", "--text", "body", "--label", "kind"), "没有评测用的文件"),
        (("evaluate", "shipped", "ONE", "--text", "kind", "--label", "none"), "没有列"),
        (("evaluate", "ONE", "--folds", "2", "--text", "body", "--label", "kind"), "标签只有 1 种"),
    ],
)
def test_bad_input_is_one_sentence(
    words: tuple[str, ...], why: str, terminal: Terminal, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    one = tmp_path / "one.csv"
    one.write_text("body,kind\n甲,维修\n乙,维修\n", encoding="utf-8")
    before = sorted(path.name for path in tmp_path.iterdir())
    typed = [{"DATA": str(data), "ONE": str(one)}.get(word, word) for word in words]
    assert why in terminal.refused("classifier", *typed)
    assert sorted(path.name for path in tmp_path.iterdir()) == before, "nothing was written"
