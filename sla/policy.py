"""What is promised: which clocks a ticket of a given leaf and urgency has, how long each, on which calendar and ladder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from sla.budget import Budget
from sla.calendar import WorkCalendar
from sla.ladder import Step

Anchor = Literal["receipt", "dispatch"]
Party = Literal["citizen", "contractor"]


@dataclass(frozen=True, slots=True)
class Target:
    """One clock to run: ``contact`` 首次联系, ``resolve`` 办结, ``accept`` 签收.

    ``anchor``: it starts with receipt of the complaint, or with each dispatch to a contractor. ``party``: whose clock it is.
    ``calendar``: a name in ``SlaPolicy.calendars``.
    """

    key: str
    name: str
    budget: Budget
    anchor: Anchor
    party: Party
    pausable: bool
    ladder: tuple[Step, ...]
    calendar: str


@dataclass(frozen=True, slots=True)
class SlaPolicy:
    """All promises of one policy version. ``promises`` holds the targets for each leaf at each urgency."""

    calendars: Mapping[str, WorkCalendar]
    promises: Mapping[tuple[str, str], tuple[Target, ...]]

    def targets(self, leaf: str, urgency: str) -> tuple[Target, ...]:
        """The clocks of a ticket. Raises KeyError for an unknown leaf or urgency."""
        return self.promises[leaf, urgency]

    def calendar_of(self, target: Target) -> WorkCalendar:
        return self.calendars[target.calendar]

    def calendar(self, version: str) -> WorkCalendar | None:
        """The calendar with this version, for a clock that was counted on it; None when none has it any more."""
        return next((held for held in self.calendars.values() if held.version == version), None)
