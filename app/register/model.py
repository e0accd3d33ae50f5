"""Tables of the register: organisations, estates, contracts, people."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Float, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.tickets.lifecycle import Role
from app.tickets.tables import BigId, Code, Id, Long, Name, Record


class PurchaserKind(StrEnum):
    """What a purchaser 购买主体 may be (policy text 二(一))."""

    ADMINISTRATION = "行政机关"
    ADMINISTRATIVE_INSTITUTION = "承担行政职能的事业单位"


class ContractorKind(StrEnum):
    """What a contractor 承接主体 may be (policy text 二(三))."""

    SOCIAL_ORGANISATION = "社会组织"
    ENTERPRISE = "企业"
    INTERMEDIARY = "社会中介机构"
    INSTITUTION_CLASS_TWO = "公益二类事业单位"
    INSTITUTION_COMMERCIAL = "从事生产经营活动的事业单位"
    SOLE_TRADER = "个体工商户"
    NATURAL_PERSON = "自然人"


REFUSED_KINDS = ("公益一类事业单位", "财政负担的群团组织")  # policy text 二(四): neither purchaser nor contractor


class Purchaser(Record):
    """购买主体: buys the service, supervises it, keeps what is reserved to government."""

    __tablename__ = "purchaser"
    id: Mapped[Id]
    name: Mapped[Name] = mapped_column(unique=True)
    kind: Mapped[PurchaserKind]
    district: Mapped[Name] = mapped_column(default="")  # "" is the whole city
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("purchaser.id"))
    phone: Mapped[Code] = mapped_column(default="")


class Contractor(Record):
    """承接主体: owes what its contracts say."""

    __tablename__ = "contractor"
    id: Mapped[Id]
    name: Mapped[Name] = mapped_column(unique=True)
    kind: Mapped[ContractorKind]
    code: Mapped[Code] = mapped_column(default="")  # 统一社会信用代码
    contact: Mapped[Name] = mapped_column(default="")
    phone: Mapped[Code] = mapped_column(default="")
    email: Mapped[Name] = mapped_column(default="")
    qualifications: Mapped[dict[str, Any]] = mapped_column(default=dict)  # 信誉、设施、人员、技术


class Estate(Record):
    """小区: a public-rental estate."""

    __tablename__ = "estate"
    id: Mapped[Id]
    name: Mapped[Name] = mapped_column(unique=True)
    district: Mapped[Name] = mapped_column(default="")
    address: Mapped[Name] = mapped_column(default="")
    purchaser_id: Mapped[int] = mapped_column(ForeignKey("purchaser.id"))
    aliases: Mapped[list[EstateAlias]] = relationship(cascade="all, delete-orphan", lazy="selectin")
    buildings: Mapped[list[Building]] = relationship(cascade="all, delete-orphan", lazy="selectin")


class EstateAlias(Record):
    """What residents call an estate. One alias may stand for several estates: then it is ambiguous, and said so."""

    __tablename__ = "estate_alias"
    __table_args__ = (UniqueConstraint("estate_id", "alias"),)
    id: Mapped[Id]
    estate_id: Mapped[int] = mapped_column(ForeignKey("estate.id"))
    alias: Mapped[Name]


class Building(Record):
    """楼栋."""

    __tablename__ = "building"
    __table_args__ = (UniqueConstraint("estate_id", "name"),)
    id: Mapped[Id]
    estate_id: Mapped[int] = mapped_column(ForeignKey("estate.id"))
    name: Mapped[Code]


class Contract(Record):
    """合同: what a contractor owes a purchaser, in which categories, on which estates, from when to when (inclusive)."""

    __tablename__ = "contract"
    id: Mapped[Id]
    number: Mapped[Code] = mapped_column(unique=True)
    contractor_id: Mapped[int] = mapped_column(ForeignKey("contractor.id"))
    purchaser_id: Mapped[int] = mapped_column(ForeignKey("purchaser.id"))
    categories: Mapped[list[str]]  # groups or leaves of the taxonomy
    starts: Mapped[date]
    ends: Mapped[date]
    targets: Mapped[dict[str, Any]] = mapped_column(default=dict)  # 量化目标, e.g. {"满意率": 0.9}
    contractor: Mapped[Contractor] = relationship()
    purchaser: Mapped[Purchaser] = relationship()
    estates: Mapped[list[Estate]] = relationship(secondary="contract_estate", lazy="selectin")


class ContractEstate(Record):
    __tablename__ = "contract_estate"
    contract_id: Mapped[int] = mapped_column(ForeignKey("contract.id"), primary_key=True)
    estate_id: Mapped[int] = mapped_column(ForeignKey("estate.id"), primary_key=True)


class Person(Record):
    """Somebody who works with the hotline: agent, contractor's staff, supervisor, administrator."""

    __tablename__ = "person"
    __table_args__ = (Index("ix_person_role", "role"),)
    id: Mapped[Id]
    login: Mapped[Code] = mapped_column(unique=True)
    name: Mapped[Name]
    role: Mapped[Role]
    contractor_id: Mapped[int | None] = mapped_column(ForeignKey("contractor.id"))
    purchaser_id: Mapped[int | None] = mapped_column(ForeignKey("purchaser.id"))
    password_hash: Mapped[str] = mapped_column(String(200))
    disabled_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class SignIn(Record):
    """A browser session, revocable; only the hash of its secret is kept. Wall time."""

    __tablename__ = "sign_in"
    id: Mapped[Id]
    secret_hash: Mapped[Code] = mapped_column(unique=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]


class ApiToken(Record):
    """A program's credential; shown once, kept as a hash. Wall time."""

    __tablename__ = "api_token"
    id: Mapped[Id]
    secret_hash: Mapped[Code] = mapped_column(unique=True)
    name: Mapped[Name] = mapped_column(default="")
    role: Mapped[Role]
    contractor_id: Mapped[int | None] = mapped_column(ForeignKey("contractor.id"))
    purchaser_id: Mapped[int | None] = mapped_column(ForeignKey("purchaser.id"))
    created_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


class PolicyVersion(Record):
    """时限与分类标准的版本: every policy ever in force here, whole, so that an old deadline can be explained years later."""

    __tablename__ = "policy_version"
    id: Mapped[Id]
    hash: Mapped[Code] = mapped_column(unique=True)
    name: Mapped[Name]
    version: Mapped[Code]
    effective_from: Mapped[date]
    loaded_at: Mapped[datetime]
    files: Mapped[dict[str, Any]]  # file name -> text


class Fact(Record):
    """A named fact of this installation, e.g. the register's revision or the last number of a sequence."""

    __tablename__ = "fact"
    key: Mapped[Code] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(BigId, default=0)
    text: Mapped[Long] = mapped_column(default="")
    at: Mapped[datetime | None]


class HolidayNotice(Record):
    """放假安排: the holidays and make-up working days of one year as imported; it replaces what came with the program."""

    __tablename__ = "holiday_notice"
    __table_args__ = (UniqueConstraint("country", "year"),)
    id: Mapped[Id]
    country: Mapped[Code]
    year: Mapped[int] = mapped_column(BigId)
    notice: Mapped[Name]  # the document it comes from
    content: Mapped[dict[str, Any]]
    imported_at: Mapped[datetime]
    imported_by: Mapped[Name] = mapped_column(default="")


class CalendarVersion(Record):
    """A calendar that some clock was ever counted on, whole, so that its deadline can be counted out again years later."""

    __tablename__ = "calendar_version"
    version: Mapped[Code] = mapped_column(primary_key=True)
    name: Mapped[Name]
    content: Mapped[dict[str, Any]]
    first_used_at: Mapped[datetime]


class ModelUse(Record):
    """Which trained classifier was put in force, when and by whom; the last row holds. ``fingerprint`` "" is the shipped one.

    The model itself lies in the data folder; ``digest`` (SHA-256 of the file) says whether it is still the same. Wall time.
    """

    __tablename__ = "model_use"
    id: Mapped[Id]
    at: Mapped[datetime]
    by_name: Mapped[Name] = mapped_column(default="")
    fingerprint: Mapped[Code] = mapped_column(default="")
    digest: Mapped[Code] = mapped_column(default="")


class WorkerBeat(Record):
    """What one worker process last said of itself. Wall time, but for ``now``; counted since the process started."""

    __tablename__ = "worker_beat"
    name: Mapped[Code] = mapped_column(primary_key=True)
    host: Mapped[Name] = mapped_column(default="")
    started_at: Mapped[datetime]
    beat_at: Mapped[datetime] = mapped_column(index=True)
    now: Mapped[datetime]  # its business time
    fired: Mapped[int] = mapped_column(BigId, default=0)  # steps of timers
    busy_seconds: Mapped[float] = mapped_column(Float, default=0.0)  # spent in sweeps that fired something
    lag_seconds: Mapped[float] = mapped_column(Float, default=0.0)  # the longest that a step of the last busy sweep had waited
