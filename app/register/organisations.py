"""Who owes what where: purchasers, contractors, estates and contracts are entered and changed here, never anywhere else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.errors import BadInput, Conflict
from app.register import conditions
from app.register.model import Building, Contract, Contractor, Estate, EstateAlias, Fact, Purchaser
from routing.taxonomy import Taxonomy

REVISION = "register.revision"


def touch(session: Session) -> None:
    """Counts the register's revision up by one, so that nobody goes on with a snapshot of before."""
    session.flush()
    counted = session.execute(update(Fact).where(Fact.key == REVISION).values(number=Fact.number + 1).returning(Fact.number))
    if counted.first() is None:
        session.add(Fact(key=REVISION, number=1))
        session.flush()


def add_purchaser(
    session: Session,
    *,
    name: str,
    kind: str,
    district: str = "",
    parent: Purchaser | None = None,
    phone: str = "",
) -> Purchaser:
    """A new 购买主体. Raises BadInput for a kind that may not buy (方案 二(一), 二(四)), Conflict for a name already there."""
    purchaser = Purchaser(
        name=_new_name(session, Purchaser, name, "购买主体"),
        kind=conditions.purchaser_kind(kind),
        district=district.strip(),
        parent_id=parent.id if parent is not None else None,
        phone=phone.strip(),
    )
    session.add(purchaser)
    touch(session)
    return purchaser


def add_contractor(
    session: Session,
    *,
    name: str,
    kind: str,
    code: str = "",
    contact: str = "",
    phone: str = "",
    email: str = "",
    qualifications: Mapping[str, Any] | None = None,
) -> Contractor:
    """A new 承接主体. Raises BadInput for a kind that may not sell (方案 二(三), 二(四)), Conflict for a name already there."""
    contractor = Contractor(
        name=_new_name(session, Contractor, name, "承接主体"),
        kind=conditions.contractor_kind(kind),
        code=code.strip(),
        contact=contact.strip(),
        phone=phone.strip(),
        email=email.strip(),
        qualifications=dict(qualifications or {}),
    )
    session.add(contractor)
    touch(session)
    return contractor


def add_estate(
    session: Session,
    *,
    name: str,
    purchaser: Purchaser,
    district: str = "",
    address: str = "",
    aliases: Iterable[str] = (),
    buildings: Iterable[str] = (),
) -> Estate:
    """A new 小区; the district is the purchaser's unless given. Raises BadInput, Conflict."""
    estate = Estate(
        name=_new_name(session, Estate, name, "小区"),
        district=district.strip() or purchaser.district,
        address=address.strip(),
        purchaser_id=purchaser.id,
    )
    _set_aliases(estate, aliases)
    _set_buildings(estate, buildings)
    session.add(estate)
    touch(session)
    return estate


def add_contract(
    session: Session,
    taxonomy: Taxonomy,
    *,
    number: str,
    contractor: Contractor,
    purchaser: Purchaser,
    categories: Iterable[str],
    estates: Sequence[Estate],
    starts: date,
    ends: date,
    targets: Mapping[str, Any] | None = None,
) -> Contract:
    """A new 合同, both days inclusive; ``targets`` are the quantified aims 方案 二(八) asks for.

    Raises BadInput for what may not be bought (方案 二(二)), for no estates or for days the wrong way round, Conflict for a
    number already there. Overlaps with other contracts are not refused here: ``check_register`` names them with their dates.
    """
    if not number.strip():
        raise BadInput("合同编号不能为空", cure="填写合同编号")
    if not estates:
        raise BadInput(f"合同 {number} 没有写明小区", cure="填写小区名称，全部小区写 *")
    conditions.period(starts, ends)
    if session.scalars(select(Contract.id).where(Contract.number == number.strip())).first() is not None:
        raise Conflict(f"合同编号 {number} 已存在", cure="修改原合同，或换一个编号")
    contract = Contract(
        number=number.strip(),
        contractor=contractor,
        purchaser=purchaser,
        categories=conditions.bought(categories, taxonomy),
        starts=starts,
        ends=ends,
        targets=dict(targets or {}),
        estates=list(estates),
    )
    session.add(contract)
    touch(session)
    return contract


def change_purchaser(
    session: Session,
    purchaser: Purchaser,
    *,
    kind: str,
    district: str,
    parent: Purchaser | None,
    phone: str,
) -> None:
    """Raises BadInput for a kind that may not buy, or a purchaser put under itself."""
    above, seen = parent, 0
    while above is not None and seen < 10:
        if above.id == purchaser.id:
            raise BadInput(f"{purchaser.name}不能是自己的下级", cure="核对上级单位")
        above, seen = session.get(Purchaser, above.parent_id or 0), seen + 1
    purchaser.kind = conditions.purchaser_kind(kind)
    purchaser.district = district.strip()
    purchaser.parent_id = parent.id if parent is not None else None
    purchaser.phone = phone.strip()
    touch(session)


def change_contractor(
    session: Session,
    contractor: Contractor,
    *,
    kind: str,
    code: str,
    contact: str,
    phone: str,
    email: str,
    qualifications: Mapping[str, Any],
) -> None:
    """Raises BadInput for a kind that may not sell."""
    contractor.kind = conditions.contractor_kind(kind)
    contractor.code = code.strip()
    contractor.contact = contact.strip()
    contractor.phone = phone.strip()
    contractor.email = email.strip()
    contractor.qualifications = dict(qualifications)
    touch(session)


def change_estate(
    session: Session,
    estate: Estate,
    *,
    purchaser: Purchaser,
    district: str,
    address: str,
    aliases: Iterable[str],
    buildings: Iterable[str],
) -> None:
    """Replaces what is known of an estate, its aliases and buildings too."""
    estate.purchaser_id = purchaser.id
    estate.district = district.strip() or purchaser.district
    estate.address = address.strip()
    _set_aliases(estate, aliases)
    _set_buildings(estate, buildings)
    touch(session)


def change_contract(
    session: Session,
    taxonomy: Taxonomy,
    contract: Contract,
    *,
    contractor: Contractor,
    purchaser: Purchaser,
    categories: Iterable[str],
    estates: Sequence[Estate],
    starts: date,
    ends: date,
    targets: Mapping[str, Any],
) -> None:
    """Replaces a contract's terms; the refusals are those of ``add_contract``. Tickets already assigned keep their contract."""
    if not estates:
        raise BadInput(f"合同 {contract.number} 没有写明小区", cure="填写小区名称，全部小区写 *")
    conditions.period(starts, ends)
    contract.categories = conditions.bought(categories, taxonomy)
    contract.contractor = contractor
    contract.purchaser = purchaser
    contract.estates = list(estates)
    contract.starts = starts
    contract.ends = ends
    contract.targets = dict(targets)
    touch(session)


def estates_of(session: Session, purchaser: Purchaser) -> list[Estate]:
    """What ``*`` means in a contract of this purchaser: all estates of its district, or of the city if it has none."""
    everywhere = select(Estate).order_by(Estate.id)
    return list(session.scalars(everywhere.where(Estate.district == purchaser.district) if purchaser.district else everywhere))


def _new_name(session: Session, kind: type[Purchaser] | type[Contractor] | type[Estate], name: str, called: str) -> str:
    wanted = name.strip()
    if not wanted:
        raise BadInput(f"{called}名称不能为空", cure="填写名称")
    if session.scalars(select(kind.id).where(kind.name == wanted)).first() is not None:
        raise Conflict(f"{called}“{wanted}”已存在", cure="修改原有登记，或换一个名称")
    return wanted


def _set_aliases(estate: Estate, aliases: Iterable[str]) -> None:
    wanted = dict.fromkeys(alias.strip() for alias in aliases if alias.strip() and alias.strip() != estate.name)
    kept = {known.alias: known for known in estate.aliases}
    estate.aliases[:] = [kept.get(alias) or EstateAlias(alias=alias) for alias in wanted]


def _set_buildings(estate: Estate, buildings: Iterable[str]) -> None:
    wanted = dict.fromkeys(name.strip() for name in buildings if name.strip())
    kept = {known.name: known for known in estate.buildings}
    estate.buildings[:] = [kept.get(name) or Building(name=name) for name in wanted]
