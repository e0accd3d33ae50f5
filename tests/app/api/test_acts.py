"""Acts by programs: each at its noun, as its page does it; refused in words where that refuses; nothing overlooked in silence."""

from __future__ import annotations

from typing import Any

import pytest

from app.demo.load import DEMO_PASSWORD
from app.tickets.lifecycle import RULES, Role, State
from app.web.forms import FORMS
from tests.app.api.conftest import Morning, Program
from tests.app.casework.test_every_row import BY_OTHERS, CASES, filled, prepared

# What somebody of the house or a contractor may do, and what is asked for elsewhere than by a form on the ticket.
ELSEWHERE = {"receive", "split", "join", "call", "uncall", "rate"}
LOGINS = {Role.AGENT: ("agent", "/desk"), Role.SUPERVISOR: ("city", "/board"), Role.CONTRACTOR: ("jiangxiu", "/jobs")}


def doer(action: str) -> Role:
    """Who does it here: nobody of a program is a resident or the machine."""
    by = CASES[action].by
    return by if by in LOGINS else Role.AGENT


def program_of(line: Morning, action: str) -> Program:
    role = doer(action)
    if role is Role.CONTRACTOR:
        return line.program(role, contractor_id=line.firm("安居" if action in BY_OTHERS else "匠修"))
    return line.program(role, purchaser_id=line.purchaser("云州市住房保障局") if role is Role.SUPERVISOR else None)


def body_for(line: Morning, action: str) -> dict[str, Any]:
    """What the case gives, as far as the form asks for it."""
    details = filled(line.stage, CASES[action].details)
    asked = {field.name for field in FORMS[action].fields}
    body = {name: value for name, value in details.items() if name in asked}
    return body | ({"text": "已经修好"} if "text" in asked and "text" not in body else {})


def on_the_page(line: Morning, action: str, number: str, body: dict[str, Any]) -> int:
    login, root = LOGINS[doer(action)]
    login = "anju" if action in BY_OTHERS else login
    line.web.cookies.clear()
    line.web.post("/signin", data={"login": login, "password": DEMO_PASSWORD}, follow_redirects=False)
    form = {name: value[0] if isinstance(value, list) else str(value) for name, value in body.items()}
    answer = line.web.post(f"{root}/{number}/{FORMS[action].noun}", data=form, follow_redirects=False)
    line.web.cookies.clear()
    status: int = answer.status_code
    return status


def test_every_act_of_the_house_and_of_contractors_has_a_route() -> None:
    people = {Role.AGENT, Role.SUPERVISOR, Role.CONTRACTOR, Role.ADMIN, Role.EVALUATOR}
    assert {action for action, rule in RULES.items() if rule.roles & people} - FORMS.keys() <= ELSEWHERE


@pytest.mark.parametrize("action", [action for action in FORMS if action in CASES])
def test_an_act_by_its_noun_does_what_the_page_does(sqlite_line: Morning, action: str) -> None:
    line, case = sqlite_line, CASES[action]
    by_page, by_program = prepared(line.stage, action), prepared(line.stage, action)
    body = body_for(line, action)
    page = on_the_page(line, action, by_page, body)
    answer = program_of(line, action).post(f"/tickets/{by_program}/{FORMS[action].noun}", body)
    if action in BY_OTHERS and page == 403:  # who assists without seeing the ticket may not act on it either way
        assert answer.status_code == 403
        return
    assert (page, answer.status_code) == (303, 200), answer.text

    first, second = line.stage.events(by_page)[-1], line.stage.events(by_program)[-1]
    assert (second.action, second.from_state, second.to_state) == (action, case.source, case.target)
    assert (first.action, first.from_state, first.to_state) == (second.action, second.from_state, second.to_state)
    own = {"why", "document"}  # holds who decided, and a number of its own
    assert {k: v for k, v in first.details.items() if k not in own} == {k: v for k, v in second.details.items() if k not in own}
    ticket = answer.json()
    assert (ticket["number"], ticket["state"]) == (by_program, str(case.target))
    assert second.by_id.startswith("token:")


def test_names_do_for_ids_where_only_one_can_be_meant(sqlite_line: Morning) -> None:
    line = sqlite_line
    agent, firm = line.program(Role.AGENT), line.firm("匠修")
    for said in (firm, str(firm), line.stage.cast.names().contractors[firm], "匠修"):
        ticket = agent.does(line.stage.opens(), "dispatch", contractor=said)
        assert "匠修" in ticket["contractor"]
    number = line.stage.opens()
    for said, words in (
        ("有限公司", "写全称"),
        ("没有这家", "没有这个承接主体"),
        ("99999", "没有这个承接主体"),
        ("9" * 40, "没有"),
    ):
        answer = agent.post(f"/tickets/{number}/dispatch", {"contractor": said})
        assert (answer.status_code, answer.json()["field"]) == (422, "contractor")
        assert words in answer.json()["detail"]
    assert line.stage.ticket(number).state is State.RECEIVED


def test_several_emergencies_are_one_alarm(sqlite_line: Morning) -> None:
    number = sqlite_line.stage.brought_to(State.DISPATCHED)
    ticket = sqlite_line.program(Role.AGENT).does(number, "alarm", codes=["E01", "E03"])
    assert {"E01", "E03"} <= set(ticket["emergencies"])


BAD = [
    ("acceptance", {"eta": "下午", "colour": "red"}, "colour", "没有这一项"),
    ("acceptance", {}, "eta", "必填"),
    ("acceptance", {"eta": 5}, "eta", "应为文字"),
    ("acceptance", {"eta": ""}, "eta", "不能为空"),
    ("acceptance", {"eta": "   "}, "eta", "缺少"),
    ("acceptance", {"eta": "下午", "seen": "3"}, "seen", "应为整数"),
    ("acceptance", {"eta": "下午", "seen": -1}, "seen", "不得小于"),
    ("contact", {"text": "字" * 5001}, "text", "最多 5000 字"),
    ("contact", {"text": "看\u0000看"}, None, "无法保存"),
    ("contact", b'{"text": "\\ud800"}', "text", "无法保存"),
    ("contact", b'{"text": ', None, "不是有效的 JSON"),
    ("contact", [1], None, "应为 JSON 对象"),
    ("contact", None, None, "必填"),
    ("return-request", {"code": "lazy", "reason": "不想去"}, "code", "place、duty"),
    ("return-request", {"code": "place", "reason": ["不想去"]}, "reason", "应为文字"),
    ("hold", {"reason": "等料", "until": "下周"}, "until", "不是日期"),
    ("hold", {"reason": "等料", "until": "2020-01-01T00:00:00Z"}, "until", "现在之后"),
]


@pytest.mark.parametrize(("noun", "body", "field", "words"), BAD)
def test_what_cannot_be_used_is_refused_naming_the_field(
    sqlite_line: Morning, noun: str, body: Any, field: str | None, words: str
) -> None:
    line = sqlite_line
    number = line.stage.brought_to(State.IN_PROGRESS if noun == "hold" else State.DISPATCHED)
    mender = line.program(Role.CONTRACTOR, contractor_id=line.firm("匠修"))
    before = line.stage.everything(number)
    answer = mender.post(f"/tickets/{number}/{noun}", body)
    problem = answer.json()
    assert (answer.status_code, problem["type"], problem.get("field")) == (422, "/problems/invalid", field), problem
    assert words in problem["detail"]
    assert problem["instance"] == f"/api/v1/tickets/{number}/{noun}"
    assert line.stage.everything(number) == before


def test_opening_a_seal_is_asked_of_a_supervisor_on_a_sealed_ticket_alone(sqlite_line: Morning) -> None:
    line = sqlite_line
    number = line.stage.opens()
    answer = line.program(Role.AGENT).post(f"/tickets/{number}/category", {"leaf": "C08", "unseal": True})
    assert (answer.status_code, answer.json()["field"]) == (422, "unseal")
    sealed = line.stage.opens("R01", review=False)
    assert line.stage.ticket(sealed).sealed
    line.stage.does(sealed, "return", line.stage.agent, reason="核实")
    ticket = line.program(Role.SUPERVISOR).does(sealed, "category", leaf="C08", unseal=True)
    assert ticket["leaf"] == "C08" and not line.stage.ticket(sealed).sealed


def test_a_role_without_the_act_is_told_so_and_changes_nothing(sqlite_line: Morning) -> None:
    line = sqlite_line
    number = line.stage.brought_to(State.DISPATCHED)
    programs = (line.program(Role.AGENT), line.program(Role.ADMIN))
    before = line.stage.everything(number)
    for program in programs:
        answer = program.post(f"/tickets/{number}/acceptance", {"eta": "下午"})
        assert (answer.status_code, answer.json()["type"]) == (403, "/problems/not-allowed")
        assert "不能签收" in answer.json()["detail"]
    assert line.stage.everything(number) == before


def test_a_lost_race_is_told_how_the_ticket_stands_and_what_happened(sqlite_line: Morning) -> None:
    line = sqlite_line
    number = line.stage.brought_to(State.DISPATCHED)
    mender, agent = line.program(Role.CONTRACTOR, contractor_id=line.firm("匠修")), line.program(Role.AGENT)
    seen = agent.one(number)["seq"]
    agent.does(number, "return", reason="派错了")
    for program, noun, body in ((agent, "return", {"reason": "再收"}), (agent, "approval", {})):
        problem = program.post(f"/tickets/{number}/{noun}", {**body, "seen": seen}).json()
        assert (problem["status"], problem["type"], problem["state"]) == (409, "/problems/conflict", "returned")
        assert (problem["number"], problem["state_name"], problem["seq"]) == (number, "退单待改派", seen + 1)
        assert [event["action"] for event in problem["meanwhile"]] == ["return"]
        assert "派错了" in problem["meanwhile"][0]["words"]
    assert agent.post(f"/tickets/{number}/return", {"reason": "再收"}).json()["meanwhile"] == [], (
        "it did not say what it had seen"
    )
    assert mender.post(f"/tickets/{number}/acceptance", {"eta": "下午"}).status_code == 403, "it is not theirs any more"


def test_what_others_decided_since_stops_a_decision(sqlite_line: Morning) -> None:
    line = sqlite_line
    agent = line.program(Role.AGENT)
    number = line.stage.opens()
    seen = agent.one(number)["seq"]
    line.program(Role.SUPERVISOR).does(number, "category", leaf="C08")
    late = agent.post(f"/tickets/{number}/dispatch", {"contractor": "匠修", "seen": seen})
    assert (late.status_code, late.json()["meanwhile"][0]["action"]) == (409, "classify")
    assert line.stage.ticket(number).state is State.RECEIVED
    assert agent.does(number, "dispatch", contractor="匠修", seen=late.json()["seq"])["state"] == "dispatched"


def test_a_contractor_counts_what_it_reads_and_nothing_else(sqlite_line: Morning) -> None:
    """What is decided about a ticket behind its back leaves no gap in the numbers, and is no news to it."""
    line = sqlite_line
    stage = line.stage
    mender, agent = line.program(Role.CONTRACTOR, contractor_id=line.firm("匠修")), line.program(Role.AGENT)
    number = stage.brought_to(State.IN_PROGRESS)
    for action, details in (("note", {"text": "老住户"}), ("protect", {}), ("restate", {"text": "灯不亮"})):
        stage.does(number, action, stage.agent, **details)
    mine, whole = mender.one(number), agent.one(number)
    hidden = {"note", "protect", "restate", "receive", "classify", "split"}
    assert {event["action"] for event in mine["events"]}.isdisjoint(hidden)
    assert [event["seq"] for event in mine["events"]] == list(range(1, mine["seq"] + 1))
    assert (mine["seq"], whole["seq"]) == (len(mine["events"]), stage.ticket(number).seq)
    assert whole["seq"] == len(whole["events"]) > mine["seq"]
    assert mender.does(number, "hold", reason="等料", until="2026-11-27T17:30:00+08:00", seen=mine["seq"])["state"] == "on_hold"


def test_an_added_word_about_the_contractor_is_not_handed_to_it(sqlite_line: Morning) -> None:
    line = sqlite_line
    number = line.stage.brought_to(State.DISPATCHED)
    answer = line.program(Role.AGENT).post(f"/tickets/{number}/addition", {"text": "维修师傅张口要我三百块好处费，不给就不修"})
    assert (answer.status_code, answer.json()["field"]) == (422, "text")


def test_a_ticket_tells_what_casework_knows_of_it(sqlite_line: Morning) -> None:
    line, stage = sqlite_line, sqlite_line.stage
    mender = line.program(Role.CONTRACTOR, contractor_id=line.firm("匠修"))
    city = line.program(Role.SUPERVISOR, purchaser_id=line.purchaser("云州市住房保障局"))
    number = stage.brought_to(State.IN_PROGRESS)
    city.does(number, "supervision", level=2, text="今天必须到场")
    city.does(number, "assistance", helper="安居", text="开一下配电间")
    mender.does(number, "return-request", code="place", reason="不是这个小区")
    line.program(Role.AGENT).does(number, "return-refusal", reason="合同写明")
    for program in (mender, city):
        ticket = program.one(number)
        (petition,), (duty,), (order,) = ticket["petitions"], ticket["duties"], ticket["supervisions"]
        assert (petition["kind"], petition["code"], petition["state"]) == ("return", "place", "denied")
        assert (petition["reason"], petition["decision"]) == ("不是这个小区", "合同写明")
        assert "安居" in duty["helper"] and duty["task"] == "开一下配电间" and duty["done_at"] is None
        assert (order["level"], order["demand"], order["answer"]) == (2, "今天必须到场", "")
        assert order["number"] and ticket["binding"]
    assert (city.one(number)["moves"], city.one(number)["returns"]) == (1, 0)
    assert (mender.one(number)["moves"], mender.one(number)["returns"]) == (None, None)
    ticket = mender.does(number, "resolution", text="换了灯")
    assert ticket["outcome"] == "solved" and ticket["public_number"] == number
    stage.rated(number, 2)
    assert [(one["round"], one["satisfied"], one["counts"]) for one in city.one(number)["ratings"]] == [(1, 2, True)]
    assert [one["reason"] for one in mender.one(number)["ratings"]] == [""]
    assert city.one(number)["ratings"][0]["reason"] == "慢"


def test_what_another_contractor_asked_and_was_told_is_not_the_next_ones(sqlite_line: Morning) -> None:
    line, stage = sqlite_line, sqlite_line.stage
    first = line.program(Role.CONTRACTOR, contractor_id=line.firm("匠修"))
    agent = line.program(Role.AGENT)
    number = stage.brought_to(State.DISPATCHED)
    line.program(Role.SUPERVISOR).does(number, "supervision", level=2, text="今天必须到场")
    first.does(number, "return-request", code="duty", reason="不归我们")
    agent.does(number, "return-consent", reason="属实")
    agent.does(number, "dispatch", contractor="安居")
    after = line.program(Role.CONTRACTOR, contractor_id=line.firm("安居")).one(number)
    assert (after["petitions"], after["supervisions"]) == ([], [])
    assert (len(agent.one(number)["petitions"]), len(agent.one(number)["supervisions"])) == (1, 1)
