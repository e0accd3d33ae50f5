"""Free addresses 地址: the most specific contiguous naming of road, estate, building and unit in a text, register or none.

1 pieces   every suffix (路, 小区, 栋 …) with the name before it, which begins where other words end
2 chains   pieces that touch
3 worth    the chain that says most; of equals the first
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from routing.address_words import GENERIC, HARD_STOPS, INSIDE, LINKS, LONGEST_STOP, NO_ROAD, OFFICE, PIECE, STOPS

LONGEST_NAME = 10  # letters before a suffix that may be a name
LONGEST_TEXT = 20_000  # letters of a message that are searched: what it is about stands early
_WORTH = {
    **{"admin": 0.4, "road": 2.0, "crossing": 1.0, "hall": 2.0, "village": 1.7, "scheme": 1.7, "strong": 2.6, "weak": 2.0},
    **{"institution": 1.7, "phase": 1.0, "house": 2.5, "unit": 1.5, "level": 1.0, "flat": 1.5, "dashed": 2.5, "bare": 1.5},
}
_NAMED = frozenset(("road", "village", "scheme", "strong", "weak", "institution", "admin"))  # they need a name before them
_HOMES = frozenset(("house", "dashed"))  # what stands before them is a name, with or without a suffix
_PLACES = _NAMED - {"admin"}
_MORE_OF_IT = 0.6  # 花园 + 小区: the second suffix of one name
_OPENS = 0.4  # for a name at the head of a clause or behind 在, 住, 位于
_ENOUGH = 2.0
_FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20}
_EITHER = frozenset("向望盼来有至与此因对为")  # at the head of a clause they open a name as often as they are words
_BUS = re.compile(r"[^\d]?\d+")
_OPENING = re.compile(r"(?:^|[\s,。;:!?、(（“\"/]|[是在住于到]|反映|投诉|举报|关于|来自|地址|地点)$")


@dataclass(frozen=True, slots=True)
class _Piece:
    """One part of an address: where its name begins, where its suffix ends, what it is."""

    kind: str
    start: int
    end: int
    worth: float


def find_address(text: str) -> str | None:
    """The words of the text that name a place most closely, as they stand there; None when at most a city, a district, a town
    or a street office is named. Time grows with the length of the text, of which 20,000 letters are read."""
    flat = text[:LONGEST_TEXT].translate(_FULL_WIDTH)
    best: tuple[float, int, int] | None = None
    for chain in _chains(flat, _pieces(flat)):
        worth = _worth(flat, chain)
        if worth >= _ENOUGH and (best is None or worth > best[0]):
            best = (worth, chain[0].start, chain[-1].end)
    return text[best[1] : best[2]].strip() if best else None


def _pieces(text: str) -> list[_Piece]:
    """Every part that may belong to an address, left to right, without overlap."""
    pieces: list[_Piece] = []
    behind = 0  # the end of what was read last: a name cannot reach back over it
    for match in PIECE.finditer(text):
        kind = match.lastgroup or ""
        start, end = match.span()
        if kind == "no":
            behind = end
            continue
        last = pieces[-1] if pieces and pieces[-1].end == behind else None
        piece = _named(text, kind, start, end, behind, last) if kind in _NAMED else _Piece(kind, start, end, _WORTH[kind])
        if piece is not None:
            if kind in _HOMES and piece.start > behind:
                pieces.extend(_unmarked(text, piece.start, behind, last))
            pieces.append(piece)
            behind = end
    return pieces


def _named(text: str, kind: str, start: int, end: int, behind: int, last: _Piece | None) -> _Piece | None:
    """The piece whose suffix stands at ``start``; None when no name stands before it."""
    if kind == "admin" and text[start].isascii():
        return _Piece(kind, start, end, _WORTH[kind])
    begin = _name_start(text, start, behind, last)
    name = text[begin:start]
    touches = last is not None and last.end == begin
    if touches and kind != "admin" and last is not None:
        if last.kind in _PLACES and (not name or GENERIC.fullmatch(name)):
            return _Piece(kind, begin, end, _MORE_OF_IT)
        if not name and kind in ("road", "institution"):
            return _Piece(kind, begin, end, _WORTH[kind])
    least = 2 if kind in ("weak", "institution", "scheme") and not touches else 1
    sort = NO_ROAD if kind == "road" else GENERIC
    if len(name) < least or sort.fullmatch(name) or (kind == "road" and _BUS.fullmatch(name)):
        return None
    return _Piece(kind, begin, end, _WORTH[kind])


def _unmarked(text: str, at: int, behind: int, last: _Piece | None) -> list[_Piece]:
    """A name without a suffix before a building: 云汀雅集3栋."""
    begin = _name_start(text, at, behind, last)
    name = text[begin:at]
    if len(name) < 2 or GENERIC.fullmatch(name) or name[-1] in "第共有约":
        return []
    return [_Piece("weak", begin, at, _WORTH["weak"])]


def _name_start(text: str, at: int, behind: int, last: _Piece | None) -> int:
    """Where the name before ``at`` begins: as far left as letters go that no other word has claimed."""
    if last is not None and 1 < at - behind <= 6 and last.kind in ("road", "hall", "admin", "village"):
        gap = text[behind:at]
        if gap.isalnum() and HARD_STOPS.isdisjoint(gap) and not any(gap[i : i + 2] in STOPS for i in range(len(gap) - 1)):
            return behind
    start = at
    lowest = max(behind, at - LONGEST_NAME)
    while start > lowest and (text[start - 1].isalnum() or text[start - 1] in "·."):
        length = _stop_before(text, start, behind)
        if length:
            return start - length if start == at and length == 2 and text[at] in "路街大巷" else start
        start -= 1
    return start


def _stop_before(text: str, at: int, behind: int) -> int:
    """The length of the word right before ``at`` that no name holds; 0 for none."""
    for length in range(min(LONGEST_STOP, at - behind), 0, -1):
        if text[at - length : at] in STOPS:
            if length == 1 and (text[at - 1 : at + 1] in INSIDE or text[max(at - 2, 0) : at] in INSIDE):
                return 0
            if length == 1 and text[at - 1] in _EITHER and (at - 1 == behind or not text[at - 2].isalnum()):
                return 0
            return length
    return 0


def _chains(text: str, pieces: list[_Piece]) -> list[list[_Piece]]:
    """Pieces that touch, or are linked by 的, 旁边的, or a blank before a number."""
    chains: list[list[_Piece]] = []
    for piece in pieces:
        if chains and _touch(text, chains[-1][-1], piece):
            chains[-1].append(piece)
        elif piece.kind != "bare":
            chains.append([piece])
    return chains


def _touch(text: str, left: _Piece, right: _Piece) -> bool:
    gap = text[left.end : right.start]
    if right.kind == "bare":
        return gap in ("", " ") and left.kind in ("house", "unit", "level", "dashed")
    if not gap:
        return True
    if right.kind not in _NAMED:
        return gap in (" ", "的", ",", "-") and right.kind not in ("hall", "phase")
    return len(gap) <= 8 and left.kind != "admin" and right.kind != "admin" and LINKS.fullmatch(gap) is not None


def _worth(text: str, chain: list[_Piece]) -> float:
    kinds = {piece.kind for piece in chain}
    if kinds.isdisjoint(_PLACES) or (kinds <= _NAMED and OFFICE.match(text, chain[-1].end)):
        return 0.0
    worth = sum(piece.worth for piece in chain if piece.kind != "admin")
    if chain[0].kind == "admin" or _OPENING.search(text[max(0, chain[0].start - 2) : chain[0].start]):
        worth += _OPENS
    return worth - chain[0].start / 2000
