"""/api/v1/webhooks: a contractor's program registers, lists and stops its own endpoints, and knows of no others."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from httpx import Response

from app.tickets.lifecycle import Role
from app.tickets.programs import Webhook
from channels.webhook import key_of
from tests.app.api.conftest import Morning, Program

pytestmark = pytest.mark.slow
KEYS = itertools.count(1)
URL = "https://jx.example.com/hotline"


def asks(program: Program, method: str, path: str = "", **body: Any) -> Response:
    headers = {"Authorization": f"Bearer {program.token}", "Idempotency-Key": f"k-{next(KEYS)}"}
    answer: Response = program.web.request(method, f"/api/v1/webhooks{path}", headers=headers, json=body or None)
    return answer


def test_the_secret_stands_in_the_first_answer_and_nowhere_else(morning: Morning) -> None:
    mender = morning.program(Role.CONTRACTOR, contractor_id=morning.firm("匠修"))
    made = asks(mender, "POST", url=URL, name="派单系统")
    assert made.status_code == 201, made.text
    secret, number = made.json()["secret"], made.json()["id"]
    assert len(key_of(secret)) == 32
    listed = asks(mender, "GET")
    assert [one["url"] for one in listed.json() if one["id"] == number] == [URL]
    assert "whsec" not in listed.text
    assert asks(mender, "DELETE", f"/{number}").json() == {"id": number, "disabled": True}
    with morning.stage.cast.hotline.look() as tx:
        assert tx.session.get_one(Webhook, number).disabled_at is not None


def test_of_others_endpoints_nothing_is_known(morning: Morning) -> None:
    mender = morning.program(Role.CONTRACTOR, contractor_id=morning.firm("匠修"))
    other = morning.program(Role.CONTRACTOR, contractor_id=morning.firm("安居"))
    number = asks(mender, "POST", url=f"{URL}/mine").json()["id"]
    assert all(one["id"] != number for one in asks(other, "GET").json())
    for unknown in (number, 4711, 10**18 * 99):
        assert asks(other, "DELETE", f"/{unknown}").status_code == 404
    assert any(one["id"] == number and one["disabled_at"] is None for one in asks(mender, "GET").json())


def test_only_contractors_have_any(morning: Morning, agent: Program) -> None:
    for method, body in (("GET", {}), ("POST", {"url": URL}), ("DELETE", {})):
        assert asks(agent, method, "/1" if method == "DELETE" else "", **body).status_code == 403


@pytest.mark.parametrize("body", [{"url": "http://x.example.com"}, {"url": ""}, {"url": URL, "name": "长" * 201}, {"name": "x"}])
def test_what_is_no_address_is_refused(morning: Morning, body: dict[str, str]) -> None:
    mender = morning.program(Role.CONTRACTOR, contractor_id=morning.firm("匠修"))
    answer = asks(mender, "POST", **body)
    assert answer.status_code == 422 and answer.headers["content-type"] == "application/problem+json"
