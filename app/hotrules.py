"""What makes an issue hot, read from the policy directory's ``hotspots.toml``: the shipped one where the directory has none."""

from __future__ import annotations

from pathlib import Path

from app.located import Table, read_source, whole
from app.policy import SHIPPED, URGENCIES
from routing.hotspots import Rules
from routing.taxonomy import Taxonomy

FILE = "hotspots.toml"
_NUMBERS = ("window_days", "people", "shown")
_WORTH = ("flatmate", "again", "likes")


def hot_rules(home: Path | None, taxonomy: Taxonomy) -> Rules:
    """The rules of the policy directory ``home``. Raises BadFile with file and line."""
    table = whole(read_source(home if home is not None and (home / FILE).exists() else SHIPPED, FILE))
    table.only(*_NUMBERS, *_WORTH, "half_life_days", "urgent", "burst", "chronic", "cause")
    urgent, burst, chronic, cause = (table.table(name) for name in ("urgent", "burst", "chronic", "cause"))
    urgent.only(*URGENCIES)
    burst.only("days", "people", "times", "chance")
    chronic.only("weeks")
    cause.only("broad", "never", "alike", "alike_anywhere")
    kinds = (*taxonomy.groups, *taxonomy.leaves)
    window, weeks = _count(table, "window_days"), _count(chronic, "weeks")
    if weeks * 7 > window:
        raise chronic.bad("weeks", f"{weeks} 个星期比所看的 {window} 天还长", "减少 weeks，或增加 window_days")
    return Rules(
        window_days=window,
        people=_count(table, "people"),
        shown=_count(table, "shown"),
        half_life_days=_amount(table, "half_life_days"),
        flatmate=_amount(table, "flatmate"),
        again=_amount(table, "again"),
        likes=_amount(table, "likes"),
        urgent={name: _amount(urgent, name) for name in urgent.raw},
        burst_days=_count(burst, "days"),
        burst_people=_count(burst, "people"),
        burst_times=_amount(burst, "times"),
        burst_chance=_share(burst, "chance"),
        chronic_weeks=weeks,
        broad=frozenset(cause.some_of("broad", kinds)),
        never=frozenset(cause.some_of("never", tuple(taxonomy.leaves))),
        alike=_share(cause, "alike"),
        alike_anywhere=_share(cause, "alike_anywhere"),
    )


def _count(table: Table, key: str) -> int:
    number = table.get(key, int)
    if number < 1:
        raise table.bad(key, f"“{key}”须至少为 1", "写一个正整数")
    return number


def _amount(table: Table, key: str) -> float:
    return table.read(key, _number, "写 0 或一个正数")


def _share(table: Table, key: str) -> float:
    share = _amount(table, key)
    if not 0 < share < 1:
        raise table.bad(key, f"“{key}”须大于 0、小于 1", "写作 0.2")
    return share


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < float("inf"):
        raise ValueError(f"“{value}”不是 0 或正数")
    return float(value)
