"""Every policy that was ever in force here, kept whole, so that a deadline can be explained years later."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.policy import Policy
from app.register.model import PolicyVersion


def remember(session: Session, policy: Policy, now: datetime) -> None:
    """Keeps a policy the first time it is used."""
    known = session.scalars(select(PolicyVersion.id).where(PolicyVersion.hash == policy.hash)).one_or_none()
    if known is None:
        session.add(
            PolicyVersion(
                hash=policy.hash,
                name=policy.name,
                version=policy.version,
                effective_from=policy.effective_from,
                loaded_at=now,
                files=dict(policy.files),
            )
        )
