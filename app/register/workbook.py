"""The first sheet of an XLSX workbook as rows of words: what a spreadsheet program saves when nobody says CSV."""

from __future__ import annotations

import io
import zipfile
from datetime import date, datetime

from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from app.errors import BadFile

MAGIC = b"PK\x03\x04"
MOST_BYTES = 50_000_000  # unpacked: a small file may unfold into all of the memory


def workbook_rows(file: str, data: bytes) -> list[tuple[int, list[str]]]:
    """Row number and cells of every row of the first sheet. Raises BadFile for what is not a workbook."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as unpacked:
            if sum(member.file_size for member in unpacked.infolist()) > MOST_BYTES:
                raise BadFile("工作簿太大", file=file, cure="拆成几个文件，或另存为 CSV UTF-8")
        book = load_workbook(io.BytesIO(data), read_only=True, data_only=True)
        return [(at, [_words(cell) for cell in row]) for at, row in enumerate(book.worksheets[0].iter_rows(values_only=True), 1)]
    except (zipfile.BadZipFile, InvalidFileException, SyntaxError, KeyError, ValueError, IndexError) as broken:
        # SyntaxError: what the XML parser raises for broken markup
        raise BadFile("工作簿无法读取", file=file, cure="用表格软件重新另存为 XLSX 或 CSV UTF-8") from broken


def _words(cell: object) -> str:
    """A cell as a person reads it: whole numbers without a point, days without a time."""
    if cell is None:
        return ""
    if isinstance(cell, datetime) and cell.time() == datetime.min.time():
        return cell.date().isoformat()
    if isinstance(cell, date):
        return cell.isoformat()
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell).strip()
