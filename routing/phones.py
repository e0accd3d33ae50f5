"""Telephone numbers in a message: mobile and land lines, written or spoken; identity numbers are left alone."""

from __future__ import annotations

import re
import unicodedata
from datetime import date

_SPOKEN = str.maketrans("零〇一二三四五六七八九幺两", "0012345678912")
_SPOKEN_RUN = re.compile(r"[零〇一二三四五六七八九幺两](?:[\s,,、-]?[零〇一二三四五六七八九幺两\d]){6,}")
_IDENTITY = re.compile(r"(?<!\d)\d{6}[\s-]?(?:19|20)\d{2}[\s-]?\d{4}[\s-]?\d{3}[\dxX](?![\da-zA-Z])")
_MOBILE = re.compile(r"(?<![\da-zA-Z-])(?:\+?86[-\s]?)?(1[3-9]\d)[-\s—]?(\d{4})[-\s—]?(\d{4})(?!\d)")
_LANDLINE = re.compile(r"(?<![\da-zA-Z])\(?(0(?:10|2\d|[3-9]\d{2}))\)?[-\s—]{0,2}([2-9]\d{2,3})[-\s]?(\d{4})(?![\d])")
_FREE = re.compile(r"(?<![\da-zA-Z-])([48]00)[-\s—]?(\d{3,4})[-\s—]?(\d{3,4})(?!\d)")
_LOCAL = re.compile(r"(?:电话|座机|号码|联系方式|打)[是为:：\s]{0,3}([2-9]\d{6,7})(?!\d)")
_REPEATED = re.compile(
    r"(?<=\d)[\s,,、]{0,2}(?:后面|后边|然后|最后|末尾)?(?:是|跟)?([2-8二两三四五六七八])个([0-9零〇一幺二两三四五六七八九])(?![\d\u4e00-\u9fff]?[月年号元])"
)
_COUNT = {
    letter: n for n, letters in enumerate(("", "", "2二两", "3三", "4四", "5五", "6六", "7七", "8八")) for letter in letters
}
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def valid_identity(number: str) -> bool:
    """Whether 18 signs carry the right check sign (GB 11643, ISO 7064 MOD 11-2)."""
    if len(number) != 18 or not number[:17].isdigit():
        return False
    total = sum(int(digit) * weight for digit, weight in zip(number, _WEIGHTS, strict=False))
    return "10X98765432"[total % 11] == number[17].upper()


def find_identities(text: str) -> tuple[str, ...]:
    """Identity numbers 公民身份号码 that stand in the text: 18 signs, a date of birth that exists, the right check sign."""
    found = (re.sub(r"[\s-]", "", match.group()).upper() for match in _IDENTITY.finditer(unicodedata.normalize("NFKC", text)))
    return tuple(dict.fromkeys(number for number in found if valid_identity(number) and _born(number)))


def _born(number: str) -> bool:
    try:
        date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return False
    return True


def find_phones(text: str) -> tuple[str, ...]:
    """Numbers in the order they stand, each once: mobiles as 11 digits, land lines as 0571-55501234, 400-820-8820 as 4008208820.

    A number inside an identity number is not a telephone; a number read aloud (幺三八…, 后面四个八) is.
    """
    text = unicodedata.normalize("NFKC", text)
    text = _SPOKEN_RUN.sub(lambda m: re.sub(r"[\s,,、-]", "", m.group()).translate(_SPOKEN), text)
    text = _REPEATED.sub(lambda m: m[2].translate(_SPOKEN) * _COUNT[m[1]], text)
    text = _IDENTITY.sub(_blank_identity, text)
    found: list[tuple[int, str]] = []
    for pattern in (_MOBILE, _FREE):
        for match in pattern.finditer(text):
            number = "".join(match.groups())
            if pattern is _MOBILE or len(number) == 10:
                found.append((match.start(), number))
    for match in _LANDLINE.finditer(text):
        found.append((match.start(), f"{match[1]}-{match[2]}{match[3]}"))
    for match in _LOCAL.finditer(text):
        found.append((match.start(1), match[1]))
    return tuple(dict.fromkeys(number for _, number in sorted(found)))


def _blank_identity(match: re.Match[str]) -> str:
    number = re.sub(r"[\s-]", "", match.group())
    return " " * len(match.group()) if valid_identity(number) else match.group()
