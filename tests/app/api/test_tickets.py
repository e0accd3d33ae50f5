"""Tickets as programs read them: every filter, every field by its promised name, page after page, each ticket once."""

from __future__ import annotations

from typing import Any

import pytest

from app.tickets.lifecycle import STATE_NAMES, State
from tests.app.api.conftest import LAMP, Morning, Program
from tests.cast import MONDAY_MORNING

PLAIN = "number state channel sender external_ids created_at text leaf group confidence request_type urgency"
PROMISED = {*PLAIN.split(), "place", "contractor", "contract", "timers", "events", "messages", "rating"}


def test_every_filter_leaves_what_it_says(morning: Morning, agent: Program) -> None:
    n = morning.numbers
    everything = set(n.values())
    firm, estate = morning.firm("安居"), agent.one(n["calls"])["place"]["estate"]
    cases: list[tuple[dict[str, str], set[str]]] = [
        ({}, everything),
        ({"state": "received"}, {n["nowhere"]}),
        ({"state": "in_progress"}, {n["lamp"]}),
        ({"state": "closed"}, {n["done"]}),
        ({"channel": "wechat"}, everything),
        ({"channel": "weibo"}, set()),
        ({"sender": "o-wang"}, {n["lamp"]}),
        ({"sender": "o-wan"}, set()),
        ({"external_id": "wx-lamp"}, {n["lamp"]}),
        ({"external_id": "wx-lamp-2"}, {n["lamp"]}),
        ({"external_id": "wx"}, set()),
        ({"leaf": "B03"}, {n["calls"]}),
        ({"leaf": "C06"}, everything - {n["calls"], n["bribe"]}),
        ({"group": "R"}, {n["bribe"]}),
        ({"contractor": str(firm)}, {n["calls"]}),
        ({"contractor": morning.stage.cast.names().contractors[firm]}, {n["calls"]}),
        ({"contractor": "没有这家"}, set()),
        ({"estate": "柳岸家园"}, {n["calls"]}),
        ({"estate": estate}, {n["calls"]}),
        ({"estate": "石桥新居"}, {n["lamp"], n["bribe"]}),
        ({"estate": "9999"}, set()),
        ({"overdue": "true"}, {number for number in everything if _lapsed(agent.one(number))}),
        ({"overdue": "false"}, {number for number in everything if not _lapsed(agent.one(number))}),
        ({"q": "催缴"}, {n["calls"]}),
        ({"q": n["done"]}, {n["done"]}),
        ({"q": "没人说过的话"}, set()),
        ({"estate": "石桥新居", "group": "R"}, {n["bribe"]}),
        ({"estate": "柳岸家园", "group": "R"}, set()),
    ]
    wrong = [
        f"{query}: {agent.numbers(**query)} instead of {wanted}" for query, wanted in cases if agent.numbers(**query) != wanted
    ]
    assert wrong == []
    assert n["late"] in agent.numbers(overdue="true") and n["fresh"] in agent.numbers(overdue="false")


def _lapsed(ticket: dict[str, Any]) -> bool:
    return any(timer["breached_at"] and not timer["stopped_at"] for timer in ticket["timers"])


def test_what_lapsed_is_overdue_before_a_sweep_has_noticed(morning: Morning, agent: Program) -> None:
    """A worker that stands still may not make anybody look punctual; moments too far off are refused in words."""
    clock = morning.stage.cast.clock
    before = clock.now()
    try:
        clock.set(before.replace(year=2027))
        late = agent.numbers(overdue="true")
    finally:
        clock.set(before)
    assert morning.numbers["fresh"] in late and morning.numbers["done"] not in late
    assert morning.numbers["fresh"] in agent.numbers(overdue="false")


def test_a_day_may_be_asked_for(morning: Morning, agent: Program) -> None:
    n = morning.numbers
    assert agent.all(q=n["lamp"])[0]["created_at"] == "2026-11-23T01:00:00Z"
    assert agent.numbers(created_to="2026-11-23T09:01:00+08:00") == {n["lamp"]}, "the end is not included"
    assert agent.numbers(created_from="2026-11-23T09:01:00+08:00") == set(n.values()) - {n["lamp"]}
    assert agent.numbers(created_from="2026-11-23T01:00:00Z", created_to="2026-11-23T01:02:00Z") == {n["lamp"], n["calls"]}


@pytest.mark.parametrize("limit", [1, 2, 3, 100])
def test_page_after_page_shows_each_ticket_once_newest_first(morning: Morning, agent: Program, limit: int) -> None:
    seen: list[str] = []
    cursor = ""
    for _ in range(20):
        answer = agent.get("/tickets", limit=str(limit), cursor=cursor).json()
        assert len(answer["tickets"]) <= limit
        seen += [ticket["number"] for ticket in answer["tickets"]]
        cursor = answer["next"]
        if cursor is None:
            break
    assert seen == sorted(morning.numbers.values(), reverse=True)


def test_a_ticket_that_comes_while_paging_disturbs_no_page(morning: Morning, agent: Program) -> None:
    first = agent.get("/tickets", limit="3").json()
    number = morning.stage.cast.writes("春晓苑二期12栋楼道灯不亮了", "o-between", external_id="m-between").number
    second = agent.get("/tickets", limit="100", cursor=first["next"]).json()
    seen = [ticket["number"] for ticket in (*first["tickets"], *second["tickets"])]
    assert sorted(seen) == sorted(morning.numbers.values()) and number not in seen
    morning.numbers["between"] = number


def test_a_ticket_carries_what_was_promised_by_those_names(morning: Morning, agent: Program) -> None:
    ticket = agent.one(morning.numbers["lamp"])
    assert PROMISED - ticket.keys() == set()
    assert (ticket["state"], ticket["channel"], ticket["sender"]) == ("in_progress", "wechat", "o-wang")
    assert ticket["external_ids"] == ["wx-lamp", "wx-lamp-2"]
    assert ticket["text"] == LAMP
    assert (ticket["leaf"], ticket["group"], ticket["urgency"]) == ("C06", "C", "U2")
    assert 0 < ticket["confidence"] <= 1
    assert ticket["place"] == {
        "estate": "石桥新居",
        "building": "3",
        "unit": "2",
        "room": "1502",
        "said": ticket["place"]["said"],
    }
    assert "匠修" in ticket["contractor"] and ticket["contract"] == "YZ-2026-03"
    clocks = {timer["target"]: timer for timer in ticket["timers"]}
    assert set(clocks) == {"contact", "resolve", "accept", "reach", "arrive", "finish"}
    assert {target: clock["party"] for target, clock in clocks.items() if clock["party"] != "contractor"} == {
        "contact": "citizen",
        "resolve": "citizen",
    }
    for clock in clocks.values():
        assert {"target", "budget", "started_at", "due_at", "breached_at", "stopped_at"} <= clock.keys()
    assert clocks["resolve"]["budget"] == "3wd" and clocks["resolve"]["due_at"] == "2026-11-26T09:30:00Z"
    assert clocks["accept"]["stopped_at"] is not None


def test_a_ticket_tells_its_whole_history(morning: Morning, agent: Program) -> None:
    ticket = agent.one(morning.numbers["lamp"])
    events = ticket["events"]
    assert {"at", "action", "by", "from", "to", "details"} <= events[0].keys()
    steps = [(event["action"], event["from"], event["to"]) for event in events[:4]]
    assert steps == [
        ("receive", None, "received"),
        ("dispatch", "received", "dispatched"),
        ("append", "dispatched", "dispatched"),
        ("accept", "dispatched", "in_progress"),
    ]
    assert events[3]["by"] == "匠修员工" and events[3]["details"]["eta"] == "下午三点"
    said = {message["text"]: message for message in ticket["messages"]}
    assert LAMP in said and not said[LAMP]["internal"]
    assert said["老住户，多担待"]["internal"]
    assert agent.one(morning.numbers["done"])["rating"]["satisfied"] == 5
    assert ticket["rating"] is None


def test_the_register_and_the_taxonomy_can_be_listed(morning: Morning, agent: Program) -> None:
    estates = {estate["name"]: estate for estate in agent.get("/estates").json()}
    assert len(estates) == 12 and "1-16".partition("-")[2] in estates["青棠苑"]["buildings"]
    assert "老青棠" in estates["青棠苑"]["aliases"]
    assert {one["id"] for one in agent.get("/contractors").json()} == set(morning.stage.cast.names().contractors)
    contracts = {one["number"]: one for one in agent.get("/contracts").json()}
    assert contracts["YZ-2026-02"]["to"] == "2026-06-30" and contracts["YZ-2026-02"]["categories"] == ["C"]
    leaves = {one["code"]: one for one in agent.get("/categories").json()}
    assert leaves["R01"]["owner"] == "supervision" and leaves["C06"]["group_name"] == "维修养护"


def test_every_state_can_be_asked_for(agent: Program) -> None:
    assert [state for state in State if agent.get("/tickets", state=state).status_code != 200] == []
    assert set(STATE_NAMES) == set(State)


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ({"limit": "0"}, "limit"),
        ({"limit": "201"}, "不得大于 200"),
        ({"limit": "many"}, "应为整数"),
        ({"state": "lost"}, "received"),
        ({"overdue": "perhaps"}, "true 或 false"),
        ({"created_from": "yesterday"}, "2026-01-05T00:00:00+08:00"),
        ({"created_from": "2026-11-23T09:00:00"}, "时区"),
        ({"cursor": "drop table"}, "next"),
        ({"cursor": "²"}, "next"),
        ({"created_from": "0001-01-01T00:00:00+14:00"}, "超出范围"),
        ({"cursor": "9" * 30}, "next"),
    ],
)
def test_a_bad_question_is_refused_in_words(agent: Program, query: dict[str, str], says: str) -> None:
    answer = agent.get("/tickets", **query)
    assert answer.status_code in (400, 422)
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert (problem["status"], problem["type"]) == (answer.status_code, "/problems/invalid")
    assert says in problem["detail"] and "should" not in problem["detail"].lower()


def test_what_does_not_exist_is_not_found(agent: Program) -> None:
    for path in ("/tickets/GZ209901010000018", "/tickets/" + "9" * 300, "/nothing"):
        answer = agent.get(path)
        assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json"), path


def test_moments_are_told_with_their_zone(agent: Program) -> None:
    moments = [ticket["created_at"] for ticket in agent.all()]
    assert all(moment.endswith("Z") for moment in moments)
    assert min(moments) == MONDAY_MORNING.isoformat().replace("+00:00", "Z")


def test_a_list_tells_of_each_ticket_what_the_ticket_tells_of_itself(agent: Program) -> None:
    listed = agent.all()
    assert listed and all(ticket["events"] and ticket["messages"] for ticket in listed)
    for ticket in listed:
        assert agent.get(f"/tickets/{ticket['number']}").json() == ticket


def test_signs_that_mean_anything_in_sql_mean_themselves(agent: Program) -> None:
    assert agent.numbers(q="%") == agent.numbers(q="_") == set()
