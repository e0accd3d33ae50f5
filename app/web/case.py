"""A ticket's page for staff, and what is done on it: shared by desk, contractors and board, each at its own address."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy.orm.exc import StaleDataError

from app import deeds, evidence
from app.errors import BadInput, Conflict, HotlineError, NotAllowed, NotFound
from app.hotline import Hotline, Tx
from app.store import outbox
from app.store import tickets as store
from app.store.collisions import again
from app.tickets import lifecycle, petitions, privacy
from app.tickets.lifecycle import SYSTEM, Actor, Role
from app.tickets.model import Ticket, TicketEvent
from app.tickets.post import OutboxRow, OutboxState
from app.tickets.privacy import mask_name, mask_phone, sees_person
from app.tickets.residents import Resident
from app.tickets.terms import SUPERVISIONS
from app.triage import draw_on
from app.web import acts, alike, forms, photos, timeline, views
from app.web.guards import SignedIn
from app.web.judged import judged
from app.web.kin import kin_view
from app.web.related import related
from app.web.render import page
from routing.taxonomy import Taxonomy
from routing.verdict import Verdict

DECIDED = (*petitions.GRANTED_BY, *petitions.DENIED_BY)
DECISIONS = ("classify", "override", "approve", "supervise", *DECIDED)  # beside the acts that lead somewhere
WEIGHTY = ("classify", "append", "alarm", "override", "protect", *petitions.ASKED_BY, *DECIDED)  # what a decision must have seen


# How far the place is the resident's own word; nothing where it was said in the complaint itself.
PLACE_SOURCES = {"hinted": "地点来自表单填写", "registered": "地点来自登记住址，未经本人说明，请先核实"}


@dataclass(frozen=True, slots=True)
class Door:
    """Where a ticket's page lives for one audience."""

    root: str  # /desk
    template: str
    audience: str | None  # whose messages are read; None is everything


@dataclass(frozen=True, slots=True)
class Choice:
    """One thing that can be chosen, and under which heading it stands."""

    value: str
    label: str
    group: str = ""


@dataclass(frozen=True, slots=True)
class Refusal:
    """An act that was refused: why, what was typed, and what happened meanwhile."""

    error: HotlineError
    action: str
    given: forms.Given
    meanwhile: Sequence[timeline.StepView] = ()

    @property
    def typed(self) -> list[tuple[str, str]]:
        """What was filled in, under its labels: the form itself may not be offered any more."""
        fields = (field for field in forms.FORMS[self.action].fields if field.kind != "photo")
        given = [(field.label, str(getattr(self.given, field.name))) for field in fields]
        return [(label, words) for label, words in given if words.strip()]


def show(
    request: Request, hotline: Hotline, me: SignedIn, number: str, door: Door, refusal: Refusal | None = None, done: str = ""
) -> Response:
    """The page of one ticket. Raises NotFound; Hidden for a ticket this person may not know of."""
    with hotline.look() as tx:
        ticket = store.by_number(tx.session, number, me.actor)
        view = _view(tx, ticket, me.actor, door)
        if refusal is not None and isinstance(refusal.error, Conflict):
            events = [event for event in store.history(tx.session, ticket).events if event.seq > refusal.given.seen]
            refusal = Refusal(refusal.error, refusal.action, refusal.given, timeline.steps(tx, ticket, events, me.actor))
    told = forms.FORMS[forms.BY_NOUN[done]].button if done in forms.BY_NOUN else ""
    status = refusal.error.status if refusal else 200
    return page(request, door.template, status=status, me=me, door=door, refusal=refusal, done=told, **view)


def perform(
    request: Request,
    hotline: Hotline,
    me: SignedIn,
    number: str,
    noun: str,
    given: forms.Given,
    door: Door,
    sent: photos.Sent,
) -> Response:
    """Does what a form asks, then shows the ticket; a refusal shows it again with the sentence and what was typed and sent."""
    action = forms.BY_NOUN.get(noun)
    if action is None:
        raise NotFound("没有这个操作")
    told = understood(hotline, given.text) if action == "append" and given.text.strip() else None
    try:
        if noun in forms.PICTURED:
            given.photos += [str(one) for one in photos.kept(hotline, me.actor, number, noun, sent)]
        # Whether what happened meanwhile matters is asked of the ticket as it is then.
        again(lambda: _do(hotline, me, number, action, given, told))
    except (BadInput, Conflict, NotAllowed) as refused:
        return show(request, hotline, me, number, door, Refusal(refused, action, given))
    except StaleDataError:
        return show(request, hotline, me, number, door, Refusal(collided(number), action, given))
    return RedirectResponse(f"{door.root}/t/{number}?done={noun}", 303)


def _do(hotline: Hotline, me: SignedIn, number: str, action: str, given: forms.Given, told: Verdict | None) -> None:
    """The act in a transaction of its own. Raises StaleDataError when the ticket was written meanwhile; then nothing was done."""
    with hotline.tx() as tx:
        carry_out(tx, store.by_number(tx.session, number, me.actor, to_act=True), me.actor, action, given, told)


def carry_out(tx: Tx, ticket: Ticket, viewer: Actor, action: str, given: forms.Given, told: Verdict | None) -> None:
    """What was asked for at a page or by a program; ``told`` is what was understood of an added word."""
    _undisturbed(tx, ticket, action, viewer, given.seen)
    if told is not None and told.guarded and not ticket.sealed:
        cure = "请记在内部备注里，或另行登记一张工单"
        raise BadInput("补充的内容涉及承办单位或政府保留事项，不能转给承办单位", cure=cure, field="text")
    deeds.do(tx, ticket, action, viewer, acts.details(tx, ticket, viewer, action, given))
    if told is not None:
        draw_on(tx, ticket, given.text, told)


def understood(hotline: Hotline, text: str) -> Verdict:
    with hotline.look() as tx:
        understander = hotline.knowledge(tx.session).understander
    return understander.understand(text)


def collided(number: str) -> Conflict:
    return Conflict(f"工单 {number} 刚刚有人处理过", cure="请看下面的最新情况，再决定是否继续")


def _undisturbed(tx: Tx, ticket: Ticket, action: str, viewer: Actor, seen: int) -> None:
    """An act that decides something must rest on what its page showed. Raises Conflict when others changed the ticket since."""
    decides = lifecycle.RULES[action].target is not None or action in DECISIONS
    if not decides or seen <= 0 or ticket.seq <= seen:
        return
    events = [event for event in store.history(tx.session, ticket).events if event.seq > seen and _weighs(event, viewer)]
    if timeline.steps(tx, ticket, events, viewer):  # what this person may not read cannot be what they overlooked
        raise collided(ticket.number)


def _weighs(event: TicketEvent, viewer: Actor) -> bool:
    by_other = (event.by_role, event.by_id) != (viewer.role, viewer.id)
    return by_other and (event.from_state is not event.to_state or event.action in WEIGHTY)


def _view(tx: Tx, ticket: Ticket, viewer: Actor, door: Door) -> dict[str, Any]:
    history = store.history(tx.session, ticket)
    offers = acts.offered(tx, ticket, viewer)
    outside = privacy.outsider(viewer)
    wanted = {field.choices for offer in offers for field in offer.form.fields if field.choices}
    return {
        "row": views.row_view(tx, ticket, viewer),
        "text": views.complaint(tx, ticket, viewer),
        "seen": ticket.seq,
        "person": _person(tx, ticket, viewer),
        "place_text": "" if outside else ticket.place_text,
        "place_source": PLACE_SOURCES.get((ticket.verdict.get("place") or {}).get("source", ""), ""),
        "clocks": views.clocks_of(tx, ticket, viewer),
        "steps": timeline.steps(tx, ticket, history.events, viewer),
        # The first stands above, as the complaint.
        "said": views.conversation(tx, ticket, history.messages[1:], viewer, door.audience),
        "attachments": [one for one in history.attachments if privacy.sees_sent(viewer, ticket, Role.RESIDENT)],
        "ratings": history.ratings,
        "grades": views.GRADES,
        "offers": offers,
        "choices": {name: _choices(tx, ticket, name) for name in wanted},
        "chosen": _chosen(tx, ticket, viewer),
        "sent": photos.shown_of(tx, ticket, viewer),
        "notices": [] if outside else [_notice(tx, row) for row in outbox.of_ticket(tx.session, ticket.id)],
        "verdict": None if outside else judged(tx, ticket),
        "channel": views.channel_name(tx, ticket.channel),
        "owed": [] if outside else _owed(tx, ticket),
        "round": ticket.round,
        "nudged": next((tx.hotline.spell(one.at) for one in reversed(history.events) if one.action == "nudge"), ""),
        "related": related(tx, ticket, viewer, door.root),
        "kin": kin_view(tx, ticket, viewer),
        "alike": alike.of_ticket(tx, ticket, viewer) if door.root == "/desk" else [],
        "apart": alike.apart_from(tx, ticket, viewer) if door.root == "/desk" else [],
    }


@dataclass(frozen=True, slots=True)
class PersonView:
    name: str
    phone: str
    withheld: bool  # somebody complains, and this viewer may not know who
    why: str = ""


def _person(tx: Tx, ticket: Ticket, viewer: Actor) -> PersonView:
    resident = tx.session.get(Resident, ticket.resident_id) if ticket.resident_id else None
    if not sees_person(viewer, ticket):
        asked = ticket.confidential or viewer.role is not Role.CONTRACTOR
        why = "诉求人要求保密，联系请经热线转达。" if asked else "贵单位协办，联系诉求人请经主办单位或热线。"
        return PersonView("", "", withheld=True, why=why)
    name, phone = (resident.name, resident.phone) if resident else ("", "")
    if viewer.role is Role.ADMIN:
        name, phone = mask_name(name), mask_phone(phone)
    return PersonView(name, phone, withheld=False)


OUTBOX_NAMES = {
    OutboxState.WAITING: "待发",
    OutboxState.CLAIMED: "发送中",
    OutboxState.SENT: "已发",
    OutboxState.FAILED: "未送达",
    OutboxState.PARKED: "已搁置",
    OutboxState.HELD: "待汇总",
    OutboxState.DIGESTED: "已汇总告知",
    OutboxState.DROPPED: "不再发",
}
AUDIENCE_NAMES = {
    **{"resident": "诉求人", "contractor": "承接主体", "helper": "协办单位"},
    **{"supervisor": "主管部门", "desk": "坐席"},
}


@dataclass(frozen=True, slots=True)
class NoticeView:
    at: str
    to: str
    via: str
    state: str
    tone: str
    text: str
    error: str


def _notice(tx: Tx, row: OutboxRow) -> NoticeView:
    tone = {OutboxState.SENT: "green", OutboxState.FAILED: "red", OutboxState.PARKED: "red"}.get(row.state, "grey")
    via = "即时答复" if row.sent_via == "reply" else views.channel_name(tx, row.sent_via or row.channel)
    to = AUDIENCE_NAMES.get(row.audience, row.audience)
    return NoticeView(tx.hotline.spell(row.created_at), to, via, OUTBOX_NAMES[row.state], tone, row.text, row.error)


def _owed(tx: Tx, ticket: Ticket) -> list[str]:
    """Who owes this by contract, in words; empty when nobody does."""
    return [
        f"{terms.contractor}：合同 {terms.number}，{terms.starts.isoformat()} 至 {terms.ends.isoformat()}"
        for terms in acts.owing(tx, ticket)
    ]


def _choices(tx: Tx, ticket: Ticket, name: str) -> list[Choice]:
    taxonomy = tx.hotline.policy.taxonomy
    names = tx.hotline.knowledge(tx.session).snapshot
    match name:
        case "contractors":
            owed = {int(terms.contractor_id): terms.number for terms in acts.owing(tx, ticket)}
            first = [Choice(str(i), f"{names.contractors[i]}（合同 {owed[i]}）", "按合同应由") for i in owed]
            return first + [Choice(str(i), one, "合同未约定") for i, one in names.contractors.items() if i not in owed]
        case "purchasers":
            return [Choice(str(i), one) for i, one in names.purchasers.items()]
        case "emergencies":
            return [Choice(leaf.code, leaf.name) for leaf in taxonomy.leaves.values() if leaf.group == "E"]
        case "clocks":
            return [
                Choice(clock.target, f"{clock.name}（{clock.due}）")
                for clock in views.clocks_of(tx, ticket, SYSTEM)
                if not clock.over
            ]
        case "levels":
            return [Choice(str(level), word) for level, word in SUPERVISIONS.items()]
        case "helpers":
            return [Choice(str(d.contractor_id), names.contractors[d.contractor_id]) for d in ticket.duties if d.open]
        case "return_codes":
            return [Choice(code, word) for code, word in petitions.RETURN_CODES.items()]
        case "closures":
            return [Choice(code, petitions.OUTCOMES[code]) for code in petitions.UNSOLVED]
        case "rated_rounds":
            rated = store.history(tx.session, ticket).ratings
            return [Choice(str(one.round), f"第 {one.round} 次（{views.GRADES[one.satisfied]}）") for one in rated]
    return leaf_choices(taxonomy)


def leaf_choices(taxonomy: Taxonomy) -> list[Choice]:
    """Every category under its group."""
    return [
        Choice(leaf.code, f"{leaf.code} {leaf.name}", f"{leaf.group} {taxonomy.groups.get(leaf.group, '')}")
        for leaf in taxonomy.leaves.values()
    ]


def _chosen(tx: Tx, ticket: Ticket, viewer: Actor) -> dict[str, str]:
    """What stands preselected: what a contract or the register says, never a guess; and a time for the visit, to be changed."""
    owed = acts.owing(tx, ticket)
    # What routing was unsure of may be something that no contractor should read: until a person has filed it (with full
    # confidence), nobody stands preselected.
    unread = bool(ticket.verdict.get("review")) and ticket.confidence < 1
    return {
        "contractor": owed[0].contractor_id if len(owed) == 1 and not unread else "",
        "purchaser": str(ticket.purchaser_id or ""),
        "leaf": ticket.leaf,
        "eta": acts.visit(tx, ticket).strftime("%Y-%m-%dT%H:%M"),
        **evidence.proposed(tx, ticket, viewer),
    }
