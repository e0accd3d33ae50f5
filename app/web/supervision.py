"""督办单 on paper: a supervisor's numbered order as it is printed, sealed, sent and answered.

It is written for whoever it goes to: an order to a contractor says of the complaint what that one may read, whoever prints it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from fastapi import Request, Response

from app import naming
from app.errors import NotFound
from app.hotline import Hotline, Tx
from app.store import tickets as store
from app.tickets.lifecycle import SYSTEM, Actor, Handler, Role
from app.tickets.model import Supervision, Ticket
from app.tickets.privacy import known_to
from app.tickets.terms import SUPERVISIONS
from app.web import views
from app.web.case import Door
from app.web.guards import SignedIn
from app.web.related import reads_order
from app.web.render import page

HOTLINE = "公租房服务热线"


@dataclass(frozen=True, slots=True)
class OrderView:
    """Everything the paper says."""

    document: str
    level: str
    issuer: str
    issued_by: str
    issued: str
    to: str
    due: str
    ticket: str
    leaf: str
    place: str
    received: str
    summary: str
    demand: str
    answered: str
    answered_by: str
    answer: str
    copies: str


def show_order(request: Request, hotline: Hotline, me: SignedIn, number: str, order_id: str, door: Door) -> Response:
    """The order to print. Raises NotFound, also for one that went to somebody else than this contractor."""
    with hotline.look() as tx:
        ticket = store.by_number(tx.session, number, me.actor)
        order = next((one for one in ticket.supervisions if str(one.id) == order_id and reads_order(me.actor, one)), None)
        if order is None:
            raise NotFound("没有这份督办单")
        view = _view(tx, ticket, order)
    return page(request, "parts/supervision.html", me=me, door=door, order=view)


def _view(tx: Tx, ticket: Ticket, order: Supervision) -> OrderView:
    to_contractor = order.to_handler == Handler.CONTRACTOR
    reader = Actor(Role.CONTRACTOR, org=order.to_org or 0) if to_contractor else SYSTEM
    unknown = to_contractor and not known_to(reader.org, ticket)
    return OrderView(
        document=order.number,
        level=SUPERVISIONS[order.level],
        issuer=order.issued_org or "主管部门",
        issued_by=order.issued_by,
        issued=_day(tx, order.issued_at),
        to=order.to_name,
        due=_due(tx, ticket, order),
        ticket=ticket.number,
        leaf=naming.leaf_name(tx, ticket),
        place=naming.place_name(tx, ticket, reader),
        received=tx.hotline.spell(ticket.created_at),
        summary="事项不再由该单位承办，内容从略。" if unknown else views.complaint(tx, ticket, reader),
        demand=views.readable(tx, ticket, reader, order.demand),
        answered=tx.hotline.spell(order.answered_at) if order.answered_at else "",
        answered_by=order.answered_by,
        answer=views.readable(tx, ticket, reader, order.answer),
        copies=HOTLINE,
    )


def _day(tx: Tx, at: datetime) -> str:
    local = at.astimezone(tx.hotline.zone)
    return f"{local.year}年{local.month}月{local.day}日"


def _due(tx: Tx, ticket: Ticket, order: Supervision) -> str:
    """By when it is to be answered: the clock that ran for it, the newest that had started by then."""
    clocks = [clock for clock in ticket.timers if clock.target == "supervise" and clock.started_at <= order.issued_at]
    return tx.hotline.spell(clocks[-1].due_at) if clocks else "按督办要求"
