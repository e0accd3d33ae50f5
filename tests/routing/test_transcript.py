"""Calls: who is who, what was told and in which turn, what was taken back, what is wanted; and any turns at all."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.clock import stopwatch
from routing.names import find_name
from routing.statements import answered, claimed
from routing.transcript import FIELDS, Transcript, judge, read
from routing.turns import BadTurns, Turn, turns_of
from routing.understand import Understander
from routing.verdict import Verdict
from tests.routing.calls import CALLS, roles, turns


@pytest.fixture(scope="module")
def judged(understander: Understander) -> dict[str, tuple[Verdict, Transcript]]:
    return {name: judge(understander, turns(name)) for name in CALLS}


def told(call: Transcript) -> dict[str, tuple[str, int]]:
    return {name: (one.value, one.turn) for name, one in call.fields.items()}


@pytest.mark.parametrize("name", CALLS)
def test_labels_and_voices_tell_who_is_who(understander: Understander, name: str) -> None:
    true = roles(name)
    for labels in (("agent", "caller"), ("坐席", "市民"), ("agent", "2"), ("speaker_b", "speaker_a"), ("1", "0")):
        assert read(turns(name, labels), understander.gazetteer).roles.of == true, labels


def test_without_labels_most_turns_are_told_apart(understander: Understander) -> None:
    right = total = 0
    for name in CALLS:
        said = read(turns(name, ("", "")), understander.gazetteer).roles.of
        right += sum(a == b for a, b in zip(said, roles(name), strict=True))
        total += len(said)
    assert right / total >= 0.9


def test_a_leak_told_bit_by_bit(judged: dict[str, tuple[Verdict, Transcript]]) -> None:
    verdict, call = judged["leak"]
    found = told(call)
    assert verdict.leaf == "C01" and verdict.phones == ("13800138000",)
    assert verdict.place is not None and verdict.place.estate_id == "1"
    assert (verdict.place.building, verdict.place.unit, verdict.place.room) == ("9", "2", "1502")
    assert found["building"] == ("9", 5), "corrected: 不对 是九号楼"
    assert found["estate"] == ("碧水家园", 3) and found["unit"] == ("2", 3)
    assert found["name"] == ("王", 7) and found["phone"] == ("13800138000", 14)
    assert call.fields["phone"].confirmed and not call.fields["name"].confirmed
    assert found["lasting"][0] == "半个月" and found["told"] == ("物业", 17) and found["times"][0] == "三次"
    assert call.demand == "希望你们赶紧派人来修，把墙也补一补"
    assert call.summary.startswith("来电人反映：碧水家园9栋2单元1502室") and "希望赶紧派人来修" in call.summary
    assert "三栋" not in call.said and "address" not in found


def test_an_emergency_in_the_third_turn(judged: dict[str, tuple[Verdict, Transcript]]) -> None:
    verdict, call = judged["fire"]
    assert [hit.code for hit in verdict.emergencies] == ["E03"] and verdict.urgency == "U0"
    assert told(call)["safety"] == ("烧起来", 2)
    assert "楼道里电瓶车烧起来了" in call.summary


def test_it_rings_whoever_is_taken_for_the_resident(understander: Understander) -> None:
    for labels in (("", ""), ("1", "2"), ("2", "1"), ("agent", "caller"), ("x", "x")):
        assert judge(understander, turns("fire", labels))[0].emergencies, labels


def test_what_the_agent_asks_and_the_resident_denies_is_nobodys(judged: dict[str, tuple[Verdict, Transcript]]) -> None:
    verdict, call = judged["no fire"]
    assert verdict.emergencies == () and verdict.leaf == "C06"
    found = told(call)
    assert "safety" not in found and "confidential" not in found
    assert "老人" in found["special_persons"][0] and found["special_persons"][1] == 4
    assert judged["no fire, asked back"][0].emergencies == ()


def test_what_the_agent_asks_and_the_resident_affirms_is_his(judged: dict[str, tuple[Verdict, Transcript]]) -> None:
    verdict, call = judged["gas, by a nod"]
    assert [hit.code for hit in verdict.emergencies] == ["E01"]
    assert told(call)["safety"][1] == 2 and call.fields["safety"].confirmed


def test_dialect_and_bare_answers(judged: dict[str, tuple[Verdict, Transcript]]) -> None:
    verdict, call = judged["dialect"]
    found = told(call)
    assert verdict.leaf == "C03" and verdict.place is not None and verdict.place.estate == "和畅苑二期"
    assert [found[part][0] for part in ("building", "unit", "room")] == ["5", "1", "302"]
    assert found["name"][0] == "陈" and found["phone"][0] == "来电号码" and verdict.phones == ()
    assert found["lasting"][0] == "三天"


def test_slips_of_the_ear(judged: dict[str, tuple[Verdict, Transcript]]) -> None:
    verdict, call = judged["slips"]
    assert verdict.leaf == "C07"
    assert "孕产妇" in told(call)["special_persons"][0] and told(call)["building"][0] == "A"
    assert "店里" not in call.summary and "昨天晚上" in call.summary


def test_a_question_is_a_demand(judged: dict[str, tuple[Verdict, Transcript]]) -> None:
    verdict, call = judged["asks"]
    assert verdict.request_type == "咨询" and call.demand == "续租要带什么材料"
    assert call.summary == "来电人咨询：续租要带什么材料。"


def test_secrecy_and_a_crowd(judged: dict[str, tuple[Verdict, Transcript]]) -> None:
    verdict, call = judged["secret"]
    assert verdict.confidential and told(call)["confidential"][1] == 1 and "要求保密" in call.summary
    assert "name" not in call.fields
    verdict, call = judged["crowd"]
    assert verdict.collective is not None and verdict.collective.households == 12 and verdict.emotion.name == "愤怒"
    assert "给个说法" in call.demand


def test_numbers_in_bits_and_their_correction(judged: dict[str, tuple[Verdict, Transcript]]) -> None:
    verdict, call = judged["number corrected"]
    assert told(call)["phone"][0] == "13912345679" and verdict.phones[0] == "13912345679"
    assert told(judged["number in bits"][1])["phone"][0] == "13800138000"


def test_row_of_numbers_and_a_visit(judged: dict[str, tuple[Verdict, Transcript]]) -> None:
    found = told(judged["row"][1])
    assert [found[part][0] for part in ("building", "unit", "room")] == ["3", "2", "1502"]
    assert "明天下午" in found["visit"][0] and "time" not in found
    assert found["name"][0] == "张女士" and judged["row"][1].fields["name"].confirmed


def test_another_building_beside_changes_nothing(judged: dict[str, tuple[Verdict, Transcript]]) -> None:
    assert told(judged["beside"][1])["building"][0] == "3"


def test_not_to_be_told_is_not_having_told(judged: dict[str, tuple[Verdict, Transcript]]) -> None:
    verdict, call = judged["no word to the landlord"]
    assert verdict.group == "R" and verdict.confidential and verdict.place is None
    assert told(call)["name"] == ("黄", 3) and "told" not in call.fields
    assert call.demand == "给我个准信儿" and "希望给个准信儿" in call.summary


def test_what_was_not_said_is_not_there(judged: dict[str, tuple[Verdict, Transcript]]) -> None:
    verdict, call = judged["nothing"]
    assert (call.demand, call.summary, call.fields, call.said) == ("", "", {}, "")
    assert verdict.review and verdict.place is None
    told_json: Any = call.to_json()
    assert tuple(told_json["fields"]) == FIELDS and set(told_json["fields"].values()) == {None}


def test_values_are_words_that_were_said(judged: dict[str, tuple[Verdict, Transcript]]) -> None:
    """Each field points at a turn; demand and matter are made of letters that stand in the resident's turns."""
    for name, (_, call) in judged.items():
        held = turns(name)
        said = "".join(turn.text for turn, role in zip(held, roles(name), strict=True) if role == "resident" or "吗" in turn.text)
        for field, one in call.fields.items():
            assert 0 <= one.turn < len(held) and one.value, (name, field)
        odd = {letter for letter in call.demand if "\u4e00" <= letter <= "\u9fff"} - set(said)
        assert not odd, (name, odd)


@pytest.mark.parametrize(
    ("question", "claim"),
    [
        ("您是说三栋对吗", "三栋"),
        ("有没有起火", "有起火"),
        ("您家是着火了吗?", "家是着火了"),
        ("家里有老人吗", "家里有老人"),
        ("您是哪个小区几栋", ""),
        ("是漏水还是起火", ""),
        ("如果起火请拨打119知道吗", ""),
        ("那我给您登记好吗", ""),
        ("您好请讲", ""),
        ("", ""),
    ],
)
def test_what_a_yes_would_say(question: str, claim: str) -> None:
    assert claimed(question).removeprefix("是") == claim


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        *[("对", "yes"), ("嗯", "yes"), ("是的是的", "yes"), ("有 好大味", "yes"), ("没错", "yes"), ("对头", "yes")],
        *[
            ("没有", "no"),
            ("不对 是九号楼", "no"),
            ("不是", "no"),
            ("对面那栋", ""),
            ("是九号楼", ""),
            ("在三栋", ""),
            ("没水了", ""),
        ],
    ],
)
def test_yes_and_no(text: str, answer: str) -> None:
    assert answered(text) == answer


@pytest.mark.parametrize(
    ("text", "asked", "name"),
    [
        ("我叫李建国，住三栋", False, "李建国"),
        ("免贵姓王", True, "王"),
        ("我姓欧阳", True, "欧阳"),
        ("我是张女士", False, "张女士"),
        ("陈美丽", True, "陈美丽"),
        ("耳东陈", True, "陈"),
        ("高层的水压不够", False, ""),
        ("我是房东，我是来反映的", False, ""),
        ("我叫安装的师傅来修", False, ""),
        ("物业的王经理骂人", False, ""),
        ("这个就不说了", True, ""),
        ("", True, ""),
    ],
)
def test_names(text: str, asked: bool, name: str) -> None:
    assert find_name(text, asked=asked) == name


def test_the_order_is_that_of_speaking(understander: Understander) -> None:
    late = turns_of(
        [
            {"text": "不对 是九号楼", "speaker": "caller", "start": 9},
            {"text": "碧水家园三栋漏水", "role": "caller", "start_ms": 2},
            {"text": "您是说三栋对吗", "role": "agent", "start": 5, "end": 6},
        ]
    )
    assert told(read(late, understander.gazetteer))["building"] == ("9", 0)


def test_labels_in_the_text(understander: Understander) -> None:
    call = read(turns_of([{"text": "[00:00:01] 坐席：您好"}, {"text": "市民：我家漏水"}]), understander.gazetteer)
    assert call.roles.of == ("agent", "resident") and call.roles.by == "label" and call.said == "我家漏水"


@pytest.mark.parametrize(
    "bad", [None, "x", {}, [1], [[]], [{}], [{"text": None}], [{"text": "x", "start": True}], [{"text": "x"}] * 20_001]
)
def test_other_shapes_are_refused(bad: Any) -> None:
    with pytest.raises(BadTurns, match="turns"):
        turns_of(bad)


LETTERS = st.text(alphabet="对不是没有吗您我三栋号楼一二零1389，。？ 漏火嗯姓王希望电话碧水家园\ud800\u200b\n", max_size=40)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["", "agent", "caller", "1", "2", "ivr"]), LETTERS), max_size=12))
def test_any_turns_give_an_answer(understander: Understander, given: list[tuple[str, str]]) -> None:
    held = tuple(Turn(text, speaker) for speaker, text in given)
    verdict, call = judge(understander, held)
    assert len(call.roles.of) == len(held) and verdict.leaf
    assert all(0 <= one.turn < len(held) for one in call.fields.values())


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (20_000, "嗯"),
        (5_000, "三栋不对是九栋漏水"),
        (1, "不对" * 50_000),
        (2_000, "一三八"),
        (300, "希望来修，" * 200),
        (3_000, "有没有起火吗"),
    ],
)
def test_time_is_bounded(understander: Understander, count: int, text: str) -> None:
    began = stopwatch()
    judge(understander, tuple(Turn(text, "" if at % 3 else "agent") for at in range(count)))
    assert stopwatch() - began < 8
