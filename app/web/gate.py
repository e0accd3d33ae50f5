"""The gate before every route: refuses what no page of ours sends, and gives every answer the headers that protect its reader.

1 size     a path, a query or a form longer than any of ours is not read
2 NUL      no text of ours holds one, and PostgreSQL takes none
3 origin   an act that another site made a browser send is nobody's will
4 headers  on every answer, also those of /static
"""

from __future__ import annotations

import re

from fastapi import Request
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.errors import HotlineError
from app.web.forms import PICTURED
from app.web.guards import from_another_site, signed_in
from app.web.refusals import PROGRAMS, SECURITY_HEADERS, answer, refusal

LONGEST_PATH = 2048
LONGEST_QUERY = 8192
LARGEST_PICTURES = 40 * 1024 * 1024  # bytes of a form with pictures, from somebody who has signed in
RAW_PICTURES = re.compile(r"/api/v1/tickets/[^/]+/photos")
TAKES_PICTURES = re.compile(rf"/(?:desk|jobs|board)/[^/]+/(?:{'|'.join(sorted(PICTURED))})")
LARGEST_FORM = 256 * 1024  # bytes; a field of five thousand Chinese characters takes forty-five thousand
READS = ("GET", "HEAD", "OPTIONS")
FOR_EVER = "public, max-age=31536000, immutable"


class Gate:
    """ASGI middleware around the whole application. Platforms' addresses guard their own bodies and queries."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request = Request(scope, receive)
        sealed = _with_headers(scope, send)
        refused = _refused(request)
        pictured = refused is None and await _sends_pictures(request)
        if pictured:
            refused = _too_much() if _claims_more(request, LARGEST_PICTURES) else None
        elif refused is None and _sends_form(request):
            try:
                body = await _whole_body(request)
            except ClientDisconnect:
                return  # nobody waits for an answer
            refused = _refused_body(request, body)
            receive = _again(body, receive)
        if refused is not None:
            response = await run_in_threadpool(answer, request, refused)
            await response(scope, receive, sealed)
            return
        # Whoever may GET may ask for the headers alone (RFC 9110, 9.3.2); routes need not say so each for itself.
        asked = {**scope, "method": "GET"} if scope["method"] == "HEAD" else scope
        if pictured:
            await self._metered(request, asked, receive, sealed)
        else:
            await self.app(asked, receive, sealed)

    async def _metered(self, request: Request, scope: Scope, receive: Receive, send: Send) -> None:
        """Hands a body with pictures on as it comes, to be put on the disk; past its limit the sender is gone, and is told so."""
        taken = 0

        async def counted() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            return message if taken <= LARGEST_PICTURES else {"type": "http.disconnect"}

        async def within(message: Message) -> None:
            if taken <= LARGEST_PICTURES:
                await send(message)

        await self.app(scope, counted, within)
        if taken > LARGEST_PICTURES:
            response = await run_in_threadpool(answer, request, _too_much())
            await response(scope, receive, send)


def _refused(request: Request) -> HotlineError | None:
    path, query = request.scope["path"], request.scope["query_string"]
    if len(path) > LONGEST_PATH or len(query) > LONGEST_QUERY:
        return refusal(414, "地址过长", "网址太长", cure="请从首页重新进入")
    if "\0" in path or (_holds_nul(query) and not path.startswith("/hooks/")):
        return refusal(400, "请求有误", "网址里有无法识别的字符", cure="请从首页重新进入")
    by_browser = not path.startswith(PROGRAMS)
    if by_browser and request.method not in READS and from_another_site(request):
        return refusal(403, "没有权限", "请求来自其他网站，已拒绝", cure="请打开本站页面重新操作")
    return None


def _holds_nul(sent: bytes) -> bool:
    return b"%00" in sent or b"\0" in sent


def _sends_form(request: Request) -> bool:
    """Whether what is sent is read here first. Platforms' addresses guard theirs; programs send no more than people do."""
    path = request.scope["path"]
    raw = RAW_PICTURES.fullmatch(path) is not None  # counted by the route, which reads bytes and no form
    return request.method not in READS and not raw and (path.startswith("/api/") or not path.startswith(PROGRAMS))


async def _sends_pictures(request: Request) -> bool:
    """Whether a form with files goes where one may, from somebody who has signed in: nobody else fills our disk."""
    files = request.headers.get("content-type", "").startswith("multipart/")
    goes = files and request.method not in READS and TAKES_PICTURES.fullmatch(request.scope["path"]) is not None
    return goes and await run_in_threadpool(signed_in, request) is not None


def _claims_more(request: Request, most: int) -> bool:
    claimed = request.headers.get("content-length", "")
    return claimed.isascii() and claimed.isdigit() and (len(claimed) > 9 or int(claimed) > most)


async def _whole_body(request: Request) -> bytes | None:
    """The body, or None for one larger than any form of ours: then no more of it is held than that."""
    if _claims_more(request, LARGEST_FORM):
        return None
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > LARGEST_FORM:
            return None
        parts.append(part)
    return b"".join(parts)


def _refused_body(request: Request, body: bytes | None) -> HotlineError | None:
    if body is None:
        return _too_much()
    plain = request.headers.get("content-type", "").startswith(("multipart/", "application/json"))
    if b"\0" in body or (not plain and b"%00" in body):
        return refusal(400, "请求有误", "提交的内容里有无法识别的字符", cure="请检查后重新填写")
    return None


def _too_much() -> HotlineError:
    return refusal(413, "内容过大", "提交的内容过多", cure="请精简后重新提交")


def _again(body: bytes | None, receive: Receive) -> Receive:
    """A body that has been read, handed on as if it were still to come."""
    waiting = [body or b""]

    async def hand_on() -> Message:
        if waiting:
            return {"type": "http.request", "body": waiting.pop(), "more_body": False}
        return await receive()

    return hand_on


def _with_headers(scope: Scope, send: Send) -> Send:
    bodiless = scope["method"] == "HEAD"
    static = scope["path"].startswith("/static/")
    named_by_content = static and scope["query_string"].startswith(b"v=")

    async def sealed(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in SECURITY_HEADERS.items():
                headers.setdefault(name, value)
            if not static:
                headers.setdefault("Cache-Control", "no-store")
            elif named_by_content and message["status"] == 200:
                headers.setdefault("Cache-Control", FOR_EVER)
        elif bodiless and message["type"] == "http.response.body":
            message = {**message, "body": b""}
        await send(message)

    return sealed
