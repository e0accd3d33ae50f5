"""What a mass incident 群体事件 hands on: an act on the one work order, as an act on each complainant's ticket.

Everybody is told in their own channel, rates by themselves and is called back by themselves; the work is done once. What was said
once is not said twice: a resolution that is sent back and given again reaches only whom it has not reached.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app import naming, notify
from app.hotline import Tx
from app.store import tickets as store
from app.tickets.lifecycle import RULES, State
from app.tickets.model import Ticket, TicketEvent


@dataclass(frozen=True, slots=True)
class Passed:
    """An act to be done on each complainant's ticket."""

    action: str
    details: Mapping[str, Any]


def passed_on(tx: Tx, incident: Ticket, event: TicketEvent) -> Passed | None:
    """What the complainants' tickets do when this has happened to the work order; None: it is none of theirs."""
    given, say = event.details, tx.hotline.texts.say
    match event.action:
        case "dispatch" | "refer":
            return Passed("progress", {"text": say("talk", "incident_dispatched", handler=naming.handler_name(tx, incident))})
        case "accept":
            named = {"handler": naming.handler_name(tx, incident), "eta": given.get("eta", "")}
            return Passed("progress", {"text": say("talk", "incident_accepted", **named)})
        case "progress":
            return Passed("progress", {"text": given["text"]})
        case "hold":
            return Passed("hold", {name: given[name] for name in ("reason", "until", "until_at")})
        case "resume":
            return Passed("resume", {})
        case "resolve" | "answer":
            return _resolved(given) if event.action == "answer" or given.get("reviewed") else None
        case "approve" | "close":  # whoever closes what nobody had reviewed has reviewed it
            done = store.last_event(tx.session, incident, "resolve")
            return _resolved(done.details) if done is not None else None
        case "grant":
            asked = {"reason": given["asked"], "asked": given["asked"]}
            return Passed("override", {"target": "resolve", "target_name": "办结", "deadline_at": given["deadline_at"], **asked})
        case "override" if given.get("target") == "resolve":
            moved: dict[str, Any] = {
                name: given[name] for name in ("target", "target_name", "deadline", "deadline_at", "reason") if name in given
            }
            return Passed("override", moved)
    return None


def _resolved(given: Mapping[str, Any]) -> Passed:
    outcome = {name: given[name] for name in ("outcome", "outcome_name") if name in given}
    return Passed("resolve", {"text": given["text"], **outcome})


def on(member: Ticket, passed: Passed) -> list[Passed]:
    """The same on one complainant's ticket, as it stands: nothing where it has gone its own way, or has it already."""
    before = []
    if passed.action == "resolve" and member.state is State.ON_HOLD:
        before.append(Passed("resume", {}))
    elif member.state not in RULES[passed.action].sources:
        return []
    if passed.action == "override":
        clock = notify.running(member, "resolve")
        due_at = datetime.fromisoformat(str(passed.details["deadline_at"]))
        granted = "asked" in passed.details
        if clock is None or clock.due_at == due_at or (granted and clock.due_at > due_at):
            return []  # nobody is promised less because others were promised later
        needed = {"target_name": clock.name, "deadline": passed.details["deadline_at"]}
        return [Passed("override", {**needed, **passed.details})]
    return [*before, passed]
