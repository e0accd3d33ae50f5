"""Pictures sent, listed and fetched by programs: the bytes as the body, nothing else."""

from __future__ import annotations

import hashlib

from httpx import Response

from app.tickets import pictures
from app.tickets.lifecycle import Role, State
from tests.app.api.conftest import Morning, Program
from tests.app.tickets.test_pictures import STATION, noted
from tests.proof import jpeg


def send(program: Program, number: str, body: bytes, **query: str) -> Response:
    headers = {"content-type": "image/jpeg"} | ({"Authorization": f"Bearer {program.token}"} if program.token else {})
    answer: Response = program.web.post(f"/api/v1/tickets/{number}/photos", params=query, content=body, headers=headers)
    return answer


def test_a_picture_is_sent_listed_and_fetched(morning: Morning) -> None:
    number = morning.stage.brought_to(State.IN_PROGRESS)
    firm = morning.program(Role.CONTRACTOR, contractor_id=morning.firm("匠修"))
    body = noted(taken="2026:11:23 14:05:09", place=STATION)
    answer = send(firm, number, body, stage="after")
    assert answer.status_code == 201, answer.text
    told = answer.json()
    assert told["sha256"] == hashlib.sha256(body).hexdigest()
    assert (told["taken_at"], told["latitude"], told["longitude"]) == ("2026-11-23T14:05:09+08:00", 30.26, 120.15)
    assert (told["stage"], told["round"], told["width"], told["height"]) == ("after", 1, 40, 30)
    assert send(firm, number, body, stage="after").json()["id"] == told["id"], "twice is once"
    (listed,) = firm.get(f"/tickets/{number}/photos").json()
    assert listed["id"] == told["id"]
    picture = firm.get(f"/tickets/{number}/photos/{told['id']}")
    assert (picture.status_code, picture.headers["content-type"]) == (200, "image/jpeg")
    assert hashlib.sha256(picture.content).hexdigest() == told["content_sha256"]


def test_what_is_no_picture_is_a_problem_in_words(morning: Morning) -> None:
    number = morning.stage.brought_to(State.IN_PROGRESS)
    firm = morning.program(Role.CONTRACTOR, contractor_id=morning.firm("匠修"))
    for body, status, words in (
        (b"", 422, "照片是空的"),
        (b"%PDF-1.7", 422, "不是照片"),
        (jpeg()[:100], 422, "不完整"),
        (b"\xff\xd8\xff" + bytes(pictures.LARGEST), 413, "超过 10 MB"),
    ):
        answer = send(firm, number, body)
        assert (answer.status_code, words in answer.text) == (status, True), answer.text
        assert answer.headers["content-type"] == "application/problem+json"
    assert send(firm, number, jpeg(), stage="during").status_code == 422
    assert firm.get(f"/tickets/{number}/photos").json() == []


def test_nobody_sends_or_sees_what_is_not_theirs(morning: Morning) -> None:
    number = morning.stage.brought_to(State.IN_PROGRESS)
    firm = morning.program(Role.CONTRACTOR, contractor_id=morning.firm("匠修"))
    one = send(firm, number, jpeg()).json()["id"]
    other = morning.program(Role.CONTRACTOR, contractor_id=morning.firm("安居"))
    assert send(Program(morning.web, ""), number, jpeg()).status_code == 401
    assert send(Program(morning.web, "wrong"), number, bytes(pictures.LARGEST + 1)).status_code == 401, "before it is read"
    evaluator = morning.program(Role.EVALUATOR)
    for stranger in (other, evaluator):
        assert send(stranger, number, jpeg()).status_code in (403, 404)
        assert stranger.get(f"/tickets/{number}/photos").status_code in (403, 404)
        assert stranger.get(f"/tickets/{number}/photos/{one}").status_code in (403, 404)
    agent = morning.program(Role.AGENT)
    assert [listed["id"] for listed in agent.get(f"/tickets/{number}/photos").json()] == [one]


def test_where_nothing_is_asked_for_nothing_is_kept(morning: Morning) -> None:
    number = morning.stage.brought_to(State.REJECTED)
    answer = send(morning.program(Role.AGENT), number, jpeg())
    assert answer.status_code == 409 and "不收您的照片" in answer.text
