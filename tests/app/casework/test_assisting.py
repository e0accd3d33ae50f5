"""协办: several assist at once, each with a clock of its own; whoever leads goes on answering for the whole."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from app.errors import Conflict, NotAllowed
from app.explain import explain
from app.store import tickets as store
from app.tickets.lifecycle import SYSTEM, Actor, Role, State
from app.tickets.model import Duty, Timer
from app.web.timeline import steps
from app.web.views import concerns
from tests.app.casework.stage import Stage
from tests.app.casework.test_petitions import refused
from tests.app.casework.test_replay import story_of, text_of
from tests.cast import MONDAY_MORNING, Cast


@pytest.fixture
def alone(sqlite_cast: Cast) -> Stage:
    """A stage of one's own, where a tick fires nobody else's clocks."""
    return Stage(sqlite_cast)


def third(stage: Stage) -> Actor:
    """A contractor beside those two that the stage knows."""
    taken = {stage.mender.org, stage.other.org}
    org, name = next((n, name) for n, name in stage.cast.names().contractors.items() if n not in taken)
    return Actor(Role.CONTRACTOR, "9005", f"{name}员工", org)


def asked(stage: Stage, number: str, helper: Actor, task: str = "开一下配电间") -> None:
    stage.does(number, "assist", stage.agent, helper=helper.org, text=task)


def duties(stage: Stage, number: str) -> dict[int, Duty]:
    return {duty.contractor_id: duty for duty in stage.ticket(number).duties}


def clocks(stage: Stage, number: str) -> dict[int | None, Timer]:
    return {timer.contractor_id: timer for timer in stage.ticket(number).timers if timer.target == "assist"}


def test_two_assist_each_from_when_it_was_asked_and_one_is_done_without_the_other(stage: Stage) -> None:
    other, another = stage.other, third(stage)
    number = stage.brought_to(State.IN_PROGRESS)
    asked(stage, number, other)
    later = stage.cast.clock.advance(timedelta(days=1))
    asked(stage, number, another, "送一把梯子")
    found = clocks(stage, number)
    assert {org: timer.started_at for org, timer in found.items()} == {other.org: MONDAY_MORNING, another.org: later}
    assert found[other.org].due_at < found[another.org].due_at
    assert {duty.task for duty in stage.ticket(number).duties} == {"开一下配电间", "送一把梯子"}

    now = stage.cast.clock.advance(timedelta(hours=1))
    event = stage.does(number, "assisted", other, text="已开")
    found = clocks(stage, number)
    assert (found[other.org].stopped_at, found[other.org].cancelled, found[another.org].stopped_at) == (now, False, None)
    assert (duties(stage, number)[other.org].done_at, duties(stage, number)[another.org].open) == (now, True)
    assert stage.told_by(number, event) == {"contractor", "desk"}
    refused(stage, number, "没有待贵单位完成的协办事项", "assisted", other, text="又开了")

    event = stage.does(number, "unassist", stage.agent, helper=another.org, reason="自己有梯子")
    assert (clocks(stage, number)[another.org].stopped_at, clocks(stage, number)[another.org].cancelled) == (now, True)
    (told,) = [row for row in stage.notices(number, "helper") if row.event_id == event.id]
    assert told.org_id == another.org and "自己有梯子" in told.text
    ticket = stage.ticket(number)
    assert (ticket.contractor_id, ticket.state) == (stage.mender.org, State.IN_PROGRESS)
    story = story_of(stage, number)
    assert story.agrees and not story.unwritten


def test_asked_again_after_it_was_done_there_is_a_new_clock(stage: Stage) -> None:
    number = stage.brought_to(State.IN_PROGRESS)
    asked(stage, number, stage.other)
    assert isinstance(
        refused(stage, number, "已有未完成的协办", "assist", stage.agent, helper=stage.other.org, text="再"), Conflict
    )
    stage.does(number, "assisted", stage.other, text="已开")
    stage.cast.clock.advance(timedelta(hours=3))
    asked(stage, number, stage.other, "再锁上")
    timers = [timer for timer in stage.ticket(number).timers if timer.target == "assist"]
    assert [timer.stopped_at is None for timer in timers] == [False, True]
    assert timers[1].started_at == MONDAY_MORNING + timedelta(hours=3)


def test_who_may_ask_and_of_whom(sqlite_stage: Stage) -> None:
    stage = sqlite_stage
    number = stage.brought_to(State.IN_PROGRESS)
    given = {"helper": stage.other.org, "text": "开门"}
    for by in (stage.mender, stage.other, stage.resident(number), SYSTEM):
        assert isinstance(refused(stage, number, "不能", "assist", by, **given), NotAllowed)
    refused(stage, number, "主办单位不能同时协办", "assist", stage.agent, **{**given, "helper": stage.mender.org})
    refused(stage, number, "没有正在进行的协办", "unassist", stage.agent, helper=stage.other.org, reason="不用")
    asked(stage, number, stage.other)
    refused(stage, number, "没有待贵单位完成的协办", "assisted", third(stage), text="已开")
    refused(stage, number, "不由贵单位承办", "resolve", stage.other, text="修好了")


def test_the_ladder_rings_the_helper_and_then_everybody_who_waits(alone: Stage) -> None:
    other, another = alone.other, third(alone)
    number = alone.brought_to(State.IN_PROGRESS)
    asked(alone, number, other)
    alone.cast.clock.advance(timedelta(days=1))
    asked(alone, number, another)
    due = alone.clock_of(number, "assist")
    first = clocks(alone, number)[other.org]
    assert first.due_at < due.due_at
    alone.cast.clock.set(first.due_at)
    alone.cast.tick()
    rung = [event for event in alone.events(number) if event.details.get("helper") == other.org and event.details.get("step")]
    assert [(event.action, event.details["tell"]) for event in rung] == [
        ("remind", ["helper"]),
        ("breach", ["helper", "handler", "desk", "supervisor"]),
    ]
    assert alone.told_by(number, rung[1]) == {"helper", "contractor", "desk", "supervisor"}
    told = {row.audience: row for row in alone.notices(number) if row.event_id == rung[1].id}
    assert (told["helper"].org_id, told["contractor"].org_id) == (other.org, alone.mender.org)
    assert not any(row.org_id == another.org and "到期" in row.text for row in alone.notices(number, "helper"))
    assert clocks(alone, number)[another.org].breached_at is None


def test_a_contractor_reads_nothing_of_anothers_clock(alone: Stage) -> None:
    other, another = alone.other, third(alone)
    number = alone.brought_to(State.IN_PROGRESS)
    for helper in (other, another):
        asked(alone, number, helper)
    found = clocks(alone, number)
    assert [concerns(found[other.org], viewer) for viewer in (other, another, alone.mender)] == [True, False, False]
    alone.cast.clock.set(found[other.org].due_at)
    alone.cast.tick()
    with alone.cast.hotline.look() as tx:
        ticket = store.by_number(tx.session, number, SYSTEM)
        late = [event for event in store.history(tx.session, ticket).events if event.details.get("target") == "assist"]
        read = [[step.title for step in steps(tx, ticket, late, viewer)] for viewer in (other, another, alone.mender)]
    assert read == [["超期", "临期提醒"], ["超期", "临期提醒"], []], "each of its own clock, though both were asked at once"
    assert len(late) == 4


def test_what_helpers_are_told_names_nobody(stage: Stage) -> None:
    number = stage.brought_to(State.IN_PROGRESS, name="王秀兰", phone="13812345678")
    asked(stage, number, stage.other, "王秀兰家 13812345678 的电闸在配电间")
    (told,) = stage.notices(number, "helper")
    assert told.org_id == stage.other.org
    assert "王秀兰" not in told.text and "13812345678" not in told.text and "配电间" in told.text


ENDS: dict[str, dict[str, Any]] = {
    "resolve": {"text": "修好了"},
    "return": {"reason": "换一家"},
    "withdraw": {},
    "join": {},
    "ask_closure": {"outcome": "explained", "reason": "无法处理"},
}


@pytest.mark.parametrize("over", ENDS)
def test_beside_no_work_nobody_assists(stage: Stage, over: str) -> None:
    number = stage.brought_to(State.IN_PROGRESS)
    asked(stage, number, stage.other)
    into = stage.opens()
    more = {"into": into, "into_id": stage.ticket(into).id} if over == "join" else {}
    now = stage.cast.clock.advance(timedelta(hours=1))
    stage.does(number, over, stage.agent, **ENDS[over], **more)
    if over == "ask_closure":
        assert duties(stage, number)[stage.other.org].open, "asking alone ends nothing"
        stage.does(number, "grant_closure", stage.supervisor, reason="属实")
    duty, clock = duties(stage, number)[stage.other.org], clocks(stage, number)[stage.other.org]
    assert (duty.withdrawn_at, duty.done_at) == (now, None)
    assert (clock.stopped_at, clock.cancelled, clock.next_at) == (now, True, None)


def test_what_no_contractor_may_read_nobody_assists_with(sqlite_stage: Stage) -> None:
    stage = sqlite_stage
    for leaf in ("R01", "G02"):
        number = stage.opens(leaf, review=False)
        assert stage.ticket(number).state is State.DISPATCHED, "with the purchaser"
        wrong = refused(stage, number, "不得派给承接主体", "assist", stage.agent, helper=stage.other.org, text="查一下")
        assert isinstance(wrong, NotAllowed)


def test_once_it_is_sealed_the_helper_is_told_nothing_more(sqlite_stage: Stage) -> None:
    stage = sqlite_stage
    number = stage.brought_to(State.IN_PROGRESS)
    asked(stage, number, stage.other)
    stage.does(number, "return", stage.agent, reason="涉及承办单位")
    before = len(stage.notices(number, "helper"))
    stage.does(number, "classify", stage.agent, leaf="R04")
    stage.does(number, "refer", stage.agent, purchaser=stage.supervisor.org)
    stage.does(number, "supervise", stage.supervisor, level=2, text="查清")
    assert len(stage.notices(number, "helper")) == before and not any(duty.open for duty in stage.ticket(number).duties)
    with stage.cast.hotline.look() as tx:
        assert store.listed(tx.session, stage.other, store.Filter(words=number)) == []


def test_every_clock_is_explained_by_itself(sqlite_stage: Stage) -> None:
    stage = sqlite_stage
    number = stage.brought_to(State.IN_PROGRESS)
    for helper in (stage.other, third(stage)):
        asked(stage, number, helper)
        stage.cast.clock.advance(timedelta(hours=2))
    stage.does(number, "assisted", stage.other, text="已开")
    with stage.cast.hotline.look() as tx:
        told = explain(tx, store.by_number(tx.session, number, SYSTEM), tx.now)
    assists = [one for one in told.deadlines if one.of.target == "assist"]
    assert [one.of.contractor_id for one in assists] == [stage.other.org, third(stage).org]
    assert [one.of.reckoned.stopped_at is None for one in assists] == [False, True]
    assert told.agrees and text_of(stage, number).count("协办") >= 2
