"""How somebody speaks, of whom, for how many: the words that show it, and those that only look like it."""

from __future__ import annotations

import pytest

from app.clock import stopwatch
from routing.manner import secrecy, wants_secrecy
from routing.people import collective, emotion, special_persons
from routing.understand import Understander


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("走投无路了，天天漏水我真的要崩溃", "绝望"),
        ("被你们逼得活不下去了，气死我了", "绝望"),
        ("气死我了，修了三回还漏", "愤怒"),
        ("能不生气吗，凭啥多收我八十", "愤怒"),
        ("物業太過分了😡", "愤怒"),
        ("你们不急我急死了，娃儿还在里头", "焦急"),
        ("墙上的砖要掉，出门提心吊胆", "焦急"),
        ("对物业很不满意", "不满"),
        ("报修一个月没人管，推来推去", "不满"),
        ("厨房漏水，请派人来修", "平静"),
        ("我不生气，就是想问问进度", "平静"),
        ("签约不满一年能退房吗", "平静"),
        ("系统崩溃了，租金交不了", "平静"),
        ("师傅当时很生气地走了", "平静"),
        ("您别着急，慢慢说", "平静"),
        ("", "平静"),
    ],
)
def test_emotion(text: str, name: str) -> None:
    found = emotion(text)
    assert found.name == name
    assert bool(found.words) is (name != "平静")


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("我妈82岁，腿脚不好，住六楼", {"老人", "行动不便"}),
        ("家里有个七十多岁的老人一个人住", {"老人", "独居"}),
        ("怀孕七个月，电梯停了", {"孕产妇"}),
        ("我爱人坐轮椅，坡道被堵了出不去", {"残疾人"}),
        ("孩子三岁，发高烧", {"儿童", "病人"}),
        ("我爸刚做完手术，天天要透析", {"病人"}),
        ("家里没有老人和小孩", set()),
        ("残疾人车位被人占了", set()),
        ("60岁以上可以申请一楼吗", set()),
        ("楼上的小孩天天跑跳", set()),
        ("老人活动中心的灯坏了", set()),
        ("脑残物业，神经病", set()),
        ("房龄60年，3栋80号", set()),
    ],
)
def test_special_persons(text: str, kinds: set[str]) -> None:
    found = special_persons(text)
    assert {one.kind for one in found} == kinds
    assert all(one.words and all(word in text for word in one.words) for one in found)


@pytest.mark.parametrize(
    ("text", "households"),
    [
        ("我们楼12户联名反映电梯老坏", 12),
        ("十几户都停水了", 10),
        ("一共二十三户等着通气", 23),
        ("整栋楼停水三天", None),
        ("我是业主代表，替大家反映", None),
        ("我们楼里几家都漏", None),
        ("不止我一家漏水", None),
    ],
)
def test_many_speak(text: str, households: int | None) -> None:
    found = collective(text)
    assert found is not None and found.words and found.households == households


@pytest.mark.parametrize(
    "text",
    [
        "整栋楼就我家没水",
        "我们楼道灯坏了",
        "一梯四户，楼道堆满东西",
        "听说有3户转租的",
        "代表我妈来问一下",
        "我是集体户口，能申请吗",
        "3栋2单元1502户漏水",
        "我们小区停车难",
        "人大代表来过",
    ],
)
def test_one_speaks_for_himself(text: str) -> None:
    assert collective(text) is None


def test_secrecy_asked_for_and_waived() -> None:
    assert secrecy("请替我保密") and wants_secrecy("千万别告诉物业是我说的")
    assert not wants_secrecy("不用保密，我实名反映")
    assert not wants_secrecy("不需要匿名")


@pytest.mark.parametrize("unit", ["没有", "老人", "急", "我们楼", "不", "12户", "[怒]", "代表业主", "整栋楼", "一百岁", "孩子和"])
def test_time_is_bounded_whatever_is_repeated(unit: str) -> None:
    text = unit * (100_000 // len(unit))
    began = stopwatch()
    assert emotion(text) and special_persons(text) is not None
    collective(text)
    assert stopwatch() - began < 1


def test_the_verdict_tells(understander: Understander) -> None:
    told = understander.understand("气死我了，我们楼12户停水三天，家里有八十岁老人，别告诉物业是我说的").to_json()
    assert told["emotion"] == {"name": "愤怒", "words": ["气死"]}
    assert [one["kind"] for one in told["special_persons"]] == ["老人"]  # type: ignore[attr-defined]
    assert told["collective"]["households"] == 12  # type: ignore[index]
    assert told["confidential"] is True
    calm = understander.understand("楼道灯不亮").to_json()
    assert (calm["emotion"], calm["special_persons"], calm["collective"]) == ({"name": "平静", "words": []}, [], None)
