"""A ticket's acts at a page or by a program: which are offered to whom, and what was filled in made what ``act`` is handed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from app import evidence, notify
from app.errors import BadInput
from app.hotline import Tx
from app.store import photos
from app.store import tickets as store
from app.tickets import petitions
from app.tickets.lifecycle import Actor, Handler, Role, Rule, offers
from app.tickets.model import Petition, Ticket, Timer
from app.web.forms import FIRST, FORMS, PHOTOS, PROVES, UNSEAL, ActForm, Given
from routing.assign import Terms

LONGEST = 5000  # characters of one field


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
        Offer(rule.action, form_of(tx, rule.action, ticket, viewer), _needed(tx, rule, ticket, viewer), rule.action in FIRST)
        for rule in rules
    ]
    return sorted(made, key=_rank)


def form_of(tx: Tx, action: str, ticket: Ticket, viewer: Actor) -> ActForm:
    """The form of an act for this person. What is asked for stands over the decision; and only a supervisor may open a sealed
    ticket, once its whole text has been read."""
    form = FORMS[action]
    asked = petitions.waiting(ticket)
    if asked is not None and action in (*petitions.GRANTED_BY, *petitions.DENIED_BY):
        form = replace(form, hint="。".join(part for part in (_asked(tx, asked), form.hint) if part))
    if action == "resolve":
        return _resolution(tx, ticket, form)
    if action == "classify" and ticket.sealed and viewer.role is Role.SUPERVISOR:
        return replace(form, fields=(*form.fields, UNSEAL))
    return form


def _resolution(tx: Tx, ticket: Ticket, form: ActForm) -> ActForm:
    """Asks for what the category wants to see, or for any picture where it wants none."""
    leaf = tx.hotline.policy.taxonomy.leaves.get(ticket.leaf)
    asked = leaf.evidence if leaf is not None else ()
    of_the_work = any(PROVES[name] in asked for name in ("photos_before", "photos_after"))
    left_out = {name for name, what in PROVES.items() if what not in asked} | ({PHOTOS.name} if of_the_work else set())
    return replace(form, fields=tuple(field for field in form.fields if field.name not in left_out))


def _needed(tx: Tx, rule: Rule, ticket: Ticket, viewer: Actor) -> frozenset[str]:
    """What the form may not leave empty: what the row needs, and what has to be shown and was not sent before."""
    if rule.action != "resolve":
        return frozenset(rule.needs)
    asked = evidence.asked_of(tx, ticket, viewer)
    there = {one.stage for one in photos.of_round(tx.session, ticket, viewer)} if asked else set()
    return frozenset(rule.needs) | {name for name, what in PROVES.items() if what in asked and what not in there}


def _asked(tx: Tx, asked: Petition) -> str:
    """What somebody has asked for, in words."""
    by_code = petitions.RETURN_CODES if asked.kind == petitions.RETURN else petitions.OUTCOMES
    what = {
        petitions.EXTENSION: f"延到 {tx.hotline.spell(asked.wanted)}",
        petitions.APPEAL: f"对第 {asked.round} 次办理的评价申诉",
    }
    named = what.get(asked.kind, petitions.KINDS[asked.kind]) + (f"（{by_code[asked.code]}）" if asked.code else "")
    return f"{asked.asked_by}申请{named}：{asked.reason}"


def _rank(offer: Offer) -> int:
    """What one mostly came for, then the rest, and last what cannot easily be taken back."""
    if offer.first:
        return FIRST.index(offer.action)
    return len(FIRST) + (offer.form.tone == "danger")


def _may(tx: Tx, rule: Rule, ticket: Ticket, viewer: Actor) -> bool:
    """The checks of the row that need no details; and no act that would say what is so already."""
    if rule.action == "protect" and ticket.confidential:
        return False
    if ticket.incident and rule.action in ("protect", "reply"):  # nobody in particular complains there
        return False
    if rule.action == "appeal" and not store.history(tx.session, ticket).ratings:
        return False
    if rule.action == "restate" and ticket.handler != Handler.CONTRACTOR and not ticket.confidential:
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
    said = {name: str(value).strip() for name, value in given if name not in ("seen", "photos")}
    fields = (*FORMS[action].fields, *form_of(tx, action, ticket, viewer).fields)
    asked = {field.name for field in fields}
    kept: dict[str, Any] = {name: value for name, value in said.items() if name in asked and value}
    too_long = [name for name, value in kept.items() if len(value) > LONGEST]
    if too_long:
        raise BadInput("填写的内容过长", cure=f"每项不超过 {LONGEST} 字", field=too_long[0])
    for name in kept.keys() & _READ.keys():
        try:
            kept |= _READ[name](tx, ticket, viewer, str(kept[name]))
        except BadInput as wrong:
            wrong.field = wrong.field or name
            raise
    if given.photos:
        if not FORMS[action].pictured:
            raise BadInput(f"“{FORMS[action].button}”不能附照片", cure="请附在进展或办结上", field="photos")
        kept["photos"] = [_number(one, "照片") for one in given.photos]
    return kept


def _contractor(tx: Tx, ticket: Ticket, viewer: Actor, value: str) -> dict[str, Any]:
    names = tx.hotline.knowledge(tx.session).snapshot.contractors
    chosen = _one_of(value, names, "承接主体")
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
    chosen = _one_of(value, tx.hotline.knowledge(tx.session).snapshot.purchasers, "主管部门")
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
            raise BadInput("时间填写有误", cure="请检查年份")
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


def _codes(tx: Tx, ticket: Ticket, viewer: Actor, value: str) -> dict[str, Any]:
    """One emergency or several, with commas between."""
    taxonomy = tx.hotline.policy.taxonomy
    found = [taxonomy.leaves.get(code.strip()) for code in value.split(",")]
    leaves = [leaf for leaf in found if leaf is not None and leaf.group == "E"]
    if len(leaves) < len(found):
        raise BadInput("没有这个应急类别", cure="请从列表中选择")
    why = f"{viewer.name}判定为{'、'.join(leaf.name for leaf in leaves)}"
    return {"codes": [leaf.code for leaf in leaves], "why": why, "quote": ticket.text[:60]}


def _level(tx: Tx, ticket: Ticket, viewer: Actor, value: str) -> dict[str, Any]:
    return {"level": _number(value, "级别")}


def _helper(tx: Tx, ticket: Ticket, viewer: Actor, value: str) -> dict[str, Any]:
    return {"helper": _one_of(value, tx.hotline.knowledge(tx.session).snapshot.contractors, "承接主体")}


def _one_of(value: str, names: Mapping[int, str], what: str) -> int:
    """Whom an id means, or a name, or a part of it that only one of them has. Raises BadInput."""
    if value.isascii() and value.isdigit() and len(value) <= 18:
        found = [int(value)] if int(value) in names else []
    else:
        found = [one for one, name in names.items() if name == value] or [one for one, name in names.items() if value in name]
    if len(found) > 1:
        raise BadInput(f"名称含“{value}”的{what}有 {len(found)} 个", cure="请写全称或编号")
    if not found:
        raise BadInput(f"没有这个{what}", cure="请从列表中选择")
    return found[0]


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
    "finished": _moment("finished"),
    "codes": _codes,
    "level": _level,
    "helper": _helper,
    "unseal": _unseal,
}
