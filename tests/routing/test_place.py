"""Places: the same flat in every form, names and aliases, one slip of the pen, and no guessing between two estates."""

from __future__ import annotations

import pytest

from routing.dwelling import dwelling
from routing.normal import plain
from routing.place import EstateEntry, Gazetteer


@pytest.mark.parametrize(
    "text",
    [
        "三栋二单元一五零二漏水",
        "3栋2单元1502",
        "3-2-1502",
        "3#2-1502",
        "3幢2单元1502室",
        "3号楼2单元1502",
        "三号楼二单元幺五零二",
        "3栋 2单元 1502房",
        "我住在3栋2单元15楼1502",
        "3栋2单元一千五百零二室",
    ],
)
def test_one_flat_in_every_form(text: str) -> None:
    found = dwelling(plain(text))
    assert found is not None
    assert (found.building, found.unit, found.room) == ("3", "2", "1502")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("十二栋 漏水", ("12", "", "")),
        ("A座1203", ("A", "", "1203")),
        ("8-1203没水", ("8", "", "1203")),
        ("二单元六楼的灯", ("", "2", "")),
        ("1203室门锁坏了", ("", "", "1203")),
    ],
)
def test_parts_of_a_flat(text: str, expected: tuple[str, str, str]) -> None:
    found = dwelling(plain(text))
    assert found is not None
    assert (found.building, found.unit, found.room) == expected


@pytest.mark.parametrize(
    "text",
    ["2026-01-05交的租金", "租金1200元", "电话0571-55501234", "等了3-5天", "早上8:30", "第三次报修", "一千五百块", "13800138000"],
)
def test_numbers_that_are_no_flat(text: str) -> None:
    assert dwelling(plain(text)) is None


def test_longest_name_and_alias(gazetteer: Gazetteer) -> None:
    found = gazetteer.find("我是和畅苑二期6栋的，楼道灯不亮")
    assert found is not None
    assert (found.estate_id, found.estate, found.building, found.exact) == ("3", "和畅苑二期", "6", True)
    alias = gazetteer.find("老纺织厂那边的房子")
    assert alias is not None and alias.estate_id == "4" and alias.words == ("老纺织厂",)


def test_an_alias_of_two_estates_is_not_guessed(gazetteer: Gazetteer) -> None:
    found = gazetteer.find("和畅苑的电梯坏了")
    assert found is not None and found.estate_id is None
    assert found.candidates == (("2", "和畅苑一期"), ("3", "和畅苑二期"))


@pytest.mark.parametrize(("text", "estate"), [("和畅苑6栋", "3"), ("白塔区和畅苑电梯坏了", "3"), ("和畅苑1栋", "2")])
def test_a_building_or_a_district_settles_it(gazetteer: Gazetteer, text: str, estate: str) -> None:
    found = gazetteer.find(text)
    assert found is not None and found.estate_id == estate


def test_two_estates_in_one_text(gazetteer: Gazetteer) -> None:
    both = gazetteer.find("我从碧水家园搬到了向阳新村")
    assert both is not None and both.estate_id is None and len(both.candidates) == 2
    beside = gazetteer.find("我从碧水家园搬到了向阳新村B栋302，墙发霉")
    assert beside is not None and (beside.estate_id, beside.building, beside.room) == ("4", "B", "302")


@pytest.mark.parametrize("text", ["碧水佳园3栋停水", "碧水家圆3栋停水", "碧水家3栋停水", "水碧家园3栋停水", "碧水嘉家园3栋停水"])
def test_one_slip_of_the_pen(text: str) -> None:
    found = Gazetteer([EstateEntry("1", "碧水家园")]).find(text)
    assert found is not None and found.estate_id == "1" and not found.exact


def test_a_slip_never_turns_one_estate_into_its_neighbour() -> None:
    places = Gazetteer([EstateEntry("1", "和畅苑一期"), EstateEntry("2", "春晓东区小院")])
    assert places.find("和畅苑三期停水") is None
    assert places.find("春晓西区小院停水") is None


def test_blanks_and_full_width(gazetteer: Gazetteer) -> None:
    found = gazetteer.find("碧 水 家 园３栋２单元１５０２")
    assert found is not None and (found.estate_id, found.building, found.room) == ("1", "3", "1502")


def test_nothing_named(gazetteer: Gazetteer) -> None:
    assert gazetteer.find("楼道灯不亮，请来修") is None
    assert gazetteer.find("") is None
