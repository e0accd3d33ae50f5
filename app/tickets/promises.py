"""What is promised on a ticket, and on which calendars its clocks are counted."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from app.policy import Policy
from app.tickets.model import Ticket, Timer
from sla.budget import CalendarError
from sla.calendar import WorkCalendar
from sla.policy import SlaPolicy, Target

EMERGENCY = "U0"
Kept = Callable[[str], WorkCalendar | None]


def _nothing_kept(version: str) -> WorkCalendar | None:
    return None


@dataclass(frozen=True, slots=True)
class Promises:
    """The policy in force, under the holidays in force here. ``kept`` knows the calendars of former days by their version."""

    policy: Policy
    sla: SlaPolicy
    kept: Kept = _nothing_kept

    def target(self, ticket: Ticket, key: str) -> Target | None:
        """What is promised on this ticket for one target, if anything.

        In an emergency the strictest of the ticket's own leaf and the emergencies told on it: whoever tells of the fire in a
        second message is promised no less than who tells of it in the first, and an emergency loosens nothing.
        """
        return self.promised(key, ticket.leaf, ticket.urgency, ticket.emergencies)

    def promised(self, key: str, leaf: str, urgency: str, emergencies: Iterable[str] = ()) -> Target | None:
        """``target``, for a ticket of this leaf and urgency on which these emergencies were told. Raises KeyError for a leaf or
        urgency that the policy does not have."""
        leaves = [leaf or self.policy.rules.unclassified_as]
        if urgency == EMERGENCY:
            leaves += [code for code in emergencies if code in self.policy.taxonomy.leaves]
        found = [t for code in leaves for t in self.sla.targets(code, urgency) if t.key == key]
        return min(found, key=lambda target: target.budget.length, default=None)

    def calendar(self, version: str) -> WorkCalendar:
        """A calendar in force, or one that was once. Raises CalendarError for one that nobody kept."""
        found = self.sla.calendar(version) or self.kept(version)
        if found is None:
            raise CalendarError(f"没有存档的日历版本 {version}，无法计算；请从备份中恢复 calendar_version 表")
        return found

    def calendar_of(self, timer: Timer) -> WorkCalendar:
        """The calendar that the clock was last counted on."""
        return self.calendar(timer.calendar)

    def hours_of(self, timer: Timer) -> WorkCalendar | None:
        """The service hours that its waiting steps wait for."""
        return self.calendar(timer.hours) if timer.hours else None
