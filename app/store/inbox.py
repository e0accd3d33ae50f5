"""What came in, kept: the unique key that stops repeats, the claim that lets one worker take a message in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import CursorResult
from sqlalchemy.orm import Session, selectinload

from app.tickets.model import Ticket
from app.tickets.post import Inbound, InboundState
from app.tickets.residents import Resident, ResidentAddress
from channels.contract import Complaint

Key = tuple[str, str, str, str]  # channel, account, sender, external id
KEY_COLUMNS = ("channel", "account", "sender", "external_id")
# How long after its arrival a pending message is tried once more, by the tries that failed; then it waits for ``hotline replay``.
# What is broken is seldom mended within seconds.
AGAIN_AFTER = (timedelta(), timedelta(seconds=30), timedelta(minutes=2), timedelta(minutes=10), timedelta(hours=1))
TRIES = len(AGAIN_AFTER)


def keep(session: Session, rows: Sequence[Mapping[str, Any]]) -> dict[Key, Inbound]:
    """Inserts what is new, leaves what is there, and returns all of them by key."""
    unique = dict(sorted({_key(row): dict(row) for row in reversed(rows)}.items()))  # two processes in one order: no deadlock
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    session.execute(insert(Inbound).on_conflict_do_nothing(index_elements=KEY_COLUMNS), list(unique.values()))
    found = session.scalars(
        select(Inbound)
        .where(Inbound.external_id.in_([key[3] for key in unique]))
        .options(selectinload(Inbound.ticket).joinedload(Ticket.parent))
    )
    by_key = {(row.channel, row.account, row.sender, row.external_id): row for row in found}
    return {key: by_key[key] for key in unique}


def _key(row: Mapping[str, Any]) -> Key:
    return (row["channel"], row["account"], row["sender"], row["external_id"])


def get(session: Session, inbound_id: int) -> Inbound:
    return session.scalars(
        select(Inbound).where(Inbound.id == inbound_id).options(selectinload(Inbound.ticket).joinedload(Ticket.parent))
    ).one()


def claim(session: Session, inbound_id: int) -> Inbound | None:
    """Marks a kept message as taken in; None when somebody else has. The mark vanishes with a rolled-back transaction."""
    won = session.execute(
        update(Inbound)
        .where(Inbound.id == inbound_id, Inbound.state != InboundState.TAKEN_IN)
        .values(state=InboundState.TAKEN_IN, error="")
        .execution_options(synchronize_session=False)
    )
    return session.get(Inbound, inbound_id, populate_existing=True) if changed(won) else None


def changed(result: Any) -> bool:
    """Whether a conditional update hit its row."""
    return isinstance(result, CursorResult) and result.rowcount > 0


def failed(session: Session, inbound_id: int, error: str) -> None:
    """Writes down why a message could not be taken in; it stays as it is. Somebody else's success is left alone."""
    session.execute(
        update(Inbound)
        .where(Inbound.id == inbound_id, Inbound.state != InboundState.TAKEN_IN)
        .values(attempts=Inbound.attempts + 1, error=error[:1000])
    )


def pending(session: Session, before: datetime, limit: int = 50) -> list[Inbound]:
    """Kept messages that never became tickets and whose next try has come, oldest first; in the end they are left to people."""
    its_time = (and_(Inbound.attempts == failed, Inbound.wall_at < before - wait) for failed, wait in enumerate(AGAIN_AFTER))
    return list(
        session.scalars(
            select(Inbound).where(Inbound.state == InboundState.PENDING, or_(*its_time)).order_by(Inbound.id).limit(limit)
        )
    )


def not_taken_in(session: Session, limit: int) -> list[Inbound]:
    """Everything kept that is no ticket yet, unreadable ones included: for ``hotline replay``."""
    return list(session.scalars(select(Inbound).where(Inbound.state != InboundState.TAKEN_IN).order_by(Inbound.id).limit(limit)))


def waiting_count(session: Session) -> int:
    """How many kept messages are no tickets yet."""
    return session.scalar(select(func.count()).select_from(Inbound).where(Inbound.state != InboundState.TAKEN_IN)) or 0


def resident_for(session: Session, inbound: Inbound, complaint: Complaint, now: datetime) -> Resident:
    """The resident behind an address, made on first hearing; remembers when they were last heard there."""
    address = session.scalars(
        select(ResidentAddress).where(
            ResidentAddress.channel == inbound.channel,
            ResidentAddress.account == inbound.account,
            ResidentAddress.address == complaint.sender,
        )
    ).one_or_none()
    if address is None:
        resident = Resident(name=complaint.name, phone=complaint.phone, created_at=now)
        session.add(resident)
        session.flush()
        session.add(
            ResidentAddress(
                resident_id=resident.id,
                channel=inbound.channel,
                account=inbound.account,
                address=complaint.sender,
                last_heard_at=now,
            )
        )
        return resident
    address.last_heard_at = now
    address.dead_at = None
    resident = session.get_one(Resident, address.resident_id)
    resident.name = resident.name or complaint.name
    resident.phone = resident.phone or complaint.phone
    return resident
