"""Pauses as people give them, brought into order on the line of absolute time."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sla.budget import CalendarError
from sla.days import ticks

Pause = tuple[datetime, datetime]  # from, to
Span = tuple[int, int]  # from, to, in ticks


def joined(pauses: Iterable[Pause], start: int) -> list[Span]:
    """Pauses in order, overlaps made one, nothing before ``start``. Raises CalendarError for one that ends before it begins."""
    found: list[Span] = []
    for begin, finish in sorted((ticks(begin), ticks(finish)) for begin, finish in pauses):
        if finish < begin:
            raise CalendarError("暂停的终点早于起点")
        if found and begin <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], finish))
        elif finish > start:
            found.append((max(begin, start), finish))
    return found


def without(pieces: Iterable[Span], pauses: Iterable[Span]) -> list[Span]:
    """What is left of ``pieces`` outside the pauses; both in order, and the pauses apart from each other."""
    left: list[Span] = []
    ahead = list(reversed(list(pauses)))
    for begin, end in pieces:
        while ahead and ahead[-1][1] <= begin:
            ahead.pop()
        place = len(ahead) - 1
        while place >= 0 and ahead[place][0] < end:
            if begin < ahead[place][0]:
                left.append((begin, ahead[place][0]))
            begin = max(begin, min(end, ahead[place][1]))
            place -= 1
        if begin < end:
            left.append((begin, end))
    return left
