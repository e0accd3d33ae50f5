"""退单: asked for by one of the reasons there are, decided by somebody else; refused it binds, after two nobody passes it on."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from app.errors import BadInput, Conflict, NotAllowed
from app.store import tickets as store
from app.tickets.lifecycle import SYSTEM, Handler, State
from app.tickets.model import PetitionState
from app.tickets.petitions import RETURN_CODES
from app.web import timeline
from tests.app.casework.stage import Stage
from tests.app.casework.test_petitions import DUE, petitions, refused, running
from tests.cast import MONDAY_MORNING, Cast

ASKED = {"code": "place", "reason": "不在我们的小区"}


@pytest.fixture
def alone(sqlite_cast: Cast) -> Stage:
    """A stage of one's own, where a tick fires nobody else's clocks."""
    return Stage(sqlite_cast)


def asked(stage: Stage, number: str = "", **given: Any) -> str:
    number = number or stage.brought_to(State.IN_PROGRESS)
    stage.does(number, "ask_return", stage.mender, **{**ASKED, **given})
    return number


def passed_to(stage: Stage, number: str) -> None:
    """The next contractor has it and asks to be rid of it as well."""
    stage.does(number, "dispatch", stage.agent, contractor=stage.other.org)
    stage.does(number, "ask_return", stage.other, **ASKED)


def test_the_reasons_are_those_of_the_trade() -> None:
    assert list(RETURN_CODES.values()) == [
        *("属地不符", "职能不符", "权属不清", "重复工单", "要素不全（地址、电话缺失）", "已过诉讼或信访"),
    ]


@pytest.mark.parametrize("code", RETURN_CODES)
def test_by_each_reason_and_whoever_decides_reads_it(sqlite_stage: Stage, code: str) -> None:
    number = asked(sqlite_stage, code=code)
    (petition,) = petitions(sqlite_stage, number)
    assert (petition.kind, petition.code, petition.contractor_id) == ("return", code, sqlite_stage.mender.org)
    event = sqlite_stage.events(number)[-1]
    told = {row.audience: row.text for row in sqlite_stage.notices(number) if row.event_id == event.id}
    assert set(told) == {"desk", "supervisor"}
    assert all(RETURN_CODES[code] in text and ASKED["reason"] in text for text in told.values())


def test_without_a_reason_of_the_trade_nothing_is_asked(sqlite_stage: Stage) -> None:
    number = sqlite_stage.brought_to(State.DISPATCHED)
    wrong = refused(sqlite_stage, number, "没有“太远”这种退单理由", "ask_return", sqlite_stage.mender, code="太远", reason="远")
    assert isinstance(wrong, BadInput) and "职能不符" in wrong.cure


def test_until_it_is_decided_nothing_changes(stage: Stage) -> None:
    number = stage.brought_to(State.IN_PROGRESS)
    before = running(stage, number)
    asked(stage, number)
    ticket, after = stage.ticket(number), running(stage, number)
    assert (ticket.state, ticket.contractor_id, ticket.returns, ticket.moves) == (State.IN_PROGRESS, stage.mender.org, 0, 1)
    decide = after.pop("decide")
    assert {key: timer.due_at for key, timer in after.items()} == {key: timer.due_at for key, timer in before.items()}
    assert (decide.party, decide.started_at) == ("adjudicator", MONDAY_MORNING)


def test_only_whoever_has_the_work_asks_and_only_others_decide(sqlite_stage: Stage) -> None:
    stage = sqlite_stage
    number = stage.brought_to(State.IN_PROGRESS)
    for by in (stage.agent, stage.supervisor, stage.resident(number), stage.other, SYSTEM):
        assert isinstance(refused(stage, number, "不能|不由", "ask_return", by, **ASKED), NotAllowed)
    for action in ("grant_return", "deny_return"):
        assert isinstance(refused(stage, number, "没有待裁决的申请", action, stage.agent, reason="好"), Conflict)
    asked(stage, number)
    for action in ("grant_return", "deny_return"):
        for by in (stage.mender, stage.other, stage.resident(number), SYSTEM):
            assert isinstance(refused(stage, number, "不能", action, by, reason="好"), NotAllowed)
    refused(stage, number, "已有申请待裁决", "petition", stage.mender, reason="缺料", wanted="2026-12-04T17:30")
    refused(stage, number, "没有待裁决的申请", "grant", stage.supervisor, reason="好")


def test_refused_it_binds_and_is_not_asked_again(stage: Stage) -> None:
    number = asked(stage)
    event = stage.does(number, "deny_return", stage.agent, reason="合同写明由贵单位负责")
    ticket = stage.ticket(number)
    assert (ticket.binding, ticket.returns, ticket.contractor_id) == (True, 0, stage.mender.org)
    assert running(stage, number)["resolve"].due_at == DUE
    (told,) = [row for row in stage.notices(number) if row.event_id == event.id]
    assert told.audience == "contractor" and "指定由贵单位承办，不得再退" in told.text
    assert isinstance(refused(stage, number, "已指定由贵单位承办，不能再退单", "ask_return", stage.mender, **ASKED), NotAllowed)
    stage.does(number, "petition", stage.mender, reason="要时间", wanted="2026-12-04T17:30")
    assert stage.ticket(number).state is State.IN_PROGRESS, "more time may still be asked for"


def test_granted_it_waits_for_another_and_the_citizens_clock_runs_on(stage: Stage) -> None:
    number = asked(stage)
    now = stage.cast.clock.advance(timedelta(hours=1))
    event = stage.does(number, "grant_return", stage.agent, reason="属实")
    ticket = stage.ticket(number)
    assert (ticket.state, ticket.handler, ticket.contractor_id) == (State.RETURNED, Handler.DESK, None)
    assert (ticket.returns, ticket.moves, ticket.binding) == (1, 1, False)
    left = running(stage, number)
    assert set(left) == {"contact", "resolve"} and left["resolve"].due_at == DUE
    decide = next(timer for timer in ticket.timers if timer.target == "decide")
    assert (decide.stopped_at, decide.cancelled) == (now, False), "it was decided, in time"
    assert stage.told_by(number, event) == {"contractor", "desk"}
    (told,) = [row for row in stage.notices(number, "contractor") if row.event_id == event.id]
    assert told.org_id == stage.mender.org
    assert [(one.state, one.decided_by) for one in petitions(stage, number)] == [(PetitionState.GRANTED, stage.agent.name)]


def test_the_second_return_is_a_supervisors_and_then_only_a_supervisor_assigns_bindingly(stage: Stage) -> None:
    """踢皮球 ends here (domain.md §2.4, 潍坊市12345条例 art. 20–22)."""
    number = asked(stage)
    stage.does(number, "grant_return", stage.agent, reason="属实")
    passed_to(stage, number)
    refused(stage, number, "已退单 1 次，再次退单须由主管部门裁决", "grant_return", stage.agent, reason="好")
    refused(stage, number, "已退单 1 次，再次退单须由主管部门裁决", "deny_return", stage.agent, reason="不好")
    stage.does(number, "grant_return", stage.supervisor, reason="确不归其负责")
    assert (stage.ticket(number).returns, stage.ticket(number).moves) == (2, 2)
    for by in (stage.agent, SYSTEM):
        refused(stage, number, "已退单 2 次，须由主管部门指定", "dispatch", by, contractor=stage.mender.org)
    stage.does(number, "dispatch", stage.supervisor, contractor=stage.mender.org)
    ticket = stage.ticket(number)
    assert (ticket.binding, ticket.moves, ticket.state) == (True, 3, State.DISPATCHED)
    refused(stage, number, "不能再退单", "ask_return", stage.mender, **ASKED)
    assert running(stage, number)["resolve"].due_at == DUE, "whoever has it, the citizen was promised that day"


def test_bound_is_whoever_it_was_said_to_and_nobody_after(sqlite_stage: Stage) -> None:
    stage = sqlite_stage
    number = asked(stage)
    stage.does(number, "deny_return", stage.agent, reason="不属实")
    stage.does(number, "return", stage.agent, reason="还是换一家")
    stage.does(number, "dispatch", stage.agent, contractor=stage.other.org)
    assert not stage.ticket(number).binding
    stage.does(number, "ask_return", stage.other, **ASKED)


@pytest.mark.parametrize("over", ["return", "resolve", "withdraw", "merge", "join"])
def test_it_is_moot_once_the_work_is_over_or_anothers(stage: Stage, over: str) -> None:
    number = asked(stage)
    into = stage.opens()
    acts: dict[str, tuple[Any, dict[str, Any]]] = {
        "return": (stage.agent, {"reason": "换一家"}),
        "resolve": (stage.agent, {"text": "修好了"}),
        "withdraw": (stage.resident(number), {}),
        "merge": (stage.agent, {"into": into, "into_id": stage.ticket(into).id}),
        "join": (stage.agent, {"into": into, "into_id": stage.ticket(into).id}),
    }
    by, details = acts[over]
    now = stage.cast.clock.advance(timedelta(hours=1))
    stage.does(number, over, by, **details)
    (petition,) = petitions(stage, number)
    assert (petition.state, petition.decided_at, petition.decided_by) == (PetitionState.MOOT, now, "")
    decide = next(timer for timer in stage.ticket(number).timers if timer.target == "decide")
    assert (decide.stopped_at, decide.cancelled, decide.next_at) == (now, True, None)
    assert stage.ticket(number).returns == 0


def test_nobody_decides_and_it_stays_asked(alone: Stage) -> None:
    number = asked(alone)
    due: datetime = alone.clock_of(number, "decide").due_at
    alone.cast.clock.set(due)
    alone.cast.tick()
    late = [event for event in alone.events(number) if event.details.get("target") == "decide"]
    assert [(event.action, event.at, alone.told_by(number, event)) for event in late][-1:] == [
        ("breach", due, {"desk", "supervisor"})
    ]
    assert petitions(alone, number)[0].state is PetitionState.OPEN
    assert alone.ticket(number).contractor_id == alone.mender.org


def test_the_next_contractor_reads_nothing_between_the_house_and_the_one_before(stage: Stage) -> None:
    number = stage.brought_to(State.IN_PROGRESS)
    stage.does(number, "supervise", stage.supervisor, level=2, text="今天到场")
    stage.does(number, "report", stage.mender, text="已到场")
    stage.does(number, "progress", stage.mender, text="换过一个开关")
    asked(stage, number)
    stage.does(number, "grant_return", stage.agent, reason="属实")
    stage.does(number, "dispatch", stage.agent, contractor=stage.other.org)
    with stage.cast.hotline.look() as tx:
        ticket = store.by_number(tx.session, number, stage.other)
        read = [event.action for event in timeline.shown(ticket, store.history(tx.session, ticket).events, stage.other)]
    assert not {"supervise", "report", "ask_return", "grant_return"} & set(read)
    assert "progress" in read and read[-1] == "dispatch", "what was done there it has to know"
    passed = stage.brought_to(State.IN_PROGRESS)
    asked(stage, passed)
    stage.does(passed, "deny_return", stage.agent, reason="合同写明")
    stage.does(passed, "supervise", stage.supervisor, level=2, text="今天到场")
    with stage.cast.hotline.look() as tx:
        ticket = store.by_number(tx.session, passed, stage.mender)
        own = [event.action for event in timeline.shown(ticket, store.history(tx.session, ticket).events, stage.mender)]
    assert own[-3:] == ["ask_return", "deny_return", "supervise"]
