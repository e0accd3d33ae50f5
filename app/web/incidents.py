"""Mass incidents 群体事件 at the desk: which are open and how far each is; one opened from tickets that people choose."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import BaseModel
from sqlalchemy.orm.exc import StaleDataError

from app.errors import BadInput, Conflict, HotlineError, NotAllowed, NotFound
from app.hotline import Hotline, Tx
from app.incidents import open_incident
from app.store import lineage
from app.store import tickets as store
from app.tickets import numbering
from app.tickets.model import Ticket
from app.web import views
from app.web.case import leaf_choices
from app.web.desk import Reader, Worker
from app.web.guards import SignedIn, TheHotline
from app.web.render import page

router = APIRouter(prefix="/desk", include_in_schema=False)

HOURS = 48  # how far back tickets are offered that may have the same cause, unless another number is asked for
FURTHEST = 24 * 30


@dataclass(frozen=True, slots=True)
class IncidentRow:
    """One open incident: the work order, how many complain, how many of them have been answered."""

    ticket: views.RowView
    members: int
    answered: int


@router.get("/incidents")
def list_page(request: Request, hotline: TheHotline, me: Reader) -> Response:
    """Mass incidents that are not over."""
    with hotline.look() as tx:
        found = lineage.incidents(tx.session, me.actor)
        tallies = lineage.tallies(tx.session, found)
        rows = [
            IncidentRow(views.row_view(tx, one, me.actor), tallies[one.id].members, tallies[one.id].answered) for one in found
        ]
    return page(request, "desk/incidents.html", me=me, rows=rows)


class Opening(BaseModel):
    """What the form of a new incident carries: tickets ticked, and others by number."""

    start: str = ""  # the ticket from which it was begun
    hours: str = str(HOURS)
    ticked: list[str] = []
    numbers: str = ""
    leaf: str = ""
    text: str = ""


@router.get("/incidents/new")
def new_form(request: Request, hotline: TheHotline, me: Worker, start: str = "", hours: str = str(HOURS)) -> Response:
    """The form, with the tickets that may have the same cause as ``start`` offered, none of them ticked but that one."""
    return _form(request, hotline, me, Opening(start=start[:40], hours=hours[:4], ticked=[start[:40]]))


@router.post("/incidents")
def open_one(request: Request, hotline: TheHotline, me: Worker, given: Annotated[Opening, Form()]) -> Response:
    """Opens the incident, has the chosen tickets go with it, and sends the work order to whoever owes it."""
    numbers = [*given.ticked, *numbering.found_in(given.numbers)]
    try:
        with hotline.tx() as tx:
            number = open_incident(tx, me.actor, numbers, given.leaf, given.text[:5000]).number
    except StaleDataError:
        gone = Conflict("所选工单中有刚刚处理过的", cure="请看最新情况后再提交")
        return _form(request, hotline, me, given, gone)
    except (BadInput, Conflict, NotAllowed, NotFound) as refused:
        return _form(request, hotline, me, given, refused)
    return RedirectResponse(f"/desk/t/{number}", 303)


def _form(request: Request, hotline: Hotline, me: SignedIn, given: Opening, error: HotlineError | None = None) -> Response:
    with hotline.look() as tx:
        offered = _offered(tx, me, given)
        view: dict[str, Any] = {
            "offered": [views.row_view(tx, one, me.actor) for one in offered],
            "leaf": given.leaf or (offered[0].leaf if offered else ""),
            "leaves": leaf_choices(hotline.policy.taxonomy),
        }
    status = error.status if error else 200
    return page(request, "desk/incident.html", status=status, me=me, given=given, error=error, **view)


def _offered(tx: Tx, me: SignedIn, given: Opening) -> Sequence[Ticket]:
    """The ticket it begins with, and what may have the same cause. Raises NotFound for one this person may not know of."""
    if not given.start:
        return ()
    written = given.hours
    hours = min(int(written), FURTHEST) if written.isascii() and written.isdigit() and int(written) > 0 else HOURS
    start = store.by_number(tx.session, given.start, me.actor)
    return [start, *lineage.like(tx.session, me.actor, start, tx.now - timedelta(hours=hours))]
