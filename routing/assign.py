"""Who is set to work 派单去向: the verdict against the contracts of that place and day. Guessing is not routing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

from routing.place import EstateEntry
from routing.taxonomy import Leaf, Owner
from routing.verdict import Verdict

Party = tuple[str, str]  # (id, name)


@dataclass(frozen=True, slots=True)
class Terms:
    """What one contract says: who owes which categories on which estates, from the first to the last day inclusive."""

    contract_id: str
    number: str
    contractor_id: str
    contractor: str
    purchaser_id: str
    purchaser: str
    categories: frozenset[str]  # groups ("C") or leaf codes ("C12")
    estates: frozenset[str]
    starts: date
    ends: date

    def clause(self, leaf: Leaf) -> str:
        """The narrowest clause that covers the leaf: its own code, else its group, else ""."""
        return next((code for code in (leaf.code, leaf.group) if code in self.categories), "")

    def runs(self, day: date) -> bool:
        return self.starts <= day <= self.ends


@dataclass(frozen=True, slots=True)
class Register:
    """The register as routing needs it."""

    terms: tuple[Terms, ...]
    estates: Mapping[str, EstateEntry]
    purchaser_of: Mapping[str, Party]
    lead_purchaser: Party | None = None

    def purchaser(self, estate_id: str | None) -> Party | None:
        """The purchaser of the estate, else the lead purchaser."""
        return self.purchaser_of.get(estate_id or "", self.lead_purchaser)

    def owed(self, leaf: Leaf, estate_id: str, day: date) -> tuple[Terms, ...]:
        """The contracts that owe the leaf there on that day, narrowest clause only; more than one is an overlap."""
        running = [t for t in self.terms if estate_id in t.estates and t.runs(day) and t.clause(leaf)]
        narrow = [t for t in running if t.clause(leaf) == leaf.code]
        return tuple(narrow or running)


@dataclass(frozen=True, slots=True)
class Assignment:
    """Who gets the ticket and why. ``contract_id``, ``number`` and ``clause`` are empty for a purchaser."""

    to: Literal["contractor", "purchaser"]
    party_id: str
    party: str
    purchaser_id: str
    purchaser: str
    why: str
    contract_id: str = ""
    number: str = ""
    clause: str = ""
    supervision: bool = False  # about the contractor: its accounts must not see the ticket


@dataclass(frozen=True, slots=True)
class Unassigned:
    """Why nobody was set to work; the ticket waits for an agent.

    ``code`` is one of unsure, no_contract, no_place, ambiguous_place, overlap, elsewhere, no_purchaser.
    """

    code: str
    why: str
    refer: str = ""  # elsewhere: where the person is sent


def assign(verdict: Verdict, leaf: Leaf, estate_id: str | None, day: date, register: Register) -> Assignment | Unassigned:
    """Decide who owes the answer on that day.

    A matter reserved to government or about the contractor goes to the purchaser whatever the leaf's owner says, even
    without a place. An emergency is never held up by doubt. Everything unsure or unsettled stays with the agents.
    """
    if verdict.about_contractor or leaf.owner is Owner.SUPERVISION or leaf.group == "R":
        return _to_purchaser(
            register, estate_id, f"{leaf.name}涉及承接主体或其工作人员，由购买主体监督岗办理，承接主体不可见", True
        )
    if verdict.emergencies or leaf.owner is Owner.EMERGENCY:
        return _emergency(verdict, leaf, estate_id, day, register)
    if verdict.reserved or leaf.group == "G":
        return _to_purchaser(register, estate_id, f"{leaf.name}属政府保留事项，不得交承接主体办理")
    if verdict.review:
        return Unassigned("unsure", "研判把握不足，须由坐席核定类别后再派单：" + ";".join(verdict.reasons[:3]))
    if leaf.owner is Owner.PURCHASER:
        return _to_purchaser(register, estate_id, f"{leaf.name}由购买主体直接办理")
    if leaf.owner is Owner.ELSEWHERE:
        where = leaf.refer or "请向有关部门反映，或拨打 12345"
        return Unassigned("elsewhere", f"{leaf.name}不属本热线受理范围，告知诉求人：{where}", where)
    return _by_contract(verdict, leaf, estate_id, day, register)


def _by_contract(verdict: Verdict, leaf: Leaf, estate_id: str | None, day: date, register: Register) -> Assignment | Unassigned:
    if estate_id is None or estate_id not in register.estates:
        return _placeless(verdict)
    estate = register.estates[estate_id].name
    owed = register.owed(leaf, estate_id, day)
    if not owed:
        return Unassigned("no_contract", f"{day.isoformat()} 当日没有合同覆盖{estate}的{leaf.code}{leaf.name}")
    if len(owed) > 1:
        numbers = "、".join(sorted(t.number for t in owed))
        return Unassigned(
            "overlap", f"{estate}的{leaf.code}{leaf.name}在 {day.isoformat()} 同时由合同 {numbers} 约定，须人工确定"
        )
    return _to_contractor(owed[0], leaf, estate)


def _emergency(verdict: Verdict, leaf: Leaf, estate_id: str | None, day: date, register: Register) -> Assignment | Unassigned:
    if verdict.reserved:
        return _to_purchaser(register, estate_id, f"{leaf.name}属紧急情况，同时涉及政府保留事项，先由购买主体处置")
    if estate_id is not None and estate_id in register.estates:
        owed = register.owed(leaf, estate_id, day)
        if len(owed) == 1:
            return _to_contractor(owed[0], leaf, register.estates[estate_id].name, urgent=True)
        lack = "有多份合同同时约定应急处置" if owed else "当日没有合同约定应急处置"
    else:
        lack = "位置尚未核定"
    return _to_purchaser(register, estate_id, f"{leaf.name}属紧急情况，{lack}，直接报购买主体，不得等待")


def _to_contractor(terms: Terms, leaf: Leaf, estate: str, *, urgent: bool = False) -> Assignment:
    clause = f"{leaf.code}{leaf.name}" if terms.clause(leaf) == leaf.code else f"{leaf.group}类"
    why = (
        f"{'紧急：' if urgent else ''}{estate}的{leaf.name}由合同 {terms.number}（{clause}条款，"
        f"{terms.starts.isoformat()} 至 {terms.ends.isoformat()}）约定，派{terms.contractor}"
    )
    return Assignment(
        "contractor",
        terms.contractor_id,
        terms.contractor,
        terms.purchaser_id,
        terms.purchaser,
        why,
        terms.contract_id,
        terms.number,
        terms.clause(leaf),
    )


def _to_purchaser(register: Register, estate_id: str | None, why: str, supervision: bool = False) -> Assignment | Unassigned:
    party = register.purchaser(estate_id)
    if party is None:
        return Unassigned("no_purchaser", f"{why}；但登记簿中没有该处的购买主体，也没有牵头购买主体")
    return Assignment("purchaser", party[0], party[1], party[0], party[1], f"{why}，派{party[1]}", supervision=supervision)


def _placeless(verdict: Verdict) -> Unassigned:
    if verdict.place and verdict.place.candidates:
        names = "、".join(name for _, name in verdict.place.candidates)
        return Unassigned("ambiguous_place", f"地名对应多个小区（{names}），须向诉求人核实")
    return Unassigned("no_place", "未能确定小区，须向诉求人核实位置")
