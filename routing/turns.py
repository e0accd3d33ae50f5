"""A call as it was written down: turns 话轮 in the common form, read from JSON, and what labels say of the speaker."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from re import Pattern
from typing import Any

from routing.patterns import expression, table

AGENT, RESIDENT, OTHER = "agent", "resident", "other"
_MOST_TURNS = 20_000  # a day of talk; what is longer is no call


class BadTurns(ValueError):
    """What was given is no list of turns; the message says, in Chinese, which of them is wrong and how."""


@dataclass(frozen=True, slots=True)
class Turn:
    """One thing said. ``speaker`` is the label as given, "" where there is none; times in the units of the source."""

    text: str
    speaker: str = ""
    channel: str = ""
    start: float | None = None
    end: float | None = None


def turns_of(given: object) -> tuple[Turn, ...]:
    """The turns of ``[{"text", "speaker"|"role"?, "channel"?, "start"|"start_ms"?, "end"|"end_ms"?}]``, in the order given.

    A label that stands in the text itself (坐席：…) is taken for the speaker where no other is given. Raises BadTurns.
    """
    if not isinstance(given, list):
        raise BadTurns("turns 不是列表")
    if len(given) > _MOST_TURNS:
        raise BadTurns(f"turns 超过 {_MOST_TURNS} 句")
    return tuple(_turn(number, one) for number, one in enumerate(given, 1))


def _turn(number: int, given: object) -> Turn:
    if not isinstance(given, Mapping):
        raise BadTurns(f"turns 第 {number} 句不是一个 JSON 对象")
    text = given.get("text")
    if not isinstance(text, str):
        raise BadTurns(f"turns 第 {number} 句缺少 text，或不是文字")
    speaker = _label(number, "speaker", given.get("speaker")) or _label(number, "role", given.get("role"))
    channel = _label(number, "channel", given.get("channel"))
    start = _time(number, "start", given.get("start", given.get("start_ms")))
    end = _time(number, "end", given.get("end", given.get("end_ms")))
    if not speaker and (named := labels().named.match(text[:80])):
        speaker, text = named[1], text[named.end() :]
    return Turn(text, speaker, channel, start, end)


def _label(number: int, name: str, given: Any) -> str:
    if given is None:
        return ""
    if isinstance(given, bool) or not isinstance(given, str | int):
        raise BadTurns(f"turns 第 {number} 句的 {name} 不是文字或整数")
    label = str(given).strip().lower()
    return "" if labels().nothing.match(label) else label


def _time(number: int, name: str, given: Any) -> float | None:
    if given is None:
        return None
    if isinstance(given, bool) or not isinstance(given, int | float) or not math.isfinite(given) or given < 0:
        raise BadTurns(f"turns 第 {number} 句的 {name} 不是不小于 0 的数")
    return float(given)


def in_order(turns: tuple[Turn, ...]) -> list[int]:
    """The places of the turns as they were spoken: by start, where every turn has one, else as they were given."""
    places = list(range(len(turns)))
    if all(turn.start is not None for turn in turns):
        places.sort(key=lambda at: turns[at].start or 0.0)
    return places


@dataclass(frozen=True, slots=True)
class _Labels:
    roles: tuple[tuple[str, Pattern[str]], ...]
    named: Pattern[str]
    nothing: Pattern[str]


@lru_cache(maxsize=1)
def labels() -> _Labels:
    """What labels mean."""
    held = table("talk")["labels"]
    roles = tuple((role, expression(held[role], {})) for role in (AGENT, RESIDENT, OTHER))
    return _Labels(roles, expression(held["named"], {}), expression(held["nothing"], {}))


def meant(label: str) -> str:
    """agent, resident or other, where the label itself says so; else ""."""
    return next((role for role, words in labels().roles if words.match(label)), "")
