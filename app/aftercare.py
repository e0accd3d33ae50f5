"""After the work: which rounds are asked about, drawn by the worker round by round, and what the week past still owes."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from functools import partial

from app import callbacks
from app.hotline import Hotline
from app.store import calls
from app.tickets import sampling
from app.timekeeping import in_its_own

BATCH = 100
A_WEEK = timedelta(days=7)


def draw_calls(hotline: Hotline, limit: int = BATCH) -> int:
    """Thinks of what is to be thought of, each in a transaction of its own; returns how many."""
    with hotline.look() as tx:
        due = calls.to_think_of(tx.session, tx.now, limit)
    return sum(in_its_own(hotline, ticket_id, callbacks.draw) for ticket_id in due)


def week_of(hotline: Hotline) -> date:
    """The Monday of the present week, where the hotline works."""
    today = hotline.local_day(hotline.clock.now())
    return today - timedelta(days=today.weekday())


def keep_minimum(hotline: Hotline, monday: date) -> int:
    """Makes up what the week before this Monday owes: of each stratum at least ``callback_minimum``, where there were so many.

    Returns how many were drawn after all. Done again it finds nothing to do.
    """
    until = datetime.combine(monday, time(), hotline.zone)
    since = until - A_WEEK
    with hotline.look() as tx:
        minimum, owed = hotline.policy.rules.callback_minimum, []
        lot = partial(sampling.lot, hotline.secret, hotline.policy.name)
        for stratum, (drawn, left) in sorted(calls.drawn_and_spared(tx.session, since, until).items()):
            if left and drawn < minimum:
                spared = calls.spared(tx.session, stratum, since, until)
                owed += sampling.made_up(drawn, [(lot(number, turn), found) for found, number, turn in spared], minimum)
    return sum(in_its_own(hotline, ticket_id, callbacks.draw_after_all) for ticket_id in owed)
