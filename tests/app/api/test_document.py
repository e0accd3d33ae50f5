"""The OpenAPI document: what it promises of every act is so, and its examples are what its own schemas take."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from app.tickets.lifecycle import RULES, Role
from app.web.api_acts import as_markdown
from app.web.api_bodies import body_of
from app.web.api_register import EXAMPLE, NewTicket
from app.web.forms import FORMS
from app.web.refusals import KINDS
from app.web.shapes import ConflictProblem, Problem
from tests.app.api.conftest import Morning
from tests.house.source import ROOT

ACTS = {f"/api/v1/tickets/{{number}}/{form.noun}": action for action, form in FORMS.items()}


@pytest.fixture(scope="module")
def document(sqlite_line: Morning) -> dict[str, Any]:
    answer: dict[str, Any] = sqlite_line.web.get("/api/v1/openapi.json").json()
    return answer


def posts(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        if "post" in methods and path.startswith("/api/v1/"):
            yield path, methods["post"]


def body_schema(document: dict[str, Any], post: dict[str, Any]) -> dict[str, Any]:
    schema = post["requestBody"]["content"]["application/json"]["schema"]
    named = schema.get("$ref") or next(one["$ref"] for one in schema["anyOf"] if "$ref" in one)
    found: dict[str, Any] = document["components"]["schemas"][named.rpartition("/")[2]]
    return found


def test_every_act_stands_in_it_with_its_row_of_the_table(document: dict[str, Any]) -> None:
    assert {path for path, _ in posts(document)} >= {*ACTS, "/api/v1/tickets"}
    for path, action in ACTS.items():
        post, rule = document["paths"][path]["post"], RULES[action]
        assert post["operationId"] == action and post["summary"] and "谁可以" in post["description"]
        by_token = {Role.AGENT, Role.CONTRACTOR, Role.SUPERVISOR, Role.ADMIN, Role.EVALUATOR}
        assert set(post["x-roles"]) == {str(role) for role in rule.roles & by_token}
        schema = body_schema(document, post)
        asked = {field.name for field in FORMS[action].fields}
        assert set(schema.get("required", ())) == asked & set(rule.needs), action
        assert asked | {"seen"} <= set(schema["properties"]) and schema["additionalProperties"] is False
        assert all(re.search("[一-鿿]", one["description"]) for one in schema["properties"].values()), action
        assert post["requestBody"].get("required", False) is bool(asked & set(rule.needs)), action


def test_every_post_says_how_it_may_be_refused_and_takes_a_key(document: dict[str, Any]) -> None:
    for path, post in posts(document):
        assert post["security"], path
        for status in ("401", "403", "404", "422", "503", *(["409"] if path in ACTS else [])):
            content = post["responses"][status]["content"]["application/problem+json"]
            shape = ConflictProblem if status == "409" else Problem
            shape.model_validate(content["example"])
            assert set(content["example"]) <= set(content["schema"]["properties"]), (path, status)
            assert content["example"]["status"] == int(status)
        (key,) = [one for one in post["parameters"] if one["in"] == "header"]
        assert (key["name"], key["required"]) == ("Idempotency-Key", False)
        good = [
            post["responses"][status]["content"]["application/json"]["schema"]
            for status in ("200", "201")
            if status in post["responses"]
        ]
        assert good and all(schema["$ref"].endswith("/TicketView") for schema in good), path


@pytest.mark.parametrize("action", FORMS)
def test_the_example_of_an_act_is_taken_by_its_own_schema(document: dict[str, Any], action: str) -> None:
    post = document["paths"][f"/api/v1/tickets/{{number}}/{FORMS[action].noun}"]["post"]
    (example,) = body_schema(document, post)["examples"]
    body_of(action, FORMS[action]).model_validate(example)
    with pytest.raises(ValidationError):
        body_of(action, FORMS[action]).model_validate({**example, "colour": "red"})
    (shown,) = post["requestBody"]["content"]["application/json"]["examples"].values()
    assert shown["value"] == example


def test_the_example_of_a_new_ticket_is_one(sqlite_line: Morning, document: dict[str, Any]) -> None:
    NewTicket.model_validate(EXAMPLE)
    answer = sqlite_line.program(Role.AGENT).post("/tickets", EXAMPLE)
    assert answer.status_code == 201, answer.text
    assert answer.json().keys() == document["components"]["schemas"]["TicketView"]["properties"].keys()


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    for ref in references(document):
        where: Any = document
        for part in ref.removeprefix("#/").split("/"):
            where = where[part]


def references(value: Any) -> list[str]:
    if isinstance(value, dict):
        own = [value["$ref"]] if isinstance(value.get("$ref"), str) else []
        return own + [ref for inner in value.values() for ref in references(inner)]
    return [ref for inner in value for ref in references(inner)] if isinstance(value, list) else []


def test_the_manual_knows_every_kind_of_problem_and_every_act() -> None:
    """Print its table of acts anew with ``app.web.api_acts.as_markdown()`` and paste it."""
    manual = (ROOT / "app" / "docs" / "api.md").read_text(encoding="utf-8")
    assert sorted(kind for kind in {*KINDS.values(), "key-reused"} if f"/problems/{kind}" not in manual) == []
    assert as_markdown() in manual


def test_kinds_are_told_by_their_own_names(sqlite_line: Morning) -> None:
    agent = sqlite_line.program(Role.AGENT)
    number = sqlite_line.stage.opens()
    TypeAdapter(Problem).validate_python(agent.get("/tickets/GZ209901010000018").json())
    for answer, kind in (
        (agent.get("/tickets/GZ209901010000018"), "not-found"),
        (agent.get("/nothing"), "not-found"),
        (sqlite_line.web.delete("/api/v1/tickets"), "method-not-allowed"),
        (sqlite_line.web.get("/api/v1/tickets"), "not-signed-in"),
        (agent.post(f"/tickets/{number}/note", b'{"text":"' + b"x" * 300_000 + b'"}'), "too-large"),
        (agent.post(f"/tickets/{number}/note", b"[" * 100_000), "bad-request"),
        (agent.post(f"/tickets/{number}/note", {"text": "x"}, **{"Content-Type": "text/plain"}), "invalid"),
    ):
        problem = answer.json()
        assert answer.headers["content-type"] == "application/problem+json"
        assert (problem["type"], problem["status"]) == (f"/problems/{kind}", answer.status_code), problem
        assert problem["instance"].startswith("/api/v1/")
