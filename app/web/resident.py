"""Residents' pages: say what is wrong, see how it goes, add, urge, withdraw. No account, no JavaScript needed."""

from __future__ import annotations

import json
import secrets
from concurrent.futures import TimeoutError as Late
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import BaseModel

from app import dialogue
from app.errors import BadInput, Busy, HotlineError
from app.hotline import Hotline
from app.intake import Intake, Item
from app.merging import survivor
from app.store import tickets as store
from app.store import tries
from app.tickets import commands, numbering
from app.tickets.lifecycle import SYSTEM, Actor
from app.tickets.residents import Resident
from app.web import photos
from app.web.deadlines import reasons
from app.web.follow import LOW_REASONS, AddedWord, add_word, follow_view
from app.web.guards import TheHotline, TheIntake, follower, grant_follow
from app.web.render import page
from app.web.views import GRADES
from channels.contract import Complaint, Delivery, Unreadable

router = APIRouter(include_in_schema=False)

BIG_COOKIE = "hl_big"
A_YEAR = 365 * 24 * 3600
PATIENCE = 10.0  # seconds a resident's browser waits for the ticket number
DONE = {
    "new": "已受理，请记下工单号",
    "addition": "已补充",
    "nudge": "已催办，承办单位会收到提醒",
    "withdrawal": "已按您的要求撤回",
    "nudged": "刚刚催办过，请过一会儿再催",
    "confidence": "已为您保密，承办单位看不到您是谁",
    "rating": "谢谢您的评价",
    "confirmation": "谢谢您的确认",
    "contest": "收到，将重新办理",
    "again": "收到您的评价，将重新办理",
    "late": "收到您的评价。办结已久，如还没解决，请重新提交诉求",
    "over": "现在不能评价了，如还有问题，请重新提交诉求",
}


class Told(BaseModel):
    """What the form of a new complaint carries."""

    text: str = ""
    name: str = ""
    phone: str = ""
    estate: str = ""
    building: str = ""
    unit: str = ""
    room: str = ""
    confidential: str = ""
    form_id: str = ""


def _page(request: Request, template: str, **view: Any) -> Response:
    """A resident's page, in large type where this browser asked for it."""
    asked = request.query_params.get("big")
    big = asked == "1" if asked in ("0", "1") else request.cookies.get(BIG_COOKIE) == "1"
    response = page(request, template, big=big, **view)
    if asked in ("0", "1"):
        response.set_cookie(BIG_COOKIE, asked, max_age=A_YEAR, samesite="lax", httponly=True)
    return response


@router.get("/")
def home(request: Request) -> Response:
    """What this line is for, and the two ways on."""
    return _page(request, "resident/home.html")


@router.get("/h5/submit")
def blank_form(request: Request, hotline: TheHotline, estate: str = "", building: str = "", unit: str = "") -> Response:
    """An empty form; a poster in a stairwell may fill in where it hangs."""
    told = Told(estate=estate[:100], building=building[:30], unit=unit[:30], form_id=secrets.token_urlsafe(18))
    return _form(request, hotline, told)


def _form(request: Request, hotline: Hotline, told: Told, error: HotlineError | None = None) -> Response:
    with hotline.look() as tx:
        estates = [entry.name for entry in hotline.knowledge(tx.session).snapshot.entries]
    return _page(request, "resident/submit.html", status=error.status if error else 200, told=told, estates=estates, error=error)


@router.post("/h5/submit")
def submit(request: Request, hotline: TheHotline, intake: TheIntake, told: Annotated[Told, Form()]) -> Response:
    """Through the same door as any channel. The same form twice is one ticket.

    A command is none: nobody vouches for who fills in a form, so it is shown where tickets are followed, and nothing is kept.
    """
    if commands.is_order(told.text):
        known = numbering.found_in(told.text)
        return _page(request, "resident/follow.html", status=422, number=known[0] if known else "", ordered=True, error=None)
    try:
        delivery, complaint = read_form(hotline, told)
    except BadInput as wrong:
        return _form(request, hotline, told, wrong)
    said = _take_in(intake, Item(delivery, complaint))
    with hotline.look() as tx:
        found = store.listed(tx.session, SYSTEM, store.Filter(external_id=told.form_id, channel="webform", limit=1))
        opened = found[0] if found and found[0].number == said.number else None
    if opened is None or opened.resident_id is None:
        return _page(request, "resident/kept.html", status=202, told=told)
    response = RedirectResponse(f"/h5/t/{opened.number}?done=new", 303)
    grant_follow(request, response, opened.resident_id, opened.number)
    intake.answered(said.notices)
    return response


def read_form(hotline: Hotline, told: BaseModel) -> tuple[Delivery, Complaint]:
    """The form as a delivery of the web channel, and what that reads in it. Raises BadInput with the channel's own sentence."""
    body = json.dumps(told.model_dump(), ensure_ascii=False).encode("utf-8", "replace")
    delivery = Delivery("webform", body, hotline.clock.wall(), {"content-type": "application/json"})
    try:
        return delivery, hotline.channels["webform"].read(delivery)[0]
    except Unreadable as wrong:
        raise BadInput(str(wrong)) from None


def _take_in(intake: Intake, item: Item) -> Any:
    try:
        return intake.submit(item).result(timeout=PATIENCE)
    except Late:
        raise Busy("提交的人较多，请稍后再点一次提交", cure="不会重复登记") from None


@router.get("/h5/follow")
def follow_form(request: Request, number: str = "", next: str = "") -> Response:
    """Asks for number and last four digits; a link to a ticket brings its number along."""
    known = numbering.found_in(number or next)
    return _page(request, "resident/follow.html", number=known[0] if known else number[:40], error=None)


@router.post("/h5/follow")
def follow(
    request: Request, hotline: TheHotline, number: Annotated[str, Form()] = "", last: Annotated[str, Form()] = ""
) -> Response:
    """Lets this browser follow the ticket. A wrong number and wrong digits get the same answer."""
    known = numbering.found_in(number)
    wanted = known[0] if known else number.strip().upper()[:40]
    try:
        resident_id, wanted = _recognised(request, hotline, wanted, last.strip())
    except HotlineError as refused:
        return _page(request, "resident/follow.html", status=refused.status, number=wanted, error=refused)
    response = RedirectResponse(f"/h5/t/{wanted}", 303)
    grant_follow(request, response, resident_id, wanted)
    return response


def _recognised(request: Request, hotline: Hotline, number: str, last: str) -> tuple[int, str]:
    """The resident of that ticket whose phone ends so, and the number of the whole, where it is a part's.

    Raises BadInput for a mismatch, Busy after too many of them.
    """
    place = request.client.host if request.client else ""
    limits = {f"follow:{number}:{place}": 5, f"follow:{number}": 30, f"follow:@{place}": 60}
    with hotline.tx() as tx:
        if not tries.may_try(tx.session, limits, tx.wall):
            raise Refused("查询次数过多", cure="请 15 分钟后再试，或拨打服务热线")
        found = store.listed(tx.session, SYSTEM, store.Filter(words=number, limit=1)) if numbering.found_in(number) else []
        resident = tx.session.get(Resident, found[0].resident_id) if found and found[0].number == number else None
        if resident is not None and len(last) == 4 and last.isdigit() and resident.phone.endswith(last):
            tries.forget(tx.session, f"follow:{number}:{place}")
            return resident.id, found[0].public_number
        tries.missed(tx.session, limits, tx.wall)
    raise BadInput("工单号或手机号后四位不对", cure="请核对后再试")


class Refused(HotlineError):
    """Guessed too often."""

    status = 429
    title = "查询过多"


@router.get("/h5/t/{number}")
def ticket(request: Request, hotline: TheHotline, number: str, done: str = "", own: str = "") -> Response:
    """How far the resident's ticket is. Whoever may not follow it is asked for number and digits."""
    who = follower(request, number)
    return show(request, hotline, who, number, said=_done(done, own))


@router.get("/h5/t/{number}/deadlines")
def why_then(request: Request, hotline: TheHotline, number: str) -> Response:
    """Why what was promised is promised for then."""
    who = follower(request, number)
    with hotline.look() as tx:
        found = reasons(tx, store.by_number(tx.session, number, who), who)
    return _page(request, "resident/deadlines.html", number=number, reasons=found)


@router.get("/h5/t/{number}/photos/{photo}")
def picture(request: Request, hotline: TheHotline, number: str, photo: str) -> Response:
    """A picture of the progress or the result."""
    return photos.show_picture(hotline, follower(request, number), number, photo)


def _done(done: str, own: str) -> str:
    separate = numbering.found_in(own)
    if separate:
        return f"您补充的内容涉及承办单位或须由主管部门处理，已单独登记为工单 {separate[0]}，承办单位看不到"
    return DONE.get(done, "")


def show(
    request: Request, hotline: Hotline, who: Actor, number: str, said: str = "", error: HotlineError | None = None
) -> Response:
    with hotline.look() as tx:
        found = store.by_number(tx.session, number, who)
        view = follow_view(tx, found, who)
    return _page(
        request,
        "resident/ticket.html",
        status=error.status if error else 200,
        ticket=view,
        grades=GRADES,
        reasons=LOW_REASONS,
        done=said,
        error=error,
        form_id=secrets.token_urlsafe(18),
        typed=request.state.typed if error else {},
    )


class Addition(BaseModel):
    text: str = ""
    form_id: str = ""


@router.post("/h5/t/{number}/addition")
def add(request: Request, hotline: TheHotline, number: str, given: Annotated[Addition, Form()]) -> Response:
    """A further word: understood as any message is, so that an emergency in it is not overlooked."""
    who = follower(request, number)
    request.state.typed = given.model_dump()
    try:
        delivery, complaint = read_form(hotline, given)
        with hotline.look() as tx:
            understander = hotline.knowledge(tx.session).understander
        word = AddedWord(delivery, complaint, understander.understand(complaint.text))
        with hotline.tx() as tx:
            joined = add_word(tx, store.by_number(tx.session, number, who, to_act=True), word).number
    except HotlineError as refused:
        return show(request, hotline, who, number, error=refused)
    return RedirectResponse(f"/h5/t/{number}?" + ("done=addition" if joined == number else f"own={joined}"), 303)


@router.post("/h5/t/{number}/nudge")
def nudge(request: Request, hotline: TheHotline, number: str) -> Response:
    """The resident urges; too soon after the last time it is only told so."""
    who = follower(request, number)
    request.state.typed = {}
    try:
        with hotline.tx() as tx:
            found = store.by_number(tx.session, number, who, to_act=True)
            dialogue.nudge(tx, survivor(tx, found))
            done = "nudge" if tx.said else "nudged"
    except HotlineError as refused:
        return show(request, hotline, who, number, error=refused)
    return RedirectResponse(f"/h5/t/{number}?done={done}", 303)


@router.post("/h5/t/{number}/withdrawal")
def withdraw(request: Request, hotline: TheHotline, number: str) -> Response:
    """The resident takes the complaint back."""
    who = follower(request, number)
    request.state.typed = {}
    try:
        with hotline.tx() as tx:
            found = store.by_number(tx.session, number, who, to_act=True)
            dialogue.withdraw(tx, survivor(tx, found))
    except HotlineError as refused:
        return show(request, hotline, who, number, error=refused)
    return RedirectResponse(f"/h5/t/{number}?done=withdrawal", 303)
