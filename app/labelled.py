"""Labelled texts 标注数据 from a file: CSV, JSONL or XLSX with any columns; told by name which are text and label."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from app.errors import BadFile, BadInput
from app.register.sheets import csv_lines, decoded
from app.register.workbook import MAGIC, workbook_rows

JSON_LINES = (".jsonl", ".ndjson", ".json")
OLD_WORKBOOK = b"\xd0\xcf\x11\xe0"


@dataclass(frozen=True, slots=True)
class Columns:
    """Which columns: several texts are joined; rows that say the same in ``group`` belong together."""

    text: tuple[str, ...]
    label: str
    group: str = ""

    @classmethod
    def named(cls, text: str, label: str, group: str = "") -> Columns:
        """As typed: ``title,body``. Raises BadInput when text or label is not named."""
        names = tuple(name.strip() for name in text.split(",") if name.strip())
        if not names or not label.strip():
            raise BadInput("没有写明文字列和标签列", cure="例如 --text title,body --label category")
        return cls(names, label.strip(), group.strip())

    @property
    def all(self) -> tuple[str, ...]:
        return (*self.text, self.label, *([self.group] if self.group else []))


@dataclass(slots=True)
class Labelled:
    """Texts with labels and groups, in the order of the files; rows without the one or the other are only counted."""

    texts: list[str] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)
    groups: list[str] = field(default_factory=list)
    empty_texts: int = 0
    empty_labels: int = 0

    def add(self, text: str, label: str, group: str) -> None:
        """Without a group of its own a text belongs with others of the same words."""
        if not text.strip():
            self.empty_texts += 1
        elif not label.strip():
            self.empty_labels += 1
        else:
            self.texts.append(text)
            self.labels.append(label.strip())
            self.groups.append(f"group:{group.strip()}" if group.strip() else f"text:{text.strip()}")


def read_labelled(files: Sequence[Path], columns: Columns) -> Labelled:
    """All rows of all files. Raises BadFile naming file and line for what is no table, a column that is not there, a row
    that does not fit; OSError for a file that cannot be read."""
    found = Labelled()
    for file in files:
        for row in _rows(file, columns):
            text = "\n".join(part for name in columns.text if (part := row[name].strip()))
            found.add(text, row[columns.label], row[columns.group] if columns.group else "")
    return found


def _rows(file: Path, columns: Columns) -> Iterator[dict[str, str]]:
    data = file.read_bytes()
    if data.startswith(OLD_WORKBOOK):
        raise BadFile("旧式工作簿无法读取", file=str(file), cure="用表格软件另存为 XLSX 或 CSV UTF-8")
    if file.suffix.lower() in JSON_LINES:
        return _json_rows(str(file), data, columns)
    lines = workbook_rows(str(file), data) if data.startswith(MAGIC) else csv_lines(str(file), data)
    return _table_rows(str(file), iter(lines), columns)


def _table_rows(file: str, lines: Iterator[tuple[int, list[str]]], columns: Columns) -> Iterator[dict[str, str]]:
    head = next(((line, cells) for line, cells in lines if any(cells)), None)
    if head is None:
        raise BadFile("文件是空的", file=file, cure="首行写列名")
    at = {name: _place(file, head[0], head[1], name) for name in columns.all}
    for line, cells in lines:
        if any(cells[len(head[1]) :]):
            problem = f"这一行有{len(cells)}列，首行只有{len(head[1])}列"
            raise BadFile(problem, file=file, line=line, cure="含逗号的内容请用双引号括起来")
        if any(cells):
            yield {name: cells[i] if i < len(cells) else "" for name, i in at.items()}


def _place(file: str, line: int, heads: Sequence[str], name: str) -> int:
    places = [i for i, head in enumerate(heads) if head.strip() == name]
    if len(places) != 1:
        problem = f"列“{name}”重复" if places else f"没有列“{name}”"
        has = "、".join(head for head in heads[:20] if head)
        raise BadFile(problem, file=file, line=line, cure="每列只留一次" if places else f"文件中的列：{has}")
    return places[0]


def _json_rows(file: str, data: bytes, columns: Columns) -> Iterator[dict[str, str]]:
    seen: set[str] = set()
    last = 0
    for line, said in enumerate(decoded(file, data).split("\n"), 1):
        if not said.strip():
            continue
        row, last = _object(file, line, said), line
        seen.update(row)
        yield {name: _cell(file, line, name, row.get(name)) for name in columns.all}
    missing = [name for name in columns.all if name not in seen]
    if missing:
        has = "、".join(sorted(seen)[:20]) or "无"
        raise BadFile(f"没有一行有“{missing[0]}”", file=file, line=last or None, cure=f"各行中的字段：{has}")


def _object(file: str, line: int, said: str) -> dict[str, object]:
    try:
        row = json.loads(said)
    except (ValueError, RecursionError):
        raise BadFile("不是 JSON", file=file, line=line, cure="每行一个 JSON 对象") from None
    if not isinstance(row, dict):
        raise BadFile("不是一个 JSON 对象", file=file, line=line, cure="每行一个 JSON 对象")
    return row


def _cell(file: str, line: int, name: str, value: object) -> str:
    if isinstance(value, list | dict):
        raise BadFile(f"“{name}”不是文字", file=file, line=line, cure="写成一个字符串")
    return "" if value is None else str(value)
