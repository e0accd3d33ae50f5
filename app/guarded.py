"""The guard list 守门例句: what no contractor may get unasked, by which a model is tried before it goes live."""

from __future__ import annotations

from pathlib import Path

from app.located import read_source, whole
from app.policy import SHIPPED, Policy
from routing.classify import Model
from routing.guard import leaks
from routing.verdict import Verdict

FILE = "guard.toml"
KINDS = ("reserved", "about_contractor")


def sayings(home: Path | None) -> tuple[str, ...]:
    """The list of the policy directory ``home``, else the shipped one. Raises BadFile with file and line."""
    place = home if home is not None and (home / FILE).exists() else SHIPPED
    table = whole(read_source(place, FILE))
    table.only(*KINDS)
    found: list[str] = []
    for kind in KINDS:
        texts = table.get(kind, list)
        if not texts or not all(isinstance(text, str) and text.strip() for text in texts):
            raise table.bad(kind, f"“{kind}”须是至少一句非空的话", '写作 reserved = ["…", "…"]')
        found += texts
    return tuple(found)


def leaking(model: Model, policy: Policy, home: Path | None) -> list[tuple[str, Verdict]]:
    """The sayings of the list that this model would send to a contractor by itself."""
    return list(leaks(model, policy.taxonomy, sayings(home)))
