"""Who is called back: what is always drawn, and a lot for the rest that anybody who holds the secret can draw again.

The lot of a round is a number made of the installation's secret, the policy's name, the ticket's number and the round. It is the
same however often it is drawn, and nobody without the secret can tell beforehand which tickets will be asked about. Nothing is
drawn by the order of arrival for the same reason: the least number of a week is made up when the week is over, from the
lowest lots that were spared.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable
from typing import TypeVar

LOTS = 1 << 64
ALWAYS = ("lapsed", "unresolved", "low")  # reasons for which everybody is called: app/tickets/followup.py CALL_REASONS
T = TypeVar("T")


def stratum(contractor_id: int | None, group: str, why: str) -> str:
    """Within which is drawn: whose work, of what group, and why it is asked about; 0 is nobody's but the hotline's own."""
    return f"{contractor_id or 0}:{group or '-'}:{why}"


def always(urgency: str, turn: int, why: str) -> bool:
    """Emergencies, what was done again, and whatever did not end with a resolution in time or with content."""
    return urgency == "U0" or turn > 1 or why in ALWAYS


def lot(secret: bytes, policy: str, number: str, turn: int) -> int:
    """The lot of one round: below ``LOTS``, evenly spread."""
    said = f"callback:{policy}:{number}:{turn}"
    return int.from_bytes(hmac.new(secret, said.encode(), hashlib.sha256).digest()[:8], "big")


def drawn(ticket: int, percent: int) -> bool:
    """Whether that lot is among the first ``percent`` of a hundred."""
    return ticket * 100 < percent * LOTS


def made_up(already: int, spared: Iterable[tuple[int, T]], minimum: int) -> list[T]:
    """Of those spared, each with its lot, the lowest lots, as many as a stratum still lacks of its minimum."""
    missing = max(0, minimum - already)
    return [one for _, one in sorted(spared, key=lambda pair: pair[0])[:missing]]


def is_over(attempts: int, days: int, most: int, least_days: int) -> bool:
    """Whether somebody has been tried often enough, on enough days, to be called unreachable."""
    return attempts >= most and days >= least_days


def another_day(attempts: int, days: int, most: int, least_days: int) -> bool:
    """Whether the next attempt must wait for another day, because the attempts left are only just as many as the days."""
    return least_days - days >= max(1, most - attempts)
