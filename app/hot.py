"""Hot issues 热点问题 for whoever supervises: counted from the tickets they may know of, named, with the complaints behind each.

Nobody is named: whoever reads that forty people complain of a contractor does not learn here who they are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row

from app import repeats
from app.hotline import Tx
from app.hotrules import hot_rules
from app.store import hot as store
from app.tickets.lifecycle import SEALED_GROUPS, Actor
from app.tickets.privacy import mask_text
from routing.hotspots import SAID, HotIssue, Observation, Rules, hot_issues

EXCERPT = 60  # letters of a complaint that are shown


@dataclass(frozen=True, slots=True)
class Behind:
    """A complaint behind an issue. ``excerpt`` is empty where the words are kept in confidence."""

    number: str
    at: datetime
    excerpt: str


@dataclass(frozen=True, slots=True)
class Hot:
    """One issue by name, with the complaints behind it, the newest first."""

    issue: HotIssue
    place: str
    leaf: str
    reserved: bool  # of the groups that no contractor hears of
    behind: tuple[Behind, ...]


@dataclass(frozen=True, slots=True)
class Heat:
    """The heat list. ``looked_at``: how many complaints it was counted from; ``cut``: there were more than are looked at."""

    issues: tuple[Hot, ...]
    rules: Rules
    looked_at: int
    cut: bool


def heat(
    tx: Tx,
    viewer: Actor,
    now: datetime,
    *,
    days: int | None = None,
    estate_id: int | None = None,
    contractor_id: int | None = None,
) -> Heat:
    """What is hot among what this viewer may know of, as the policy says; ``days`` looks back another length of time.

    Raises BadFile for a policy that cannot be read.
    """
    rules = hot_rules(tx.hotline.settings.policy, tx.hotline.policy.taxonomy)
    rules = replace(rules, window_days=days or rules.window_days)
    since = now - timedelta(days=rules.window_days)
    rows = store.told(tx.session, viewer, since, now, SAID, estate_id, contractor_id)
    names = {row.estate_id: repeats.names_of(tx, row.estate_id) for row in rows}
    seen = [_observed(row, names[row.estate_id]) for row in rows]
    by_number = {row.number: row for row in rows}
    found = hot_issues(seen, now, rules, repeats.weights(tx))
    return Heat(tuple(_named(tx, issue, by_number) for issue in found), rules, len(rows), len(rows) == store.MOST)


def _observed(row: Row[Any], names: tuple[str, ...]) -> Observation:
    estate = str(row.estate_id or "")
    known = bool(estate and row.building and row.room)
    return Observation(
        ref=row.number,
        at=row.created_at,
        text=row.text,
        estate=estate,
        place="" if estate else row.place_text,
        leaf=row.leaf,
        group=row.group,
        person=_person(row),
        dwelling="-".join((estate, row.building, row.unit, row.room)) if known else "",
        words=row.words,
        last=row.last,
        again=bool(row.anew),
        urgency=row.urgency,
        names=names,
    )


def _person(row: Row[Any]) -> str:
    """A telephone number is one person on every channel; after that who the resident is, after that the address."""
    if row.phone:
        return f"p{row.phone}"
    if row.resident_id is not None:
        return f"r{row.resident_id}"
    return f"{row.channel}:{row.sender}" if row.sender else ""


def _named(tx: Tx, issue: HotIssue, rows: Mapping[str, Row[Any]]) -> Hot:
    estate = tx.hotline.knowledge(tx.session).snapshot.register.estates.get(issue.estate)
    leaf = tx.hotline.policy.taxonomy.leaves.get(issue.leaf)
    behind = [rows[number] for number in reversed(issue.refs)]
    return Hot(
        issue,
        place=estate.name if estate else mask_text(issue.place) or "地点待核",
        leaf=f"{leaf.code}{leaf.name}" if leaf else "类别待核",
        reserved=leaf is not None and leaf.group in SEALED_GROUPS,
        behind=tuple(Behind(row.number, row.created_at, _excerpt(row)) for row in behind),
    )


def _excerpt(row: Row[Any]) -> str:
    if row.sealed or row.confidential or row.group in SEALED_GROUPS:
        return ""
    said = " ".join(mask_text(row.text, row.name).split())
    return said if len(said) <= EXCERPT else said[:EXCERPT] + "…"
