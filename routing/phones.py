"""Telephone numbers in a message: mobile and land lines, written or spoken; identity numbers are left alone."""

from __future__ import annotations

import re

_SPOKEN = str.maketrans("零〇一二三四五六七八九幺两", "0012345678912")
_SPOKEN_RUN = re.compile(r"[零〇一二三四五六七八九幺两](?:[\s,,、-]?[零〇一二三四五六七八九幺两\d]){6,}")
_IDENTITY = re.compile(r"(?<!\d)\d{6}\s?(?:19|20)\d{2}\s?\d{4}\s?\d{3}[\dxX](?!\d)")
_MOBILE = re.compile(r"(?<![\d-])(?:\+?86[-\s]?)?(1[3-9]\d)[-\s]?(\d{4})[-\s]?(\d{4})(?!\d)")
_LANDLINE = re.compile(r"(?<!\d)\(?(0(?:10|2\d|[3-9]\d{2}))\)?[-\s]?([2-9]\d{6,7})(?![\d])")
_LOCAL = re.compile(r"(?:电话|座机|号码|联系方式|打)[是为:：\s]{0,3}([2-9]\d{6,7})(?!\d)")
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def valid_identity(number: str) -> bool:
    """Whether 18 signs carry the right check sign (GB 11643, ISO 7064 MOD 11-2)."""
    if len(number) != 18 or not number[:17].isdigit():
        return False
    total = sum(int(digit) * weight for digit, weight in zip(number, _WEIGHTS, strict=False))
    return "10X98765432"[total % 11] == number[17].upper()


def find_phones(text: str) -> tuple[str, ...]:
    """Numbers in the order they stand, each once: mobiles as 11 digits, land lines as 0571-55501234.

    A number inside an identity number is not a telephone; a number read aloud (幺三八…) is.
    """
    text = _SPOKEN_RUN.sub(lambda m: re.sub(r"[\s,,、-]", "", m.group()).translate(_SPOKEN), text)
    text = _IDENTITY.sub(_blank_identity, text)
    found: list[tuple[int, str]] = []
    for match in _MOBILE.finditer(text):
        found.append((match.start(), "".join(match.groups())))
    for match in _LANDLINE.finditer(text):
        found.append((match.start(), f"{match[1]}-{match[2]}"))
    for match in _LOCAL.finditer(text):
        found.append((match.start(1), match[1]))
    return tuple(dict.fromkeys(number for _, number in sorted(found)))


def _blank_identity(match: re.Match[str]) -> str:
    number = re.sub(r"\s", "", match.group())
    return " " * len(match.group()) if valid_identity(number) else match.group()
