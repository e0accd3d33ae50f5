"""What may be asked, granted and decided: the policy's caps, the reasons there are, the windows in which a resident may act."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Any

from app.errors import BadInput, Conflict
from app.policy import Rules
from app.tickets.lifecycle import Actor, Role
from app.tickets.model import PetitionState, Ticket, Timer
from app.tickets.petitions import APPEAL, EXTENSION, OUTCOMES, RETURN_CODES, UNSOLVED, waiting

NOTHING = timedelta()
SUPERVISIONS = {2: "督办", 3: "约谈"}
FURTHEST = timedelta(days=5 * 365)  # beyond that somebody has mistyped the year


@dataclass(frozen=True, slots=True)
class Terms:
    """The rules, the moment, the zone in which a time without one is meant, and who acts."""

    rules: Rules
    now: datetime
    zone: tzinfo
    by: Actor

    def moment(self, details: Mapping[str, Any], name: str, label: str) -> datetime:
        """A time to come out of the details: ``<name>_at`` as a form has read it, else ``<name>``. Raises BadInput."""
        value = details.get(f"{name}_at") or details.get(name)
        try:
            found = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
        except ValueError:
            raise BadInput(f"{label}“{value}”不是日期和时间", cure="写作 2026-12-01 10:00", field=name) from None
        found = found if found.tzinfo else found.replace(tzinfo=self.zone)
        if found <= self.now:
            raise BadInput(f"{label}须在现在之后", cure="请填写将来的日期和时间", field=name)
        if found - self.now > FURTHEST:
            raise BadInput(f"{label}过于遥远，最多 {FURTHEST.days // 365} 年", cure="请检查年份", field=name)
        return found


def hold(ticket: Ticket, details: Mapping[str, Any], terms: Terms) -> dict[str, Any]:
    """A hold has an end, and neither one nor all of a ticket together last longer than the policy allows."""
    until = terms.moment(details, "until", "恢复时间")
    longest, together = (timedelta(days=days) for days in (terms.rules.hold_days, terms.rules.hold_total_days))
    if until - terms.now > longest:
        raise BadInput(
            f"一次挂起最多 {longest.days} 天", cure="请填写更早的恢复时间；到期仍不能办理，可再次挂起或申请延期", field="until"
        )
    so_far = sum(((held.ended_at or terms.now) - held.started_at for held in ticket.holds), NOTHING)
    if so_far + (until - terms.now) > together:
        raise BadInput(f"这张工单挂起合计最多 {together.days} 天", cure="请填写更早的恢复时间，或申请延期", field="until")
    return {"until_at": until.isoformat()}


def petition(ticket: Ticket, details: Mapping[str, Any], terms: Terms) -> dict[str, Any]:
    """What is asked for lies after the present deadline, and not further than one petition may ask."""
    wanted = terms.moment(details, "wanted", "希望延到的时间")
    present = _first_due(ticket)
    if present is None:
        raise BadInput("没有在走的办结时限", cure="不需要延期")
    if wanted <= present:
        raise BadInput("希望延到的时间不晚于现在的期限", cure="请填写更晚的日期和时间", field="wanted")
    if wanted - max(present, terms.now) > timedelta(days=terms.rules.extension_days):
        raise BadInput(f"一次申请最多延期 {terms.rules.extension_days} 天", cure="请填写更早的日期和时间", field="wanted")
    granted = [asked for asked in ticket.petitions if asked.kind == EXTENSION and asked.state is PetitionState.GRANTED]
    if len(granted) >= terms.rules.extensions:
        raise BadInput(f"这张工单已延期 {len(granted)} 次，不能再申请", cure="请与主管部门联系")
    return {"kind": EXTENSION, "wanted_at": wanted.isoformat()}


def ask_return(ticket: Ticket, details: Mapping[str, Any], terms: Terms) -> dict[str, Any]:
    """By one of the reasons that there are."""
    return {"code_name": _one_of(details, "code", RETURN_CODES, "退单理由")}


def ask_closure(ticket: Ticket, details: Mapping[str, Any], terms: Terms) -> dict[str, Any]:
    """With the result that it is to be closed with."""
    return {"outcome_name": _one_of(details, "outcome", {code: OUTCOMES[code] for code in UNSOLVED}, "办理结果")}


def resolve(ticket: Ticket, details: Mapping[str, Any], terms: Terms) -> dict[str, Any]:
    """Solved unless it is said otherwise."""
    return {"outcome_name": _one_of({"outcome": "solved", **details}, "outcome", OUTCOMES, "办理结果")}


def _one_of(details: Mapping[str, Any], name: str, known: Mapping[str, str], label: str) -> str:
    value = str(details.get(name) or "")
    if value not in known:
        cure = f"可选：{'、'.join(f'{word}（{code}）' for code, word in known.items())}"
        raise BadInput(f"没有“{value}”这种{label}", cure=cure, field=name)
    return known[value]


def reopen(ticket: Ticket, details: Mapping[str, Any], terms: Terms) -> dict[str, Any]:
    """A resident may have a closed matter taken up again within the window, counted by our own record of when it was closed."""
    days = terms.rules.reopen_days
    if terms.by.role is Role.RESIDENT and ticket.closed_at is not None and terms.now - ticket.closed_at > timedelta(days=days):
        raise Conflict(f"工单 {ticket.public_number} 归档已超过 {days} 天，不再重办", cure="问题还在的话，请重新提交诉求")
    return {}


def appeal(ticket: Ticket, details: Mapping[str, Any], terms: Terms) -> dict[str, Any]:
    """Against the rating of one round, once."""
    turn = str(details.get("round") or "")
    if not (turn.isascii() and turn.isdigit() and 1 <= int(turn) <= ticket.round):
        raise BadInput(f"没有第 {turn} 次办理", cure="请选择有评价的一次办理", field="round")
    decided = (PetitionState.GRANTED, PetitionState.DENIED)
    appeals = [asked for asked in ticket.petitions if asked.kind == APPEAL and asked.state in decided]
    if any(asked.round == int(turn) for asked in appeals):
        raise Conflict(f"第 {turn} 次办理的评价已申诉过", cure="申诉的裁决只有一次")
    return {"round": int(turn)}


def supervise(ticket: Ticket, details: Mapping[str, Any], terms: Terms) -> dict[str, Any]:
    """督办 or 约谈: what stands above what the clocks do by themselves."""
    if int(details.get("level") or 0) not in SUPERVISIONS:
        raise BadInput("没有这个督办级别", cure="可选：2 督办、3 约谈", field="level")
    return {"level": int(details["level"]), "level_name": SUPERVISIONS[int(details["level"])]}


def grant(ticket: Ticket, details: Mapping[str, Any], terms: Terms) -> dict[str, Any]:
    """What was asked for is granted, or an earlier day that the adjudicator names; never a later one, nor one that gives nobody
    more time."""
    asked = waiting(ticket)
    if asked is None or asked.wanted is None:
        return {}  # refused by the row's check
    until = terms.moment(details, "until", "批准延到的时间") if details.get("until") or details.get("until_at") else asked.wanted
    if until > asked.wanted:
        raise BadInput("批准的期限晚于申请的期限", cure="请填写不晚于申请的时间", field="until")
    if until <= terms.now:
        raise BadInput("申请的期限已过", cure="请驳回，由承接主体重新申请")
    present = _first_due(ticket)
    if present is None or until <= present:
        raise BadInput("批准的期限不晚于现在的期限", cure="请填写更晚的时间，或驳回申请", field="until")
    return {"deadline_at": until.isoformat(), "wanted_at": asked.wanted.isoformat(), "asked": asked.reason}


def override(ticket: Ticket, details: Mapping[str, Any], terms: Terms) -> dict[str, Any]:
    """One running clock gets another deadline, whatever the policy says; who and why stand in the history."""
    key = str(details.get("target", ""))
    present = _running(ticket, key)
    if present is None:
        raise BadInput(f"没有在走的时限“{key}”", cure="请从列表中选择一项在走的时限", field="target")
    until = terms.moment(details, "deadline", "新的期限")
    if until == present.due_at:
        raise BadInput("新的期限与现在的期限相同", cure="请填写另一个日期和时间", field="deadline")
    return {"deadline_at": until.isoformat(), "target_name": present.name}


CHECKS: Mapping[str, Callable[[Ticket, Mapping[str, Any], Terms], dict[str, Any]]] = {
    "hold": hold,
    "petition": petition,
    "grant": grant,
    "override": override,
    "ask_return": ask_return,
    "ask_closure": ask_closure,
    "resolve": resolve,
    "reopen": reopen,
    "appeal": appeal,
    "supervise": supervise,
}


def _running(ticket: Ticket, target: str) -> Timer | None:
    return next((timer for timer in ticket.timers if timer.target == target and timer.stopped_at is None), None)


def _first_due(ticket: Ticket) -> datetime | None:
    """The earlier deadline of those that a petition may move: the promise to the citizen, and what the contractor owes."""
    running = [_running(ticket, target) for target in ("resolve", "finish")]
    return min((timer.due_at for timer in running if timer is not None), default=None)
