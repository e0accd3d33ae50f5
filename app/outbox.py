"""DOOR 4: a message leaves.

1 claim a batch (transaction)   2 send (no transaction)   3 settle each (transaction)

At least once: a process killed between 2 and 3 leaves a lease that lapses, and the notice goes out again under the same key.
"""

from __future__ import annotations

from datetime import timedelta

from app.hotline import Hotline, Tx
from app.logs import log
from app.settings import DeliveryMode
from app.store import outbox as store
from app.tickets.post import OutboxRow, OutboxState
from channels.contract import Failure, Notice, Receipt

BATCH = 50
BACKOFF = tuple(timedelta(seconds=s) for s in (5, 30, 120, 600, 1800, 3600))
FALLBACK = "console"  # the last route of everybody: people see it and call


def deliver(hotline: Hotline, worker: str) -> int:
    """Sends what is due once; returns how many notices were tried."""
    with hotline.tx() as tx:
        rows = store.claim(tx.session, tx.wall, worker, BATCH)
    for row in rows:
        if _still_ours(hotline, row, worker):
            channel, receipt = _send(hotline, row)
            with hotline.tx() as tx:
                _settle(tx, row, worker, channel, receipt)
    return len(rows)


def _still_ours(hotline: Hotline, row: OutboxRow, worker: str) -> bool:
    """Behind a slow platform a batch outlives its lease: it is renewed in time, and what another worker took over is his."""
    if row.next_at is not None and row.next_at - hotline.clock.wall() > store.LEASE / 2:
        return True
    with hotline.tx() as tx:
        return store.renew(tx.session, row, worker, tx.wall)


def _send(hotline: Hotline, row: OutboxRow) -> tuple[str, Receipt]:
    """One attempt by the route that the delivery mode allows. What the outside does is a Receipt, never an exception."""
    key, to = _route(hotline, row)
    notice = Notice(
        key=row.key,
        to=to,
        text=row.text,
        at=hotline.clock.wall(),
        subject=row.subject,
        ticket=row.subject.removeprefix("工单 "),
        account=row.account,
    )
    try:
        return key, hotline.channels[key].send(notice)
    except Exception as broken:  # noqa: BLE001  a faulty channel must not stop the others; the row keeps its error
        log.error("outbox.channel_broken", channel=key, notice=row.key, error=repr(broken))
        return key, Receipt(failure=Failure.AGAIN, detail=type(broken).__name__)


def _route(hotline: Hotline, row: OutboxRow) -> tuple[str, str]:
    mode = hotline.settings.delivery
    if mode is DeliveryMode.LIVE and row.channel in hotline.channels:
        return row.channel, row.address
    if mode is DeliveryMode.REDIRECT:
        return FALLBACK, hotline.settings.redirect_to or row.address
    return FALLBACK, row.address


def _settle(tx: Tx, row: OutboxRow, worker: str, channel: str, receipt: Receipt) -> None:
    error = " ".join(part for part in (receipt.code, receipt.detail) if part)
    if receipt.ok:
        store.settle(
            tx.session,
            row,
            worker,
            state=OutboxState.SENT,
            next_at=None,
            sent_at=tx.wall,
            sent_via=channel,
            external_id=receipt.external_id,
        )
        return
    match receipt.failure:
        case Failure.AGAIN if row.attempts <= len(BACKOFF):
            store.settle(
                tx.session, row, worker, state=OutboxState.WAITING, next_at=tx.wall + BACKOFF[row.attempts - 1], error=error
            )
        case Failure.NEXT_ROUTE:
            _next_route(tx, row, worker, error)
        case Failure.CONTENT:
            log.error("outbox.failed", notice=row.key, channel=channel, error=error)
            store.settle(tx.session, row, worker, state=OutboxState.FAILED, next_at=None, error=error)
        case _:  # quota, configuration, or tried often enough: people must look
            log.error("outbox.parked", notice=row.key, channel=channel, error=error)
            store.settle(tx.session, row, worker, state=OutboxState.PARKED, next_at=None, error=error)


def _next_route(tx: Tx, row: OutboxRow, worker: str, error: str) -> None:
    """The person cannot be reached that way now: the console is the next route, where staff see whom to call."""
    if row.channel == FALLBACK:
        store.settle(tx.session, row, worker, state=OutboxState.FAILED, next_at=None, error=error)
        return
    if store.settle(tx.session, row, worker, state=OutboxState.WAITING, next_at=tx.wall, error=f"{row.channel}: {error}"):
        store.reroute(tx.session, row, FALLBACK)
