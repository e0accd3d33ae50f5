"""``hotline serve``, ``work`` and ``migrate``: what production runs."""

from __future__ import annotations

import signal
import socket
import threading

import click
import uvicorn

from app import logs
from app.bootstrap import build, settle_memory, warm_up
from app.errors import BadInput
from app.hotline import Hotline
from app.settings import load_settings
from app.store import lock, schema
from app.store.db import Database
from app.web.app import create_app
from app.worker import Worker

GRACE_SECONDS = 3  # an open stream would otherwise keep the process alive for ever after SIGTERM
MOST_REQUESTS = 1000


def port_must_be_free(host: str, port: int) -> None:
    """Raises BadInput when somebody else listens there, before anything is started or said."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            cure = "请换一个端口，例如 --port 8080 或 PORT=8080 make run"
            raise BadInput(f"{host}:{port} 已被占用或不可用", cure=cure) from None


def run_web(hotline: Hotline, *, host: str, port: int, with_worker: bool) -> None:
    """Serves until told to stop."""
    warm_up()
    uvicorn.run(
        create_app(hotline, with_worker=with_worker),
        host=host,
        port=port,
        log_level="warning",
        timeout_graceful_shutdown=GRACE_SECONDS,
        limit_concurrency=MOST_REQUESTS,
        server_header=False,
    )


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="监听地址")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535), help="端口")
@click.option("--web-only", is_flag=True, help="不带后台进程；须另外运行 hotline work")
def serve(host: str, port: int, web_only: bool) -> None:
    """启动网站与接口（默认带后台进程）。"""
    logs.configure(human=False)
    port_must_be_free(host, port)
    settings = load_settings()
    with lock.serving(settings.url):
        run_web(build(settings), host=host, port=port, with_worker=not web_only)


@click.command()
def work() -> None:
    """只启动后台进程：计时、升级、投递。可同时运行多个。"""
    logs.configure(human=False)
    settings = load_settings()
    with lock.shared(settings.url):
        hotline = build(settings)
        worker = Worker(hotline)
        settle_memory()
        stopped = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stopped.set())
        worker.start()
        click.echo("后台进程已启动，按 Ctrl+C 停止", err=True)
        stopped.wait()
        worker.stop()
        hotline.db.dispose()


@click.command()
def migrate() -> None:
    """把数据库升级到最新结构。"""
    db = Database(load_settings().url)
    before, after = schema.migrate(db)
    click.echo(f"数据库结构：{before or '空'} → {after}" if before != after else f"数据库结构已是最新：{after}")
