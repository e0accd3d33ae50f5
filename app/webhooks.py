"""From an event to contractors' own systems: one outbox row for each live endpoint of whoever may read the event.

Written in the transaction of the act. Who may read what is ``app/tickets/reading.py`` and ``privacy.py``; the payload is
documented in ``app/docs/webhooks.md``. Nothing of a sealed ticket, nobody's name, nothing of what another contractor did.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit

from app import notify
from app.errors import BadInput
from app.hotline import Tx
from app.store import sequences
from app.store import webhooks as store
from app.store.outbox import PUSHED
from app.tickets import privacy
from app.tickets.lifecycle import AT_WORK, SEALED_GROUPS, STATE_NAMES, Actor, Handler, Role
from app.tickets.model import Ticket, TicketEvent, Timer
from app.tickets.post import OutboxRow, OutboxState
from app.tickets.programs import Webhook
from app.tickets.reading import concerns, contractor_reads

TAKES_OFF = ("return", "grant_return", "join")  # whoever had it hears of it, and of nothing later
HIDES = ("protect", "restate", "classify")  # after which a contractor may read less than before
DUTY = ("assist", "assisted", "unassist")
LAPSE = ("target", "target_name", "due_at", "level", "level_name")
# Which details of an act are handed over, beside what was said with it.
TOLD: Mapping[str, tuple[str, ...]] = {
    "accept": ("eta", "eta_at"),
    "hold": ("until", "until_at"),
    "petition": ("wanted", "wanted_at"),
    "grant": ("deadline_at",),
    "override": ("target", "target_name", "deadline_at"),
    "ask_return": ("code", "code_name"),
    "ask_closure": ("outcome", "outcome_name"),
    "grant_closure": ("outcome_name",),
    "appeal": ("round",),
    "supervise": ("document", "level", "level_name"),
    **dict.fromkeys(("remind", "breach", "escalate"), LAPSE),
}
WORDS = ("text", "reason")
LONGEST = 2000  # characters of an address


class Sight(StrEnum):
    """How much of an event a contractor is told."""

    WHOLE = "whole"
    STATE = "state"  # only where the ticket stands now


def tell(tx: Tx, ticket: Ticket, event: TicketEvent) -> None:
    """Writes what this act has to say to the systems of those who may read it."""
    if event.action in HIDES and store.live(tx.session):
        _withhold(tx, ticket)
    readers = readers_of(ticket, event)
    live = store.live(tx.session) if readers else {}
    for contractor, sight in readers.items():
        for endpoint in live.get(contractor, ()):
            body = payload(tx, ticket, event, contractor, sight)
            key = f"{ticket.number}:{event.seq}:{PUSHED}:{endpoint}"
            _write(tx, OutboxRow(**_row(tx, endpoint, contractor, key, body), ticket=ticket, event=event), ticket.number)


def register(tx: Tx, contractor_id: int, url: str, name: str = "") -> Webhook:
    """A new endpoint of a contractor's. Raises BadInput for an address that nothing could be sent to."""
    url = url.strip()
    try:
        said = urlsplit(url)
        proper = bool(said.hostname) and said.port != 0 and not (said.username or said.password or said.fragment)
    except ValueError:
        said, proper = urlsplit(""), False
    base = tx.hotline.settings.webhook.api_base.rstrip("/")
    ours = bool(base) and (url == base or url.startswith(f"{base}/"))
    if not proper or not (said.scheme == "https" or ours) or len(url) > LONGEST or any(mark.isspace() for mark in url):
        raise BadInput("接收地址须是 https:// 开头、不含用户名和 # 的网址", cure="例如 https://jx.example.com/hotline")
    if len(name) > 200:
        raise BadInput("用途不能超过 200 字")
    return store.add(tx.session, contractor_id, url, name.strip(), tx.wall)


def ping(tx: Tx, webhook: Webhook) -> str:
    """An event about nothing, so that the other side can see whether it understands us. Returns its id."""
    key = f"ping:{sequences.take(tx.session, 'webhook.ping')}:{PUSHED}:{webhook.id}"
    body = {"type": "hotline.ping", "timestamp": _spelt(tx.now), "data": {"webhook": webhook.id}}
    _write(tx, OutboxRow(**_row(tx, webhook.id, webhook.contractor_id, key, body)), "")
    return key


def readers_of(ticket: Ticket, event: TicketEvent) -> Mapping[int, Sight]:
    """Which contractors are told of an event that has just happened, and how much."""
    if ticket.sealed or ticket.group in SEALED_GROUPS:
        return {}
    readers = {duty.contractor_id: _sight_beside(ticket, event, duty.contractor_id) for duty in _duties(ticket, event)}
    if event.action in TAKES_OFF and event.details.get("contractor"):
        readers[int(event.details["contractor"])] = Sight.WHOLE
    if ticket.contractor_id and ticket.handler is Handler.CONTRACTOR and ticket.follows_id is None:
        readers[ticket.contractor_id] = _sight(ticket, event, ticket.contractor_id)
    return {contractor: sight for contractor, sight in readers.items() if sight is not None}


def _sight(ticket: Ticket, event: TicketEvent, contractor: int) -> Sight | None:
    """Of whoever leads 主办."""
    if contractor_reads(ticket, event, Actor(Role.CONTRACTOR, org=contractor)):
        return Sight.WHOLE
    return Sight.STATE if event.from_state is not event.to_state else None


def _sight_beside(ticket: Ticket, event: TicketEvent, contractor: int) -> Sight | None:
    """Of whoever assists 协办: its own duty and its clock; of the rest only where the ticket stands."""
    clock = event.details.get("clock")
    if clock is not None:
        return Sight.WHOLE if ticket.timers[clock].contractor_id == contractor else None
    if event.action in DUTY and int(event.details["helper"]) == contractor:
        return Sight.WHOLE
    return Sight.STATE if event.from_state is not event.to_state else None


def _duties(ticket: Ticket, event: TicketEvent) -> list[Any]:
    """Duties that are open, or that this very act has ended."""
    over = event.from_state in AT_WORK and event.to_state not in AT_WORK
    ended = int(event.details["helper"]) if event.action in DUTY else None
    return [
        duty
        for duty in ticket.duties
        if duty.open
        or (over and duty.withdrawn_at == event.at)
        or (duty.contractor_id == ended and event.at in (duty.done_at, duty.withdrawn_at))
    ]


def payload(tx: Tx, ticket: Ticket, event: TicketEvent, contractor: int, sight: Sight) -> dict[str, Any]:
    """What one contractor is told of one event."""
    viewer = Actor(Role.CONTRACTOR, org=contractor)
    whole = sight is Sight.WHOLE
    leads = ticket.contractor_id == contractor and ticket.handler is Handler.CONTRACTOR
    data: dict[str, Any] = {
        "number": ticket.number,
        "seq": event.seq,
        "state": str(event.to_state),
        "state_name": STATE_NAMES[event.to_state],
        "action": event.action if whole else "state",
        "at": _spelt(event.at),
        "by_role": str(event.by_role) if whole else None,
        "from": str(event.from_state) if event.from_state else None,
        "to": str(event.to_state),
        "deadlines": [_deadline(t) for t in ticket.timers if _runs(t) and _shown(t, viewer, leads)],
        "details": _details(tx, ticket, event) if whole else {},
    }
    return {"type": f"ticket.{data['action']}", "timestamp": data["at"], "data": data}


def _runs(timer: Timer) -> bool:
    return timer.stopped_at is None and not timer.cancelled


def _shown(timer: Timer, viewer: Actor, leads: bool) -> bool:
    return concerns(timer, viewer) if leads else timer.contractor_id == viewer.org


def _deadline(timer: Timer) -> dict[str, Any]:
    return {
        "target": timer.target,
        "name": timer.name,
        "due_at": _spelt(timer.due_at),
        "paused": timer.paused_at is not None,
        "breached": timer.breached_at is not None,
    }


def _details(tx: Tx, ticket: Ticket, event: TicketEvent) -> dict[str, Any]:
    """What was given with it, as a contractor may read it: no numbers, no name, in confidence not the resident's own words."""
    given = {name: event.details.get(name) for name in (*WORDS, *TOLD.get(event.action, ()))}
    if not privacy.hears(privacy.OUTSIDE, ticket, event.action, event.by_role):
        given |= {name: privacy.AWAITED for name in WORDS if given[name]}
    return {
        name: notify.unnamed(tx, ticket, value) if isinstance(value, str) else value
        for name, value in given.items()
        if isinstance(value, str | int)
    }


def _withhold(tx: Tx, ticket: Ticket) -> None:
    """From now on a contractor does not read the resident's own words: nor in what was written before and has not gone out."""
    for row in store.unsent_of(tx.session, ticket):
        body = json.loads(row.text)
        if row.event is not None and body["data"]["details"]:
            body["data"]["details"] = _details(tx, ticket, row.event)
            row.text = _spelt_out(body)


def _row(tx: Tx, endpoint: int, contractor: int, key: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """What every row for an endpoint says; the address is the endpoint's number: where and with which secret is asked when it
    is sent."""
    return {
        "key": key,
        "audience": PUSHED,
        "org_id": contractor,
        "channel": PUSHED,
        "account": "",
        "address": str(endpoint),
        "text": _spelt_out(body),
        "created_at": tx.now,
        "state": OutboxState.WAITING,
        "next_at": tx.wall,
        "claimed_by": "",
        "attempts": 0,
        "error": "",
    }


def _write(tx: Tx, row: OutboxRow, number: str) -> None:
    row.subject = f"工单 {number}" if number else "试推"
    tx.write(row)
    tx.said.append(row)  # rings for whoever delivers


def _spelt_out(body: Mapping[str, Any]) -> str:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"))


def _spelt(at: datetime) -> str:
    return at.astimezone(UTC).isoformat()
