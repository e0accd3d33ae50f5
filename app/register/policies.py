"""Every policy that was ever in force here, kept whole, so that a deadline can be explained years later."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from app.policy import Policy
from app.register import calendars
from app.register.model import PolicyVersion


def remember(session: Session, policy: Policy, now: datetime) -> None:
    """Keeps a policy, and the calendars it brings under the holidays in force here, the first time they are used."""
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    row = {
        "hash": policy.hash,
        "name": policy.name,
        "version": policy.version,
        "effective_from": policy.effective_from,
        "loaded_at": now,
        "files": dict(policy.files),
    }
    session.execute(insert(PolicyVersion).on_conflict_do_nothing(), [row])
    calendars.remember(session, calendars.in_force(session, policy.sla).calendars.values(), now)


def kept(session: Session, content: str) -> PolicyVersion | None:
    """The policy with this hash, as it was; None when nobody kept it."""
    return session.scalars(select(PolicyVersion).where(PolicyVersion.hash == content)).one_or_none()
