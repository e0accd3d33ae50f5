"""The web application: routes put together behind one gate, the worker inside unless told otherwise."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio
import anyio.to_thread
from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles

from app.hotline import Hotline
from app.intake import Intake
from app.web import (
    api,
    api_acts,
    api_photos,
    api_register,
    api_webhooks,
    board,
    callbacks,
    confidence,
    desk,
    hooks,
    hot,
    incidents,
    jobs,
    opinions,
    ops,
    repeats,
    resident,
    review,
    signin,
)
from app.web.gate import Gate
from app.web.refusals import words_for_errors
from app.worker import Worker

DECODERS = 2  # pictures at once: each takes a processor for a while, and up to 300 MB

ROUTED = (
    hooks,
    api,
    api_register,
    api_photos,
    api_webhooks,
    api_acts,
    ops,
    signin,
    resident,
    opinions,
    callbacks,
    confidence,
    incidents,
    repeats,
    desk,
    jobs,
    hot,
    board,
    review,
)  # in this order: an address of its own goes before a pattern that it fits
THREADS = 8  # as many as the database pool has connections; more would only wait there


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
    app.state.decoders = anyio.CapacityLimiter(DECODERS)
    for module in ROUTED:
        app.include_router(module.router)
    app.mount("/static", StaticFiles(packages=[("app.web", "static")]), name="static")
    app.add_middleware(Gate)
    words_for_errors(app)
    return app
