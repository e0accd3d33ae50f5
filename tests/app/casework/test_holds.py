"""A hold 挂起 has an end and a cap: whoever ends it, whenever the worker wakes, nobody stands still longer than was said."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from app.errors import BadInput, HotlineError
from app.store import holds as hold_store
from app.tickets.lifecycle import SYSTEM, Role, State
from app.timekeeping import end_holds
from tests.app.casework.stage import Stage
from tests.cast import MONDAY_MORNING, Cast

FRIDAY = datetime.fromisoformat("2026-11-27T17:30:00+08:00")  # when a ticket that was brought to ON_HOLD is taken up again


@pytest.fixture
def alone(sqlite_cast: Cast) -> Stage:
    """A stage of one's own, where a tick fires nobody else's clocks."""
    return Stage(sqlite_cast)


def on_hold(stage: Stage) -> str:
    return stage.brought_to(State.ON_HOLD)


def test_the_citizen_is_told_why_and_until_when_and_again_when_work_goes_on(stage: Stage) -> None:
    number = on_hold(stage)
    (held,) = stage.holds(number)
    assert (held.started_at, held.until, held.ended_at, held.reason) == (MONDAY_MORNING, FRIDAY, None, "等配件")
    told = stage.notices(number, "resident")[-1]
    assert "等配件" in told.text and "11月27日 17:30" in told.text and told.good_until == FRIDAY
    event = stage.does(number, "resume", stage.mender)
    (told,) = [row for row in stage.notices(number, "resident") if row.event_id == event.id]
    due = stage.clock_of(number, "resolve").due_at
    assert stage.cast.hotline.spell(due) in told.text, "the date has moved, and is said"


def test_taken_up_early_only_the_time_that_passed_is_given_back(stage: Stage) -> None:
    number = on_hold(stage)
    before = stage.clock_of(number, "resolve").due_at
    early = stage.cast.clock.advance(timedelta(hours=1))
    stage.does(number, "resume", stage.mender)
    assert [held.ended_at for held in stage.holds(number)] == [early]
    clock = stage.clock_of(number, "resolve")
    assert (clock.held, clock.paused_at) == (timedelta(hours=1), None)
    assert clock.due_at == before + timedelta(hours=16), "an hour over closing time lies after the next opening"


def test_a_hold_ends_by_itself_at_the_second_it_was_to_end(alone: Stage) -> None:
    number = on_hold(alone)
    alone.cast.clock.set(FRIDAY - timedelta(seconds=1))
    assert end_holds(alone.cast.hotline) == 0
    alone.cast.clock.set(FRIDAY)
    assert end_holds(alone.cast.hotline) == 1
    assert end_holds(alone.cast.hotline) == 0
    event = alone.events(number)[-1]
    assert (event.action, event.by_role, event.at) == ("resume", Role.SYSTEM, FRIDAY)
    assert alone.ticket(number).state is State.IN_PROGRESS
    assert alone.told_by(number, event) == {"resident"}


@pytest.mark.parametrize("late", [timedelta(0), timedelta(days=3)], ids=["worker awake", "worker away"])
def test_whoever_comes_late_to_end_it_ends_it_by_its_end(alone: Stage, late: timedelta) -> None:
    """The deadline afterwards must not depend on when a worker woke up."""
    number = on_hold(alone)
    alone.cast.clock.set(FRIDAY + late)
    assert end_holds(alone.cast.hotline) == 1
    event = alone.events(number)[-1]
    assert (event.at, event.noticed_at) == (FRIDAY, FRIDAY + late)
    assert [held.ended_at for held in alone.holds(number)] == [FRIDAY]
    clock = alone.clock_of(number, "resolve")
    assert clock.due_at == datetime.fromisoformat("2026-12-03T17:00:00+08:00"), "34 and a half hours of 7 a day"


@pytest.mark.parametrize(("action", "by"), [("resume", "mender"), ("return", "agent")])
def test_a_person_who_ends_it_late_gives_nobody_more_than_the_hold_was(alone: Stage, action: str, by: str) -> None:
    """The worker is away; the contractor signs in three days after the hold was over. It gains nothing by that."""
    number = on_hold(alone)
    alone.cast.clock.set(FRIDAY + timedelta(days=3))
    alone.does(number, action, getattr(alone, by), reason="换一家")
    assert [held.ended_at for held in alone.holds(number)] == [FRIDAY]
    assert alone.clock_of(number, "resolve").due_at == datetime.fromisoformat("2026-12-03T17:00:00+08:00")
    assert end_holds(alone.cast.hotline) == 0


def test_returned_while_on_hold_the_citizen_waits_on_and_the_contractor_is_free(stage: Stage) -> None:
    number = on_hold(stage)
    now = stage.cast.clock.advance(timedelta(days=1))
    stage.does(number, "return", stage.agent, reason="换一家")
    assert {(t.target, t.paused_at) for t in stage.ticket(number).timers if t.stopped_at is None} == {
        ("contact", None),
        ("resolve", None),
    }
    assert [held.ended_at for held in stage.holds(number)] == [now]
    with stage.cast.hotline.look() as tx:
        assert stage.ticket(number).id not in hold_store.over(tx.session, FRIDAY, 1000)


def test_contact_acceptance_arrival_and_the_contractors_own_contact_never_stand_still(stage: Stage) -> None:
    number = on_hold(stage)
    paused = {t.target: t.paused_at is not None for t in stage.ticket(number).timers if t.stopped_at is None}
    assert paused == {"contact": False, "reach": False, "arrive": False, "resolve": True, "finish": True}


def test_an_alarm_while_on_hold_runs_at_once_and_keeps_on_running(alone: Stage) -> None:
    number = on_hold(alone)
    told = alone.cast.clock.advance(timedelta(hours=1))
    alone.does(number, "alarm", SYSTEM, codes=["E03"])
    assert all(t.paused_at is None for t in alone.ticket(number).timers if t.stopped_at is None)
    assert {t.started_at for t in alone.ticket(number).timers if t.stopped_at is None and t.party == "citizen"} == {told}
    due = alone.clock_of(number, "resolve").due_at
    alone.cast.clock.set(FRIDAY)
    assert end_holds(alone.cast.hotline) == 1
    assert alone.clock_of(number, "resolve").due_at == due == told + timedelta(hours=4)


def test_held_then_given_another_category_the_pause_is_kept(stage: Stage) -> None:
    """R09: a promise that changes is counted with every pause that the ticket has had."""
    number = on_hold(stage)
    stage.cast.clock.advance(timedelta(days=1))
    stage.does(number, "return", stage.agent, reason="换一家")
    stage.does(number, "classify", stage.agent, leaf="P02", urgency="U2")  # 5 working days instead of 3
    clock = stage.clock_of(number, "resolve")
    assert (clock.started_at, clock.budget, clock.held) == (MONDAY_MORNING, "5wd", timedelta(hours=7))
    assert clock.due_at == datetime.fromisoformat("2026-12-01T17:30:00+08:00"), "Monday's closing time, and the day that it stood"
    assert len(next(entry for entry in stage.events(number)[-1].clocks if entry["op"] == "+")["pauses"]) == 1


NO_TIME, PAST, TOO_LONG, TOGETHER = "不是日期和时间", "须在现在之后", "一次挂起最多 15 天", "合计最多 30 天"


@pytest.mark.parametrize(
    ("until", "words"),
    [
        ("过几天", NO_TIME),
        ("2026-13-01T10:00", NO_TIME),
        ("2026-11-23T09:00", PAST),
        ("2025-11-27T17:30", PAST),
        ("0001-01-01T00:00:00+14:00", PAST),
        ("2026-12-08T09:01", TOO_LONG),
        ("9999-12-31T23:59:59-12:00", "过于遥远"),
    ],
)
def test_a_hold_without_a_proper_end_is_refused_in_words_and_changes_nothing(sqlite_stage: Stage, until: str, words: str) -> None:
    number = sqlite_stage.brought_to(State.IN_PROGRESS)
    before = sqlite_stage.everything(number)
    with pytest.raises(BadInput, match=words) as refused:
        sqlite_stage.does(number, "hold", sqlite_stage.mender, reason="等配件", until=until)
    assert refused.value.cure
    assert sqlite_stage.everything(number) == before


def test_the_longest_hold_is_allowed_and_all_together_are_capped(sqlite_stage: Stage) -> None:
    stage = sqlite_stage
    number = stage.brought_to(State.IN_PROGRESS)
    for _ in range(2):
        until = stage.cast.clock.now() + timedelta(days=15)
        stage.does(number, "hold", stage.mender, reason="等配件", until=until.isoformat())
        stage.cast.clock.set(until)
        stage.does(number, "resume", stage.mender)
    before = stage.everything(number)
    with pytest.raises(BadInput, match=TOGETHER):
        stage.does(number, "hold", stage.mender, reason="还等", until=(stage.cast.clock.now() + timedelta(hours=1)).isoformat())
    assert stage.everything(number) == before


def test_what_was_not_used_of_a_hold_counts_against_no_cap(sqlite_stage: Stage) -> None:
    stage = sqlite_stage
    number = stage.brought_to(State.IN_PROGRESS)
    for _ in range(4):  # four of fifteen days, each taken up after an hour
        until = stage.cast.clock.now() + timedelta(days=15)
        stage.does(number, "hold", stage.mender, reason="等配件", until=until.isoformat())
        stage.cast.clock.advance(timedelta(hours=1))
        stage.does(number, "resume", stage.mender)
    assert sum(((one.ended_at or one.until) - one.started_at for one in stage.holds(number)), timedelta()) == timedelta(hours=4)


def test_a_hold_needs_a_reason(sqlite_stage: Stage) -> None:
    number = sqlite_stage.brought_to(State.IN_PROGRESS)
    with pytest.raises(HotlineError, match="挂起缺少：理由"):
        sqlite_stage.does(number, "hold", sqlite_stage.mender, reason="", until="2026-11-27T17:30")
    assert sqlite_stage.ticket(number).state is State.IN_PROGRESS
