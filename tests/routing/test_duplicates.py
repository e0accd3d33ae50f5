"""Repeats told from other matters: who, where, what kind, when and in which words; pure tables."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from app.clock import stopwatch
from routing.duplicates import MARKS, Kind, Telling, Weights, find, in_common, judge, letters, marks, similarity

NOON = datetime(2026, 11, 23, 4, tzinfo=UTC)
DRIP = "厨房天花板一直滴水，楼上水管漏下来的"
DRIP_AGAIN = "楼上水管还在漏，厨房天花板滴水没人管"
RENT = "这个月租金多扣了两百块，想问怎么算的"
LIFT = "电梯停了两天，老人上不去十六楼"
WEIGHTS = Weights([DRIP, RENT, LIFT, "楼道灯不亮", "热水器打不着火", "物业不开发票", "停水一整天", "小区停车位被占"])
HOME = Telling(DRIP, NOON, "C01", "C", estate="1", building="3", unit="2", room="1502", people=frozenset({"r1", "p13800000001"}))
NEIGHBOUR = replace(HOME, room="1602", people=frozenset({"r2"}))
STRANGER = replace(HOME, estate="", building="", unit="", room="", people=frozenset({"r9"}))
LONG = "地下车库入口的坡道积水结冰，已经有三位住户摔倒，物业只放了一块牌子，请尽快铺防滑垫并清冰"


def said(new: Telling, old: Telling) -> tuple[Kind, bool] | None:
    found = judge(new, old, WEIGHTS.vector(new.text, new.names), WEIGHTS.vector(old.text, old.names))
    return (found.kind, found.sure) if found is not None else None


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        pytest.param({"text": DRIP_AGAIN}, (Kind.PERSON, True), id="tells it again"),
        pytest.param({"text": DRIP_AGAIN, "at": NOON - timedelta(days=60)}, (Kind.PERSON, True), id="two months ago, same words"),
        pytest.param({"text": "师傅一直没来"}, (Kind.PERSON, True), id="same category, other words, same day"),
        pytest.param({"text": "师傅一直没来", "at": NOON - timedelta(days=20)}, (Kind.PERSON, False), id="weeks ago"),
        pytest.param({"text": "师傅一直没来", "at": NOON - timedelta(days=40)}, None, id="long ago, other words"),
        pytest.param({"text": RENT, "leaf": "A03", "group": "A"}, None, id="another matter of the same person"),
        pytest.param({"text": DRIP_AGAIN, "at": NOON - timedelta(days=100)}, None, id="beyond ninety days"),
        pytest.param({"people": frozenset({"r7", "p13800000001"})}, (Kind.PERSON, True), id="same telephone"),
        pytest.param({"people": frozenset({"r7"}), "text": DRIP_AGAIN}, (Kind.DWELLING, True), id="same dwelling"),
        pytest.param({"people": frozenset({"r7"}), "unit": ""}, (Kind.DWELLING, True), id="unit left out"),
        pytest.param({"people": frozenset({"r7"}), "unit": "1"}, (Kind.CAUSE, True), id="other unit, so another flat"),
        pytest.param({"text": RENT, "leaf": "E03", "group": "E", "emergency": True}, (Kind.PERSON, False), id="emergency"),
        pytest.param({"estate": "2", "text": RENT}, None, id="same person, other estate, other words"),
        pytest.param({"estate": "2"}, (Kind.PERSON, False), id="same person and words, other estate"),
    ],
)
def test_one_household(change: dict[str, object], expected: tuple[Kind, bool] | None) -> None:
    assert said(HOME, replace(HOME, **change)) == expected  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        pytest.param({"text": DRIP_AGAIN}, (Kind.CAUSE, True), id="neighbour, alike"),
        pytest.param({"text": "师傅一直没来"}, (Kind.CAUSE, False), id="neighbour, same category, other words"),
        pytest.param({"text": "师傅一直没来", "leaf": "C02"}, None, id="neighbour, other category, other words"),
        pytest.param({"building": "8", "text": DRIP_AGAIN}, (Kind.CAUSE, False), id="other building, alike"),
        pytest.param({"building": "8", "text": "师傅一直没来"}, None, id="other building, other words"),
        pytest.param({"building": "", "room": "", "text": DRIP}, (Kind.CAUSE, True), id="building not named, same words"),
        pytest.param({"estate": "2"}, None, id="other estate, whatever the words"),
        pytest.param({"at": NOON - timedelta(days=10), "text": "师傅一直没来"}, None, id="ten days ago"),
        pytest.param({"at": NOON - timedelta(days=10)}, (Kind.CAUSE, False), id="ten days ago, the same words"),
        pytest.param({"text": RENT, "leaf": "E03", "group": "E", "emergency": True}, (Kind.CAUSE, False), id="emergency beside"),
        pytest.param({"building": "8", "text": RENT, "leaf": "E03", "emergency": True}, None, id="emergency far off"),
    ],
)
def test_one_cause(change: dict[str, object], expected: tuple[Kind, bool] | None) -> None:
    assert said(HOME, replace(NEIGHBOUR, **change)) == expected  # type: ignore[arg-type]


def test_words_alone_say_something_only_where_there_are_many() -> None:
    assert said(replace(HOME, text="电梯坏了"), replace(STRANGER, text="电梯坏了")) is None
    assert said(replace(HOME, text=LONG), replace(STRANGER, text=LONG)) == (Kind.CAUSE, True)
    assert said(replace(HOME, text=LONG), replace(STRANGER, text=LONG[:12])) == (Kind.CAUSE, False)
    assert said(replace(HOME, text=LONG), replace(STRANGER, text=LONG, at=NOON - timedelta(days=15))) is None


def test_reasons_say_what_an_agent_wants_to_know() -> None:
    (_, repeat), *_ = find(WEIGHTS, HOME, [replace(HOME, text=DRIP_AGAIN, at=NOON - timedelta(days=2))])
    assert repeat.reasons[:2] == ("同一诉求人", "同类别，2 天内")
    assert repeat.reasons[2].startswith(f"文字相似 {repeat.similarity:.0%}：“") and "厨房天花板" in repeat.reasons[2]
    (_, repeat), *_ = find(WEIGHTS, HOME, [replace(NEIGHBOUR, emergency=True)])
    assert repeat.reasons[0] == "同一楼栋，同类别，当天" and repeat.reasons[-1] == "应急工单"


def test_the_surest_come_first() -> None:
    earlier = [
        replace(NEIGHBOUR, text="师傅一直没来"),
        replace(HOME, text=DRIP_AGAIN),
        replace(NEIGHBOUR, text=DRIP_AGAIN),
        replace(STRANGER, text=RENT),
    ]
    assert [i for i, _ in find(WEIGHTS, HOME, earlier)] == [1, 2, 0]
    scores = [repeat.score for _, repeat in find(WEIGHTS, HOME, earlier)]
    assert scores == sorted(scores, reverse=True) and all(0 < score <= 1 for score in scores)


def test_a_caller_who_has_said_nothing_yet_is_shown_their_own() -> None:
    calling = Telling("", NOON, people=HOME.people)
    assert said(calling, HOME) == (Kind.PERSON, False)
    assert said(calling, replace(HOME, at=NOON - timedelta(days=31))) is None
    assert said(calling, NEIGHBOUR) is None


def test_what_is_no_matter_does_not_count() -> None:
    frame = "市民来电反映：{}。请有关部门核实处理，谢谢！"
    one, other = (WEIGHTS.vector(frame.format(text)) for text in (DRIP, RENT))
    assert similarity(one, other) < 0.1
    same = WEIGHTS.vector("梧桐里的" + DRIP, ("梧桐里",))
    assert similarity(same, WEIGHTS.vector("的" + DRIP)) == pytest.approx(1.0)


def test_words_in_common_are_stretches_of_the_text() -> None:
    found = in_common(WEIGHTS.vector(DRIP), WEIGHTS.vector(DRIP_AGAIN))
    assert found and all(word in letters(DRIP) for word in found) and len(found) <= 3
    assert in_common(WEIGHTS.vector(DRIP), WEIGHTS.vector(RENT)) == ()


def test_marks_lead_from_one_telling_to_another() -> None:
    again = "您好，" + DRIP + "，麻烦快点派人"
    assert len(set(marks(DRIP)) & set(marks(again))) >= 4
    assert not set(marks(DRIP)) & set(marks(RENT))
    assert marks(DRIP) == marks(DRIP) and len(marks(LONG)) == MARKS
    assert all(0 <= mark < 2**48 for mark in marks(LONG))
    assert marks("") == () and marks("！！！") == () and len(marks("水")) == 1


@pytest.mark.parametrize(
    "text", ["", " ", "。", "水", "😀😀😀", "\0", "a" * 100_000, "请" * 100_000, "(职能" * 20_000, "1栋" * 50_000]
)
def test_any_text_is_compared_in_bounded_time(text: str) -> None:
    began = stopwatch()
    vector = WEIGHTS.vector(text)
    assert 0 <= similarity(vector, vector) <= 1 and len(marks(text)) <= MARKS
    judge(Telling(text, NOON), Telling(text, NOON), vector, vector)
    assert stopwatch() - began < 2
