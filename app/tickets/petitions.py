"""Petitions 申请: what may be asked for, by which reasons, how long a petition lives, and what a granted one means."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from app.tickets.lifecycle import AT_WORK, UNANSWERED, WORKED, State
from app.tickets.model import Petition, PetitionState, Ticket

EXTENSION, RETURN, CLOSURE, EXCLUSION, APPEAL = "extension", "return", "closure", "exclusion", "appeal"
KINDS: Mapping[str, str] = {
    EXTENSION: "延期",
    RETURN: "退单",
    CLOSURE: "不解决办结",
    EXCLUSION: "剔除",
    APPEAL: "评价申诉",
}
# The acts that ask, grant and deny.
ASKED_BY: Mapping[str, str] = {
    "petition": EXTENSION,
    "ask_return": RETURN,
    "ask_closure": CLOSURE,
    "ask_exclusion": EXCLUSION,
    "appeal": APPEAL,
}
GRANTED_BY = ("grant", "grant_return", "grant_closure", "grant_exclusion", "grant_appeal")
DENIED_BY = ("deny", "deny_return", "deny_closure", "deny_exclusion", "deny_appeal")
# 退单理由: as hotlines have them.
RETURN_CODES: Mapping[str, str] = {
    "place": "属地不符",
    "duty": "职能不符",
    "ownership": "权属不清",
    "repeat": "重复工单",
    "incomplete": "要素不全（地址、电话缺失）",
    "legal": "已过诉讼或信访",
}
# 办理结果 of a round.
OUTCOMES: Mapping[str, str] = {
    "solved": "已解决",
    "partly": "部分解决",
    "explained": "未解决，已解释",
    "unfounded": "不属实",
    "unreachable": "无法联系",
    "answered": "已答复",
}
UNSOLVED = ("explained", "unfounded", "unreachable")  # by which a ticket may be closed without a resolution
# In which states what was asked for still means something. A petition about a round that is over outlives whatever follows.
LIVES: Mapping[str, frozenset[State | None]] = {
    EXTENSION: WORKED,
    RETURN: AT_WORK,
    CLOSURE: UNANSWERED,
    EXCLUSION: UNANSWERED | {State.RESOLVED, State.CLOSED},
    APPEAL: UNANSWERED | {State.RESOLVED, State.CLOSED},
}
OF_ONES_OWN = (EXTENSION, RETURN)  # about the work of whoever asked, and of nobody who has it afterwards


def waiting(ticket: Ticket) -> Petition | None:
    """The petition that nobody has decided."""
    return next((asked for asked in ticket.petitions if asked.state is PetitionState.OPEN), None)


def outlives(ticket: Ticket, state: State | None) -> bool:
    """Whether the waiting petition still means something in that state, and to whoever answers for the ticket now."""
    asked = waiting(ticket)
    if asked is None or (asked.kind in OF_ONES_OWN and asked.contractor_id != ticket.contractor_id):
        return False
    return state in LIVES[asked.kind]


def voided(ticket: Ticket, turn: int) -> bool:
    """Whether the rating of a round does not count, because an appeal against it was granted."""
    granted = (asked for asked in ticket.petitions if asked.kind == APPEAL and asked.state is PetitionState.GRANTED)
    return any(asked.round == turn for asked in granted)


def ask(ticket: Ticket, kind: str, by_name: str, details: Mapping[str, Any], at: datetime) -> None:
    """Writes down what is asked for; nothing else changes until somebody has decided."""
    wanted = details.get("wanted_at")
    ticket.petitions.append(
        Petition(
            kind=kind,
            code=str(details.get("code") or details.get("outcome") or ""),
            state=PetitionState.OPEN,
            round=int(details.get("round") or ticket.round),
            asked_at=at,
            asked_by=by_name,
            contractor_id=ticket.contractor_id,
            reason=str(details["reason"]),
            wanted=datetime.fromisoformat(str(wanted)) if wanted else None,
        )
    )


def decide(ticket: Ticket, state: PetitionState, by: str, why: str, at: datetime) -> Petition | None:
    """Closes the waiting petition in that way; returns it."""
    asked = waiting(ticket)
    if asked is not None:
        asked.state, asked.decided_at, asked.decided_by, asked.decision = state, at, by, why
    return asked
