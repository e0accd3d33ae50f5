"""The tenant's own word on each round: how long it counts, how long it opens the ticket again, and what the contractor reads."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app import feedback
from app.errors import BadInput, Conflict, HotlineError
from app.store import tickets as store
from app.tickets.lifecycle import SYSTEM, Handler, State
from tests.app.casework.stage import Stage


def rates(stage: Stage, number: str, satisfied: int, **said: object) -> str:
    answers = feedback.Answers(satisfied, **said)  # type: ignore[arg-type]
    with stage.cast.hotline.tx() as tx:
        return feedback.rate(tx, store.by_number(tx.session, number, SYSTEM), answers, via="webform")


def test_each_round_has_its_own_rating_and_the_last_word_in_it_counts(stage: Stage) -> None:
    number = stage.brought_to(State.RESOLVED)
    rates(stage, number, 3, solved=True)
    rates(stage, number, 1, solved=False, reason="又不亮了")
    assert (stage.ticket(number).state, stage.ticket(number).round) == (State.IN_PROGRESS, 2)
    stage.does(number, "resolve", stage.mender, text="换了整套")
    rates(stage, number, 5, solved=True, responded=True)
    ratings = stage.cast.history(number).ratings
    assert [(one.round, one.satisfied, one.solved) for one in ratings] == [(1, 1, False), (2, 5, True)]
    assert stage.ticket(number).state is State.CLOSED


def test_unsolved_opens_a_new_round_however_polite_the_grade(stage: Stage) -> None:
    number = stage.brought_to(State.RESOLVED)
    rates(stage, number, 5, solved=False)
    assert stage.ticket(number).round == 2


def test_a_middling_grade_closes_and_asks_for_nothing(stage: Stage) -> None:
    number = stage.brought_to(State.RESOLVED)
    assert rates(stage, number, 3) == "谢谢您的评价。"
    assert (stage.ticket(number).state, stage.ticket(number).round) == (State.CLOSED, 1)


def test_on_the_last_day_a_low_grade_still_opens_a_closed_ticket(stage: Stage) -> None:
    number = stage.brought_to(State.CLOSED)
    stage.cast.clock.advance(timedelta(days=stage.cast.hotline.policy.rules.reopen_days))
    assert "将重新办理" in rates(stage, number, 1)
    assert stage.ticket(number).round == 2


def test_after_that_a_low_grade_is_kept_and_opens_nothing(stage: Stage) -> None:
    number = stage.brought_to(State.CLOSED)
    days = stage.cast.hotline.policy.rules.reopen_days
    stage.cast.clock.advance(timedelta(days=days, seconds=1))
    said = rates(stage, number, 1, solved=False)
    assert f"超过 {days} 天" in said and "新建工单" in said
    assert (stage.ticket(number).state, stage.ticket(number).round) == (State.CLOSED, 1)
    assert [(one.satisfied, one.solved) for one in stage.cast.history(number).ratings] == [(1, False)]


def test_what_was_never_closed_may_be_opened_again_as_long_as_it_may_be_rated(stage: Stage) -> None:
    number = stage.brought_to(State.RESOLVED)
    stage.cast.clock.advance(timedelta(days=stage.cast.hotline.policy.rules.reopen_days + 1))
    assert "将重新办理" in rates(stage, number, 2)


@pytest.mark.parametrize("satisfied", [1, 5])
def test_after_the_days_for_rating_nothing_is_taken_and_it_is_said_so(stage: Stage, satisfied: int) -> None:
    number = stage.brought_to(State.RESOLVED)
    days = stage.cast.hotline.policy.rules.rating_days
    stage.cast.clock.advance(timedelta(days=days, seconds=1))
    before = stage.everything(number)
    assert f"超过 {days} 天" in rates(stage, number, satisfied)
    assert stage.everything(number) == before


@pytest.mark.parametrize("satisfied", [0, 6, -1])
def test_a_grade_that_does_not_exist_is_refused(sqlite_stage: Stage, satisfied: int) -> None:
    number = sqlite_stage.brought_to(State.RESOLVED)
    before = sqlite_stage.everything(number)
    with pytest.raises(HotlineError, match="1 到 5"):
        rates(sqlite_stage, number, satisfied)
    assert sqlite_stage.everything(number) == before


def test_work_that_is_not_done_is_not_rated(sqlite_stage: Stage) -> None:
    number = sqlite_stage.brought_to(State.RESOLVED)
    rates(sqlite_stage, number, 1)
    with pytest.raises(Conflict, match="办理中"):
        rates(sqlite_stage, number, 5)
    assert [one.satisfied for one in sqlite_stage.cast.history(number).ratings] == [1]


@pytest.mark.parametrize(
    ("reason", "reads"), [("楼道灯又不亮了", True), ("师傅态度差，还乱收费", False), ("师傅张口要红包", False)]
)
def test_the_contractor_reads_why_it_is_done_again_and_not_what_is_said_of_its_people(
    sqlite_stage: Stage, reason: str, reads: bool
) -> None:
    number = sqlite_stage.brought_to(State.RESOLVED)
    rates(sqlite_stage, number, 1, reason=reason)
    told = sqlite_stage.notices(number, "contractor")[-1].text
    assert "重新办理" in told and (reason in told) is reads
    assert sqlite_stage.cast.history(number).ratings[0].reason == reason


def answered(stage: Stage) -> str:
    """A ticket that the desk answered itself, which is nobody's else."""
    number = stage.opens("D06")
    stage.does(number, "answer", stage.agent, text="带身份证和合同")
    return number


def test_what_the_desk_answered_badly_stands_in_its_queue_again(stage: Stage) -> None:
    number = answered(stage)
    later = stage.cast.clock.advance(timedelta(hours=3))
    assert "将重新办理" in rates(stage, number, 1, solved=False, reason="未解决")
    ticket = stage.ticket(number)
    assert (ticket.state, ticket.handler, ticket.round, ticket.assigned_why) == (State.RECEIVED, Handler.DESK, 2, "未解决")
    assert stage.clock_of(number, "resolve").started_at == later
    stage.does(number, "dispatch", stage.agent, contractor=stage.mender.org)
    assert stage.ticket(number).state is State.DISPATCHED


def test_an_answer_that_a_supervisor_sends_back_stands_in_the_desks_queue(stage: Stage) -> None:
    number = answered(stage)
    event = stage.does(number, "remand", stage.supervisor, reason="答非所问")
    assert (event.to_state, stage.ticket(number).state) == (State.RECEIVED, State.RECEIVED)
    assert stage.told_by(number, event) == {"desk", "resident"}


def test_what_a_contractor_did_badly_goes_back_to_that_contractor(stage: Stage) -> None:
    number = stage.brought_to(State.RESOLVED)
    stage.does(number, "remand", stage.supervisor, reason="照片不对")
    ticket = stage.ticket(number)
    assert (ticket.state, ticket.handler, ticket.contractor_id) == (State.IN_PROGRESS, Handler.CONTRACTOR, stage.mender.org)


def test_the_same_said_again_of_a_round_changes_nothing(stage: Stage) -> None:
    number = stage.brought_to(State.RESOLVED)
    low = feedback.Answers(1, solved=False, reason="又不亮了")
    for turn in (1, 1):
        with stage.cast.hotline.tx() as tx:
            feedback.rate(tx, store.by_number(tx.session, number, SYSTEM), low, via="webform", turn=turn)
    assert stage.ticket(number).round == 2
    assert [event.action for event in stage.events(number)].count("rate") == 1


def test_a_late_form_about_a_round_that_is_over_rates_no_other(stage: Stage) -> None:
    number = stage.brought_to(State.RESOLVED)
    rates(stage, number, 1, reason="又不亮了")
    stage.does(number, "resolve", stage.mender, text="换了整套")
    before = stage.everything(number)
    with pytest.raises(Conflict, match="第 1 次办理已经结束"), stage.cast.hotline.tx() as tx:
        feedback.rate(tx, store.by_number(tx.session, number, SYSTEM), feedback.Answers(5), via="webform", turn=1)
    assert stage.everything(number) == before


def test_a_rating_says_whose_work_it_speaks_of(stage: Stage) -> None:
    number = stage.brought_to(State.RESOLVED)
    rates(stage, number, 4)
    (rating,) = stage.cast.history(number).ratings
    assert (rating.contractor_id, rating.by_id, rating.call_id) == (stage.mender.org, "", "")


def test_a_low_grade_without_a_reason_is_not_complete() -> None:
    for low in (feedback.Answers(2), feedback.Answers(5, solved=False), feedback.Answers(1, reason="  ")):
        with pytest.raises(BadInput, match="原因"):
            low.complete()
    feedback.Answers(3).complete()
    feedback.Answers(1, reason="没来").complete()
