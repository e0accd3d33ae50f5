"""剔除 and 评价申诉 are about a round that is over: they outlive whatever becomes of the ticket, and so does their limit."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from app.errors import BadInput, Conflict, NotAllowed
from app.explain import explain
from app.store import tickets as store
from app.tickets.lifecycle import SYSTEM, Actor, State
from app.tickets.model import PetitionState
from app.tickets.petitions import voided
from tests.app.casework.stage import Stage
from tests.app.casework.test_petitions import petitions, refused, running
from tests.app.casework.test_replay import story_of
from tests.cast import Cast

WHY = {"reason": "台风停工，不是我们的责任"}


@pytest.fixture
def alone(sqlite_cast: Cast) -> Stage:
    """A stage of one's own, where a tick fires nobody else's clocks."""
    return Stage(sqlite_cast)


def rated(stage: Stage, state: State = State.CLOSED, satisfied: int = 1) -> str:
    number = stage.brought_to(state)
    stage.rated(number, satisfied)
    return number


def asked(stage: Stage, action: str, number: str, by: Actor | None = None, **more: Any) -> str:
    given = {"round": 1, **WHY} if action == "appeal" else WHY
    stage.does(number, action, by or stage.mender, **{**given, **more})
    return number


@pytest.mark.parametrize("decision", ["grant", "deny"])
@pytest.mark.parametrize("state", [State.RESOLVED, State.CLOSED])
def test_an_exclusion_counts_only_once_it_is_granted(stage: Stage, state: State, decision: str) -> None:
    number = asked(stage, "ask_exclusion", stage.brought_to(state))
    assert stage.ticket(number).excluded_at is None and "decide" in running(stage, number)
    assert stage.told_by(number, stage.events(number)[-1]) == {"supervisor"}
    now = stage.cast.clock.advance(timedelta(hours=1))
    event = stage.does(number, f"{decision}_exclusion", stage.supervisor, reason="已核对气象记录")
    assert stage.ticket(number).excluded_at == (now if decision == "grant" else None)
    assert stage.ticket(number).state is state and "decide" not in running(stage, number)
    assert stage.told_by(number, event) == {"contractor"}


@pytest.mark.parametrize("decision", ["grant", "deny"])
def test_an_appeal_leaves_the_rating_and_takes_its_weight(stage: Stage, decision: str) -> None:
    number = asked(stage, "appeal", rated(stage))
    assert not voided(stage.ticket(number), 1)
    stage.does(number, f"{decision}_appeal", stage.supervisor, reason="录音为证")
    assert voided(stage.ticket(number), 1) is (decision == "grant") and not voided(stage.ticket(number), 2)
    assert [one.satisfied for one in stage.cast.history(number).ratings] == [1]
    once = refused(stage, number, "第 1 次办理的评价已申诉过", "appeal", stage.mender, round=1, **WHY)
    assert isinstance(once, Conflict)


def test_what_nobody_rated_is_not_appealed_against(sqlite_stage: Stage) -> None:
    stage = sqlite_stage
    number = stage.brought_to(State.CLOSED)
    for turn in (1, "1"):
        assert isinstance(refused(stage, number, "第 1 次办理没有评价", "appeal", stage.mender, round=turn, **WHY), BadInput)
    stage.rated(number, 2)
    for turn in (0, 2, "二", "-1", "9" * 30):
        assert isinstance(refused(stage, number, "次办理", "appeal", stage.mender, round=turn, **WHY), BadInput)


def test_each_round_may_be_appealed_against_once(sqlite_stage: Stage) -> None:
    stage = sqlite_stage
    number = asked(stage, "appeal", rated(stage))
    stage.does(number, "grant_appeal", stage.supervisor, reason="属实")
    stage.does(number, "reopen", stage.agent, reason="又坏了")
    stage.does(number, "resolve", stage.agent, text="换了线路")
    stage.rated(number, 2, turn=2)
    asked(stage, "appeal", number, round=2)
    stage.does(number, "deny_appeal", stage.supervisor, reason="评价属实")
    assert [voided(stage.ticket(number), turn) for turn in (1, 2)] == [True, False]


def test_whoever_did_the_work_asks_and_a_supervisor_decides(sqlite_stage: Stage) -> None:
    stage = sqlite_stage
    number = rated(stage)
    for action, given in (("ask_exclusion", WHY), ("appeal", {"round": 1, **WHY})):
        for by in (stage.agent, stage.supervisor, stage.resident(number), stage.other, SYSTEM):
            assert isinstance(refused(stage, number, "不能|不由", action, by, **given), NotAllowed)
    asked(stage, "appeal", number)
    refused(stage, number, "已有申请待裁决", "ask_exclusion", stage.mender, **WHY)
    for by in (stage.agent, stage.mender, stage.resident(number), SYSTEM):
        for action in ("grant_appeal", "deny_appeal"):
            assert isinstance(refused(stage, number, "不能", action, by, reason="好"), NotAllowed)
    assert isinstance(refused(stage, number, "没有待裁决的申请", "grant_exclusion", stage.supervisor, reason="好"), Conflict)


@pytest.mark.parametrize("action", ["ask_exclusion", "appeal"])
def test_asked_on_a_resolution_it_outlives_closing_reopening_and_another_contractor(stage: Stage, action: str) -> None:
    number = asked(stage, action, rated(stage, State.RESOLVED))
    clock = running(stage, number)["decide"]
    stage.does(number, "close", stage.agent)
    assert running(stage, number).keys() == {"decide"}, "closed, and only the decision is still owed"
    stage.does(number, "reopen", stage.resident(number), reason="又不亮了")
    stage.does(number, "return", stage.agent, reason="换一家")
    stage.does(number, "dispatch", stage.agent, contractor=stage.other.org)
    still = running(stage, number)["decide"]
    assert (still.id, still.due_at, petitions(stage, number)[0].state) == (clock.id, clock.due_at, PetitionState.OPEN)
    granted = "grant_appeal" if action == "appeal" else "grant_exclusion"
    event = stage.does(number, granted, stage.supervisor, reason="属实")
    (told,) = [row for row in stage.notices(number) if row.event_id == event.id]
    assert (told.audience, told.org_id) == ("contractor", stage.mender.org), "whoever asked, not whoever has it since"
    assert stage.ticket(number).contractor_id == stage.other.org
    story = story_of(stage, number)
    assert story.agrees and not story.unwritten


@pytest.mark.parametrize("over", ["merge", "reject"])
def test_where_no_round_is_left_nothing_is_left_to_decide(sqlite_stage: Stage, over: str) -> None:
    stage = sqlite_stage
    number = asked(stage, "ask_exclusion", stage.brought_to(State.RESOLVED))
    stage.does(number, "reopen", stage.agent, reason="又坏了")
    stage.does(number, "return", stage.agent, reason="换一家")
    into = stage.opens()
    given = {"into": into, "into_id": stage.ticket(into).id} if over == "merge" else {"reason": "不属公租房", "refer": "12345"}
    stage.does(number, over, stage.agent, **given)
    assert petitions(stage, number)[0].state is PetitionState.MOOT and "decide" not in running(stage, number)


@pytest.mark.parametrize("state", [State.RESOLVED, State.CLOSED])
def test_a_decision_owed_on_what_is_over_is_reminded_of_and_breached_as_any_other(alone: Stage, state: State) -> None:
    number = asked(alone, "ask_exclusion", alone.brought_to(state))
    due = alone.clock_of(number, "decide").due_at
    alone.cast.clock.set(due + timedelta(hours=30))
    alone.cast.tick()
    late = [event for event in alone.events(number) if event.details.get("target") == "decide"]
    assert [(event.action, event.details["step"]) for event in late] == [("remind", "soon"), ("breach", "lapsed")]
    assert late[1].at == due and late[1].details["tell"] == ["desk", "supervisor"]
    clock = alone.clock_of(number, "decide")
    assert (clock.breached_at, clock.parked_at, clock.next_at) == (due, None, None)
    assert (alone.ticket(number).state, alone.ticket(number).level) == (state, 0), "a late decision is nobody's late work"
    alone.does(number, "deny_exclusion", alone.supervisor, reason="理由不足")
    story = story_of(alone, number)
    assert story.agrees and not story.unwritten
    with alone.cast.hotline.look() as tx:
        told = explain(tx, store.by_number(tx.session, number, SYSTEM), tx.now)
    assert told.agrees and "裁决" in [one.of.name for one in told.deadlines]
