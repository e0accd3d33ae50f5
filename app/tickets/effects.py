"""What an act writes on the ticket itself, beside its state: one small function an act, listed at the end."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from app.tickets import petitions
from app.tickets.lifecycle import AT_WORK, ENDED, SEALED_GROUPS, UNANSWERED, Actor, Details, Handler, Role, State
from app.tickets.model import Duty, Hold, PetitionState, Supervision, Ticket

Effect = Callable[[Ticket, Actor, Details, datetime], None]
BINDS_AFTER = 1  # granted returns; whoever is assigned after more of them is assigned bindingly


# --- whose it is --------------------------------------------------------------------------------------------------------


def _dispatch(ticket: Ticket, by: Actor, details: Details, at: datetime) -> None:
    ticket.handler = Handler.CONTRACTOR
    ticket.contractor_id = int(details["contractor"])
    ticket.contract_id = int(details["contract"]) if details.get("contract") else None
    ticket.assigned_why = str(details.get("why", ""))
    ticket.moves += 1
    ticket.binding = ticket.returns > BINDS_AFTER


def _refer(ticket: Ticket, by: Actor, details: Details, at: datetime) -> None:
    ticket.handler = Handler.PURCHASER
    ticket.purchaser_id = int(details["purchaser"])
    ticket.contractor_id = ticket.contract_id = None
    ticket.assigned_why = str(details.get("why", ""))
    ticket.moves += 1


def _back_to_the_desk(ticket: Ticket, by: Actor, details: Details, at: datetime) -> None:
    ticket.handler = Handler.DESK
    ticket.contractor_id = ticket.contract_id = None
    ticket.binding = False
    ticket.assigned_why = str(details.get("reason", ""))


def _classify(ticket: Ticket, by: Actor, details: Details, at: datetime) -> None:
    ticket.leaf = str(details["leaf"])
    ticket.group = ticket.leaf[:1]
    ticket.urgency = str(details.get("urgency") or ticket.urgency)
    ticket.confidence = float(details.get("confidence", 1.0))
    ticket.confidential = ticket.confidential or bool(details.get("confidential"))  # once promised, never taken back
    # Once sealed, a changed category does not open the text to a contractor; only a supervisor who has read it may.
    opened = by.role is Role.SUPERVISOR and bool(details.get("unseal"))
    ticket.sealed = ticket.group in SEALED_GROUPS or (ticket.sealed and not opened)


def _protect(ticket: Ticket, by: Actor, details: Details, at: datetime) -> None:
    ticket.confidential = True


def _restate(ticket: Ticket, by: Actor, details: Details, at: datetime) -> None:
    ticket.brief = str(details["text"])


# --- how far it is ------------------------------------------------------------------------------------------------------


def _resolve(ticket: Ticket, by: Actor, details: Details, at: datetime) -> None:
    ticket.outcome = str(details.get("outcome") or "solved")
    ticket.reviewed_at = at if details.get("reviewed") else None


def _answer(ticket: Ticket, by: Actor, details: Details, at: datetime) -> None:
    ticket.outcome, ticket.reviewed_at = "answered", at


def _reviewed(ticket: Ticket, by: Actor, details: Details, at: datetime) -> None:
    ticket.reviewed_at = ticket.reviewed_at or at


def _said_it(ticket: Ticket, by: Actor, details: Details, at: datetime) -> None:
    """Whoever has said how it was, or wants nothing any more, is not called to be asked."""
    ticket.called_round = ticket.round


def _confirmed(ticket: Ticket, by: Actor, details: Details, at: datetime) -> None:
    _reviewed(ticket, by, details, at)
    _said_it(ticket, by, details, at)


def _new_round(ticket: Ticket, by: Actor, details: Details, at: datetime) -> None:
    ticket.round += 1
    ticket.to_call_at = None
    ticket.level = 0
    ticket.reviewed_at, ticket.outcome = None, ""
    ticket.follows_id = None  # who is not content with what was done for all is looked after alone
    if ticket.handler is Handler.DESK:  # it stands in the queue, where the reason is read
        ticket.assigned_why = str(details.get("reason", ""))


def _escalate(ticket: Ticket, by: Actor, details: Details, at: datetime) -> None:
    ticket.level = max(ticket.level, int(details.get("level", 0)))


def _breach(ticket: Ticket, by: Actor, details: Details, at: datetime) -> None:
    """Once the citizen's limit is over, whoever waits is called, resolved or not (北京条例 art. 23)."""
    _escalate(ticket, by, details, at)
    promised = (details.get("target"), details.get("party")) == ("resolve", "citizen")
    if promised and ticket.state in UNANSWERED and _somebody_to_call(ticket):
        ticket.to_call_at = ticket.to_call_at or at


def _somebody_to_call(ticket: Ticket) -> bool:
    return ticket.called_round < ticket.round and ticket.resident_id is not None


def _nudge(ticket: Ticket, by: Actor, details: Details, at: datetime) -> None:
    ticket.nudges += 1


def _alarm(ticket: Ticket, by: Actor, details: Details, at: datetime) -> None:
    ticket.urgency = "U0"
    ticket.emergencies = sorted({*ticket.emergencies, *details["codes"]})


def _hold(ticket: Ticket, by: Actor, details: Details, at: datetime) -> None:
    until = datetime.fromisoformat(str(details["until_at"]))
    reason = str(details["reason"])
    ticket.holds.append(Hold(started_at=at, until=until, reason=reason, by_role=by.role, by_name=by.name))


def _callback(ticket: Ticket, by: Actor, details: Details, at: datetime) -> None:
    ticket.called_round, ticket.to_call_at = ticket.round, None


# --- petitions ----------------------------------------------------------------------------------------------------------


def _ask(kind: str, ticket: Ticket, by: Actor, details: Details, at: datetime) -> None:
    petitions.ask(ticket, kind, by.name, details, at)


def _grant(ticket: Ticket, by: Actor, details: Details, at: datetime) -> None:
    petitions.decide(ticket, PetitionState.GRANTED, by.name, str(details["reason"]), at)


def _deny(ticket: Ticket, by: Actor, details: Details, at: datetime) -> None:
    petitions.decide(ticket, PetitionState.DENIED, by.name, str(details["reason"]), at)


def _grant_return(ticket: Ticket, by: Actor, details: Details, at: datetime) -> None:
    _grant(ticket, by, details, at)
    ticket.returns += 1
    _back_to_the_desk(ticket, by, details, at)


def _deny_return(ticket: Ticket, by: Actor, details: Details, at: datetime) -> None:
    _deny(ticket, by, details, at)
    ticket.binding = True


def _grant_closure(ticket: Ticket, by: Actor, details: Details, at: datetime) -> None:
    asked = petitions.decide(ticket, PetitionState.GRANTED, by.name, str(details["reason"]), at)
    ticket.outcome, ticket.reviewed_at = asked.code if asked is not None else "", at
    ticket.follows_id = None


def _grant_exclusion(ticket: Ticket, by: Actor, details: Details, at: datetime) -> None:
    _grant(ticket, by, details, at)
    ticket.excluded_at = at


# --- others at work on it, and over it ----------------------------------------------------------------------------------


def _assist(ticket: Ticket, by: Actor, details: Details, at: datetime) -> None:
    helper, task = int(details["helper"]), str(details["text"])
    ticket.duties.append(Duty(contractor_id=helper, task=task, asked_at=at, asked_by=by.name, result=""))


def _assisted(ticket: Ticket, by: Actor, details: Details, at: datetime) -> None:
    for duty in _open_duties(ticket, int(details["helper"])):
        duty.done_at, duty.result = at, str(details["text"])


def _unassist(ticket: Ticket, by: Actor, details: Details, at: datetime) -> None:
    for duty in _open_duties(ticket, int(details["helper"])):
        duty.withdrawn_at, duty.result = at, str(details["reason"])


def _open_duties(ticket: Ticket, helper: int | None = None) -> list[Duty]:
    return [duty for duty in ticket.duties if duty.open and helper in (None, duty.contractor_id)]


def _supervise(ticket: Ticket, by: Actor, details: Details, at: datetime) -> None:
    _escalate(ticket, by, details, at)
    ticket.supervisions.append(
        Supervision(
            number=str(details["document"]),
            level=int(details["level"]),
            demand=str(details["text"]),
            to_handler=str(ticket.handler),
            to_org=_holder(ticket)[1],
            to_name=str(details.get("to", "")),
            issued_at=at,
            issued_by=by.name,
            issued_org=str(details.get("issuer", "")),
            answered_by="",
            answer="",
        )
    )


def _report(ticket: Ticket, by: Actor, details: Details, at: datetime) -> None:
    _answered(ticket, by.name, str(details["text"]), at)


def _answered(ticket: Ticket, by: str, text: str, at: datetime) -> None:
    for order in ticket.supervisions:
        if order.answered_at is None:
            order.answered_at, order.answered_by, order.answer = at, by, text


# --- several tickets ----------------------------------------------------------------------------------------------------


def _merge(ticket: Ticket, by: Actor, details: Details, at: datetime) -> None:
    ticket.merged_into_id = int(details["into_id"])
    ticket.follows_id = None


def _unmerge(ticket: Ticket, by: Actor, details: Details, at: datetime) -> None:
    ticket.merged_into_id = None
    _back_to_the_desk(ticket, by, details, at)


def _join(ticket: Ticket, by: Actor, details: Details, at: datetime) -> None:
    _back_to_the_desk(ticket, by, details, at)
    ticket.follows_id = int(details["into_id"])
    ticket.assigned_why = f"随群体事件主单 {details['into']} 一并办理"


def _leave(ticket: Ticket, by: Actor, details: Details, at: datetime) -> None:
    ticket.follows_id = None
    _back_to_the_desk(ticket, by, details, at)


# --- what follows from where it stands ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a ticket stood before an act."""

    state: State | None
    late: bool  # a deadline of the citizen's or the contractor's had lapsed
    holder: tuple[Handler, int | None]  # whose it was

    @classmethod
    def of(cls, ticket: Ticket) -> Standing:
        return cls(ticket.state, _late(ticket), _holder(ticket))


def settle(ticket: Ticket, before: Standing, at: datetime) -> None:
    """What follows from where the ticket stands now: a hold it has left is over, by its own end at the latest; a petition nobody
    works under any more is moot, and so is a duty beside no work, or beside the work of another; an order is answered by the
    resolution itself, and binds nobody but whom it was given to; no rung counts as reached once nothing is lapsed any more, or
    nobody is at work; and a reviewed end is to be asked about."""
    passed_on = before.state is not None and before.holder != _holder(ticket)
    if before.state is State.ON_HOLD and ticket.state is not State.ON_HOLD:
        for held in ticket.holds:
            held.ended_at = held.ended_at or min(at, held.until)
    if not petitions.outlives(ticket, ticket.state):
        petitions.decide(ticket, PetitionState.MOOT, "", "", at)
    if before.state in AT_WORK and (passed_on or ticket.state not in AT_WORK):
        for duty in _open_duties(ticket):
            duty.withdrawn_at = at
    if before.state in UNANSWERED and ticket.state not in UNANSWERED:
        _answered(ticket, "", "随工单办理完毕", at)
    elif passed_on:
        _answered(ticket, "", "工单已改由他人承办，不再等待反馈", at)
    if ticket.state in ENDED and ticket.reviewed_at is not None and _somebody_to_call(ticket):
        ticket.to_call_at = ticket.to_call_at or at
    elif ticket.to_call_at is not None and not (_somebody_to_call(ticket) and ticket.state in (*UNANSWERED, State.RESOLVED)):
        ticket.to_call_at = None
    if ticket.level and not _late(ticket) and (before.late or ticket.state not in UNANSWERED):
        ticket.level = 0


def _holder(ticket: Ticket) -> tuple[Handler, int | None]:
    orgs = {Handler.CONTRACTOR: ticket.contractor_id, Handler.PURCHASER: ticket.purchaser_id}
    return ticket.handler, orgs.get(ticket.handler)


def _late(ticket: Ticket) -> bool:
    owed = (timer for timer in ticket.timers if timer.stopped_at is None and timer.party in ("citizen", "contractor"))
    return any(timer.breached_at is not None for timer in owed)


EFFECTS: Mapping[str, Effect] = {
    "dispatch": _dispatch,
    "refer": _refer,
    "classify": _classify,
    "protect": _protect,
    "restate": _restate,
    "return": _back_to_the_desk,
    "resolve": _resolve,
    "answer": _answer,
    "approve": _reviewed,
    "confirm": _confirmed,
    "rate": _said_it,
    "withdraw": _said_it,
    "close": _reviewed,
    "remand": _new_round,
    "reopen": _new_round,
    "escalate": _escalate,
    "breach": _breach,
    "nudge": _nudge,
    "alarm": _alarm,
    "hold": _hold,
    "callback": _callback,
    **{action: partial(_ask, kind) for action, kind in petitions.ASKED_BY.items()},
    **dict.fromkeys(petitions.GRANTED_BY, _grant),
    **dict.fromkeys(petitions.DENIED_BY, _deny),
    "grant_return": _grant_return,
    "deny_return": _deny_return,
    "grant_closure": _grant_closure,
    "grant_exclusion": _grant_exclusion,
    "assist": _assist,
    "assisted": _assisted,
    "unassist": _unassist,
    "supervise": _supervise,
    "report": _report,
    "merge": _merge,
    "unmerge": _unmerge,
    "join": _join,
    "leave": _leave,
}
