"""A ticket as its resident sees it: how far it is, in plain words, what was promised, what was said; and a word added to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from app import dialogue, matters, naming, notify
from app.casework import act, resident_of
from app.hotline import Tx
from app.store import inbox, lineage
from app.store import tickets as store
from app.tickets.followup import Rating
from app.tickets.lifecycle import OPEN, STATE_NAMES, Actor, Role, State, offers
from app.tickets.model import Ticket, TicketEvent
from app.tickets.post import Inbound, InboundState
from app.tickets.residents import Resident
from app.triage import draw_on, open_ticket
from app.web import timeline, views
from app.web.timeline import StepView
from channels.contract import Complaint, Delivery
from routing.verdict import Verdict

STAGES = ("受理", "派单", "办理", "办结", "评价")
STAGE_OF: Mapping[State, int] = {
    State.RECEIVED: 1,
    State.RETURNED: 1,
    State.DISPATCHED: 2,
    State.IN_PROGRESS: 3,
    State.ON_HOLD: 3,
    State.RESOLVED: 4,
    State.CLOSED: 5,
    State.REJECTED: 1,
    State.MERGED: 1,
}
HEADLINES: Mapping[State, str] = {
    State.RECEIVED: "已受理，正在安排",
    State.RETURNED: "正在重新安排承办单位",
    State.DISPATCHED: "已交办，等待签收",
    State.IN_PROGRESS: "正在办理",
    State.ON_HOLD: "暂缓办理",
    State.RESOLVED: "已办结，请您评价",
    State.CLOSED: "已完成",
    State.REJECTED: "不属本热线受理",
    State.MERGED: "已合并办理",
}
OF_ALL = {"append", "nudge", "withdraw"}  # what a resident does to a matter as a whole
LOW_REASONS = ("问题没解决", "来得太慢", "态度不好", "修得不好", "乱收费", "其他")


@dataclass(frozen=True, slots=True)
class FollowView:
    """Everything the resident's page shows."""

    number: str
    state: str
    tone: str
    headline: str
    handler: str
    leaf: str
    place: str
    text: str
    created: str
    confidential: bool
    stages: tuple[str, ...]
    reached: int
    promises: list[views.ClockView]
    steps: list[StepView]
    said: list[views.SaidView]
    round: int
    offers: frozenset[str]  # actions of the table that the resident may do now
    rating: str
    urgent: str  # what to do first, in an emergency
    goes_on_as: str  # the number that a merged ticket goes on under
    parts: list[PartView]  # 分办事项


@dataclass(frozen=True, slots=True)
class PartView:
    """One part of a split matter, as its resident sees it: what, who, how far, what is promised, how it was rated."""

    number: str
    leaf: str
    text: str
    tone: str
    headline: str
    handler: str
    promises: list[views.ClockView]
    done: str  # what its handler says was done
    may_rate: bool
    rating: str


def follow_view(tx: Tx, own: Ticket, viewer: Actor) -> FollowView:
    """The resident's page of a ticket; of a merged one what was said on it, and the progress of the ticket it goes on under."""
    ticket = lineage.survivor(tx.session, own) or own
    history = store.history(tx.session, ticket)
    said = history.messages if ticket is own else store.history(tx.session, own).messages
    parts = lineage.parts_of(tx.session, ticket)
    ended = history.events[-1].action if history.events else ""
    withdrawn = ticket.state is State.CLOSED and any(event.action == "withdraw" for event in history.events[-2:])
    may = {rule.action for rule in offers(ticket.state, Role.RESIDENT)} - ({"rate", "reopen"} if withdrawn else set())
    may |= {rule.action for part in parts for rule in offers(part.state, Role.RESIDENT)} & OF_ALL
    steps = [step for step in (_plain(tx, event) for event in history.events) if step is not None]
    handled = ticket.state not in (State.RECEIVED, State.RETURNED, State.REJECTED, State.MERGED)
    return FollowView(
        number=own.number,
        state=STATE_NAMES[ticket.state],
        tone=views.STATE_TONES[ticket.state],
        headline="您已撤回" if withdrawn or ended == "withdraw" else HEADLINES[ticket.state],
        handler=naming.handler_name(tx, ticket) if handled else "",
        leaf=dialogue.matter_name(tx, ticket),
        place=naming.place_name(tx, own),
        text=own.text,
        created=tx.hotline.spell(own.created_at),
        confidential=own.confidential,
        stages=STAGES,
        reached=STAGE_OF[ticket.state],
        promises=_promises(tx, ticket),
        steps=steps[::-1],
        said=views.conversation(tx, own, said, viewer, "resident"),
        round=ticket.round,
        offers=frozenset(may),
        rating=_rating(next((one for one in history.ratings if one.round == ticket.round), None)),
        urgent=notify.first_action(tx, ticket.emergencies),
        goes_on_as=ticket.number if ticket is not own else "",
        parts=[_part(tx, part) for part in parts],
    )


def _part(tx: Tx, part: Ticket) -> PartView:
    history = store.history(tx.session, part)
    handled = part.state not in (State.RECEIVED, State.RETURNED, State.REJECTED)
    withdrawn = part.state is State.CLOSED and any(event.action == "withdraw" for event in history.events[-2:])
    rating = _rating(next((one for one in history.ratings if one.round == part.round), None))
    answers = [event for event in history.events if event.action in ("resolve", "answer", "progress")]
    return PartView(
        number=part.number,
        leaf=dialogue.matter_name(tx, part),
        text=part.text,
        tone=views.STATE_TONES[part.state],
        headline="您已撤回" if withdrawn else HEADLINES[part.state],
        handler=naming.handler_name(tx, part) if handled else "",
        promises=_promises(tx, part),
        done=str(answers[-1].details.get("text", "")) if answers else "",
        may_rate=part.state in matters.DONE and matters.done_at(tx, part) is not None and not rating,
        rating=rating,
    )


def _promises(tx: Tx, ticket: Ticket) -> list[views.ClockView]:
    """The citizen's clocks of this round, the nearest first; the contractor's own are none of the resident's business."""
    mine = [t for t in ticket.timers if t.party == "citizen" and t.round == ticket.round and not t.cancelled]
    return sorted((views.clock_view(tx, timer) for timer in mine), key=lambda clock: clock.due_at)


def _rating(rating: Rating | None) -> str:
    if rating is None:
        return ""
    solved = {True: "，已解决", False: "，未解决", None: ""}[rating.solved]
    return views.GRADES.get(rating.satisfied, "") + solved


Said = Callable[[Tx, Mapping[str, Any]], str]


def _of(name: str) -> Said:
    return lambda tx, details: str(details.get(name, ""))


def _fixed(text: str) -> Said:
    return lambda tx, details: text


def _contractor(tx: Tx, details: Mapping[str, Any]) -> str:
    names = tx.hotline.knowledge(tx.session).snapshot.contractors
    return f"已交{names.get(int(details['contractor']), '承接主体')}办理"


def _purchaser(tx: Tx, details: Mapping[str, Any]) -> str:
    names = tx.hotline.knowledge(tx.session).snapshot.purchasers
    return f"由{names.get(int(details['purchaser']), '主管部门')}直接办理"


def _late(tx: Tx, details: Mapping[str, Any]) -> str:
    return f"“{details.get('target_name', '')}”应在 {details.get('due', '')} 前完成。很抱歉，我们已催办。"


def _spelled(tx: Tx, details: Mapping[str, Any]) -> str:
    return tx.hotline.spell(datetime.fromisoformat(str(details["deadline_at"])))


# What a resident reads of each act: title, words, tone. An act that is not here is none of theirs.
PLAIN: Mapping[str, tuple[str, Said, str]] = {
    "receive": ("已受理", _fixed("我们收到了您的诉求"), ""),
    "alarm": ("紧急情况", lambda tx, details: notify.first_action(tx, details.get("codes", ())), "red"),
    "dispatch": ("已派单", _contractor, ""),
    "refer": ("已转办", _purchaser, ""),
    "answer": ("已答复", _of("text"), "green"),
    "reject": ("不予受理", lambda tx, d: f"{d.get('reason', '')}。您可以向{d.get('refer', '')}反映", ""),
    "accept": ("已签收", lambda tx, d: f"预约时间：{d.get('eta', '')}", ""),
    "contact": ("已与您联系", _fixed(""), ""),
    "progress": ("办理进展", _of("text"), ""),
    "reply": ("热线回复", _of("text"), ""),
    "append": ("补充情况", _of("text"), ""),
    "hold": ("暂缓办理", lambda tx, d: f"{d.get('reason', '')}，预计{d.get('until', '')}恢复", "amber"),
    "resume": ("恢复办理", _fixed(""), ""),
    "return": ("重新安排", _fixed("正在为您重新安排承办单位"), ""),
    "resolve": ("已办结", _of("text"), "green"),
    "remand": ("退回重办", _fixed("审核没有通过，已要求重新办理"), ""),
    "reopen": ("重新办理", _fixed("已按您的意见重新办理"), ""),
    "rate": ("您的评价", lambda tx, d: timeline.rated(d), ""),
    "close": ("已归档", _fixed(""), ""),
    "nudge": ("已催办", _fixed("承办单位已收到提醒"), ""),
    "withdraw": ("已撤回", _fixed(""), ""),
    "merge": ("合并办理", lambda tx, d: f"与工单 {d.get('into', '')} 为同一事项，进度以该工单为准", ""),
    "unmerge": ("恢复单独办理", _of("reason"), ""),
    "split": ("分开办理", _fixed("您反映的事项由不同单位分别负责，查询、评价仍用这个工单号"), ""),
    "join": ("一并办理", _fixed("多户同时反映，统一处理，结果会逐一告知"), ""),
    "leave": ("恢复单独办理", _of("reason"), ""),
    "protect": ("已为您保密", _fixed("承办单位看不到您是谁"), ""),
    "confirm": ("您已确认解决", _fixed(""), "green"),
    "grant_closure": ("结束办理", lambda tx, d: f"{d.get('outcome_name', '')}。{d['reason']}", ""),
    "supervise": ("已督办", _fixed("主管部门已督促承办单位"), ""),
    "grant": ("批准延期", lambda tx, d: f"期限延到 {_spelled(tx, d)}。原因：{d.get('asked', '')}", "amber"),
    "override": ("期限调整", lambda tx, d: f"{d.get('target_name', '')}期限改为 {_spelled(tx, d)}。原因：{d['reason']}", "amber"),
    "recount": ("期限调整", _fixed("放假安排公布，期限随之调整"), ""),
    "breach": ("已超期", _late, "red"),
    "escalate": ("已升级督促", _late, "red"),
}


def _plain(tx: Tx, event: TicketEvent) -> StepView | None:
    # Whoever else is late towards whom is none of the resident's business; what was promised to the resident is. A deadline that
    # somebody moves by hand names its target and no party, and is told to the resident whatever it is.
    party = event.details.get("party", "citizen")
    if event.action not in PLAIN or party != "citizen" or event.details.get("target") == "accept":
        return None
    title, words, tone = PLAIN[event.action]
    pictures = timeline.pictures_of(tx, event) if event.action in timeline.RESIDENT_SEES else ()
    return StepView(tx.hotline.spell(event.at), title, "", words(tx, event.details), tone, pictures)


@dataclass(frozen=True, slots=True)
class AddedWord:
    """A further word of a resident on a ticket they may follow, read and understood."""

    delivery: Delivery
    complaint: Complaint
    verdict: Verdict


def add_word(tx: Tx, ticket: Ticket, word: AddedWord) -> Ticket:
    """Kept as any message is, then put on the ticket; an alarm in it is raised. The same form posted twice is one word.

    Words about a contractor, or reserved to government, never join a ticket that a contractor can read: they open one of their
    own, which is returned.
    """
    inbound = _kept(tx, ticket, word)
    if inbound is None:
        return ticket
    text, verdict = word.complaint.text, word.verdict
    home = matters.home(tx, ticket, verdict)
    if home is None and verdict.guarded and any(one.state in OPEN for one in matters.all_of(tx, ticket)):
        own = _ticket_of_its_own(tx, ticket, word, inbound)
        inbound.ticket = own
        return own
    inbound.ticket = home = home or ticket
    act(tx, home, "append", resident_of(home), {"text": text, "channel": word.delivery.channel, "inbound_id": inbound.id})
    draw_on(tx, home, text, verdict)
    return ticket


def _kept(tx: Tx, ticket: Ticket, word: AddedWord) -> Inbound | None:
    """The kept message, claimed; None when this very form has been taken in before."""
    delivery, complaint = word.delivery, word.complaint
    kept = inbox.keep(tx.session, [inbound_row(tx, delivery, complaint, f"ticket:{ticket.number}")])
    return inbox.claim(tx.session, next(iter(kept.values())).id)


def inbound_row(tx: Tx, delivery: Delivery, complaint: Complaint, sender: str) -> dict[str, object]:
    """What is kept of a message that came by a page of ours."""
    return {
        "channel": delivery.channel,
        "account": delivery.account,
        "sender": sender,
        "external_id": complaint.external_id,
        "state": InboundState.PENDING,
        "received_at": tx.now,
        "wall_at": delivery.received_at,
        "method": delivery.method,
        "headers": dict(delivery.headers),
        "query": dict(delivery.query),
        "body": delivery.body,
        "answer": "",
        "attempts": 0,
        "error": "",
    }


def _ticket_of_its_own(tx: Tx, ticket: Ticket, word: AddedWord, inbound: Inbound) -> Ticket:
    resident = tx.session.get_one(Resident, ticket.resident_id)
    return open_ticket(
        tx,
        channel=ticket.channel,
        account=ticket.account,
        complaint=replace(word.complaint, sender=ticket.sender),
        verdict=word.verdict,
        resident=resident,
        received_at=tx.now,
        inbound=inbound,
    )
