"""Coming in and going out for staff. An unknown login gets the same answer, in the same time, as a wrong password."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from app.errors import HotlineError, NotSignedIn
from app.hotline import Hotline
from app.register import people
from app.store import tries
from app.tickets.lifecycle import Role
from app.web.guards import STAFF_COOKIE, TheHotline, set_staff_cookie, signed_in
from app.web.render import page

router = APIRouter(include_in_schema=False)

HOMES = {Role.AGENT: "/desk", Role.CONTRACTOR: "/jobs", Role.EVALUATOR: "/review"}
MOST_WRONG = 10  # wrong passwords for one login from one place in a quarter of an hour


class TooMany(HotlineError):
    """Wrong too often: the door stays shut for a while."""

    status = 429
    title = "尝试过多"


def home_of(role: Role) -> str:
    """Where a role begins its day."""
    return HOMES.get(role, "/board")


@router.get("/signin")
def form(request: Request, next: str = "") -> Response:
    """The form to sign in; whoever is signed in already goes on."""
    who = signed_in(request)
    if who is not None:
        return RedirectResponse(_local(next) or home_of(who.actor.role), 303)
    return page(request, "signin.html", login="", next=_local(next), error=None)


@router.post("/signin")
def enter(
    request: Request,
    hotline: TheHotline,
    login: Annotated[str, Form()] = "",
    password: Annotated[str, Form()] = "",
    next: Annotated[str, Form()] = "",
) -> Response:
    """Opens a session, and on to where the person wanted to go, else to the role's home."""
    place = request.client.host if request.client else ""
    limits = {f"signin:{login.strip().lower()[:64]}:{place}": MOST_WRONG}
    try:
        role, secret = _open(hotline, login, password, limits, request.cookies.get(STAFF_COOKIE, ""))
    except (NotSignedIn, TooMany) as refused:
        return page(request, "signin.html", status=refused.status, login=login, next=_local(next), error=refused)
    response = RedirectResponse(_local(next) or home_of(role), 303)
    set_staff_cookie(request, response, secret, hotline.clock.wall())
    return response


def _open(hotline: Hotline, login: str, password: str, limits: dict[str, int], before: str) -> tuple[Role, str]:
    """The role and a new session's secret; the session that this browser had ``before`` ends. Raises NotSignedIn, TooMany.

    The password is hashed outside any writing transaction.
    """
    try:
        with hotline.look() as tx:
            if not tries.may_try(tx.session, limits, tx.wall):
                raise TooMany("密码错误次数过多", cure="请 15 分钟后再试，或联系管理员重设密码")
            person = people.check_password(tx.session, login, password)
    except NotSignedIn:
        with hotline.tx() as tx:
            tries.missed(tx.session, limits, tx.wall)
        raise
    with hotline.tx() as tx:
        for what in limits:
            tries.forget(tx.session, what)
        if before:
            people.close_sign_in(tx.session, before)
        return person.role, people.open_sign_in(tx.session, person, tx.wall)


@router.post("/signout")
def leave(request: Request, hotline: TheHotline) -> Response:
    """Ends the session here and in the database."""
    secret = request.cookies.get(STAFF_COOKIE, "")
    if secret:
        with hotline.tx() as tx:
            people.close_sign_in(tx.session, secret)
    response = RedirectResponse("/signin", 303)
    response.delete_cookie(STAFF_COOKIE)
    return response


def _local(path: str) -> str:
    """The path when it stays on this site, else nothing: a link may not lead a signed-in person elsewhere."""
    safe = path.startswith("/") and not path.startswith("//") and "\\" not in path and path.isprintable()
    return path if safe and not path.startswith(("/signin", "/signout")) else ""
