"""Door 3: every step that was due happens once, dated by the plan; what is over, paused or broken stays still."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.event import listen, remove
from sqlalchemy.exc import OperationalError

from app.store import tickets as store
from app.store import timers as timer_store
from app.tickets.lifecycle import BY_TIME, Actor
from app.tickets.model import Ticket, TicketEvent, Timer
from app.timekeeping import sweep
from app.worker import Worker
from tests import proof
from tests.app.doors.street import LEAK, Street, outbox_rows, tickets
from tests.cast import Cast, Curtain
from tests.conftest import FreshDatabase
from tests.databases import Prepare

ALL = {"accept", "contact", "resolve", "reach", "arrive", "finish"}  # what a dispatched leak is promised and owed


def does(cast: Cast, number: str, action: str, by: Actor, **details: Any) -> None:
    with cast.hotline.tx() as tx:
        proof.done(tx, store.by_number(tx.session, number, by), action, by, details)


def opened(cast: Cast, text: str = LEAK, sender: str = "o-chen") -> Ticket:
    return cast.ticket(cast.writes(text, sender).number)


def contractor_of(cast: Cast, ticket: Ticket) -> Actor:
    return cast.contractor(cast.names().contractors[ticket.contractor_id or 0])


def by_time(cast: Cast, number: str) -> list[TicketEvent]:
    """What the clocks did to a ticket, in the order it was written."""
    return [event for event in cast.history(number).events if event.action in BY_TIME]


def story(cast: Cast, number: str) -> list[tuple[datetime, str, str]]:
    return sorted((event.at, event.details["target"], event.cause or "") for event in by_time(cast, number))


def timer(cast: Cast, number: str, target: str) -> Timer:
    return next(one for one in cast.ticket(number).timers if one.target == target)


def test_a_breach_is_dated_by_the_deadline_that_lapsed(cast: Cast) -> None:
    ticket = opened(cast)
    cast.tick(days=3)
    breaches = {event.details["target"]: event for event in by_time(cast, ticket.number) if event.action == "breach"}
    assert set(breaches) == ALL
    for target, event in breaches.items():
        clock = timer(cast, ticket.number, target)
        assert event.at == clock.due_at == clock.breached_at
        assert event.noticed_at == cast.clock.now()
        assert event.at < event.noticed_at


def test_on_the_very_second_it_is_due_a_step_fires_and_not_before(cast: Cast) -> None:
    ticket = opened(cast)
    due = timer(cast, ticket.number, "accept").due_at
    cast.clock.set(due - timedelta(seconds=1))
    Worker(cast.hotline).sweep()
    assert [event.action for event in by_time(cast, ticket.number)] == ["remind"]
    cast.tick(seconds=1)
    assert [(event.action, event.at) for event in by_time(cast, ticket.number)][-1] == ("breach", due)


def test_a_worker_that_slept_writes_the_same_history_as_one_that_watched(
    raise_curtain: Curtain, fresh_database: FreshDatabase, city: Prepare
) -> None:
    watched = raise_curtain(fresh_database(city))
    ticket = opened(watched)
    for _ in range(60):
        watched.tick(hours=6)
    slept = raise_curtain(fresh_database(city))
    assert opened(slept).number == ticket.number
    slept.tick(days=15)
    slept.tick()  # the call-back that a breach leads to has a clock of its own, begun when it was due
    assert sorted(story(slept, ticket.number)) == sorted(story(watched, ticket.number))
    assert len(story(slept, ticket.number)) > 8
    assert {event.action for event in by_time(slept, ticket.number)} == set(BY_TIME)
    assert slept.ticket(ticket.number).level == watched.ticket(ticket.number).level == 3


def test_what_was_missed_is_written_down_in_the_order_it_fell_due(cast: Cast) -> None:
    numbers = [opened(cast, sender=f"o-{sender}").number for sender in range(3)]
    cast.tick(days=15)
    for number in numbers:
        dates = [event.at for event in by_time(cast, number)]
        assert len(dates) > 8
        assert dates == sorted(dates)


def test_a_step_that_has_happened_never_happens_again(cast: Cast) -> None:
    ticket = opened(cast)
    cast.tick(days=3)
    told, before = len(cast.pigeons.sent), story(cast, ticket.number)
    for _ in range(3):
        Worker(cast.hotline).tick()
    assert story(cast, ticket.number) == before
    assert len(cast.pigeons.sent) == told


def test_a_clock_that_was_met_never_fires(cast: Cast) -> None:
    ticket = opened(cast)
    does(cast, ticket.number, "accept", contractor_of(cast, ticket), eta="下午")
    cast.tick(days=20)
    assert {event.details["target"] for event in by_time(cast, ticket.number)} == ALL - {"accept"}


def test_a_paused_clock_stands_still_and_goes_on_from_there(cast: Cast) -> None:
    ticket = opened(cast)
    plumber = contractor_of(cast, ticket)
    due = timer(cast, ticket.number, "resolve").due_at
    does(cast, ticket.number, "accept", plumber, eta="下午")
    does(cast, ticket.number, "contact", plumber, text="已联系")
    does(cast, ticket.number, "arrive", plumber)
    does(cast, ticket.number, "hold", plumber, reason="等配件", until="2026-12-05T10:00")
    cast.tick(days=10)
    assert by_time(cast, ticket.number) == []
    does(cast, ticket.number, "resume", plumber)
    assert timer(cast, ticket.number, "resolve").due_at >= due + timedelta(days=10)
    cast.tick(days=20)
    assert {event.details["target"] for event in by_time(cast, ticket.number)} == {"resolve", "finish"}


@pytest.mark.parametrize("ending", ["withdraw", "reject", "resolve"])
def test_what_is_over_never_escalates(sqlite_cast: Cast, ending: str) -> None:
    cast = sqlite_cast
    ticket = opened(cast)
    if ending == "withdraw":
        does(cast, ticket.number, "withdraw", cast.agent())
    elif ending == "reject":
        does(cast, ticket.number, "return", cast.agent(), reason="非本项目")
        does(cast, ticket.number, "reject", cast.agent(), reason="不属于公租房", refer="12345")
    else:
        does(cast, ticket.number, "accept", contractor_of(cast, ticket), eta="下午")
        does(cast, ticket.number, "resolve", contractor_of(cast, ticket), text="已修")
    assert all(one.next_at is None for one in cast.ticket(ticket.number).timers if one.target != "review")
    cast.tick(days=30)
    asked = {"review"} if ending == "resolve" else set()
    assert {event.details["target"] for event in by_time(cast, ticket.number)} == asked
    assert sweep(cast.hotline) == 0


def test_a_clock_left_running_on_a_closed_ticket_lets_its_steps_go_by(cast: Cast) -> None:
    ticket = opened(cast)
    does(cast, ticket.number, "withdraw", cast.agent())
    with cast.hotline.tx() as tx:  # as a faulty release might leave it
        tx.session.execute(
            update(Timer).where(Timer.ticket_id == ticket.id).values(stopped_at=None, cancelled=False, next_at=tx.now)
        )
    cast.tick(days=30)
    assert by_time(cast, ticket.number) == []
    with cast.hotline.look() as tx:
        assert timer_store.oldest_due(tx.session) is None
        assert timer_store.parked_count(tx.session) == 0


def test_a_sealed_ticket_never_tells_a_contractor_whatever_its_ladder_names(cast: Cast) -> None:
    ticket = opened(cast)
    cast.tick(seconds=11)
    before = len(outbox_rows(cast.hotline, "contractor"))
    with cast.hotline.tx() as tx:
        sealed = store.by_number(tx.session, ticket.number, cast.agent())
        sealed.sealed = True
        for one in sealed.timers:
            one.ladder = [{**step, "tell": ["contractor", "handler", "desk"]} for step in one.ladder]
    cast.tick(days=15)
    events = by_time(cast, ticket.number)
    assert len(events) > 8
    assert all("contractor" in event.details["tell"] for event in events)
    assert len(outbox_rows(cast.hotline, "contractor")) == before
    told = [row for row in outbox_rows(cast.hotline, "desk") if row.event_id is not None]
    assert len(told) == len(events)


def test_a_timer_that_cannot_be_fired_is_parked_and_the_others_go_on(cast: Cast) -> None:
    broken, sound = opened(cast), opened(cast, sender="o-wang")
    bad = timer(cast, broken.number, "accept")
    with cast.hotline.tx() as tx:
        tx.session.execute(update(Timer).where(Timer.id == bad.id).values(ladder=[{"key": "x", "nonsense": 1}]))
    cast.tick(days=3)
    bad = timer(cast, broken.number, "accept")
    assert (bad.next_at, bad.parked_at) == (None, cast.clock.now())
    assert "nonsense" in bad.error
    assert {event.details["target"] for event in by_time(cast, broken.number)} == ALL - {"accept"}
    assert {event.details["target"] for event in by_time(cast, sound.number)} == ALL
    with Street(cast) as street:
        ready = street.get("/readyz")
        assert ready.status_code == 503
        assert ready.json()["troubles"] == ["有 1 个计时因出错停放"]
        assert "hotline_parked_timers 1.0" in street.get("/metrics").text


def test_a_parked_timer_whose_ticket_has_been_dealt_with_alarms_nobody(sqlite_cast: Cast) -> None:
    cast = sqlite_cast
    ticket = opened(cast)
    with cast.hotline.tx() as tx:
        tx.session.execute(update(Timer).where(Timer.target == "contact").values(ladder=[{"key": "x", "nonsense": 1}]))
    cast.tick(days=3)
    with cast.hotline.look() as tx:
        assert timer_store.parked_count(tx.session) == 1
    with cast.hotline.tx() as tx:  # mended by hand, then worked on
        tx.session.execute(update(Timer).where(Timer.target == "contact").values(ladder=[]))
    does(cast, ticket.number, "contact", contractor_of(cast, ticket), text="已联系")
    with cast.hotline.look() as tx:
        assert timer_store.parked_count(tx.session) == 0


def goes_away(connection: object, cursor: object, statement: str, *rest: object) -> None:
    """As a database that goes away in the middle of a step."""
    if statement.startswith("UPDATE timer"):
        raise OperationalError(statement, {}, Exception("server closed the connection unexpectedly"))


def test_a_database_that_goes_away_parks_nothing(sqlite_cast: Cast) -> None:
    cast = sqlite_cast
    ticket = opened(cast)
    listen(cast.hotline.db.engine, "before_cursor_execute", goes_away)
    cast.tick(days=3)
    assert by_time(cast, ticket.number) == []
    with cast.hotline.look() as tx:
        assert timer_store.parked_count(tx.session) == 0
        assert all(one.attempts == 0 for one in tx.session.scalars(select(Timer)))
    remove(cast.hotline.db.engine, "before_cursor_execute", goes_away)
    cast.tick()
    assert {event.details["target"] for event in by_time(cast, ticket.number)} == ALL


def test_a_sweep_does_no_more_than_it_was_allowed(sqlite_cast: Cast) -> None:
    for sender in range(3):
        opened(sqlite_cast, sender=f"o-{sender}")
    sqlite_cast.clock.advance(timedelta(days=15))
    assert sweep(sqlite_cast.hotline, limit=4) == 4
    assert sum(len(by_time(sqlite_cast, ticket.number)) for ticket in tickets(sqlite_cast.hotline)) == 4
    while sweep(sqlite_cast.hotline, limit=4):
        pass
    for ticket in tickets(sqlite_cast.hotline):
        dates = [event.at for event in by_time(sqlite_cast, ticket.number)]
        assert dates == sorted(dates)
