"""督办: a numbered order to whoever answers for a ticket, with a limit for the answer; unanswered it becomes 约谈."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier
from typing import Any

import pytest

from app.casework import act
from app.errors import BadInput, Conflict, NotAllowed
from app.store import tickets as store
from app.tickets.lifecycle import SYSTEM, State
from app.tickets.model import Supervision
from tests.app.casework.stage import Stage
from tests.app.casework.test_petitions import refused, running
from tests.app.casework.test_replay import story_of
from tests.cast import MONDAY_MORNING, Cast

ORDER = {"level": 2, "text": "今天必须到场，处理情况书面反馈"}


@pytest.fixture
def alone(sqlite_cast: Cast) -> Stage:
    """A stage of one's own, where a tick fires nobody else's clocks, and numbers begin at 1."""
    return Stage(sqlite_cast)


@pytest.fixture
def each_alone(cast: Cast) -> Iterator[Stage]:
    """The same on SQLite, and again on PostgreSQL."""
    yield Stage(cast)


def orders(stage: Stage, number: str) -> list[Supervision]:
    return list(stage.ticket(number).supervisions)


def test_an_order_has_a_number_a_limit_and_whom_it_binds(alone: Stage) -> None:
    number = alone.brought_to(State.IN_PROGRESS)
    event = alone.does(number, "supervise", alone.supervisor, **ORDER)
    (order,) = orders(alone, number)
    assert (order.number, order.level, order.demand) == ("公租督〔2026〕1号", 2, ORDER["text"])
    assert (order.to_handler, order.to_org, order.issued_by, order.issued_at) == (
        *("contractor", alone.mender.org, "周主任", MONDAY_MORNING),
    )
    assert "匠修" in order.to_name and "住房保障局" in order.issued_org
    assert alone.ticket(number).level == 2
    clock = running(alone, number)["supervise"]
    assert (clock.party, clock.contractor_id, clock.started_at) == ("contractor", alone.mender.org, MONDAY_MORNING)
    told = {row.audience: row.text for row in alone.notices(number) if row.event_id == event.id}
    assert set(told) == {"contractor", "desk"}
    assert order.number in told["contractor"] and alone.cast.hotline.spell(clock.due_at) in told["contractor"]


def test_what_is_reported_stops_its_clock_and_stands_on_the_order(alone: Stage) -> None:
    number = alone.brought_to(State.IN_PROGRESS)
    assert isinstance(refused(alone, number, "没有待反馈的督办单", "report", alone.mender, text="已到场"), Conflict)
    alone.does(number, "supervise", alone.supervisor, **ORDER)
    for by in (alone.other, alone.resident(number), SYSTEM, alone.agent):
        assert isinstance(refused(alone, number, "不能|不由|由承办单位", "report", by, text="已到场"), NotAllowed)
    now = alone.cast.clock.advance(timedelta(hours=2))
    event = alone.does(number, "report", alone.mender, text="已到场，换了灯座")
    (order,) = orders(alone, number)
    assert (order.answered_at, order.answered_by, order.answer) == (now, alone.mender.name, "已到场，换了灯座")
    assert alone.clock_of(number, "supervise").stopped_at == now
    assert alone.told_by(number, event) == {"supervisor"}
    assert isinstance(refused(alone, number, "没有待反馈的督办单", "report", alone.mender, text="再报一次"), Conflict)


def test_numbers_have_no_gap_and_begin_anew_each_year(alone: Stage) -> None:
    numbers = [alone.brought_to(State.DISPATCHED) for _ in range(3)]
    alone.does(numbers[0], "supervise", alone.supervisor, **ORDER)
    assert isinstance(refused(alone, numbers[1], "没有这个督办级别", "supervise", alone.supervisor, level=9, text="快"), BadInput)
    refused(alone, numbers[1], "督办缺少", "supervise", alone.supervisor, level=2)
    refused(alone, numbers[1], "不能督办", "supervise", alone.agent, **ORDER)
    alone.does(numbers[1], "supervise", alone.supervisor, level=3, text="约谈负责人")
    alone.cast.clock.set(datetime(2026, 12, 31, 16, 0, tzinfo=UTC))  # midnight where the city is
    alone.does(numbers[2], "supervise", alone.supervisor, **ORDER)
    assert [orders(alone, number)[0].number for number in numbers] == [
        "公租督〔2026〕1号",
        "公租督〔2026〕2号",
        "公租督〔2027〕1号",
    ]
    assert alone.ticket(numbers[1]).level == 3


def test_unanswered_it_becomes_a_summons(alone: Stage) -> None:
    number = alone.brought_to(State.IN_PROGRESS)
    for action in ("contact", "arrive"):
        alone.does(number, action, alone.mender, text="打过电话")
    alone.does(number, "override", alone.supervisor, target="resolve", deadline="2027-03-01T17:30", reason="大修")
    alone.does(number, "override", alone.supervisor, target="finish", deadline="2027-03-01T17:30", reason="大修")
    alone.does(number, "supervise", alone.supervisor, **ORDER)
    due = alone.clock_of(number, "supervise").due_at
    alone.cast.clock.set(due + timedelta(days=4))
    alone.cast.tick()
    rung = [event for event in alone.events(number) if event.details.get("target") == "supervise"]
    assert [(event.action, event.details["level_name"]) for event in rung] == [
        ("remind", "督办"),
        ("breach", "督办"),
        ("escalate", "约谈"),
    ]
    assert (rung[1].at, alone.ticket(number).level) == (due, 3)
    assert rung[2].details["tell"] == ["handler", "supervisor"]
    story = story_of(alone, number)
    assert story.agrees and not story.unwritten


def test_on_a_complaint_about_a_contractor_it_goes_to_the_purchaser_alone(sqlite_stage: Stage) -> None:
    stage = sqlite_stage
    number = stage.opens("R03", review=False)
    event = stage.does(number, "supervise", stage.supervisor, **ORDER)
    (order,) = orders(stage, number)
    assert order.to_handler == "purchaser" and "匠修" not in order.to_name
    assert stage.told_by(number, event) == {"supervisor", "desk"}
    assert not [row for row in stage.notices(number) if row.audience in ("contractor", "helper")]
    stage.does(number, "accept", stage.supervisor, eta="下午")
    stage.does(number, "report", stage.supervisor, text="已约谈当事人")
    assert orders(stage, number)[0].answer == "已约谈当事人"


def test_the_desk_answers_for_what_it_was_told_itself(sqlite_stage: Stage) -> None:
    stage = sqlite_stage
    number = stage.opens()
    stage.does(number, "supervise", stage.supervisor, level=2, text="今天派出去")
    (order,) = orders(stage, number)
    assert (order.to_handler, order.to_name, order.to_org) == ("desk", "热线坐席", None)
    stage.does(number, "report", stage.agent, text="正在核实地址")
    assert orders(stage, number)[0].answered_by == stage.agent.name


@pytest.mark.parametrize("over", ["return", "dispatch", "resolve", "withdraw"])
def test_an_order_binds_whom_it_was_given_to_and_nobody_after(stage: Stage, over: str) -> None:
    number = stage.opens() if over == "dispatch" else stage.brought_to(State.IN_PROGRESS)
    stage.does(number, "supervise", stage.supervisor, **ORDER)
    now = stage.cast.clock.advance(timedelta(hours=1))
    given: dict[str, dict[str, Any]] = {
        "return": {"reason": "换一家"},
        "dispatch": {"contractor": stage.mender.org},
        "resolve": {"text": "修好了"},
    }
    stage.does(number, over, stage.resident(number) if over == "withdraw" else stage.agent, **given.get(over, {}))
    (order,) = orders(stage, number)
    assert (order.answered_at, order.answered_by) == (now, "") and order.answer
    assert "supervise" not in running(stage, number)
    if over == "return":
        stage.does(number, "dispatch", stage.agent, contractor=stage.other.org)
        refused(stage, number, "没有待反馈的督办单", "report", stage.other, text="已到场")


@pytest.mark.slow
def test_supervisors_at_once_get_numbers_of_their_own_without_a_gap(each_alone: Stage) -> None:
    """Six tickets, two supervisors on each; some orders are refused on the way and take no number with them."""
    stage, by = each_alone, each_alone.supervisor
    tickets = [stage.brought_to(State.DISPATCHED) for _ in range(6)]
    gate = Barrier(18)

    def issue(nth: int) -> bool:
        given = {"level": 9 if nth % 3 == 2 else 2, "text": f"第{nth}份"}  # there is no level 9
        gate.wait(timeout=30)
        try:
            with stage.cast.hotline.tx() as tx:
                act(tx, store.by_number(tx.session, tickets[nth % 6], SYSTEM, to_act=True), "supervise", by, given)
        except BadInput:
            return False
        return True

    with ThreadPoolExecutor(18) as people:
        done = list(people.map(issue, range(18)))
    assert done == [nth % 3 != 2 for nth in range(18)]
    found = [order for number in tickets for order in orders(stage, number)]
    assert sorted(order.number for order in found) == sorted(f"公租督〔2026〕{n}号" for n in range(1, 13))
    assert len({order.demand for order in found}) == 12
