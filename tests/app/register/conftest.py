"""A register to try things on: a small taxonomy, a city with two districts, and a session on a database in memory."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import create_engine
from sqlalchemy.orm import Session

import app.tickets.model
import app.tickets.post
import app.tickets.residents  # noqa: F401  (tables the register's foreign keys lead to)
from app.register.model import Contractor, Estate, Purchaser
from app.register.organisations import add_contractor, add_estate, add_purchaser
from app.tickets.tables import Record
from routing.taxonomy import Leaf, Owner, Taxonomy

NOW = datetime(2026, 1, 5, 2, 0, tzinfo=UTC)
FIRST, LAST = date(2026, 1, 1), date(2026, 12, 31)


@pytest.fixture
def now() -> datetime:
    return NOW


@pytest.fixture
def session() -> Iterator[Session]:
    engine = create_engine("sqlite://")
    Record.metadata.create_all(engine)
    with Session(engine) as opened:
        yield opened
    engine.dispose()


@pytest.fixture
def taxonomy() -> Taxonomy:
    contractor, purchaser = Owner.CONTRACTOR, Owner.PURCHASER
    leaves = [
        Leaf("A01", "A", "选房", contractor, "U2"),
        Leaf("C01", "C", "室内渗漏", contractor, "U1"),
        Leaf("C06", "C", "楼道照明", contractor, "U2"),
        Leaf("C07", "C", "电梯故障", contractor, "U1"),
        Leaf("D01", "D", "系统登录", contractor, "U2"),
        Leaf("D05", "D", "满意度测评", purchaser, "U1"),
        Leaf("D07", "D", "信息公开", purchaser, "U3"),
        Leaf("G01", "G", "申请资格", purchaser, "U3"),
        Leaf("R01", "R", "服务态度", Owner.SUPERVISION, "U2"),
        Leaf("E02", "E", "电梯困人", Owner.EMERGENCY, "U0"),
        Leaf("N01", "N", "工地噪声", Owner.ELSEWHERE, "U3"),
    ]
    groups = {"A": "入住退出", "C": "维修养护", "D": "综合管理", "G": "政府保留", "R": "涉承接主体", "E": "应急", "N": "非本热线"}
    return Taxonomy(groups, {leaf.code: leaf for leaf in leaves})


@pytest.fixture
def city(session: Session) -> Purchaser:
    return add_purchaser(session, name="测试市住房保障局", kind="行政机关")


@pytest.fixture
def district(session: Session, city: Purchaser) -> Purchaser:
    return add_purchaser(session, name="东区中心", kind="承担行政职能的事业单位", district="东区", parent=city)


@pytest.fixture
def first_firm(session: Session) -> Contractor:
    return add_contractor(session, name="甲公司", kind="企业")


@pytest.fixture
def second_firm(session: Session) -> Contractor:
    return add_contractor(session, name="乙中心", kind="社会组织")


@pytest.fixture
def estate(session: Session, district: Purchaser) -> Estate:
    return add_estate(session, name="春和苑", purchaser=district, aliases=["春和"], buildings=["1", "2"])


@pytest.fixture
def other_estate(session: Session, city: Purchaser) -> Estate:
    return add_estate(session, name="西岭居", purchaser=city, district="西区")
