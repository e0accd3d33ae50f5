"""Repeats at the desk: a call checked before it is registered, and two tickets found to be two matters."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from app import repeats
from app.errors import BadInput
from app.store import tickets as store
from app.web.desk import Worker, alike_to, new_page
from app.web.guards import TheHotline
from app.web.resident import Told

router = APIRouter(prefix="/desk", include_in_schema=False)


@router.post("/new/check")
def check(request: Request, hotline: TheHotline, me: Worker, told: Annotated[Told, Form()]) -> Response:
    """The form of a call once more, with what may be the same matter beside it; nothing is kept."""
    try:
        return new_page(request, hotline, me, told, alike=alike_to(hotline, me, told), checked=True)
    except BadInput as wrong:
        return new_page(request, hotline, me, told, error=wrong)


@router.post("/{number}/not-repeat")
def not_repeat(hotline: TheHotline, me: Worker, number: str, other: Annotated[str, Form()] = "") -> Response:
    """These are two matters: remembered, and not offered again."""
    with hotline.tx() as tx:
        repeats.tell_apart(tx, store.by_number(tx.session, number, me.actor), me.actor, other)
    return RedirectResponse(f"/desk/t/{number}#repeats", 303)


@router.post("/{number}/repeat-after-all")
def repeat_after_all(hotline: TheHotline, me: Worker, number: str, other: Annotated[str, Form()] = "") -> Response:
    """Said by mistake: the two are offered to each other again."""
    with hotline.tx() as tx:
        repeats.take_back(tx, store.by_number(tx.session, number, me.actor), me.actor, other)
    return RedirectResponse(f"/desk/t/{number}#repeats", 303)
