"""The desk: what waits for people, most urgent first; one ticket with everything about it; a call written down."""

from __future__ import annotations

import secrets
from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import RedirectResponse

from app.errors import BadInput, NotFound
from app.hotline import Hotline, Tx
from app.store import board as slices
from app.store import inbox
from app.store.tickets import Filter
from app.tickets.lifecycle import Actor, Role
from app.triage import open_ticket
from app.web import forms, views
from app.web.case import Door, leaf_choices, perform, show
from app.web.deadlines import show_deadlines
from app.web.follow import inbound_row
from app.web.guards import SignedIn, TheHotline, staff
from app.web.render import page
from app.web.resident import Told, read_form
from channels.contract import Complaint, Delivery
from routing.verdict import Verdict

router = APIRouter(prefix="/desk", include_in_schema=False)

DOOR = Door("/desk", "desk/ticket.html", None)
Reader = Annotated[SignedIn, Depends(staff(Role.AGENT, Role.SUPERVISOR, Role.ADMIN))]
Worker = Annotated[SignedIn, Depends(staff(Role.AGENT, Role.SUPERVISOR))]
TABS = {
    "queue": "待派",
    "emergency": "应急",
    "handling": "在办",
    "to_review": "待审核",
    "callback": "待回访",
    "resolved": "待评价",
    "done": "已办结",
}
# Lists that the board's figures lead to.
LISTS = {
    **TABS,
    "today": "今日受理",
    "finished": "今日办结",
    "soon": "临期",
    "overdue": "超期",
    "ours": "主管部门办理",
    "to_decide": "待裁决",
}


@router.get("")
def inbox_page(
    request: Request,
    hotline: TheHotline,
    me: Reader,
    tab: str = "queue",
    estate: str = "",
    leaf: str = "",
    contractor: str = "",
    channel: str = "",
    q: str = "",
    n: str = "1",
) -> Response:
    """A slice of the tickets, filtered."""
    if tab not in LISTS:
        raise NotFound("没有这个列表")
    wanted = Filter(estate_id=_id(estate), leaf=leaf, contractor_id=_id(contractor), channel=channel, words=q.strip()[:80])
    chosen = {"tab": tab, "estate": estate, "leaf": leaf, "contractor": contractor, "channel": channel, "q": q}
    with hotline.look() as tx:
        at = views.board_now(tx)
        found = slices.listed(tx.session, me.actor, at, tab, wanted, page=_id(n) or 1)
        view: dict[str, Any] = {
            "rows": [views.row_view(tx, ticket, me.actor) for ticket in found.tickets],
            "pager": views.pager("/desk", chosen, _id(n) or 1, found.total, slices.PAGE),
            "counts": slices.count(tx.session, me.actor, at, tuple(TABS)),
            "estates": hotline.knowledge(tx.session).snapshot.entries,
            "leaves": leaf_choices(hotline.policy.taxonomy),
            "contractors": hotline.knowledge(tx.session).snapshot.contractors,
        }
    return page(request, "desk/inbox.html", me=me, tab=tab, tabs=TABS, title=LISTS[tab], chosen=chosen, **view)


def _id(written: str) -> int | None:
    return int(written) if written.isascii() and written.isdigit() and len(written) < 10 and int(written) > 0 else None


@router.get("/t/{number}")
def ticket_page(request: Request, hotline: TheHotline, me: Reader, number: str, done: str = "") -> Response:
    return show(request, hotline, me, number, DOOR, done=done)


@router.get("/t/{number}/deadlines")
def deadlines_page(request: Request, hotline: TheHotline, me: Reader, number: str) -> Response:
    return show_deadlines(request, hotline, me, number, DOOR)


@router.get("/new")
def new_form(request: Request, hotline: TheHotline, me: Worker, phone: str = "") -> Response:
    """A call or a visit to be written down."""
    return _new(request, hotline, me, Told(phone=phone[:30], form_id=secrets.token_urlsafe(18)))


def _new(request: Request, hotline: Hotline, me: SignedIn, told: Told, error: BadInput | None = None) -> Response:
    with hotline.look() as tx:
        estates = [entry.name for entry in hotline.knowledge(tx.session).snapshot.entries]
    status = error.status if error else 200
    return page(request, "desk/new.html", status=status, me=me, told=told, estates=estates, error=error)


@router.post("/new")
def log_call(request: Request, hotline: TheHotline, me: Worker, told: Annotated[Told, Form()]) -> Response:
    """Opens the ticket of a call; the same form posted twice is one ticket."""
    try:
        delivery, complaint = read_form(hotline, told)
    except BadInput as wrong:
        return _new(request, hotline, me, told, wrong)
    sender = complaint.phone or f"desk:{complaint.external_id}"
    delivery, complaint = replace(delivery, channel="phone"), replace(complaint, sender=sender)
    with hotline.look() as tx:
        understander = hotline.knowledge(tx.session).understander
    verdict = understander.understand(complaint.text, place_hint=complaint.place)
    with hotline.tx() as tx:
        number = _open_call(tx, delivery, complaint, verdict, me.actor)
    return RedirectResponse(f"/desk/t/{number}", 303)


def _open_call(tx: Tx, delivery: Delivery, complaint: Complaint, verdict: Verdict, by: Actor) -> str:
    """Keeps what was written down as any message is kept, and opens its ticket. Returns the number."""
    kept = inbox.keep(tx.session, [inbound_row(tx, delivery, complaint, complaint.sender)])
    inbound_id = next(iter(kept.values())).id
    inbound = inbox.claim(tx.session, inbound_id)
    if inbound is None:
        before = inbox.get(tx.session, inbound_id).ticket
        if before is None:
            raise BadInput("这张表单已提交过", cure="请打开新的登记页面")
        return before.number
    ticket = open_ticket(
        tx,
        channel="phone",
        account="",
        complaint=complaint,
        verdict=verdict,
        resident=inbox.resident_for(tx.session, inbound, complaint, tx.now),
        received_at=tx.now,
        inbound=inbound,
        by=by,
    )
    inbound.ticket = ticket
    return ticket.number


@router.post("/{number}/{noun}")
def do(
    request: Request, hotline: TheHotline, me: Worker, number: str, noun: str, given: Annotated[forms.Given, Form()]
) -> Response:
    """Every act of the desk, each at its noun: dispatch, referral, category, reply, note …"""
    return perform(request, hotline, me, number, noun, given, DOOR)
