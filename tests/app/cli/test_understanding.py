"""``hotline classify`` and ``hotline explain``: the router's answers for programs, line by line, and for people, in prose."""

from __future__ import annotations

import json
from typing import Any

import pytest

from app.clock import stopwatch
from tests.app.cli.conftest import Terminal, Town

PROMISED = {
    *["id", "leaf", "group", "owner", "confidence", "runners_up", "request_type", "urgency", "emergency", "place", "phones"],
    *["reserved", "about_contractor", "reasons", "review"],
}


def line(**given: Any) -> str:
    return json.dumps(given, ensure_ascii=False)


def answers(stdout: str) -> list[dict[str, Any]]:
    return [json.loads(one) for one in stdout.splitlines()]


def test_every_line_is_answered_in_order_without_a_database(terminal: Terminal) -> None:
    typed = "\n".join(
        (
            line(id="a", text="楼道灯不亮了，电话13812345678", channel="wechat"),
            line(id=2, text="厨房着火了"),
            "",
            line(id="c", text="修电表的师傅张口要两百辛苦费，乱收费"),
            line(id=None, text="请问怎么申请公租房"),
        )
    )
    found = answers(terminal.done("classify", typed=typed))
    assert [one["id"] for one in found] == ["a", 2, "c", None]
    lamp, fire, bribe, asking = found
    assert all(one.keys() >= PROMISED for one in found)
    assert (lamp["leaf"], lamp["group"], lamp["owner"], lamp["phones"]) == ("C06", "C", "contractor", ["13812345678"])
    assert fire["emergency"] == ["E03"] and fire["urgency"] == "U0"
    assert bribe["about_contractor"] is True and bribe["group"] == "R"
    assert asking["reserved"] is True and asking["group"] == "G"
    assert [lamp["place"][part] for part in ("estate", "building", "unit", "room")] == [None] * 4
    assert not (terminal.folder / "hotline.db").exists(), "asking makes no database"


@pytest.mark.parametrize("bad", ["{", "[1]", '"text"', line(id="x"), line(id="x", text=5), line(id="x", text=None), "7"])
def test_a_bad_line_is_named_and_the_others_are_answered(terminal: Terminal, bad: str) -> None:
    result = terminal.run("classify", typed="\n".join((line(id=1, text="灯不亮"), bad, line(id=3, text="漏水"))))
    assert result.exit_code == 2
    first, wrong, last = answers(result.stdout)
    assert (first["id"], last["id"]) == (1, 3) and "leaf" in first and "leaf" in last
    assert "第 2 行" in wrong["error"] and wrong["id"] == ("x" if '"x"' in bad else None)
    assert "第 2 行" in result.stderr and "object" not in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_no_line_gives_no_answer(terminal: Terminal) -> None:
    assert terminal.done("classify", typed="") == ""


NOTHING = {
    **{
        "empty": "",
        "blank": " \n\t\u3000",
        "zero": "\u0000",
        "half a pair": "\ud800",
        "pictures": "😡🔥🙏🏠",
        "one letter": "水",
    },
    **{"english": "Hello, my lift is broken", "russian": "Лифт не работает", "tibetan": "ཆུ་མེད།", "uyghur": "لىفت بۇزۇلدى"},
    **{"a flat": "3栋2单元1502", "a telephone": "13800000000", "stops": "。" * 33_000, "latin": "a" * 100_000},
    **{
        "brackets": "(" * 50_000,
        "cries": "啊" * 33_000,
        "none": "没" * 33_000,
        "twos": "没有" * 16_000,
        "figures": "8" * 100_000,
    },
    **{
        "spoken": "一" * 33_000,
        "faces": "[怒]" * 20_000,
        "calls": "@" * 100_000,
        "flats": "1-2-301 " * 12_000,
        "marks": "#" * 100_000,
    },
    **{"nobody": "青禾" * 16_000, "denial": "不会漏电不会" * 5_000, "formulas": "请区政府核实" * 5_000},
}


def test_what_says_nothing_is_looked_at_by_a_person_soon(terminal: Terminal) -> None:
    began = stopwatch()
    found = answers(
        terminal.done("classify", typed="\n".join(json.dumps({"id": name, "text": text}) for name, text in NOTHING.items()))
    )
    assert stopwatch() - began < len(NOTHING), "a second each at the most"
    assert [one["id"] for one in found] == list(NOTHING)
    assert [one["id"] for one in found if not (one["review"] and one["leaf"] and one["reasons"])] == []


def test_lines_are_judged_alike_one_by_one_and_together(terminal: Terminal) -> None:
    texts = ["厨房着火了", "楼上漏水没人管😡", "物业乱收费，电话13812345678", "", "電梯又停了", "三栋二单元一五零二停水"]
    typed = [line(id=number, text=text) for number, text in enumerate(texts * 3)]
    together = terminal.done("classify", typed="\n".join(typed))
    assert "".join(terminal.done("classify", typed=one) for one in typed[: len(texts)]) == "".join(
        together.splitlines(keepends=True)[: len(texts)]
    )
    assert len(together.splitlines()) == len(typed)


def test_a_line_longer_than_what_is_read_at_a_time_stays_one(terminal: Terminal) -> None:
    long = "楼道灯不亮，" + "请尽快安排人来看一看。" * 9_000
    found = answers(
        terminal.done("classify", typed="\n".join((line(id=1, text="漏水"), line(id=2, text=long), line(id=3, text="停电"))))
    )
    assert [one["id"] for one in found] == [1, 2, 3]


def test_with_a_database_places_are_known(town: Town) -> None:
    terminal, _ = town
    (answer,) = answers(terminal.done("classify", typed=line(id=1, text="石桥新居3栋2单元1502楼道灯不亮了")))
    assert [answer["place"][part] for part in ("estate", "building", "unit", "room")] == ["石桥新居", "3", "2", "1502"]


def test_explaining_is_prose_with_contract_and_limits(town: Town) -> None:
    terminal, _ = town
    said = terminal.done("explain", "石桥新居3栋2单元1502楼道灯不亮了")
    assert "研判：C06 楼道照明（维修养护）" in said
    assert "地点：石桥新居3栋2单元1502" in said
    assert "合同 YZ-2026-03" in said and "云州匠修建筑服务有限公司" in said
    assert "首次联系 1个工作日（自受理起）" in said and "签收" in said and "（自派单起）" in said
    assert "催办" in said and "督办" in said


def test_what_is_no_contractors_is_explained_so(town: Town) -> None:
    terminal, _ = town
    said = terminal.done("explain", "石桥新居修电表的师傅张口要两百辛苦费，乱收费")
    assert "R02" in said and "承接主体不可见" in said and "派云州市临江区住房保障中心" in said
    assert "合同" not in said


def test_an_emergency_is_explained_with_what_to_do_first(town: Town) -> None:
    terminal, _ = town
    said = terminal.done("explain", "石桥新居3栋厨房着火了")
    assert "应急：火灾/冒烟/电瓶起火" in said and "119" in said and "特急" not in said.splitlines()[0]


def test_without_a_database_it_explains_all_but_the_contract(terminal: Terminal) -> None:
    said = terminal.done("explain", "楼道灯不亮了")
    assert "C06" in said and "没有数据库" in said and "时限：" in said


@pytest.mark.parametrize("odd", ["", "🏠", "1", "你好"])
def test_any_text_can_be_explained(terminal: Terminal, odd: str) -> None:
    assert "研判：" in terminal.done("explain", odd)


TURNS = [
    {"speaker": "1", "text": "您好，请问有什么可以帮您"},
    {"speaker": "2", "text": "我家三栋二单元一五零二漏水，希望赶紧来修"},
]


def test_a_call_is_judged_on_what_the_resident_says(terminal: Terminal) -> None:
    asked = [*TURNS, {"speaker": "1", "text": "有没有起火"}, {"speaker": "2", "text": "没有，免贵姓王"}]
    found, words = answers(
        terminal.done("classify", typed="\n".join((line(id=1, turns=asked), line(id=2, text="漏水", turns=None))))
    )
    assert found["id"] == 1 and found["leaf"] == "C01" and found["emergency"] == []
    call = found["transcript"]
    assert call["roles"] == ["agent", "resident"] * 2
    assert call["fields"]["building"] == {"value": "3", "turn": 1, "confirmed": False}
    assert call["fields"]["name"]["value"] == "王" and call["fields"]["phone"] is None
    assert call["demand"] == "希望赶紧来修" and call["summary"].startswith("来电人反映：")
    assert "transcript" not in words and words["leaf"] == "C01"


@pytest.mark.parametrize(
    ("turns", "said"),
    [
        ("漏水", "不是列表"),
        ({"text": "漏水"}, "不是列表"),
        (["漏水"], "第 1 句不是"),
        ([TURNS[0], {"speaker": "2"}], "第 2 句缺少 text"),
        ([{"text": 5}], "第 1 句缺少 text"),
        ([{"text": "漏水", "speaker": ["a"]}], "第 1 句的 speaker"),
        ([{"text": "漏水", "channel": True}], "第 1 句的 channel"),
        ([{"text": "漏水", "start": "早上"}], "第 1 句的 start"),
        ([{"text": "漏水", "end_ms": -1}], "第 1 句的 end"),
    ],
)
def test_a_call_of_another_shape_is_refused_in_words(terminal: Terminal, turns: Any, said: str) -> None:
    result = terminal.run("classify", typed="\n".join((line(id="x", turns=turns), line(id="y", turns=TURNS))))
    wrong, right = answers(result.stdout)
    assert result.exit_code == 2
    assert wrong["id"] == "x" and said in wrong["error"] and "第 1 行" in wrong["error"]
    assert right["transcript"]["roles"] == ["agent", "resident"]
