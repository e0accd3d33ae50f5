"""A holiday notice and the clocks that run: what follows from it moves once and is told, everything else stays as it is."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import MappingProxyType

import pytest
from sqlalchemy import select, update

from app import recount
from app.policy import Policy
from app.tickets.lifecycle import State
from app.tickets.model import Ticket, Timer
from app.worker import Worker
from routing.classify import Model
from sla.budget import Budget
from tests.app.casework.stage import Stage, raise_stage
from tests.app.doors.proclaimed import (
    CHRISTMAS,
    QUICK,
    SLOW,
    TEN_DAYS,
    TEN_DAYS_UNDER_NOTICE,
    announced,
    everything,
    fields,
    foreseen,
    imports,
    in_force,
    versions,
)
from tests.cast import MONDAY_MORNING, Cast
from tests.databases import SqliteFiles
from tests.notices_to_come import CORRECTED_2027


@pytest.fixture
def stage(cast: Cast) -> Stage:
    """On Christmas Eve: what is received now has its deadline in a year of which nothing is known yet."""
    cast.clock.set(CHRISTMAS)
    return Stage(cast)


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


def test_rungs_of_a_clock_that_never_sleeps_wait_for_the_service_hours_under_the_notice(stage: Stage) -> None:
    number = stage.opens("E03", review=False)
    stage.cast.clock.advance(timedelta(minutes=1))
    before = fields(stage, number)[0]
    imports(stage.cast.hotline)
    ticket = stage.ticket(number)
    assert {timer.hours for timer in ticket.timers if timer.stopped_at is None} == in_force(stage.cast.hotline)
    assert not {timer.calendar for timer in ticket.timers} & in_force(stage.cast.hotline)
    assert fields(stage, number)[0] == before


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
