"""A resolution is reviewed before it counts: what waits for it, who may do it, and what silence closes."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app import feedback, timekeeping
from app.errors import Conflict
from app.store import board
from app.store import tickets as store
from app.tickets.lifecycle import SYSTEM, State
from app.triage import draw_on
from tests.app.casework.stage import Stage


def waiting(stage: Stage) -> int:
    with stage.cast.hotline.look() as tx:
        now = board.Now(tx.now, tx.now, tx.now + timedelta(days=1))
        return board.count(tx.session, SYSTEM, now, ["to_review"])["to_review"]


def test_a_contractors_resolution_waits_for_review_and_stands_in_the_list_until_then(stage: Stage) -> None:
    before = waiting(stage)
    number = stage.brought_to(State.RESOLVED)
    assert (stage.ticket(number).reviewed_at, waiting(stage)) == (None, before + 1)
    assert stage.clock_of(number, "review").stopped_at is None
    stage.does(number, "approve", stage.agent)
    assert (stage.ticket(number).reviewed_at, waiting(stage)) == (stage.cast.clock.now(), before)
    assert stage.clock_of(number, "review").stopped_at is not None
    with pytest.raises(Conflict, match="已经审核通过"):
        stage.does(number, "approve", stage.agent)


def test_what_is_sent_back_begins_a_round_and_waits_for_its_own_review(stage: Stage) -> None:
    number = stage.brought_to(State.RESOLVED)
    stage.does(number, "remand", stage.agent, reason="没有修后照片")
    assert (stage.ticket(number).state, stage.ticket(number).round) == (State.IN_PROGRESS, 2)
    stage.does(number, "resolve", stage.mender, text="补拍了")
    assert stage.ticket(number).reviewed_at is None


def test_silence_closes_nothing_that_nobody_has_reviewed(own_stage: Stage) -> None:
    stage = own_stage
    number = stage.brought_to(State.RESOLVED)
    stage.cast.clock.advance(timedelta(days=30))
    stage.cast.tick()
    assert stage.ticket(number).state is State.RESOLVED
    stage.does(number, "approve", stage.agent)
    stage.cast.tick(days=8)
    assert stage.ticket(number).state is State.CLOSED
    assert stage.cast.history(number).ratings == []


def test_nor_anything_about_which_somebody_is_to_be_called(own_stage: Stage) -> None:
    stage = own_stage
    number = stage.brought_to(State.RESOLVED)
    stage.does(number, "approve", stage.agent)
    stage.cast.clock.advance(timedelta(days=8))
    assert timekeeping.close_silent(stage.cast.hotline) == 0, "nobody has thought of a call yet"
    stage.cast.tick()
    assert stage.ticket(number).state is State.CLOSED


@pytest.mark.parametrize("satisfied", [3, 4, 5])
def test_a_grade_that_is_not_low_is_a_review(stage: Stage, satisfied: int) -> None:
    number = stage.brought_to(State.RESOLVED)
    with stage.cast.hotline.tx() as tx:
        feedback.rate(tx, store.by_number(tx.session, number, SYSTEM), feedback.Answers(satisfied), via="wechat")
    ticket = stage.ticket(number)
    assert (ticket.state, ticket.reviewed_at) == (State.CLOSED, stage.cast.clock.now())


def test_an_objection_needs_no_review(stage: Stage) -> None:
    number = stage.brought_to(State.RESOLVED)
    with stage.cast.hotline.tx() as tx:
        feedback.contest(tx, store.by_number(tx.session, number, SYSTEM), "灯还是不亮")
    assert (stage.ticket(number).state, stage.ticket(number).round) == (State.IN_PROGRESS, 2)
    assert "灯还是不亮" in stage.notices(number, "contractor")[-1].text
    assert stage.cast.history(number).ratings == [], "no grade was given, and none is made up"


def test_what_an_objection_says_of_the_contractors_people_is_read_by_others_only(stage: Stage) -> None:
    number = stage.brought_to(State.RESOLVED)
    with stage.cast.hotline.tx() as tx:
        feedback.contest(tx, store.by_number(tx.session, number, SYSTEM), "师傅张口要红包")
    assert all("红包" not in row.text for row in stage.notices(number, "contractor"))
    (kept,) = [one for one in stage.cast.history(number).messages if "红包" in one.text]
    assert kept.audience == ["resident", "supervisor"]


@pytest.mark.parametrize("how", ["contest", "rate"])
def test_an_emergency_in_why_it_is_not_solved_rings(sqlite_stage: Stage, how: str) -> None:
    stage, words = sqlite_stage, "修好个啥，现在插座又在冒火花"
    number = stage.brought_to(State.RESOLVED)
    with stage.cast.hotline.tx() as tx:
        ticket = store.by_number(tx.session, number, SYSTEM)
        if how == "contest":
            feedback.contest(tx, ticket, words)
        else:
            feedback.rate(tx, ticket, feedback.Answers(1, reason=words), via="webform")
    assert "E04" in stage.ticket(number).emergencies and stage.ticket(number).urgency == "U0"
    (alarm,) = [event for event in stage.events(number) if event.action == "alarm"]
    assert stage.told_by(number, alarm) == {"resident", "desk", "supervisor"}


def test_a_second_emergency_of_another_kind_rings_again(sqlite_stage: Stage) -> None:
    stage, hotline = sqlite_stage, sqlite_stage.cast.hotline
    number = stage.opens("C15")
    for words in ("楼道里有煤气味", "现在着火了"):
        with hotline.tx() as tx:
            verdict = hotline.knowledge(tx.session).understander.understand(words)
            draw_on(tx, store.by_number(tx.session, number, SYSTEM), words, verdict)
    assert {"E01", "E03"} <= set(stage.ticket(number).emergencies)
    assert len([event for event in stage.events(number) if event.action == "alarm"]) == 2
    contact = stage.clock_of(number, "contact")
    assert contact.due_at - contact.started_at <= timedelta(minutes=5), "two minutes by the clock, whatever the hour"


def test_the_window_for_an_objection_is_counted_by_our_own_record(stage: Stage) -> None:
    number = stage.brought_to(State.CLOSED)
    stage.cast.clock.advance(timedelta(days=stage.cast.hotline.policy.rules.reopen_days, seconds=1))
    before = stage.everything(number)
    with pytest.raises(Conflict, match="不再重办"), stage.cast.hotline.tx() as tx:
        feedback.contest(tx, store.by_number(tx.session, number, SYSTEM), "灯还是不亮")
    assert stage.everything(number) == before


def test_whoever_urges_is_held_to_the_same_limits(stage: Stage) -> None:
    number = stage.brought_to(State.IN_PROGRESS)
    rules = stage.cast.hotline.policy.rules
    for turn in range(rules.nudges_per_day):
        stage.does(number, "nudge", stage.agent if turn % 2 else stage.resident(number))
        with pytest.raises(Conflict, match="刚催办过"):
            stage.does(number, "nudge", stage.supervisor)
        stage.cast.clock.advance(timedelta(minutes=rules.nudge_every_minutes))
    with pytest.raises(Conflict, match="今天已催办"):
        stage.does(number, "nudge", stage.agent)
    stage.cast.clock.advance(timedelta(days=1))
    stage.does(number, "nudge", stage.agent)
    assert stage.ticket(number).nudges == rules.nudges_per_day + 1
