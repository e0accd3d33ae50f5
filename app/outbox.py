"""DOOR 4: a message leaves.

1 claim a batch (transaction)   2 send (no transaction)   3 settle each (transaction)

At least once: a process killed between 2 and 3 leaves a lease that lapses, and the notice goes out again under the same key.
What has stopped being true while it waited is not sent: a resident is told how things stand now instead, staff nothing, because
the clock that was spoken of tells them itself.

What goes to contractors' own systems is fact and never out of date. It is sent by a job of its own, so that a system that is down
keeps no person waiting: one try finds it down, and whatever else is due to it waits as well.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

from app import dialogue, notify
from app.hotline import Hotline, Tx
from app.logs import log
from app.settings import DeliveryMode
from app.store import outbox as store
from app.store import webhooks
from app.tickets.model import Ticket, TicketEvent
from app.tickets.post import OutboxRow, OutboxState
from app.tickets.programs import Webhook
from channels.contract import Failure, Notice, Receipt

BATCH = 50
BACKOFF = tuple(timedelta(seconds=s) for s in (5, 30, 120, 600, 1800, 3600))
# To systems, over three days, as Standard Webhooks 1.0.0 recommends.
PUSH_BACKOFF = tuple(timedelta(seconds=s) for s in (5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400))
EACH = 10  # rows of one endpoint in a batch, so that a busy one leaves room for the others
FALLBACK = "console"  # the last route of everybody: people see it and call
EXPIRED, OVERTAKEN = "所说的时间已过，不再发", "所说的情况已变，不再发"
SILENT, GONE, SEALED = "接收端没有应答，随同推迟", "接收地址已停用", "工单已不对承接主体公开，不再发"


def deliver(hotline: Hotline, worker: str) -> int:
    """Sends what is due once; returns how many notices were taken in hand."""
    with hotline.tx() as tx:
        rows = store.claim(tx.session, tx.wall, worker, BATCH)
    for row in rows:
        if _still_ours(hotline, row, worker) and not _out_of_date(hotline, row, worker):
            channel, receipt = _send(hotline, row)
            with hotline.tx() as tx:
                _settle(tx, row, worker, channel, receipt)
    return len(rows)


def push(hotline: Hotline, worker: str) -> int:
    """Sends what is due to contractors' systems once; returns how many rows were taken in hand."""
    with hotline.look() as tx:
        if not store.any_push(tx.session, tx.wall):
            return 0
    with hotline.tx() as tx:
        rows = store.claim_pushes(tx.session, tx.wall, worker, BATCH, EACH)
        known = webhooks.by_address(tx.session, {row.address for row in rows})
        sealed = webhooks.sealed_among(tx.session, {row.ticket_id for row in rows if row.ticket_id})
    down: dict[str, Receipt] = {}
    for row in rows:
        if not _still_ours(hotline, row, worker):
            continue
        endpoint = known.get(row.address)
        channel, receipt = row.channel, down.get(row.address)
        if endpoint is not None and endpoint.disabled_at is None and row.ticket_id not in sealed and receipt is None:
            channel, receipt = _send(hotline, row, endpoint)
        with hotline.tx() as tx:
            if receipt is None:
                why = SEALED if row.ticket_id in sealed else GONE
                store.settle(tx.session, row, worker, state=OutboxState.DROPPED, next_at=None, error=why)
            elif _settle_push(tx, row, worker, channel, receipt) and row.address not in down:
                down[row.address] = replace(receipt, detail=SILENT)
                waits = [tx.wall + wait for wait in PUSH_BACKOFF]
                webhooks.share_failure(tx.session, int(row.address), tx.wall, waits, f"{receipt.code} {SILENT}")
            if receipt is not None and receipt.code == "http_410" and endpoint is not None:
                endpoint.disabled_at = tx.wall  # for the rest of this batch; the row itself is written by whoever told of it
    return len(rows)


def _settle_push(tx: Tx, row: OutboxRow, worker: str, channel: str, receipt: Receipt) -> bool:
    """Writes the outcome; whether the endpoint was found down, so that nothing else need be tried there now.

    Standard Webhooks 1.0.0: 410 means that nobody wants this any more; every other answer is a failure to be tried again. What
    people must mend first (a private address, no usable secret) is parked.
    """
    if receipt.code == "http_410":
        log.warning("webhook.gone", webhook=row.address)
        webhooks.disable(tx.session, int(row.address), tx.wall, "对方应答 410，已停用")
        store.settle(tx.session, row, worker, state=OutboxState.DROPPED, next_at=None, error="http_410 对方应答 410，已停用")
        return False
    down = receipt.failure is Failure.AGAIN
    if receipt.failure is Failure.CONFIGURATION and receipt.code.startswith("http_"):
        receipt = replace(receipt, failure=Failure.AGAIN)
    _settle(tx, row, worker, channel, receipt, PUSH_BACKOFF)
    return down


def _still_ours(hotline: Hotline, row: OutboxRow, worker: str) -> bool:
    """Behind a slow platform a batch outlives its lease: it is renewed in time, and what another worker took over is his."""
    if row.next_at is not None and row.next_at - hotline.clock.wall() > store.LEASE / 2:
        return True
    with hotline.tx() as tx:
        return store.renew(tx.session, row, worker, tx.wall)


def _out_of_date(hotline: Hotline, row: OutboxRow, worker: str) -> bool:
    """Whether what it says is not true any more; then it is dropped, and a resident told the present state.

    By its own time, judged at the moment of sending. One that was tried before, or whose claim had lapsed, was in a worker's
    hands when acts took back what they had overtaken: it is held against the clock that it speaks of.
    """
    expired = row.good_until is not None and row.good_until <= hotline.clock.now()
    if not expired and (row.attempts == 1 or row.event_id is None):
        return False
    with hotline.tx() as tx:
        ticket = tx.session.get(Ticket, row.ticket_id) if row.ticket_id else None
        event = tx.session.get(TicketEvent, row.event_id) if row.event_id else None
        if not expired and (ticket is None or event is None or notify.still_stands(ticket, event)):
            return False
        why = EXPIRED if expired else OVERTAKEN
        ours = store.settle(tx.session, row, worker, state=OutboxState.DROPPED, next_at=None, error=why)
        if ours and ticket is not None and row.audience == "resident" and not store.told_later(tx.session, row):
            notify.afresh(tx, ticket, row, dialogue.status_line(tx, ticket))
    return True


def _send(hotline: Hotline, row: OutboxRow, endpoint: Webhook | None = None) -> tuple[str, Receipt]:
    """One attempt by the route that the delivery mode allows. What the outside does is a Receipt, never an exception.

    To an ``endpoint`` by its address of this moment, signed with its secrets of this moment.
    """
    key, to = _route(hotline, row)
    data: Mapping[str, str] = {}
    if endpoint is not None and key == row.channel:
        to, data = endpoint.url, {"secret": endpoint.secret, "former": endpoint.former}
    notice = Notice(
        key=row.key,
        to=to,
        text=row.text,
        at=hotline.clock.wall(),
        subject=row.subject,
        ticket=row.subject.removeprefix("工单 "),
        account=row.account,
        data=data,
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
    return FALLBACK, f"系统推送 {row.address}" if row.channel == store.PUSHED else row.address


def _settle(
    tx: Tx, row: OutboxRow, worker: str, channel: str, receipt: Receipt, backoff: tuple[timedelta, ...] = BACKOFF
) -> None:
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
        case Failure.AGAIN if row.attempts <= len(backoff):
            store.settle(
                tx.session, row, worker, state=OutboxState.WAITING, next_at=tx.wall + backoff[row.attempts - 1], error=error
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
