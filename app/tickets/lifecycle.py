"""The one table: everything that may happen to a ticket, who may do it, what it does to the clocks and who is told.

Read a row as: action, name, from, to, who may, timers, told, needs, checks.

* to: a pair says where it goes with whoever had it, and where when the desk itself answered for it.
* timers: ``+`` start (a target already running from the same anchor goes on), ``!`` start anew from this act, ``-`` met,
  ``=`` pause, ``>`` resume, ``x`` cancel, ``^`` the deadline decided on, ``~`` somebody has answered, ``%`` count again on the
  calendar in force; ``*`` is every target, ``?`` the one the act names. Targets are the policy's: the citizen's ``contact``,
  ``resolve`` and ``respond``, the contractor's ``accept``, ``reach``, ``arrive`` and ``finish``, ``decide`` and ``callback``.
* told: ``resident``, ``contractor``, ``supervisor``, ``desk``, ``handler`` (whoever answers for the ticket now), ``ladder`` (whom the
  escalation step names). A sealed ticket never tells a contractor, whatever the row says.
* needs: details without which the act is refused. checks: what cannot be a fact of the table, each a function below.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol


class State(StrEnum):
    """工单状态. 临期, 超期, 已升级, 已催办 are not states: they are read off the timers and events."""

    RECEIVED = "received"
    DISPATCHED = "dispatched"
    IN_PROGRESS = "in_progress"
    ON_HOLD = "on_hold"
    RETURNED = "returned"
    RESOLVED = "resolved"
    CLOSED = "closed"
    REJECTED = "rejected"
    MERGED = "merged"


STATE_NAMES: Mapping[State, str] = {
    State.RECEIVED: "待受理",
    State.DISPATCHED: "待签收",
    State.IN_PROGRESS: "办理中",
    State.ON_HOLD: "挂起",
    State.RETURNED: "退单待改派",
    State.RESOLVED: "待审核/回访",
    State.CLOSED: "已归档",
    State.REJECTED: "不予受理",
    State.MERGED: "已并单",
}


class Role(StrEnum):
    """角色: as whom somebody acts."""

    RESIDENT = "resident"
    AGENT = "agent"
    CONTRACTOR = "contractor"
    SUPERVISOR = "supervisor"
    ADMIN = "admin"
    EVALUATOR = "evaluator"
    SYSTEM = "system"


ROLE_NAMES: Mapping[Role, str] = {
    Role.RESIDENT: "诉求人",
    Role.AGENT: "坐席",
    Role.CONTRACTOR: "承接主体",
    Role.SUPERVISOR: "主管部门",
    Role.ADMIN: "管理员",
    Role.EVALUATOR: "第三方",
    Role.SYSTEM: "系统",
}


SEALED_GROUPS = ("G", "R")  # 政府保留, 涉承接主体: never a contractor's


class Handler(StrEnum):
    """Who answers for a ticket now."""

    DESK = "desk"
    CONTRACTOR = "contractor"
    PURCHASER = "purchaser"


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody acting or looking. ``org`` is the contractor's or purchaser's id, 0 where there is none; ``reach`` is the
    purchaser's whole subtree (省 → 市 → 县)."""

    role: Role
    id: str = ""
    name: str = ""
    org: int = 0
    reach: frozenset[int] = frozenset()


SYSTEM = Actor(Role.SYSTEM, "system", "系统")


class Case(Protocol):
    """What the checks may look at."""

    handler: Any
    sealed: Any
    group: Any
    contractor_id: Any
    purchaser_id: Any
    resident_id: Any
    petitions: Any


Details = Mapping[str, Any]
Check = Callable[[Case, Actor, Details], str | None]


def by_its_handler(case: Case, actor: Actor, details: Details) -> str | None:
    """Contractors and supervisors act only on what they answer for; a supervisor may also step in for a contractor."""
    if actor.role is Role.CONTRACTOR and (case.handler != Handler.CONTRACTOR or case.contractor_id != actor.org):
        return "这张工单不由贵单位承办"
    return None


def never_sealed(case: Case, actor: Actor, details: Details) -> str | None:
    """Complaints about a contractor and matters reserved to government never go to one (信访工作条例 art. 30; 方案 二(二))."""
    kept = case.sealed or case.group in SEALED_GROUPS
    return "涉承接主体或政府保留事项，不得派给承接主体，请转主管部门" if kept else None


def by_the_resident(case: Case, actor: Actor, details: Details) -> str | None:
    """Residents act only on their own tickets."""
    if actor.role is Role.RESIDENT and actor.id and str(case.resident_id) != actor.id:
        return "只能操作本人提交的诉求"
    return None


def one_petition_at_a_time(case: Case, actor: Actor, details: Details) -> str | None:
    """Whoever has asked waits for the decision."""
    return "已有申请待裁决" if any(asked.state == "open" for asked in case.petitions) else None


def somebody_asked(case: Case, actor: Actor, details: Details) -> str | None:
    """Nothing is granted that nobody asked for."""
    return None if any(asked.state == "open" for asked in case.petitions) else "没有待裁决的申请"


@dataclass(frozen=True, slots=True)
class TimerEffect:
    op: str
    target: str


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of the table."""

    action: str
    name: str
    sources: frozenset[State | None]
    target: State | None  # None: the state stays
    at_desk: State | None  # the same, where the desk answers for the ticket
    roles: frozenset[Role]
    timers: tuple[TimerEffect, ...]
    told: tuple[str, ...]
    needs: tuple[str, ...]
    checks: tuple[Check, ...]

    def leads_to(self, case: Case) -> State | None:
        """The state that a case is in afterwards; None: the one it is in."""
        return self.at_desk if case.handler == Handler.DESK else self.target


S, R = State, Role
NEW: frozenset[State | None] = frozenset({None})
SAME = None
AGAIN = (S.IN_PROGRESS, S.RECEIVED)  # the desk works from its queue: what it is to do again must stand there, or nobody finds it
OPEN: frozenset[State | None] = frozenset({S.RECEIVED, S.DISPATCHED, S.IN_PROGRESS, S.ON_HOLD, S.RETURNED, S.RESOLVED})
UNANSWERED: frozenset[State | None] = OPEN - {S.RESOLVED}
QUEUED: frozenset[State | None] = frozenset({S.RECEIVED, S.RETURNED})
DESK = frozenset({R.AGENT, R.SUPERVISOR})
STAFF = DESK | {R.CONTRACTOR}
HANDLERS = frozenset({R.CONTRACTOR, R.SUPERVISOR})
MACHINE = frozenset({R.SYSTEM})
AT_WORK: frozenset[State | None] = frozenset({S.DISPATCHED, S.IN_PROGRESS, S.ON_HOLD})
SET_TO_WORK = "+accept +reach +arrive +finish +contact +resolve"
TAKEN_BACK = "xaccept xreach xarrive xfinish xdecide"
DONE = (
    "-contact -resolve -respond -accept -reach -arrive -finish " + TAKEN_BACK + " +callback"
)  # whoever did not do it no longer need


def row(
    action: str,
    name: str,
    sources: frozenset[State | None] | set[State],
    to: State | tuple[State, State] | None,
    roles: frozenset[Role] | set[Role],
    timers: str,
    told: str,
    needs: str,
    *checks: Check,
) -> Rule:
    target, at_desk = to if isinstance(to, tuple) else (to, to)
    return Rule(
        action=action,
        name=name,
        sources=frozenset(sources),
        target=target,
        at_desk=at_desk,
        roles=frozenset(roles),
        timers=tuple(TimerEffect(word[0], word[1:]) for word in timers.split()),
        told=tuple(told.split()),
        needs=tuple(needs.split()),
        checks=checks,
    )


# fmt: off
TABLE: tuple[Rule, ...] = (
    row("receive",  "受理",     NEW,                 S.RECEIVED,    MACHINE | DESK,                "+contact +resolve",         "resident",              ""),
    row("append",   "补充",     OPEN,                SAME,          MACHINE | DESK | {R.RESIDENT}, "+respond",                  "handler",               "text", by_the_resident),
    # The emergency's clocks run from when it was told. On a resolved ticket nobody is at work: it is reopened first.
    row("alarm",    "应急告警", UNANSWERED,          SAME,          MACHINE | DESK,                "!contact !resolve !accept !reach !arrive !finish", "resident desk supervisor", "codes"),
    row("classify", "改类",     QUEUED,              SAME,          MACHINE | DESK,                "+contact +resolve",         "",                      "leaf"),
    row("dispatch", "派单",     QUEUED,              S.DISPATCHED,  MACHINE | DESK,                SET_TO_WORK,                 "contractor resident",   "contractor", never_sealed),
    row("refer",    "转主管",   QUEUED,              S.DISPATCHED,  MACHINE | DESK,                SET_TO_WORK,                 "supervisor resident",   "purchaser"),
    row("answer",   "直接答复", QUEUED,              S.RESOLVED,    DESK,                          DONE,                        "resident",              "text"),
    row("reject",   "不予受理", QUEUED,              S.REJECTED,    DESK,                          "x*",                        "resident",              "reason refer"),
    row("accept",   "签收",     {S.DISPATCHED},      S.IN_PROGRESS, HANDLERS,                      "-accept",                   "resident",              "eta", by_its_handler),
    row("contact",  "联系",     AT_WORK,             SAME,          STAFF,                         "-contact -reach -respond",  "",                      "text", by_its_handler),
    row("arrive",   "到场",     {S.IN_PROGRESS, S.ON_HOLD}, SAME,   HANDLERS,                      "-arrive",                   "",                      "", by_its_handler),
    row("progress", "进展",     {S.IN_PROGRESS, S.ON_HOLD}, SAME,   STAFF,                         "-respond",                  "resident",              "text", by_its_handler),
    row("reply",    "回复",     OPEN,                SAME,          DESK,                          "-contact -respond",         "resident",              "text"),
    row("note",     "备注",     OPEN | {S.CLOSED, S.REJECTED, S.MERGED}, SAME, STAFF,              "",                          "",                      "text", by_its_handler),
    row("hold",     "挂起",     {S.IN_PROGRESS},     S.ON_HOLD,     STAFF,                         "=resolve =finish",          "resident desk",         "reason until", by_its_handler),
    row("resume",   "恢复",     {S.ON_HOLD},         S.IN_PROGRESS, STAFF | MACHINE,               ">resolve >finish",          "resident",              "", by_its_handler),
    row("return",   "退单",     AT_WORK,             S.RETURNED,    DESK,                          f">resolve {TAKEN_BACK}",    "handler",               "reason"),
    row("resolve",  "办结",     {S.IN_PROGRESS},     S.RESOLVED,    STAFF,                         DONE,                        "resident",              "text", by_its_handler),
    row("remand",   "退回重办", {S.RESOLVED},        AGAIN,         DESK,                          "xcallback +resolve +finish", "handler",              "reason"),
    row("reopen",   "重办",     {S.RESOLVED, S.CLOSED}, AGAIN,      MACHINE | DESK | {R.RESIDENT}, "xcallback +resolve +finish", "handler desk",         "reason", by_the_resident),
    row("rate",     "评价",     {S.RESOLVED, S.CLOSED}, SAME,       {R.RESIDENT, R.AGENT},         "-callback",                 "",                      "satisfied", by_the_resident),
    row("close",    "归档",     {S.RESOLVED},        S.CLOSED,      MACHINE | DESK | {R.RESIDENT}, "x*",                        "",                      "", by_the_resident),
    row("nudge",    "催办",     UNANSWERED,          SAME,          DESK | {R.RESIDENT},           "",                          "handler desk",          "", by_the_resident),
    row("withdraw", "撤回",     OPEN,                S.CLOSED,      {R.RESIDENT, R.AGENT},         "x*",                        "handler",               "", by_the_resident),
    row("merge",    "并单",     OPEN,                S.MERGED,      DESK,                          "x*",                        "resident handler",      "into"),
    # A deadline moves only when somebody who may has decided so: on a petition, or openly against the policy.
    row("petition", "申请延期", {S.IN_PROGRESS},     SAME,          {R.CONTRACTOR},                "+decide",                   "desk supervisor",       "reason wanted", by_its_handler, one_petition_at_a_time),
    row("grant",    "批准延期", {S.IN_PROGRESS, S.ON_HOLD}, SAME,   {R.SUPERVISOR},                "-decide ^resolve ^finish",  "resident handler",      "reason", somebody_asked),
    row("deny",     "驳回延期", {S.IN_PROGRESS, S.ON_HOLD}, SAME,   {R.SUPERVISOR},                "-decide",                   "handler",               "reason", somebody_asked),
    row("override", "调整期限", UNANSWERED,          SAME,          {R.SUPERVISOR},                "^?",                        "resident handler",      "target deadline reason"),
    row("acknowledge", "知悉",  UNANSWERED,          SAME,          STAFF,                         "~*",                        "",                      "", by_its_handler),
    row("recount",  "日历调整", OPEN,                SAME,          MACHINE,                       "%*",                        "resident handler",      "calendar"),
    # Timers act by these three; they never count as work done on the ticket.
    row("remind",   "临期提醒", UNANSWERED | {S.RESOLVED}, SAME,    MACHINE,                       "",                          "ladder",                "target"),
    row("breach",   "超期",     UNANSWERED | {S.RESOLVED}, SAME,    MACHINE,                       "",                          "ladder",                "target"),
    row("escalate", "升级",     UNANSWERED,          SAME,          MACHINE | {R.SUPERVISOR},      "",                          "ladder",                "target"),
)
# fmt: on

BY_TIME = ("remind", "breach", "escalate")  # what the ladder of a clock does
QUIET = (*BY_TIME, "recount")  # nobody has said or done anything
RULES: Mapping[str, Rule] = {rule.action: rule for rule in TABLE}
DEAD_ENDS = frozenset({State.REJECTED, State.MERGED})


def offers(state: State, role: Role) -> list[Rule]:
    """What somebody of this role may do to a ticket in this state; pages draw their buttons from it."""
    return [rule for rule in TABLE if state in rule.sources and role in rule.roles]


def as_markdown() -> str:
    """The table as the README shows it."""
    lines = ["| 动作 | 从 | 到 | 谁可以 | 计时 | 告知 | 必填 |", "|---|---|---|---|---|---|---|"]
    for rule in TABLE:
        sources = "、".join(STATE_NAMES[s] if s else "（新）" for s in [None, *State] if s in rule.sources)
        target = STATE_NAMES[rule.target] if rule.target else "不变"
        if rule.at_desk is not None and rule.at_desk is not rule.target:
            target += f"；坐席自办的：{STATE_NAMES[rule.at_desk]}"
        roles = "、".join(ROLE_NAMES[r] for r in Role if r in rule.roles)
        timers = " ".join(f"`{effect.op}{effect.target}`" for effect in rule.timers)
        cells = [f"{rule.name} `{rule.action}`", sources, target, roles, timers, " ".join(rule.told), " ".join(rule.needs)]
        lines.append("| " + " | ".join(cell or "—" for cell in cells) + " |")
    return "\n".join(lines)
