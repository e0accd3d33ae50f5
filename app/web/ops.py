"""For operators: alive, ready, and figures for Prometheus. What each figure means stands in app/docs/running.md."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from app import almanac
from app.hotline import Tx
from app.logs import log
from app.register.model import WorkerBeat
from app.store import beats, inbox
from app.store import outbox as outbox_store
from app.store import timers as timer_store
from app.store.peek import due_count
from app.tickets.post import OutboxState
from app.web.guards import TheHotline

router = APIRouter(include_in_schema=False)
SHOWN = timedelta(hours=1)  # how long a worker that has gone keeps its figures
AWAY = (DBAPIError, PoolTimeout)


@router.get("/healthz")
def alive() -> dict[str, str]:
    """The process answers."""
    return {"status": "ok"}


@router.get("/readyz")
def ready(hotline: TheHotline) -> Response:
    """Database reachable, a worker beating, timers moving; 503 with the reasons otherwise. Warnings turn nothing red."""
    try:
        with hotline.look() as tx:
            state, warnings = _clockwork(tx), almanac.alarm(tx).warnings
    except AWAY as away:
        log.error("web.database", path="/readyz", error=repr(away))
        return JSONResponse({"ready": False, "troubles": ["数据库无法访问"]}, 503)
    age, late = state["heartbeat_age_seconds"], state["oldest_unprogressed_timer_seconds"] or 0.0
    troubles = []
    if age is None or age > beats.ALIVE.total_seconds():
        troubles.append("计时与投递的后台进程没有心跳")
    if late > hotline.settings.stuck_after_seconds:
        troubles.append("有计时到点后长时间未处理")
    if state["parked_timers"]:
        troubles.append(f"有 {state['parked_timers']:.0f} 个计时因出错停放")
    said = {"ready": not troubles, "troubles": troubles, "warnings": warnings, **state}
    return JSONResponse(said, 503 if troubles else 200)


@router.get("/metrics")
def metrics(hotline: TheHotline) -> Response:
    """The same figures and more, scraped. Without a database the one figure that says so."""
    registry = CollectorRegistry()
    try:
        with hotline.look() as tx:
            figures = _figures(tx)
    except AWAY as away:
        log.error("web.database", path="/metrics", error=repr(away))
        figures = [_gauge("database_up", 0.0)]
    registry.register(_Read(figures))
    return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)


@dataclass(eq=False)
class _Read(Collector):
    """Figures already read, as a registry takes them: known to it by identity."""

    figures: list[Metric]

    def collect(self) -> Iterator[Metric]:
        yield from self.figures


def _clockwork(tx: Tx) -> dict[str, float | None]:
    """What readiness is judged by."""
    beat = beats.newest(tx.session)
    oldest = timer_store.oldest_due(tx.session)
    return {
        "heartbeat_age_seconds": (tx.wall - beat.beat_at).total_seconds() if beat is not None else None,
        "workers_alive": len(beats.since(tx.session, tx.wall - beats.ALIVE)),
        "oldest_unprogressed_timer_seconds": max(0.0, (tx.now - oldest).total_seconds()) if oldest is not None else 0.0,
        "parked_timers": timer_store.parked_count(tx.session),
    }


def _calendar(tx: Tx) -> dict[str, float]:
    """Whether somebody has to import a holiday notice."""
    alarm = almanac.alarm(tx)
    return {"calendar_year_missing": float(bool(alarm.missing)), "provisional_timers": float(alarm.provisional)}


def _figures(tx: Tx) -> list[Metric]:
    notices = outbox_store.counts(tx.session)
    plain: dict[str, float | None] = {
        "database_up": 1.0,
        **_clockwork(tx),
        **_calendar(tx),
        "timers_due": due_count(tx.session, tx.now),
        "inbound_not_taken_in": inbox.waiting_count(tx.session),
        **{f"outbox_{state}": notices.get(state, 0) for state in OutboxState},  # a series that is missing alarms nobody
    }
    found = [_gauge(name, value) for name, value in plain.items() if value is not None]
    return found + _of_workers(beats.since(tx.session, tx.wall - SHOWN))


def _of_workers(workers: list[WorkerBeat]) -> list[Metric]:
    fired = CounterMetricFamily("hotline_timers_fired", "Steps of timers fired since the worker started", labels=["worker"])
    busy = CounterMetricFamily("hotline_sweep_busy_seconds", "Spent in sweeps that fired something", labels=["worker"])
    lag = GaugeMetricFamily("hotline_sweep_lag_seconds", "How late its last busy sweep was", labels=["worker"])
    pace = GaugeMetricFamily("hotline_timers_fired_per_second", "Steps fired per busy second", labels=["worker"])
    for worker in workers:
        fired.add_metric([worker.name], worker.fired)
        busy.add_metric([worker.name], worker.busy_seconds)
        lag.add_metric([worker.name], worker.lag_seconds)
        if worker.busy_seconds > 0:
            pace.add_metric([worker.name], worker.fired / worker.busy_seconds)
    return [fired, busy, lag, pace]


def _gauge(name: str, value: float) -> Metric:
    return GaugeMetricFamily(f"hotline_{name}", name.replace("_", " "), value=value)
