"""Aligned tables for terminals, where a Chinese character is two columns wide."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence


def width(text: str) -> int:
    """Terminal columns: two for wide and full-width characters, none for combining ones, one for all others."""
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def aligned(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """The lines of a table: the heads, a rule, the rows; the last column is not padded."""
    widths = [max(width(line[i]) for line in (heads, *rows)) for i in range(len(heads))]
    rule = ["-" * wide for wide in widths]
    return ["  ".join(cell + " " * (wide - width(cell)) for cell, wide in zip(line, widths, strict=True)).rstrip()
            for line in (heads, rule, *rows)]  # fmt: skip
