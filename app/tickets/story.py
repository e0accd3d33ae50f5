"""What a replay finds: of every clock of a ticket each change, each step of its ladder, and each time that did not count."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from app.tickets.ledger import Entry
from app.tickets.lifecycle import ROLE_NAMES, Role
from app.tickets.reckoning import Reckoned


class Happening(Protocol):
    """An event of a ticket, as far as it matters here."""

    at: Any
    noticed_at: Any
    action: Any
    by_role: Any
    by_name: Any
    by_org: Any
    from_state: Any
    to_state: Any
    details: Any
    clocks: Any


def who(event: Happening) -> str:
    """Who acted; a resident has no name here."""
    return ROLE_NAMES[Role.RESIDENT] if event.by_role is Role.RESIDENT else str(event.by_name or ROLE_NAMES[event.by_role])


def why(event: Happening) -> str:
    """The reason given for an act."""
    details = event.details
    asked = f"申请理由：{details['asked']}" if details.get("asked") else ""
    return "；".join(str(one) for one in (details.get("reason") or details.get("why"), asked) if one)


@dataclass(frozen=True, slots=True)
class Reader:
    """As whom, and with what reasons, acts are shown to whoever reads."""

    who: Callable[[Happening], str] = who
    why: Callable[[Happening], str] = why


@dataclass(frozen=True, slots=True)
class Line:
    """One change of a clock. ``due`` and ``was`` as reckoned; ``recorded`` as written down then.

    ``took``: by how much a pause, or several taken over, put the deadline off. ``faults``: in what the two differ, in words;
    ``unkept``: the calendar that is missing to tell.
    """

    at: datetime
    op: str
    action: str
    by: str
    reason: str
    due: datetime
    was: datetime | None
    recorded: datetime
    version: int
    calendar: str
    took: timedelta
    lapsed: bool
    faults: tuple[str, ...] = ()
    unkept: str = ""


@dataclass(frozen=True, slots=True)
class Fired:
    """A step of the ladder that was taken: dated by the plan, ``noticed_at`` when it was written down."""

    at: datetime
    noticed_at: datetime
    action: str
    level: str
    told: tuple[str, ...]
    by: str
    due: datetime
    faults: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Pause:
    """A time that did not count for this clock. ``until`` is empty while it lasts."""

    since: datetime
    until: datetime | None
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class Replayed:
    """One clock, gone through to the end of the log. ``n`` is its place in the ledger."""

    n: int
    start: Entry
    reckoned: Reckoned
    lines: tuple[Line, ...] = ()
    fired: tuple[Fired, ...] = ()
    pauses: tuple[Pause, ...] = ()

    @property
    def target(self) -> str:
        return str(self.start["target"])

    @property
    def name(self) -> str:
        return str(self.start.get("name") or self.target)

    @property
    def party(self) -> str:
        return str(self.start.get("party", ""))

    @property
    def contractor_id(self) -> int | None:
        """Who owes it, where it is a contractor's."""
        found: int | None = self.start.get("contractor")
        return found

    @property
    def agrees(self) -> bool:
        """Whether all that was recorded comes out again."""
        return not any(line.faults for line in self.lines) and not any(step.faults for step in self.fired)

    @property
    def checked(self) -> bool:
        """Whether every line could be reckoned."""
        return not any(line.unkept for line in self.lines)


@dataclass(frozen=True, slots=True)
class Story:
    """All clocks of a ticket, by the place they have in the ledger.

    ``unwritten``: how many clocks are spoken of whose start nobody wrote down, because they began before there was a ledger.
    """

    clocks: tuple[Replayed, ...]
    unwritten: int
    received_at: datetime | None
    last_at: datetime | None

    @property
    def agrees(self) -> bool:
        return all(clock.agrees for clock in self.clocks)
