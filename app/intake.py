"""DOOR 1: a message arrives.

1 keep      transaction A: the raw messages are durable; a repeat stops here (unique key)
2 understand  no transaction: what each message is about
3 take in   transaction B: a new ticket, a word on an open one, or an answer to a command
4 answer    what the waiting caller is told; a repeat is told the same

One writer thread commits whatever has queued up together, because a disk that syncs once for thirty messages takes in ten times
as many. A message that fails B stays kept and pending; the worker and ``hotline replay`` try again.
"""

from __future__ import annotations

import hashlib
import queue
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from app import dialogue
from app.errors import Busy
from app.hotline import Hotline, Tx
from app.logs import log
from app.store import inbox
from app.store import outbox as outbox_store
from app.tickets.post import Inbound, InboundState
from app.triage import nothing_understood
from channels.contract import Complaint, Delivery, Kind
from routing.understand import Understander
from routing.verdict import Verdict

MAX_BATCH = 32
MAX_QUEUE = 2000
LONGEST_ID = 200  # characters that the column takes; a longer one is kept as its digest
CLOSING = object()


@dataclass(frozen=True, slots=True)
class Said:
    """What the sender is to be told, and the notices that this answer delivers."""

    text: str = ""
    at: datetime | None = None
    number: str = ""
    notices: tuple[str, ...] = ()
    repeat: bool = False


@dataclass(frozen=True, slots=True)
class Item:
    """One complaint of one delivery, on its way in. Without a complaint it could not be read."""

    delivery: Delivery
    complaint: Complaint | None
    error: str = ""

    @property
    def key(self) -> inbox.Key:
        if self.complaint is None:
            return (self.delivery.channel, self.delivery.account, "", "sha256:" + hashlib.sha256(self.delivery.body).hexdigest())
        identity = self.complaint.external_id
        if len(identity) > LONGEST_ID:
            identity = "sha256:" + hashlib.sha256(identity.encode("utf-8", "replace")).hexdigest()
        return (self.delivery.channel, self.delivery.account, self.complaint.sender, identity)


class Accepted(Future[Said]):
    """The answer to come. ``kept`` turns true once the message is durable: from then on nothing can lose it."""

    kept = False


Entry = tuple[Item, Accepted]


class Intake:
    """The writer thread and its bounded queue. ``close`` finishes what has been accepted."""

    def __init__(self, hotline: Hotline) -> None:
        self._hotline = hotline
        self._queue: queue.Queue[Entry | object] = queue.Queue(MAX_QUEUE)
        self._answered: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="intake", daemon=True)
        self._thread.start()

    def submit(self, item: Item) -> Accepted:
        """Hands one message over. Raises Busy when too many wait: the sender tries again, nothing is lost."""
        done = Accepted()
        done.set_running_or_notify_cancel()  # a caller who stops waiting cannot call back what has been accepted
        try:
            self._queue.put_nowait((item, done))
        except queue.Full:
            raise Busy("来件过多，请稍后再试") from None
        return done

    def answered(self, notices: Sequence[str]) -> None:
        """The reply that carried these notices has gone out; they need not be sent again."""
        for key in notices:
            self._answered.put(key)

    def close(self) -> None:
        self._queue.put(CLOSING)
        self._thread.join(timeout=10)

    def _run(self) -> None:
        closing = False
        while not closing:
            batch, closing = self._gather()
            if batch:
                self._take(batch)
            self._settle_answered()

    def _gather(self) -> tuple[list[Entry], bool]:
        batch: list[Entry] = []
        try:
            entry = self._queue.get(timeout=0.5)
            while True:
                if not isinstance(entry, tuple):
                    return batch, True
                batch.append(entry)
                if len(batch) >= MAX_BATCH:
                    break
                entry = self._queue.get_nowait()
        except queue.Empty:
            pass  # nothing more has queued up: what there is goes in now
        return batch, False

    def _take(self, batch: list[Entry]) -> None:
        def mark() -> None:
            for _, done in batch:
                done.kept = True

        try:
            results = take_together(self._hotline, [item for item, _ in batch], when_kept=mark)
        except Exception as broken:  # noqa: BLE001  the thread must outlive any batch; each caller is told
            log.error("intake.failed", error=repr(broken), items=len(batch))
            if len(batch) == 1 or isinstance(broken, OperationalError | PoolTimeout):
                for _, done in batch:
                    done.set_exception(Busy("来件暂时无法保存，请稍后再试"))
            else:
                for entry in batch:  # one that cannot be kept must not cost the others their place
                    self._take([entry])
            return
        for (_, done), said in zip(batch, results, strict=True):
            done.set_result(said)

    def _settle_answered(self) -> None:
        keys = []
        while not self._answered.empty():
            keys.append(self._answered.get_nowait())
        if keys:
            try:
                with self._hotline.tx() as tx:
                    outbox_store.answered(tx.session, keys, tx.wall)
            except Exception as broken:  # noqa: BLE001  then the notices go out once more by the outbox: at least once
                log.error("intake.settling_failed", error=repr(broken), notices=len(keys))


def take_together(hotline: Hotline, items: Sequence[Item], when_kept: Callable[[], None] | None = None) -> list[Said]:
    """Keeps and takes in several messages; the answers come in the same order. Raises only when nothing could be kept."""
    kept = keep(hotline, items)
    if when_kept is not None:
        when_kept()
    fresh = {item.key: item for item in items if item.complaint is not None and kept[item.key].state is InboundState.PENDING}
    verdicts = _verdicts(hotline, kept, fresh) if fresh else {}
    said = _take_in_batch(hotline, kept, fresh, verdicts) if verdicts else {}
    if repeats := kept.keys() - said.keys():
        with hotline.look() as tx:
            said |= {key: _said_before(tx, kept[key]) for key in repeats}
    return [said[item.key] for item in items]


def keep(hotline: Hotline, items: Sequence[Item]) -> Mapping[inbox.Key, Inbound]:
    """Transaction A. Returns the kept rows by key, those of repeats as they stand."""
    with hotline.tx() as tx:
        return inbox.keep(tx.session, [_row(tx, item) for item in items])


def _row(tx: Tx, item: Item) -> Mapping[str, object]:
    channel, account, sender, external_id = item.key
    return {
        "channel": channel,
        "account": account,
        "sender": sender,
        "external_id": external_id,
        "state": InboundState.PENDING if item.complaint else InboundState.UNREADABLE,
        "received_at": tx.now,
        "wall_at": item.delivery.received_at,
        "method": item.delivery.method,
        "headers": _storable(item.delivery.headers),
        "query": _storable(item.delivery.query),
        "body": item.delivery.body,
        "answer": "",
        "attempts": 0,
        "error": item.error,
    }


def _storable(said: Mapping[str, str]) -> dict[str, str]:
    """Without NUL, which anybody can write into an address and PostgreSQL's JSON refuses."""
    return {name.replace("\0", ""): value.replace("\0", "") for name, value in said.items()}


def _verdicts(hotline: Hotline, kept: Mapping[inbox.Key, Inbound], fresh: Mapping[inbox.Key, Item]) -> dict[inbox.Key, Verdict]:
    """What each message is about. One on which the understanding breaks stays pending; the others go on."""
    reader = _understander(hotline)
    verdicts = {}
    for key, item in fresh.items():
        try:
            verdicts[key] = _understand(reader, item)
        except Exception as broken:  # noqa: BLE001  written down with the message; the worker tries again
            _stays_pending(hotline, kept[key].id, broken)
    return verdicts


def _understander(hotline: Hotline) -> Understander:
    with hotline.look() as tx:
        return hotline.knowledge(tx.session).understander


def _understand(reader: Understander, item: Item) -> Verdict:
    complaint = item.complaint
    if complaint is None or complaint.kind is Kind.EVENT:
        return nothing_understood(str(complaint.kind) if complaint else "")
    if not complaint.text.strip():
        return nothing_understood(str(complaint.kind), reader.gazetteer.find(complaint.place))
    return reader.understand(complaint.text, place_hint=complaint.place)


def _take_in_batch(
    hotline: Hotline,
    kept: Mapping[inbox.Key, Inbound],
    fresh: Mapping[inbox.Key, Item],
    verdicts: Mapping[inbox.Key, Verdict],
) -> dict[inbox.Key, Said]:
    """Transaction B for all; when one of them is poison, for each alone, so that the others still come in."""
    try:
        with hotline.tx() as tx:
            return {key: take_in(tx, kept[key].id, fresh[key], verdict) for key, verdict in verdicts.items()}
    except Exception as broken:  # noqa: BLE001  isolated below, item by item
        log.warning("intake.batch_broken", error=repr(broken), items=len(verdicts))
    return {key: _take_in_alone(hotline, kept[key].id, fresh[key], verdict) for key, verdict in verdicts.items()}


def _take_in_alone(hotline: Hotline, inbound_id: int, item: Item, verdict: Verdict) -> Said:
    try:
        with hotline.tx() as tx:
            return take_in(tx, inbound_id, item, verdict)
    except Exception as broken:  # noqa: BLE001  the message stays kept and pending, with its error; the worker tries again
        _stays_pending(hotline, inbound_id, broken)
        return Said()


def _stays_pending(hotline: Hotline, inbound_id: int, broken: Exception) -> None:
    log.error("intake.pending", inbound=inbound_id, error=repr(broken))
    with hotline.tx() as tx:
        inbox.failed(tx.session, inbound_id, repr(broken))


def take_in(tx: Tx, inbound_id: int, item: Item, verdict: Verdict) -> Said:
    """Takes one kept message in. Whoever claims the row first does it; anybody later gets what was said then."""
    with tx.session.no_autoflush:  # written once, at the end: a flush before each of a dozen questions costs three times as much
        said = _take_in(tx, inbound_id, item, verdict)
    tx.session.flush()
    return said


def _take_in(tx: Tx, inbound_id: int, item: Item, verdict: Verdict) -> Said:
    inbound = inbox.claim(tx.session, inbound_id)
    if inbound is None or item.complaint is None:
        return _said_before(tx, inbox.get(tx.session, inbound_id))
    before = len(tx.said)
    resident = inbox.resident_for(tx.session, inbound, item.complaint, tx.now)
    word = dialogue.Word(item.complaint, verdict, resident, inbound, inbound.received_at)
    heard = dialogue.hear(tx, word)
    rows = [row for row in tx.said[before:] if row.audience == "resident" and row.ticket is heard.ticket]
    rows.sort(key=lambda row: row.event is None or row.event.action != "alarm")  # what saves a life is said first
    texts = [row.text for row in rows] + ([heard.text] if heard.text else [])
    inbound.ticket = heard.ticket
    inbound.answer = "\n".join(texts)
    inbound.answered_at = tx.now
    return Said(inbound.answer, tx.now, heard.ticket.public_number if heard.ticket else "", tuple(row.key for row in rows))


def _said_before(tx: Tx, inbound: Inbound) -> Said:
    """The same words again. Those that have not gone out since the first answer was lost are delivered by this one."""
    number = inbound.ticket.public_number if inbound.ticket is not None else ""
    notices = outbox_store.waiting_in(tx.session, inbound) if number else ()
    return Said(inbound.answer, inbound.answered_at, number, notices, repeat=True)


def retry(hotline: Hotline, rows: Sequence[Inbound]) -> list[tuple[Inbound, str]]:
    """Reads kept messages again and takes them in; returns each with "" or why it still fails."""
    outcomes = []
    for row in rows:
        if row.channel not in hotline.channels:
            outcomes.append((row, "没有配置这个渠道，请在设置了该渠道的环境里运行"))
            continue
        try:
            item = _reread(hotline, row)
            verdict = _understand(_understander(hotline), item)
            with hotline.tx() as tx:
                take_in(tx, row.id, item, verdict)
            outcomes.append((row, ""))
        except Exception as broken:  # noqa: BLE001  each row's failure is its own; it is written down and reported
            _stays_pending(hotline, row.id, broken)
            outcomes.append((row, repr(broken)))
    return outcomes


def _reread(hotline: Hotline, row: Inbound) -> Item:
    delivery = Delivery(
        channel=row.channel,
        body=row.body,
        received_at=row.wall_at,
        headers=row.headers,
        query=row.query,
        method=row.method,
        account=row.account,
    )
    complaints = hotline.channels[row.channel].read(delivery)
    wanted = [complaint for complaint in complaints if Item(delivery, complaint).key[3] == row.external_id]
    if not wanted and row.state is InboundState.UNREADABLE:
        wanted = complaints[:1]
    if not wanted:
        raise LookupError("the kept bytes no longer give this message")
    return Item(delivery, wanted[0])
