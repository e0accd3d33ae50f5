"""Every address of the application, walked: nobody gets in unasked, and each role only where the table here says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI

from app.store import tickets as store
from app.tickets.followup import Sample
from app.tickets.lifecycle import SYSTEM
from app.web.forms import FORMS
from tests.app.web.conftest import Browser, House

ROLES = ("agent", "jiangxiu", "city", "admin", "evaluator")
DESK, WORKS = {"agent", "city"}, {"agent", "city", "admin"}
# Who may knock; "follow" is a resident with the cookie of the ticket, "token" a program. An address missing here fails the test.
MAY: dict[str, set[str]] = {
    "GET /desk": WORKS,
    "GET /desk/t/{number}": WORKS,
    "GET /desk/t/{number}/deadlines": WORKS,
    "GET /desk/new": DESK,
    "POST /desk/new": DESK,
    "POST /desk/new/check": DESK,
    "POST /desk/{number}/not-repeat": DESK,
    "POST /desk/{number}/repeat-after-all": DESK,
    "POST /desk/{number}/{noun}": DESK,
    "GET /desk/t/{number}/supervision/{order}": WORKS,
    "GET /jobs/t/{number}/supervision/{order}": {"jiangxiu"},
    "GET /board/t/{number}/supervision/{order}": {"city", "admin"},
    "GET /review": {"evaluator"},
    "GET /review/t/{number}": {"evaluator"},
    "GET /desk/callbacks": WORKS,
    "GET /desk/callbacks/{number}": WORKS,
    "POST /desk/callbacks/{number}": {"agent"},
    "GET /desk/incidents": WORKS,
    "GET /desk/incidents/new": DESK,
    "POST /desk/incidents": DESK,
    "GET /jobs": {"jiangxiu"},
    "GET /jobs/t/{number}": {"jiangxiu"},
    "GET /jobs/t/{number}/deadlines": {"jiangxiu"},
    "POST /jobs/{number}/{noun}": {"jiangxiu"},
    "GET /board": {"city", "admin", "evaluator"},
    "GET /board/hot": {"city", "admin"},
    "GET /board/t/{number}": {"city", "admin"},
    "GET /board/t/{number}/deadlines": {"city", "admin"},
    "POST /board/{number}/{noun}": {"city"},
    "GET /desk/t/{number}/photos/{photo}": WORKS,
    "GET /jobs/t/{number}/photos/{photo}": {"jiangxiu"},
    "GET /board/t/{number}/photos/{photo}": {"city", "admin"},
    "GET /h5/t/{number}/photos/{photo}": {"follow"},
    "POST /api/v1/tickets/{number}/photos": {"token"},
    "GET /api/v1/tickets/{number}/photos": {"token"},
    "GET /api/v1/tickets/{number}/photos/{photo}": {"token"},
    "GET /h5/t/{number}": {"follow"},
    "GET /h5/t/{number}/deadlines": {"follow"},
    "POST /h5/t/{number}/addition": {"follow"},
    "POST /h5/t/{number}/nudge": {"follow"},
    "POST /h5/t/{number}/withdrawal": {"follow"},
    "POST /h5/t/{number}/rating": {"follow"},
    "POST /h5/t/{number}/confidence": {"follow"},
    "POST /h5/t/{number}/confirmation": {"follow"},
    "POST /h5/t/{number}/contest": {"follow"},
    "GET /api/v1/tickets": {"token"},
    "GET /api/v1/tickets/{number}": {"token"},
    "GET /api/v1/tickets/{number}/deadlines": {"token"},
    "POST /api/v1/tickets": {"token"},
    **{f"POST /api/v1/tickets/{{number}}/{form.noun}": {"token"} for form in FORMS.values()},
    "GET /api/v1/estates": {"token"},
    "GET /api/v1/contractors": {"token"},
    "GET /api/v1/contracts": {"token"},
    "GET /api/v1/categories": {"token"},
    "GET /api/v1/webhooks": {"token"},
    "POST /api/v1/webhooks": {"token"},
    "DELETE /api/v1/webhooks/{webhook_id}": {"token"},
}
# Open to everybody, each for a reason: residents have no account, platforms sign, operators' figures name nobody.
PUBLIC = {
    *("GET /", "GET /h5/submit", "POST /h5/submit", "GET /h5/follow", "POST /h5/follow"),
    *("GET /signin", "POST /signin", "POST /signout"),
    *("GET /healthz", "GET /readyz", "GET /metrics", "GET /api/v1/openapi.json"),
    *(f"{method} /hooks/{{key}}{rest}" for method in ("GET", "POST") for rest in ("", "/{account}")),
}


def routes(holder: Any) -> Iterator[str]:
    """``GET /desk``, for every route of the application and of the routers in it; mounts of files are left out."""
    for route in holder.routes:
        inner = getattr(route, "original_router", None)
        if inner is not None:
            yield from routes(inner)
        else:
            yield from (f"{method} {route.path}" for method in getattr(route, "methods", None) or () if method != "HEAD")


def addresses(house: House) -> set[str]:
    app = house.browse("").client.app
    assert isinstance(app, FastAPI)
    return set(routes(app))


def knock(browser: Browser, address: str, number: str) -> Any:
    method, path = address.split(" ")
    path = re.sub(r"\{number\}", number, path)
    path = re.sub(r"\{\w+\}", "note", path)
    if method == "DELETE":
        return browser.client.delete(path, follow_redirects=False)
    return browser.get(path) if method == "GET" else browser.post(path, text="x")


def _nothing_there(address: str) -> tuple[int, ...]:
    """What hangs on a ticket has a number of its own, and this ticket has nothing of the kind."""
    return (404,) if re.search(r"\{(order|photo|webhook_id)\}", address) else ()


def test_every_address_is_in_one_of_the_two_lists(house: House) -> None:
    found = addresses(house)
    assert len(found) > 30, "the walk sees the routers"
    assert found == PUBLIC | MAY.keys()
    assert not PUBLIC & MAY.keys()


def test_nobody_gets_in_unasked(house: House) -> None:
    _, number = house.submit()
    before = house.rows()
    for address in MAY:
        answer = knock(house.browse(""), address, number)
        door = "/h5/follow" if address.split(" ")[1].startswith("/h5") else "/signin"
        led_away = answer.status_code == 303 and answer.headers["location"].startswith(f"{door}?next=")
        assert led_away or answer.status_code in (401, 403), (address, answer.status_code)
        assert "滴水" not in answer.text, address
    assert house.rows() == before


def test_no_role_gets_in_where_it_has_no_business(house: House) -> None:
    _, number = house.submit()
    before = house.rows()
    for role in ROLES:
        browser = house.browse(role)
        before = house.rows()
        for address, may in MAY.items():
            if role not in may:
                answer = knock(browser, address, number)
                refused = answer.status_code in (401, 403, 404) or "/h5/follow" in answer.headers.get("location", "")
                assert refused, (role, address, answer.status_code)
                assert "滴水" not in answer.text, (role, address)
        assert house.rows() == before, role


def test_who_may_get_in_does(house: House) -> None:
    """Else the refusals above would prove nothing."""
    resident, number = house.submit()
    with house.cast.hotline.tx() as tx:
        ticket = store.by_number(tx.session, number, SYSTEM)
        tx.session.add(Sample(batch="Q4", ticket_id=ticket.id, stratum="匠修 · C", drawn_at=tx.now, drawn_by="命令行"))
    for role in ROLES:
        browser = house.browse(role)
        for address, may in MAY.items():
            if role in may:
                well = (200, 303, 409, 422, *_nothing_there(address))
                assert knock(browser, address, number).status_code in well, (role, address)
    for address, may in MAY.items():
        if "follow" in may:
            assert "/h5/follow" not in str(knock(resident, address, number).headers.get("location")), address
