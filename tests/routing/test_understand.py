"""The whole verdict: precedence, manner, place hints, JSON, and any text at all."""

from __future__ import annotations

import json

import pytest

from routing.boilerplate import matter
from routing.manner import raised, request_type, wants_secrecy
from routing.normal import plain
from routing.tokens import Words
from routing.understand import Understander


@pytest.mark.parametrize(
    ("text", "group"),
    [
        ("物业师傅骂人，还有一股煤气味，快来", "E"),
        ("漏水报修，师傅索要红包；另外资格年审没过", "R"),
        ("我的资格被取消了，家里水管还漏水", "G"),
        ("押金不退，法院已经判了", "N"),
        ("厨房水管漏水，孩子上学也远", "C"),
    ],
)
def test_precedence(understander: Understander, text: str, group: str) -> None:
    assert understander.understand(text).group == group


def test_other_matters_are_kept(understander: Understander) -> None:
    verdict = understander.understand("卫生间顶上漏水报修一个月，物业踢皮球")
    assert verdict.leaf == "R03" and "C01" in verdict.secondary
    assert verdict.about_contractor and verdict.confidential and not verdict.reserved


@pytest.mark.parametrize("text", ["", " ", "。。。", "1", "👍", "x" * 20_000, "漏水" * 5_000, "\u200b\ufeff", "<xml>&amp;</xml>"])
def test_any_text_gives_a_verdict(understander: Understander, text: str) -> None:
    verdict = understander.understand(text)
    assert verdict.leaf in understander.taxonomy.leaves
    assert 0 <= verdict.confidence <= 1


def test_json_is_the_promised_shape(understander: Understander) -> None:
    answer = json.loads(json.dumps(understander.understand("碧水家园三栋二单元一五零二水管爆了，电话13800138000").to_json()))
    assert list(answer) == [
        *("leaf", "group", "owner", "confidence", "runners_up", "request_type", "urgency", "emergency"),
        *("place", "phones", "reserved", "about_contractor", "confidential", "emotion", "special_persons"),
        *("collective", "reasons", "review", "model"),
    ]
    promised = {"estate": "碧水家园", "building": "3", "unit": "2", "room": "1502"}
    assert answer["place"] == promised | {
        **{"buildings": [], "others": [], "candidates": []},
        **{"address": "碧水家园三栋二单元一五零二", "source": "said"},
    }
    assert (answer["leaf"], answer["owner"], answer["emergency"]) == ("E08", "emergency", ["E08"])
    assert answer["phones"] == ["13800138000"] and answer["reasons"] and len(answer["runners_up"]) == 3


def test_a_hint_helps_but_never_overrules(understander: Understander) -> None:
    hinted = understander.understand("5栋楼道灯不亮", place_hint="碧水家园")
    assert hinted.place is not None and (hinted.place.estate_id, hinted.place.building) == ("1", "5")
    said = understander.understand("向阳新村的灯不亮", place_hint="碧水家园")
    assert said.place is not None and said.place.estate_id == "4"
    settled = understander.understand("和畅苑的灯不亮", place_hint="和畅苑二期")
    assert settled.place is not None and settled.place.estate_id == "3"


@pytest.mark.parametrize(
    ("text", "leaf", "kind"),
    [
        ("请问公租房续租要带什么材料", "D06", "咨询"),
        ("厨房漏水，请派人来修", "C01", "求助"),
        ("报修一个月没人管，太不像话", "C01", "投诉"),
        ("有人转租公租房", "B05", "举报"),
        ("建议在楼下增设充电棚", "P03", "建议"),
        ("感谢小李师傅，服务真好", "C12", "表扬"),
        ("物业真是好得很啊，感谢你们让我停水三天没人管", "C04", "投诉"),
    ],
)
def test_request_type(text: str, leaf: str, kind: str) -> None:
    assert request_type(plain(text), leaf) == kind


@pytest.mark.parametrize(
    "text", ["别告诉物业是我说的", "请替我保密", "不要让他们知道是我举报的", "怕被报复 匿名反映", "千万莫说是我讲的"]
)
def test_wish_for_secrecy(text: str, understander: Understander) -> None:
    assert wants_secrecy(text)
    assert understander.understand(f"楼道堆满杂物，{text}").confidential


def test_reports_are_confidential_by_default(understander: Understander) -> None:
    assert understander.understand("对门把公租房转租给外人赚差价").confidential


def test_urgency_is_raised_by_one_step_and_never_to_life_safety() -> None:
    assert raised("U2", "老人在楼道摔了一跤")[0] == "U1"
    assert raised("U3", "停水三天了")[0] == "U2"
    assert raised("U1", "孕妇在家") == ("U1", "")
    assert raised("U2", "灯不亮") == ("U2", "")


def test_the_frame_of_a_message_does_not_speak() -> None:
    text = plain("市民来电反映：其是某区青年路12号春晓苑的住户，楼道灯不亮，请区政府核实处理，谢谢！（请职能局按规定联系市民）")
    assert matter(text) == "楼道灯不亮"
    assert matter("您好") == "您好"


def test_words_of_the_field_stay_whole() -> None:
    words = Words(("春晓苑三期",)).cut("春晓苑三期公租房的单元门和二次供水坏了")
    assert {"公租房", "单元门", "二次供水", "春晓苑三期"} <= set(words)


def test_plain_form() -> None:
    assert plain(" ＡＢＣ　公祖房\u200b押今 ") == "abc 公租房押金"
