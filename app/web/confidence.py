"""请为我保密: a resident asks, on the page of their own ticket, that no contractor learns who they are."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from app import matters
from app.casework import act
from app.store import tickets as store
from app.tickets.lifecycle import RULES
from app.web.guards import TheHotline, follower

router = APIRouter(include_in_schema=False)


@router.post("/h5/t/{number}/confidence")
def protect(request: Request, hotline: TheHotline, number: str) -> Response:
    """Once asked it holds for good, for the whole matter: whatever parts it was split into are kept in confidence as well."""
    who = follower(request, number)
    with hotline.tx() as tx:
        for one in matters.all_of(tx, store.by_number(tx.session, number, who)):
            if not one.confidential and one.state in RULES["protect"].sources:
                act(tx, one, "protect", who)
    return RedirectResponse(f"/h5/t/{number}?done=confidence", 303)
