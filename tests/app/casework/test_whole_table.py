"""The full cross product: whoever may do whatever wherever the table says so, nobody anything else, and what is refused changes
nothing. Enumerated, not sampled."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest

from app.casework import act
from app.errors import Conflict, HotlineError, NotAllowed
from app.hotline import Tx
from app.store import tickets as store
from app.tickets import petitions
from app.tickets.checks import by_its_handler
from app.tickets.followup import Rating
from app.tickets.lifecycle import RULES, SYSTEM, TABLE, Actor, Handler, Role, Rule, State
from app.tickets.model import Duty, Supervision, Ticket
from app.triage import NOTHING_YET
from tests.app.casework.stage import Stage
from tests.app.casework.test_every_row import CASES, filled

pytestmark = pytest.mark.slow  # a few thousand acts

S, R = State, Role
LEAF = "A02"  # of no category whose resolution asks for photos
PLACES: tuple[State | None, ...] = (None, *State)

# 业务流程 as domain.md §2.6 and the issue name it: every act, by its name, is a row of the table.
WORKFLOW: Mapping[str, str] = {
    "受理登记": "receive",
    "直接答复": "answer",
    "不予受理": "reject",
    "应急": "alarm",
    "派单": "dispatch",
    "签收": "accept",
    "联系": "contact",
    "到场": "arrive",
    "进展": "progress",
    "挂起": "hold",
    "恢复": "resume",
    "退单申请": "ask_return",
    "同意退单": "grant_return",
    "驳回退单（强制承办）": "deny_return",
    "延期申请": "petition",
    "同意延期": "grant",
    "驳回延期": "deny",
    "剔除申请": "ask_exclusion",
    "同意剔除": "grant_exclusion",
    "驳回剔除": "deny_exclusion",
    "评价申诉": "appeal",
    "申诉成立": "grant_appeal",
    "驳回申诉": "deny_appeal",
    "不解决办结申请": "ask_closure",
    "批准不解决办结": "grant_closure",
    "驳回不解决办结": "deny_closure",
    "协办": "assist",
    "协办完成": "assisted",
    "撤销协办": "unassist",
    "改派": "return",
    "转主管部门": "refer",
    "改类": "classify",
    "办结": "resolve",
    "审核通过": "approve",
    "退回重办": "remand",
    "回访任务": "callback",
    "回访": "call",
    "评价": "rate",
    "确认": "confirm",
    "重办": "reopen",
    "归档": "close",
    "补充": "append",
    "撤回": "withdraw",
    "催办": "nudge",
    "临期提醒": "remind",
    "超期": "breach",
    "升级": "escalate",
    "督办": "supervise",
    "督办反馈": "report",
    "并单": "merge",
    "撤销并单": "unmerge",
    "拆单": "split",
    "并入群体事件": "join",
    "退出群体事件": "leave",
    "内部备注": "note",
    "保密": "protect",
}


class Undone(Exception):
    """Takes back what was tried."""


@pytest.fixture(scope="module")
def parked() -> dict[int, dict[State, str]]:
    """One ticket in every state, of each stage; nothing that is tried here moves them."""
    return {}


def parked_on(stage: Stage, parked: dict[int, dict[State, str]]) -> dict[State, str]:
    if id(stage) not in parked:
        parked[id(stage)] = {state: stage.brought_to(state, leaf=LEAF) for state in State}
    return parked[id(stage)]


@contextmanager
def tried(stage: Stage, number: str | None) -> Iterator[tuple[Tx, Ticket]]:
    """A ticket, or one that nobody has taken in yet, in a transaction of which nothing stays."""
    try:
        with stage.cast.hotline.tx() as tx:
            yield tx, store.by_number(tx.session, number, SYSTEM) if number else unborn(tx)
            raise Undone
    except Undone:
        pass


def unborn(tx: Tx) -> Ticket:
    told = {
        "created_at": tx.now,
        "channel": "phone",
        "text": "灯坏了",
        "confidential": False,
        "sealed": False,
        "resident_id": None,
    }
    return Ticket(number="GZ202611239999", **NOTHING_YET, **told, leaf=LEAF, group=LEAF[:1], urgency="U2", emergencies=[])


def allowed(rule: Rule, state: State | None, role: Role) -> bool:
    return state in rule.sources and role in rule.roles


def details_of(stage: Stage, action: str) -> dict[str, Any]:
    given = CASES[action].details if action in CASES else {"ask": ""}
    return filled(stage, given)


def test_every_act_of_the_workflow_is_a_row() -> None:
    assert set(WORKFLOW.values()) <= set(RULES)
    assert len(set(WORKFLOW.values())) == len(WORKFLOW)


def test_there_is_no_row_that_nobody_has_a_word_for() -> None:
    assert set(RULES) - set(WORKFLOW.values()) == {"reply", "restate", "uncall", "acknowledge", "override", "recount"}


def test_what_the_table_does_not_allow_is_refused_and_changes_nothing(stage: Stage, parked: dict[int, dict[State, str]]) -> None:
    """Every (state, act, role) of the product; the acts of one role on one ticket share a transaction that commits whatever a
    refused act may have left behind."""
    tickets, wrong, refusals = parked_on(stage, parked), [], 0
    given = {rule.action: details_of(stage, rule.action) for rule in TABLE}
    for state in PLACES:
        number = tickets.get(state) if state else None
        for role in Role:
            by = stage.anybody(role, number or tickets[S.RECEIVED])
            before = stage.everything(number or tickets[S.RECEIVED])
            with stage.cast.hotline.tx() as tx:
                ticket = store.by_number(tx.session, number, SYSTEM) if number else unborn(tx)
                forbidden = [rule for rule in TABLE if not allowed(rule, state, role)]
                wrong += [line for rule in forbidden if (line := refusal(tx, ticket, rule, by, given[rule.action]))]
                refusals += len(forbidden)
                assert not tx.session.new and not tx.session.dirty, (state, role)
            assert stage.everything(number or tickets[S.RECEIVED]) == before, f"{role} changed something on {state}"
    assert wrong == []
    assert refusals == len(PLACES) * len(Role) * len(TABLE) - sum(len(rule.sources) * len(rule.roles) for rule in TABLE)


def refusal(tx: Tx, ticket: Ticket, rule: Rule, by: Actor, details: Mapping[str, Any]) -> str:
    """What is wrong with how the act is refused; empty when nothing is."""
    told = f"{rule.action} by {by.role} on {ticket.state}"
    kind = Conflict if by.role in rule.roles else NotAllowed
    try:
        act(tx, ticket, rule.action, by, details)
    except HotlineError as error:
        return "" if type(error) is kind and readable(error, ticket) else f"{told}: {error!r}"
    return f"{told}: done"


def readable(error: HotlineError, ticket: Ticket) -> bool:
    """A Chinese sentence and what to do about it, of nothing that only a programmer knows."""
    words = str(error).replace(ticket.number, "")
    return bool(re.search("[\u4e00-\u9fff]", error.message) and error.cure) and not re.search("[A-Za-z_]{2,}|[{}<>]", words)


# --- what the table allows ----------------------------------------------------------------------------------------------


def prepare(tx: Tx, stage: Stage, ticket: Ticket, action: str) -> None:
    """What has to be there before the act, written down as the acts before it would have."""
    if action in (*petitions.GRANTED_BY, *petitions.DENIED_BY):
        kind = list(petitions.ASKED_BY.values())[(*petitions.GRANTED_BY, *petitions.DENIED_BY).index(action) % 5]
        wanted = (tx.now + timedelta(days=20)).isoformat() if kind == petitions.EXTENSION else ""
        petitions.ask(ticket, kind, "匠修员工", {"reason": "有原因", "wanted_at": wanted, "outcome": "explained"}, tx.now)
    elif action == "appeal":
        given = {"round": 1, "satisfied": 2, "solved": False, "reason": "慢"}
        tx.session.add(Rating(ticket_id=ticket.id, at=tx.now, via="wechat", by_role=Role.RESIDENT, **given))
    elif action in ("assisted", "unassist"):
        ticket.duties.append(Duty(contractor_id=stage.other.org, task="开门", asked_at=tx.now, result=""))
    elif action == "report":
        order = {"level": 2, "demand": "到场", "to_handler": str(ticket.handler), "issued_at": tx.now, "answer": ""}
        ticket.supervisions.append(Supervision(number="督0", **order))
    elif action in ("call", "uncall"):
        act(tx, ticket, "callback", SYSTEM, {"why": "resolved"})
    elif action == "leave":
        ticket.follows_id = ticket.id
    elif action == "close":
        ticket.reviewed_at = tx.now
    tx.session.flush()


def kept_by_a_check(rule: Rule, ticket: Ticket, role: Role) -> bool:
    """What the row allows its role and a check of it does not, on tickets like these: whoever does not answer for them."""
    if rule.action == "report":
        return role is (R.CONTRACTOR if ticket.handler is Handler.DESK else R.AGENT)
    return role is R.CONTRACTOR and by_its_handler in rule.checks and ticket.handler is not Handler.CONTRACTOR


def test_what_the_table_allows_can_be_done(sqlite_stage: Stage, parked: dict[int, dict[State, str]]) -> None:
    """Every allowed (state, act, role), each taken back afterwards; refused only where the ticket is not theirs who ask."""
    stage = sqlite_stage
    tickets, wrong, done = parked_on(stage, parked), [], 0
    for rule in TABLE:
        given = details_of(stage, rule.action)
        for state in (one for one in PLACES if one in rule.sources):
            for role in rule.roles:
                number = tickets[state] if state else None
                by = stage.other if rule.action == "assisted" else stage.anybody(role, number or tickets[S.RECEIVED])
                with tried(stage, number) as (tx, ticket):
                    told, to = f"{rule.action} by {role} on {state}", rule.leads_to(ticket)
                    kept = kept_by_a_check(rule, ticket, role)
                    try:
                        prepare(tx, stage, ticket, rule.action)
                        act(tx, ticket, rule.action, by, given)
                        tx.session.flush()
                    except HotlineError as refused:
                        if not (kept and type(refused) is NotAllowed and re.search("[\u4e00-\u9fff]", refused.message)):
                            wrong.append(f"{told}: {refused!r}")
                        continue
                    if kept or ticket.state not in (to or state, rule.leads_to(ticket)):
                        wrong.append(f"{told}: done, and it is {ticket.state}")
                    done += 1
    assert wrong == []
    assert done > 400
