"""The forms of a ticket's acts: which are offered is asked of the table; here stands what each asks for, and at which noun."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from pydantic import BaseModel

from app import notify
from app.errors import BadInput
from app.hotline import Tx
from app.store import tickets as store
from app.tickets import terms
from app.tickets.lifecycle import DEAD_ENDS, Actor, Handler, Role, Rule, offers
from app.tickets.model import Ticket, Timer
from app.web.views import LEVEL_NAMES
from routing.assign import Terms

LONGEST = 5000  # characters of one field


class Given(BaseModel):
    """What a form of an act may carry. ``seen`` is the last event that the page showed."""

    text: str = ""
    reason: str = ""
    refer: str = ""
    eta: str = ""
    until: str = ""
    wanted: str = ""
    deadline: str = ""
    target: str = ""
    leaf: str = ""
    contractor: str = ""
    purchaser: str = ""
    into: str = ""
    codes: str = ""
    level: str = ""
    unseal: str = ""
    seen: int = 0


@dataclass(frozen=True, slots=True)
class Field:
    """One thing a form asks for. ``choices`` names the list that the page offers; "" is free text."""

    name: str
    label: str
    kind: str = "area"  # area, line, moment, choice, tick
    hint: str = ""
    choices: str = ""


@dataclass(frozen=True, slots=True)
class ActForm:
    """How an act is put to people: the noun it is posted to, the button, what it asks for."""

    noun: str
    button: str
    fields: tuple[Field, ...] = ()
    tone: str = ""  # primary, danger
    hint: str = ""


TEXT = Field("text", "内容")
REASON = Field("reason", "理由")
UNSEAL = Field("unseal", "已阅全文，确认不涉及承接主体，解除保密", "tick", hint="解除后可以派给承接主体，承接主体能看到诉求全文")

FORMS: Mapping[str, ActForm] = {
    "dispatch": ActForm("dispatch", "派单", (Field("contractor", "承接主体", "choice", choices="contractors"),), "primary"),
    "refer": ActForm("referral", "转主管部门", (Field("purchaser", "主管部门", "choice", choices="purchasers"),)),
    "classify": ActForm("category", "改类别", (Field("leaf", "类别", "choice", choices="leaves"),)),
    "answer": ActForm("answer", "直接答复并办结", (Field("text", "答复内容", hint="会发给诉求人"),)),
    "reject": ActForm(
        "rejection",
        "不予受理",
        (Field("reason", "理由", hint="会告知诉求人"), Field("refer", "建议去向", "line", hint="例如：城管 12319")),
        "danger",
    ),
    "accept": ActForm("acceptance", "签收", (Field("eta", "预约上门时间", "moment", hint="会告知诉求人"),), "primary"),
    "contact": ActForm("contact", "记录联系", (Field("text", "联系情况", hint="何时、怎样联系、说了什么"),)),
    "progress": ActForm("progress", "填写进展", (Field("text", "进展", hint="会发给诉求人"),)),
    "hold": ActForm("hold", "挂起", (Field("reason", "理由", hint="会告知诉求人"), Field("until", "预计恢复时间", "moment"))),
    "resume": ActForm("resumption", "恢复办理", (), "primary"),
    "arrive": ActForm("arrival", "已到场", hint="记下到场的时刻，停下到场的钟"),
    "acknowledge": ActForm("acknowledgement", "知悉", hint="反复提醒到此为止；时限和升级照旧"),
    "petition": ActForm(
        "petition",
        "申请延期",
        (Field("reason", "理由", hint="批准后会告知诉求人"), Field("wanted", "希望延到", "moment")),
        hint="主管部门批准之前，原期限不变",
    ),
    "grant": ActForm(
        "extension",
        "批准延期",
        (Field("reason", "批准意见"), Field("until", "批准延到", "moment", hint="不填即为申请的时间；可以更早，不能更晚")),
        "primary",
    ),
    "deny": ActForm("refusal", "驳回延期", (Field("reason", "理由", hint="承办单位会看到；原期限不变"),)),
    "override": ActForm(
        "deadline",
        "调整期限",
        (
            Field("target", "时限项", "choice", choices="clocks"),
            Field("deadline", "新的期限", "moment"),
            Field("reason", "理由", hint="会告知诉求人和承办单位，并留痕"),
        ),
        "danger",
    ),
    "resolve": ActForm("resolution", "办结", (Field("text", "办理结果", hint="做了什么、结果如何，会发给诉求人"),), "primary"),
    "reply": ActForm("reply", "回复诉求人", (Field("text", "回复内容", hint="会发给诉求人"),)),
    "append": ActForm(
        "addition",
        "补充情况",
        (Field("text", "诉求人补充的情况", hint="会转给承办单位；补上小区和房号后，待派的工单会重新派单"),),
    ),
    "note": ActForm("note", "内部备注", (Field("text", "备注", hint="诉求人看不到"),)),
    "nudge": ActForm("nudge", "催办", hint="提醒承办单位尽快办理"),
    "return": ActForm("return", "收回改派", (Field("reason", "理由", hint="承办单位会看到"),), "danger"),
    "remand": ActForm("remand", "退回重办", (REASON,), "danger"),
    "reopen": ActForm("reopening", "重新办理", (REASON,)),
    "close": ActForm("closure", "归档", hint="审核通过，不再办理"),
    "merge": ActForm("merger", "并入另一张工单", (Field("into", "并入的工单号", "line", hint="诉求人会收到告知"),)),
    "alarm": ActForm("alarm", "应急告警", (Field("codes", "应急类别", "choice", choices="emergencies"),), "danger"),
    "escalate": ActForm("escalation", "督办", (Field("level", "级别", "choice", choices="levels"),), "danger"),
    "withdraw": ActForm("withdrawal", "代诉求人撤回", (Field("reason", "理由", "line"),), "danger"),
}
BY_NOUN: Mapping[str, str] = {form.noun: action for action, form in FORMS.items()}
FIRST = (
    "grant",
    "deny",
    "accept",
    "resolve",
    "resume",
    "dispatch",
    "refer",
    "contact",
    "arrive",
    "progress",
    "reply",
    "answer",
)  # what one mostly came for


@dataclass(frozen=True, slots=True)
class Offer:
    """A form on a ticket's page. ``needed``: what the table asks for; ``first``: shown open, not under 更多操作."""

    action: str
    form: ActForm
    needed: frozenset[str]
    first: bool


def offered(tx: Tx, ticket: Ticket, viewer: Actor) -> list[Offer]:
    """What the table lets this person do to this ticket now, what one mostly came for first."""
    rules = [rule for rule in offers(ticket.state, viewer.role) if rule.action in FORMS and _may(tx, rule, ticket, viewer)]
    made = [
        Offer(rule.action, form_of(tx, rule.action, ticket, viewer), frozenset(rule.needs), rule.action in FIRST)
        for rule in rules
    ]
    return sorted(made, key=_rank)


def form_of(tx: Tx, action: str, ticket: Ticket, viewer: Actor) -> ActForm:
    """The form of an act for this person. What is asked for stands over the decision; and only a supervisor may open a sealed
    ticket, once its whole text has been read."""
    form = FORMS[action]
    asked = terms.waiting(ticket)
    if action in ("grant", "deny") and asked is not None and asked.wanted is not None:
        wanted = tx.hotline.spell(asked.wanted)
        form = replace(form, hint=f"{asked.asked_by}申请延到 {wanted}：{asked.reason}")
    if action == "classify" and ticket.sealed and viewer.role is Role.SUPERVISOR:
        return replace(form, fields=(*form.fields, UNSEAL))
    return form


def _rank(offer: Offer) -> int:
    """What one mostly came for, then the rest, and last what cannot easily be taken back."""
    if offer.first:
        return FIRST.index(offer.action)
    return len(FIRST) + (offer.form.tone == "danger")


def _may(tx: Tx, rule: Rule, ticket: Ticket, viewer: Actor) -> bool:
    """The checks of the row that need no details, and 督办 only where a deadline has lapsed."""
    if rule.action == "escalate" and notify.running(ticket, "resolve") is None:
        return False
    if rule.action == "arrive" and notify.running(ticket, "arrive") is None:
        return False
    if rule.action == "acknowledge" and not any(_rings(timer) for timer in ticket.timers):
        return False
    return all(check(ticket, viewer, {}) is None for check in rule.checks)


def _rings(timer: Timer) -> bool:
    """Whether its ladder goes on until somebody answers, and nobody has."""
    ahead = timer.ladder[timer.next_step :] if timer.next_at is not None and timer.acknowledged_at is None else []
    return any(step.get("until") for step in ahead)


def details(tx: Tx, ticket: Ticket, viewer: Actor, action: str, given: Given) -> dict[str, Any]:
    """What ``act`` is handed, from what the form said. Raises BadInput where it cannot be used."""
    said = {name: str(value).strip() for name, value in given if name != "seen"}
    asked = {field.name for field in form_of(tx, action, ticket, viewer).fields}
    kept: dict[str, Any] = {name: value for name, value in said.items() if name in asked and value}
    if any(len(value) > LONGEST for value in kept.values()):
        raise BadInput("填写的内容过长", cure=f"每项不超过 {LONGEST} 字")
    for name in kept.keys() & _READ.keys():
        kept |= _READ[name](tx, ticket, viewer, str(kept[name]))
    return kept


def _contractor(tx: Tx, ticket: Ticket, viewer: Actor, value: str) -> dict[str, Any]:
    names = tx.hotline.knowledge(tx.session).snapshot.contractors
    chosen = _number(value, "承接主体")
    if chosen not in names:
        raise BadInput("没有这个承接主体", cure="请从列表中选择")
    owed = next((terms for terms in owing(tx, ticket) if int(terms.contractor_id) == chosen), None)
    if owed is None:
        return {"contractor": chosen, "why": f"{viewer.name}人工派单，合同未覆盖"}
    leaf = tx.hotline.policy.taxonomy.leaves[ticket.leaf]
    why = f"合同 {owed.number} 约定，{viewer.name}核派"
    return {"contractor": chosen, "contract": int(owed.contract_id), "clause": owed.clause(leaf), "why": why}


def owing(tx: Tx, ticket: Ticket) -> tuple[Terms, ...]:
    """The contracts that owe this ticket's category at its estate today."""
    leaf = tx.hotline.policy.taxonomy.leaves.get(ticket.leaf)
    if leaf is None or ticket.estate_id is None:
        return ()
    register = tx.hotline.knowledge(tx.session).snapshot.register
    return register.owed(leaf, str(ticket.estate_id), tx.hotline.local_day(tx.now))


def _purchaser(tx: Tx, ticket: Ticket, viewer: Actor, value: str) -> dict[str, Any]:
    chosen = _number(value, "主管部门")
    if chosen not in tx.hotline.knowledge(tx.session).snapshot.purchasers:
        raise BadInput("没有这个主管部门", cure="请从列表中选择")
    return {"purchaser": chosen, "why": f"{viewer.name}转办"}


def _leaf(tx: Tx, ticket: Ticket, viewer: Actor, value: str) -> dict[str, Any]:
    leaf = tx.hotline.policy.taxonomy.leaves.get(value.upper()[:3])
    if leaf is None:
        raise BadInput(f"没有“{value}”这个类别", cure="请从列表中选择")
    return {"leaf": leaf.code, "urgency": "U0" if ticket.urgency == "U0" else leaf.urgency}


def _moment(name: str) -> Callable[[Tx, Ticket, Actor, str], dict[str, Any]]:
    def read(tx: Tx, ticket: Ticket, viewer: Actor, value: str) -> dict[str, Any]:
        """A local time as the browser writes it, told as people read it; other words stay as they are."""
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            return {name: value}
        if not 1 < moment.year < 9999:
            raise BadInput("时间填写有误", cure="请填写将来的日期和时间")
        local = moment if moment.tzinfo else moment.replace(tzinfo=tx.hotline.zone)
        return {name: tx.hotline.spell(local), f"{name}_at": local.isoformat()}

    return read


VISITS = (8, 20)  # the hours in which one calls on people unless it is urgent


def visit(tx: Tx, ticket: Ticket) -> datetime:
    """The appointment that a form proposes: in two hours, in the daytime; at once where it is an emergency. Local time."""
    urgent = ticket.urgency == "U0"
    local = (tx.now + (timedelta() if urgent else timedelta(hours=2))).astimezone(tx.hotline.zone)
    late = timedelta(minutes=local.minute % 30, seconds=local.second, microseconds=local.microsecond)
    proposed = local - late + (timedelta(minutes=30) if late else timedelta())
    first, last = VISITS
    if urgent or first <= proposed.hour < last:
        return proposed
    morning = proposed.replace(hour=first + 1, minute=0)
    return morning if proposed.hour < first else morning + timedelta(days=1)


def _unseal(tx: Tx, ticket: Ticket, viewer: Actor, value: str) -> dict[str, Any]:
    return {"unseal": True}


def _into(tx: Tx, ticket: Ticket, viewer: Actor, value: str) -> dict[str, Any]:
    into = store.by_number(tx.session, value.upper().replace(" ", ""), viewer)
    if into.id == ticket.id or into.state in DEAD_ENDS:
        raise BadInput(f"不能并入工单 {into.number}", cure="请选择另一张未并单的工单")
    return {"into": into.number, "into_id": into.id}


def _codes(tx: Tx, ticket: Ticket, viewer: Actor, value: str) -> dict[str, Any]:
    leaf = tx.hotline.policy.taxonomy.leaves.get(value)
    if leaf is None or leaf.group != "E":
        raise BadInput("没有这个应急类别", cure="请从列表中选择")
    return {"codes": [leaf.code], "why": f"{viewer.name}判定为{leaf.name}", "quote": ticket.text[:60]}


def _level(tx: Tx, ticket: Ticket, viewer: Actor, value: str) -> dict[str, Any]:
    level, clock = _number(value, "级别"), notify.running(ticket, "resolve")
    if level not in LEVEL_NAMES or clock is None:
        raise BadInput("现在不能督办", cure="工单没有在走的办结时限")
    tell = ["desk", "contractor" if ticket.handler == Handler.CONTRACTOR else "supervisor"]
    due = {"target": clock.target, "target_name": clock.name, "due": tx.hotline.spell(clock.due_at)}
    return {"level": level, "level_name": LEVEL_NAMES[level], "tell": tell, **due}


def _number(value: str, what: str) -> int:
    if not value.isascii() or not value.isdigit() or len(value) > 18:
        raise BadInput(f"{what}填写有误", cure="请从列表中选择")
    return int(value)


_READ: Mapping[str, Callable[[Tx, Ticket, Actor, str], dict[str, Any]]] = {
    "contractor": _contractor,
    "purchaser": _purchaser,
    "leaf": _leaf,
    "eta": _moment("eta"),
    "until": _moment("until"),
    "wanted": _moment("wanted"),
    "deadline": _moment("deadline"),
    "into": _into,
    "codes": _codes,
    "level": _level,
    "unseal": _unseal,
}
