"""Who is at the door: signed-in staff by cookie, programs by bearer token, residents by a signed cookie for one ticket."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, cast

from fastapi import Depends, Request, Response

from app.errors import NotAllowed, NotSignedIn
from app.hotline import Hotline
from app.intake import Intake
from app.register import people
from app.register.reach import reach_of
from app.tickets.lifecycle import Actor, Role

STAFF_COOKIE = "hl_staff"
FOLLOW_COOKIE = "hl_follow"
FOLLOW_LASTS = timedelta(hours=2)


def hotline_of(request: Request) -> Hotline:
    return cast(Hotline, request.app.state.hotline)


def intake_of(request: Request) -> Intake:
    return cast(Intake, request.app.state.intake)


TheHotline = Annotated[Hotline, Depends(hotline_of)]
TheIntake = Annotated[Intake, Depends(intake_of)]


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A member of staff at a browser: as whom they act, and what the page greets them with."""

    actor: Actor
    login: str
    org_name: str


def signed_in(request: Request) -> SignedIn | None:
    """The staff member behind the cookie, if any."""
    secret = request.cookies.get(STAFF_COOKIE, "")
    if not secret:
        return None
    hotline = hotline_of(request)
    with hotline.look() as tx:
        person = people.person_of_sign_in(tx.session, secret, tx.wall)
        if person is None:
            return None
        names = hotline.knowledge(tx.session).snapshot
        org = person.contractor_id or person.purchaser_id or 0
        org_name = (names.contractors if person.contractor_id else names.purchasers).get(org, "")
        actor = Actor(person.role, str(person.id), person.name, org, reach_of(tx.session, person.purchaser_id))
    return SignedIn(actor, person.login, org_name)


def staff(*roles: Role) -> Callable[[Request], SignedIn]:
    """A dependency that lets only these roles in. Nobody signed in: 401, which pages turn into the sign-in form."""

    def guard(request: Request) -> SignedIn:
        who = signed_in(request)
        if who is None:
            raise NotSignedIn("请先登录")
        if who.actor.role not in roles:
            raise NotAllowed("您的账号不能使用这个页面", cure="请换用相应角色的账号登录")
        return who

    return guard


def program(request: Request) -> Actor:
    """The holder of a bearer token. Raises NotSignedIn without a valid one."""
    kind, _, secret = request.headers.get("authorization", "").partition(" ")
    if kind.lower() == "bearer" and secret:
        hotline = hotline_of(request)
        with hotline.look() as tx:
            token = people.token_of(tx.session, secret.strip())
            if token is not None:
                org = token.contractor_id or token.purchaser_id or 0
                return Actor(token.role, f"token:{token.id}", token.name, org, reach_of(tx.session, token.purchaser_id))
    raise NotSignedIn("需要有效的访问令牌", cure="请在请求头加上 Authorization: Bearer 令牌")


def grant_follow(request: Request, response: Response, resident_id: int, number: str) -> None:
    """Lets this browser follow one ticket for two hours; the cookie is signed, so it cannot be made up."""
    hotline = hotline_of(request)
    until = int((hotline.clock.wall() + FOLLOW_LASTS).timestamp())
    payload = f"{resident_id}.{number}.{until}"
    response.set_cookie(
        FOLLOW_COOKIE,
        f"{payload}.{_signed(hotline, payload)}",
        max_age=int(FOLLOW_LASTS.total_seconds()),
        httponly=True,
        samesite="lax",
        secure=request.url.scheme == "https",
    )


def follower(request: Request, number: str) -> Actor:
    """The resident whom this browser may follow the ticket for. Raises NotSignedIn otherwise."""
    hotline = hotline_of(request)
    payload, _, signature = request.cookies.get(FOLLOW_COOKIE, "").rpartition(".")
    parts = payload.split(".")
    if len(parts) == 3 and hmac.compare_digest(signature.encode(), _signed(hotline, payload).encode()):
        resident_id, allowed, until = parts
        if allowed == number and until.isdigit() and int(until) > hotline.clock.wall().timestamp():
            return Actor(Role.RESIDENT, resident_id)
    raise NotSignedIn("请用工单号和手机号后四位查询")


def _signed(hotline: Hotline, payload: str) -> str:
    return hmac.new(hotline.secret, f"follow:{payload}".encode(), hashlib.sha256).hexdigest()


def from_another_site(request: Request) -> bool:
    """Whether a browser says that another site made it send this request: then no cookie of ours may count.

    Browsers since 2020 (iOS since 2023) say so themselves; of older ones the origin is compared, and one that hides it
    (``null``: a frame without rights) is another. A caller that says nothing of either is no browser, and carries no cookie
    against anybody's will.
    """
    fetched = request.headers.get("sec-fetch-site", "")
    if fetched:
        return fetched not in ("same-origin", "none")
    origin = request.headers.get("origin", "")
    return bool(origin) and origin.partition("://")[2] != request.headers.get("host", "")


def set_staff_cookie(request: Request, response: Response, secret: str, wall: datetime) -> None:
    response.set_cookie(
        STAFF_COOKIE,
        secret,
        max_age=int(people.SIGN_IN_LASTS.total_seconds()),
        httponly=True,
        samesite="lax",
        secure=request.url.scheme == "https",
    )
