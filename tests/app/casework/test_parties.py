"""Three parties, three sets of clocks: what each act meets, starts and leaves alone, and whose breach stays whose."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from app.store import tickets as store
from app.store.timers import overdue
from app.tickets.lifecycle import SYSTEM, State
from app.tickets.model import Ticket, Timer
from app.web import timeline, views
from tests.app.casework.stage import Stage
from tests.cast import Cast

CITIZEN = {"contact", "resolve"}
OWED = {"reach", "arrive", "finish"}


@pytest.fixture
def alone(sqlite_cast: Cast) -> Stage:
    """A stage of one's own, where a tick fires nobody else's clocks."""
    return Stage(sqlite_cast)


def running(stage: Stage, number: str) -> set[str]:
    return {timer.target for timer in stage.ticket(number).timers if timer.stopped_at is None}


def clocks(stage: Stage, number: str, target: str) -> list[Timer]:
    return [timer for timer in stage.ticket(number).timers if timer.target == target]


@pytest.mark.parametrize(
    ("action", "by", "details", "left"),
    [
        ("contact", "agent", {"text": "打过"}, {"resolve", *OWED}),  # the desk has called; the contractor still has not
        ("contact", "mender", {"text": "打过"}, {"resolve", "arrive", "finish"}),
        ("reply", "agent", {"text": "在路上"}, {"resolve", *OWED}),
        ("arrive", "mender", {}, {*CITIZEN, "reach", "finish"}),
        ("arrive", "supervisor", {}, {*CITIZEN, "reach", "finish"}),  # who steps in for it does it for it
        ("progress", "mender", {"text": "拆开了"}, {*CITIZEN, *OWED}),
        ("progress", "agent", {"text": "拆开了"}, {*CITIZEN, *OWED}),
        ("note", "mender", {"text": "备件 7"}, {*CITIZEN, *OWED}),
        ("append", "agent", {"text": "还有一盏"}, {*CITIZEN, *OWED}),  # before the first contact, which governs
        ("nudge", "agent", {}, {*CITIZEN, *OWED}),
        ("acknowledge", "mender", {}, {*CITIZEN, *OWED}),
        ("petition", "mender", {"reason": "缺料", "wanted": "2026-12-04T17:30"}, {*CITIZEN, *OWED, "decide"}),
        ("resolve", "mender", {"text": "修好了"}, {"review"}),
        ("resolve", "agent", {"text": "修好了"}, set()),
        ("return", "agent", {"reason": "派错了"}, CITIZEN),
        ("withdraw", "agent", {}, set()),
    ],
)
def test_which_clocks_run_after_an_act(stage: Stage, action: str, by: str, details: dict[str, Any], left: set[str]) -> None:
    number = stage.brought_to(State.IN_PROGRESS)
    assert running(stage, number) == {*CITIZEN, *OWED}
    later = stage.cast.clock.advance(timedelta(minutes=20))
    stage.does(number, action, getattr(stage, by), **details)
    assert running(stage, number) == left
    started = {timer.target for timer in stage.ticket(number).timers if timer.started_at == later}
    assert started == left - {*CITIZEN, *OWED}


def test_resolved_by_the_desk_the_contractor_has_met_nothing_and_missed_nothing(stage: Stage) -> None:
    number = stage.brought_to(State.IN_PROGRESS)
    stage.does(number, "resolve", stage.agent, text="住户自己换了灯泡")
    ended = {timer.target: timer.cancelled for timer in stage.ticket(number).timers if timer.stopped_at is not None}
    assert ended == {"contact": False, "resolve": False, "accept": False, "reach": True, "arrive": True, "finish": True}


# --- 回应补充


def contacted(stage: Stage) -> str:
    number = stage.brought_to(State.IN_PROGRESS)
    stage.does(number, "contact", stage.mender, text="打过电话")
    return number


def says(stage: Stage, number: str, text: str = "还有一盏也不亮") -> datetime:
    stage.does(number, "append", stage.resident(number), text=text)
    return stage.cast.clock.now()


def test_a_word_after_the_first_contact_is_to_be_answered_and_a_second_word_gives_nobody_more_time(stage: Stage) -> None:
    number = contacted(stage)
    stage.cast.clock.advance(timedelta(hours=1))
    first = says(stage, number)
    stage.cast.clock.advance(timedelta(hours=1))
    says(stage, number, "在听吗")
    (respond,) = clocks(stage, number, "respond")
    assert (respond.started_at, respond.stopped_at, respond.party) == (first, None, "citizen")
    assert respond.due_at == datetime.fromisoformat("2026-11-24T17:30:00+08:00")


@pytest.mark.parametrize(
    ("action", "by"), [("reply", "agent"), ("contact", "agent"), ("contact", "mender"), ("progress", "mender")]
)
def test_whoever_answers_has_answered_and_the_next_word_is_to_be_answered_anew(stage: Stage, action: str, by: str) -> None:
    number = contacted(stage)
    says(stage, number)
    answered = stage.cast.clock.advance(timedelta(hours=1))
    stage.does(number, action, getattr(stage, by), text="知道了")
    assert [(one.stopped_at, one.cancelled) for one in clocks(stage, number, "respond")] == [(answered, False)]
    stage.cast.clock.advance(timedelta(hours=1))
    again = says(stage, number)
    assert [one.started_at for one in clocks(stage, number, "respond")][1:] == [again]


def test_after_the_work_is_done_a_word_is_no_longer_owed_an_answer(stage: Stage) -> None:
    number = contacted(stage)
    says(stage, number)
    stage.does(number, "resolve", stage.mender, text="都换了")
    (respond,) = clocks(stage, number, "respond")
    assert (respond.stopped_at, respond.cancelled) == (stage.cast.clock.now(), False)
    says(stage, number, "好像又闪")
    assert running(stage, number) == {"review"}, "nobody is at work; whoever is not content has it reopened"


def test_a_note_of_ones_own_answers_nobody(stage: Stage) -> None:
    number = contacted(stage)
    says(stage, number)
    stage.does(number, "note", stage.mender, text="回头再说")
    stage.does(number, "nudge", stage.agent)
    assert "respond" in running(stage, number)


# --- 回访


def called(stage: Stage, number: str) -> str:
    """The ticket, with a call to be made about it."""
    stage.does(number, "callback", SYSTEM, why="resolved")
    return number


@pytest.mark.parametrize(
    ("action", "details", "cancelled"),
    [
        ("rate", {"satisfied": 5}, False),
        ("reopen", {"reason": "又不亮了"}, True),
        ("remand", {"reason": "照片不对"}, True),
        ("close", {}, True),
        ("withdraw", {}, True),
    ],
)
def test_the_call_back_is_met_by_a_rating_and_not_asked_for_any_more_by_what_ends_the_round(
    stage: Stage, action: str, details: dict[str, Any], cancelled: bool
) -> None:
    number = called(stage, stage.brought_to(State.RESOLVED))
    (callback,) = clocks(stage, number, "callback")
    assert (callback.party, callback.contractor_id, callback.started_at) == ("hotline", None, stage.cast.clock.now())
    later = stage.cast.clock.advance(timedelta(hours=1))
    stage.does(number, action, stage.agent, **details)
    (callback,) = clocks(stage, number, "callback")
    assert (callback.stopped_at, callback.cancelled) == (later, cancelled)


def test_each_round_is_called_back_for_itself(stage: Stage) -> None:
    number = called(stage, stage.brought_to(State.RESOLVED))
    stage.does(number, "reopen", stage.agent, reason="又坏了")
    stage.cast.clock.advance(timedelta(hours=1))
    stage.does(number, "resolve", stage.mender, text="换了新的")
    called(stage, number)
    assert [(one.round, one.cancelled, one.stopped_at is None) for one in clocks(stage, number, "callback")] == [
        (1, True, False),
        (2, False, True),
    ]


def test_contractors_and_residents_never_see_when_the_hotline_calls_back(alone: Stage) -> None:
    number = called(alone, alone.brought_to(State.RESOLVED))
    alone.cast.tick(days=3)
    assert clocks(alone, number, "callback")[0].breached_at is not None
    with alone.cast.hotline.look() as tx:
        ticket = store.by_number(tx.session, number, SYSTEM)
        history = store.history(tx.session, ticket)
        shown = {
            viewer.role: {clock.target for clock in views.clocks_of(tx, ticket, viewer)}
            for viewer in (alone.mender, alone.resident(number), alone.agent)
        }
        read = {viewer.role: str(timeline.steps(tx, ticket, history.events, viewer)) for viewer in (alone.mender, alone.agent)}
        row = views.row_view(tx, ticket, alone.mender)
    assert [role for role, targets in shown.items() if "callback" in targets] == ["agent"]
    assert [role for role, text in read.items() if "回访期限" in text] == ["agent"]
    assert row.clock is None, "nothing is left to do for it, whatever the hotline has still to do"


# --- whose fault


def late(stage: Stage, number: str) -> bool:
    with stage.cast.hotline.look() as tx:
        return tx.session.query(Ticket).filter(Ticket.number == number, overdue(tx.now)).count() == 1


def test_the_second_contractor_answers_for_its_own_time_and_the_firsts_delay_stays_the_firsts(alone: Stage) -> None:
    number = alone.brought_to(State.DISPATCHED)
    alone.cast.tick(hours=4)  # 13:00; half of what it had to sign in
    alone.cast.tick(days=1)
    taken = alone.cast.clock.now()
    alone.does(number, "return", alone.agent, reason="一直没有签收")
    alone.does(number, "dispatch", alone.agent, contractor=alone.other.org)
    first, second = clocks(alone, number, "accept")
    assert (first.contractor_id, first.breached_at) == (alone.mender.org, first.due_at)
    assert (second.contractor_id, second.breached_at, second.started_at) == (alone.other.org, None, taken)
    for target in ("reach", "arrive", "finish"):
        assert [(one.contractor_id, one.started_at == taken) for one in clocks(alone, number, target)] == [
            (alone.mender.org, False),
            (alone.other.org, True),
        ]
    blamed = [event for event in alone.events(number) if event.action == "breach"]
    assert {alone.ticket(number).timers[event.details["clock"]].contractor_id for event in blamed} == {alone.mender.org}
    with alone.cast.hotline.look() as tx:
        ticket = store.by_number(tx.session, number, SYSTEM)
        read = timeline.steps(tx, ticket, store.history(tx.session, ticket).events, alone.other)
    assert not any("签收期限" in step.text for step in read), "another's delay is no business of the second contractor"


def test_what_lapsed_unnoticed_before_it_was_taken_back_is_on_record_all_the_same(alone: Stage) -> None:
    """The worker was away when the deadline passed: whether it was must not decide whose record stays clean."""
    number = alone.brought_to(State.DISPATCHED)
    alone.cast.clock.advance(timedelta(days=1))
    alone.does(number, "return", alone.agent, reason="一直没有签收")
    (accept,) = clocks(alone, number, "accept")
    assert (accept.cancelled, accept.breached_at) == (True, accept.due_at)
    (said,) = [entry for entry in alone.events(number)[-1].clocks if entry["target"] == "accept"]
    assert said["breached"] == said["due"]


@pytest.mark.parametrize(
    ("action", "by", "target"),
    [
        ("petition", "mender", "decide"),
        ("resolve", "mender", "review"),
    ],
)
def test_what_the_authority_or_the_hotline_is_late_with_makes_no_ticket_overdue(
    alone: Stage, action: str, by: str, target: str
) -> None:
    number = alone.brought_to(State.IN_PROGRESS)
    alone.does(number, "contact", alone.mender, text="打过")
    alone.does(number, action, getattr(alone, by), text="修好了", reason="缺料", wanted="2026-12-04T17:30")
    (clock,) = clocks(alone, number, target)
    alone.cast.clock.set(clock.due_at)
    assert clock.due_at < datetime.fromisoformat("2026-11-26T17:30:00+08:00")
    assert not late(alone, number)


@pytest.mark.parametrize(
    ("state", "action", "left"), [(State.IN_PROGRESS, "reply", "reach"), (State.RECEIVED, "note", "contact")]
)
def test_a_lapsed_clock_of_the_contractor_or_of_the_citizen_makes_it_overdue(
    alone: Stage, state: State, action: str, left: str
) -> None:
    number = alone.brought_to(state)
    alone.does(number, action, alone.agent, text="好")
    (clock,) = clocks(alone, number, left)
    others = [timer.due_at for timer in alone.ticket(number).timers if timer.stopped_at is None and timer.target != left]
    assert min(others) > clock.due_at
    alone.cast.clock.set(clock.due_at - timedelta(seconds=1))
    assert not late(alone, number)
    alone.cast.clock.set(clock.due_at)
    assert late(alone, number)
