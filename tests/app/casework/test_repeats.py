"""Repeats are found by indexes on both engines, offered to whoever may know of them, never joined by themselves."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from app import deeds, repeats
from app.errors import BadInput, HotlineError, NotFound
from app.repeats import Offer
from app.store import repeats as store
from app.store import tickets
from app.tickets.lifecycle import SYSTEM, Actor, Role, State
from app.tickets.repeats import TicketMark, ToldApart
from routing.duplicates import FORTNIGHT, FURTHEST, MARKS, Kind
from tests.app.casework.stage import Stage
from tests.cast import Cast

DRIP = "北阳台地漏反水，洗衣机一排水就漫出来"
DRIP_AGAIN = "洗衣机排水的时候北阳台地漏又反水，漫了一地"


def offered(stage: Stage, number: str, viewer: Actor | None = None) -> dict[str, Offer]:
    with stage.cast.hotline.look() as tx:
        ticket = tickets.by_number(tx.session, number, SYSTEM)
        return {one.ticket.number: one for one in repeats.of_ticket(tx, ticket, viewer or stage.agent)}


def tell_apart(stage: Stage, number: str, other: str, by: Actor | None = None) -> None:
    who = by or stage.agent
    with stage.cast.hotline.tx() as tx:
        repeats.tell_apart(tx, tickets.by_number(tx.session, number, who), who, other)


def test_the_same_household_is_offered_with_one_click(stage: Stage) -> None:
    first = stage.opens("C02", text=DRIP, phone="13712340001")
    again = stage.opens("C04", text=DRIP_AGAIN, phone="13712340001")
    other_matter = stage.opens("A03", text="想问租金怎么减免，要交什么材料", phone="13712340001")
    found = offered(stage, again)
    assert found[first].repeat.kind is Kind.PERSON and found[first].repeat.sure and found[first].merge
    assert other_matter not in found
    assert not offered(stage, first)[again].merge, "the older one goes on"
    stage.deed(again, "merge", stage.agent, into=first)
    assert again not in offered(stage, first) and offered(stage, again) == {}


def test_a_dwelling_is_found_after_months_and_a_building_after_days(stage: Stage) -> None:
    flat = "青棠苑6栋1单元1101"
    first = stage.opens("C02", text=DRIP, estate=flat)
    stage.cast.clock.advance(timedelta(days=40))
    again = stage.opens("C04", text=DRIP_AGAIN, estate=flat)
    beside = stage.opens("C04", text="下水慢，味道很大", estate="青棠苑6栋1单元902")
    found = offered(stage, again)
    assert found[first].repeat.kind is Kind.DWELLING and found[first].merge
    assert found[beside].repeat.kind is Kind.CAUSE and not found[beside].merge and found[beside].gather
    assert "同一楼栋，同类别，当天" in found[beside].repeat.reasons


def test_without_a_place_the_words_lead_there(stage: Stage) -> None:
    said = "快递柜旁边的下沉广场晚上没有照明，台阶缺了两块砖，昨晚一位老人踩空摔伤了腿"
    first = stage.opens("C06", text=said, estate="不知道哪里")
    again = stage.opens("B03", text=f"反映一下，{said}，希望补砖装灯", estate="不知道哪里")
    found = offered(stage, again)
    assert found[first].repeat.kind is Kind.CAUSE and not found[first].merge and not found[first].gather
    with stage.cast.hotline.look() as tx:
        ids = select(TicketMark.mark).where(TicketMark.ticket_id == tickets.by_number(tx.session, first, SYSTEM).id)
        assert len(set(tx.session.scalars(ids))) == MARKS


def test_what_goes_with_an_incident_leads_to_it(stage: Stage) -> None:
    said: dict[str, Any] = {"text": "5栋客梯门关不上，一直停在四楼", "estate": "青棠苑5栋"}
    members = [stage.opens("C07", **said) for _ in range(2)]
    incident = stage.incident(*members)
    newcomer = stage.opens("C07", **said)
    assert offered(stage, newcomer)[members[0]].join == incident
    stage.deed(newcomer, "join", stage.agent, into=incident)
    assert not offered(stage, newcomer).keys() & {incident, *members}, "tied together already"


def test_two_matters_are_not_offered_again(stage: Stage) -> None:
    first, second = (stage.opens("C02", text=DRIP, phone="13712340002") for _ in range(2))
    assert second in offered(stage, first) and first in offered(stage, second)
    tell_apart(stage, second, first.lower())
    tell_apart(stage, first, second, stage.supervisor)
    assert second not in offered(stage, first) and first not in offered(stage, second)
    with stage.cast.hotline.look() as tx:
        older = tickets.by_number(tx.session, first, SYSTEM).id
        (kept,) = tx.session.scalars(select(ToldApart).where(ToldApart.ticket_id == older))
        assert (kept.by_name, kept.ticket_id < kept.other_id) == (stage.agent.name, True), "who said it first"
    third = stage.opens("C02", text=DRIP, phone="13712340002")
    assert {first, second} <= offered(stage, third).keys(), "of a third nobody has said anything"
    with stage.cast.hotline.tx() as tx:
        repeats.take_back(tx, tickets.by_number(tx.session, first, SYSTEM), stage.agent, second)
        repeats.take_back(tx, tickets.by_number(tx.session, first, SYSTEM), stage.agent, third)
    assert second in offered(stage, first) and first in offered(stage, second)


def test_what_is_refused_changes_nothing(stage: Stage) -> None:
    first, sealed = stage.opens("C02", text=DRIP), stage.opens("R04", text=DRIP, review=False)
    before = stage.everything(first)
    for other, error in (("", BadInput), ("  ", BadInput), (first, BadInput), ("GZ20261123999990", NotFound)):
        with pytest.raises(error):
            tell_apart(stage, first, other)
    with pytest.raises(HotlineError):
        tell_apart(stage, first, sealed, stage.mender)
    assert stage.everything(first) == before


def test_an_emergency_is_shown_and_never_merged_away(stage: Stage) -> None:
    flat: dict[str, Any] = {"estate": "青棠苑9栋2单元1502", "phone": "13712340003"}
    calm = stage.opens("C05", text="厨房燃气灶旁边有煤气味", **flat)
    pressing = stage.opens("E02", text="厨房煤气味很浓，头晕", **flat)
    later = stage.opens("C05", text="厨房里又有煤气味", **flat)
    assert not offered(stage, pressing)[calm].merge and not offered(stage, pressing)[calm].gather
    assert offered(stage, calm)[pressing].emergency
    assert offered(stage, later)[pressing].emergency
    neighbour = stage.opens("B03", text="楼道里堆满纸箱", estate="青棠苑9栋1单元301")
    assert "应急工单" in offered(stage, neighbour)[pressing].repeat.reasons, "whoever calls from the building"


def test_emergencies_come_on_top_of_the_few_that_are_shown(stage: Stage) -> None:
    flat: dict[str, Any] = {"estate": "青棠苑10栋2单元1502", "phone": "13712340004"}
    pressing = stage.opens("E05", text="水管爆了，水漫到电表箱", **flat)
    for _ in range(repeats.SHOWN + 2):
        stage.opens("C02", text=DRIP, **flat)
    found = offered(stage, stage.opens("C02", text=DRIP, **flat))
    assert pressing in found and len(found) <= repeats.SHOWN + 1


def test_nobody_outside_the_house_learns_that_there_is_something_alike(stage: Stage) -> None:
    said: dict[str, Any] = {"text": DRIP + "，师傅收了钱不修", "phone": "13712340005", "estate": "青棠苑11栋1单元101"}
    sealed = stage.opens("R04", review=False, **said)
    plain = stage.opens("C02", **said)
    assert not offered(stage, plain)[sealed].merge, "the desk knows of both; the repair and the complaint stay two"
    for outsider in (stage.mender, Actor(Role.EVALUATOR, "1", "第三方")):
        assert offered(stage, plain, outsider) == {}
        with stage.cast.hotline.look() as tx:
            ticket = tickets.by_number(tx.session, plain, SYSTEM)
            assert repeats.of_call(tx, outsider, DRIP, "13712340005", None) == []
            sought = store.Sought(tx.now, resident_id=ticket.resident_id, phones=("13712340005",), leaf="R04")
            rows = store.candidates(tx.session, outsider, sought, FURTHEST, FORTNIGHT)
            assert sealed not in {row.number for row in rows}, "nor does the question itself answer it"


def test_a_supervisor_is_offered_what_lies_in_reach(stage: Stage) -> None:
    said: dict[str, Any] = {"text": DRIP, "phone": "13712340006"}
    first, second = stage.opens("C02", **said), stage.opens("C02", **said)
    theirs = stage.ticket(first).purchaser_id
    assert theirs is not None
    assert first in offered(stage, second, Actor(Role.SUPERVISOR, "7", "主任", theirs))
    elsewhere = Actor(Role.SUPERVISOR, "8", "主任", theirs + 10_000)
    assert offered(stage, second, elsewhere) == {}
    with pytest.raises(HotlineError):
        tell_apart(stage, second, first, elsewhere)


def test_a_caller_is_shown_their_own_before_they_have_said_a_word(stage: Stage) -> None:
    first = stage.opens("C02", text=DRIP, phone="13712340007")
    closed = stage.brought_to(State.CLOSED, text=DRIP, phone="13712340007")
    with stage.cast.hotline.look() as tx:
        understander = stage.cast.hotline.knowledge(tx.session).understander
        silent = {one.ticket.number: one for one in repeats.of_call(tx, stage.agent, "", "13712340007", None)}
        verdict = understander.understand(DRIP_AGAIN)
        told = {one.ticket.number: one for one in repeats.of_call(tx, stage.agent, DRIP_AGAIN, "13712340007", verdict)}
        assert repeats.of_call(tx, stage.agent, "", "", None) == []
    assert {first, closed} <= silent.keys() and {first, closed} <= told.keys()
    assert told[first].add and not told[closed].add and told[first].repeat.sure


def test_of_two_who_merge_at_once_one_is_told(cast: Cast) -> None:
    """Both pages offer it; whoever comes second finds what the first has done."""
    numbers = [cast.writes(text, f"o-{n}", phone="13712340008").number for n, text in enumerate((DRIP, DRIP_AGAIN))]
    assert len(set(numbers)) == 2
    outcomes: list[str] = []
    start = threading.Barrier(2)

    def click() -> None:
        start.wait()
        try:
            with cast.hotline.tx() as tx:
                ticket = tickets.by_number(tx.session, numbers[1], cast.agent(), to_act=True)
                deeds.do(tx, ticket, "merge", cast.agent(), {"into": numbers[0]})
            outcomes.append("done")
        except HotlineError:
            outcomes.append("told")

    clicks = [threading.Thread(target=click) for _ in range(2)]
    for one in clicks:
        one.start()
    for one in clicks:
        one.join()
    assert sorted(outcomes) == ["done", "told"]
    with cast.hotline.look() as tx:
        assert tx.session.scalars(select(ToldApart)).all() == []


def test_intake_writes_the_marks_of_a_batch_with_its_tickets(cast: Cast) -> None:
    number = cast.writes(DRIP).number
    with cast.hotline.look() as tx:
        kept = tx.session.scalars(select(TicketMark.ticket_id)).all()
        assert set(kept) == {tickets.by_number(tx.session, number, SYSTEM).id} and 0 < len(kept) <= MARKS


def test_a_ticket_rolled_back_leaves_no_marks(stage: Stage) -> None:
    with stage.cast.hotline.look() as tx:
        before = len(tx.session.scalars(select(TicketMark.ticket_id)).all())
    first = stage.opens("C02", text=DRIP)
    with pytest.raises(ZeroDivisionError), stage.cast.hotline.tx() as tx:
        repeats.mark(tx, tickets.by_number(tx.session, first, SYSTEM))
        _ = 1 // 0
    with stage.cast.hotline.look() as tx:
        after = len(tx.session.scalars(select(TicketMark.ticket_id)).all())
    assert before < after <= before + MARKS
