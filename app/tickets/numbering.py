"""Ticket numbers 工单编号: short, readable aloud, checkable. ``GZ`` + date + daily sequence + one check digit.

At most 18 digits and letters, no Chinese: WeChat's template field ``character_string`` takes 32 at most.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date

PREFIX = "GZ"
_SHAPE = re.compile(r"(?<![0-9A-Z])GZ\s?(\d{8})[\s-]?(\d{5,7})(\d)(?!\d)", re.IGNORECASE | re.ASCII)


def compose(day: date, sequence: int) -> str:
    """The number of the ``sequence``-th ticket of a day; more than 99,999 a day make it one digit longer."""
    digits = f"{day:%Y%m%d}{sequence:05d}"
    return f"{PREFIX}{digits}{_check_digit(digits)}"


def found_in(text: str) -> list[str]:
    """Every ticket number in a text whose check digit is right, in order; blanks, small and full-width signs are forgiven."""
    return [
        f"{PREFIX}{day}{sequence}{check}"
        for day, sequence, check in _SHAPE.findall(unicodedata.normalize("NFKC", text))
        if _check_digit(day + sequence) == check
    ]


def _check_digit(digits: str) -> str:
    """Luhn: catches every single wrong digit and nearly every swap of neighbours."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return str(-total % 10)
