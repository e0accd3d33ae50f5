"""The ledger 台账 of a ticket's clocks: what each act did to which clock, written into the event of the act.

One entry is plain data, so that it can be read years later without this program:

* ``n``: which of the ticket's clocks, counted from 0 in the order they were started; ``target``: which target it runs for;
* ``op``: ``+`` or ``!`` started, ``-`` met, ``=`` paused, ``>`` resumed, ``x`` cancelled, ``^`` deadline decided, ``~`` answered,
  ``%`` counted again on a changed calendar;
* ``due``, ``version``, ``calendar``: the deadline after it, which one it is, and the version of the calendar it was counted on;
  ``was``: the deadline before, where it moved; ``provisional``; ``breached``: where this act found it lapsed; ``held``: seconds
  of the budget's kind that it has stood still in all, where this act added to them;
* a start also has ``started_at``, ``budget``, ``pausable``, ``name``, ``party``, ``policy``, ``round`` and the ``pauses`` of the
  ticket that it took over; ``leaf`` and ``urgency`` of the ticket, from which the promise follows, and its
  ``emergencies``, if any were told; ``contractor``: the id of the one that owes it, where it is a contractor's.
"""

from __future__ import annotations

from typing import Any

from sla.timer import Clock

Entry = dict[str, Any]


def entry(place: int, op: str, before: Clock | None, after: Clock, **more: Any) -> Entry:
    """What happened to the clock at ``place``. ``more`` is kept as it is."""
    said: Entry = {
        "n": place,
        "target": after.target,
        "op": op,
        "due": after.due_at.isoformat(),
        "version": after.version,
        "calendar": after.calendar,
    }
    if after.provisional:
        said["provisional"] = True
    if before is None:
        said |= {"started_at": after.started_at.isoformat(), "budget": str(after.budget), "pausable": after.pausable}
    else:
        if before.due_at != after.due_at:
            said["was"] = before.due_at.isoformat()
        if before.held != after.held:
            said["held"] = after.held.total_seconds()
    if after.breached_at is not None and (before is None or before.breached_at is None):
        said["breached"] = after.breached_at.isoformat()
    return said | more
