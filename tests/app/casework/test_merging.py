"""并单: only what is one household's matter, never in a circle, never past a seal; later words find the survivor."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest

from app import deeds
from app.errors import BadInput, Conflict, HotlineError, NotFound
from app.store import lineage
from app.store import tickets as store
from app.tickets.lifecycle import SYSTEM, State
from tests.app.casework.stage import Stage
from tests.cast import MONDAY_MORNING, Cast


def test_a_second_telling_goes_on_under_the_first(stage: Stage) -> None:
    first = stage.opens("C06")
    second = stage.opens("C06", beside=first)
    event = stage.deed(second, "merge", stage.agent, into=first)
    assert (event.details["into"], stage.ticket(second).state) == (first, State.MERGED)
    assert all(timer.stopped_at is not None and timer.next_at is None for timer in stage.ticket(second).timers), "never escalates"


@pytest.mark.parametrize("how", ["phone", "dwelling"])
def test_one_household_is_one_complainant(stage: Stage, how: str) -> None:
    same: dict[str, Any] = {"phone": "13812340000"} if how == "phone" else {"estate": "石桥新居3栋2单元1502"}
    first, second = stage.opens(**same), stage.opens(**same)
    stage.deed(second, "merge", stage.agent, into=first)
    assert stage.ticket(second).state is State.MERGED


def refused(stage: Stage, number: str, into: str, why: str) -> None:
    before = stage.everything(number)
    with pytest.raises(BadInput, match=why):
        stage.deed(number, "merge", stage.agent, into=into)
    assert stage.everything(number) == before


def test_what_may_not_be_merged(stage: Stage) -> None:
    first = stage.opens()
    beside: dict[str, Any] = {"beside": first}
    refused(stage, first, first, "不能并入自己")
    refused(stage, stage.opens(), first, "同一诉求人")
    with pytest.raises(BadInput) as stranger:
        stage.deed(stage.opens(), "merge", stage.agent, into=first)
    assert "群体事件" in (stranger.value.cure or "")
    refused(stage, first, stage.brought_to(State.REJECTED, **beside), "不予受理")
    refused(stage, first, stage.brought_to(State.CLOSED, **beside), "已归档")
    refused(stage, stage.opens("R04", review=False, **beside), first, "承接主体")
    refused(stage, stage.opens("E03", **beside), first, "应急")
    merged = stage.opens(**beside)
    stage.deed(merged, "merge", stage.agent, into=first)
    refused(stage, stage.opens(**beside), merged, "已并入")
    with pytest.raises(NotFound):
        stage.deed(first, "merge", stage.agent, into="GZ20261123999990")
    with pytest.raises(BadInput, match="工单号"):
        stage.deed(first, "merge", stage.agent)


def test_neither_a_part_nor_a_whole_with_parts_is_merged(stage: Stage) -> None:
    whole = stage.opens("C15")
    other = stage.opens(beside=whole)
    stage.deed(whole, "split", stage.agent, text="灯不亮", leaf="C06")
    (part,) = stage.parts(whole)
    refused(stage, whole, other, "拆过单")
    refused(stage, part.number, other, "拆过单")
    refused(stage, other, part.number, "分办事项")
    stage.deed(other, "merge", stage.agent, into=whole)
    assert stage.ticket(other).state is State.MERGED


def test_a_sealed_ticket_goes_into_one_as_sealed(stage: Stage) -> None:
    first = stage.opens("R04", review=False)
    second = stage.opens("R04", review=False, beside=first)
    stage.deed(second, "merge", stage.agent, into=first)
    assert stage.ticket(second).state is State.MERGED


def test_who_asked_to_be_kept_secret_once_is_kept_secret(stage: Stage) -> None:
    first = stage.opens()
    second = stage.opens(beside=first)
    stage.does(second, "protect", stage.agent)
    stage.deed(second, "merge", stage.agent, into=first)
    assert stage.ticket(first).confidential


def test_parted_again_it_stands_at_the_desk_with_its_clock_from_receipt(stage: Stage) -> None:
    first = stage.opens("C06")
    second = stage.opens("C06", beside=first)
    due = stage.clock_of(second, "resolve").due_at
    stage.cast.clock.advance(timedelta(hours=3))
    stage.deed(second, "merge", stage.agent, into=first)
    stage.cast.clock.advance(timedelta(hours=3))
    stage.does(second, "unmerge", stage.agent, reason="不是一回事")
    ticket, clock = stage.ticket(second), stage.clock_of(second, "resolve")
    assert (ticket.state, ticket.merged_into_id, ticket.handler) == (State.RECEIVED, None, "desk")
    assert (clock.started_at, clock.due_at, clock.stopped_at) == (MONDAY_MORNING, due, None)
    with stage.cast.hotline.look() as tx:
        assert lineage.survivor(tx.session, store.by_number(tx.session, second, SYSTEM)).number == second  # type: ignore[union-attr]


def test_of_two_who_merge_two_tickets_into_each_other_one_is_told_what_happened(stage: Stage) -> None:
    one = stage.opens()
    two = stage.opens(beside=one)
    both = threading.Barrier(2, timeout=20)
    outcomes: list[object] = []

    def merge(number: str, into: str) -> None:
        try:
            with stage.cast.hotline.look() as tx:
                store.by_number(tx.session, number, SYSTEM)
            both.wait()
            with stage.cast.hotline.tx() as tx:
                deeds.do(tx, store.by_number(tx.session, number, SYSTEM), "merge", stage.agent, {"into": into})
            outcomes.append("done")
        except HotlineError as refusal:
            outcomes.append(refusal)

    threads = [threading.Thread(target=merge, args=pair) for pair in ((one, two), (two, one))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    lost = [outcome for outcome in outcomes if isinstance(outcome, BadInput | Conflict)]
    assert (len(outcomes), outcomes.count("done"), len(lost)) == (2, 1, 1), outcomes
    assert sorted(stage.ticket(number).state for number in (one, two)) == sorted([State.MERGED, State.RECEIVED])


def test_a_word_on_a_merged_number_reaches_the_survivor_through_any_chain(cast: Cast) -> None:
    one, two, three = sorted(opened_apart(cast))
    for number, into in ((one, two), (two, three)):
        with cast.hotline.tx() as tx:
            deeds.do(tx, store.by_number(tx.session, number, SYSTEM), "merge", cast.agent(), {"into": into})
    before = cast.ticket(one)
    said = cast.writes(f"{one} 今天电梯又停了")
    assert three in said.text and said.number == three
    assert [event.action for event in cast.history(three).events][-1] == "append"
    assert (cast.ticket(one).state, cast.ticket(one).seq) == (State.MERGED, before.seq), "the husk is never reopened"
    assert three in cast.writes(f"{one} 催办").text and cast.ticket(three).nudges == 1


def opened_apart(cast: Cast) -> set[str]:
    """Three tickets of one resident, told far enough apart to be three."""
    found = set()
    for text in ("石桥新居3栋1单元电梯坏了", "石桥新居3栋1单元楼道灯不亮", "石桥新居3栋1单元门禁坏了"):
        cast.clock.advance(timedelta(hours=3))
        found.add(cast.writes(text).number)
    return found


def test_a_chain_that_leads_nowhere_loses_no_word(cast: Cast) -> None:
    one, two, _ = sorted(opened_apart(cast))
    with cast.hotline.tx() as tx:
        deeds.do(tx, store.by_number(tx.session, one, SYSTEM), "merge", cast.agent(), {"into": two})
    with cast.hotline.tx() as tx:  # as a fault of another program would leave it
        husk = store.by_number(tx.session, one, SYSTEM)
        husk.merged_into_id = husk.id
    cast.writes(f"{one} 还是没有好")
    events = [event.action for event in cast.history(one).events]
    assert events[-2:] == ["unmerge", "append"] and cast.ticket(one).state is State.RECEIVED
