"""Places: the same flat in every form, names and aliases, one slip of the pen, and no guessing between two estates."""

from __future__ import annotations

import pytest

from routing.dwelling import buildings, dwelling
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


REGISTER = Gazetteer(
    [
        EstateEntry("1", "石桥新居", ("石桥公租房", "三期那个高的"), "青河区", ("1", "2", "3")),
        EstateEntry("2", "望云家园", (), "青河区"),
        EstateEntry("3", "枫林苑一期", ("枫林苑",), "青河区"),
        EstateEntry("4", "枫林苑二期", ("枫林苑",), "青河区"),
        EstateEntry("5", "锦和东区", (), "白塔区"),
        EstateEntry("6", "锦和西区", (), "白塔区"),
        EstateEntry("7", "南溪人才公寓A区", (), "白塔区"),
        EstateEntry("8", "南溪人才公寓B区", (), "白塔区"),
        EstateEntry("9", "澄湖小区", ("澄湖",), "白塔区"),
    ]
)
NEAR_MISSES = """
石桥新村 石桥新城 石桥花园 石板新居 石梁新居 木桥新居 石桥旧居 石桥公寓 石门新居 断桥新居 虹桥新居 石桥老居 大桥新居
望云花园 望云公寓 望海家园 望江家园 望山家园 望月家园 听云家园 白云家园 青云家园 祥云家园 望云新村 望云广场 望远家园 望星家园
枫林苑三期 枫林苑四期 枫林路 枫林花园 枫叶苑一期 梅林苑二期 松林苑一期 竹林苑二期 柏林苑一期 杏林苑二期
锦和南区 锦和北区 锦和中区 锦绣东区 锦城西区 锦江东区 锦官西区 祥光东区
南溪人才公寓C区 南溪人才公寓D区 北溪人才公寓A区 东溪人才公寓B区 西溪人才公寓A区
澄湖花园 澄湖山庄 澄湖湾 澄湖苑 澄湖城 澄湖广场 澄湖国际 澄湖豪庭 澄江小区 澄海小区 平湖小区 东湖小区 澄湖家园
澄湖公寓 澄湖新村 澄湖大厦
"""


@pytest.mark.parametrize("name", NEAR_MISSES.split())
@pytest.mark.parametrize("text", ["{}3栋停水了", "我是{}的租户，电梯坏了"])
def test_a_similar_name_is_another_place(name: str, text: str) -> None:
    found = REGISTER.find(text.format(name))
    assert found is None or (found.estate_id is None and not found.candidates)


@pytest.mark.parametrize(
    ("text", "estate"),
    [
        *(
            ("石乔新居3栋停水", None),
            ("石桥新局停水", None),
            ("石侨新居停水", "1"),
            ("石桥新居小区停水", "1"),
            ("石新桥居停水", None),
        ),
        *(("望云佳园停水", "2"), ("望芸家园停水", "2"), ("望云家圆停水", "2"), ("望云家停水", "2"), ("云望家园停水", "2")),
        *(("枫林苑一期停水", "3"), ("枫林苑的二期停水", "4"), ("锦和西区停水", "6"), ("锦河东区停水", "5")),
        *(("南溪人才公寓b区停水", "8"), ("澄湖停水", "9"), ("澄湖小区停水", "9"), ("三期那个高的电梯坏了", "1")),
    ],
)
def test_the_estate_that_is_meant(text: str, estate: str | None) -> None:
    found = REGISTER.find(text)
    assert (found.estate_id if found else None) == estate


@pytest.mark.parametrize(
    ("text", "estate", "others"),
    [
        ("我住石桥新居，望云家园的路灯坏了", "2", ("石桥新居",)),
        ("我住在望云家园，每天路过澄湖小区，那边围墙塌了", "9", ("望云家园",)),
        ("石桥新居和望云家园都停水", None, ()),
        ("我住石桥新居，停水了", "1", ()),
    ],
)
def test_where_the_matter_is_goes_before_where_somebody_lives(text: str, estate: str | None, others: tuple[str, ...]) -> None:
    found = REGISTER.find(text)
    assert found is not None and found.estate_id == estate
    assert tuple(name for _, name in found.others) == others


@pytest.mark.parametrize(
    ("text", "several"),
    [
        ("5栋到8栋停水", ("5", "6", "7", "8")),
        ("3、4、5栋没电", ("3", "4", "5")),
        ("3栋、5栋没电", ("3", "5")),
        ("一号楼和三号楼", ("1", "3")),
        ("3栋停水", ()),
        ("等了3、4天", ()),
    ],
)
def test_several_buildings(text: str, several: tuple[str, ...]) -> None:
    assert buildings(plain(text)) == several
