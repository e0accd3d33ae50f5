"""Loads the demonstration city 云州市 (invented) into an empty register, through the importer everybody uses."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy.orm import Session

from app.policy import Policy
from app.register.people import PASSWORDS, Passwords, list_people
from app.register.snapshot import snapshot
from app.register.spreadsheets import import_sheet
from app.tickets.lifecycle import ROLE_NAMES

CITY = Path(__file__).with_name("city")
ORDER = ("purchasers", "estates", "contractors", "contracts", "people")
DEMO_PASSWORD = "demo-2026"  # everybody's; printed by ``hotline demo``, and never set anywhere but here


@dataclass(frozen=True, slots=True)
class Login:
    """As whom somebody may try the demonstration."""

    role: str  # Chinese, as shown
    login: str
    password: str
    org: str  # "" for those who belong to no organisation


@dataclass(frozen=True, slots=True)
class Loaded:
    logins: tuple[Login, ...]
    changes: tuple[str, ...]  # in words; none the second time


def load_city(session: Session, policy: Policy, now: datetime, *, passwords: Passwords = PASSWORDS) -> Loaded:
    """Brings in organisations, estates, contracts and people. Repeatable: what is there already is left as it is."""
    changes: list[str] = []
    for kind in ORDER:
        path = CITY / f"{kind}.csv"
        changes += import_sheet(
            session,
            kind,
            path.name,
            path.read_bytes(),
            taxonomy=policy.taxonomy,
            now=now,
            passwords=passwords,
            default_password=DEMO_PASSWORD,
        )
    return Loaded(_logins(session), tuple(changes))


def _logins(session: Session) -> tuple[Login, ...]:
    """The demonstration's own people in the order of its file; not those somebody has added since."""
    names = snapshot(session)
    lines = (CITY / "people.csv").read_text(encoding="utf-8").splitlines()[1:]
    order = [line.partition(",")[0] for line in lines]
    people = {person.login: person for person in list_people(session) if person.disabled_at is None}
    found = []
    for login in order:
        if login in people:
            person = people[login]
            org = names.contractors.get(person.contractor_id or 0) or names.purchasers.get(person.purchaser_id or 0, "")
            found.append(Login(ROLE_NAMES[person.role], login, DEMO_PASSWORD, org))
    return tuple(found)
