"""Spreadsheets in: whole or not at all, with file, line and cure; again without change."""

from __future__ import annotations

import io
from datetime import date, datetime
from typing import Any

import pytest
from openpyxl import Workbook
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.errors import BadFile, BadInput
from app.register import people
from app.register.model import Contract, Contractor, Estate, Person, Purchaser
from app.register.people import QUICK_PASSWORDS
from app.register.sheets import BadSheet
from app.register.snapshot import revision, snapshot
from app.register.spreadsheets import import_sheet
from app.tickets.residents import Household, Resident
from routing.taxonomy import Taxonomy

PURCHASERS = "名称,类型,区县,上级,电话\n东区中心,承担行政职能的事业单位,东区,市局,1\n市局,行政机关,,,2\n"
ESTATES = "名称,别名,区县,地址,楼栋\n春和苑,春和;老春,东区,东街1号,1-3;5\n西岭居,,西区,西街2号,A1-A2\n"
CONTRACTORS = (
    "名称,类型,统一社会信用代码,联系人,电话,邮箱,资质\n甲公司,企业,91X,王,1,a@example.com,人员=9人\n乙中心,社会组织,,,,,\n"
)
CONTRACTS = (
    "编号,承接主体,购买主体,类别,小区,起,止,量化目标\n"
    "H1,甲公司,市局,A;C,*,2026-01-01,2026/12/31,满意率=90%\n"
    "H2,乙中心,东区中心,D,*,2026年1月1日,20261231,\n"
)
PEOPLE = "login,name,role,org,password\nZhou,周,坐席,,\njia,何,contractor,甲公司,secret-of-jia\nshi,郑,主管部门,市局,\n"
RESIDENTS = "姓名,手机,小区,楼栋,单元,房号\n邹,13800000001,春和苑,1,2,301\n孙,13800000002,春和苑,1,2,301\n"
WHOLE = {
    "purchasers": PURCHASERS,
    "estates": ESTATES,
    "contractors": CONTRACTORS,
    "contracts": CONTRACTS,
    "people": PEOPLE,
    "residents": RESIDENTS,
}


class Desk:
    """Somebody who imports files."""

    def __init__(self, session: Session, taxonomy: Taxonomy, now: datetime) -> None:
        self.session = session
        self.taxonomy = taxonomy
        self.now = now

    def give(self, kind: str, content: str | bytes, **more: Any) -> list[str]:
        data = content.encode() if isinstance(content, str) else content
        return import_sheet(
            self.session,
            kind,
            f"{kind}.csv",
            data,
            taxonomy=self.taxonomy,
            now=self.now,
            passwords=QUICK_PASSWORDS,
            **more,
        )

    def give_all(self, upto: str = "residents") -> list[str]:
        said: list[str] = []
        for kind, content in WHOLE.items():
            said += self.give(kind, content)
            if kind == upto:
                break
        return said


@pytest.fixture
def desk(session: Session, taxonomy: Taxonomy, now: datetime) -> Desk:
    return Desk(session, taxonomy, now)


def count(session: Session, kind: Any) -> int:
    return session.scalar(select(func.count()).select_from(kind)) or 0


def test_a_whole_register_comes_in(desk: Desk) -> None:
    said = desk.give_all()
    assert len(said) == 2 + 2 + 2 + 2 + 3 + 2
    assert said[0] == "新增购买主体“东区中心”（第2行）"
    shot = snapshot(desk.session)
    east, west = shot.register.estates.values()
    assert (east.aliases, east.buildings, west.buildings) == (("春和", "老春"), ("1", "2", "3", "5"), ("A1", "A2"))
    assert shot.register.lead_purchaser is not None
    assert shot.register.lead_purchaser[1] == "市局"
    assert {shot.register.purchaser_of[east.id][1], shot.register.purchaser_of[west.id][1]} == {"东区中心", "市局"}
    whole_city, district = shot.register.terms
    assert (whole_city.estates, district.estates) == (frozenset({east.id, west.id}), frozenset({east.id}))
    assert (whole_city.starts, district.ends) == (date(2026, 1, 1), date(2026, 12, 31))
    assert desk.session.scalars(select(Contract.targets)).first() == {"满意率": 0.9}


def test_the_same_files_again_change_nothing(desk: Desk) -> None:
    desk.give_all()
    before = revision(desk.session)
    assert desk.give_all() == []
    assert revision(desk.session) == before
    assert (count(desk.session, Person), count(desk.session, Household), count(desk.session, Resident)) == (3, 1, 2)


def test_a_rehearsal_tells_and_changes_nothing(desk: Desk) -> None:
    desk.give_all()
    before = revision(desk.session)
    said = desk.give(
        "estates", ESTATES.replace("老春", "春苑").replace("1-3;5", "1-4").replace("东街1号", "东街9号"), dry_run=True
    )
    assert said == ["修改小区“春和苑”（第2行）：别名增加春苑，去掉老春；地址由“东街1号”改为“东街9号”；楼栋增加4，去掉5"]
    assert revision(desk.session) == before
    assert not desk.session.dirty
    assert desk.give("purchasers", "名称,类型\n新局,行政机关\n", dry_run=True) == ["新增购买主体“新局”（第2行）"]
    assert count(desk.session, Purchaser) == 2


def test_a_contract_is_changed_by_its_number(desk: Desk) -> None:
    desk.give_all()
    said = desk.give(
        "contracts", CONTRACTS.replace("A;C", "C;A").replace("2026/12/31", "2026-06-30").replace("D,*", "D01,春和苑")
    )
    assert said == ["修改合同“H1”（第2行）：止由“2026-12-31”改为“2026-06-30”", "修改合同“H2”（第3行）：类别由“D”改为“D01”"]
    assert snapshot(desk.session).register.terms[0].ends == date(2026, 6, 30)


def test_a_column_left_out_leaves_what_is_known(desk: Desk) -> None:
    desk.give_all()
    assert desk.give("contractors", "name,kind\n甲公司,企业\n") == []
    assert desk.give("estates", "名称\n春和苑\n") == []
    assert desk.give("purchasers", "名称,类型,电话\n市局,行政机关,\n") == ["修改购买主体“市局”（第2行）：电话由“2”改为“”"]


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_encodings_and_line_ends_of_spreadsheet_programs(desk: Desk, codec: str, end: str) -> None:
    assert len(desk.give("purchasers", PURCHASERS.replace("\n", end).encode(codec))) == 2
    assert set(desk.session.scalars(select(Purchaser.name))) == {"市局", "东区中心"}


def test_headers_in_english_tabs_blank_lines_and_remarks(desk: Desk) -> None:
    desk.give("purchasers", "Name\tKind\tDistrict\t备注\n\n市局\t行政机关\t\t随便写\n\t\t\t\n")
    assert desk.session.scalars(select(Purchaser.name)).all() == ["市局"]


BAD = [
    ("purchasers", "", None, "空的", "首行写列名"),
    ("purchasers", "名称,区县\n市局,\n", 1, "缺少列“类型”", "首行"),
    ("purchasers", "名称,类型,颜色\n", 1, "不认识的列“颜色”", "备注"),
    ("purchasers", "名称,name,类型\n", 1, "重复", "只留一次"),
    ("purchasers", "名称,类型\n市局,行政机关\n\n,行政机关\n", 4, "名称是空的", "填写名称"),
    ("purchasers", "名称,类型\n某院,公益一类事业单位\n", 2, "二(四)", "类型"),
    ("purchasers", "名称,类型\n某公司,企业\n", 2, "不是购买主体的类型", "行政机关"),
    ("purchasers", "名称,类型\n市局,行政机关\n市局,行政机关\n", 3, "与第2行重复", "只留一行"),
    ("purchasers", "名称,类型,上级\n市局,行政机关,省厅\n", 2, "没有上级单位“省厅”", "核对"),
    ("purchasers", "名称,类型,上级\n甲,行政机关,乙\n乙,行政机关,甲\n", 2, "自己的上级", "核对"),
    ("purchasers", "名称,类型\n市,局,行政机关\n", 2, "3列", "双引号"),
    ("purchasers", f"名称,类型\n{'长' * 201},行政机关\n", 2, "超过200个字", "缩短"),
    ("purchasers", '名称,类型\n"市局,行政机关\n', 2, "引号", "成对"),
    ("contractors", "名称,类型\n工会,财政负担的群团组织\n", 2, "二(四)", "类型"),
    ("contractors", "名称,类型,资质\n丙,企业,甲级\n", 2, "看不懂", "写成"),
    ("estates", "名称,楼栋\n南苑,9-1\n", 2, "楼栋", "从小到大"),
    ("estates", "名称,购买主体\n南苑,不知局\n", 2, "没有登记购买主体“不知局”", "先导入"),
    ("contracts", CONTRACTS + "H3,丙公司,市局,C,*,2026-01-01,2026-12-31,\n", 4, "没有登记承接主体“丙公司”", "先导入"),
    ("contracts", CONTRACTS + "H3,甲公司,市局,C,南苑,2026-01-01,2026-12-31,\n", 4, "没有登记小区“南苑”", "先导入"),
    ("contracts", CONTRACTS + "H3,甲公司,市局,G01,*,2026-01-01,2026-12-31,\n", 4, "二(二)", "去掉"),
    ("contracts", CONTRACTS + "H3,甲公司,市局,Z9,*,2026-01-01,2026-12-31,\n", 4, "没有“Z9”", "大类"),
    ("contracts", CONTRACTS + "H3,甲公司,市局,C,*,2026-01-01,2025-12-31,\n", 4, "早于起日", "核对"),
    ("contracts", CONTRACTS + "H3,甲公司,市局,C,*,明天,2026-12-31,\n", 4, "不是日期", "2026-01-01"),
    ("contracts", CONTRACTS + "H3,甲公司,市局,C,*,2026-01-01,2026-12-31,九成\n", 4, "量化目标", "写成"),
    ("people", "账号,姓名,角色\n周,周,坐席\n", 2, "账号", "字母"),
    ("people", "账号,姓名,角色\na,周,老板\n", 2, "没有“老板”这个角色", "可用的角色"),
    ("people", "账号,姓名,角色\na,周,承接主体\n", 2, "须指明单位", "填写"),
    ("people", "账号,姓名,角色,单位\na,周,第三方,甲公司\n", 2, "不能挂在承接主体", "分开"),
    ("people", "账号,姓名,角色,密码\na,周,坐席,123\n", 2, "密码太短", "至少"),
    ("people", "账号,姓名,角色\na,周,坐席\nA,周,坐席\n", 3, "大小写", "只留一行"),
    ("residents", "姓名,手机,小区\n邹,12,春和苑\n", 2, "不像电话号码", "11位"),
    ("residents", "姓名,手机,小区\n邹,13800000009,南苑\n", 2, "没有登记小区", "先导入"),
]


@pytest.mark.parametrize(("kind", "content", "line", "said", "cure"), BAD)
def test_what_is_wrong_is_said_with_file_line_and_cure_and_nothing_is_taken_over(
    desk: Desk, kind: str, content: str, line: int | None, said: str, cure: str
) -> None:
    desk.give_all("contractors")
    before = revision(desk.session)
    with pytest.raises(BadFile) as refused:
        desk.give(kind, content)
    wrong = refused.value
    assert (wrong.file, wrong.line) == (f"{kind}.csv", line)
    assert said in wrong.message
    assert cure in wrong.cure
    assert str(wrong).startswith(f"{kind}.csv")
    assert revision(desk.session) == before
    assert count(desk.session, Contract) == 0
    assert count(desk.session, Person) == 0


def test_bytes_in_no_encoding_name_the_line(desk: Desk) -> None:
    with pytest.raises(BadFile, match=r"purchasers.csv 第2行：编码无法识别"):
        desk.give("purchasers", "名称,类型\n".encode() + b"\x81\xff\xff\n")


def test_every_wrong_line_is_told_at_once_up_to_twenty(desk: Desk) -> None:
    lines = "".join(f"单位{i},企业\n" for i in range(25))
    with pytest.raises(BadSheet) as refused:
        desk.give("purchasers", "名称,类型\n市局,行政机关\n" + lines)
    said = str(refused.value).splitlines()
    assert len(refused.value.problems) == 25
    assert len(said) == 21
    assert said[0].startswith("purchasers.csv 第3行：")
    assert "另有5处" in said[-1]
    assert count(desk.session, Purchaser) == 0


def test_an_unknown_kind_of_file(desk: Desk) -> None:
    with pytest.raises(BadInput, match="可导入：purchasers"):
        desk.give("weather", "a\n1\n")


def test_a_star_with_no_estates_means_nothing(desk: Desk) -> None:
    desk.give("purchasers", PURCHASERS)
    desk.give("contractors", CONTRACTORS)
    with pytest.raises(BadSheet, match="还没有登记小区"):
        desk.give("contracts", CONTRACTS)


def test_the_purchaser_of_an_estate_must_be_plain(desk: Desk) -> None:
    with pytest.raises(BadSheet, match="看不出东区小区归哪个购买主体"):
        desk.give("estates", ESTATES)
    assert count(desk.session, Estate) == 0


def test_people_get_passwords_and_keep_their_own(desk: Desk) -> None:
    desk.give_all("contractors")
    desk.give("people", PEOPLE, default_password="for-everybody")

    def opens(login: str, password: str) -> bool:
        kept = people.person_named(desk.session, login)
        return kept is not None and QUICK_PASSWORDS.matches(kept.password_hash, password)

    assert opens("zhou", "for-everybody")
    assert opens("jia", "secret-of-jia")
    person = people.person_named(desk.session, "zhou")
    assert person is not None
    people.set_password(desk.session, person, "own-choice", passwords=QUICK_PASSWORDS)
    assert desk.give("people", PEOPLE, default_password="for-everybody") == []
    assert opens("zhou", "own-choice")
    said = desk.give("people", PEOPLE.replace("secret-of-jia", "new-secret").replace("主管部门,市局", "主管部门,东区中心"))
    assert said == ["修改人员“jia”（第3行）：密码重设", "修改人员“shi”（第4行）：单位由“市局”改为“东区中心”"]
    assert opens("jia", "new-secret")


def test_residents_move(desk: Desk) -> None:
    desk.give_all()
    said = desk.give("residents", RESIDENTS.replace("孙,13800000002,春和苑,1,2,301", "孙,13800000002,西岭居,A1,,8"))
    assert said == [
        "修改住户“13800000002”（第3行）：小区由“春和苑”改为“西岭居”；楼栋由“1”改为“A1”；单元由“2”改为“”；房号由“301”改为“8”"
    ]
    assert count(desk.session, Resident) == 2


def test_a_workbook_does_as_well(desk: Desk) -> None:
    desk.give_all("contractors")
    rows = [line.split(",") for line in CONTRACTS.splitlines()]
    assert len(desk.give("contracts", workbook(rows))) == 2
    assert desk.give("contracts", CONTRACTS) == []
    assert count(desk.session, Contractor) == 2


@pytest.mark.parametrize("data", [b"PK\x03\x04 not really", b"PK\x03\x04"])
def test_a_broken_workbook(desk: Desk, data: bytes) -> None:
    with pytest.raises(BadFile, match="工作簿无法读取"):
        desk.give("purchasers", data)


def workbook(rows: list[list[str]]) -> bytes:
    """What a spreadsheet program saves: words as words, days as days."""
    book = Workbook()
    for row in rows:
        book.active.append([date.fromisoformat(cell) if cell == "2026-01-01" else cell or None for cell in row])
    packed = io.BytesIO()
    book.save(packed)
    return packed.getvalue()
