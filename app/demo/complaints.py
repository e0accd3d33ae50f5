"""The complaints of the demonstration city, written for it: what its residents might say, and what is meant."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).with_name("complaints")


@dataclass(frozen=True, slots=True)
class DemoComplaint:
    """One thing said. ``leaves`` are the matters a person reads in it, the main one first; empty for a mere greeting.

    ``estate`` is "" where the text does not tell it, or names one that stands for two estates.
    """

    text: str
    leaves: tuple[str, ...]
    estate: str
    channel: str  # the key of the channel it would come by

    @property
    def leaf(self) -> str:
        return self.leaves[0] if self.leaves else ""


@cache
def complaints() -> tuple[DemoComplaint, ...]:
    """All of them, in the order of the files' names."""
    return tuple(
        _complaint(item)
        for path in sorted(FOLDER.glob("*.toml"))
        for item in tomllib.loads(path.read_text(encoding="utf-8"))["complaints"]
    )


def _complaint(item: dict[str, Any]) -> DemoComplaint:
    leaf = item["leaf"]
    return DemoComplaint(item["text"], (leaf,) if isinstance(leaf, str) else tuple(leaf), item["estate"], item["channel"])
