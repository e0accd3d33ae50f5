"""Addresses in any text: all of road, estate, building and unit, nothing where only a city or a district is named."""

from __future__ import annotations

import pytest

from routing.address import find_address


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("琼花路8号海棠苑C栋2单元漏水", "琼花路8号海棠苑C栋2单元"),
        ("市民来电反映:其是云汀区南枫大道63号盛禾景都C栋的业主", "云汀区南枫大道63号盛禾景都C栋"),
        ("您好，我住在星屿花园小区6栋2单元1505，电梯坏了", "星屿花园小区6栋2单元1505"),
        ("云汀雅集6栋电梯坏了", "云汀雅集6栋"),
        ("关于K3区泽丰公租房电梯的问题", "K3区泽丰公租房"),
        ("枫桥村127号的自来水是黄的", "枫桥村127号"),
        ("向禾路上路灯不亮", "向禾路"),
        ("晴川路与望云路交叉口红绿灯坏了", "晴川路与望云路交叉口"),
        ("位于A2区青黛翠园小区的8栋105房漏水", "A2区青黛翠园小区的8栋105房"),
        ("望云家园三栋二单元一五零二没水", "望云家园三栋二单元一五零二"),
    ],
)
def test_the_most_that_is_named(text: str, expected: str) -> None:
    assert find_address(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            "   ",
            "楼道灯不亮，请来修",
            "我想申请公租房",
            "海口经济适用房是否可以过户",
            "A市K2区公租房怎么申请",
            "坐33路公交车去上班",
        ),
        *(
            "我们小区停水了",
            "整个小区都没电",
            "3栋2单元1502漏水",
            "龙华区政府的电话是多少",
            "申请廉租房需要什么条件",
            "道路坑坑洼洼",
        ),
        *("等了3-5天没人来", "2026年3月1日交的钱", "物业公司不管", "去年在公园散步"),
    ],
)
def test_no_place_is_named(text: str) -> None:
    assert find_address(text) is None


@pytest.mark.parametrize("fodder", ["路", "1", "一", "3、", "小区的", "市", "在3栋", "A", "3栋到", "号"])
def test_any_text_ends_in_bounded_time(fodder: str) -> None:
    found = find_address(fodder * (100_000 // len(fodder)))
    assert found is None or found in fodder * 100_000
