"""The one table: everything that may happen to a ticket, who may do it, what it does to the clocks and who is told.

Read a row as: action, name, from, to, who may, timers, told, needs, checks.

* to: a pair says where it goes with whoever had it, and where when the desk itself answered for it.
* timers: ``+`` start (a target already running from the same anchor goes on), ``!`` start anew from this act, ``-`` met,
  ``=`` pause, ``>`` resume, ``x`` cancel, ``^`` the deadline decided on, ``~`` somebody has answered, ``%`` count again on the
  calendar in force; ``*`` is every target, ``?`` the one the act names. Targets are the policy's: the citizen's ``contact``,
  ``resolve`` and ``respond``, the contractor's ``accept``, ``reach``, ``arrive``, ``finish``, ``assist`` and ``supervise``, the
  adjudicator's ``decide``, the hotline's ``review`` and ``callback``.
* told: ``resident``, ``contractor``, ``supervisor``, ``desk``, ``handler`` (whoever answers for the ticket now), ``helper`` (who is
  asked to assist), ``ladder`` (whom the escalation step names). A sealed ticket never tells a contractor, whatever the row says.
* needs: details without which the act is refused. checks: what cannot be a fact of the table, each a function of app/tickets/checks.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from app.tickets.checks import (
    a_member,
    asked,
    by_its_handler,
    by_its_helper,
    by_the_resident,
    desk_reports_its_own,
    may_assign,
    may_judge_return,
    never_sealed,
    no_incident,
    no_member_yet,
    not_binding,
    not_its_own_helper,
    not_of_the_rated,
    one_petition_at_a_time,
    reviewed_before_silence_counts,
    somebody_helps,
    still_to_review,
    under_supervision,
)
from app.tickets.parties import ROLE_NAMES as ROLE_NAMES
from app.tickets.parties import SEALED_GROUPS as SEALED_GROUPS
from app.tickets.parties import STATE_NAMES as STATE_NAMES
from app.tickets.parties import SYSTEM as SYSTEM
from app.tickets.parties import Actor as Actor
from app.tickets.parties import Case as Case
from app.tickets.parties import Check as Check
from app.tickets.parties import Details as Details
from app.tickets.parties import Handler as Handler
from app.tickets.parties import Late as Late
from app.tickets.parties import Role as Role
from app.tickets.parties import State as State


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
WORKED: frozenset[State | None] = frozenset({S.IN_PROGRESS, S.ON_HOLD})
ENDED: frozenset[State | None] = frozenset({S.RESOLVED, S.CLOSED})
LATER = OPEN | {S.CLOSED}  # what is asked about a round may be decided whatever became of the ticket since
SET_TO_WORK = "xsupervise +accept +reach +arrive +finish +contact +resolve"
TAKEN_BACK = "xaccept xreach xarrive xfinish xdecide xassist xsupervise"
# Whoever did not do it no longer need.
DONE = "-contact -resolve -respond -accept -reach -arrive -finish " + TAKEN_BACK


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
    # --- the desk: what it is, whose it is
    row("classify", "改类",     QUEUED,              SAME,          MACHINE | DESK,                "+contact +resolve",         "",                      "leaf"),
    row("protect",  "保密",     LATER,               SAME,          DESK | {R.RESIDENT},           "",                          "",                      "", by_the_resident),
    row("restate",  "转述",     LATER,               SAME,          DESK,                          "",                          "contractor",            "text"),
    row("dispatch", "派单",     QUEUED,              S.DISPATCHED,  MACHINE | DESK,                SET_TO_WORK,                 "contractor resident",   "contractor", never_sealed, may_assign),
    row("refer",    "转主管",   QUEUED,              S.DISPATCHED,  MACHINE | DESK,                SET_TO_WORK,                 "supervisor resident",   "purchaser"),
    row("answer",   "直接答复", QUEUED,              S.RESOLVED,    DESK,                          DONE,                        "resident",              "text"),
    row("reject",   "不予受理", QUEUED,              S.REJECTED,    DESK,                          "x*",                        "resident",              "reason refer", no_incident),
    row("return",   "收回改派", AT_WORK,             S.RETURNED,    DESK,                          f">resolve {TAKEN_BACK}",    "handler",               "reason"),
    # --- whoever does the work
    row("accept",   "签收",     {S.DISPATCHED},      S.IN_PROGRESS, HANDLERS,                      "-accept",                   "resident",              "eta", by_its_handler),
    row("contact",  "联系",     AT_WORK,             SAME,          STAFF,                         "-contact -reach -respond",  "",                      "text", by_its_handler),
    row("arrive",   "到场",     WORKED,              SAME,          HANDLERS,                      "-arrive",                   "",                      "", by_its_handler),
    row("progress", "进展",     WORKED,              SAME,          STAFF | MACHINE,               "-respond",                  "resident",              "text", by_its_handler),
    row("reply",    "回复",     OPEN,                SAME,          DESK,                          "-contact -respond",         "resident",              "text"),
    row("note",     "备注",     LATER | {S.REJECTED, S.MERGED}, SAME, STAFF,                       "",                          "",                      "text", by_its_handler),
    row("hold",     "挂起",     {S.IN_PROGRESS},     S.ON_HOLD,     STAFF | MACHINE,               "=resolve =finish",          "resident desk",         "reason until", by_its_handler),
    row("resume",   "恢复",     {S.ON_HOLD},         S.IN_PROGRESS, STAFF | MACHINE,               ">resolve >finish",          "resident",              "", by_its_handler),
    row("resolve",  "办结",     {S.IN_PROGRESS},     S.RESOLVED,    STAFF | MACHINE,               f"{DONE} +review",           "resident",              "text", by_its_handler),
    # --- 协办: others assist, each with a clock of its own; whoever leads goes on answering for the whole (北京条例 art. 14)
    row("assist",   "请求协办", AT_WORK,             SAME,          DESK,                          "+assist",                   "helper handler",        "helper text", never_sealed, not_its_own_helper),
    row("assisted", "协办完成", AT_WORK,             SAME,          {R.CONTRACTOR},                "-assist",                   "handler desk",          "text", by_its_helper),
    row("unassist", "撤销协办", AT_WORK,             SAME,          DESK,                          "xassist",                   "helper handler",        "helper reason", somebody_helps),
    # --- 申请: asked by whoever does the work, decided by somebody else within a limit; until then nothing changes
    row("petition", "申请延期", {S.IN_PROGRESS},     SAME,          {R.CONTRACTOR},                "+decide",                   "desk supervisor",       "reason wanted", by_its_handler, one_petition_at_a_time),
    row("grant",    "批准延期", WORKED,              SAME,          {R.SUPERVISOR},                "-decide ^resolve ^finish",  "resident handler",      "reason", asked("extension")),
    row("deny",     "驳回延期", WORKED,              SAME,          {R.SUPERVISOR},                "-decide",                   "handler",               "reason", asked("extension")),
    row("ask_return", "申请退单", AT_WORK,           SAME,          {R.CONTRACTOR},                "+decide",                   "desk supervisor",       "code reason", by_its_handler, not_binding, one_petition_at_a_time),
    row("grant_return", "同意退单", AT_WORK,         S.RETURNED,    DESK,                          f"-decide >resolve {TAKEN_BACK}", "handler",          "reason", asked("return"), may_judge_return),
    row("deny_return", "驳回退单", AT_WORK,          SAME,          DESK,                          "-decide",                   "handler",               "reason", asked("return"), may_judge_return),
    row("ask_closure", "申请不解决办结", UNANSWERED, SAME,          STAFF - {R.SUPERVISOR},        "+decide",                   "supervisor",            "outcome reason", by_its_handler, one_petition_at_a_time, no_incident),
    row("grant_closure", "批准不解决办结", UNANSWERED, S.CLOSED,    {R.SUPERVISOR},                "-decide x*",                "resident handler desk", "reason", asked("closure")),
    row("deny_closure", "驳回不解决办结", UNANSWERED, SAME,         {R.SUPERVISOR},                "-decide",                   "handler desk",          "reason", asked("closure")),
    row("ask_exclusion", "申请剔除", ENDED,          SAME,          {R.CONTRACTOR},                "+decide",                   "supervisor",            "reason", by_its_handler, one_petition_at_a_time),
    row("grant_exclusion", "同意剔除", LATER,        SAME,          {R.SUPERVISOR},                "-decide",                   "contractor",            "reason", asked("exclusion")),
    row("deny_exclusion", "驳回剔除", LATER,         SAME,          {R.SUPERVISOR},                "-decide",                   "contractor",            "reason", asked("exclusion")),
    row("appeal",   "评价申诉", LATER - QUEUED,      SAME,          {R.CONTRACTOR},                "+decide",                   "supervisor",            "round reason", by_its_handler, one_petition_at_a_time),
    row("grant_appeal", "申诉成立", LATER,           SAME,          {R.SUPERVISOR},                "-decide",                   "contractor",            "reason", asked("appeal")),
    row("deny_appeal", "驳回申诉", LATER,            SAME,          {R.SUPERVISOR},                "-decide",                   "contractor",            "reason", asked("appeal")),
    # --- what was done, looked at
    row("approve",  "审核通过", {S.RESOLVED},        SAME,          DESK,                          "-review",                   "contractor",            "", still_to_review),
    row("remand",   "退回重办", {S.RESOLVED},        AGAIN,         DESK,                          "xreview xcallback +resolve +finish", "handler resident", "reason"),
    row("reopen",   "重办",     ENDED,               AGAIN,         MACHINE | DESK | {R.RESIDENT}, "xreview xcallback +resolve +finish", "handler desk",   "reason", by_the_resident),
    row("callback", "回访任务", UNANSWERED | ENDED,  SAME,          MACHINE,                       "+callback",                 "",                      "why"),
    row("call",     "回访",     UNANSWERED | ENDED,  SAME,          {R.AGENT},                     "",                          "",                      "outcome", not_of_the_rated),
    row("uncall",   "回访终止", UNANSWERED | ENDED,  SAME,          {R.AGENT} | MACHINE,           "xcallback",                 "",                      "reason", not_of_the_rated),
    row("rate",     "评价",     ENDED,               SAME,          {R.RESIDENT, R.AGENT},         "-callback",                 "",                      "satisfied", by_the_resident, not_of_the_rated, no_incident),
    row("confirm",  "确认解决", {S.RESOLVED},        S.CLOSED,      {R.RESIDENT, R.AGENT},         "x*",                        "handler",               "", by_the_resident, not_of_the_rated, no_incident),
    row("close",    "归档",     {S.RESOLVED},        S.CLOSED,      MACHINE | DESK,                "x*",                        "",                      "", reviewed_before_silence_counts),
    # --- the resident
    row("nudge",    "催办",     UNANSWERED,          SAME,          DESK | {R.RESIDENT},           "",                          "handler desk",          "", by_the_resident),
    row("withdraw", "撤回",     OPEN,                S.CLOSED,      {R.RESIDENT, R.AGENT},         "x*",                        "handler",               "", by_the_resident, no_incident),
    # --- several tickets that are one matter, one ticket that is several, one cause with many complainants
    row("merge",    "并单",     OPEN,                S.MERGED,      DESK,                          "x*",                        "resident handler",      "into", no_incident),
    row("unmerge",  "撤销并单", {S.MERGED},          S.RECEIVED,    MACHINE | DESK,                "+contact +resolve",         "resident desk",         "reason"),
    row("split",    "拆单",     UNANSWERED,          SAME,          DESK,                          "",                          "resident",              "part leaf text", no_incident),
    row("join",     "并入群体事件", UNANSWERED,      S.IN_PROGRESS, DESK,                          f"-contact >resolve {TAKEN_BACK}", "resident handler", "into", no_member_yet),
    row("leave",    "退出群体事件", WORKED,          S.RECEIVED,    MACHINE | DESK,                ">resolve >finish",          "resident desk",         "reason", a_member),
    # --- 督办 with a numbered document, and what comes back
    row("supervise", "督办",    UNANSWERED,          SAME,          {R.SUPERVISOR},                "+supervise",                "handler desk",          "level text"),
    row("report",   "督办反馈", UNANSWERED,          SAME,          STAFF,                         "-supervise",                "supervisor",            "text", by_its_handler, desk_reports_its_own, under_supervision),
    # A deadline moves only when somebody who may has decided so: on a petition, or openly against the policy.
    row("override", "调整期限", UNANSWERED,          SAME,          {R.SUPERVISOR} | MACHINE,      "^?",                        "resident handler",      "target deadline reason"),
    row("acknowledge", "知悉",  UNANSWERED,          SAME,          STAFF,                         "~*",                        "",                      "", by_its_handler),
    row("recount",  "日历调整", OPEN,                SAME,          MACHINE,                       "%*",                        "resident handler",      "calendar"),
    # Timers act by these three; they never count as work done on the ticket.
    row("remind",   "临期提醒", UNANSWERED | ENDED,  SAME,          MACHINE,                       "",                          "ladder",                "target"),
    row("breach",   "超期",     UNANSWERED | ENDED,  SAME,          MACHINE,                       "",                          "ladder",                "target"),
    row("escalate", "升级",     UNANSWERED,          SAME,          MACHINE,                       "",                          "ladder",                "target"),
)
# fmt: on

BY_TIME = ("remind", "breach", "escalate")  # what the ladder of a clock does
QUIET = (*BY_TIME, "recount", "callback")  # nobody has said or done anything
RULES: Mapping[str, Rule] = {rule.action: rule for rule in TABLE}
DEAD_ENDS = frozenset({State.REJECTED})


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
