"""The desk's call-backs: whom to call next, what to ask, and the form in which an attempt is written down."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import BaseModel
from sqlalchemy.orm.exc import StaleDataError

from app import interviews, naming
from app.errors import BadInput, Conflict, HotlineError, NotAllowed
from app.feedback import Answers
from app.hotline import Hotline, Tx
from app.store import calls
from app.store import tickets as store
from app.tickets.followup import CALL_OUTCOMES, CALL_REASONS, CallAttempt, CallBack
from app.tickets.lifecycle import ENDED, Actor, Role
from app.tickets.model import Ticket, TicketEvent
from app.tickets.privacy import mask_name, mask_phone
from app.tickets.residents import Resident
from app.web import timeline, views
from app.web.guards import SignedIn, TheHotline, staff
from app.web.render import page

router = APIRouter(prefix="/desk/callbacks", include_in_schema=False)

Reader = Annotated[SignedIn, Depends(staff(Role.AGENT, Role.SUPERVISOR, Role.ADMIN))]
Caller = Annotated[SignedIn, Depends(staff(Role.AGENT))]
# What became of an attempt, as the agent reads it over the list.
BECAME = {
    "rated": "已记录诉求人的评价",
    "again": "已记录评价；诉求人不满意，工单已重新办理",
    "kept": "已记录诉求人的回答",
    "refused": "已记录：诉求人不愿接受回访",
    "wrong": "已记录：号码有误，这件回访到此为止",
    "later": "已记录，到下次拨打时间会再排到前面",
    "unreachable": "已记录：多次未接通，按无法联系结束，不算好评",
}
DONE_BY = ("resolve", "answer", "grant_closure")  # what tells what was done


class CallGiven(BaseModel):
    """What the form of an attempt carries; nothing in it is preselected."""

    outcome: str = ""
    call_id: str = ""
    responded: str = ""
    solved: str = ""
    satisfied: str = ""
    reason: str = ""
    note: str = ""
    seen: str = ""


@dataclass(frozen=True, slots=True)
class CallRow:
    """A call to make, in the list."""

    number: str
    place: str
    leaf: str
    why: str
    handler: str
    phone: str
    next: str
    due: bool
    attempts: int
    urgent: bool


@dataclass(frozen=True, slots=True)
class CallView:
    """Everything that the page of one call shows."""

    row: CallRow
    name: str
    text: str
    done: str  # what was done, as the resident was told
    ended: bool  # the work is; else the limit has lapsed and there is nothing to rate
    own: str  # the grade that the resident has given, where that is what is asked about
    confidential: bool
    seen: int
    tried: list[str]


@router.get("")
def queue(request: Request, hotline: TheHotline, me: Reader, n: str = "1", done: str = "") -> Response:
    """Who is to be called, whoever has waited longest first."""
    asked = int(n) if n.isascii() and n.isdigit() and 0 < len(n) < 7 and int(n) else 1
    with hotline.look() as tx:
        found = calls.queue(tx.session, me.actor, tx.now, asked)
        rows = [_row(tx, task, me.actor) for task in found.calls]
    pager = views.pager("/desk/callbacks", {}, asked, found.total, calls.PAGE)
    said = BECAME.get(done, "")
    return page(request, "desk/callbacks.html", me=me, rows=rows, total=found.total, due=found.due, pager=pager, done=said)


@router.get("/{number}")
def one(request: Request, hotline: TheHotline, me: Reader, number: str) -> Response:
    """One call: what to say, what was done, and the form. Raises Conflict where nobody is to be called."""
    return _show(request, hotline, me, number)


@router.post("/{number}")
def record(request: Request, hotline: TheHotline, me: Caller, number: str, given: Annotated[CallGiven, Form()]) -> Response:
    """An attempt written down, with what follows from it."""
    try:
        call = _read(given)
        try:
            with hotline.tx() as tx:
                ticket = store.by_number(tx.session, number, me.actor)
                became = interviews.record(tx, _task(tx, ticket), ticket, me.actor, call)
        except StaleDataError:
            raise Conflict(f"工单 {number} 刚刚有人处理过", cure="请看最新的情况，再决定是否继续") from None
    except (BadInput, Conflict, NotAllowed) as refused:
        return _show(request, hotline, me, number, refused, given)
    return RedirectResponse(f"/desk/callbacks?done={became}", 303)


def _task(tx: Tx, ticket: Ticket) -> CallBack:
    task = calls.open_of(tx.session, ticket.id)
    if task is None:
        raise Conflict(f"工单 {ticket.number} 现在没有待拨打的回访", cure="请返回回访列表")
    return task


def _read(given: CallGiven) -> interviews.Call:
    """The form as an attempt. Answers are read only where one was ticked: nothing is taken for granted."""
    answers = None
    if given.satisfied or given.solved or given.responded:
        known = {"yes": True, "no": False}
        satisfied = int(given.satisfied) if given.satisfied in ("1", "2", "3", "4", "5") else 0
        answers = Answers(satisfied, known.get(given.solved), known.get(given.responded), given.reason.strip())
    seen = int(given.seen) if given.seen.isascii() and given.seen.isdigit() and len(given.seen) < 7 else -1
    return interviews.Call(given.outcome, seen, given.call_id.strip(), given.note.strip(), answers)


def _show(
    request: Request,
    hotline: Hotline,
    me: SignedIn,
    number: str,
    error: HotlineError | None = None,
    given: CallGiven | None = None,
) -> Response:
    with hotline.look() as tx:
        ticket = store.by_number(tx.session, number, me.actor)
        task = calls.open_of(tx.session, ticket.id)
        if task is None:
            raise error or Conflict(f"工单 {number} 现在没有待拨打的回访", cure="请返回回访列表")
        view = _view(tx, task, ticket, me.actor)
    return page(
        request,
        "desk/callback.html",
        status=error.status if error else 200,
        me=me,
        call=view,
        outcomes=CALL_OUTCOMES,
        grades=views.GRADES,
        error=error,
        given=given or CallGiven(),
        may=me.actor.role is Role.AGENT,
    )


def _row(tx: Tx, task: CallBack, viewer: Actor) -> CallRow:
    ticket = task.ticket
    resident = tx.session.get(Resident, ticket.resident_id) if ticket.resident_id else None
    phone = resident.phone if resident is not None else ""
    return CallRow(
        number=ticket.number,
        place=naming.place_name(tx, ticket),
        leaf=naming.leaf_name(tx, ticket),
        why=CALL_REASONS[task.why],
        handler=naming.handler_name(tx, ticket),
        phone=mask_phone(phone) if viewer.role is Role.ADMIN else phone,
        next=tx.hotline.spell(task.next_at),
        due=task.next_at is not None and task.next_at <= tx.now,
        attempts=task.attempts,
        urgent=ticket.urgency == "U0",
    )


def _view(tx: Tx, task: CallBack, ticket: Ticket, viewer: Actor) -> CallView:
    events = store.history(tx.session, ticket).events
    own = store.rating_of(tx.session, ticket)
    resident = tx.session.get(Resident, ticket.resident_id) if ticket.resident_id else None
    return CallView(
        row=_row(tx, task, viewer),
        name=_name(resident, viewer),
        text=ticket.text,
        done=next((_told(event) for event in reversed(events) if event.action in DONE_BY), ""),
        ended=ticket.state in ENDED,
        own=timeline.rated({"satisfied": own.satisfied, "solved": own.solved, "reason": own.reason}) if own else "",
        confidential=ticket.confidential,
        seen=task.attempts,
        tried=[_tried(tx, attempt) for attempt in task.calls],
    )


def _name(resident: Resident | None, viewer: Actor) -> str:
    name = resident.name if resident is not None else ""
    return mask_name(name) if viewer.role is Role.ADMIN else name


def _told(event: TicketEvent) -> str:
    return str(event.details.get("text") or event.details.get("reason") or "")


def _tried(tx: Tx, attempt: CallAttempt) -> str:
    words = [tx.hotline.spell(attempt.at), attempt.by_name, CALL_OUTCOMES[attempt.outcome], attempt.note]
    return " · ".join(word for word in words if word)
