"""不解决办结: whoever cannot solve it asks, a supervisor decides, the citizen is told why and may have it taken up again."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.errors import BadInput, Conflict, NotAllowed
from app.tickets.lifecycle import SYSTEM, Actor, State
from app.tickets.model import PetitionState
from app.tickets.petitions import OUTCOMES, UNSOLVED
from tests.app.casework.stage import Stage
from tests.app.casework.test_petitions import DUE, petitions, refused, running

ASKED = {"outcome": "explained", "reason": "属结构设计，无法改动，已当面解释"}


def asked(stage: Stage, number: str = "", by: Actor | None = None) -> str:
    number = number or stage.brought_to(State.IN_PROGRESS)
    stage.does(number, "ask_closure", by or stage.mender, **ASKED)
    return number


@pytest.mark.parametrize("outcome", UNSOLVED)
def test_approved_it_is_closed_with_that_result_and_the_citizen_is_told_why(stage: Stage, outcome: str) -> None:
    number = stage.brought_to(State.IN_PROGRESS)
    stage.does(number, "ask_closure", stage.mender, outcome=outcome, reason="去了三次")
    assert stage.ticket(number).state is State.IN_PROGRESS and running(stage, number)["resolve"].due_at == DUE
    now = stage.cast.clock.advance(timedelta(hours=1))
    event = stage.does(number, "grant_closure", stage.supervisor, reason="已电话核实，确无法处理")
    ticket = stage.ticket(number)
    assert (ticket.state, ticket.outcome, ticket.closed_at, ticket.reviewed_at) == (State.CLOSED, outcome, now, now)
    assert all(timer.stopped_at is not None for timer in ticket.timers if timer.target not in ("callback", "review"))
    decide = next(timer for timer in ticket.timers if timer.target == "decide")
    assert (decide.stopped_at, decide.cancelled, decide.breached_at) == (now, False, None), "decided in time, not called off"
    told = {row.audience: row.text for row in stage.notices(number) if row.event_id == event.id}
    assert set(told) == {"resident", "contractor", "desk"}
    assert OUTCOMES[outcome] in told["resident"] and "已电话核实，确无法处理" in told["resident"]
    assert [(one.state, one.decided_by) for one in petitions(stage, number)] == [(PetitionState.GRANTED, "周主任")]


def test_refused_the_work_goes_on(stage: Stage) -> None:
    number = asked(stage)
    event = stage.does(number, "deny_closure", stage.supervisor, reason="请再上门一次")
    ticket = stage.ticket(number)
    assert (ticket.state, ticket.outcome) == (State.IN_PROGRESS, "")
    assert "decide" not in running(stage, number) and running(stage, number)["resolve"].due_at == DUE
    assert stage.told_by(number, event) == {"contractor", "desk"}, "the citizen is not told of what did not happen"
    asked(stage, number)


def test_the_desk_asks_for_what_it_answers_for_itself(sqlite_stage: Stage) -> None:
    number = asked(sqlite_stage, sqlite_stage.opens(), sqlite_stage.agent)
    sqlite_stage.does(number, "grant_closure", sqlite_stage.supervisor, reason="属实")
    assert sqlite_stage.ticket(number).state is State.CLOSED


def test_only_a_supervisor_decides_and_only_what_was_not_solved_is_closed_so(sqlite_stage: Stage) -> None:
    stage = sqlite_stage
    number = stage.brought_to(State.IN_PROGRESS)
    for outcome in ("solved", "partly", "answered", "随便"):
        wrong = refused(stage, number, "没有", "ask_closure", stage.mender, outcome=outcome, reason="好了")
        assert isinstance(wrong, BadInput) and "不属实" in wrong.cure
    for by in (stage.other, stage.supervisor, stage.resident(number), SYSTEM):
        assert isinstance(refused(stage, number, "不能|不由", "ask_closure", by, **ASKED), NotAllowed)
    asked(stage, number)
    for by in (stage.agent, stage.mender, stage.resident(number), SYSTEM):
        for action in ("grant_closure", "deny_closure"):
            assert isinstance(refused(stage, number, "不能", action, by, reason="好"), NotAllowed)


def test_the_citizen_has_it_taken_up_again_inside_the_window_and_not_after_it(stage: Stage) -> None:
    days = stage.cast.hotline.policy.rules.reopen_days
    inside, outside = asked(stage), asked(stage)
    for number in (inside, outside):
        stage.does(number, "grant_closure", stage.supervisor, reason="属实")
    stage.cast.clock.advance(timedelta(days=days))
    stage.does(inside, "reopen", stage.resident(inside), reason="并没有解释")
    again = stage.ticket(inside)
    assert (again.state, again.round, again.outcome, again.reviewed_at) == (State.IN_PROGRESS, 2, "", None)
    assert {"resolve", "finish"} <= set(running(stage, inside))
    stage.cast.clock.advance(timedelta(seconds=1))
    late = refused(stage, outside, f"归档已超过 {days} 天", "reopen", stage.resident(outside), reason="并没有解释")
    assert isinstance(late, Conflict) and "重新提交" in late.cure
    stage.does(outside, "reopen", stage.agent, reason="主管部门要求复核")  # the window is the citizen's


def test_it_lives_through_a_change_of_hands_and_ends_with_the_resolution(sqlite_stage: Stage) -> None:
    stage = sqlite_stage
    number = asked(stage)
    stage.does(number, "return", stage.agent, reason="换一家看看")
    assert petitions(stage, number)[0].state is PetitionState.OPEN and "decide" in running(stage, number)
    stage.does(number, "dispatch", stage.agent, contractor=stage.other.org)
    stage.does(number, "accept", stage.other, eta="下午")
    stage.does(number, "resolve", stage.agent, text="换了灯")
    assert petitions(stage, number)[0].state is PetitionState.MOOT and "decide" not in running(stage, number)
