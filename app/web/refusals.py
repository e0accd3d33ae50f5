"""What goes wrong, put into words: problem+json for programs, a page for people, the form to sign in for nobody yet known."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse
from sqlalchemy.exc import DataError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm.exc import StaleDataError
from starlette.exceptions import HTTPException

from app.errors import BadInput, Conflict, Hidden, HotlineError, NotAllowed, NotSignedIn
from app.logs import log
from app.web.render import page

PROGRAMS = ("/api/", "/hooks/", "/healthz", "/readyz", "/metrics")
# The last part of a problem's ``type`` by the status of the answer; an error's own ``kind`` goes first: app/docs/api.md.
KINDS: Mapping[int, str] = {
    400: "bad-request",
    401: "not-signed-in",
    403: "not-allowed",
    404: "not-found",
    405: "method-not-allowed",
    409: "conflict",
    413: "too-large",
    414: "address-too-long",
    422: "invalid",
    429: "too-many",
    500: "broken",
    503: "busy",
}
SECURITY_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'; form-action 'self'; base-uri 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
}


def refusal(status: int, title: str, message: str, cure: str = "") -> HotlineError:
    """An error that no class of ours stands for."""
    error = HotlineError(message, cure=cure)
    error.status, error.title = status, title
    return error


def words_for_errors(app: FastAPI) -> None:
    """Every error that may come out of a route gets its words here."""

    @app.exception_handler(HotlineError)
    def ours(request: Request, error: HotlineError) -> Response:
        return answer(request, error)

    @app.exception_handler(StaleDataError)
    def collided(request: Request, error: StaleDataError) -> Response:
        return answer(request, Conflict("别人刚刚处理了这张工单", cure="请刷新页面查看最新进展后再操作"))

    @app.exception_handler(OperationalError)
    @app.exception_handler(PoolTimeout)
    def database(request: Request, error: Exception) -> Response:
        log.error("web.database", path=request.url.path, error=repr(error))
        return answer(request, refusal(503, "系统繁忙", "数据库暂时不可用", "请稍后再试"))

    @app.exception_handler(DataError)
    def unkeepable(request: Request, error: DataError) -> Response:
        log.error("web.unkeepable", path=request.url.path, error=repr(error.orig))
        return answer(request, refusal(422, "内容有误", "填写的内容无法保存", "请检查后重新填写"))

    @app.exception_handler(RequestValidationError)
    def invalid(request: Request, error: RequestValidationError) -> Response:
        first = error.errors()[0]
        return answer(request, refusal(422, "内容有误", f"“{first['loc'][-1]}”填写有误：{first['msg']}", "请改正后重试"))

    @app.exception_handler(HTTPException)
    def http(request: Request, error: HTTPException) -> Response:
        words = {404: "没有这个页面", 405: "这个地址不支持这种请求", 400: "请求无法识别"}
        title = "未找到" if error.status_code == 404 else "请求有误"
        return answer(request, refusal(error.status_code, title, words.get(error.status_code, str(error.detail))))

    @app.exception_handler(Exception)
    def broken(request: Request, error: Exception) -> Response:
        """Answered outside the gate, which therefore cannot add its headers. The server logs the trace."""
        log.error("web.broken", path=request.url.path, error=repr(error))
        response = answer(request, refusal(500, "系统出错", "这一步没有完成", "请稍后再试，或拨打服务热线"))
        response.headers.update({**SECURITY_HEADERS, "Cache-Control": "no-store"})
        return response


def answer(request: Request, error: HotlineError) -> Response:
    """Programs get problem+json (RFC 9457), people a page; somebody not signed in gets the form to sign in."""
    if request.url.path.startswith(PROGRAMS):
        headers = {"WWW-Authenticate": "Bearer"} if isinstance(error, NotSignedIn) else {}
        return JSONResponse(problem(request, error), error.status, headers=headers, media_type="application/problem+json")
    if isinstance(error, NotSignedIn) and request.method == "GET":
        where = "/h5/follow" if request.url.path.startswith("/h5") else "/signin"
        wanted = f"{request.url.path}?{request.url.query}".rstrip("?")
        return RedirectResponse(f"{where}?next={quote(wanted, safe='/')}", 303)
    if isinstance(error, NotAllowed):
        log.info("web.refused", path=request.url.path, why=str(error))
    if error.status >= 500:  # whatever is broken may be what would tell who is signed in
        return page(request, "error.html", status=error.status, error=error, me=None)
    return page(request, "error.html", status=error.status, error=error)


def problem(request: Request, error: HotlineError) -> dict[str, Any]:
    """What a program is told. The address that was asked is left out where it alone would tell two answers apart."""
    kind = error.kind or KINDS.get(error.status, "bad-request")
    body = {"type": f"/problems/{kind}", "title": error.title, "status": error.status, "detail": str(error)}
    if not isinstance(error, Hidden):
        body["instance"] = quote(request.url.path)
    if isinstance(error, BadInput) and error.field:
        body["field"] = error.field
    return body | error.members
