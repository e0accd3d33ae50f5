"""The whole register as routing needs it, read in a handful of queries and good until the revision moves on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from app.register.model import Building, Contract, ContractEstate, Contractor, Estate, EstateAlias, Fact, Purchaser
from app.register.organisations import REVISION
from routing.assign import Party, Register, Terms
from routing.place import EstateEntry


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The register at one revision. In ``register`` ids are strings, as routing wants. Immutable: threads may share it."""

    revision: int
    register: Register
    purchasers: Mapping[int, str]  # id -> name
    contractors: Mapping[int, str]  # id -> name

    @property
    def entries(self) -> Sequence[EstateEntry]:
        """What the gazetteer is made of."""
        return tuple(self.register.estates.values())


def revision(session: Session) -> int:
    """Counts up with every change of the register; 0 for an empty one."""
    return session.scalars(select(Fact.number).where(Fact.key == REVISION)).one_or_none() or 0


def snapshot(session: Session) -> Snapshot:
    """Reads the register in eight queries, however large it is."""
    at = revision(session)
    purchasers = session.execute(
        select(Purchaser.id, Purchaser.name, Purchaser.district, Purchaser.parent_id).order_by(Purchaser.id)
    )
    bodies = purchasers.all()
    buyers = {body.id: (str(body.id), body.name) for body in bodies}
    sellers = {row.id: row.name for row in session.execute(select(Contractor.id, Contractor.name).order_by(Contractor.id))}
    owners = session.execute(select(Estate.id, Estate.purchaser_id)).all()
    register = Register(
        terms=_terms(session, buyers, sellers),
        estates={entry.id: entry for entry in _estates(session)},
        purchaser_of={str(estate): buyers[purchaser] for estate, purchaser in owners if purchaser in buyers},
        lead_purchaser=_lead(bodies),
    )
    return Snapshot(at, register, {body.id: body.name for body in bodies}, sellers)


def _lead(bodies: Sequence[Row[int, str, str, int | None]]) -> Party | None:
    """The purchaser that answers where no estate is known: the only one at the top, else the only one for the whole city."""
    top = [body for body in bodies if body.parent_id is None]
    if len(top) > 1:
        top = [body for body in top if not body.district]
    return (str(top[0].id), top[0].name) if len(top) == 1 else None


def _estates(session: Session) -> list[EstateEntry]:
    aliases: dict[int, list[str]] = defaultdict(list)
    for estate_id, alias in session.execute(select(EstateAlias.estate_id, EstateAlias.alias).order_by(EstateAlias.id)):
        aliases[estate_id].append(alias)
    buildings: dict[int, list[str]] = defaultdict(list)
    for estate_id, name in session.execute(select(Building.estate_id, Building.name).order_by(Building.id)):
        buildings[estate_id].append(name)
    return [
        EstateEntry(str(row.id), row.name, tuple(aliases[row.id]), row.district, tuple(buildings[row.id]))
        for row in session.execute(select(Estate.id, Estate.name, Estate.district).order_by(Estate.id))
    ]


def _terms(session: Session, buyers: Mapping[int, Party], sellers: Mapping[int, str]) -> tuple[Terms, ...]:
    places: dict[int, set[str]] = defaultdict(set)
    for contract_id, estate_id in session.execute(select(ContractEstate.contract_id, ContractEstate.estate_id)):
        places[contract_id].add(str(estate_id))
    columns = (
        Contract.id,
        Contract.number,
        Contract.contractor_id,
        Contract.purchaser_id,
        Contract.categories,
        Contract.starts,
        Contract.ends,
    )
    return tuple(
        Terms(
            contract_id=str(row.id),
            number=row.number,
            contractor_id=str(row.contractor_id),
            contractor=sellers[row.contractor_id],
            purchaser_id=buyers[row.purchaser_id][0],
            purchaser=buyers[row.purchaser_id][1],
            categories=frozenset(row.categories),
            estates=frozenset(places[row.id]),
            starts=row.starts,
            ends=row.ends,
        )
        for row in session.execute(select(*columns).order_by(Contract.id))
    )
