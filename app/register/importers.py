"""For each kind of register spreadsheet: how a line becomes an entry, what is registered already, how an entry is kept."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, Generic

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.errors import BadInput
from app.register import conditions, organisations
from app.register.entries import (
    CONTRACTORS,
    CONTRACTS,
    ESTATES,
    PURCHASERS,
    ContractEntry,
    ContractorEntry,
    E,
    EstateEntry,
    PurchaserEntry,
    several,
)
from app.register.model import Contract, Contractor, Estate, Purchaser
from app.register.people import PASSWORDS, Passwords
from app.register.sheets import Problems, Row, Sheet
from routing.taxonomy import Taxonomy


@dataclass(frozen=True, slots=True)
class Setting:
    """What an import may need besides the file."""

    taxonomy: Taxonomy
    now: datetime
    passwords: Passwords = PASSWORDS
    default_password: str = ""  # for new people without one; "" leaves them unable to sign in


class Importer(ABC, Generic[E]):
    """One kind of spreadsheet. ``entry`` and ``check`` must find everything that ``keep`` could refuse."""

    sheet: Sheet

    def __init__(self, session: Session, setting: Setting) -> None:
        self.session = session
        self.setting = setting

    @abstractmethod
    def known(self) -> Mapping[str, E]:
        """What is registered, by key."""

    @abstractmethod
    def entry(self, row: Row, old: E | None) -> E:
        """What the line says; a column the file does not have leaves the old value. Raises BadInput."""

    @abstractmethod
    def keep(self, entry: E, old: E | None) -> None:
        """Write it down."""

    def check(self, entries: Sequence[tuple[Row, E]], problems: Problems) -> None:
        """What can only be judged over the whole file."""

    def in_order(self, entries: Iterable[E]) -> list[E]:
        """The entries so that each comes after what it rests on."""
        return list(entries)

    def key(self, row: Row) -> str:
        return row[self.sheet.key]

    @cached_property
    def purchasers(self) -> dict[str, Purchaser]:
        return {p.name: p for p in self.session.scalars(select(Purchaser).order_by(Purchaser.id))}

    @cached_property
    def contractors(self) -> dict[str, Contractor]:
        return {c.name: c for c in self.session.scalars(select(Contractor).order_by(Contractor.id))}

    @cached_property
    def estates(self) -> dict[str, Estate]:
        return {e.name: e for e in self.session.scalars(select(Estate).order_by(Estate.id))}

    def purchaser(self, name: str) -> Purchaser:
        if name not in self.purchasers:
            raise BadInput(f"没有登记购买主体“{name}”", cure="核对名称，或先导入购买主体")
        return self.purchasers[name]

    def contractor(self, name: str) -> Contractor:
        if name not in self.contractors:
            raise BadInput(f"没有登记承接主体“{name}”", cure="核对名称，或先导入承接主体")
        return self.contractors[name]

    def estate(self, name: str) -> Estate:
        if name not in self.estates:
            raise BadInput(f"没有登记小区“{name}”", cure="核对名称，或先导入小区")
        return self.estates[name]


def given(row: Row, names: str, old: object | None) -> dict[str, Any]:
    """The plain cells of the columns the file has; for the others the old values, if there are any."""
    cells: dict[str, Any] = {}
    for name in names.split():
        if name in row.cells:
            cells[name] = row[name]
        elif old is not None:
            cells[name] = getattr(old, name)
    return cells


class Purchasers(Importer[PurchaserEntry]):
    sheet = PURCHASERS

    def known(self) -> Mapping[str, PurchaserEntry]:
        names = {p.id: p.name for p in self.purchasers.values()}
        return {
            p.name: PurchaserEntry(p.name, p.kind.value, p.district, names.get(p.parent_id or 0, ""), p.phone)
            for p in self.purchasers.values()
        }

    def entry(self, row: Row, old: PurchaserEntry | None) -> PurchaserEntry:
        kind = conditions.purchaser_kind(row["kind"]).value
        return PurchaserEntry(row["name"], kind, **given(row, "district parent phone", old))

    def check(self, entries: Sequence[tuple[Row, PurchaserEntry]], problems: Problems) -> None:
        above = {name: entry.parent for name, entry in self.known().items()}
        above |= {entry.name: entry.parent for _, entry in entries}
        for row, entry in entries:
            if entry.parent and entry.parent not in above:
                problems.add(row.line, f"没有上级单位“{entry.parent}”", "核对名称，或在同一文件中补上这个单位")
            elif entry.name in _upwards(above, entry.parent):
                problems.add(row.line, f"“{entry.name}”成了自己的上级", "核对上级一列")

    def in_order(self, entries: Iterable[PurchaserEntry]) -> list[PurchaserEntry]:
        waiting = {entry.name: entry for entry in entries}
        above = {entry.name: entry.parent for entry in waiting.values()}
        return sorted(waiting.values(), key=lambda entry: len(_upwards(above, entry.parent)))

    def keep(self, entry: PurchaserEntry, old: PurchaserEntry | None) -> None:
        said: dict[str, Any] = {
            "kind": entry.kind,
            "district": entry.district,
            "parent": self.purchasers.get(entry.parent),
            "phone": entry.phone,
        }
        if old is None:
            self.purchasers[entry.name] = organisations.add_purchaser(self.session, name=entry.name, **said)
        else:
            organisations.change_purchaser(self.session, self.purchasers[entry.name], **said)


def _upwards(above: Mapping[str, str], name: str) -> list[str]:
    """The names from this one up to the top; stops where it would go round."""
    way: list[str] = []
    while name and name not in way:
        way.append(name)
        name = above.get(name, "")
    return way


class Contractors(Importer[ContractorEntry]):
    sheet = CONTRACTORS

    def known(self) -> Mapping[str, ContractorEntry]:
        return {
            c.name: ContractorEntry(c.name, c.kind.value, c.code, c.contact, c.phone, c.email, c.qualifications)
            for c in self.contractors.values()
        }

    def entry(self, row: Row, old: ContractorEntry | None) -> ContractorEntry:
        kind = conditions.contractor_kind(row["kind"]).value
        plain = given(row, "code contact phone email", old)
        facts: Mapping[str, Any] = (old.qualifications if old is not None else None) or {}
        if "qualifications" in row.cells:
            facts = conditions.said_targets(row["qualifications"])
        return ContractorEntry(row["name"], kind, **plain, qualifications=facts)

    def keep(self, entry: ContractorEntry, old: ContractorEntry | None) -> None:
        said: dict[str, Any] = {
            "kind": entry.kind,
            "code": entry.code,
            "contact": entry.contact,
            "phone": entry.phone,
            "email": entry.email,
            "qualifications": entry.qualifications or {},
        }
        if old is None:
            organisations.add_contractor(self.session, name=entry.name, **said)
        else:
            organisations.change_contractor(self.session, self.contractors[entry.name], **said)


class Estates(Importer[EstateEntry]):
    sheet = ESTATES

    def known(self) -> Mapping[str, EstateEntry]:
        names = {p.id: p.name for p in self.purchasers.values()}
        return {
            e.name: EstateEntry(
                e.name,
                names[e.purchaser_id],
                frozenset(known.alias for known in e.aliases),
                e.district,
                e.address,
                frozenset(building.name for building in e.buildings),
            )
            for e in self.estates.values()
        }

    def entry(self, row: Row, old: EstateEntry | None) -> EstateEntry:
        known = EstateEntry(row["name"], "") if old is None else old
        district = row["district"] or known.district
        purchaser = row["purchaser"] or (known.purchaser or self._purchaser_of(district))
        entry = EstateEntry(
            row["name"],
            purchaser,
            frozenset(several(row["aliases"])) - {row["name"]} if "aliases" in row.cells else known.aliases,
            district or self.purchaser(purchaser).district,
            row["address"] if "address" in row.cells else known.address,
            frozenset(conditions.said_buildings(row["buildings"])) if "buildings" in row.cells else known.buildings,
        )
        self.purchaser(purchaser)
        return entry

    def _purchaser_of(self, district: str) -> str:
        """Who buys for an estate of this district when the file does not say: the district's only one, else the city's."""
        for place in dict.fromkeys((district, "")):
            names = [p.name for p in self.purchasers.values() if p.district == place]
            if len(names) == 1:
                return names[0]
        raise BadInput(f"看不出{district or '该'}小区归哪个购买主体", cure="增加“购买主体”一列并填写")

    def keep(self, entry: EstateEntry, old: EstateEntry | None) -> None:
        said: dict[str, Any] = {
            "purchaser": self.purchaser(entry.purchaser),
            "district": entry.district,
            "address": entry.address,
            "aliases": sorted(entry.aliases),
            "buildings": sorted(entry.buildings, key=lambda name: (len(name), name)),
        }
        if old is None:
            organisations.add_estate(self.session, name=entry.name, **said)
        else:
            organisations.change_estate(self.session, self.estates[entry.name], **said)


class Contracts(Importer[ContractEntry]):
    sheet = CONTRACTS

    @cached_property
    def contracts(self) -> dict[str, Contract]:
        return {c.number: c for c in self.session.scalars(select(Contract).order_by(Contract.id))}

    def known(self) -> Mapping[str, ContractEntry]:
        return {
            c.number: ContractEntry(
                c.number,
                c.contractor.name,
                c.purchaser.name,
                tuple(c.categories),
                frozenset(estate.name for estate in c.estates),
                c.starts,
                c.ends,
                c.targets,
            )
            for c in self.contracts.values()
        }

    def entry(self, row: Row, old: ContractEntry | None) -> ContractEntry:
        purchaser = self.purchaser(row["purchaser"])
        starts, ends = conditions.said_date(row["starts"]), conditions.said_date(row["ends"])
        conditions.period(starts, ends)
        targets: Mapping[str, Any] = (old.targets if old is not None else None) or {}
        return ContractEntry(
            row["number"],
            self.contractor(row["contractor"]).name,
            purchaser.name,
            tuple(conditions.bought(several(row["categories"]), self.setting.taxonomy)),
            frozenset(self._estates(row["estates"], purchaser)),
            starts,
            ends,
            conditions.said_targets(row["targets"]) if "targets" in row.cells else targets,
        )

    def _estates(self, cell: str, purchaser: Purchaser) -> list[str]:
        if cell.strip() not in {"*", "＊"}:
            return [self.estate(name).name for name in several(cell)]
        names = [e.name for e in self.estates.values() if not purchaser.district or e.district == purchaser.district]
        if not names:
            raise BadInput(f"{purchaser.district or '全市'}还没有登记小区，* 没有所指", cure="先导入小区")
        return names

    def keep(self, entry: ContractEntry, old: ContractEntry | None) -> None:
        said: dict[str, Any] = {
            "contractor": self.contractors[entry.contractor],
            "purchaser": self.purchasers[entry.purchaser],
            "categories": entry.categories,
            "estates": [self.estates[name] for name in sorted(entry.estates)],
            "starts": entry.starts,
            "ends": entry.ends,
            "targets": entry.targets or {},
        }
        if old is None:
            organisations.add_contract(self.session, self.setting.taxonomy, number=entry.number, **said)
        else:
            organisations.change_contract(self.session, self.setting.taxonomy, self.contracts[entry.number], **said)
