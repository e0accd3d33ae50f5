"""What acts do to the clocks: the citizen's runs from receipt whoever is set to work, the contractor's from its own dispatch."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from app.tickets.lifecycle import SYSTEM, Handler, State
from tests.app.casework.stage import Stage
from tests.cast import MONDAY_MORNING


def due(stage: Stage, number: str) -> dict[str, datetime]:
    """The deadlines of the clocks that run."""
    return {timer.target: timer.due_at for timer in stage.ticket(number).timers if timer.stopped_at is None}


def test_a_changed_category_counts_its_own_limits_from_receipt(stage: Stage) -> None:
    number = stage.opens("C06")  # 5 working days
    slow = due(stage, number)
    stage.cast.clock.advance(timedelta(hours=3))
    stage.does(number, "classify", stage.agent, leaf="C01", urgency="U1")  # 2 hours, 2 working days
    quick = due(stage, number)
    assert {timer.started_at for timer in stage.ticket(number).timers} == {MONDAY_MORNING}
    assert quick["contact"] == MONDAY_MORNING + timedelta(hours=2), "already lapsed, and said so"
    assert quick["resolve"] < slow["resolve"]
    stage.does(number, "classify", stage.agent, leaf="C06", urgency="U2")
    assert due(stage, number) == slow


def test_a_category_of_the_same_limits_leaves_the_clocks_alone(stage: Stage) -> None:
    number = stage.opens("C06")
    before = [(timer.id, timer.due_at, timer.version) for timer in stage.ticket(number).timers]
    stage.cast.clock.advance(timedelta(hours=1))
    stage.does(number, "classify", stage.agent, leaf="C08")
    assert [(timer.id, timer.due_at, timer.version) for timer in stage.ticket(number).timers] == before


def test_a_contact_that_was_made_is_not_asked_for_again(stage: Stage) -> None:
    number = stage.opens("C06")
    stage.does(number, "reply", stage.agent, text="我们已经知道了")
    stage.does(number, "classify", stage.agent, leaf="C01", urgency="U1")
    assert set(due(stage, number)) == {"resolve"}


def test_another_contractor_gets_time_of_its_own_and_the_citizen_none_the_less(stage: Stage) -> None:
    number = stage.brought_to(State.DISPATCHED)
    first = due(stage, number)
    stage.cast.clock.advance(timedelta(hours=2))
    stage.does(number, "return", stage.agent, reason="派错了")
    assert set(due(stage, number)) == {"contact", "resolve"}
    later = stage.cast.clock.advance(timedelta(hours=1))
    stage.does(number, "dispatch", stage.agent, contractor=stage.other.org)
    second = due(stage, number)
    assert (second["contact"], second["resolve"]) == (first["contact"], first["resolve"])
    accept = stage.clock_of(number, "accept")
    assert (accept.started_at, accept.contractor_id) == (later, stage.other.org)
    assert second["accept"] > first["accept"]
    others = [timer for timer in stage.ticket(number).timers if timer.target == "accept" and timer.id != accept.id]
    assert [(timer.contractor_id, timer.cancelled) for timer in others] == [(stage.mender.org, True)]


def test_a_hold_stands_still_for_the_resolution_alone(stage: Stage) -> None:
    number = stage.brought_to(State.IN_PROGRESS)
    before = due(stage, number)
    assert set(before) == {"contact", "resolve", "reach", "arrive", "finish"}
    held = stage.cast.clock.advance(timedelta(hours=1))
    stage.does(number, "hold", stage.mender, reason="等配件", until="2026-11-27T17:30")
    clocks = {timer.target: timer for timer in stage.ticket(number).timers if timer.stopped_at is None}
    assert (clocks["resolve"].paused_at, clocks["resolve"].next_at) == (held, None)
    assert clocks["contact"].paused_at is None and clocks["contact"].next_at is not None
    stage.cast.clock.advance(timedelta(days=1))
    stage.does(number, "resume", stage.mender)
    after = due(stage, number)
    assert {key: after[key] for key in ("contact", "reach", "arrive")} == {
        key: before[key] for key in ("contact", "reach", "arrive")
    }
    assert after["finish"] == after["resolve"], "dispatched on the day of receipt, and paused together"
    # One working day stood still; the limit is counted in working days and due at closing time.
    assert after["resolve"] == before["resolve"] + timedelta(days=3 if before["resolve"].weekday() == 4 else 1)


def test_what_is_taken_back_while_on_hold_runs_again(stage: Stage) -> None:
    number = stage.brought_to(State.ON_HOLD)
    stage.does(number, "return", stage.agent, reason="换一家")
    ticket = stage.ticket(number)
    assert all(timer.paused_at is None for timer in ticket.timers if timer.stopped_at is None)
    assert [held.ended_at for held in stage.holds(number)] == [stage.cast.clock.now()]
    assert stage.clock_of(number, "resolve").next_at is not None


def test_what_is_taken_back_is_nobodys_and_who_had_it_is_told(stage: Stage) -> None:
    number = stage.brought_to(State.IN_PROGRESS)
    event = stage.does(number, "return", stage.agent, reason="应由别家办理")
    ticket = stage.ticket(number)
    assert (ticket.handler, ticket.contractor_id, ticket.contract_id) == (Handler.DESK, None, None)
    (told,) = [row for row in stage.notices(number, "contractor") if row.event_id == event.id]
    assert told.org_id == stage.mender.org
    assert told.address == stage.cast.names().contractors[stage.mender.org]
    assert "应由别家办理" in told.text


def test_what_is_taken_back_from_a_purchaser_is_told_to_the_purchaser(stage: Stage) -> None:
    number = stage.opens("G02", review=False)
    event = stage.does(number, "return", stage.agent, reason="重新研判")
    assert stage.told_by(number, event) == {"supervisor", "desk"}
    assert stage.ticket(number).handler is Handler.DESK


@pytest.mark.parametrize(("state", "action"), [(State.RESOLVED, "remand"), (State.RESOLVED, "reopen"), (State.CLOSED, "reopen")])
def test_work_done_again_is_a_new_round_on_a_new_clock(stage: Stage, state: State, action: str) -> None:
    number = stage.brought_to(state)
    first = stage.clock_of(number, "resolve")
    later = stage.cast.clock.advance(timedelta(days=1))
    stage.does(number, action, stage.agent, reason="又坏了")
    ticket, fresh = stage.ticket(number), stage.clock_of(number, "resolve")
    assert (ticket.state, ticket.round, ticket.level) == (State.IN_PROGRESS, 2, 0)
    assert (fresh.round, fresh.started_at, fresh.stopped_at) == (2, later, None)
    assert fresh.id != first.id and fresh.due_at > first.due_at
    kept = next(timer for timer in ticket.timers if timer.id == first.id)
    assert (kept.round, kept.stopped_at, kept.due_at) == (1, first.stopped_at, first.due_at)


def test_an_emergency_is_never_paused(stage: Stage) -> None:
    number = stage.opens("E02", review=False)
    assert stage.ticket(number).state is State.DISPATCHED
    handler = stage.cast.contractor(stage.cast.names().contractors[stage.ticket(number).contractor_id or 0])
    stage.does(number, "accept", handler, eta="马上")
    before = due(stage, number)
    stage.does(number, "hold", handler, reason="等钥匙", until="2026-11-23T12:00")
    assert stage.clock_of(number, "resolve").paused_at is None
    assert due(stage, number) == before


def limits(stage: Stage, number: str) -> dict[str, tuple[str, datetime]]:
    """Of each of the citizen's clocks that run, how long and since when."""
    return {
        t.target: (t.budget, t.started_at) for t in stage.ticket(number).timers if t.stopped_at is None and t.party == "citizen"
    }


def alarmed(stage: Stage, number: str, *codes: str) -> datetime:
    stage.does(number, "alarm", SYSTEM, codes=list(codes))
    return stage.cast.clock.now()


def test_an_emergency_told_later_is_counted_from_when_it_was_told(stage: Stage) -> None:
    number = stage.brought_to(State.DISPATCHED)
    before = [timer.id for timer in stage.ticket(number).timers if timer.party == "citizen"]
    stage.cast.clock.advance(timedelta(days=2))
    told = alarmed(stage, number, "E03")  # 2 minutes, 4 hours
    assert limits(stage, number) == {"contact": ("2m", told), "resolve": ("4h", told)}
    assert due(stage, number)["contact"] == told + timedelta(minutes=2)
    ended = [timer for timer in stage.ticket(number).timers if timer.id in before]
    assert [(timer.stopped_at, timer.cancelled) for timer in ended] == [(told, True)] * 2


def test_whoever_is_set_to_work_after_an_emergency_was_told_finds_its_clocks_and_no_others(stage: Stage) -> None:
    number = stage.brought_to(State.IN_PROGRESS)
    stage.cast.clock.advance(timedelta(days=2))
    told = alarmed(stage, number, "E03")
    promised = due(stage, number)
    stage.cast.clock.advance(timedelta(minutes=1))
    stage.does(number, "return", stage.agent, reason="换一家")
    stage.does(number, "classify", stage.agent, leaf="C05", urgency="U0")
    stage.does(number, "dispatch", stage.agent, contractor=stage.other.org)
    assert limits(stage, number) == {"contact": ("2m", told), "resolve": ("4h", told)}
    assert {key: promised[key] for key in ("contact", "resolve")}.items() <= due(stage, number).items()
    assert stage.clock_of(number, "contact").breached_at is None


def test_a_stricter_limit_found_later_is_counted_from_when_the_emergency_was_told(stage: Stage) -> None:
    number = stage.opens("C06")
    stage.cast.clock.advance(timedelta(days=2))
    told = alarmed(stage, number, "E08")  # 10 minutes
    stage.cast.clock.advance(timedelta(minutes=1))
    stage.does(number, "classify", stage.agent, leaf="E02", urgency="U0")  # 2 minutes, 1 hour
    assert limits(stage, number) == {"contact": ("2m", told), "resolve": ("1h", told)}


def test_an_emergency_told_in_the_first_words_is_counted_from_receipt_on_one_set_of_clocks(stage: Stage) -> None:
    number = stage.opens("E03", review=False)
    assert [event.action for event in stage.events(number)][:2] == ["receive", "alarm"]
    assert limits(stage, number) == {"contact": ("2m", MONDAY_MORNING), "resolve": ("4h", MONDAY_MORNING)}
    assert [timer.cancelled for timer in stage.ticket(number).timers if timer.party == "citizen"] == [False, False]


def test_an_emergency_told_again_gives_nobody_more_time(stage: Stage) -> None:
    number = stage.brought_to(State.IN_PROGRESS)
    alarmed(stage, number, "E03")
    first = due(stage, number)
    stage.cast.clock.advance(timedelta(minutes=30))
    alarmed(stage, number, "E03", "E08")
    assert due(stage, number) == first


def test_who_was_called_before_it_burned_is_called_again(stage: Stage) -> None:
    number = stage.brought_to(State.IN_PROGRESS)
    stage.does(number, "contact", stage.mender, text="打过电话")
    stage.cast.clock.advance(timedelta(hours=1))
    told = alarmed(stage, number, "E03")
    assert limits(stage, number)["contact"] == ("2m", told)
    stage.does(number, "contact", stage.mender, text="又打了")
    assert set(limits(stage, number)) == {"resolve"}


def test_an_emergency_loosens_no_limit_that_is_stricter(stage: Stage) -> None:
    number = stage.opens("C06")
    told = alarmed(stage, number, "E10")  # a crowd: 30 minutes, a day
    assert limits(stage, number) == {"contact": ("10m", told), "resolve": ("4h", told)}


def test_an_emergency_stands_still_for_no_hold(stage: Stage) -> None:
    number = stage.brought_to(State.ON_HOLD)
    told = alarmed(stage, number, "E03")
    assert (stage.clock_of(number, "resolve").started_at, stage.clock_of(number, "resolve").paused_at) == (told, None)


def test_an_alarm_found_to_be_none_gives_nobody_more_time(stage: Stage) -> None:
    number = stage.opens("C06")
    usual = due(stage, number)
    stage.cast.clock.advance(timedelta(days=1))
    alarmed(stage, number, "E03")
    stage.does(number, "classify", stage.agent, leaf="C06", urgency="U2")
    assert due(stage, number) == usual
