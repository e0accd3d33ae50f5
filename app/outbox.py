"""DOOR 4: a message leaves.

1 claim a batch (transaction)   2 send (no transaction)   3 settle each (transaction)

At least once: a process killed between 2 and 3 leaves a lease that lapses, and the notice goes out again under the same key.
What has stopped being true while it waited is not sent: a resident is told how things stand now instead, staff nothing, because
the clock that was spoken of tells them itself.
"""

from __future__ import annotations

from datetime import timedelta

from app import dialogue, notify
from app.hotline import Hotline, Tx
from app.logs import log
from app.settings import DeliveryMode
from app.store import outbox as store
from app.tickets.model import Ticket, TicketEvent
from app.tickets.post import OutboxRow, OutboxState
from channels.contract import Failure, Notice, Receipt

BATCH = 50
BACKOFF = tuple(timedelta(seconds=s) for s in (5, 30, 120, 600, 1800, 3600))
FALLBACK = "console"  # the last route of everybody: people see it and call
EXPIRED, OVERTAKEN = "所说的时间已过，不再发", "所说的情况已变，不再发"


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
