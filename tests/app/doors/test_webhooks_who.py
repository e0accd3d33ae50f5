"""Contractors' systems: who is told what. Nothing sealed, no name, nothing of what others did, nothing after being taken off."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from sqlalchemy import event, select, update

from app.settings import DeliveryMode
from app.tickets.lifecycle import SYSTEM, State
from app.tickets.model import Ticket
from app.tickets.post import OutboxRow, OutboxState
from app.timekeeping import sweep
from channels.webhook import Webhook as Channel
from channels.wire import Wire
from tests.app.doors.hooked import Hooked
from tests.cast import Curtain
from tests.conftest import FreshDatabase
from tests.databases import Prepare
from tests.standins.receiver import Receiver

pytestmark = pytest.mark.slow  # many tickets: in `make test`, not in `make fast`
WHO = "王秀兰"


@pytest.fixture
def hooked(raise_curtain: Curtain, fresh_database: FreshDatabase, city: Prepare) -> Iterator[Hooked]:
    """On each engine: 匠修 and 安居 listen; what is written for them stays in the outbox."""
    receiver = Receiver()
    wire = Wire()
    wire.allow(receiver.base)
    given = {"delivery": DeliveryMode.LIVE, "webhook": {"api_base": receiver.base}}
    made = Hooked(raise_curtain(fresh_database(city), channels={"webhook": Channel(wire)}, **given), receiver=receiver)
    made.listens("匠修")
    made.listens("安居")
    with receiver:
        yield made
    wire.close()


def test_what_its_contractor_does_not_read_is_not_pushed(hooked: Hooked) -> None:
    number = hooked.brought_to(State.IN_PROGRESS)
    part = hooked.opens()
    hooked.does(number, "note", hooked.agent, text="此人常来")
    hooked.does(number, "note", hooked.mender, text="约了下午")
    hooked.does(number, "restate", hooked.agent, text="灯坏")
    hooked.does(number, "protect", hooked.agent)
    hooked.does(number, "split", hooked.agent, part=part, part_id=hooked.ticket(part).id, leaf="C01", text="另有一事")
    hooked.does(number, "callback", SYSTEM, why="lapsed")
    assert hooked.types("匠修", number) == ["dispatch", "accept", "note", "restate"]
    assert hooked.told("匠修", number)[2]["data"]["details"] == {"text": "约了下午"}
    assert hooked.types("安居", number) == []


def test_nothing_of_a_sealed_ticket(hooked: Hooked) -> None:
    number = hooked.opens("R01")
    assert hooked.ticket(number).state is State.DISPATCHED, "to its purchaser, by itself"
    hooked.does(number, "accept", hooked.supervisor, eta="今天")
    hooked.does(number, "append", hooked.resident(number), text="又来要钱")
    hooked.does(number, "resolve", hooked.supervisor, text="已处理")
    assert hooked.rows() == []


def test_what_was_written_before_a_ticket_was_sealed_does_not_go_out_after(hooked: Hooked) -> None:
    number = hooked.brought_to(State.RETURNED)
    hooked.does(number, "classify", hooked.agent, leaf="R01")
    assert hooked.ticket(number).sealed
    assert {row.state for row in hooked.rows()} == {OutboxState.DROPPED}
    assert (hooked.pushes(), hooked.receiver.got) == (0, [])


def test_who_complains_is_never_named(hooked: Hooked) -> None:
    said = f"{WHO}，电话13812345678，身份证110101199003071233"
    number = hooked.opens(name=WHO, phone="13812345678", text=said)
    hooked.does(number, "dispatch", hooked.agent, contractor=hooked.mender.org, why=said)
    hooked.does(number, "accept", hooked.mender, eta=f"下午找{WHO}")
    hooked.does(number, "append", hooked.resident(number), text=said)
    hooked.does(number, "nudge", hooked.resident(number), text=said)
    hooked.does(number, "hold", hooked.mender, reason=said, until="2026-11-27T17:30")
    hooked.does(number, "resume", hooked.mender)
    hooked.does(number, "resolve", hooked.mender, text=f"给{WHO}换了灯")
    hooked.does(number, "reopen", hooked.resident(number), reason=said)
    whole = json.dumps(hooked.told("匠修", number), ensure_ascii=False)
    assert len(hooked.told("匠修", number)) == 8
    for secret in (WHO, "秀兰", "13812345678", "110101199003071233", "陈阿姨", "o-s"):
        assert secret not in whole
    assert "王**" in whole


def test_once_the_desk_has_put_it_in_other_words_the_residents_own_stay_here(hooked: Hooked) -> None:
    number = hooked.brought_to(State.IN_PROGRESS)
    hooked.does(number, "restate", hooked.agent, text="楼道灯坏")
    hooked.does(number, "append", hooked.resident(number), text="就是我楼上那家弄的")
    assert "楼上" not in json.dumps(hooked.told("匠修", number), ensure_ascii=False)


def test_whoever_was_taken_off_hears_of_that_and_of_nothing_later(hooked: Hooked) -> None:
    number = hooked.brought_to(State.IN_PROGRESS)
    hooked.does(number, "return", hooked.agent, reason="派错了")
    hooked.does(number, "dispatch", hooked.agent, contractor=hooked.other.org)
    hooked.does(number, "accept", hooked.other, eta="明天")
    hooked.does(number, "resolve", hooked.other, text="好了")
    assert hooked.types("匠修", number) == ["dispatch", "accept", "return"]
    assert hooked.types("安居", number) == ["dispatch", "accept", "resolve"]
    assert "匠修" not in json.dumps(hooked.told("安居", number), ensure_ascii=False)
    asked = hooked.brought_to(State.IN_PROGRESS)
    hooked.does(asked, "ask_return", hooked.mender, code="duty", reason="不归我们")
    hooked.does(asked, "grant_return", hooked.agent, reason="同意")
    hooked.does(asked, "dispatch", hooked.agent, contractor=hooked.other.org)
    assert hooked.types("匠修", asked)[-2:] == ["ask_return", "grant_return"]


def test_whoever_assists_hears_of_its_duty_and_where_the_ticket_stands(hooked: Hooked) -> None:
    number = hooked.brought_to(State.IN_PROGRESS)
    hooked.does(number, "assist", hooked.agent, helper=hooked.other.org, text="请配合断电")
    hooked.does(number, "progress", hooked.mender, text="拆了灯")
    hooked.does(number, "hold", hooked.mender, reason="等配件", until="2026-11-27T17:30")
    hooked.does(number, "resume", hooked.mender)
    hooked.does(number, "assisted", hooked.other, text="断电了")
    hooked.does(number, "resolve", hooked.mender, text="换了灯")
    assert hooked.types("安居", number) == ["assist", "state", "state", "assisted"]
    told = hooked.told("安居", number)
    assert told[0]["data"]["details"] == {"text": "请配合断电"}
    assert [one["target"] for one in told[0]["data"]["deadlines"]] == ["assist"]
    assert (told[1]["data"]["to"], told[1]["data"]["details"], told[1]["data"]["by_role"]) == ("on_hold", {}, None)
    assert "等配件" not in json.dumps(told, ensure_ascii=False)
    assert hooked.types("匠修", number)[2:] == ["assist", "progress", "hold", "resume", "assisted", "resolve"]


def test_whose_duty_ends_with_the_work_hears_that_it_is_over(hooked: Hooked) -> None:
    number = hooked.brought_to(State.IN_PROGRESS)
    hooked.does(number, "assist", hooked.agent, helper=hooked.other.org, text="请配合断电")
    hooked.does(number, "resolve", hooked.mender, text="换了灯")
    hooked.does(number, "reopen", hooked.resident(number), reason="又坏了")
    assert [one["data"]["to"] for one in hooked.told("安居", number)] == ["in_progress", "resolved"]


def test_a_merged_ticket_says_so_without_saying_into_which(hooked: Hooked) -> None:
    number, into = hooked.brought_to(State.IN_PROGRESS), hooked.opens()
    hooked.does(number, "merge", hooked.agent, into=into, into_id=hooked.ticket(into).id)
    last = hooked.told("匠修", number)[-1]
    assert (last["type"], last["data"]["to"], last["data"]["details"]) == ("ticket.state", "merged", {})
    assert into not in json.dumps(last)


def test_what_the_clocks_do_is_pushed_with_the_deadlines(hooked: Hooked) -> None:
    number = hooked.brought_to(State.DISPATCHED)
    hooked.cast.clock.advance(timedelta(hours=6, minutes=1))
    sweep(hooked.cast.hotline)
    steps = [one["data"] for one in hooked.told("匠修", number) if one["type"] == "ticket.breach"]
    breach = next(one for one in steps if one["details"]["target"] == "accept")
    assert breach["at"] == breach["details"]["due_at"], "dated by the deadline"
    assert {one["target"]: one["breached"] for one in breach["deadlines"]}["accept"]
    assert "contact" in {one["target"] for one in breach["deadlines"]}, "what was promised to the citizen concerns it"


def questions(hooked: Hooked, work: Callable[[], object]) -> list[str]:
    """What is asked of the database meanwhile about webhooks."""
    asked: list[str] = []

    def note(connection: object, cursor: object, statement: str, *rest: object) -> None:
        asked.append(statement)

    event.listen(hooked.cast.hotline.db.engine, "before_cursor_execute", note)
    work()
    event.remove(hooked.cast.hotline.db.engine, "before_cursor_execute", note)
    return [one for one in asked if "webhook" in one and one.startswith("SELECT")]


def test_a_sweep_asks_once_whom_to_tell(hooked: Hooked) -> None:
    for _ in range(8):
        hooked.brought_to(State.DISPATCHED)
    hooked.cast.clock.advance(hooked.clock_of(hooked.brought_to(State.DISPATCHED), "accept").due_at - hooked.cast.clock.now())
    before = len(hooked.rows())
    assert len(questions(hooked, lambda: sweep(hooked.cast.hotline))) == 1
    assert len(hooked.rows()) >= before + 8


def test_what_no_contractor_reads_asks_nothing(hooked: Hooked) -> None:
    assert questions(hooked, hooked.opens) == []


def test_every_row_names_its_event_and_no_secret(hooked: Hooked) -> None:
    hooked.brought_to(State.CLOSED)
    with hooked.cast.hotline.tx() as tx:
        rows = tx.session.scalars(select(OutboxRow).where(OutboxRow.channel == "webhook")).all()
        assert all(row.event_id and row.ticket_id and "whsec" not in row.text and row.address.isdigit() for row in rows)
        tx.session.execute(update(Ticket).values(sealed=True))
    hooked.pushes()
    assert {row.state for row in hooked.rows()} == {OutboxState.DROPPED}


def test_who_asks_for_confidence_is_not_quoted_by_what_still_waits(hooked: Hooked) -> None:
    number = hooked.brought_to(State.IN_PROGRESS)
    hooked.does(number, "append", hooked.resident(number), text="楼上老张家弄的")
    assert hooked.told("匠修", number)[-1]["data"]["details"] == {"text": "楼上老张家弄的"}
    hooked.does(number, "protect", hooked.agent)
    hooked.pushes()
    assert len(hooked.receiver.got) == 3
    assert all("老张" not in pushed.body.decode() for pushed in hooked.receiver.got)
