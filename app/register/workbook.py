"""The first sheet of an XLSX workbook as rows of words: what a spreadsheet program saves when nobody says CSV."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from xml.etree import ElementTree

from app.errors import BadFile

MAGIC = b"PK\x03\x04"
MOST_BYTES = 50_000_000  # unpacked: a small file may unfold into all of the memory
MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
LINK = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"


def workbook_rows(file: str, data: bytes) -> list[tuple[int, list[str]]]:
    """Row number and cells of every row of the first sheet. Raises BadFile for what is not a workbook."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as book:
            if sum(member.file_size for member in book.infolist()) > MOST_BYTES:
                raise BadFile("工作簿太大", file=file, cure="拆成几个文件，或另存为 CSV UTF-8")
            return list(_rows(book))
    except (zipfile.BadZipFile, ElementTree.ParseError, KeyError, ValueError, IndexError) as broken:
        raise BadFile("工作簿无法读取", file=file, cure="用表格软件重新另存为 XLSX 或 CSV UTF-8") from broken


def _rows(book: zipfile.ZipFile) -> Iterator[tuple[int, list[str]]]:
    shared = _shared_words(book)
    sheet = ElementTree.fromstring(book.read(_first_sheet(book)))
    for at, row in enumerate(sheet.iter(f"{MAIN}row"), start=1):
        cells: list[str] = []
        for cell in row.iter(f"{MAIN}c"):
            column = _column(cell.get("r", ""), len(cells))
            cells += [""] * (column - len(cells))
            cells.append(_words(cell, shared))
        yield int(row.get("r", at)), cells


def _first_sheet(book: zipfile.ZipFile) -> str:
    sheet = ElementTree.fromstring(book.read("xl/workbook.xml")).find(f"{MAIN}sheets/{MAIN}sheet")
    if sheet is None:
        raise ValueError("a workbook without sheets")
    for link in ElementTree.fromstring(book.read("xl/_rels/workbook.xml.rels")):
        if link.get("Id") == sheet.get(LINK):
            target = link.get("Target", "")
            return target.lstrip("/") if target.startswith("/") else f"xl/{target}"
    raise ValueError("a sheet nobody links to")


def _shared_words(book: zipfile.ZipFile) -> list[str]:
    if "xl/sharedStrings.xml" not in book.namelist():
        return []
    return [_text(item) for item in ElementTree.fromstring(book.read("xl/sharedStrings.xml")).iter(f"{MAIN}si")]


def _text(item: ElementTree.Element) -> str:
    return "".join(run.text or "" for run in item.iter(f"{MAIN}t"))


def _column(reference: str, following: int) -> int:
    letters = re.match(r"[A-Z]{1,3}", reference)
    if letters is None:
        return following
    number = 0
    for letter in letters[0]:
        number = number * 26 + ord(letter) - ord("A") + 1
    return max(number - 1, following)


def _words(cell: ElementTree.Element, shared: list[str]) -> str:
    kind = cell.get("t", "n")
    if kind == "inlineStr":
        return _text(cell)
    value = cell.findtext(f"{MAIN}v", "")
    if kind == "s":
        return shared[int(value)]
    return value.removesuffix(".0") if kind == "n" else value
