"""What one line of each register spreadsheet says, as values that can be compared with what is already registered."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date
from typing import Any, TypeVar

from app.register.sheets import Column, Sheet

SEVERAL = re.compile(r"[;；、|]+")


@dataclass(frozen=True, slots=True)
class PurchaserEntry:
    name: str
    kind: str
    district: str = ""
    parent: str = ""
    phone: str = ""


@dataclass(frozen=True, slots=True)
class ContractorEntry:
    name: str
    kind: str
    code: str = ""
    contact: str = ""
    phone: str = ""
    email: str = ""
    qualifications: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class EstateEntry:
    name: str
    purchaser: str
    aliases: frozenset[str] = frozenset()
    district: str = ""
    address: str = ""
    buildings: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class ContractEntry:
    number: str
    contractor: str
    purchaser: str
    categories: tuple[str, ...]
    estates: frozenset[str]
    starts: date
    ends: date
    targets: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class PersonEntry:
    login: str
    name: str
    role: str
    org: str = ""
    password: str = ""  # "" leaves it as it is


@dataclass(frozen=True, slots=True)
class ResidentEntry:
    name: str
    phone: str
    estate: str
    building: str = ""
    unit: str = ""
    room: str = ""


Entry = PurchaserEntry | ContractorEntry | EstateEntry | ContractEntry | PersonEntry | ResidentEntry
E = TypeVar("E", bound=Entry)

_NAME = Column("name", ("名称", "name"), required=True)
_PHONE = Column("phone", ("电话", "联系电话", "phone"), most=64)
_DISTRICT = Column("district", ("区县", "district"))

PURCHASERS = Sheet(
    "购买主体",
    "name",
    (_NAME, Column("kind", ("类型", "kind"), required=True), _DISTRICT, Column("parent", ("上级", "parent")), _PHONE),
)
CONTRACTORS = Sheet(
    "承接主体",
    "name",
    (
        _NAME,
        Column("kind", ("类型", "kind"), required=True),
        Column("code", ("统一社会信用代码", "code"), most=64),
        Column("contact", ("联系人", "contact")),
        _PHONE,
        Column("email", ("邮箱", "电子邮箱", "email")),
        Column("qualifications", ("资质", "qualifications"), most=2000),
    ),
)
ESTATES = Sheet(
    "小区",
    "name",
    (
        _NAME,
        Column("aliases", ("别名", "aliases"), most=2000),
        _DISTRICT,
        Column("address", ("地址", "address")),
        Column("buildings", ("楼栋", "buildings"), most=2000),
        Column("purchaser", ("购买主体", "purchaser")),
    ),
)
CONTRACTS = Sheet(
    "合同",
    "number",
    (
        Column("number", ("编号", "合同编号", "number"), required=True, most=64),
        Column("contractor", ("承接主体", "contractor"), required=True),
        Column("purchaser", ("购买主体", "purchaser"), required=True),
        Column("categories", ("类别", "categories"), required=True, most=2000),
        Column("estates", ("小区", "estates"), required=True, most=20000),
        Column("starts", ("起", "起日", "开始日期", "from", "starts"), required=True),
        Column("ends", ("止", "止日", "结束日期", "to", "ends"), required=True),
        Column("targets", ("量化目标", "targets"), most=2000),
    ),
)
PEOPLE = Sheet(
    "人员",
    "login",
    (
        Column("login", ("账号", "login"), required=True, most=64),
        Column("name", ("姓名", "name"), required=True),
        Column("role", ("角色", "role"), required=True),
        Column("org", ("单位", "org")),
        Column("password", ("密码", "password")),
    ),
)
RESIDENTS = Sheet(
    "住户",
    "phone",
    (
        Column("name", ("姓名", "name"), required=True),
        Column("phone", ("手机", "手机号", "电话", "phone"), required=True, most=64),
        Column("estate", ("小区", "estate"), required=True),
        Column("building", ("楼栋", "building"), most=64),
        Column("unit", ("单元", "unit"), most=64),
        Column("room", ("房号", "room"), most=64),
    ),
)


def several(cell: str) -> tuple[str, ...]:
    """The values of a cell that lists several, ``;`` between, once each."""
    return tuple(dict.fromkeys(part.strip() for part in SEVERAL.split(cell) if part.strip()))


def differences(sheet: Sheet, old: E | None, new: E, line: int) -> str:
    """In words: what taking over ``new`` would do; "" if nothing."""
    key = getattr(new, sheet.key)
    if old is None:
        return f"新增{sheet.name}“{key}”（第{line}行）"
    if old == new:
        return ""
    changes = [
        f"{sheet.label(item.name)}{_change(getattr(old, item.name), getattr(new, item.name), item.name == 'password')}"
        for item in fields(new)
        if getattr(old, item.name) != getattr(new, item.name)
    ]
    return f"修改{sheet.name}“{key}”（第{line}行）：{'；'.join(changes)}"


def _change(old: Any, new: Any, secret: bool) -> str:
    if secret:
        return "重设"
    if isinstance(old, frozenset) and isinstance(new, frozenset):
        more, less = _said(new - old), _said(old - new)
        return "，".join(part for part in (f"增加{more}" if more else "", f"去掉{less}" if less else "") if part)
    return f"由“{_said(old)}”改为“{_said(new)}”"


def _said(value: Any) -> str:
    if isinstance(value, frozenset):
        return "、".join(sorted(value, key=lambda word: (len(word), word)))
    if isinstance(value, tuple):
        return "、".join(value)
    if isinstance(value, Mapping):
        return ";".join(f"{name}={said}" for name, said in value.items())
    return "" if value is None else str(value)
