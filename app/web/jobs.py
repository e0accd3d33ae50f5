"""Contractors' pages, phone first: what is due, what waits for 签收, what is being done. Only their own tickets exist here."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request, Response

from app.errors import NotFound
from app.store import board as slices
from app.store.tickets import Filter
from app.tickets.lifecycle import Role
from app.web import forms, photos, views
from app.web.case import Door, perform, show
from app.web.deadlines import show_deadlines
from app.web.guards import SignedIn, TheHotline, staff
from app.web.render import page
from app.web.supervision import show_order

router = APIRouter(prefix="/jobs", include_in_schema=False)

DOOR = Door("/jobs", "jobs/ticket.html", "contractor")
Contractor = Annotated[SignedIn, Depends(staff(Role.CONTRACTOR))]
TABS = {
    "due_today": "今日到期",
    "to_accept": "待签收",
    "working": "办理中",
    "overdue": "已超期",
    "to_report": "督办反馈",
    "assisting": "协办",
    "done": "已办结",
}


@router.get("")
def list_page(request: Request, hotline: TheHotline, me: Contractor, tab: str = "", q: str = "", n: str = "1") -> Response:
    """One of the lists; without a choice the first that holds anything, what is overdue before what is due."""
    if tab and tab not in TABS:
        raise NotFound("没有这个列表")
    number = int(n) if n.isascii() and n.isdigit() and 0 < len(n) < 6 and int(n) > 0 else 1
    with hotline.look() as tx:
        at = views.board_now(tx)
        counts = slices.count(tx.session, me.actor, at, tuple(TABS))
        tab = tab or next((name for name in ("overdue", "due_today", "to_accept") if counts[name]), "working")
        found = slices.listed(tx.session, me.actor, at, tab, Filter(words=q.strip()[:80]), page=number)
        view: dict[str, Any] = {
            "rows": [views.row_view(tx, ticket, me.actor) for ticket in found.tickets],
            "pager": views.pager("/jobs", {"tab": tab, "q": q}, number, found.total, slices.PAGE),
            "counts": counts,
        }
    return page(request, "jobs/list.html", me=me, tab=tab, tabs=TABS, title=TABS[tab], q=q, **view)


@router.get("/t/{number}")
def ticket_page(request: Request, hotline: TheHotline, me: Contractor, number: str, done: str = "") -> Response:
    return show(request, hotline, me, number, DOOR, done=done)


@router.get("/t/{number}/deadlines")
def deadlines_page(request: Request, hotline: TheHotline, me: Contractor, number: str) -> Response:
    return show_deadlines(request, hotline, me, number, DOOR)


@router.get("/t/{number}/photos/{photo}")
def picture(hotline: TheHotline, me: Contractor, number: str, photo: str) -> Response:
    return photos.show_picture(hotline, me.actor, number, photo)


@router.get("/t/{number}/supervision/{order}")
def supervision_page(request: Request, hotline: TheHotline, me: Contractor, number: str, order: str) -> Response:
    return show_order(request, hotline, me, number, order, DOOR)


@router.post("/{number}/{noun}")
def do(
    request: Request,
    hotline: TheHotline,
    me: Contractor,
    number: str,
    noun: str,
    given: Annotated[forms.Given, Form()],
    sent: photos.Files,
) -> Response:
    """Every act of a contractor, each at its noun: acceptance, contact, progress, resolution …"""
    return perform(request, hotline, me, number, noun, given, DOOR, sent)
