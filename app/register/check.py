"""Does the register answer for everything: who owes each category on each estate, and where nobody or two do."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from app.errors import BadInput
from app.policy import Policy
from app.register.conditions import bought
from app.register.snapshot import Snapshot
from app.register.table import aligned
from routing.coverage import Cell, Finding, Span, coverage, gaps, overlaps
from routing.taxonomy import Leaf, Taxonomy

Limits = Callable[[Leaf], str]  # a leaf's limits in words
KIND_NAMES = {"contractor": "", "purchaser": "（购买主体直接办理）", "gap": "【空档】", "overlap": "【重叠】"}


@dataclass(frozen=True, slots=True)
class Duty:
    """One line of the table: from the first to the last day these owe this category on this estate."""

    estate: str
    code: str  # group letter, or leaf code where the leaf goes its own way
    category: str
    first: date
    last: date
    kind: str  # contractor, purchaser, gap, overlap
    parties: tuple[str, ...]
    contracts: tuple[str, ...]
    limits: str


@dataclass(frozen=True, slots=True)
class RegisterReport:
    """What ``check_register`` found. Gaps and overlaps are faults; warnings are for a person to judge."""

    first: date
    last: date
    duties: tuple[Duty, ...]
    gaps: tuple[str, ...]
    overlaps: tuple[str, ...]
    warnings: tuple[str, ...]

    @property
    def sound(self) -> bool:
        return not self.gaps and not self.overlaps

    def to_json(self) -> dict[str, Any]:
        """Dates in ISO form; nothing but plain JSON values."""
        plain = [{**asdict(duty), "first": duty.first.isoformat(), "last": duty.last.isoformat()} for duty in self.duties]
        return {
            "first": self.first.isoformat(),
            "last": self.last.isoformat(),
            "sound": self.sound,
            "duties": [{**duty, "parties": list(duty["parties"]), "contracts": list(duty["contracts"])} for duty in plain],
            "gaps": list(self.gaps),
            "overlaps": list(self.overlaps),
            "warnings": list(self.warnings),
        }

    def to_text(self) -> str:
        """A table aligned for a terminal, then the gaps, overlaps and warnings, each on a line of its own."""
        heads = ("小区", "类别", "起", "止", "承办", "合同", "时限（整类的行：该类一般事项）")
        rows = [
            (
                duty.estate,
                f"{duty.code} {duty.category}",
                duty.first.isoformat(),
                duty.last.isoformat(),
                "、".join(duty.parties) + KIND_NAMES[duty.kind],
                "、".join(duty.contracts),
                duty.limits,
            )
            for duty in self.duties
        ]
        lines = aligned(heads, rows) if rows else ["登记簿中还没有小区"]
        for called, found in (("空档", self.gaps), ("重叠", self.overlaps), ("提醒", self.warnings)):
            lines += ["", f"{called}：{len(found)}处" if found else f"{called}：无", *(f"  {said}" for said in found)]
        return "\n".join(lines)


def check_register(shot: Snapshot, taxonomy: Taxonomy, first: date, last: date, limits: Limits | None = None) -> RegisterReport:
    """Looks at every estate and category for every day from ``first`` to ``last``, both inclusive.

    ``limits`` puts a leaf's limits into words; a group is shown with those of a leaf of its usual urgency. Raises BadInput
    when the last day is before the first.
    """
    if last < first:
        raise BadInput(f"止日 {last} 早于起日 {first}", cure="核对起止日期")
    cells = coverage(shot.register, taxonomy, first, last)
    return RegisterReport(
        first,
        last,
        tuple(_duty(cell, span, taxonomy, limits) for cell in cells for span in cell.spans),
        tuple(_said_gap(finding) for finding in gaps(cells)),
        tuple(_said_overlap(finding) for finding in overlaps(cells)),
        tuple(_warnings(shot, taxonomy, first)),
    )


def limits_of(policy: Policy) -> Limits:
    """How the policy's limits for a leaf, at its own urgency, are put into words."""

    def limits(leaf: Leaf) -> str:
        targets = policy.sla.promises.get((leaf.code, leaf.urgency), ())
        return " ".join(f"{target.name}{target.budget.words}" for target in targets)

    return limits


def _duty(cell: Cell, span: Span, taxonomy: Taxonomy, limits: Limits | None) -> Duty:
    return Duty(
        cell.estate,
        cell.leaf or cell.group,
        cell.name,
        span.first,
        span.last,
        span.kind,
        span.parties,
        span.numbers,
        limits(_usual_leaf(cell, taxonomy)) if limits is not None else "",
    )


def _usual_leaf(cell: Cell, taxonomy: Taxonomy) -> Leaf:
    """The leaf itself, or the first of its group that is as urgent as most of the group."""
    if cell.leaf:
        return taxonomy.leaves[cell.leaf]
    inside = [leaf for leaf in taxonomy.leaves.values() if leaf.group == cell.group]
    usual = Counter(leaf.urgency for leaf in inside).most_common(1)[0][0]
    return next(leaf for leaf in inside if leaf.urgency == usual)


def _days(span: Span) -> str:
    return f"{span.first.isoformat()} 至 {span.last.isoformat()}"


def _what(cell: Cell) -> str:
    return f"{cell.estate}的{cell.leaf or cell.group} {cell.name}"


def _said_gap(finding: Finding) -> str:
    return f"{_what(finding.cell)}在 {_days(finding.span)} 没有合同约定由谁承办"


def _said_overlap(finding: Finding) -> str:
    numbers, parties = "、".join(finding.span.numbers), "、".join(finding.span.parties)
    return f"{_what(finding.cell)}在 {_days(finding.span)} 同时由合同 {numbers}（{parties}）约定"


def _warnings(shot: Snapshot, taxonomy: Taxonomy, first: date) -> Iterator[str]:
    register = shot.register
    for estate_id, estate in register.estates.items():
        if estate_id not in register.purchaser_of:
            yield f"{estate.name}没有购买主体，政府保留事项和投诉承接主体的诉求无处可派"
    if register.lead_purchaser is None:
        yield "看不出牵头的购买主体，位置不明的保留事项和监督投诉无处可派；请只让一个单位没有上级"
    for terms in register.terms:
        if terms.ends < first:
            yield f"合同 {terms.number}（{terms.contractor}）已于 {terms.ends.isoformat()} 到期"
        yield from _not_to_be_bought(terms.number, terms.categories, taxonomy)
    yield from _shared_names(shot)


def _not_to_be_bought(number: str, categories: Iterable[str], taxonomy: Taxonomy) -> Iterator[str]:
    """A contract entered under an older policy may name what the present one does not know or forbids."""
    for code in sorted(categories):
        try:
            bought([code], taxonomy)
        except BadInput as refusal:
            yield f"合同 {number} 的类别 {code} 与现行分类标准不符：{refusal.message}"


def _shared_names(shot: Snapshot) -> Iterator[str]:
    """Names that lead to more than one estate: tickets that use them wait for an agent."""
    called: dict[str, list[str]] = defaultdict(list)
    for estate in shot.entries:
        for name in dict.fromkeys((estate.name, *estate.aliases)):
            called[name].append(estate.name)
    for name, estates in called.items():
        if len(estates) > 1:
            yield f"“{name}”同时指{'、'.join(estates)}，只写这个名字的诉求须由坐席核实位置"
