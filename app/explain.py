"""Explains a ticket's deadlines from what was kept: its events, the calendars and the policies of then.

1. ``explain`` replays the log (``app/tickets/replay.py``) and counts out the days of each clock on its archived calendar.
2. ``today`` says where the policy in force would promise something else; it is all that may change from one day to the next.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from functools import lru_cache, partial

from app.hotline import Tx
from app.register import calendars, policies
from app.store import tickets as store
from app.tickets import prose
from app.tickets.model import Ticket
from app.tickets.reckoning import Result, result
from app.tickets.replay import replay
from app.tickets.story import Pause, Reader, Replayed
from sla.budget import CalendarError
from sla.calendar import WorkCalendar
from sla.daybook import Day, account

Shown = Callable[[Replayed], bool]


@dataclass(frozen=True, slots=True)
class Standard:
    """The policy under which something was promised, as it was archived."""

    hash: str
    name: str
    version: str
    effective_from: date | None

    @property
    def words(self) -> str:
        since = f"，自 {self.effective_from.isoformat()} 施行" if self.effective_from else ""
        return f"{self.name} {self.version}（{self.hash[:12]}{since}）" if self.name else f"{self.hash[:12]}（没有存档）"


@dataclass(frozen=True, slots=True)
class Deadline:
    """One clock explained. ``days`` is empty, and ``result`` None, where its calendar is not kept."""

    of: Replayed
    days: tuple[Day, ...]
    pauses: tuple[Pause, ...]
    result: Result | None
    calendar: str
    standard: Standard
    leaf: str
    owed_by: str
    spelling: prose.Spelling

    @property
    def agrees(self) -> bool:
        return self.of.agrees


@dataclass(frozen=True, slots=True)
class Explained:
    """The deadlines of one ticket as they stood ``at`` a moment. ``unwritten``: clocks older than the ledger."""

    number: str
    at: datetime
    received_at: datetime | None
    deadlines: tuple[Deadline, ...]
    unwritten: int

    @property
    def agrees(self) -> bool:
        return all(one.agrees for one in self.deadlines)

    @property
    def checked(self) -> bool:
        return all(one.of.checked for one in self.deadlines)


def explain(tx: Tx, ticket: Ticket, now: datetime, reader: Reader | None = None, shown: Shown | None = None) -> Explained:
    """Every clock of the ticket that may be ``shown``, in the order they began, as they stand at ``now``."""
    kept = partial(calendars.kept, tx.session)
    story = replay(store.history(tx.session, ticket).events, kept, reader)
    found = [_deadline(tx, clock, kept(clock.reckoned.calendar), now) for clock in story.clocks if shown is None or shown(clock)]
    unwritten = story.unwritten + (not story.clocks and not story.unwritten)
    return Explained(ticket.number, now, story.received_at, tuple(found), unwritten)


def _deadline(tx: Tx, clock: Replayed, calendar: WorkCalendar | None, now: datetime) -> Deadline:
    zone: tzinfo = calendar.zone if calendar is not None else tx.hotline.zone
    standard, names = _standard(tx, str(clock.start.get("policy", "")))
    contractors = tx.hotline.knowledge(tx.session).snapshot.contractors
    return Deadline(
        of=clock,
        days=_days(clock, calendar, now) if calendar is not None else (),
        pauses=clock.pauses,
        result=result(clock.reckoned, calendar, now) if calendar is not None else None,
        calendar=calendar.name if calendar is not None else "",
        standard=standard,
        leaf=_leaf(clock, names),
        owed_by=contractors.get(clock.contractor_id, "") if clock.contractor_id else "",
        spelling=prose.Spelling(zone, clock.reckoned.started_at.astimezone(zone).year),
    )


def _days(clock: Replayed, calendar: WorkCalendar, now: datetime) -> tuple[Day, ...]:
    """The days up to the deadline; of a clock that stands still, as far as it has come."""
    reckoned = clock.reckoned
    end = reckoned.due_at
    if reckoned.paused_at is not None and reckoned.breached_at is None:
        end = min(end, reckoned.paused_at)
    pauses = [(pause.since, max(pause.until or now, pause.since)) for pause in clock.pauses]
    try:
        return account(calendar, reckoned.budget, reckoned.started_at, end, pauses, follows=reckoned.follows)
    except CalendarError:
        return ()  # decided so far ahead that no calendar reaches there; the line of the decision says all there is to say


# --- what was promised, and what would be -----------------------------------------------------------------------------------


def _standard(tx: Tx, content: str) -> tuple[Standard, Mapping[str, str]]:
    row = policies.kept(tx.session, content)
    if row is None:
        return Standard(content, "", "", None), {}
    return Standard(row.hash, row.name, row.version, row.effective_from), _leaf_names(str(row.files.get("taxonomy.toml", "")))


@lru_cache(maxsize=16)
def _leaf_names(taxonomy: str) -> Mapping[str, str]:
    """What the categories were called."""
    groups = tomllib.loads(taxonomy).get("groups", {})
    return {code: str(leaf["name"]) for group in groups.values() for code, leaf in group.get("leaves", {}).items()}


def _leaf(clock: Replayed, names: Mapping[str, str]) -> str:
    codes = [code for code in (clock.start.get("leaf"), *clock.start.get("emergencies", ())) if code]
    said = "、".join(dict.fromkeys(f"{code} {names[code]}" if code in names else str(code) for code in codes))
    return "，".join(one for one in (said or "类别待定", str(clock.start.get("urgency", ""))) if one)


def today(tx: Tx, one: Deadline) -> str:
    """One sentence where the policy in force would promise something else for the same leaf and urgency; else nothing."""
    clock, policy = one.of, tx.hotline.policy
    if clock.reckoned.cancelled or clock.start.get("policy") == policy.hash or "leaf" not in clock.start:
        return ""
    leaf = str(clock.start["leaf"] or policy.rules.unclassified_as)
    urgency = str(clock.start["urgency"])
    known = (leaf, urgency) in policy.sla.promises
    target = tx.promises.promised(clock.target, leaf, urgency, clock.start.get("emergencies", ())) if known else None
    budget = clock.reckoned.budget
    if target is not None and target.budget == budget:
        return ""
    present = f"为{target.budget.words}" if target is not None else "没有这一项时限"
    since = one.spelling.whole(clock.reckoned.started_at)
    return (
        f"现行标准（{policy.name} {policy.version}）{present}，这张工单按{budget.words}计，"
        f"因为它自{since}起按当时的标准（{one.standard.name} {one.standard.version}）承诺，标准变更不改动已起算的时限"
    )


def notes_of(tx: Tx, deadlines: Sequence[Deadline]) -> dict[int, str]:
    """What ``today`` says of each clock, by its place."""
    return {one.of.n: said for one in deadlines if (said := today(tx, one))}
