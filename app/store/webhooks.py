"""Contractors' webhooks in SQL: which are live, what waits for each, and what was given up and may be sent again."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, case, func, literal, null, select, update
from sqlalchemy.orm import Session, joinedload

from app.store.inbox import changed
from app.store.outbox import PUSHED
from app.tickets.lifecycle import SEALED_GROUPS
from app.tickets.model import Ticket
from app.tickets.post import OutboxRow, OutboxState
from app.tickets.programs import Webhook

SECRET_BYTES = 32
UNDELIVERED = (OutboxState.PARKED, OutboxState.DROPPED, OutboxState.FAILED)  # dead letters 死信
_MOMENT, _STATE = OutboxRow.next_at.type, OutboxRow.state.type
_SEALED = Ticket.sealed | Ticket.group.in_(SEALED_GROUPS)
WAITS = (OutboxState.WAITING, OutboxState.CLAIMED)


def live(session: Session) -> Mapping[int, Sequence[int]]:
    """The endpoints that are told, by contractor: asked once a transaction, whatever happens in it."""
    known: dict[int, list[int]] | None = session.info.get("webhooks")
    if known is None:
        known = session.info["webhooks"] = {}
        query = select(Webhook.contractor_id, Webhook.id).where(Webhook.disabled_at.is_(None)).order_by(Webhook.id)
        with session.no_autoflush:
            for contractor, endpoint in session.execute(query):
                known.setdefault(contractor, []).append(endpoint)
    return known


def add(session: Session, contractor_id: int, url: str, name: str, wall: datetime) -> Webhook:
    """A new endpoint with a secret of its own, known by its id at once."""
    made = Webhook(contractor_id=contractor_id, url=url, name=name, secret=_new_secret(), former="", created_at=wall)
    session.add(made)
    session.flush()
    return made


def get(session: Session, endpoint: int, contractor_id: int | None = None) -> Webhook | None:
    """The endpoint of that number; with a contractor, only if it is that contractor's."""
    found = session.get(Webhook, endpoint)
    return found if found is not None and contractor_id in (None, found.contractor_id) else None


def by_address(session: Session, addresses: Collection[str]) -> Mapping[str, Webhook]:
    """Endpoints by what stands as the address of their rows in the outbox."""
    found = session.scalars(select(Webhook).where(Webhook.id.in_([int(address) for address in addresses])))
    return {str(one.id): one for one in found}


def sealed_among(session: Session, tickets: Collection[int]) -> set[int]:
    """Which of these tickets no contractor may hear of any more."""
    return set(session.scalars(select(Ticket.id).where(Ticket.id.in_(tickets), _SEALED)))


def rotate(webhook: Webhook) -> str:
    """A new secret; the present one goes on signing beside it until it is dropped. Returns the new one."""
    webhook.former, webhook.secret = webhook.secret, _new_secret()
    return webhook.secret


def disable(session: Session, endpoint: int, wall: datetime, why: str) -> None:
    """It is told nothing any more; what waits for it is given up and can be replayed."""
    session.execute(update(Webhook).where(Webhook.id == endpoint, Webhook.disabled_at.is_(None)).values(disabled_at=wall))
    session.execute(
        update(OutboxRow)
        .where(_of(endpoint), OutboxRow.state == OutboxState.WAITING)
        .values(state=OutboxState.DROPPED, next_at=None, error=why)
        .execution_options(synchronize_session=False)
    )


def share_failure(session: Session, endpoint: int, wall: datetime, waits: Sequence[datetime], why: str) -> None:
    """What else is due to an endpoint that has just not answered counts as tried with it, and waits as long as if it had been.

    ``waits``: when to try again, by the tries that failed before; after the last the row is parked.
    """
    due = (_of(endpoint), OutboxRow.state == OutboxState.WAITING, OutboxRow.next_at <= wall)
    last = OutboxRow.attempts >= len(waits)
    later = case(*((OutboxRow.attempts == tries, literal(at, _MOMENT)) for tries, at in enumerate(waits)), else_=null())
    session.execute(
        update(OutboxRow)
        .where(*due)
        .values(
            attempts=OutboxRow.attempts + 1,
            next_at=later,
            state=case((last, literal(OutboxState.PARKED, _STATE)), else_=literal(OutboxState.WAITING, _STATE)),
            error=why,
        )
        .execution_options(synchronize_session=False)
    )


def replay(session: Session, endpoint: int, wall: datetime, *, since: datetime | None = None, number: str = "") -> int:
    """Sends dead letters once more, each under its old id; returns how many. ``since``: written at or after that."""
    chosen = [_of(endpoint), OutboxRow.state.in_(UNDELIVERED)]
    if since is not None:
        chosen.append(OutboxRow.created_at >= since)
    if number:
        chosen.append(OutboxRow.ticket_id.in_(select(Ticket.id).where(Ticket.number == number, ~_SEALED)))
    else:
        sealed = select(Ticket.id).where(_SEALED)
        chosen.append(OutboxRow.ticket_id.is_(None) | OutboxRow.ticket_id.not_in(sealed))
    done = session.execute(
        update(OutboxRow)
        .where(*chosen)
        .values(state=OutboxState.WAITING, next_at=wall, attempts=0, claimed_by="", error="")
        .execution_options(synchronize_session=False)
    )
    return int(getattr(done, "rowcount", 0)) if changed(done) else 0


def unsent_of(session: Session, ticket: Ticket) -> list[OutboxRow]:
    """What has been written of a ticket for contractors' systems and is not delivered, with its events."""
    states = (OutboxState.WAITING, *UNDELIVERED)
    query = select(OutboxRow).where(OutboxRow.ticket_id == ticket.id, OutboxRow.channel == PUSHED, OutboxRow.state.in_(states))
    return list(session.scalars(query.options(joinedload(OutboxRow.event))))


@dataclass(frozen=True, slots=True)
class Standing:
    """How one endpoint does."""

    webhook: Webhook
    waiting: int
    dead: int
    sent: int
    error: str  # of the newest row that is not delivered


def standings(session: Session, contractor_id: int | None = None) -> list[Standing]:
    """Every endpoint, or a contractor's, with what waits for it and what was given up."""
    query = select(Webhook).order_by(Webhook.id)
    if contractor_id is not None:
        query = query.where(Webhook.contractor_id == contractor_id)
    counted = session.execute(
        select(OutboxRow.address, OutboxRow.state, func.count())
        .where(OutboxRow.channel == PUSHED)
        .group_by(OutboxRow.address, OutboxRow.state)
    )
    counts = {(address, state): many for address, state, many in counted}

    def many(webhook: Webhook, states: Collection[OutboxState]) -> int:
        return sum(counts.get((str(webhook.id), state), 0) for state in states)

    return [
        Standing(one, many(one, WAITS), many(one, UNDELIVERED), many(one, (OutboxState.SENT,)), _last_error(session, one.id))
        for one in session.scalars(query)
    ]


def _last_error(session: Session, endpoint: int) -> str:
    unsent = select(OutboxRow.error).where(_of(endpoint), OutboxRow.state.in_((*WAITS, *UNDELIVERED)), OutboxRow.error != "")
    return session.scalar(unsent.order_by(OutboxRow.id.desc()).limit(1)) or ""


def _of(endpoint: int) -> ColumnElement[bool]:
    return (OutboxRow.channel == PUSHED) & (OutboxRow.address == str(endpoint))


def _new_secret() -> str:
    return "whsec_" + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode("ascii")
