"""Third parties' pages: the tickets that were drawn for them, read only and masked. Nothing else exists here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response

from app.store import samples
from app.store import tickets as store
from app.tickets.followup import Rating
from app.tickets.lifecycle import Role
from app.web import timeline, views
from app.web.guards import SignedIn, TheHotline, staff
from app.web.render import page

router = APIRouter(prefix="/review", include_in_schema=False)

Evaluator = Annotated[SignedIn, Depends(staff(Role.EVALUATOR))]


@dataclass(frozen=True, slots=True)
class BatchView:
    """One drawing in the list of them."""

    name: str
    drawn: str
    tickets: int


@router.get("")
def list_page(request: Request, hotline: TheHotline, me: Evaluator, batch: str = "") -> Response:
    """What was drawn, batch by batch; the newest opens by itself."""
    with hotline.look() as tx:
        found = [BatchView(one.name, hotline.spell(one.drawn_at), one.tickets) for one in samples.batches(tx.session, me.actor)]
        chosen = batch or (found[0].name if found else "")
        drawn = samples.of_batch(tx.session, chosen, me.actor)
        rows = [(one.stratum, views.row_view(tx, one.ticket, me.actor)) for one in drawn]
    return page(request, "review/list.html", me=me, batches=found, chosen=chosen, rows=rows)


@router.get("/t/{number}")
def ticket_page(request: Request, hotline: TheHotline, me: Evaluator, number: str) -> Response:
    """One ticket, masked. Raises NotFound for one that was not drawn."""
    with hotline.look() as tx:
        ticket = store.by_number(tx.session, number, me.actor)
        history = store.history(tx.session, ticket)
        view: dict[str, Any] = {
            "row": views.row_view(tx, ticket, me.actor),
            "text": views.complaint(tx, ticket, me.actor),
            "clocks": views.clocks_of(tx, ticket, me.actor),
            "steps": timeline.steps(tx, ticket, history.events, me.actor),
            "said": views.conversation(tx, ticket, history.messages[1:], me.actor, None),
            "ratings": [_rated(one) for one in history.ratings],
            "round": ticket.round,
        }
    return page(request, "review/ticket.html", me=me, **view)


def _rated(one: Rating) -> str:
    """A rating in words, without what was said with it."""
    grades = {"satisfied": one.satisfied, "solved": one.solved, "responded": one.responded}
    return f"第 {one.round} 次办理：{timeline.rated(grades)}"
