"""The desk: what waits for people, most urgent first; one ticket with everything about it; a call written down."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import RedirectResponse

from app.errors import BadInput, NotFound
from app.hotline import Hotline
from app.store import board as slices
from app.store.tickets import Filter
from app.tickets.lifecycle import Role
from app.tickets.petitions import KINDS
from app.web import alike as repeats
from app.web import forms, photos, views
from app.web.case import Door, leaf_choices, perform, show
from app.web.deadlines import show_deadlines
from app.web.guards import SignedIn, TheHotline, staff
from app.web.registration import register
from app.web.render import page
from app.web.resident import Told, read_form
from app.web.supervision import show_order
from routing.normal import plain
from routing.phones import find_phones

router = APIRouter(prefix="/desk", include_in_schema=False)

DOOR = Door("/desk", "desk/ticket.html", None)
Reader = Annotated[SignedIn, Depends(staff(Role.AGENT, Role.SUPERVISOR, Role.ADMIN))]
Worker = Annotated[SignedIn, Depends(staff(Role.AGENT, Role.SUPERVISOR))]
TABS = {
    "queue": "待派",
    "emergency": "应急",
    "to_restate": "待转述",
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
    **{f"decide_{kind}": f"{word}待裁决" for kind, word in KINDS.items()},
    "returned": "退过单",
    "shuffled": "多次改派",
    "supervised": "督办过",
    "unanswered": "督办未反馈",
    "helped": "协办中",
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


@router.get("/t/{number}/photos/{photo}")
def picture(hotline: TheHotline, me: Reader, number: str, photo: str) -> Response:
    return photos.show_picture(hotline, me.actor, number, photo)


@router.get("/t/{number}/supervision/{order}")
def supervision_page(request: Request, hotline: TheHotline, me: Reader, number: str, order: str) -> Response:
    return show_order(request, hotline, me, number, order, DOOR)


@router.get("/new")
def new_form(request: Request, hotline: TheHotline, me: Worker, phone: str = "") -> Response:
    """A call or a visit to be written down."""
    told = Told(phone=phone[:30], form_id=secrets.token_urlsafe(18))
    return new_page(request, hotline, me, told, alike=alike_to(hotline, me, told))


def alike_to(hotline: Hotline, me: SignedIn, told: Told) -> list[repeats.RepeatView]:
    """What may be the same matter as what the form holds so far. Raises BadInput for a form that cannot be read."""
    if not told.text.strip():
        return repeats.of_call(hotline, me.actor, "", next(iter(find_phones(plain(told.phone))), ""), "")
    complaint = read_form(hotline, told)[1]
    return repeats.of_call(hotline, me.actor, complaint.text, complaint.phone, complaint.place)


def new_page(
    request: Request,
    hotline: Hotline,
    me: SignedIn,
    told: Told,
    *,
    error: BadInput | None = None,
    alike: Sequence[repeats.RepeatView] = (),
    checked: bool = False,
) -> Response:
    """The form of a call, with what may be the same matter beside it; ``checked``: it was looked for by the words typed."""
    with hotline.look() as tx:
        estates = [entry.name for entry in hotline.knowledge(tx.session).snapshot.entries]
    view: dict[str, Any] = {"told": told, "estates": estates, "error": error, "alike": alike, "checked": checked}
    return page(request, "desk/new.html", status=error.status if error else 200, me=me, **view)


@router.post("/new")
def log_call(request: Request, hotline: TheHotline, me: Worker, told: Annotated[Told, Form()]) -> Response:
    """Opens the ticket of a call; the same form posted twice is one ticket."""
    try:
        delivery, complaint = read_form(hotline, told)
    except BadInput as wrong:
        return new_page(request, hotline, me, told, error=wrong)
    sender = complaint.phone or f"desk:{complaint.external_id}"
    delivery, complaint = replace(delivery, channel="phone"), replace(complaint, sender=sender)
    with hotline.look() as tx:
        understander = hotline.knowledge(tx.session).understander
    verdict = understander.understand(complaint.text, place_hint=complaint.place)
    with hotline.tx() as tx:
        number = register(tx, delivery, complaint, verdict, me.actor)[0].number
    return RedirectResponse(f"/desk/t/{number}", 303)


@router.post("/{number}/{noun}")
def do(
    request: Request,
    hotline: TheHotline,
    me: Worker,
    number: str,
    noun: str,
    given: Annotated[forms.Given, Form()],
    sent: photos.Files,
) -> Response:
    """Every act of the desk, each at its noun: dispatch, referral, category, reply, note …"""
    return perform(request, hotline, me, number, noun, given, DOOR, sent)
