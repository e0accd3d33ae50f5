"""A small world for routing: texts held apart in tables, four estates, contracts in one line each."""

from __future__ import annotations

import tomllib
from datetime import date
from pathlib import Path
from typing import Any

from routing.assign import Register, Terms
from routing.place import EstateEntry

HERE = Path(__file__).parent
ESTATES = (
    EstateEntry("1", "碧水家园", ("碧水", "水岸公租房"), "青河区", tuple(str(n) for n in range(1, 13))),
    EstateEntry("2", "和畅苑一期", ("和畅苑",), "青河区", ("1", "2", "3")),
    EstateEntry("3", "和畅苑二期", ("和畅苑",), "白塔区", ("5", "6", "7")),
    EstateEntry("4", "向阳新村", ("老纺织厂",), "白塔区", ("A", "B")),
)


def held(name: str) -> dict[str, Any]:
    return tomllib.loads((HERE / f"{name}.toml").read_text(encoding="utf-8"))


def terms(
    number: str, categories: str, *, estates: str = "1 2", first: str = "2026-01-01", last: str = "2026-12-31", who: str = ""
) -> Terms:
    """A contract in one line; ``who`` is the contractor's name, by default made of the number."""
    name = who or f"{number}公司"
    return Terms(
        f"c-{number}",
        number,
        f"k-{name}",
        name,
        "p-1",
        "青河区住房保障中心",
        frozenset(categories.split()),
        frozenset(estates.split()),
        date.fromisoformat(first),
        date.fromisoformat(last),
    )


def register(*contracts: Terms, lead: bool = True) -> Register:
    return Register(
        contracts,
        {entry.id: entry for entry in ESTATES},
        {"1": ("p-1", "青河区住房保障中心"), "2": ("p-1", "青河区住房保障中心")},
        ("p-0", "市住房保障局") if lead else None,
    )
