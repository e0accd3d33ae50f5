"""The web application: routes put together, errors turned into words, the worker inside unless told otherwise."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import anyio.to_thread
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse
from fastapi.staticfiles import StaticFiles
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm.exc import StaleDataError
from starlette.exceptions import HTTPException

from app.errors import Conflict, HotlineError, NotAllowed, NotSignedIn
from app.hotline import Hotline
from app.intake import Intake
from app.logs import log
from app.web import api, board, desk, hooks, jobs, ops, resident, signin
from app.web.guards import from_another_site
from app.web.render import page
from app.worker import Worker

THREADS = 8  # as many as the database pool has connections; more would only wait there
PROGRAMS = ("/api/", "/hooks/", "/healthz", "/readyz", "/metrics")
SECURITY_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'; form-action 'self'; base-uri 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
}


def create_app(hotline: Hotline, *, with_worker: bool = True) -> FastAPI:
    """The application of one process. Its intake thread and worker live as long as it does."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        anyio.to_thread.current_default_thread_limiter().total_tokens = THREADS
        app.state.intake = Intake(hotline)
        worker = Worker(hotline) if with_worker else None
        if worker is not None:
            worker.start()
        yield
        if worker is not None:
            await anyio.to_thread.run_sync(worker.stop)
        await anyio.to_thread.run_sync(app.state.intake.close)
        hotline.db.dispose()

    app = FastAPI(
        title="公租房服务热线",
        version="1",
        lifespan=lifespan,
        openapi_url="/api/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
    )
    app.state.hotline = hotline
    for module in (hooks, api, ops, signin, resident, desk, jobs, board):
        app.include_router(module.router)
    app.mount("/static", StaticFiles(packages=[("app.web", "static")]), name="static")
    app.middleware("http")(_guard)
    _words_for_errors(app)
    return app


async def _guard(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    """Refuses acts that another site made a browser send; adds the headers every answer carries."""
    by_browser = not request.url.path.startswith(PROGRAMS)
    if by_browser and request.method not in ("GET", "HEAD", "OPTIONS") and from_another_site(request):
        return Response("请求来自其他网站，已拒绝", 403, media_type="text/plain; charset=utf-8")
    response = await call_next(request)
    for name, value in SECURITY_HEADERS.items():
        response.headers.setdefault(name, value)
    if by_browser and not request.url.path.startswith("/static/"):
        response.headers.setdefault("Cache-Control", "no-store")
    return response


def _words_for_errors(app: FastAPI) -> None:
    @app.exception_handler(HotlineError)
    def ours(request: Request, error: HotlineError) -> Response:
        return _answer(request, error)

    @app.exception_handler(StaleDataError)
    def collided(request: Request, error: StaleDataError) -> Response:
        return _answer(request, Conflict("别人刚刚处理了这张工单", cure="请刷新页面查看最新进展后再操作"))

    @app.exception_handler(OperationalError)
    @app.exception_handler(PoolTimeout)
    def database(request: Request, error: Exception) -> Response:
        log.error("web.database", path=request.url.path, error=repr(error))
        return _answer(request, _unavailable())

    @app.exception_handler(RequestValidationError)
    def invalid(request: Request, error: RequestValidationError) -> Response:
        first = error.errors()[0]
        name = str(first["loc"][-1])
        return _answer(request, _invalid(f"“{name}”填写有误：{first['msg']}"))

    @app.exception_handler(HTTPException)
    def http(request: Request, error: HTTPException) -> Response:
        return _answer(request, _http(error))


def _unavailable() -> HotlineError:
    error = HotlineError("数据库暂时不可用", cure="请稍后再试")
    error.status, error.title = 503, "系统繁忙"
    return error


def _invalid(message: str) -> HotlineError:
    error = HotlineError(message, cure="请改正后重试")
    error.status, error.title = 422, "内容有误"
    return error


def _http(raised: HTTPException) -> HotlineError:
    words = {404: "没有这个页面", 405: "这个地址不支持这种请求", 400: "请求无法识别"}
    error = HotlineError(words.get(raised.status_code, str(raised.detail)))
    error.status, error.title = raised.status_code, "未找到" if raised.status_code == 404 else "请求有误"
    return error


def _answer(request: Request, error: HotlineError) -> Response:
    """Programs get problem+json (RFC 9457), people a page; somebody not signed in gets the form to sign in."""
    if request.url.path.startswith(PROGRAMS):
        body = {"type": "about:blank", "title": error.title, "status": error.status, "detail": str(error)}
        headers = {"WWW-Authenticate": "Bearer"} if isinstance(error, NotSignedIn) else {}
        return JSONResponse(body, error.status, headers=headers, media_type="application/problem+json")
    if isinstance(error, NotSignedIn) and request.method == "GET":
        where = "/h5/follow" if request.url.path.startswith("/h5") else "/signin"
        return RedirectResponse(f"{where}?next={request.url.path}", 303)
    if isinstance(error, NotAllowed):
        log.info("web.refused", path=request.url.path, why=str(error))
    return page(request, "error.html", status=error.status, error=error)
