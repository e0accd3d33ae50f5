"""The web application: routes put together behind one gate, the worker inside unless told otherwise."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio.to_thread
from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles

from app.hotline import Hotline
from app.intake import Intake
from app.web import api, board, callbacks, desk, hooks, jobs, opinions, ops, resident, signin
from app.web.gate import Gate
from app.web.refusals import words_for_errors
from app.worker import Worker

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
    for module in (hooks, api, ops, signin, resident, opinions, callbacks, desk, jobs, board):
        app.include_router(module.router)
    app.mount("/static", StaticFiles(packages=[("app.web", "static")]), name="static")
    app.add_middleware(Gate)
    words_for_errors(app)
    return app
