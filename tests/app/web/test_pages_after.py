"""After the work, at the pages: the desk's call-backs, the resident's word, what waits for review; looking changes nothing."""

from __future__ import annotations

import dataclasses
from typing import Any

from sqlalchemy import select

from app import aftercare
from app.store import tickets as store
from app.tickets.lifecycle import SYSTEM, State
from app.tickets.model import Ticket
from tests import proof
from tests.app.web.conftest import Browser, House
from tests.app.web.test_every_route import addresses, knock


def resolved(house: House, *, approved: bool = True) -> tuple[Browser, str]:
    """A resident's browser and their ticket, done and reviewed, with a call to be made."""
    resident, number = house.submit()
    cast = house.cast
    plumber = cast.contractor(cast.names().contractors[cast.ticket(number).contractor_id or 0])
    for action, by, details in (
        ("accept", plumber, {"eta": "下午"}),
        ("resolve", plumber, {"text": "更换软管，试水不漏"}),
        ("approve", cast.agent(), {}),
    ):
        if action != "approve" or approved:
            with cast.hotline.tx() as tx:
                proof.done(tx, store.by_number(tx.session, number, SYSTEM), action, by, details)
    policy = cast.hotline.policy
    cast.hotline.policy = dataclasses.replace(policy, rules=dataclasses.replace(policy.rules, callback_percent=100))
    aftercare.draw_calls(cast.hotline)
    return resident, number


def state(house: House, number: str) -> State:
    return house.cast.ticket(number).state


def test_an_agent_calls_asks_and_writes_it_down(house: House) -> None:
    _, number = resolved(house)
    agent = house.browse("agent")
    listed = agent.shown("/desk/callbacks")
    assert number in listed and "13812345678" in listed and "办结回访" in listed
    form = agent.shown(f"/desk/callbacks/{number}")
    assert "回访话术" in form and "更换软管" in form
    assert " checked" not in form, "nothing is preselected"
    given = {"outcome": "answered", "seen": "0", "solved": "yes", "satisfied": "4", "responded": "yes"}
    refused = agent.post(f"/desk/callbacks/{number}", **given)
    assert refused.status_code == 422 and "通话编号" in refused.text
    assert refused.text.count(" checked") == 4, "what was ticked is kept"
    page = agent.done(f"/desk/callbacks/{number}", **given, call_id="t-100")
    assert "已记录诉求人的评价" in page and number not in page
    (rating,) = house.cast.history(number).ratings
    assert (rating.satisfied, rating.call_id, rating.via) == (4, "t-100", "phone")
    assert state(house, number) is State.CLOSED
    assert agent.get(f"/desk/callbacks/{number}").status_code == 409


def test_nobody_answers_and_the_call_stands_further_down_the_list(house: House) -> None:
    _, number = resolved(house)
    agent = house.browse("agent")
    page = agent.done(f"/desk/callbacks/{number}", outcome="no_answer", seen="0")
    assert "已拨 1 次" in page and "再拨" in page
    again = agent.post(f"/desk/callbacks/{number}", outcome="no_answer", seen="0")
    assert again.status_code == 409 and "刚刚有人拨打过" in again.text


def test_a_supervisor_reads_the_calls_and_makes_none(house: House) -> None:
    _, number = resolved(house)
    city = house.browse("city")
    page = city.shown(f"/desk/callbacks/{number}")
    assert "回访由坐席记录" in page and "tel:" not in page
    assert city.post(f"/desk/callbacks/{number}", outcome="no_answer", seen="0").status_code == 403


def test_what_waits_for_review_stands_in_a_list_of_its_own(house: House) -> None:
    _, number = resolved(house, approved=False)
    agent = house.browse("agent")
    assert number in agent.shown("/desk?tab=to_review")
    agent.done(f"/desk/{number}/approval")
    assert number not in agent.shown("/desk?tab=to_review")


def test_one_tap_says_that_it_is_solved_and_twice_says_it_once(house: House) -> None:
    resident, number = resolved(house)
    assert "确认解决" in resident.shown(f"/h5/t/{number}")
    assert "谢谢您的确认" in resident.done(f"/h5/t/{number}/confirmation")
    seq = house.cast.ticket(number).seq
    resident.done(f"/h5/t/{number}/confirmation")
    assert (state(house, number), house.cast.ticket(number).seq) == (State.CLOSED, seq)
    assert house.cast.history(number).ratings == []


def test_whoever_objects_says_why_and_a_new_round_begins_once(house: House) -> None:
    resident, number = resolved(house)
    refused = resident.post(f"/h5/t/{number}/contest", objection=" ", round="1")
    assert refused.status_code == 422 and "哪里没有解决" in refused.text
    assert state(house, number) is State.RESOLVED
    for _ in range(2):
        assert "将重新办理" in resident.done(f"/h5/t/{number}/contest", objection="还在滴水", round="1")
    assert (state(house, number), house.cast.ticket(number).round) == (State.IN_PROGRESS, 2)


def test_a_low_grade_needs_a_reason_and_the_same_form_twice_is_one_rating(house: House) -> None:
    resident, number = resolved(house)
    low = {"solved": "no", "satisfied": "1", "round": "1"}
    refused = resident.post(f"/h5/t/{number}/rating", **low)
    assert refused.status_code == 422 and "写明原因" in refused.text
    for _ in range(2):
        assert "将重新办理" in resident.done(f"/h5/t/{number}/rating", **low, why="问题没解决")
    assert house.cast.ticket(number).round == 2
    other = resident.post(f"/h5/t/{number}/rating", solved="yes", satisfied="5", round="1")
    assert other.status_code == 409, "it speaks of a round that is over"
    assert [(one.round, one.satisfied) for one in house.cast.history(number).ratings] == [(1, 1)]


def test_a_contractor_reads_how_often_and_when_somebody_urged(house: House) -> None:
    resident, number = house.submit()
    resident.done(f"/h5/t/{number}/nudge")
    cast = house.cast
    login = {"匠修": "jiangxiu", "安居": "anju"}
    name = cast.names().contractors[cast.ticket(number).contractor_id or 0]
    page = house.browse(next(key for word, key in login.items() if word in name)).shown(f"/jobs/t/{number}")
    assert "催办 1 次" in page and "最近一次催办" in page


def everything(house: House) -> Any:
    with house.cast.hotline.look() as tx:
        versions = tx.session.execute(select(Ticket.number, Ticket.version, Ticket.seq, Ticket.updated_at)).all()
    rows = house.rows()
    rows.pop("sign_in", None)  # signing in is a row; looking is none
    return rows, [tuple(row) for row in versions]


def test_looking_changes_nothing_whoever_looks(house: House) -> None:
    """Mail scanners and browsers fetch every link they see: no GET may act."""
    resident, number = resolved(house)
    people = [resident, *(house.browse(login) for login in ("agent", "jiangxiu", "anju", "city", "admin"))]
    looks = [
        address
        for address in sorted(addresses(house))
        if address.startswith("GET ") and "/hooks" not in address and address != "GET /readyz"
    ]
    assert len(looks) > 15
    before = everything(house)
    for browser in people:
        for address in looks:
            assert knock(browser, address, number).status_code < 500, address
    for path in (f"/h5/t/{number}/{noun}" for noun in ("rating", "confirmation", "contest", "nudge", "withdrawal")):
        assert resident.get(path).status_code in (404, 405)
    assert everything(house) == before
