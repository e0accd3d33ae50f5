"""Labelled texts out of real files: every kind and encoding gives the same rows, and what is wrong is named with its line."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from openpyxl import Workbook

from app.errors import BadFile, BadInput
from app.labelled import Columns, read_labelled

HEADS = ("编号", "标题", "正文", "类别", "同组")
ROWS = (
    ("1", "灯不亮", "二楼过道\n晚上摸黑", "维修", "甲"),
    ("2", "", "门关不上，“吱呀”响", "维修", ""),
    ("3", "租金扣错了", "", "租金", "甲"),
    ("4", "", "", "租金", ""),
    ("5", "没有类别的", "一行", "", ""),
)
COLUMNS = Columns.named("标题,正文", "类别", "同组")


def as_csv(path: Path, encoding: str = "utf-8", delimiter: str = ",") -> Path:
    lines = (delimiter.join(f'"{cell}"' for cell in row) for row in (HEADS, *ROWS))
    path.write_bytes("\r\n".join((*lines, "")).encode(encoding))
    return path


def as_jsonl(path: Path, encoding: str = "utf-8") -> Path:
    said = [json.dumps({k: v or None for k, v in zip(HEADS, row, strict=True)}, ensure_ascii=False) for row in ROWS]
    path.write_bytes("\n".join((said[0], "", *said[1:])).encode(encoding))
    return path


def as_xlsx(path: Path) -> Path:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (HEADS, *ROWS):
        sheet.append([cell or None for cell in row])
    book.save(path)
    return path


WAYS: dict[str, Callable[[Path], Path]] = {
    "utf8.csv": as_csv,
    "bom.csv": lambda path: as_csv(path, "utf-8-sig"),
    "gb.csv": lambda path: as_csv(path, "gb18030"),
    "tabs.tsv": lambda path: as_csv(path, "utf-16", "\t"),
    "lines.jsonl": as_jsonl,
    "gb.jsonl": lambda path: as_jsonl(path, "gb18030"),
    "book.xlsx": as_xlsx,
}


@pytest.mark.parametrize("name", WAYS)
def test_every_kind_of_file_says_the_same(name: str, tmp_path: Path) -> None:
    found = read_labelled([WAYS[name](tmp_path / name)], COLUMNS)
    assert found.texts == ["灯不亮\n二楼过道\n晚上摸黑", "门关不上，“吱呀”响", "租金扣错了"]
    assert found.labels == ["维修", "维修", "租金"]
    assert (found.empty_texts, found.empty_labels) == (1, 1)
    assert found.groups[0] == found.groups[2] != found.groups[1]


def test_several_files_are_one(tmp_path: Path) -> None:
    found = read_labelled([as_csv(tmp_path / "a.csv"), as_jsonl(tmp_path / "b.jsonl")], COLUMNS)
    assert len(found.texts) == 6 and found.texts[:3] == found.texts[3:]
    assert found.groups[1] == found.groups[4], "the same words belong together without a group"


BAD = [
    ("empty.csv", "", None, "空的"),
    ("heads.csv", "标题,正文,同组\n灯,亮,\n", 1, "没有列“类别”"),
    ("twice.csv", "标题,正文,类别,类别,同组\n", 1, "列“类别”重复"),
    ("wide.csv", "标题,正文,类别,同组\n灯,亮,维修,甲\n灯,亮,维修,甲,多\n", 3, "这一行有5列"),
    ("quote.csv", '标题,正文,类别,同组\n"灯"亮,x,维修,甲\n', 2, "引号或分隔符有误"),
    ("bad.jsonl", '{"标题":"灯","正文":"","类别":"维修","同组":""}\n{"标题":\n', 2, "不是 JSON"),
    ("list.jsonl", "[1]\n", 1, "不是一个 JSON 对象"),
    ("deep.jsonl", '{"标题":["灯"],"正文":"","类别":"维修","同组":""}\n', 1, "“标题”不是文字"),
    ("fields.jsonl", '{"标题":"灯","正文":"","同组":""}\n', 1, "没有一行有“类别”"),
    ("empty.jsonl", "\n", None, "没有一行有“标题”"),
    ("broken.xlsx", "PK\x03\x04 nothing", None, "工作簿无法读取"),
]


@pytest.mark.parametrize(("name", "content", "line", "why"), BAD)
def test_what_is_wrong_is_named_with_file_and_line(name: str, content: str, line: int | None, why: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(content, encoding="utf-8")
    with pytest.raises(BadFile) as refused:
        read_labelled([tmp_path / name], COLUMNS)
    assert why in str(refused.value) and name in str(refused.value) and refused.value.line == line
    assert refused.value.cure


def test_an_old_workbook_is_named_as_one(tmp_path: Path) -> None:
    (tmp_path / "old.xls").write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1")
    with pytest.raises(BadFile, match="XLSX"):
        read_labelled([tmp_path / "old.xls"], COLUMNS)


@pytest.mark.parametrize(("text", "label"), [("", "类别"), (" , ", "类别"), ("正文", "")])
def test_text_and_label_must_be_named(text: str, label: str) -> None:
    with pytest.raises(BadInput, match="--text"):
        Columns.named(text, label)
