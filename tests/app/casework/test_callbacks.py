"""Call-backs: who becomes a task and when, what an attempt leads to, and what is never counted as praise."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest

from app import aftercare, feedback, interviews
from app.errors import BadInput, Conflict, NotAllowed
from app.store import calls
from app.store import tickets as store
from app.tickets.followup import CallBack, CallState, Rating
from app.tickets.lifecycle import SYSTEM, Actor, Role, State
from tests.app.casework.stage import Stage

GOOD = feedback.Answers(5, solved=True, responded=True)
BAD = feedback.Answers(1, solved=False, reason="还在滴水")


@contextmanager
def rules(stage: Stage, **changed: Any) -> Iterator[None]:
    """Other numbers in the policy, while the block lasts."""
    hotline = stage.cast.hotline
    before = hotline.policy
    hotline.policy = dataclasses.replace(before, rules=dataclasses.replace(before.rules, **changed))
    yield
    hotline.policy = before


def done(stage: Stage, **opened: Any) -> str:
    """A ticket resolved and approved."""
    number = stage.brought_to(State.RESOLVED, **opened)
    stage.does(number, "approve", stage.agent)
    return number


def draws(stage: Stage) -> int:
    return aftercare.draw_calls(stage.cast.hotline)


def drawn(stage: Stage, **opened: Any) -> str:
    number = done(stage, **opened)
    with rules(stage, callback_percent=100):
        draws(stage)
    return number


def tasks(stage: Stage, number: str) -> list[CallBack]:
    return stage.cast.callbacks(number)


def ratings(stage: Stage, number: str) -> list[Rating]:
    return stage.cast.history(number).ratings


def calls_up(stage: Stage, number: str, outcome: str, *, by: Actor | None = None, seen: int | None = None, **given: Any) -> str:
    with stage.cast.hotline.tx() as tx:
        ticket = store.by_number(tx.session, number, SYSTEM)
        task = calls.open_of(tx.session, ticket.id)
        assert task is not None
        call = interviews.Call(outcome, task.attempts if seen is None else seen, **given)
        return interviews.record(tx, task, ticket, by or stage.agent, call)


def callback_clocks(stage: Stage, number: str) -> list[tuple[bool, bool]]:
    """Of each clock of the hotline's calls: whether it is over, and whether it was taken back."""
    return [(one.stopped_at is not None, one.cancelled) for one in stage.ticket(number).timers if one.target == "callback"]


# --- whom


def test_a_resolution_is_called_about_once_it_is_reviewed_and_not_before(stage: Stage) -> None:
    number = stage.brought_to(State.RESOLVED)
    with rules(stage, callback_percent=100):
        draws(stage)
        assert tasks(stage, number) == [] and callback_clocks(stage, number) == []
        stage.does(number, "approve", stage.agent)
        draws(stage)
        assert draws(stage) == 0, "once for a round"
    (task,) = tasks(stage, number)
    assert (task.state, task.why, task.round, task.attempts) == (CallState.OPEN, "resolved", 1, 0)
    assert task.contractor_id == stage.mender.org and task.stratum == f"{stage.mender.org}:C:resolved"
    assert callback_clocks(stage, number) == [(False, False)]
    assert stage.events(number)[-1].action == "callback"


def test_whom_the_lot_spares_is_written_down_and_nothing_is_done_to_the_ticket(stage: Stage) -> None:
    number = done(stage)
    before = stage.ticket(number)
    draws(stage)
    (task,) = tasks(stage, number)
    assert (task.state, task.next_at) == (CallState.SPARED, None)
    after = stage.ticket(number)
    assert (after.seq, after.updated_at, after.called_round, after.to_call_at) == (before.seq, before.updated_at, 1, None)
    assert draws(stage) == 0


@pytest.mark.parametrize("action", ["answer", "grant_closure"])
def test_an_answer_and_an_end_without_a_solution_are_ends_as_well(stage: Stage, action: str) -> None:
    number = stage.opens() if action == "answer" else stage.brought_to(State.IN_PROGRESS)
    if action == "answer":
        stage.does(number, "answer", stage.agent, text="属于正常现象")
    else:
        stage.does(number, "ask_closure", stage.mender, outcome="explained", reason="产权不在我方")
        stage.does(number, "grant_closure", stage.supervisor, reason="情况属实")
    draws(stage)
    (task,) = tasks(stage, number)
    wanted = (CallState.SPARED, "resolved") if action == "answer" else (CallState.OPEN, "unresolved")
    assert (task.state, task.why) == wanted


def test_the_second_round_is_always_called_about(stage: Stage) -> None:
    number = done(stage)
    draws(stage)
    stage.does(number, "reopen", stage.resident(number), reason="又不亮了")
    stage.does(number, "resolve", stage.mender, text="换了整套")
    stage.does(number, "approve", stage.agent)
    draws(stage)
    assert [(task.round, task.state) for task in tasks(stage, number)] == [(1, CallState.SPARED), (2, CallState.OPEN)]


def test_when_the_citizens_limit_lapses_whoever_waits_is_called_and_not_twice_for_the_round(own_stage: Stage) -> None:
    stage = own_stage
    number = stage.brought_to(State.IN_PROGRESS)
    due = stage.clock_of(number, "resolve").due_at
    stage.cast.clock.set(due)
    stage.cast.tick()
    (task,) = tasks(stage, number)
    assert (task.why, task.state, task.drawn_at) == ("lapsed", CallState.OPEN, due)
    assert calls_up(stage, number, "answered", call_id="t-1", answers=BAD) == "kept"
    assert ratings(stage, number) == [], "nothing has been done that could be rated"
    (task,) = tasks(stage, number)
    assert (task.state, task.calls[0].answers["reason"]) == (CallState.REACHED, "还在滴水")
    assert stage.ticket(number).state is State.IN_PROGRESS
    stage.does(number, "resolve", stage.mender, text="修好了")
    stage.does(number, "approve", stage.agent)
    draws(stage)
    assert len(tasks(stage, number)) == 1


@pytest.mark.parametrize("action", ["withdraw", "confirm"])
def test_whoever_has_said_it_or_wants_nothing_more_is_not_called(stage: Stage, action: str) -> None:
    number = done(stage)
    stage.does(number, action, stage.resident(number))
    with rules(stage, callback_percent=100):
        draws(stage)
    assert tasks(stage, number) == []


def test_a_low_grade_given_too_late_is_asked_about_whatever_the_lot_said(stage: Stage) -> None:
    number = done(stage)
    draws(stage)
    stage.does(number, "close", stage.agent)
    stage.cast.clock.advance(timedelta(days=stage.cast.hotline.policy.rules.reopen_days, hours=1))
    with stage.cast.hotline.tx() as tx:
        feedback.rate(tx, store.by_number(tx.session, number, SYSTEM), BAD, via="webform")
    (task,) = tasks(stage, number)
    assert (task.why, task.state) == ("low", CallState.OPEN)
    assert calls_up(stage, number, "answered", call_id="t-2", answers=GOOD) == "kept"
    (rating,) = ratings(stage, number)
    assert (rating.satisfied, rating.by_role) == (1, Role.RESIDENT), "nobody's own grade is replaced by a call"


def test_what_a_week_owes_is_made_up_when_it_is_over(own_stage: Stage) -> None:
    stage = own_stage
    numbers = [done(stage) for _ in range(5)]
    draws(stage)
    assert {task.state for number in numbers for task in tasks(stage, number)} == {CallState.SPARED}
    with rules(stage, callback_minimum=3):
        assert aftercare.keep_minimum(stage.cast.hotline, aftercare.week_of(stage.cast.hotline)) == 0, "this week is not over"
        stage.cast.clock.advance(timedelta(days=7))
        monday = aftercare.week_of(stage.cast.hotline)
        assert aftercare.keep_minimum(stage.cast.hotline, monday) == 3
        assert aftercare.keep_minimum(stage.cast.hotline, monday) == 0
    states = [task.state for number in numbers for task in tasks(stage, number)]
    assert (states.count(CallState.OPEN), states.count(CallState.SPARED)) == (3, 2)


# --- the call


def test_a_good_answer_is_the_residents_rating_written_down_by_the_agent_and_closes(stage: Stage) -> None:
    number = drawn(stage)
    assert calls_up(stage, number, "answered", call_id="t-7", answers=GOOD, note="阿姨很客气") == "rated"
    (rating,) = ratings(stage, number)
    assert (rating.satisfied, rating.solved, rating.responded) == (5, True, True)
    assert (rating.by_role, rating.by_id, rating.by_name) == (Role.AGENT, stage.agent.id, stage.agent.name)
    assert (rating.via, rating.call_id, rating.contractor_id) == ("phone", "t-7", stage.mender.org)
    (task,) = tasks(stage, number)
    assert (task.state, task.calls[0].call_id, task.calls[0].note) == (CallState.REACHED, "t-7", "阿姨很客气")
    assert stage.ticket(number).state is State.CLOSED
    assert callback_clocks(stage, number) == [(True, False)], "met, not taken back"
    assert [event.action for event in stage.events(number)][-3:] == ["call", "rate", "confirm"]


def test_a_bad_answer_opens_the_next_round(stage: Stage) -> None:
    number = drawn(stage)
    assert calls_up(stage, number, "answered", call_id="t-8", answers=BAD) == "again"
    ticket = stage.ticket(number)
    assert (ticket.state, ticket.round) == (State.IN_PROGRESS, 2)
    assert [task.state for task in tasks(stage, number)] == [CallState.REACHED]
    assert "还在滴水" in stage.notices(number, "contractor")[-1].text


def test_nobody_reached_is_tried_as_often_as_the_policy_asks_and_is_no_praise(stage: Stage) -> None:
    number = drawn(stage)
    assert calls_up(stage, number, "no_answer") == "later"
    (task,) = tasks(stage, number)
    assert task.next_at == stage.cast.clock.now() + timedelta(hours=4)
    with pytest.raises(Conflict, match="下次拨打时间"):
        calls_up(stage, number, "busy")
    stage.cast.clock.advance(timedelta(hours=4))
    assert calls_up(stage, number, "off") == "later"
    (task,) = tasks(stage, number)
    assert stage.cast.hotline.local_day(task.next_at or task.drawn_at) > stage.cast.hotline.local_day(stage.cast.clock.now())
    stage.cast.clock.set(task.next_at or task.drawn_at)
    assert calls_up(stage, number, "no_answer") == "unreachable"
    (task,) = tasks(stage, number)
    assert (task.state, task.attempts, task.next_at) == (CallState.UNREACHABLE, 3, None)
    assert ratings(stage, number) == []
    assert stage.ticket(number).state is State.RESOLVED
    assert callback_clocks(stage, number) == [(True, True)]


@pytest.mark.parametrize(("outcome", "state"), [("wrong", CallState.UNREACHABLE), ("refused", CallState.REACHED)])
def test_a_wrong_number_and_a_refusal_end_it_and_rate_nothing(stage: Stage, outcome: str, state: CallState) -> None:
    number = drawn(stage)
    assert calls_up(stage, number, outcome) == outcome
    assert [task.state for task in tasks(stage, number)] == [state]
    assert ratings(stage, number) == []


@pytest.mark.parametrize(
    ("action", "state"),
    [("rate", CallState.ANSWERED), ("confirm", CallState.ANSWERED), ("reopen", CallState.MOOT), ("withdraw", CallState.MOOT)],
)
def test_what_the_resident_does_meanwhile_ends_the_task(stage: Stage, action: str, state: CallState) -> None:
    number = drawn(stage)
    stage.does(number, action, stage.resident(number), reason="又坏了", satisfied=4)
    (task,) = tasks(stage, number)
    assert (task.state, task.next_at) == (state, None)


@pytest.mark.parametrize(
    ("outcome", "given", "why"),
    [
        ("", {}, "拨打结果"),
        ("hung up", {}, "拨打结果"),
        ("answered", {"answers": GOOD}, "通话编号"),
        ("answered", {"call_id": "t"}, "是否解决和满意度"),
        ("answered", {"call_id": "t", "answers": feedback.Answers(0, solved=True)}, "是否解决和满意度"),
        ("answered", {"call_id": "t", "answers": feedback.Answers(5)}, "是否解决和满意度"),
        ("answered", {"call_id": "t", "answers": feedback.Answers(2, solved=True)}, "原因"),
        ("answered", {"call_id": "t", "answers": feedback.Answers(5, solved=False)}, "原因"),
        ("no_answer", {"answers": GOOD}, "没有接通"),
    ],
)
def test_what_is_not_filled_in_is_refused_and_nothing_changes(
    sqlite_stage: Stage, outcome: str, given: dict[str, Any], why: str
) -> None:
    number = drawn(sqlite_stage)
    before = sqlite_stage.everything(number)
    with pytest.raises(BadInput, match=why):
        calls_up(sqlite_stage, number, outcome, **given)
    assert sqlite_stage.everything(number) == before


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.AGENT])
def test_nobody_but_an_agent_writes_a_call_down(sqlite_stage: Stage, role: Role) -> None:
    number = drawn(sqlite_stage)
    with pytest.raises(NotAllowed):
        calls_up(sqlite_stage, number, "answered", by=sqlite_stage.anybody(role, number), call_id="t", answers=GOOD)
    assert ratings(sqlite_stage, number) == []


def test_nor_an_agent_of_the_contractor_whose_work_it_is(sqlite_stage: Stage) -> None:
    stage = sqlite_stage
    number = drawn(stage)
    rated = Actor(Role.AGENT, "77", "匠修客服", stage.mender.org)
    with pytest.raises(NotAllowed, match="被评价单位"):
        calls_up(stage, number, "answered", by=rated, call_id="t", answers=GOOD)
    elsewhere = Actor(Role.AGENT, "78", "区局坐席", stage.mender.org, frozenset({stage.mender.org}))  # a purchaser of that number
    assert calls_up(stage, number, "answered", by=elsewhere, call_id="t", answers=GOOD) == "rated"


def test_one_attempt_is_not_written_down_twice(stage: Stage) -> None:
    number = drawn(stage)
    calls_up(stage, number, "no_answer", seen=0)
    with pytest.raises(Conflict, match="刚刚有人拨打过"):
        calls_up(stage, number, "no_answer", seen=0)
    assert tasks(stage, number)[0].attempts == 1
