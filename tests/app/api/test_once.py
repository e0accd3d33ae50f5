"""Idempotency-Key: the same request again is answered the same and done once, also when two come together; on both engines."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from httpx import Response
from sqlalchemy import func, select

from app.tickets.lifecycle import Role, State
from app.tickets.programs import Answered
from tests.app.api.conftest import Morning, Program

TOGETHER = 4


def kept(line: Morning) -> int:
    with line.stage.cast.hotline.look() as tx:
        return tx.session.scalar(select(func.count()).select_from(Answered)) or 0


def notes(line: Morning, number: str) -> int:
    return sum(event.action == "note" for event in line.stage.events(number))


def test_the_same_again_is_told_the_same_and_done_once(line: Morning) -> None:
    agent = line.program(Role.AGENT)
    number = line.stage.opens()
    first = agent.post(f"/tickets/{number}/note", {"text": "问过物业"}, key="k-1")
    line.program(Role.AGENT).does(number, "dispatch", contractor="匠修")
    again = agent.post(f"/tickets/{number}/note", {"text": "问过物业"}, key="k-1")
    assert (first.status_code, again.status_code) == (200, 200)
    assert again.content == first.content, "as it was answered then, not as the ticket is now"
    assert (again.headers["idempotency-replayed"], "idempotency-replayed" in first.headers) == ("true", False)
    assert again.headers["content-type"] == first.headers["content-type"] == "application/json"
    assert notes(line, number) == 1


def test_the_same_key_for_another_request_is_refused(line: Morning) -> None:
    agent = line.program(Role.AGENT)
    number, other = line.stage.opens(), line.stage.opens()
    agent.post(f"/tickets/{number}/note", {"text": "问过物业"}, key="k-2")
    for path, body in ((f"/tickets/{number}/note", {"text": "别的"}), (f"/tickets/{other}/note", {"text": "问过物业"})):
        answer = agent.post(path, body, key="k-2")
        assert (answer.status_code, answer.json()["type"]) == (422, "/problems/key-reused")
    assert (notes(line, number), notes(line, other)) == (1, 0)


def test_a_key_is_its_holders_own(line: Morning) -> None:
    number = line.stage.opens()
    for program in (line.program(Role.AGENT), line.program(Role.AGENT)):
        answer = program.post(f"/tickets/{number}/note", {"text": "问过物业"}, key="k-3")
        assert (answer.status_code, "idempotency-replayed" in answer.headers) == (200, False)
    assert notes(line, number) == 2


def test_a_refusal_is_not_kept_so_that_it_may_be_mended(line: Morning) -> None:
    mender = line.program(Role.CONTRACTOR, contractor_id=line.firm("匠修"))
    number = line.stage.brought_to(State.DISPATCHED)
    before = kept(line)
    path = f"/tickets/{number}/resolution"
    assert mender.post(path, {"text": "换了灯"}, key="k-4").status_code == 409, "not accepted yet"
    assert mender.post(path, {"text": ""}, key="k-4").status_code == 422
    assert mender.post("/tickets/GZ209901010000018/resolution", {"text": "x"}, key="k-4").status_code == 403
    assert kept(line) == before
    mender.does(number, "acceptance", eta="下午")
    done = mender.post(path, {"text": "换了灯"}, key="k-4")
    assert (done.status_code, done.json()["state"], kept(line)) == (200, "resolved", before + 1)
    assert mender.post(path, {"text": "换了灯"}, key="k-4").headers["idempotency-replayed"] == "true"


@pytest.mark.parametrize("key", [" ", "x" * 201, "键", "a\tb", "a\x7fb"])
def test_a_key_that_is_none_is_refused(line: Morning, key: str) -> None:
    agent = line.program(Role.AGENT)
    number = line.stage.opens()
    headers = {"Authorization": f"Bearer {agent.token}".encode(), "Idempotency-Key": key.encode()}
    answer = line.web.post(f"/api/v1/tickets/{number}/note", json={"text": "x"}, headers=headers)
    assert (answer.status_code, answer.json()["field"]) == (422, "Idempotency-Key")
    assert notes(line, number) == 0


@pytest.mark.parametrize("key", ["k", "x" * 200, "a b~!"])
def test_any_printable_key_will_do(line: Morning, key: str) -> None:
    agent = line.program(Role.AGENT)
    path = f"/tickets/{line.stage.opens()}/note"
    assert agent.post(path, {"text": "x"}, key=key).status_code == 200
    assert agent.post(path, {"text": "x"}, key=key).headers["idempotency-replayed"] == "true"


def test_after_a_day_a_key_is_forgotten(line: Morning) -> None:
    agent = line.program(Role.AGENT)
    number = line.stage.opens()
    path, clock = f"/tickets/{number}/note", line.stage.cast.clock
    agent.post(path, {"text": "x"}, key="k-5")
    began = clock.now()
    try:
        clock.advance(timedelta(hours=23, minutes=59))
        assert agent.post(path, {"text": "x"}, key="k-5").headers["idempotency-replayed"] == "true"
        clock.advance(timedelta(minutes=2))
        assert "idempotency-replayed" not in agent.post(path, {"text": "x"}, key="k-5").headers
        assert (notes(line, number), kept(line)) == (2, 1), "whatever else was as old is gone with it"
    finally:
        clock.set(began)


def _together(programs: list[Program], path: str, body: object, key: str) -> list[Response]:
    gate = Barrier(len(programs))

    def go(program: Program) -> Response:
        gate.wait(timeout=30)
        return program.post(path, body, key=key)

    with ThreadPoolExecutor(len(programs)) as pool:
        return list(pool.map(go, programs))


@pytest.mark.parametrize("turn", range(3))
def test_requests_that_come_together_are_done_once(line: Morning, turn: int) -> None:
    agent = line.program(Role.AGENT)
    number = line.stage.opens()
    answers = _together([agent] * TOGETHER, f"/tickets/{number}/note", {"text": "问过物业"}, f"race-{turn}")
    assert [answer.status_code for answer in answers] == [200] * TOGETHER
    assert len({answer.content for answer in answers}) == 1
    assert sum("idempotency-replayed" in answer.headers for answer in answers) == TOGETHER - 1
    assert notes(line, number) == 1


def test_of_those_that_decide_together_without_a_key_one_wins_and_the_rest_are_told(line: Morning) -> None:
    programs = [line.program(Role.AGENT) for _ in range(TOGETHER)]
    number = line.stage.opens()
    answers = _together(programs, f"/tickets/{number}/dispatch", {"contractor": "匠修"}, "")
    assert sorted(answer.status_code for answer in answers) == [200] + [409] * (TOGETHER - 1)
    for lost in (answer.json() for answer in answers if answer.status_code == 409):
        assert (lost["state"], lost["state_name"]) == ("dispatched", "待签收")
    assert [event.action for event in line.stage.events(number)].count("dispatch") == 1


def test_a_ticket_registered_together_is_one(line: Morning) -> None:
    agent = line.program(Role.AGENT)
    body = {"text": "石桥新居3栋楼道灯不亮了", "external_id": "acd-together", "phone": "13812345678"}
    answers = _together([agent] * TOGETHER, "/tickets", body, "reg-together")
    assert [answer.status_code for answer in answers] == [201] * TOGETHER
    assert len({answer.headers["location"] for answer in answers}) == 1
    body["external_id"] = "acd-together-2"
    bare = _together([agent] * TOGETHER, "/tickets", body, "")
    assert sorted(answer.status_code for answer in bare) == [200] * (TOGETHER - 1) + [201]
    assert len({answer.json()["number"] for answer in bare}) == 1
