"""A story: 踢皮球. Two contractors send a tenant's lamp back and forth until somebody may say whose it is; then it is mended."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from app.errors import HotlineError
from app.store import tickets as store
from app.tickets.lifecycle import SYSTEM, Actor, State
from tests.app.casework.stage import Stage
from tests.cast import Cast

DUE = datetime.fromisoformat("2026-11-26T17:30:00+08:00")


def refused(stage: Stage, number: str, words: str, action: str, by: Actor, **details: Any) -> None:
    with pytest.raises(HotlineError, match=words):
        stage.does(number, action, by, **details)


def test_two_returns_and_then_somebody_is_told_that_it_is_theirs(cast: Cast) -> None:
    stage = Stage(cast)
    number = stage.brought_to(State.DISPATCHED)
    promised = stage.clock_of(number, "resolve").due_at

    # 匠修 says it is not its estate. Until the desk has looked, it is.
    stage.does(number, "ask_return", stage.mender, code="place", reason="不在我们的小区")
    assert stage.ticket(number).contractor_id == stage.mender.org
    stage.does(number, "grant_return", stage.agent, reason="合同附件未列此楼")

    # 安居 says it is not its trade. The desk may not decide that a second time.
    stage.does(number, "dispatch", stage.agent, contractor=stage.other.org)
    stage.does(number, "ask_return", stage.other, code="duty", reason="照明不归我们")
    refused(stage, number, "须由主管部门裁决", "grant_return", stage.agent, reason="属实")
    stage.does(number, "grant_return", stage.supervisor, reason="属实")

    # Nobody passes it on any more but whoever may assign bindingly; 匠修 gets it, and cannot give it back.
    refused(stage, number, "须由主管部门指定", "dispatch", stage.agent, contractor=stage.mender.org)
    stage.does(number, "dispatch", stage.supervisor, contractor=stage.mender.org)
    refused(stage, number, "不能再退单", "ask_return", stage.mender, code="place", reason="还是不归我们")
    ticket = stage.ticket(number)
    assert (ticket.returns, ticket.moves, ticket.binding) == (2, 3, True)
    assert stage.clock_of(number, "resolve").due_at == promised == DUE, "the tenant waits no longer for all that"

    # Both were told of their own part, and the tenant only of who comes, never of the quarrel.
    told = {
        org: [row.text for row in stage.notices(number, "contractor") if row.org_id == org] for org in cast.names().contractors
    }
    assert sum("退单申请已同意" in text for text in told[stage.mender.org]) == 1
    assert sum("退单申请已同意" in text for text in told[stage.other.org]) == 1
    assert not any("退" in row.text for row in stage.notices(number, "resident"))

    # It needs a part from elsewhere. More time is asked for twice: refused once, then granted and told with its reason.
    stage.does(number, "accept", stage.mender, eta="下午三点")
    stage.does(number, "petition", stage.mender, reason="人手不够", wanted="2026-12-04T17:30")
    stage.does(number, "deny", stage.supervisor, reason="人手不是理由")
    assert stage.clock_of(number, "resolve").due_at == DUE and stage.events(number)[-1].action == "deny"
    stage.does(number, "petition", stage.mender, reason="灯座停产，需定制", wanted="2026-12-04T17:30")
    event = stage.does(number, "grant", stage.supervisor, reason="属实")
    (said,) = [row.text for row in stage.notices(number, "resident") if row.event_id == event.id]
    assert "灯座停产，需定制" in said and "12月4日 17:30" in said and "11月26日 17:30" in said

    # It is called mended and is not. The tenant's word opens a second round; each round is rated by itself.
    stage.does(number, "resolve", stage.mender, text="换了灯座")
    stage.rated(number, 1, turn=1)
    stage.does(number, "reopen", stage.resident(number), reason="根本不亮")
    assert (stage.ticket(number).state, stage.ticket(number).round) == (State.IN_PROGRESS, 2)
    stage.does(number, "resolve", stage.mender, text="换了线路，试亮")
    stage.rated(number, 5, turn=2)
    stage.does(number, "confirm", stage.resident(number))
    assert stage.ticket(number).state is State.CLOSED
    assert [(one.round, one.satisfied) for one in cast.history(number).ratings] == [(1, 1), (2, 5)]

    # Whoever looks it up years later reads every move of it.
    with cast.hotline.look() as tx:
        actions = [event.action for event in store.history(tx.session, store.by_number(tx.session, number, SYSTEM)).events]
    assert [actions.count(one) for one in ("dispatch", "ask_return", "grant_return", "petition", "grant", "deny")] == [
        3,
        2,
        2,
        2,
        1,
        1,
    ]
