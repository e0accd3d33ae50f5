"""What an act writes on the ticket itself, beside its state: one small function an act, listed at the end."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from app.tickets.lifecycle import SEALED_GROUPS, UNANSWERED, Actor, Details, Handler, Role, State
from app.tickets.model import Hold, Petition, PetitionState, Ticket

Effect = Callable[[Ticket, Actor, Details, datetime], None]


def _dispatch(ticket: Ticket, by: Actor, details: Details, at: datetime) -> None:
    ticket.handler = Handler.CONTRACTOR
    ticket.contractor_id = int(details["contractor"])
    ticket.contract_id = int(details["contract"]) if details.get("contract") else None
    ticket.assigned_why = str(details.get("why", ""))


def _refer(ticket: Ticket, by: Actor, details: Details, at: datetime) -> None:
    ticket.handler = Handler.PURCHASER
    ticket.purchaser_id = int(details["purchaser"])
    ticket.contractor_id = ticket.contract_id = None
    ticket.assigned_why = str(details.get("why", ""))


def _classify(ticket: Ticket, by: Actor, details: Details, at: datetime) -> None:
    ticket.leaf = str(details["leaf"])
    ticket.group = ticket.leaf[:1]
    ticket.urgency = str(details.get("urgency") or ticket.urgency)
    ticket.confidence = float(details.get("confidence", 1.0))
    ticket.confidential = ticket.confidential or bool(details.get("confidential"))  # once promised, never taken back
    # Once sealed, a changed category does not open the text to a contractor; only a supervisor who has read it may.
    opened = by.role is Role.SUPERVISOR and bool(details.get("unseal"))
    ticket.sealed = ticket.group in SEALED_GROUPS or (ticket.sealed and not opened)


def _back_to_the_desk(ticket: Ticket, by: Actor, details: Details, at: datetime) -> None:
    ticket.handler = Handler.DESK
    ticket.contractor_id = ticket.contract_id = None
    ticket.assigned_why = str(details.get("reason", ""))


def _new_round(ticket: Ticket, by: Actor, details: Details, at: datetime) -> None:
    ticket.round += 1
    ticket.level = 0
    if ticket.handler is Handler.DESK:  # it stands in the queue, where the reason is read
        ticket.assigned_why = str(details.get("reason", ""))


def _escalate(ticket: Ticket, by: Actor, details: Details, at: datetime) -> None:
    ticket.level = max(ticket.level, int(details.get("level", 0)))


def _nudge(ticket: Ticket, by: Actor, details: Details, at: datetime) -> None:
    ticket.nudges += 1


def _merge(ticket: Ticket, by: Actor, details: Details, at: datetime) -> None:
    ticket.merged_into_id = int(details["into_id"])


def _alarm(ticket: Ticket, by: Actor, details: Details, at: datetime) -> None:
    ticket.urgency = "U0"
    ticket.emergencies = sorted({*ticket.emergencies, *details["codes"]})


def _hold(ticket: Ticket, by: Actor, details: Details, at: datetime) -> None:
    until = datetime.fromisoformat(str(details["until_at"]))
    reason = str(details["reason"])
    ticket.holds.append(Hold(started_at=at, until=until, reason=reason, by_role=by.role, by_name=by.name))


def _petition(ticket: Ticket, by: Actor, details: Details, at: datetime) -> None:
    ticket.petitions.append(
        Petition(
            kind=str(details["kind"]),
            state=PetitionState.OPEN,
            round=ticket.round,
            asked_at=at,
            asked_by=by.name,
            contractor_id=ticket.contractor_id,
            reason=str(details["reason"]),
            wanted=datetime.fromisoformat(str(details["wanted_at"])),
        )
    )


def _grant(ticket: Ticket, by: Actor, details: Details, at: datetime) -> None:
    _decide(ticket, PetitionState.GRANTED, by.name, str(details["reason"]), at)


def _deny(ticket: Ticket, by: Actor, details: Details, at: datetime) -> None:
    _decide(ticket, PetitionState.DENIED, by.name, str(details["reason"]), at)


def _decide(ticket: Ticket, state: PetitionState, by: str, why: str, at: datetime) -> None:
    for asked in ticket.petitions:
        if asked.state is PetitionState.OPEN:
            asked.state, asked.decided_at, asked.decided_by, asked.decision = state, at, by, why


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a ticket stood before an act."""

    state: State | None
    late: bool  # a deadline of the citizen's or the contractor's had lapsed

    @classmethod
    def of(cls, ticket: Ticket) -> Standing:
        return cls(ticket.state, _late(ticket))


def settle(ticket: Ticket, before: Standing, at: datetime) -> None:
    """What follows from where the ticket stands now: a hold it has left is over, by its own end at the latest; a petition nobody
    works under any more is moot; no rung counts as reached once nothing is lapsed any more, or nobody is at work."""
    if before.state is State.ON_HOLD and ticket.state is not State.ON_HOLD:
        for held in ticket.holds:
            held.ended_at = held.ended_at or min(at, held.until)
    if ticket.state not in (State.IN_PROGRESS, State.ON_HOLD):
        _decide(ticket, PetitionState.MOOT, "", "", at)
    if ticket.level and not _late(ticket) and (before.late or ticket.state not in UNANSWERED):
        ticket.level = 0


def _late(ticket: Ticket) -> bool:
    owed = (timer for timer in ticket.timers if timer.stopped_at is None and timer.party in ("citizen", "contractor"))
    return any(timer.breached_at is not None for timer in owed)


EFFECTS: Mapping[str, Effect] = {
    "dispatch": _dispatch,
    "refer": _refer,
    "classify": _classify,
    "return": _back_to_the_desk,
    "remand": _new_round,
    "reopen": _new_round,
    "escalate": _escalate,
    "breach": _escalate,
    "nudge": _nudge,
    "merge": _merge,
    "alarm": _alarm,
    "hold": _hold,
    "petition": _petition,
    "grant": _grant,
    "deny": _deny,
}
