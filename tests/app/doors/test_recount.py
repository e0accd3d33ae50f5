"""A holiday notice and the clocks that run: what follows from it moves once and is told, everything else stays as it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from sqlalchemy import inspect, select, update

from app import recount
from app.casework import act
from app.errors import Conflict
from app.hotline import Hotline
from app.policy import Policy
from app.register.calendars import imported
from app.store import counted
from app.store import tickets as store
from app.tickets.lifecycle import SYSTEM, State
from app.tickets.model import Ticket, TicketEvent, Timer
from app.tickets.promises import Promises
from app.worker import Worker
from routing.classify import Model
from sla.budget import Budget
from sla.notices import read_notice
from tests.app.casework.stage import Stage, raise_stage
from tests.app.doors.street import together
from tests.cast import MONDAY_MORNING, Cast, Curtain
from tests.databases import SqliteFiles
from tests.notices_to_come import CORRECTED_2027, OF_2027

CHRISTMAS = datetime(2026, 12, 24, 1, 0, tzinfo=UTC)  # Thursday, 09:00
TEN_DAYS, TEN_DAYS_UNDER_NOTICE = (datetime(2027, 1, day, 9, 30, tzinfo=UTC) for day in (8, 10))
SLOW, QUICK = "C16", "C06"  # resolved within ten working days, and within three


@pytest.fixture
def stage(cast: Cast) -> Stage:
    """On Christmas Eve: what is received now has its deadline in a year of which nothing is known yet."""
    cast.clock.set(CHRISTMAS)
    return Stage(cast)


def announced(hotline: Hotline, text: str = OF_2027, by: str = "周主任") -> list[int]:
    with hotline.tx() as tx:
        return recount.take_up(tx, read_notice(text, "txt"), by)


def imports(hotline: Hotline, text: str = OF_2027) -> recount.Outcome:
    announced(hotline, text)
    return recount.carry_out(hotline, recount.by_notices, by="周主任")


def foreseen(hotline: Hotline, text: str = OF_2027) -> list[recount.Shift]:
    """What would move, were the notice imported."""
    with hotline.look() as tx:
        return list(recount.preview(tx, recount.by_notices(tx, imported(tx.session) | {"CN": read_notice(text, "txt")})))


def versions(hotline: Hotline) -> set[str]:
    """What the open clocks are counted on, those that never sleep left out."""
    with hotline.look() as tx:
        found = {calendar for calendar, _ in counted.pairs(tx.session)}
        return {version for version in found if tx.promises.calendar(version).schedule is not None}


def in_force(hotline: Hotline) -> set[str]:
    with hotline.look() as tx:
        return {held.version for held in tx.promises.sla.calendars.values() if held.schedule}


def everything(hotline: Hotline) -> list[tuple[Any, ...]]:
    """Every field of every ticket, clock and event."""
    with hotline.look() as tx:
        return [
            tuple(getattr(row, column.key) for column in inspect(kind).column_attrs)
            for kind in (Ticket, Timer, TicketEvent)
            for row in tx.session.scalars(select(kind).order_by(kind.id))
        ]


def fields(stage: Stage, number: str) -> list[tuple[Any, ...]]:
    """Every field of a ticket and its clocks."""
    ticket = stage.ticket(number)
    return [tuple(getattr(row, column.key) for column in row.__table__.columns) for row in (ticket, *ticket.timers)]


# --- what moves ---------------------------------------------------------------------------------------------------------


def test_a_notice_imported_in_november_moves_deadlines_of_the_next_year(
    policy: Policy, model: Model, sqlite: SqliteFiles, tmp_path: Path
) -> None:
    patient = {
        key: tuple(replace(one, budget=Budget.parse("30wd")) if one.key == "resolve" else one for one in targets)
        for key, targets in policy.sla.promises.items()
    }
    slow = replace(policy, sla=replace(policy.sla, promises=MappingProxyType(patient)))
    with raise_stage(sqlite.create(), slow, model, tmp_path) as stage:
        assert stage.cast.clock.now() == MONDAY_MORNING, "in November"
        number = stage.opens(SLOW)
        before = stage.clock_of(number, "resolve")
        assert (before.due_at, before.provisional) == (datetime(2027, 1, 5, 9, 30, tzinfo=UTC), True)
        (shift,) = foreseen(stage.cast.hotline)
        assert (shift.number, shift.was, shift.due) == (number, before.due_at, before.due_at + timedelta(days=1))
        assert shift.by == timedelta(hours=7)
        imports(stage.cast.hotline)
        after = stage.clock_of(number, "resolve")
        assert (after.due_at, after.provisional, after.version) == (shift.due, False, before.version + 1)


def test_the_act_has_both_deadlines_and_resident_and_handler_are_told(stage: Stage) -> None:
    number = stage.brought_to(State.IN_PROGRESS, leaf=SLOW)
    before = {timer.target: timer.due_at for timer in stage.ticket(number).timers if timer.stopped_at is None}
    assert before["resolve"] == before["finish"] == TEN_DAYS
    seq = stage.ticket(number).seq
    done = imports(stage.cast.hotline)
    assert (done.tickets, done.moved, done.left) == (1, 2, set())
    event = stage.events(number)[-1]
    assert (event.action, event.seq, stage.ticket(number).seq) == ("recount", seq + 1, seq + 1)
    assert {(change["target"], change["was"], change["due"]) for change in event.clocks if "was" in change} == {
        (target, TEN_DAYS.isoformat(), TEN_DAYS_UNDER_NOTICE.isoformat()) for target in ("resolve", "finish")
    }
    assert event.details["reason"] == "2027年放假安排公布" and event.details["asked_by"] == "周主任"
    assert stage.told_by(number, event) == {"resident", "contractor"}
    (said,) = [row.text for row in stage.notices(number, "resident") if row.event_id == event.id]
    assert "因2027年放假安排公布" in said and "1月8日 17:30" in said and "1月10日 17:30" in said


def test_the_list_is_what_then_happens(stage: Stage) -> None:
    numbers = [stage.opens(leaf) for leaf in (SLOW, QUICK, SLOW)]
    shown = {(one.number, one.target): one.due for one in foreseen(stage.cast.hotline)}
    assert set(shown) == {(numbers[0], "resolve"), (numbers[2], "resolve")}
    before = everything(stage.cast.hotline)
    assert foreseen(stage.cast.hotline) and everything(stage.cast.hotline) == before, "looking changes nothing"
    imports(stage.cast.hotline)
    moved = {
        (number, timer.target): timer.due_at for number in numbers for timer in stage.ticket(number).timers if timer.version > 1
    }
    assert moved == shown


def test_a_correction_moves_them_back(stage: Stage) -> None:
    number = stage.opens(SLOW)
    imports(stage.cast.hotline)
    (shift,) = foreseen(stage.cast.hotline, CORRECTED_2027)
    assert (shift.was, shift.due, shift.by) == (TEN_DAYS_UNDER_NOTICE, TEN_DAYS, -timedelta(hours=7))
    imports(stage.cast.hotline, CORRECTED_2027)
    assert stage.clock_of(number, "resolve").due_at == TEN_DAYS
    assert [event.details["reason"] for event in stage.events(number) if event.action == "recount"] == [
        "2027年放假安排公布",
        "2027年放假安排更正",
    ]


# --- what stays ---------------------------------------------------------------------------------------------------------


def test_of_a_ticket_whose_deadlines_stay_no_field_is_touched(stage: Stage) -> None:
    number = stage.opens(QUICK)
    before = stage.ticket(number)
    events = len(stage.events(number))
    done = imports(stage.cast.hotline)
    after = stage.ticket(number)
    assert (done.tickets, done.moved, done.carried) == (0, 0, len(after.timers))
    assert (after.version, after.updated_at, after.seq) == (before.version, before.updated_at, before.seq)
    assert len(stage.events(number)) == events
    assert [(timer.due_at, timer.version) for timer in after.timers] == [(timer.due_at, timer.version) for timer in before.timers]
    assert versions(stage.cast.hotline) == in_force(stage.cast.hotline)
    assert {timer.hours for timer in after.timers} == {after.timers[0].calendar}, "which waiting rungs wait for"


def test_a_rung_beyond_the_deadline_is_planned_on_the_notice(stage: Stage) -> None:
    stage.cast.clock.set(datetime(2026, 12, 28, 1, 0, tzinfo=UTC))
    number = stage.opens(QUICK)  # due on the 31st
    summoned = [step["at"] for step in stage.clock_of(number, "resolve").ladder]
    imports(stage.cast.hotline)
    after = stage.clock_of(number, "resolve")
    assert after.due_at == datetime(2026, 12, 31, 9, 30, tzinfo=UTC) and after.version == 1
    later = [step["at"] for step in after.ladder]
    assert later != summoned and all(new >= old for new, old in zip(later, summoned, strict=True))
    assert not any(at.startswith("2027-01-04") for at in later), "which is a holiday now"


def test_the_same_notice_again_touches_no_row_at_all(stage: Stage) -> None:
    for leaf in (SLOW, QUICK):
        stage.opens(leaf)
    imports(stage.cast.hotline)
    before = everything(stage.cast.hotline)
    stage.cast.clock.advance(timedelta(hours=1))
    assert announced(stage.cast.hotline) == []
    assert recount.carry_out(stage.cast.hotline, recount.by_notices).clocks == 0
    assert everything(stage.cast.hotline) == before


def test_closed_tickets_and_clocks_that_are_over_stay(stage: Stage) -> None:
    numbers = [stage.brought_to(state, leaf=SLOW) for state in (State.CLOSED, State.REJECTED, State.MERGED)]
    met = stage.brought_to(State.RESOLVED, leaf=SLOW)
    before = [fields(stage, number) for number in numbers]
    over = [(t.id, t.due_at, t.calendar) for t in stage.ticket(met).timers if t.stopped_at is not None]
    imports(stage.cast.hotline)
    assert [fields(stage, number) for number in numbers] == before
    assert [(t.id, t.due_at, t.calendar) for t in stage.ticket(met).timers if t.stopped_at is not None] == over


def test_a_deadline_that_somebody_decided_on_stays(stage: Stage) -> None:
    number = stage.brought_to(State.IN_PROGRESS, leaf=SLOW)
    stage.does(number, "override", stage.supervisor, target="resolve", deadline="2027-01-05T10:00", reason="住户要求")
    decided = stage.clock_of(number, "resolve")
    imports(stage.cast.hotline)
    after = stage.clock_of(number, "resolve")
    assert (after.due_at, after.version) == (decided.due_at, decided.version)
    assert after.calendar in in_force(stage.cast.hotline)
    assert stage.clock_of(number, "finish").due_at == TEN_DAYS_UNDER_NOTICE


def test_a_deadline_that_has_lapsed_stays_whether_or_not_it_was_noticed(stage: Stage) -> None:
    noticed, unnoticed = stage.opens(SLOW), stage.opens(SLOW)
    stage.cast.clock.set(TEN_DAYS + timedelta(minutes=1))
    with stage.cast.hotline.tx() as tx:
        one = tx.session.scalars(select(Timer).join(Ticket).where(Ticket.number == noticed, Timer.target == "resolve")).one()
        one.breached_at = one.due_at
    assert foreseen(stage.cast.hotline) == []
    done = imports(stage.cast.hotline)
    assert (done.tickets, done.moved) == (0, 0)
    assert {stage.clock_of(number, "resolve").due_at for number in (noticed, unnoticed)} == {TEN_DAYS}
    Worker(stage.cast.hotline).tick()
    breaches = [event for event in stage.events(unnoticed) if event.action == "breach" and event.details["target"] == "resolve"]
    assert [event.at for event in breaches] == [TEN_DAYS]


def test_no_deadline_moves_to_where_it_has_lapsed_already(stage: Stage) -> None:
    number = stage.opens(SLOW)
    imports(stage.cast.hotline)
    stage.cast.clock.set(TEN_DAYS + timedelta(hours=1))  # the correction would have it lapse an hour ago
    imports(stage.cast.hotline, CORRECTED_2027)
    after = stage.clock_of(number, "resolve")
    assert (after.due_at, after.breached_at, after.version) == (TEN_DAYS_UNDER_NOTICE, None, 2)


def test_a_clock_that_stands_still_moves_and_goes_on_from_there(stage: Stage) -> None:
    number = stage.brought_to(State.IN_PROGRESS, leaf=SLOW)
    stage.does(number, "hold", stage.mender, reason="等配件", until="2026-12-30T17:30")
    imports(stage.cast.hotline)
    paused = stage.clock_of(number, "resolve")
    assert (paused.due_at, paused.paused_at) == (TEN_DAYS_UNDER_NOTICE, CHRISTMAS)
    stage.cast.clock.set(datetime(2026, 12, 25, 1, 0, tzinfo=UTC))
    stage.does(number, "resume", stage.mender)
    assert stage.clock_of(number, "resolve").due_at == datetime(2027, 1, 11, 9, 30, tzinfo=UTC), "one working day later"


def test_a_clock_that_is_parked_waits_for_whoever_mends_it(stage: Stage) -> None:
    number = stage.opens(SLOW)
    with stage.cast.hotline.tx() as tx:
        tx.session.execute(update(Timer).values(parked_at=tx.now, next_at=None))
    imports(stage.cast.hotline)
    after = stage.clock_of(number, "resolve")
    assert (after.due_at, after.next_at) == (TEN_DAYS_UNDER_NOTICE, None)


def test_silence_is_not_broken_by_a_calendar(stage: Stage) -> None:
    stage.cast.clock.set(datetime(2026, 12, 31, 8, 0, tzinfo=UTC))
    number = stage.brought_to(State.RESOLVED)
    before = stage.ticket(number).updated_at
    stage.cast.clock.advance(timedelta(hours=1))
    imports(stage.cast.hotline)
    assert stage.ticket(number).updated_at == before


# --- many, broken off, and others at work meanwhile -----------------------------------------------------------------------


def test_hundreds_of_tickets_go_in_batches_and_each_is_done_once(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recount, "BATCH", 16)
    monkeypatch.setattr(recount, "PAGE", 16)
    numbers = [stage.opens(SLOW if order % 2 else QUICK) for order in range(150)]
    shown = {one.number for one in foreseen(stage.cast.hotline)}
    assert shown == set(numbers[1::2])
    batches: list[int] = []
    announced(stage.cast.hotline)
    done = recount.carry_out(stage.cast.hotline, recount.by_notices, told=batches.append)
    assert (done.tickets, done.moved, done.clocks) == (75, 75, sum(batches)) and len(batches) > 15
    assert versions(stage.cast.hotline) == in_force(stage.cast.hotline)
    with stage.cast.hotline.look() as tx:
        acts = tx.session.scalars(select(TicketEvent.ticket_id).where(TicketEvent.action == "recount")).all()
    assert len(acts) == len(set(acts)) == 75


def test_what_was_broken_off_is_finished_by_the_worker(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recount, "BATCH", 2)
    numbers = [stage.opens(SLOW) for _ in range(6)]
    announced(stage.cast.hotline)
    batches: list[int] = []
    recount.carry_out(stage.cast.hotline, recount.by_notices, told=batches.append, stopping=lambda: len(batches) == 2)
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
def test_two_imports_at_once_are_one(two: tuple[Stage, Stage], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recount, "BATCH", 3)
    here, there = two
    numbers = [here.opens(SLOW) for _ in range(30)]
    first, second = together(lambda: imports(here.cast.hotline), lambda: imports(there.cast.hotline))
    assert first.tickets + second.tickets == 30 and not first.left | second.left
    assert {here.clock_of(number, "resolve").due_at for number in numbers} == {TEN_DAYS_UNDER_NOTICE}
    assert all([event.action for event in here.events(number)].count("recount") == 1 for number in numbers)
    with here.cast.hotline.look() as tx:
        assert sorted(imported(tx.session)["CN"].years) == [2027]


@pytest.mark.slow
def test_a_ticket_on_which_somebody_acts_meanwhile_is_waited_for(two: tuple[Stage, Stage]) -> None:
    here, there = two
    numbers = [here.brought_to(State.IN_PROGRESS, leaf=SLOW) for _ in range(3)]

    def acts() -> None:
        with there.cast.hotline.tx() as tx:
            act(tx, store.by_number(tx.session, numbers[1], SYSTEM), "progress", there.mender, {"text": "在办"})
            tx.session.flush()  # the ticket is ours until the end of the block
            announced(here.cast.hotline)
            tried.set_result(None)
            tx.session.connection().exec_driver_sql("SELECT pg_sleep(0.3)")

    from concurrent.futures import Future

    tried: Future[None] = Future()

    def counts() -> recount.Outcome:
        tried.result(10)
        return recount.carry_out(here.cast.hotline, recount.by_notices)

    _, done = together(acts, counts)
    assert isinstance(done, recount.Outcome) and (done.tickets, done.left) == (3, set())
    assert {here.clock_of(number, "resolve").due_at for number in numbers} == {TEN_DAYS_UNDER_NOTICE}
    assert {"progress", "recount"} <= {event.action for event in here.events(numbers[1])}


@pytest.mark.slow
@pytest.mark.parametrize("leaf", [SLOW, QUICK])
def test_an_act_that_has_read_the_clocks_before_a_recount_never_mixes_the_calendars(two: tuple[Stage, Stage], leaf: str) -> None:
    """Where the ticket moved the act is refused; where it was not touched the act goes through and its clocks are found again."""
    here, there = two
    number = here.brought_to(State.IN_PROGRESS, leaf=leaf)
    held: Mapping[str, Any] = {"reason": "等配件", "until": "2026-12-30T17:30"}

    def interrupted(do: Callable[[], object]) -> None:
        with there.cast.hotline.tx() as tx:
            ticket = store.by_number(tx.session, number, SYSTEM)
            do()
            act(tx, ticket, "hold", there.mender, held)

    if leaf == SLOW:
        with pytest.raises(Exception, match=r"ticket|expected to update"):
            interrupted(lambda: imports(here.cast.hotline))
        here.does(number, "hold", here.mender, **held)
    else:
        interrupted(lambda: imports(here.cast.hotline))
    Worker(here.cast.hotline).recount()
    clock = here.clock_of(number, "resolve")
    assert clock.paused_at is not None and clock.calendar in in_force(here.cast.hotline)
    assert all(first["at"] <= second["at"] for first, second in pairwise(clock.ladder))
    here.cast.clock.advance(timedelta(days=1))
    here.does(number, "resume", here.mender)
    working_days = 11 if leaf == SLOW else 4
    with here.cast.hotline.look() as tx:
        promises: Promises = tx.promises
        due = promises.calendar_of(clock).add_days(CHRISTMAS, working_days).at
    assert here.clock_of(number, "resolve").due_at == due


def test_an_act_refused_by_its_row_is_no_recount(stage: Stage) -> None:
    number = stage.brought_to(State.CLOSED)
    with pytest.raises(Conflict):
        stage.does(number, "recount", SYSTEM, calendar={"from": "a", "to": "b"})
