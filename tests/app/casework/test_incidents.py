"""群体事件: one work order, many complainants; each told in their own channel, rated alone, and alone again when not content."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy.event import listen

from app import feedback
from app.casework import act
from app.errors import BadInput, Conflict
from app.store import lineage
from app.store import tickets as store
from app.tickets.lifecycle import SYSTEM, Handler, State
from app.tickets.model import TicketEvent
from tests.app.casework.stage import ESTATE, Stage
from tests.cast import MONDAY_MORNING

LIGHT = ("C06", "楼道灯全楼不亮")
LIFT = ("C07", "全楼电梯停运")


def gathered(stage: Stage, many: int = 3, kind: tuple[str, str] = LIFT) -> tuple[str, list[str]]:
    """An incident of so many tickets, told ten minutes apart, and their numbers."""
    numbers = []
    for n in range(many):
        numbers.append(stage.opens(kind[0], estate=f"{ESTATE}3栋1单元{n + 1}01", name=f"住户{n}"))
        stage.cast.clock.advance(timedelta(minutes=10))
    return stage.incident(*numbers, leaf=kind[0], text=kind[1]), numbers


def last(stage: Stage, number: str) -> TicketEvent:
    return stage.events(number)[-1]


def done(stage: Stage, incident: str) -> None:
    """Resolved by whoever has it, and reviewed."""
    stage.does(incident, "resolve", stage.mender, text="全部换新")
    stage.does(incident, "approve", stage.agent)


def owner(stage: Stage, number: str) -> object:
    return stage.cast.contractor(stage.cast.names().contractors[stage.ticket(number).contractor_id or 0])


def test_the_work_order_is_nobodys_and_begins_with_the_first(stage: Stage) -> None:
    incident, numbers = gathered(stage)
    order = stage.ticket(incident)
    assert (order.resident_id, order.channel, order.incident, order.created_at) == (None, "incident", True, MONDAY_MORNING)
    assert (order.building, order.unit, order.room, order.state) == ("3", "1", "", State.DISPATCHED)
    assert stage.notices(incident, "resident") == []
    assert {timer.target for timer in order.timers}.isdisjoint({"contact", "reach", "respond", "callback"})
    for number in numbers:
        ticket = stage.ticket(number)
        assert (ticket.state, ticket.handler, ticket.follows_id) == (State.IN_PROGRESS, Handler.DESK, order.id)
        assert ticket.contractor_id is None
        assert stage.clock_of(number, "resolve").started_at == ticket.created_at, "the citizen's clock goes on"
        assert "并入群体事件" in stage.notices(number, "resident")[-2].text
        assert "统一处理" in stage.notices(number, "resident")[-1].text


def test_whoever_had_a_member_alone_has_it_no_more(stage: Stage) -> None:
    one = stage.brought_to(State.IN_PROGRESS)
    two = stage.opens()
    stage.incident(one, two, leaf="C06", text="楼道灯全楼不亮")
    assert "停止单独办理" in stage.notices(one, "contractor")[-1].text
    assert stage.ticket(one).contractor_id is None


def test_what_happens_to_the_work_order_happens_to_each(stage: Stage) -> None:
    incident, numbers = gathered(stage, kind=LIGHT)
    mender = stage.mender
    stage.does(incident, "accept", mender, eta="今天下午")
    assert all("今天下午" in stage.notices(number, "resident")[-1].text for number in numbers)
    stage.does(incident, "hold", mender, reason="等灯具", until="2026-11-27T17:30")
    assert {stage.ticket(number).state for number in numbers} == {State.ON_HOLD}
    stage.does(incident, "resume", mender)
    stage.does(incident, "progress", mender, text="灯具到货")
    assert all("灯具到货" in stage.notices(number, "resident")[-1].text for number in numbers)
    done(stage, incident)
    for number in numbers:
        ticket, event = stage.ticket(number), last(stage, number)
        assert (ticket.state, ticket.outcome, event.details["from_incident"]) == (State.RESOLVED, "solved", incident)
        assert ticket.reviewed_at is not None
        assert sum(row.event_id == event.id for row in stage.notices(number, "resident")) == 1
        assert [timer.target for timer in ticket.timers if timer.stopped_at is None] == [], "a call is drawn by the worker"
    assert len({event.cause for number in numbers for event in stage.events(number) if event.cause}) == len(
        [event for number in numbers for event in stage.events(number) if event.cause]
    )


def test_what_is_reviewed_is_told_when_it_was_approved(stage: Stage) -> None:
    incident, numbers = gathered(stage)
    order = owner(stage, incident)
    stage.does(incident, "accept", order, eta="马上")  # type: ignore[arg-type]
    stage.does(incident, "resolve", order, text="换了主板")  # type: ignore[arg-type]
    assert {stage.ticket(number).state for number in numbers} == {State.IN_PROGRESS}
    stage.does(incident, "remand", stage.agent, reason="照片不对")
    stage.does(incident, "resolve", order, text="换了主板，试运行正常")  # type: ignore[arg-type]
    stage.does(incident, "approve", stage.agent)
    assert {stage.ticket(number).state for number in numbers} == {State.RESOLVED}
    for number in numbers:
        done = [row.text for row in stage.notices(number, "resident") if "已办结" in row.text]
        assert len(done) == 1 and "试运行正常" in done[0]
    stage.does(incident, "close", stage.agent)
    assert {stage.ticket(number).state for number in numbers} == {State.RESOLVED}, "each is closed by its own people"


def test_an_extension_is_everybodys_with_its_reason(stage: Stage) -> None:
    incident, numbers = gathered(stage, kind=LIGHT)
    stage.does(incident, "accept", stage.mender, eta="今天下午")
    latest = max(stage.clock_of(number, "resolve").due_at for number in (incident, *numbers))
    wanted = latest + timedelta(days=2)
    stage.does(incident, "petition", stage.mender, reason="灯具缺货", wanted=wanted.isoformat())
    stage.does(incident, "grant", stage.supervisor, reason="属实")
    for number in numbers:
        assert stage.clock_of(number, "resolve").due_at == wanted
        assert "灯具缺货" in stage.notices(number, "resident")[-1].text


def test_a_deadline_moved_by_hand_moves_for_all(stage: Stage) -> None:
    incident, numbers = gathered(stage, kind=LIGHT)
    stage.does(incident, "override", stage.supervisor, target="resolve", deadline="2026-12-10T17:30", reason="领导交办")
    moved = {stage.clock_of(number, "resolve").due_at for number in numbers}
    assert moved == {datetime.fromisoformat("2026-12-10T17:30+08:00")}


def test_who_has_gone_their_own_way_blocks_nobody(stage: Stage) -> None:
    incident, (one, two, three) = gathered(stage, kind=LIGHT)
    stage.does(incident, "accept", stage.mender, eta="今天下午")
    stage.does(one, "withdraw", stage.resident(one))
    stage.does(two, "leave", stage.agent, reason="只有他家")
    assert (stage.ticket(two).state, stage.ticket(two).follows_id) == (State.RECEIVED, None)
    done(stage, incident)
    assert [stage.ticket(number).state for number in (one, two, three)] == [State.CLOSED, State.RECEIVED, State.RESOLVED]


def test_a_discontented_member_is_taken_up_again_alone(stage: Stage) -> None:
    incident, (one, two, three) = gathered(stage, kind=LIGHT)
    stage.does(incident, "accept", stage.mender, eta="今天下午")
    done(stage, incident)
    for number, grade in ((one, 5), (two, 1)):
        with stage.cast.hotline.tx() as tx:
            feedback.rate(tx, store.by_number(tx.session, number, SYSTEM), feedback.Answers(grade), via="wechat")
    assert [stage.ticket(number).state for number in (one, two, three)] == [State.CLOSED, State.RECEIVED, State.RESOLVED]
    again = stage.ticket(two)
    assert (again.round, again.follows_id, again.handler) == (2, None, Handler.DESK)
    assert stage.ticket(incident).state is State.RESOLVED
    stage.does(two, "dispatch", stage.agent, contractor=stage.mender.org)
    assert stage.ticket(two).contractor_id == stage.mender.org


def test_a_members_later_words_are_told_to_the_desk(stage: Stage) -> None:
    incident, (one, *_) = gathered(stage, kind=LIGHT)
    event = stage.does(one, "append", stage.resident(one), text="老人出不了门")
    assert stage.told_by(one, event) == {"desk"}
    assert stage.events(incident)[-1].action == "dispatch"


def test_one_joins_later_and_is_noted_there(stage: Stage) -> None:
    incident, _ = gathered(stage, kind=LIGHT)
    late = stage.opens("C06")
    stage.deed(late, "join", stage.agent, into=incident)
    assert stage.ticket(late).follows_id == stage.ticket(incident).id
    assert late in last(stage, incident).details["text"]


def test_what_may_not_join(stage: Stage) -> None:
    incident, (one, *_) = gathered(stage, kind=LIGHT)
    for number, why in (
        (stage.opens("R04", review=False), "承接主体"),
        (stage.opens("E03"), "应急"),
        (incident, "主单"),
        (one, "已在一个群体事件中"),
    ):
        before = stage.everything(number)
        with pytest.raises((BadInput, Conflict), match=why):
            stage.deed(number, "join", stage.agent, into=incident)
        assert stage.everything(number) == before
    with pytest.raises(BadInput, match="不是群体事件"):
        stage.deed(stage.opens(), "join", stage.agent, into=one)


@pytest.mark.parametrize(
    ("numbers", "leaf", "text", "why"),
    [
        (1, "C07", "电梯停运", "2 到"),
        (2, "C07", " ", "写明"),
        (2, "Z9", "电梯停运", "类别"),
        (2, "C07", "物业经理收钱不办事还骂人", "不能转给承接主体"),
    ],
)
def test_an_incident_that_is_none_opens_nothing(stage: Stage, numbers: int, leaf: str, text: str, why: str) -> None:
    chosen = [stage.opens("C07") for _ in range(numbers)]
    before = stage.everything(chosen[0])
    with pytest.raises(BadInput, match=why):
        stage.incident(*chosen, leaf=leaf, text=text)
    assert stage.everything(chosen[0]) == before


def test_the_work_order_is_neither_rejected_nor_rated_nor_withdrawn(stage: Stage) -> None:
    incident, _ = gathered(stage, kind=LIGHT)
    with pytest.raises(Conflict, match="群体事件的主单"):
        stage.does(incident, "withdraw", stage.agent)


def test_three_hundred_are_answered_at_once(sqlite_stage: Stage) -> None:
    """A flush or a question for each pair of them would take minutes."""
    stage = sqlite_stage
    numbers = [stage.opens("C06") for _ in range(300)]
    incident = stage.incident(*numbers, leaf="C06", text="楼道灯全小区不亮")
    stage.does(incident, "accept", stage.mender, eta="今天下午")
    stage.does(incident, "resolve", stage.mender, text="全部换新")
    asked: list[str] = []
    with stage.cast.hotline.tx() as tx:
        listen(tx.session.get_bind(), "before_cursor_execute", lambda *call: asked.append(call[2]))
        act(tx, store.by_number(tx.session, incident, SYSTEM), "approve", stage.agent)
        tx.session.flush()
    assert len(asked) < 300 * 12, len(asked)
    with stage.cast.hotline.look() as tx:
        order = store.by_number(tx.session, incident, SYSTEM)
        assert {one.state for one in lineage.members_of(tx.session, order)} == {State.RESOLVED}
        assert lineage.tallies(tx.session, [order])[order.id] == lineage.Tally(300, 300)
