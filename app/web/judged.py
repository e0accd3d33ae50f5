"""What an agent reads of a verdict 研判: how sure, why, what else it may be, how it was said, of whom, for how many."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from app.hotline import Tx
from app.tickets.model import Ticket


@dataclass(frozen=True, slots=True)
class VerdictView:
    confidence: str
    request_type: str
    reasons: list[str]
    runners_up: list[str]
    model: str
    emotion: str
    special: list[str]
    collective: str


def judged(tx: Tx, ticket: Ticket) -> VerdictView:
    leaves = tx.hotline.policy.taxonomy.leaves
    others = [(other["leaf"], float(other["confidence"])) for other in ticket.verdict.get("runners_up", [])]
    return VerdictView(
        f"{ticket.confidence:.0%}",
        ticket.request_type,
        [str(reason) for reason in ticket.verdict.get("reasons", [])],
        [f"{code}{leaves[code].name if code in leaves else ''} {likely:.0%}" for code, likely in others],
        str(ticket.verdict.get("model", "")),
        _with_words(ticket.verdict.get("emotion"), "name"),
        [_with_words(one, "kind") for one in ticket.verdict.get("special_persons", [])],
        _many(ticket.verdict.get("collective")),
    )


def _with_words(found: dict[str, Any] | None, name: str) -> str:
    """愤怒（“气死”）; empty where nothing was shown by words."""
    return f"{found[name]}（“{'”“'.join(found['words'])}”）" if found and found["words"] else ""


def _many(found: dict[str, Any] | None) -> str:
    if not found:
        return ""
    return _with_words({"name": f"至少 {found['households']} 户" if found["households"] else "多户", **found}, "name")
