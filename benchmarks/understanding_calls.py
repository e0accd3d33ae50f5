"""How often the speakers of real calls are told apart: ``python -m benchmarks.understanding_calls DATA`` reads
DATA/call_transcripts_dev.jsonl, hides who spoke, and counts. Figures only, never a text."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from routing.roles import roles_of
from routing.turns import AGENT, RESIDENT, Turn

Call = Sequence[tuple[str, str]]  # (agent or resident, text)
# What is left of who spoke: which turns are of one voice; nothing at all; and nothing, with the agent's first words lost.
HIDDEN: dict[str, Callable[[Call], tuple[Turn, ...]]] = {
    "voices parted": lambda call: tuple(Turn(text, "2" if role == AGENT else "1") for role, text in call),
    "voices parted, greeting lost": lambda call: tuple(Turn(text, "2" if role == AGENT else "1") for role, text in call[1:]),
    "no label": lambda call: tuple(Turn(text) for _, text in call),
    "no label, greeting lost": lambda call: tuple(Turn(text) for _, text in call[1:]),
}


def read(path: Path) -> list[Call]:
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    return [[(AGENT if one["speaker"] == "agent" else RESIDENT, one["text"]) for one in row["turns"]] for row in rows]


def measure(calls: Sequence[Call]) -> dict[str, Any]:
    """For each way of hiding: the share of turns given the right role, and of calls in which every turn is right."""
    found: dict[str, Any] = {"calls": len(calls), "turns": sum(map(len, calls))}
    for name, hide in HIDDEN.items():
        right = total = whole = 0
        for call in calls:
            turns = hide(call)
            said = roles_of(turns).of
            true = [role for role, _ in call][len(call) - len(turns) :]
            hits = sum(a == b for a, b in zip(said, true, strict=True))
            right, total, whole = right + hits, total + len(true), whole + (hits == len(true))
        found[name] = right / max(total, 1)
        found[f"{name}, whole calls"] = whole / max(len(calls), 1)
    return found


def main(data: Path) -> None:
    for name, figure in measure(read(data / "call_transcripts_dev.jsonl")).items():
        print(f"{name:<44}{figure:.3f}" if isinstance(figure, float) else f"{name:<44}{figure}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
