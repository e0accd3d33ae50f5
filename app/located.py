"""TOML read so that every mistake in it can be named by file, line and cure: for whatever people keep in hand-written files."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

from app.errors import BadFile

T = TypeVar("T")
Place = tuple[str | int, ...]  # ("ladders", "emergency", 0, "when")
_KINDS: Mapping[type, str] = {
    str: "带引号的文字",
    int: "整数",
    bool: " true 或 false",
    list: "方括号括起的列表",
    dict: "一组项",
    date: "日期，如 2026-01-01",
}
_HEADER = re.compile(r"\s*(\[{1,2})\s*([^\[\]]+?)\s*\]{1,2}\s*(?:#.*)?")
_KEY = re.compile(r'\s*([A-Za-z0-9_-]+|"[^"]*")\s*=')
_AT_LINE = re.compile(r"at line (\d+)")


@dataclass(frozen=True, slots=True)
class Source:
    """A parsed file and the line of every key in it."""

    name: str
    raw: Mapping[str, Any]
    lines: Mapping[Place, int]

    def bad(self, place: Place, message: str, cure: str) -> BadFile:
        """The error for the thing at ``place``, at the line of the nearest thing around it that has one."""
        while place and place not in self.lines:
            place = place[:-1]
        return BadFile(message, file=self.name, line=self.lines.get(place, 1), cure=cure)


def read_source(home: Path, name: str) -> Source:
    """Reads and parses one file of the directory ``home``; errors call it ``name``."""
    try:
        text = (home / name).read_bytes().decode("utf-8")
    except FileNotFoundError as wrong:
        raise BadFile("缺少这个文件", file=name, cure="参照随附的示例补上") from wrong
    except UnicodeDecodeError as wrong:
        line = wrong.object[: wrong.start].count(b"\n") + 1
        raise BadFile("不是 UTF-8 编码", file=name, line=line, cure="用 UTF-8 重新保存") from wrong
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as wrong:
        raise _not_toml(wrong, name, text) from wrong
    return Source(name, raw, dict(_lines(text)))


def _not_toml(wrong: tomllib.TOMLDecodeError, name: str, text: str) -> BadFile:
    found = _AT_LINE.search(str(wrong))
    line = int(found[1]) if found else max(1, len(text.splitlines()))
    if "twice" in str(wrong) or "overwrite" in str(wrong):
        return BadFile("这一项重复了", file=name, line=line, cure="删去一处，或改用另一个编号")
    return BadFile(f"不是有效的 TOML：{wrong}", file=name, line=line, cure="检查引号、括号和等号是否成对")


def _lines(text: str) -> Iterator[tuple[Place, int]]:
    """Where each header and each key of a TOML text stands. Keys inside a value on several lines share its first line."""
    here: Place = ()
    counts: dict[Place, int] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if header := _HEADER.fullmatch(line):
            here = tuple(part.strip().strip('"') for part in header[2].split("."))
            if header[1] == "[[":
                yield here, number
                counts[here] = counts.get(here, -1) + 1
                here = (*here, counts[here])
            yield here, number
        elif key := _KEY.match(line):
            yield (*here, key[1].strip('"')), number


@dataclass(frozen=True, slots=True)
class Table:
    """One table of a file, read key by key; each reader raises BadFile at the key's line."""

    source: Source
    place: Place
    raw: Mapping[str, Any]

    def bad(self, key: str | None, message: str, cure: str) -> BadFile:
        return self.source.bad(self.place if key is None else (*self.place, key), message, cure)

    def only(self, *known: str) -> None:
        for key in self.raw:
            if key not in known:
                raise self.bad(key, f"不认识的项“{key}”", f"此处可写：{'、'.join(known)}")

    def get(self, key: str, kind: type[T]) -> T:
        if key not in self.raw:
            raise self.bad(None, f"缺少“{key}”", f"补上 {key} = …")
        value = self.raw[key]
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise self.bad(key, f"“{key}”的写法不对", f"应为{_KINDS.get(kind, kind.__name__)}")
        return value

    def text(self, key: str, default: str | None = None) -> str:
        value = default if default is not None and key not in self.raw else self.get(key, str)
        if not value.strip() and default is None:
            raise self.bad(key, f"“{key}”是空的", "写明内容")
        return value

    def flag(self, key: str, default: bool) -> bool:
        return self.get(key, bool) if key in self.raw else default

    def one_of(self, key: str, known: Iterable[str], default: str | None = None) -> str:
        value = self.text(key, default)
        if value not in known:
            raise self.bad(key, f"“{key}”不能是“{value}”", f"可选：{'、'.join(known)}")
        return value

    def some_of(self, key: str, known: Iterable[str], default: Iterable[str] | None = None) -> tuple[str, ...]:
        if key not in self.raw and default is not None:
            return tuple(default)
        values = self.get(key, list)
        for value in values:
            if value not in known:
                raise self.bad(key, f"“{key}”中不能有“{value}”", f"可选：{'、'.join(known)}")
        return tuple(values)

    def read(self, key: str, reader: Callable[[Any], T], cure: str) -> T:
        if key not in self.raw:
            raise self.bad(None, f"缺少“{key}”", f"补上 {key} = …")
        try:
            return reader(self.raw[key])
        except (ValueError, TypeError) as wrong:
            raise self.bad(key, str(wrong), cure) from wrong

    def tables(self, key: str) -> tuple[Table, ...]:
        """The entries of ``[[key]]``, in order."""
        places = [(*self.place, key, number) for number in range(len(self.get(key, list)))]
        for place, raw in zip(places, self.raw[key], strict=True):
            if not isinstance(raw, dict):
                raise self.source.bad(place, f"“{key}”的写法不对", f"每一项写在一个 [[{key}]] 之下")
        return tuple(Table(self.source, place, raw) for place, raw in zip(places, self.raw[key], strict=True))

    def table(self, key: str) -> Table:
        return Table(self.source, (*self.place, key), self.get(key, dict))


def whole(source: Source) -> Table:
    """All of a file, as a table."""
    return Table(source, (), source.raw)
