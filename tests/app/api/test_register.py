"""POST /api/v1/tickets: what another program wrote down is a ticket like any, once for each number of its own."""

from __future__ import annotations

from typing import Any

import pytest

from app.tickets.lifecycle import Role
from tests.app.api.conftest import Morning

CALL = {
    "text": "石桥新居3栋2单元楼道灯不亮了，已经三天",
    "external_id": "ACD-20261123-000187",
    "name": "王秀兰",
    "phone": "13812345678",
    "estate": "石桥新居",
    "building": "3",
    "unit": "2",
}


def test_a_call_becomes_a_ticket_and_is_set_to_work(line: Morning) -> None:
    agent = line.program(Role.AGENT)
    answer = agent.post("/tickets", CALL)
    assert answer.status_code == 201, answer.text
    ticket = answer.json()
    assert answer.headers["location"] == f"/api/v1/tickets/{ticket['number']}"
    assert (ticket["channel"], ticket["sender"], ticket["state"]) == ("phone", "13812345678", "dispatched")
    assert ticket["external_ids"] == [CALL["external_id"]]
    assert (ticket["place"]["estate"], ticket["place"]["building"]) == ("石桥新居", "3")
    assert ticket == agent.one(ticket["number"])
    assert [event["action"] for event in ticket["events"]] == ["receive", "dispatch"]
    assert ticket["events"][0]["role"] == "agent"

    again = agent.post("/tickets", {**CALL, "phone": "13900000000"})
    assert (again.status_code, again.json()) == (200, ticket), "whoever else is said to have called"
    assert agent.numbers(external_id=CALL["external_id"]) == {ticket["number"]}


@pytest.mark.parametrize("channel", ["counter", "orders12345"])
def test_how_it_came_is_told(line: Morning, channel: str) -> None:
    ticket = line.program(Role.AGENT).post("/tickets", {**CALL, "channel": channel}).json()
    assert (ticket["channel"], ticket["state"]) == (channel, "dispatched")


def test_without_a_number_of_its_own_each_is_new_and_numbers_are_each_programs_own(line: Morning) -> None:
    first, second = line.program(Role.AGENT), line.program(Role.SUPERVISOR)
    bare = {"text": "望湖雅苑3栋楼道灯不亮了"}
    assert len({first.post("/tickets", bare).json()["number"] for _ in range(2)}) == 2
    owned = {**bare, "external_id": "1"}
    assert len({program.post("/tickets", owned).json()["number"] for program in (first, second)}) == 2


def test_an_emergency_in_it_is_alarmed_and_confidence_kept(line: Morning) -> None:
    text = "石桥新居3栋楼道里煤气味很重，快来人"
    ticket = line.program(Role.AGENT).post("/tickets", {"text": text, "confidential": True}).json()
    assert ticket["urgency"] == "U0" and ticket["emergencies"]
    assert ticket["confidential"]


@pytest.mark.parametrize("role", [Role.CONTRACTOR, Role.ADMIN, Role.EVALUATOR])
def test_nobody_else_registers(line: Morning, role: Role) -> None:
    firm = line.firm("匠修") if role is Role.CONTRACTOR else None
    answer = line.program(role, contractor_id=firm).post("/tickets", CALL)
    assert (answer.status_code, answer.json()["type"]) == (403, "/problems/not-allowed")


@pytest.mark.parametrize(
    ("body", "field", "words"),
    [
        ({}, "text", "必填"),
        ({"text": ""}, "text", "不能为空"),
        ({"text": "灯不亮", "colour": "red"}, "colour", "没有这一项"),
        ({"text": "灯不亮", "confidential": "yes"}, "confidential", "true 或 false"),
        ({"text": "灯不亮", "external_id": "x" * 101}, "external_id", "最多 100 字"),
        ({"text": "灯不亮", "room": 1502}, "room", "应为文字"),
        ({"text": "   "}, None, "写明"),
        ({"text": "灯不亮", "phone": "12"}, None, "电话"),
    ],
)
def test_what_cannot_be_used_is_refused_naming_the_field(
    line: Morning, body: dict[str, Any], field: str | None, words: str
) -> None:
    answer = line.program(Role.AGENT).post("/tickets", body)
    assert (answer.status_code, answer.json().get("field")) == (422, field), answer.text
    assert words in answer.json()["detail"]
