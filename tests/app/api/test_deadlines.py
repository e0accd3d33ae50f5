"""``GET /api/v1/tickets/{number}/deadlines``: the explanation as data, and no more of it than the pages show."""

from __future__ import annotations

from typing import Any

from app.tickets.lifecycle import Role
from tests.app.api.conftest import Morning, Program


def deadlines(program: Program, number: str) -> dict[str, Any]:
    answer = program.get(f"/tickets/{number}/deadlines")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_it_agrees_with_the_clocks_of_the_ticket(morning: Morning, agent: Program) -> None:
    for number in morning.numbers.values():
        found, timers = deadlines(agent, number), agent.one(number)["timers"]
        assert (found["number"], found["agrees"], found["checked"]) == (number, True, True)
        same = ("target", "party", "budget", "started_at", "due_at", "stopped_at", "breached_at", "cancelled", "version")
        assert [{key: one[key] for key in same} for one in found["clocks"]] == [{key: one[key] for key in same} for one in timers]


def test_every_line_has_what_was_recorded_and_what_comes_out(morning: Morning, agent: Program) -> None:
    found = deadlines(agent, morning.numbers["lamp"])
    accept = next(one for one in found["clocks"] if one["target"] == "accept")
    start, met = accept["lines"]
    assert (start["op"], met["op"], met["action"], met["by"]) == ("+", "-", "accept", "匠修员工")
    assert start["due_at"] == start["recorded_due_at"] and start["agrees"] and start["faults"] == []
    assert accept["days"][0]["kind"] == "工作日" and accept["days"][-1]["total_seconds"] == 4 * 3600
    assert accept["result"]["how"] == "met" and accept["owed_by"] == "云州匠修建筑服务有限公司"
    assert accept["policy"]["version"] == "2026.1" and accept["today"] == ""
    late = deadlines(agent, morning.numbers["late"])
    steps = [step for one in late["clocks"] for step in one["steps"]]
    assert steps and all(step["agrees"] and step["noticed_at"] >= step["at"] for step in steps)


def test_a_contractor_finds_its_own_and_no_name(morning: Morning, agent: Program) -> None:
    mender = morning.program(Role.CONTRACTOR, contractor_id=morning.firm("匠修"))
    number = morning.numbers["lamp"]
    shown = deadlines(mender, number)
    assert {one["party"] for one in shown["clocks"]} == {"citizen", "contractor"}
    assert not any(secret in str(shown) for secret in ("王秀兰", "13812345678", "o-wang"))
    rated = {one["party"] for one in deadlines(agent, morning.numbers["done"])["clocks"]}
    assert "hotline" in rated
    assert "hotline" not in {one["party"] for one in deadlines(mender, morning.numbers["done"])["clocks"]}


def test_who_may_not_see_the_ticket_finds_nothing(morning: Morning) -> None:
    mender = morning.program(Role.CONTRACTOR, contractor_id=morning.firm("匠修"))
    lake = morning.program(Role.SUPERVISOR, purchaser_id=morning.purchaser("望湖区"))
    evaluator = morning.program(Role.EVALUATOR)
    for program, name in ((mender, "calls"), (mender, "bribe"), (lake, "lamp"), (evaluator, "done")):
        answer = program.get(f"/tickets/{morning.numbers[name]}/deadlines")
        assert (answer.status_code, answer.headers["content-type"]) == (403, "application/problem+json")


def test_the_document_describes_the_answer(morning: Morning) -> None:
    document = morning.web.get("/api/v1/openapi.json").json()
    schemas = document["components"]["schemas"]
    get = document["paths"]["/api/v1/tickets/{number}/deadlines"]["get"]
    assert get["responses"]["200"]["content"]["application/json"]["schema"]["$ref"].endswith("/DeadlinesView")
    assert {"lines", "days", "steps", "result", "policy", "calendar"} <= set(schemas["DeadlineView"]["properties"])
    assert {"from", "to"} <= set(schemas["CutView"]["properties"])
