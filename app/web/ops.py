"""For operators: alive, ready, and figures for Prometheus."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, generate_latest

from app.hotline import Hotline
from app.store import facts, inbox
from app.store import outbox as outbox_store
from app.store import timers as timer_store
from app.tickets.post import OutboxState
from app.web.guards import TheHotline
from app.worker import HEARTBEAT

router = APIRouter(include_in_schema=False)
STALE = timedelta(seconds=30)


@router.get("/healthz")
def alive() -> dict[str, str]:
    """The process answers."""
    return {"status": "ok"}


@router.get("/readyz")
def ready(hotline: TheHotline) -> Response:
    """Database reachable, worker beating, timers moving; 503 with the reasons otherwise."""
    state = _state(hotline)
    troubles = []
    if state["heartbeat_age_seconds"] is None or state["heartbeat_age_seconds"] > STALE.total_seconds():
        troubles.append("计时与投递的后台进程没有心跳")
    if state["oldest_unprogressed_timer_seconds"] > hotline.settings.stuck_after_seconds:
        troubles.append("有计时到点后长时间未处理")
    if state["parked_timers"]:
        troubles.append(f"有 {state['parked_timers']} 个计时因出错停放")
    return JSONResponse({"ready": not troubles, "troubles": troubles, **state}, 503 if troubles else 200)


@router.get("/metrics")
def metrics(hotline: TheHotline) -> Response:
    """The same figures, scraped."""
    registry = CollectorRegistry()
    for name, value in _state(hotline).items():
        if value is not None:
            Gauge(f"hotline_{name}", name, registry=registry).set(value)
    return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)


def _state(hotline: Hotline) -> dict[str, Any]:
    with hotline.look() as tx:
        beat = facts.read(tx.session, HEARTBEAT)
        oldest = timer_store.oldest_due(tx.session)
        late = (tx.now - oldest).total_seconds() if oldest is not None else 0.0
        figures: dict[str, Any] = {
            "heartbeat_age_seconds": (tx.wall - beat.at).total_seconds() if beat is not None and beat.at else None,
            "oldest_unprogressed_timer_seconds": max(0.0, late),
            "parked_timers": timer_store.parked_count(tx.session),
            "inbound_not_taken_in": inbox.waiting_count(tx.session),
        }
        notices = outbox_store.counts(tx.session)
        figures |= {f"outbox_{state}": notices.get(state, 0) for state in OutboxState}  # a series that is missing alarms nobody
    return figures
