"""Door 3 with several workers and with people at work meanwhile: each step exactly once, and nobody blocks anybody."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm.exc import StaleDataError

from app.casework import act
from app.hotline import Hotline
from app.store import tickets as store
from app.store import timers as timer_store
from app.tickets.lifecycle import SYSTEM, State
from app.tickets.model import TicketEvent
from app.timekeeping import sweep
from tests.app.doors.street import LEAK, outbox_rows, tickets, together
from tests.cast import Cast, Curtain


def until_idle(hotline: Hotline, limit: int = 7) -> int:
    """Sweeps in small bites, so that two who do so meet often."""
    return sum(iter(lambda: sweep(hotline, limit), 0))


def causes(cast: Cast) -> list[str]:
    with cast.hotline.look() as tx:
        return [cause for cause in tx.session.scalars(select(TicketEvent.cause)) if cause]


def all_once(cast: Cast) -> None:
    """Every step that was due is on record once, has told everybody once, and nothing is left or parked."""
    happened = causes(cast)
    assert len(happened) > 40
    assert max(Counter(happened).values()) == 1
    steps = sum(one.next_step for ticket in tickets(cast.hotline) for one in ticket.timers)
    assert len(happened) == steps
    keys = [row.key for row in outbox_rows(cast.hotline)]
    assert len(keys) == len(set(keys))
    with cast.hotline.look() as tx:
        assert timer_store.parked_count(tx.session) == 0
        oldest = timer_store.oldest_due(tx.session)
    assert oldest is None or oldest > cast.clock.now()


def neglected(cast: Cast) -> None:
    for sender in range(5):
        cast.writes(LEAK, f"o-{sender}")
    cast.clock.advance(timedelta(days=15))


@pytest.mark.slow
def test_two_sweepers_on_one_database_fire_each_step_once(raise_curtain: Curtain, postgres_url: str) -> None:
    here, there = raise_curtain(postgres_url), raise_curtain(postgres_url)
    neglected(here)
    together(lambda: until_idle(here.hotline), lambda: until_idle(there.hotline))
    until_idle(here.hotline)  # what both left to each other
    all_once(here)


def test_two_threads_of_one_process_fire_each_step_once(sqlite_cast: Cast) -> None:
    neglected(sqlite_cast)
    together(*[lambda: until_idle(sqlite_cast.hotline)] * 2)
    until_idle(sqlite_cast.hotline)
    all_once(sqlite_cast)


@pytest.mark.slow
def test_a_sweep_that_meets_somebody_at_work_leaves_the_ticket_alone_and_respects_what_they_did(
    postgres_cast: Cast,
) -> None:
    cast = postgres_cast
    ticket = cast.ticket(cast.writes(LEAK).number)
    plumber = cast.contractor(cast.names().contractors[ticket.contractor_id or 0])
    cast.clock.set(next(one for one in ticket.timers if one.target == "accept").due_at)
    with ThreadPoolExecutor(1) as threads, cast.hotline.tx() as tx:
        mine = store.by_number(tx.session, ticket.number, plumber)
        mine.updated_at = tx.now
        tx.session.flush()  # the ticket is written, its timers are not yet
        assert threads.submit(sweep, cast.hotline).result(timeout=10) == 0  # which neither waits nor is waited for
        act(tx, mine, "accept", plumber, {"eta": "下午"})
    while sweep(cast.hotline):
        pass
    ticket = cast.ticket(ticket.number)
    assert ticket.state is State.IN_PROGRESS
    history = cast.history(ticket.number).events
    assert "accept" not in {event.details.get("target") for event in history if event.action == "breach"}
    with cast.hotline.look() as tx:
        assert timer_store.parked_count(tx.session) == 0
    cast.tick(days=3)
    late = {event.details["target"] for event in cast.history(ticket.number).events if event.action == "breach"}
    assert late == {"contact", "resolve", "reach", "arrive", "finish"}  # the other clocks were left for the next sweep, not lost


@pytest.mark.slow
def test_people_at_work_and_a_sweeper_never_lose_each_others_writes(raise_curtain: Curtain, postgres_url: str) -> None:
    here, there = raise_curtain(postgres_url), raise_curtain(postgres_url)
    neglected(here)
    numbers = [ticket.number for ticket in tickets(here.hotline)]

    def note(number: str) -> int:
        try:
            with there.hotline.tx() as tx:
                act(tx, store.by_number(tx.session, number, SYSTEM), "note", there.agent(), {"text": "看过"})
        except StaleDataError:
            return 0  # told that somebody was first, and nothing was written
        return 1

    def notes() -> int:
        return sum(note(number) for _ in range(6) for number in numbers)

    written, _ = together(notes, lambda: until_idle(here.hotline))
    until_idle(here.hotline)
    all_once(here)
    with here.hotline.look() as tx:
        assert len(list(tx.session.scalars(select(TicketEvent).where(TicketEvent.action == "note")))) == written
    for number in numbers:
        sequence = [event.seq for event in here.history(number).events]
        assert sequence == list(range(1, len(sequence) + 1))


@pytest.mark.slow
def test_whoever_read_the_ticket_before_a_step_fired_has_to_look_again(postgres_cast: Cast) -> None:
    cast = postgres_cast
    ticket = cast.ticket(cast.writes(LEAK).number)
    plumber = cast.contractor(cast.names().contractors[ticket.contractor_id or 0])
    cast.clock.advance(timedelta(hours=2))
    with pytest.raises(StaleDataError), cast.hotline.tx() as tx:
        read = store.by_number(tx.session, ticket.number, plumber)
        assert sweep(cast.hotline) > 0
        act(tx, read, "accept", plumber, {"eta": "下午"})
    assert cast.ticket(ticket.number).state is State.DISPATCHED
    assert "accept" not in {event.action for event in cast.history(ticket.number).events}
