"""What is promised: which clocks a ticket of a given leaf and urgency has, how long each, on which calendar and ladder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from sla.budget import Budget
from sla.calendar import WorkCalendar
from sla.ladder import Step
from sla.schedule import Schedule

Anchor = Literal["receipt", "dispatch", "act"]
Party = Literal["citizen", "contractor", "adjudicator", "hotline"]


@dataclass(frozen=True, slots=True)
class Target:
    """One clock to run.

    The citizen's: ``contact`` 首次联系, ``resolve`` 办结, ``respond`` 回应补充. The contractor's: ``accept`` 签收, ``reach``
    承办联系, ``arrive`` 到场, ``finish`` 承办办结. The adjudicator's: ``decide`` 裁决. The hotline's: ``callback`` 回访.

    ``anchor``: it starts with receipt of the complaint, with each dispatch to a contractor, or with the act that asks for it.
    ``party``: whose clock it is. ``calendar``: a name in ``SlaPolicy.calendars``.
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
    """All promises of one policy version. ``promises`` holds the targets for each leaf at each urgency; ``service`` names the
    calendar whose hours waiting steps wait for."""

    calendars: Mapping[str, WorkCalendar]
    promises: Mapping[tuple[str, str], tuple[Target, ...]]
    service: str = ""

    @property
    def hours(self) -> WorkCalendar | None:
        """The service hours; None where no calendar is named, and then steps wait for their own."""
        return self.calendars.get(self.service)

    def under(self, schedule: Schedule) -> SlaPolicy:
        """The same promises with another holiday schedule; itself when none of its calendars keeps that country's holidays."""
        moved = {
            name: held.with_schedule(schedule) if held.schedule and held.schedule.country == schedule.country else held
            for name, held in self.calendars.items()
        }
        return self if moved == dict(self.calendars) else replace(self, calendars=moved)

    def targets(self, leaf: str, urgency: str) -> tuple[Target, ...]:
        """The clocks of a ticket. Raises KeyError for an unknown leaf or urgency."""
        return self.promises[leaf, urgency]

    def calendar_of(self, target: Target) -> WorkCalendar:
        return self.calendars[target.calendar]

    def calendar(self, version: str) -> WorkCalendar | None:
        """The calendar with this version, for a clock that was counted on it; None when none has it any more."""
        return next((held for held in self.calendars.values() if held.version == version), None)
