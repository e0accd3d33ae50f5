"""A recount of many clocks, broken off, raced, and with people at work meanwhile: each once, none left behind."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.orm.exc import StaleDataError

from app import recount
from app.casework import act
from app.errors import Conflict
from app.hotline import Hotline
from app.register.calendars import imported
from app.store import tickets as store
from app.tickets.lifecycle import SYSTEM, State
from app.tickets.model import TicketEvent, Timer
from app.worker import Worker
from tests.app.casework.stage import Stage
from tests.app.doors.proclaimed import (
    CHRISTMAS,
    QUICK,
    SLOW,
    TEN_DAYS,
    TEN_DAYS_UNDER_NOTICE,
    announced,
    everything,
    foreseen,
    imports,
    in_force,
    versions,
)
from tests.app.doors.street import together
from tests.cast import Cast, Curtain


def waits_for_a_lock(hotline: Hotline) -> bool:
    with hotline.db.engine.connect() as connection:
        return bool(connection.scalar(text("SELECT count(*) FROM pg_locks WHERE NOT granted")))


@pytest.fixture
def stage(cast: Cast) -> Stage:
    """On Christmas Eve: what is received now has its deadline in a year of which nothing is known yet."""
    cast.clock.set(CHRISTMAS)
    return Stage(cast)


def test_hundreds_of_tickets_go_in_batches_and_each_is_done_once(stage: Stage) -> None:
    numbers = [stage.opens(SLOW if order % 2 else QUICK) for order in range(150)]
    shown = {one.number for one in foreseen(stage.cast.hotline, page=16)}
    assert shown == set(numbers[1::2])
    batches: list[int] = []
    announced(stage.cast.hotline)
    done = recount.carry_out(stage.cast.hotline, recount.by_notices, batch=16, told=batches.append)
    assert (done.tickets, done.moved, done.clocks) == (75, 75, sum(batches)) and len(batches) > 15
    assert versions(stage.cast.hotline) == in_force(stage.cast.hotline)
    with stage.cast.hotline.look() as tx:
        acts = tx.session.scalars(select(TicketEvent.ticket_id).where(TicketEvent.action == "recount")).all()
    assert len(acts) == len(set(acts)) == 75


def test_what_was_broken_off_is_finished_by_the_worker(stage: Stage) -> None:
    numbers = [stage.opens(SLOW) for _ in range(6)]
    announced(stage.cast.hotline)
    batches: list[int] = []
    recount.carry_out(stage.cast.hotline, recount.by_notices, batch=2, told=batches.append, stopping=lambda: len(batches) == 2)
    due = [stage.clock_of(number, "resolve").due_at for number in numbers]
    assert 0 < due.count(TEN_DAYS_UNDER_NOTICE) < 6
    Worker(stage.cast.hotline).tick()
    assert {stage.clock_of(number, "resolve").due_at for number in numbers} == {TEN_DAYS_UNDER_NOTICE}
    assert all([event.action for event in stage.events(number)].count("recount") == 1 for number in numbers)


def test_a_worker_with_nothing_to_count_again_writes_nothing(stage: Stage) -> None:
    stage.opens(SLOW)
    before = everything(stage.cast.hotline)
    Worker(stage.cast.hotline).recount()
    assert everything(stage.cast.hotline) == before


def test_one_that_cannot_be_counted_keeps_nobody_else(stage: Stage) -> None:
    bad, good = stage.opens(SLOW), stage.opens(SLOW)
    with stage.cast.hotline.tx() as tx:
        tx.session.execute(update(Timer).where(Timer.ticket_id == stage.ticket(bad).id).values(budget="forever"))
    done = imports(stage.cast.hotline)
    assert done.left == {stage.ticket(bad).id}
    assert stage.clock_of(good, "resolve").due_at == TEN_DAYS_UNDER_NOTICE
    with stage.cast.hotline.tx() as tx:
        tx.session.execute(update(Timer).where(Timer.budget == "forever").values(budget="10wd"))
    Worker(stage.cast.hotline).recount()
    assert stage.clock_of(bad, "resolve").calendar in in_force(stage.cast.hotline), "tried again"


def test_a_clock_on_a_calendar_that_nobody_kept_is_counted_and_left_alone(stage: Stage) -> None:
    lost, good = stage.opens(SLOW), stage.opens(SLOW)
    with stage.cast.hotline.tx() as tx:
        tx.session.execute(update(Timer).where(Timer.ticket_id == stage.ticket(lost).id).values(calendar="gone"))
    with stage.cast.hotline.look() as tx:
        assert recount.strays(tx) == len(stage.ticket(lost).timers)
    imports(stage.cast.hotline)
    assert stage.clock_of(good, "resolve").due_at == TEN_DAYS_UNDER_NOTICE
    assert stage.clock_of(lost, "resolve").due_at == TEN_DAYS


@pytest.fixture
def two(raise_curtain: Curtain, postgres_url: str) -> tuple[Stage, Stage]:
    """Two processes on one PostgreSQL."""
    here, there = (Stage(raise_curtain(postgres_url)) for _ in range(2))
    here.cast.clock.set(CHRISTMAS)
    return here, there


@pytest.mark.slow
def test_another_process_starts_its_next_clock_on_the_notice(two: tuple[Stage, Stage]) -> None:
    here, there = two
    assert there.clock_of(there.opens(SLOW), "resolve").due_at == TEN_DAYS, "and so has read what holds before the notice"
    imports(here.cast.hotline)
    fresh = there.clock_of(there.opens(SLOW), "resolve")
    assert (fresh.due_at, fresh.provisional) == (TEN_DAYS_UNDER_NOTICE, False)


@pytest.mark.slow
def test_a_clock_begun_on_the_old_calendar_while_the_notice_is_imported_is_found(two: tuple[Stage, Stage]) -> None:
    here, there = two
    number = there.brought_to(State.RESOLVED, leaf=SLOW)
    with there.cast.hotline.tx() as tx:
        ticket = store.by_number(tx.session, number, SYSTEM)
        assert tx.promises.sla, "what holds is read"
        imports(here.cast.hotline)
        act(tx, ticket, "reopen", there.agent, {"reason": "还在漏"})
    assert there.clock_of(number, "resolve").due_at == TEN_DAYS
    there.cast.clock.advance(timedelta(minutes=1))
    Worker(here.cast.hotline).tick()
    assert there.clock_of(number, "resolve").due_at == TEN_DAYS_UNDER_NOTICE
    assert there.clock_of(number, "resolve").calendar in in_force(here.cast.hotline)


@pytest.mark.slow
def test_two_imports_at_once_are_one(two: tuple[Stage, Stage]) -> None:
    here, there = two
    numbers = [here.opens(SLOW) for _ in range(30)]
    first, second = together(lambda: imports(here.cast.hotline, batch=3), lambda: imports(there.cast.hotline, batch=3))
    assert first.tickets + second.tickets == 30 and not first.left | second.left
    assert {here.clock_of(number, "resolve").due_at for number in numbers} == {TEN_DAYS_UNDER_NOTICE}
    assert all([event.action for event in here.events(number)].count("recount") == 1 for number in numbers)
    with here.cast.hotline.look() as tx:
        assert sorted(imported(tx.session)["CN"].years) == [2027]


@pytest.mark.slow
def test_a_ticket_on_which_somebody_acts_meanwhile_is_waited_for(two: tuple[Stage, Stage]) -> None:
    here, there = two
    numbers = [here.brought_to(State.IN_PROGRESS, leaf=SLOW) for _ in range(3)]
    announced(here.cast.hotline)
    with ThreadPoolExecutor(1) as threads:
        with there.cast.hotline.tx() as tx:
            act(tx, store.by_number(tx.session, numbers[1], SYSTEM), "progress", there.mender, {"text": "在办"})
            tx.session.flush()  # the ticket is ours until the end of the block
            counting = threads.submit(recount.carry_out, here.cast.hotline, recount.by_notices)
            assert any(waits_for_a_lock(there.cast.hotline) or counting.done() for _ in range(5000))
            assert not counting.done()
        done = counting.result(10)
    assert (done.tickets, done.left) == (3, set())
    assert {here.clock_of(number, "resolve").due_at for number in numbers} == {TEN_DAYS_UNDER_NOTICE}
    assert {"progress", "recount"} <= {event.action for event in here.events(numbers[1])}


def interrupted(stage: Stage, number: str, by: Hotline, action: str, details: Mapping[str, Any]) -> None:
    """An act that has read the ticket and its clocks when somebody else imports the notice."""
    with stage.cast.hotline.tx() as tx:
        ticket = store.by_number(tx.session, number, SYSTEM)
        imports(by)
        act(tx, ticket, action, stage.mender, details)


HELD: Mapping[str, Any] = {"reason": "等配件", "until": "2026-12-30T17:30"}


@pytest.mark.slow
def test_who_acts_on_a_ticket_that_a_recount_has_just_moved_is_told_so(two: tuple[Stage, Stage]) -> None:
    here, there = two
    number = here.brought_to(State.IN_PROGRESS, leaf=SLOW)
    with pytest.raises(StaleDataError):
        interrupted(there, number, here.cast.hotline, "hold", HELD)
    there.does(number, "hold", there.mender, **HELD)
    clock = there.clock_of(number, "resolve")
    assert (clock.due_at, clock.paused_at) == (TEN_DAYS_UNDER_NOTICE, CHRISTMAS)


@pytest.mark.slow
def test_an_act_and_a_recount_that_leaves_the_ticket_alone_never_mix_two_calendars(two: tuple[Stage, Stage]) -> None:
    """Nothing tells the act that the clock carries on elsewhere: it goes through on the old calendar, and is found there."""
    here, there = two
    number = here.brought_to(State.IN_PROGRESS, leaf=QUICK)
    here.does(number, "hold", here.mender, **HELD)
    for stage in two:
        stage.cast.clock.set(datetime(2026, 12, 30, 1, 0, tzinfo=UTC))  # four working days later
    interrupted(there, number, here.cast.hotline, "resume", {})
    assert there.clock_of(number, "resolve").due_at == datetime(2027, 1, 5, 9, 30, tzinfo=UTC)
    Worker(here.cast.hotline).recount()
    clock = here.clock_of(number, "resolve")
    assert (clock.due_at, clock.provisional) == (datetime(2027, 1, 6, 9, 30, tzinfo=UTC), False)
    assert versions(here.cast.hotline) == in_force(here.cast.hotline)
    assert all(first["at"] <= second["at"] for first, second in pairwise(clock.ladder))


def test_an_act_refused_by_its_row_is_no_recount(stage: Stage) -> None:
    number = stage.brought_to(State.CLOSED)
    with pytest.raises(Conflict):
        stage.does(number, "recount", SYSTEM, calendar={"from": "a", "to": "b"})
