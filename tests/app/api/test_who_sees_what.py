"""Whom the API lets in, and what it keeps from whom: nobody learns here what the pages hide."""

from __future__ import annotations

from typing import Any

import pytest

from app.register import people
from app.register.model import ApiToken
from app.tickets.lifecycle import Role
from tests.app.api.conftest import Morning, Program

ADDRESSES = (
    "/tickets",
    "/tickets/GZ202611230000018",
    "/tickets/GZ202611230000018/deadlines",
    "/estates",
    "/contractors",
    "/contracts",
    "/categories",
)


@pytest.fixture
def mender(morning: Morning) -> Program:
    return morning.program(Role.CONTRACTOR, contractor_id=morning.firm("匠修"))


@pytest.mark.parametrize("path", ADDRESSES)
@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Bearer hl_wrong", "Basic aGw6aGw=", "Bearer wrong\u00e9"])
def test_without_a_token_nobody_is_let_in(morning: Morning, path: str, header: str) -> None:
    headers = {"Authorization": header.encode("latin-1")} if header else {}
    answer = morning.web.get(f"/api/v1{path}", headers=headers)
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.json()["title"] == "请先登录"


def test_a_revoked_token_opens_nothing(morning: Morning) -> None:
    program = morning.program(Role.AGENT)
    assert program.get("/tickets").status_code == 200
    with morning.stage.cast.hotline.tx() as tx:
        token = people.token_of(tx.session, program.token)
        assert isinstance(token, ApiToken)
        people.revoke_token(tx.session, token, tx.wall)
    assert program.get("/tickets").status_code == 401


def test_a_contractors_program_sees_its_own_tickets_alone(morning: Morning, mender: Program) -> None:
    n = morning.numbers
    own = {n["lamp"], n["done"], n["late"], n["fresh"]}
    assert mender.numbers() == own
    assert morning.program(Role.CONTRACTOR, contractor_id=morning.firm("安居")).numbers() == {n["calls"]}
    for name in ("calls", "bribe", "nowhere"):
        answer = mender.get(f"/tickets/{n[name]}")
        assert (answer.status_code, answer.headers["content-type"]) == (403, "application/problem+json")
        there_is_none = mender.get("/tickets/GZ209901010000018")
        assert (answer.status_code, answer.content) == (there_is_none.status_code, there_is_none.content), "not even that it is"


def test_no_filter_shows_a_contractor_more(morning: Morning, mender: Program) -> None:
    firm = morning.firm("安居")
    for query in ({"contractor": str(firm)}, {"group": "R"}, {"state": "received"}, {"estate": "柳岸家园"}, {"q": "辛苦费"}):
        assert mender.numbers(**query) == set(), query


def test_a_contractor_reads_neither_name_number_nor_address(morning: Morning, mender: Program, agent: Program) -> None:
    number = morning.numbers["lamp"]
    for shown in (mender.one(number), mender.all(q=number)[0]):
        words = str(shown)
        for secret in ("王秀兰", "13812345678", "o-wang", "wx-lamp", "老住户"):
            assert secret not in words, secret
    shown = mender.one(number)
    assert "138****5678" in shown["text"] and "石桥新居3栋2单元1502" in shown["text"]
    assert all(event["details"] == {} for event in shown["events"])
    assert not any(message["internal"] for message in shown["messages"])
    told = str(agent.one(number))
    assert all(secret in told for secret in ("王秀兰", "13812345678", "o-wang", "老住户"))


def test_a_contractor_cannot_guess_what_is_masked_by_asking_for_it(morning: Morning, mender: Program, agent: Program) -> None:
    number = morning.numbers["lamp"]
    for query in (
        {"q": "13812345678"},
        {"q": "12345"},
        {"q": "23"},
        {"q": "秀兰"},
        {"sender": "o-wang"},
        {"external_id": "wx-lamp"},
    ):
        assert mender.numbers(**query) == set(), query
        assert number in agent.numbers(**query), query
    assert mender.numbers(q="楼道灯") >= {number}, "what it may read it may look for"


def test_a_contractor_sees_its_own_contracts_alone(morning: Morning, mender: Program) -> None:
    assert {one["number"] for one in mender.get("/contracts").json()} == {"YZ-2026-03", "YZ-2026-04"}


def test_a_purchaser_sees_its_own_district(morning: Morning) -> None:
    n = morning.numbers
    lake = morning.program(Role.SUPERVISOR, purchaser_id=morning.purchaser("望湖区"))
    assert n["done"] in lake.numbers() and n["lamp"] not in lake.numbers()
    assert lake.get(f"/tickets/{n['lamp']}").status_code == 403
    city = morning.program(Role.SUPERVISOR, purchaser_id=morning.purchaser("云州市住房保障局"))
    assert city.numbers() == set(n.values())
    assert city.one(n["bribe"])["sender"] == "o-wang-2"


def test_a_supervisor_of_no_purchaser_sees_the_whole_city(morning: Morning) -> None:
    everything = morning.program(Role.SUPERVISOR)
    assert everything.numbers() == set(morning.numbers.values())
    assert everything.get(f"/tickets/{morning.numbers['done']}").status_code == 200


def test_a_contractors_search_is_paged_as_it_is_found(morning: Morning, mender: Program) -> None:
    """What was found and may not be shown leaves no gaps in a page, and no page behind it."""
    first = mender.get("/tickets", q="楼道灯", limit="1").json()
    assert len(first["tickets"]) == 1 and first["next"]
    nothing = mender.get("/tickets", q="12345", limit="1").json()
    assert (nothing["tickets"], nothing["next"]) == ([], None)


def test_who_evaluates_sees_no_ticket(morning: Morning) -> None:
    program = morning.program(Role.EVALUATOR)
    assert program.numbers() == set()
    assert program.get(f"/tickets/{morning.numbers['done']}").status_code == 403
    assert program.get("/estates").status_code == 200


def test_the_document_lists_every_address_its_errors_and_its_token(morning: Morning) -> None:
    document = morning.web.get("/api/v1/openapi.json").json()
    assert document["openapi"].startswith("3.")
    paths = document["paths"]
    wanted = {
        "/api/v1/tickets",
        "/api/v1/tickets/{number}",
        "/api/v1/tickets/{number}/deadlines",
        *(f"/api/v1{path}" for path in ADDRESSES[3:]),
    }
    assert wanted <= set(paths)
    for path in wanted:
        get = paths[path]["get"]
        assert get["security"], f"{path} says nothing of a token"
        for status in ("400", "401", "403", "404", "422", "503"):
            content = get["responses"][status]["content"]
            assert list(content) == ["application/problem+json"], (path, status)
            assert set(content["application/problem+json"]["schema"]["required"]) == {"type", "title", "status", "detail"}
    asked = {one["name"] for one in paths["/api/v1/tickets"]["get"]["parameters"]}
    filters = "state channel sender external_id leaf group contractor estate overdue q created_from created_to"
    assert asked == {*filters.split(), "cursor", "limit"}
    schemas = document["components"]["schemas"]
    assert {"from", "to"} <= set(schemas["EventView"]["properties"])
    assert [ref for ref in _references(document) if ref.rpartition("/")[2] not in schemas] == []


def _references(value: Any) -> list[str]:
    if isinstance(value, dict):
        own = [value["$ref"]] if isinstance(value.get("$ref"), str) else []
        return own + [ref for inner in value.values() for ref in _references(inner)]
    return [ref for inner in value for ref in _references(inner)] if isinstance(value, list) else []
