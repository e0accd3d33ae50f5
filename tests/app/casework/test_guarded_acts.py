"""What no row may do: give a contractor what is not a contractor's, tell it who complains, or let two people act at once."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm.exc import StaleDataError

from app.casework import act
from app.errors import BadInput, Conflict, Hidden, NotAllowed
from app.store import tickets as store
from app.tickets.lifecycle import SYSTEM, Handler, State
from app.triage import assign_now
from tests.app.casework.stage import Stage


@pytest.mark.parametrize("action", ["accept", "contact", "note"])
def test_a_contractor_cannot_act_on_anothers_ticket(sqlite_stage: Stage, action: str) -> None:
    number = sqlite_stage.brought_to(State.DISPATCHED)
    before = sqlite_stage.everything(number)
    with pytest.raises(NotAllowed):
        sqlite_stage.does(number, action, sqlite_stage.other, text="看看", eta="下午")
    assert sqlite_stage.everything(number) == before
    with pytest.raises(Hidden):
        sqlite_stage.cast.ticket(number, sqlite_stage.other)


def test_a_contractor_cannot_act_on_what_was_taken_from_it(sqlite_stage: Stage) -> None:
    number = sqlite_stage.brought_to(State.RETURNED)
    with pytest.raises(NotAllowed):
        sqlite_stage.does(number, "note", sqlite_stage.mender, text="其实修好了")
    with pytest.raises(Hidden):
        sqlite_stage.cast.ticket(number, sqlite_stage.mender)


def test_a_resident_cannot_act_on_a_neighbours_ticket(sqlite_stage: Stage) -> None:
    number, neighbours = sqlite_stage.brought_to(State.RESOLVED), sqlite_stage.opens()
    for action, details in (
        ("append", {"text": "我也是"}),
        ("reopen", {"reason": "没好"}),
        ("rate", {"satisfied": 1}),
        ("withdraw", {}),
    ):
        before = sqlite_stage.everything(number)
        with pytest.raises(NotAllowed):
            sqlite_stage.does(number, action, sqlite_stage.resident(neighbours), **details)
        assert sqlite_stage.everything(number) == before


@pytest.mark.parametrize("leaf", ["G01", "G06", "R01", "R04"])
@pytest.mark.parametrize("review", [False, True], ids=["sealed", "in doubt, not sealed yet"])
def test_what_is_not_a_contractors_is_never_dispatched(sqlite_stage: Stage, leaf: str, review: bool) -> None:
    stage = sqlite_stage
    number = stage.opens(leaf, review=review)
    assert (stage.ticket(number).sealed, stage.ticket(number).handler) == (not review, Handler.PURCHASER)
    stage.does(number, "return", stage.agent, reason="再看看")
    before = stage.everything(number)
    for by in (stage.agent, stage.supervisor, SYSTEM):
        with pytest.raises(NotAllowed, match="承接主体"):
            stage.does(number, "dispatch", by, contractor=stage.mender.org)
    assert stage.everything(number) == before
    assert stage.notices(number, "contractor") == []


def test_a_sealed_ticket_changed_to_a_repair_stays_sealed_unless_a_supervisor_opens_it(sqlite_stage: Stage) -> None:
    stage = sqlite_stage
    number = stage.opens("R01", review=False)
    stage.does(number, "return", stage.agent, reason="像是报修")
    stage.does(number, "classify", stage.agent, leaf="C06", unseal=True)
    assert stage.ticket(number).sealed, "an agent cannot open it"
    with pytest.raises(NotAllowed):
        stage.does(number, "dispatch", stage.agent, contractor=stage.mender.org)
    stage.does(number, "classify", stage.supervisor, leaf="C06")
    assert stage.ticket(number).sealed, "nor is it opened by the way"
    stage.does(number, "classify", stage.supervisor, leaf="C06", unseal=True)
    assert not stage.ticket(number).sealed
    stage.does(number, "dispatch", stage.agent, contractor=stage.mender.org)
    assert stage.cast.ticket(number, stage.mender).number == number


def test_not_even_a_supervisor_opens_what_stays_reserved(sqlite_stage: Stage) -> None:
    stage = sqlite_stage
    number = stage.opens("R01", review=False)
    stage.does(number, "return", stage.agent, reason="重看")
    stage.does(number, "classify", stage.supervisor, leaf="G02", unseal=True)
    assert stage.ticket(number).sealed


def test_a_category_that_does_not_exist_is_refused(sqlite_stage: Stage) -> None:
    number = sqlite_stage.opens()
    before = sqlite_stage.everything(number)
    with pytest.raises(BadInput, match="X99"):
        sqlite_stage.does(number, "classify", sqlite_stage.agent, leaf="X99")
    assert sqlite_stage.everything(number) == before


def test_a_report_that_deserves_secrecy_gets_it_once_an_agent_has_seen_what_it_is(sqlite_stage: Stage) -> None:
    number = sqlite_stage.opens("C12")
    assert not sqlite_stage.ticket(number).confidential
    sqlite_stage.does(number, "classify", sqlite_stage.agent, leaf="B05")
    assert sqlite_stage.ticket(number).confidential
    sqlite_stage.does(number, "classify", sqlite_stage.agent, leaf="C12")
    assert sqlite_stage.ticket(number).confidential, "what was promised is not taken back"


def test_a_contractor_reads_neither_name_nor_number(sqlite_stage: Stage) -> None:
    stage = sqlite_stage
    number = stage.opens("B05", review=False, name="王秀兰", phone="13812345678")
    assert stage.ticket(number).confidential and stage.ticket(number).state is State.DISPATCHED
    word = "我王秀兰，电话 138 1234 5678 或 +8613812345678，座机 0571-88886666，身份证 110101199003078888，别说是我讲的"
    stage.does(number, "append", stage.resident(number), text=word)
    stage.does(number, "nudge", stage.resident(number))
    told = "\n".join(row.text for row in stage.notices(number, "contractor"))
    assert "催办" in told and "诉求人有补充" in told
    assert "别说是我讲的" not in told, "in confidence the desk restates it"
    for secret in ("王秀兰", "1234", "13812345678", "88886666", "19900307"):
        assert secret not in told
    kept = next(row for row in stage.cast.history(number).messages if "别说是我讲的" in row.text)
    assert kept.text == word, "the desk reads it as it was said"


def test_a_sealed_ticket_tells_no_contractor_whatever_a_ladder_names(sqlite_stage: Stage) -> None:
    stage = sqlite_stage
    number = stage.opens("R02", review=False)
    for action in ("remind", "breach", "escalate"):
        stage.does(number, action, SYSTEM, target="resolve", tell=["contractor", "handler", "supervisor", "desk"], level=2)
    assert stage.notices(number, "contractor") == []
    assert {row.audience for row in stage.notices(number)} == {"resident", "supervisor", "desk"}


def test_who_acted_first_wins_and_the_other_is_told(stage: Stage) -> None:
    """Somebody accepts upon what they saw before it was taken away from them."""
    number = stage.brought_to(State.DISPATCHED)
    with stage.cast.hotline.look() as tx:
        seen = store.by_number(tx.session, number, stage.mender)
    stage.does(number, "return", stage.agent, reason="派错了")
    before = stage.everything(number)
    with pytest.raises(StaleDataError), stage.cast.hotline.tx() as tx:
        tx.session.add(seen)
        act(tx, seen, "accept", stage.mender, {"eta": "下午"})
    assert stage.everything(number) == before


def test_of_two_who_act_at_once_one_wins(stage: Stage) -> None:
    number = stage.brought_to(State.DISPATCHED)
    outcomes: list[str] = []
    # PostgreSQL lets both read before either writes; SQLite lets the second read only after the first has written.
    both_have_read = threading.Barrier(2 if not stage.cast.hotline.db.is_sqlite else 1)

    def accepts() -> None:
        try:
            with stage.cast.hotline.tx() as tx:
                ticket = store.by_number(tx.session, number, stage.mender)
                both_have_read.wait(timeout=20)
                act(tx, ticket, "accept", stage.mender, {"eta": "下午"})
            outcomes.append("done")
        except (StaleDataError, Conflict) as late:
            outcomes.append(type(late).__name__)

    people = [threading.Thread(target=accepts) for _ in range(2)]
    for one in people:
        one.start()
    for one in people:
        one.join()
    assert sorted(outcomes) == sorted(["done", "Conflict" if stage.cast.hotline.db.is_sqlite else "StaleDataError"])
    assert [event.action for event in stage.events(number)].count("accept") == 1
    assert [row.text for row in stage.notices(number, "resident") if "签收" in row.text] != []
    assert len([row for row in stage.notices(number, "resident") if "签收" in row.text]) == 1


def test_what_has_one_cause_happens_once(stage: Stage) -> None:
    number = stage.brought_to(State.DISPATCHED)
    details = {"target": "accept", "target_name": "签收", "due": "", "tell": ["desk"]}
    cause = f"timer:{number}:soon:0:v1"
    at = stage.cast.clock.now() - timedelta(minutes=3)
    with stage.cast.hotline.tx() as tx:
        event = act(tx, store.by_number(tx.session, number, SYSTEM), "remind", SYSTEM, details, at=at, cause=cause)
    assert (event.at, event.noticed_at) == (at, stage.cast.clock.now())
    before = stage.everything(number)
    with pytest.raises(IntegrityError), stage.cast.hotline.tx() as tx:
        act(tx, store.by_number(tx.session, number, SYSTEM), "remind", SYSTEM, details, at=at, cause=cause)
    assert stage.everything(number) == before


def test_a_seal_holds_even_where_a_contractors_name_stands(sqlite_stage: Stage) -> None:
    """However it came to stand there: by a mend in the database, or by a row that somebody will add to the table."""
    stage = sqlite_stage
    number = stage.brought_to(State.IN_PROGRESS)
    with stage.cast.hotline.tx() as tx:
        store.by_number(tx.session, number, SYSTEM).sealed = True
    with pytest.raises(Hidden):
        stage.cast.ticket(number, stage.mender)
    event = stage.does(number, "breach", SYSTEM, target="resolve", tell=["contractor", "handler", "desk"])
    assert stage.told_by(number, event) == {"desk"}


def test_what_the_desk_holds_is_shown_to_no_contractor_even_where_its_name_stands(sqlite_stage: Stage) -> None:
    stage = sqlite_stage
    number = stage.brought_to(State.DISPATCHED)
    with stage.cast.hotline.tx() as tx:
        store.by_number(tx.session, number, SYSTEM).handler = Handler.DESK
    with pytest.raises(Hidden):
        stage.cast.ticket(number, stage.mender)


def test_a_sealed_ticket_that_now_looks_like_a_repair_goes_to_the_purchaser(sqlite_stage: Stage) -> None:
    stage = sqlite_stage
    number = stage.opens("R01", review=False)
    stage.does(number, "return", stage.agent, reason="补了位置")
    stage.does(number, "classify", stage.agent, leaf="C06")
    with stage.cast.hotline.tx() as tx:
        assign_now(tx, store.by_number(tx.session, number, SYSTEM), stage.verdict("C06"))
    ticket = stage.ticket(number)
    assert (ticket.state, ticket.handler, ticket.sealed) == (State.DISPATCHED, Handler.PURCHASER, True)
    assert stage.notices(number, "contractor") == []


def test_who_has_the_job_is_told_to_stop_when_it_is_merged_and_not_into_what(sqlite_stage: Stage) -> None:
    """What it was merged into may be sealed: then no contractor may know of it."""
    stage = sqlite_stage
    number, into = stage.brought_to(State.IN_PROGRESS), stage.opens("R04", review=False)
    stage.does(number, "merge", stage.agent, into=into, into_id=stage.ticket(into).id)
    told = stage.notices(number, "contractor")[-1].text
    assert number in told and "停止办理" in told
    assert into not in told
    assert into in stage.notices(number, "resident")[-1].text
