"""403 without saying whether the ticket exists: what is not there and what is not theirs is one answer, to the byte."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from httpx import Response

from app.demo.load import DEMO_PASSWORD
from app.tickets.lifecycle import Role
from app.web.forms import FORMS
from tests.app.api.conftest import Morning, Program

NOT_THERE = ("GZ209901010000018", "GZ202611230999994", "x", "9" * 300)


@pytest.fixture
def outsiders(morning: Morning) -> list[tuple[Program, str]]:
    """Programs that do not see everything, each with a ticket that it may not know of."""
    n = morning.numbers
    return [
        (morning.program(Role.CONTRACTOR, contractor_id=morning.firm("匠修")), n["bribe"]),
        (morning.program(Role.CONTRACTOR, contractor_id=morning.firm("匠修")), n["calls"]),
        (morning.program(Role.CONTRACTOR, contractor_id=morning.firm("安居")), n["lamp"]),
        (morning.program(Role.SUPERVISOR, purchaser_id=morning.purchaser("望湖区")), n["lamp"]),
        (morning.program(Role.EVALUATOR), n["done"]),
    ]


def alike(answers: Iterator[Response]) -> bool:
    kept = {"content-type", "content-length"}
    seen = {(one.status_code, one.content, tuple((k, one.headers[k]) for k in sorted(kept))) for one in answers}
    (only,) = seen or {(0, b"", ())}
    return only[0] == 403


def test_a_hidden_ticket_is_read_as_one_that_is_not_there(morning: Morning, outsiders: list[tuple[Program, str]]) -> None:
    for program, hidden in outsiders:
        for rest in ("", "/deadlines"):
            assert alike(program.get(f"/tickets/{number}{rest}") for number in (hidden, *NOT_THERE)), hidden


@pytest.mark.parametrize("action", FORMS)
def test_no_act_tells_a_hidden_ticket_from_one_that_is_not_there(
    morning: Morning, outsiders: list[tuple[Program, str]], action: str
) -> None:
    noun = FORMS[action].noun
    words = {"eta": "下午", "until": "2026-11-27T17:30:00+08:00", "wanted": "2026-11-27T17:30:00+08:00", "level": 2, "round": 1}
    words |= {"code": "place", "outcome": "unfounded"}
    body = {field.name: words.get(field.name, "x") for field in FORMS[action].fields if field.kind != "tick"}
    for program, hidden in outsiders:
        before = morning.stage.everything(hidden)
        tickets = (hidden, *NOT_THERE)
        assert alike(program.post(f"/tickets/{number}/{noun}", {**body, "seen": 1}) for number in tickets), (noun, hidden)
        assert morning.stage.everything(hidden) == before


def test_who_sees_everything_is_told_that_there_is_none(morning: Morning) -> None:
    for role in (Role.AGENT, Role.ADMIN, Role.SUPERVISOR):
        program = morning.program(role)
        for answer in (program.get(f"/tickets/{NOT_THERE[0]}"), program.post(f"/tickets/{NOT_THERE[0]}/note", {"text": "x"})):
            assert (answer.status_code, answer.json()["type"]) == (404, "/problems/not-found"), role


def test_pages_hold_the_same_rule(morning: Morning) -> None:
    n = morning.numbers
    for login, root, hidden in (
        ("jiangxiu", "/jobs", n["bribe"]),
        ("jiangxiu", "/jobs", n["calls"]),
        ("anju", "/jobs", n["lamp"]),
    ):
        morning.web.cookies.clear()
        morning.web.post("/signin", data={"login": login, "password": DEMO_PASSWORD}, follow_redirects=False)
        pages = [morning.web.get(f"{root}/t/{number}") for number in (hidden, *NOT_THERE)]
        pages += [morning.web.post(f"{root}/{number}/note", data={"text": "x"}) for number in (hidden, *NOT_THERE)]
        assert {page.status_code for page in pages} == {403}
        texts = [re.sub(r'/jobs/[^"]+', "", page.text) for page in pages]  # a page's link to itself, in large type
        assert len(set(texts)) == 1 and "没有这张工单，或者您无权查看" in pages[0].text
    morning.web.cookies.clear()
