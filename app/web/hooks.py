"""Addresses that platforms call: bytes in, the channel's own answer out, well inside the caller's patience."""

from __future__ import annotations

import asyncio

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool
from starlette.background import BackgroundTask

from app.errors import Busy, NotFound
from app.intake import Item, Said
from app.logs import log
from app.web.guards import TheHotline, TheIntake
from channels.contract import Answer, BadSignature, Channel, Delivery, HttpAnswer, Ignored, Receives, Unreadable

router = APIRouter(prefix="/hooks", include_in_schema=False)
BODY_LIMIT = 1024 * 1024


@router.get("/{key}")
@router.get("/{key}/{account}")
def check_address(request: Request, hotline: TheHotline, key: str, account: str = "") -> Response:
    """The platform asks whether this address is ours."""
    channel = _pushed(hotline.channels.get(key), account)
    delivery = Delivery(key, b"", hotline.clock.wall(), dict(request.headers), dict(request.query_params), "GET", account)
    try:
        return _response(channel.greet(delivery))
    except BadSignature as refused:
        log.warning("hook.refused", channel=key, why=str(refused))
        return Response(status_code=403)


@router.post("/{key}")
@router.post("/{key}/{account}")
async def receive(request: Request, hotline: TheHotline, intake: TheIntake, key: str, account: str = "") -> Response:
    """A delivery: verified, kept, taken in, answered; when that takes too long, acknowledged, and the words follow later."""
    channel = _pushed(hotline.channels.get(key), account)
    body = await _body(request)
    delivery = Delivery(key, body, hotline.clock.wall(), dict(request.headers), dict(request.query_params), "POST", account)
    try:
        items = [Item(delivery, complaint) for complaint in await run_in_threadpool(channel.read, delivery)]
    except BadSignature as refused:
        log.warning("hook.refused", channel=key, why=str(refused))
        return Response(status_code=403)
    except Ignored as ignored:
        log.info("hook.ignored", channel=key, why=str(ignored))
        return _response(channel.answer(delivery, Answer()))
    except Unreadable as unreadable:
        log.error("hook.unreadable", channel=key, why=str(unreadable))
        items = [Item(delivery, None, str(unreadable))]
    accepted = [intake.submit(item) for item in items]
    waiting = asyncio.gather(*(asyncio.wrap_future(one) for one in accepted))
    try:
        said = await asyncio.wait_for(waiting, hotline.settings.answer_seconds)
    except TimeoutError:
        kept = all(one.kept for one in accepted)
        log.warning("hook.late", channel=key, kept=kept)
        if not kept:  # what is not durable must not be acknowledged: the platform sends it again
            raise Busy("来件尚未保存，请稍后再试") from None
        return _response(channel.answer(delivery, Answer()))
    notices = [notice for one in said for notice in one.notices]
    answer = await run_in_threadpool(channel.answer, delivery, _answer(said))
    return _response(answer, BackgroundTask(intake.answered, notices) if notices else None)


def _answer(said: list[Said]) -> Answer:
    text = "\n".join(one.text for one in said if one.text)
    number = next((one.number for one in said if one.number), "")
    return Answer(text, said[0].at if said else None, {"number": number})


async def _body(request: Request) -> bytes:
    """At most BODY_LIMIT bytes, whatever the headers claim. Raises Busy beyond, before more is held in memory."""
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > BODY_LIMIT:
            raise TooLarge("来件超过 1 MB")
        parts.append(part)
    return b"".join(parts)


class TooLarge(Busy):
    """More than any platform pushes."""

    status = 413
    title = "来件过大"


def _pushed(channel: Channel | None, account: str) -> Channel:
    # Only signed channels have a hook: the web form has a page of its own, which guards it.
    if channel is None or channel.spec.receives is not Receives.PUSH or not channel.spec.signed:
        raise NotFound("没有这个渠道，或尚未配置")
    if account:  # one account a channel so far: the same push under an invented name must not become another ticket
        raise NotFound("没有配置这个账号")
    return channel


def _response(answer: HttpAnswer, background: BackgroundTask | None = None) -> Response:
    return Response(answer.body, answer.status, media_type=answer.content_type, background=background)
