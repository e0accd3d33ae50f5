"""拆单: one number towards the resident, a ticket like any other towards a contractor, the clock from receipt."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.errors import BadInput, Conflict, Hidden
from app.store import tickets as store
from app.tickets.lifecycle import Handler, State
from tests.app.casework.stage import Stage
from tests.cast import MONDAY_MORNING

FIXED = "石桥新居3栋2单元1502 说厨房水管修好了 根本没人来过 还在漏水"
WORK = "石桥新居3栋2单元1502厨房水管仍在漏水，请上门维修"


def split(stage: Stage, **more: str) -> tuple[str, str]:
    """A ticket of “said fixed, never came”, split two hours later; its number and its part's."""
    number = stage.opens("C15", text=FIXED)
    stage.cast.clock.advance(timedelta(hours=2))
    stage.deed(number, "split", stage.agent, text=WORK, leaf="C01", **more)
    (part,) = stage.parts(number)
    return number, part.number


def test_a_part_is_a_ticket_of_its_own_with_the_clock_of_the_whole(stage: Stage) -> None:
    number, own = split(stage)
    whole, part = stage.ticket(number), stage.ticket(own)
    assert part.created_at == whole.created_at == MONDAY_MORNING
    assert (part.resident_id, part.channel, part.sender) == (whole.resident_id, whole.channel, whole.sender)
    assert (part.text, part.leaf, part.state, part.handler) == (WORK, "C01", State.DISPATCHED, Handler.CONTRACTOR)
    assert (part.building, part.unit, part.room) == ("3", "2", "1502")
    assert part.number.startswith("GZ20261123") and part.public_number == number
    assert stage.clock_of(own, "resolve").started_at == MONDAY_MORNING
    assert stage.clock_of(own, "finish").started_at == MONDAY_MORNING + timedelta(hours=2)
    assert whole.state is State.RECEIVED
    assert [event.action for event in stage.events(own)] == ["receive", "dispatch"]


def test_what_remains_is_filed_anew_and_goes_to_the_supervisor_sealed(stage: Stage) -> None:
    number, own = split(stage, rest="R04")
    whole = stage.ticket(number)
    assert (whole.leaf, whole.sealed, whole.handler, whole.state) == ("R04", True, Handler.PURCHASER, State.DISPATCHED)
    assert not stage.ticket(own).sealed
    with stage.cast.hotline.look() as tx, pytest.raises(Hidden):
        store.by_number(tx.session, number, stage.mender)


def test_from_a_contractor_the_rest_is_taken_back_first(stage: Stage) -> None:
    number = stage.opens("C15", text=FIXED)
    stage.does(number, "dispatch", stage.agent, contractor=stage.mender.org)
    stage.deed(number, "split", stage.agent, text=WORK, leaf="C01", rest="R04")
    told = [row.text for row in stage.notices(number, "contractor")]
    assert "R04" not in " ".join(told) and "收回改派" in told[-1]
    assert stage.ticket(number).sealed


def test_a_rest_that_is_where_it_belongs_stays_there(stage: Stage) -> None:
    number = stage.opens("R04", review=False, text=FIXED)
    assert stage.ticket(number).state is State.DISPATCHED, "to the supervision, by itself"
    stage.deed(number, "split", stage.agent, text=WORK, leaf="C01", rest="R04")
    assert [event.action for event in stage.events(number)] == ["receive", "refer", "split"]
    assert (stage.ticket(number).state, stage.ticket(number).moves) == (State.DISPATCHED, 1)


def test_the_resident_is_told_once_of_the_split_and_only_ever_of_one_number(stage: Stage) -> None:
    number, own = split(stage, rest="R04")
    rows = [*stage.notices(number, "resident"), *stage.notices(own, "resident")]
    assert sum("分开办理" in row.text for row in rows) == 1
    assert not any("已受理" in row.text for row in stage.notices(own, "resident"))
    assert all(own not in row.text + row.subject and number in row.text for row in rows)


def test_nothing_a_contractor_may_read_of_a_part_names_the_whole(stage: Stage) -> None:
    number, own = split(stage, rest="R04")
    stage.does(own, "accept", stage.mender, eta="今天下午")
    stage.does(own, "resolve", stage.mender, text="换了软管")
    told = [row for row in stage.notices(own) if row.audience != "resident"]
    assert told and not any(number in row.text + row.subject for row in told)
    assert not any(number in str(event.details) for event in stage.events(own))


def test_guarded_words_go_to_no_contractor(stage: Stage) -> None:
    number = stage.opens("C15", text=FIXED)
    before = stage.everything(number)
    with pytest.raises(BadInput, match="不能转给承接主体"):
        stage.deed(number, "split", stage.agent, text="维修师傅收了我三百块现金还骂人，漏水没修", leaf="C01")
    assert stage.everything(number) == before
    stage.deed(number, "split", stage.agent, text="维修师傅收了我三百块现金还骂人", leaf="R04")
    (part,) = stage.parts(number)
    assert part.sealed and part.handler is Handler.PURCHASER


NONE = [{"text": "", "leaf": "C01"}, {"text": WORK, "leaf": "Z99"}, {"text": WORK, "leaf": "C01", "rest": "Z1"}]


@pytest.mark.parametrize("given", NONE)
def test_a_split_that_is_no_split_changes_nothing(stage: Stage, given: dict[str, str]) -> None:
    number = stage.opens("C15", text=FIXED)
    before = stage.everything(number)
    with pytest.raises(BadInput):
        stage.deed(number, "split", stage.agent, **given)
    assert stage.everything(number) == before


def test_a_part_is_not_split_again(stage: Stage) -> None:
    _, own = split(stage)
    with pytest.raises(Conflict, match="总单"):
        stage.deed(own, "split", stage.agent, text=WORK, leaf="C01")


def test_who_was_called_about_the_whole_need_not_be_called_about_its_parts(stage: Stage) -> None:
    number = stage.opens("C15", text=FIXED)
    stage.does(number, "reply", stage.agent, text="我们已经看到")
    stage.deed(number, "split", stage.agent, text=WORK, leaf="C01")
    (part,) = stage.parts(number)
    assert "contact" not in {timer.target for timer in stage.ticket(part.number).timers}
