"""act(): the one way anything happens to a ticket. Every door ends here.

1 rule      the row of the table: from this state, by this role, with these details
2 timers    what the row does to the clocks
3 state     the only assignment of ``ticket.state`` in the program
4 event     one row, never changed
5 tell      outbox rows, in the same transaction; contractors' own systems as well
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app import evidence, naming, notify, passing_on, webhooks
from app.errors import BadInput, Conflict, NotAllowed
from app.hotline import Tx
from app.store import calls, lineage, sequences
from app.store import tickets as store
from app.tickets import chain, clocks, lifecycle, petitions
from app.tickets.effects import EFFECTS, Standing, settle
from app.tickets.followup import CallState
from app.tickets.ledger import Entry
from app.tickets.lifecycle import QUIET, ROLE_NAMES, STATE_NAMES, SYSTEM, Actor, Handler, Late, Role, Rule, State
from app.tickets.model import Message, Ticket, TicketEvent
from app.tickets.terms import CHECKS, Terms

# Acts that are themselves something said, and who may read it; an empty audience is an internal note.
SAID: Mapping[str, tuple[str, ...]] = {
    "append": ("resident", "contractor", "supervisor"),
    "contact": ("contractor", "supervisor"),
    "note": (),
}
# Acts after which nobody need be called about the round any more, and what becomes of the call that was to be made.
CALLS_END: Mapping[str, CallState] = {
    **dict.fromkeys(("rate", "confirm"), CallState.ANSWERED),
    **dict.fromkeys(("remand", "reopen", "withdraw", "merge", "reject"), CallState.MOOT),
    "uncall": CallState.UNREACHABLE,
}
REFRESH = "请刷新页面查看最新进展"
FINAL = (State.CLOSED, State.REJECTED, State.MERGED)


def act(
    tx: Tx,
    ticket: Ticket,
    action: str,
    by: Actor,
    details: Mapping[str, Any] | None = None,
    *,
    at: datetime | None = None,
    cause: str | None = None,
) -> TicketEvent:
    """Does ``action`` to ``ticket``. ``at`` dates it (a breach is dated by its deadline); ``cause`` makes it happen once only.

    Raises NotAllowed (role), Conflict (state: somebody was first), BadInput (missing details); then nothing was changed.
    """
    given = dict(details or {})
    when = at or tx.now
    rule = _rule(ticket, action, by, given)
    given |= evidence.attached(tx, ticket, by, given)
    given |= _KNOWN[action](tx, ticket, by, given) if action in _KNOWN else {}
    if action in CHECKS and not (by is SYSTEM and "from_incident" in given):  # there it was checked on the work order
        given |= CHECKS[action](ticket, given, Terms(tx.hotline.policy.rules, when, tx.hotline.zone, by))
    before = Standing.of(ticket)

    EFFECTS.get(action, _nothing)(ticket, by, given, when)
    leads_to = rule.leads_to(ticket) or ticket.state
    entries = clocks.apply(rule.timers, clocks.Act(ticket, tx.promises, when, by, given, leads_to))
    ticket.state = leads_to
    if action not in QUIET:  # that time passes settles nothing and breaks nobody's silence
        settle(ticket, before, when)
        ticket.updated_at = tx.now
    if ticket.state is not before.state:
        ticket.closed_at = when if ticket.state in FINAL else None
    if action in CALLS_END:
        calls.end(tx.session, ticket.id, CALLS_END[action], when)
    event = _event(tx, ticket, rule, by, given, when, before.state, cause, entries)
    notify.tell(tx, ticket, event, rule)
    webhooks.tell(tx, ticket, event)
    if ticket.incident:
        _pass_on(tx, ticket, event)
    return event


def _pass_on(tx: Tx, incident: Ticket, event: TicketEvent) -> None:
    """What has happened to the one work order happens to each complainant's ticket, in the same transaction and once only."""
    passed = passing_on.passed_on(tx, incident, event)
    if passed is None:
        return
    with tx.session.no_autoflush:  # a flush before each of a thousand questions would cost more than all of them
        for member in lineage.members_of(tx.session, incident):
            for one in passing_on.on(member, passed):
                cause = f"incident:{incident.number}:{event.seq}:{member.number}:{one.action}"
                told = {**one.details, "from_incident": incident.number}
                act(tx, member, one.action, SYSTEM, told, at=event.at, cause=cause)


def _classified(tx: Tx, ticket: Ticket, by: Actor, given: Mapping[str, Any]) -> dict[str, Any]:
    """Raises BadInput for a category that does not exist."""
    leaf = tx.hotline.policy.taxonomy.leaves.get(str(given["leaf"]))
    if leaf is None:
        raise BadInput(f"没有“{given['leaf']}”这个类别", cure="请从列表中选择")
    return {"confidential": leaf.confidential}


def _taken_from(tx: Tx, ticket: Ticket, by: Actor, given: Mapping[str, Any]) -> dict[str, Any]:
    """Who had it, so that they are told, and nobody else is."""
    return {"from": str(ticket.handler)} | ({"contractor": ticket.contractor_id} if ticket.contractor_id else {})


def _resolved(tx: Tx, ticket: Ticket, by: Actor, given: Mapping[str, Any]) -> dict[str, Any]:
    """What shows that it is done. What the desk, or a supervisor, resolves needs nobody else's review, nor what no category asks
    to have reviewed."""
    leaf = tx.hotline.policy.taxonomy.leaves.get(ticket.leaf)
    reviewed = by.role is not Role.CONTRACTOR or not (leaf is not None and leaf.review)
    return {"reviewed": reviewed, **evidence.of_resolution(tx, ticket, by, given)}


def _helps(tx: Tx, ticket: Ticket, by: Actor, given: Mapping[str, Any]) -> dict[str, Any]:
    return {"helper": by.org}


def _rated(tx: Tx, ticket: Ticket, by: Actor, given: Mapping[str, Any]) -> dict[str, Any]:
    """Raises BadInput where that round has no rating to appeal against."""
    turn = str(given["round"])
    rounds = {str(one): one for one in range(1, ticket.round + 1)}
    if turn not in rounds or store.rating_of(tx.session, ticket, rounds[turn]) is None:
        raise BadInput(f"第 {turn} 次办理没有评价", cure="有评价才能申诉")
    return {}


def _asker(tx: Tx, ticket: Ticket, by: Actor, given: Mapping[str, Any]) -> dict[str, Any]:
    """Who asked, so that they are told, and not whoever has the ticket since."""
    asked = petitions.waiting(ticket)
    return {"from": str(Handler.CONTRACTOR), "contractor": asked.contractor_id} if asked and asked.contractor_id else {}


def _document(tx: Tx, ticket: Ticket, by: Actor, given: Mapping[str, Any]) -> dict[str, Any]:
    """The next number 文号 of this year, to whom it goes, and from whom."""
    year = tx.hotline.local_day(tx.now).year
    number = tx.hotline.policy.rules.supervision_number
    order = sequences.take(tx.session, f"supervision.{year}")
    issuer = tx.hotline.knowledge(tx.session).snapshot.purchasers.get(by.org, "")
    to = "热线坐席" if ticket.handler == Handler.DESK else naming.handler_name(tx, ticket)
    return {"document": number.format(year=year, n=order), "to": to, "issuer": issuer}


def _outcome(tx: Tx, ticket: Ticket, by: Actor, given: Mapping[str, Any]) -> dict[str, Any]:
    asked = petitions.waiting(ticket)
    return {"outcome_name": petitions.OUTCOMES.get(asked.code, "")} if asked is not None else {}


@dataclass(frozen=True, slots=True)
class Urgings:
    """How often somebody urged 催办 on a local day, and for how many minutes nobody may again."""

    today: int
    minutes_left: int


def urgings(tx: Tx, ticket: Ticket) -> Urgings:
    """Of this ticket, now, whoever urged."""
    at = store.times_of(tx.session, ticket, "nudge")
    today = tx.hotline.local_day(tx.now)
    since = int((tx.now - at[-1]).total_seconds() // 60) if at else None
    left = tx.hotline.policy.rules.nudge_every_minutes - since if since is not None else 0
    return Urgings(sum(tx.hotline.local_day(one) == today for one in at), max(0, left))


def _urged(tx: Tx, ticket: Ticket, by: Actor, given: Mapping[str, Any]) -> dict[str, Any]:
    """Limited whoever urges, so that it stays a signal. Raises Conflict."""
    urged, most = urgings(tx, ticket), tx.hotline.policy.rules.nudges_per_day
    if urged.minutes_left:
        raise Conflict(f"工单 {ticket.public_number} 刚催办过", cure=f"请 {urged.minutes_left} 分钟后再催")
    if urged.today >= most:
        raise Conflict(f"工单 {ticket.public_number} 今天已催办 {urged.today} 次", cure="承办单位都已收到，明天仍无进展请再催办")
    return {}


# What policy, register and ticket themselves know of an act's details.
_KNOWN: Mapping[str, Callable[[Tx, Ticket, Actor, Mapping[str, Any]], dict[str, Any]]] = {
    "classify": _classified,
    "return": _taken_from,
    "grant_return": _taken_from,
    "join": _taken_from,
    "resolve": _resolved,
    "assisted": _helps,
    "appeal": _rated,
    "supervise": _document,
    "grant_closure": _outcome,
    "nudge": _urged,
    **dict.fromkeys(("grant_exclusion", "deny_exclusion", "grant_appeal", "deny_appeal"), _asker),
}


def _nothing(ticket: Ticket, by: Actor, details: Mapping[str, Any], at: datetime) -> None:
    """Most acts write nothing on the ticket but its state."""


def _rule(ticket: Ticket, action: str, by: Actor, details: Mapping[str, Any]) -> Rule:
    rule = lifecycle.RULES.get(action)
    if rule is None:
        raise BadInput(f"没有“{action}”这个动作")
    if by.role not in rule.roles:
        who = "、".join(ROLE_NAMES[role] for role in Role if role in rule.roles)
        raise NotAllowed(f"{ROLE_NAMES[by.role]}不能{rule.name}工单", cure=f"由{who}操作")
    if ticket.state not in rule.sources:
        raise Conflict(
            f"工单 {ticket.number} 现在是“{STATE_NAMES[ticket.state] if ticket.state else '未受理'}”，不能{rule.name}",
            cure=REFRESH,
        )
    missing = [name for name in rule.needs if details.get(name) in (None, "", [])]
    if missing:
        names = "、".join(DETAIL_NAMES.get(name, name) for name in missing)
        raise BadInput(f"{rule.name}缺少：{names}", cure="请补充后重试", field=missing[0])
    for check in rule.checks:
        refusal = check(ticket, by, details)
        if isinstance(refusal, Late):
            raise Conflict(f"工单 {ticket.number} {refusal}", cure=REFRESH)
        if refusal:
            raise NotAllowed(refusal)
    return rule


DETAIL_NAMES: Mapping[str, str] = {
    "text": "内容",
    "reason": "理由",
    "refer": "去向",
    "eta": "预约时间",
    "until": "恢复时间",
    "leaf": "类别",
    "contractor": "承接主体",
    "purchaser": "主管部门",
    "satisfied": "满意度",
    "into": "并入的工单",
    "codes": "应急类别",
    "target": "时限项",
    "wanted": "希望延到的时间",
    "deadline": "新的期限",
    "calendar": "日历",
    "helper": "协办单位",
    "code": "退单理由",
    "outcome": "结果",
    "round": "哪一次办理",
    "part": "拆出的工单",
    "level": "级别",
    "why": "原因",
}


def _event(
    tx: Tx,
    ticket: Ticket,
    rule: Rule,
    by: Actor,
    details: dict[str, Any],
    when: datetime,
    before: State | None,
    cause: str | None,
    entries: list[Entry],
) -> TicketEvent:
    ticket.seq = (ticket.seq or 0) + 1
    event = TicketEvent(
        ticket=ticket,
        seq=ticket.seq,
        at=when,
        noticed_at=tx.now,
        action=rule.action,
        by_role=by.role,
        by_id=by.id,
        by_name=by.name,
        by_org=by.org,
        from_state=before,
        to_state=ticket.state,
        details=details,
        clocks=entries,
        cause=cause,
    )
    event.hash = ticket.head = chain.link(ticket.head or "", ticket.number, event)
    tx.write(event)
    if rule.action in SAID:
        tx.write(
            Message(
                ticket=ticket,
                at=when,
                by_role=by.role,
                by_name=by.name,
                channel=str(details.get("channel", "")),
                kind=str(details.get("kind", "text")),
                text=str(details["text"]),
                audience=list(SAID[rule.action]),
                inbound_id=details.get("inbound_id"),
            )
        )
    return event


def resident_of(ticket: Ticket, name: str = "") -> Actor:
    """The complainant, as an actor on their own ticket."""
    return Actor(Role.RESIDENT, str(ticket.resident_id or ""), name)
