"""Rows out of a spreadsheet: which columns a sheet has, how they may be headed, and what is wrong on which line."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from app.errors import BadFile, BadInput
from app.register.workbook import MAGIC, workbook_rows

LISTED = 20  # problems named one by one; the rest are counted
REMARKS = frozenset({"备注", "说明", "note", "remarks", "序号"})  # columns of no concern to us


@dataclass(frozen=True, slots=True)
class Column:
    """``field`` is our name for it; ``heads`` are the headers it may have, the Chinese one first."""

    field: str
    heads: tuple[str, ...]
    required: bool = False
    most: int = 200  # characters the register has room for

    @property
    def label(self) -> str:
        return self.heads[0]


@dataclass(frozen=True, slots=True)
class Sheet:
    """One kind of spreadsheet. ``key`` is the column by which a row is known again."""

    name: str
    key: str
    columns: tuple[Column, ...]

    def label(self, name: str) -> str:
        return next(column.label for column in self.columns if column.field == name)


@dataclass(frozen=True, slots=True)
class Row:
    """One line: the cells by field, stripped; a column the file does not have is not among them."""

    line: int
    cells: Mapping[str, str]

    def __getitem__(self, name: str) -> str:
        return self.cells.get(name, "")


@dataclass(frozen=True, slots=True)
class Problem:
    line: int | None
    message: str
    cure: str

    def said(self, file: str) -> str:
        where = file if self.line is None else f"{file} 第{self.line}行"
        return f"{where}：{self.message}（{self.cure}）"


class BadSheet(BadFile):
    """Everything that is wrong with one spreadsheet, line by line; nothing of it was taken over."""

    def __init__(self, file: str, problems: Sequence[Problem]) -> None:
        first = problems[0]
        super().__init__(first.message, file=file, line=first.line, cure=first.cure)
        self.problems = tuple(problems)

    def __str__(self) -> str:
        said = [problem.said(self.file) for problem in self.problems[:LISTED]]
        rest = len(self.problems) - LISTED
        return "\n".join([*said, f"另有{rest}处问题未列出，请先改正以上各处"] if rest > 0 else said)


@dataclass(slots=True)
class Problems:
    """Collects what is wrong, so that people mend a file once and not twenty times."""

    file: str
    found: list[Problem] = field(default_factory=list)

    def add(self, line: int | None, message: str, cure: str) -> None:
        self.found.append(Problem(line, message, cure))

    def add_refusal(self, line: int, refusal: BadInput) -> None:
        self.found.append(Problem(line, refusal.message, refusal.cure or "改正后重新导入"))

    def settle(self) -> None:
        """Raises BadSheet if anything is wrong."""
        if self.found:
            raise BadSheet(self.file, sorted(self.found, key=lambda problem: problem.line or 0))


def read_rows(sheet: Sheet, file: str, data: bytes, problems: Problems) -> list[Row]:
    """The rows of a CSV (UTF-8, GB18030, UTF-16 with BOM) or XLSX file; blank lines are passed over.

    What is wrong with single cells goes into ``problems``. Raises BadFile where no row can be told: an unknown encoding, no
    header, a header column missing or unknown.
    """
    lines = workbook_rows(file, data) if data.startswith(MAGIC) else list(csv_lines(file, data))
    lines = [(line, cells) for line, cells in lines if any(cells)]
    if not lines:
        raise BadFile("文件是空的", file=file, cure="首行写列名：" + "、".join(c.label for c in sheet.columns))
    head_line, heads = lines[0]
    fields = _fields(sheet, file, head_line, heads)
    rows = [_row(sheet, fields, line, cells, problems) for line, cells in lines[1:]]
    _check_repeats(sheet, rows, problems)
    return rows


def decoded(file: str, data: bytes) -> str:
    """The text of a file in UTF-8, GB18030, or UTF-16 with a BOM. Raises BadFile naming the line where it is none of them."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        codecs: tuple[str, ...] = ("utf-16",)
    else:
        codecs = ("utf-8-sig", "gb18030")
    for codec in codecs:
        try:
            return data.decode(codec)
        except UnicodeDecodeError as wrong:
            line = data[: wrong.start].count(b"\n") + 1
    raise BadFile("编码无法识别", file=file, line=line, cure="用表格软件另存为“CSV UTF-8”")


def csv_lines(file: str, data: bytes) -> Iterator[tuple[int, list[str]]]:
    """The line number and the cells, stripped, of every row; commas or tabs between them. Raises BadFile with the line."""
    text = decoded(file, data)
    tabs = "\t" in text.partition("\n")[0]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter="\t" if tabs else ",", strict=True)
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader, None)
        except csv.Error as wrong:
            raise BadFile("引号或分隔符有误，无法分列", file=file, line=line, cure="核对这一行的引号是否成对") from wrong
        if cells is None:
            return
        yield line, [cell.strip().strip("\ufeff\u200b") for cell in cells]


def _fields(sheet: Sheet, file: str, line: int, heads: Sequence[str]) -> list[str]:
    """Our field for each column of the file; "" for remarks."""
    known = {head.lower(): column.field for column in sheet.columns for head in column.heads}
    fields: list[str] = []
    for head in heads:
        word = head.strip().rstrip("*＊").strip().lower()
        if word and word not in known and word not in REMARKS:
            allowed = "、".join(column.label for column in sheet.columns)
            cure = f"{sheet.name}表可用的列：{allowed}；其他内容放在“备注”列"
            raise BadFile(f"不认识的列“{head}”", file=file, line=line, cure=cure)
        if known.get(word, "") in fields and word in known:
            raise BadFile(f"列“{head}”重复", file=file, line=line, cure="每列只留一次")
        fields.append(known.get(word, ""))
    missing = [column.label for column in sheet.columns if column.required and column.field not in fields]
    if missing:
        raise BadFile(f"缺少列“{'”“'.join(missing)}”", file=file, line=line, cure=f"在首行补上{'、'.join(missing)}")
    return fields


def _row(sheet: Sheet, fields: Sequence[str], line: int, cells: Sequence[str], problems: Problems) -> Row:
    if any(cells[len(fields) :]):
        problems.add(line, f"这一行有{len(cells)}列，首行只有{len(fields)}列", "含逗号的内容请用双引号括起来")
    padded = [*cells, *[""] * (len(fields) - len(cells))]
    named = {name: cell.strip() for name, cell in zip(fields, padded, strict=False) if name}
    for column in sheet.columns:
        cell = named.get(column.field, "")
        if column.required and not cell:
            problems.add(line, f"{column.label}是空的", f"填写{column.label}")
        if len(cell) > column.most:
            problems.add(line, f"{column.label}超过{column.most}个字", "缩短后再导入")
    return Row(line, named)


def _check_repeats(sheet: Sheet, rows: Sequence[Row], problems: Problems) -> None:
    first: dict[str, int] = {}
    for row in rows:
        key = row[sheet.key]
        if key and first.setdefault(key, row.line) != row.line:
            problems.add(row.line, f"{sheet.label(sheet.key)}“{key}”与第{first[key]}行重复", "同一文件中只留一行")
