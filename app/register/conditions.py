"""What may stand in the register at all: who may buy and sell, and what may be bought (方案 二). Pure; no database."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date, timedelta

from app.errors import BadInput
from app.register.model import REFUSED_KINDS, ContractorKind, PurchaserKind
from routing.taxonomy import Leaf, Owner, Taxonomy

BUYABLE = (Owner.CONTRACTOR, Owner.EMERGENCY)  # an emergency is dialled out first, and the contractor still has to come
MOST_BUILDINGS = 300

_NOT_BOUGHT: Mapping[Owner, str] = {
    Owner.PURCHASER: "保障资格的准入和取消、新建改建扩建等须由政府直接办理，不得购买（试点方案二(二)）",
    Owner.SUPERVISION: "涉及承接主体的投诉由购买主体监督，不得交给被反映的单位（信访工作条例第三十条）",
    Owner.ELSEWHERE: "不属公租房运营管理，不在购买内容之内（试点方案二(二)）",
}


def purchaser_kind(word: str) -> PurchaserKind:
    """The kind of a purchaser 购买主体. Raises BadInput naming the clause for the refused kinds (方案 二(四))."""
    _refuse_barred(word)
    for kind in PurchaserKind:
        if word.strip() == kind.value:
            return kind
    allowed = "、".join(kind.value for kind in PurchaserKind)
    raise BadInput(f"“{word.strip()}”不是购买主体的类型", cure=f"可填：{allowed}（试点方案二(一)）")


def contractor_kind(word: str) -> ContractorKind:
    """The kind of a contractor 承接主体. Raises BadInput naming the clause for the refused kinds (方案 二(四))."""
    _refuse_barred(word)
    for kind in ContractorKind:
        if word.strip() == kind.value:
            return kind
    allowed = "、".join(kind.value for kind in ContractorKind)
    raise BadInput(f"“{word.strip()}”不是承接主体的类型", cure=f"可填：{allowed}（试点方案二(三)）")


def _refuse_barred(word: str) -> None:
    if word.strip() in REFUSED_KINDS:
        raise BadInput(f"{word.strip()}既不得作为购买主体，也不得作为承接主体（试点方案二(四)）", cure="请核对单位类型")


def bought(words: Iterable[str], taxonomy: Taxonomy) -> list[str]:
    """The groups and leaves a contract may name, in the taxonomy's order and once each.

    Raises BadInput for a code the taxonomy does not know, for a group in which nothing may be bought (G, R, N), and for a
    leaf nobody may buy (a G, R or N leaf, or D05 and D07, which would let the rated collect the ratings); 方案 二(二), 二(八).
    """
    named = {word.strip().upper() for word in words if word.strip()}
    if not named:
        raise BadInput("合同没有写明类别", cure="填写类别代码，如 C 或 C07，多个以分号隔开")
    for code in sorted(named):
        if code in taxonomy.groups:
            _check_group(code, taxonomy)
        elif code in taxonomy.leaves:
            _check_leaf(taxonomy.leaves[code])
        else:
            raise BadInput(f"没有“{code}”这个类别", cure="可用的大类：" + "、".join(_buyable_groups(taxonomy)))
    return [code for code in (*taxonomy.groups, *taxonomy.leaves) if code in named]


def _check_group(group: str, taxonomy: Taxonomy) -> None:
    inside = [leaf for leaf in taxonomy.leaves.values() if leaf.group == group]
    if not any(leaf.owner in BUYABLE for leaf in inside):
        why = _NOT_BOUGHT[inside[0].owner] if inside else "该大类下没有类别"
        raise BadInput(f"合同不得约定{group}类{taxonomy.groups[group]}：{why}", cure="从合同类别中去掉" + group)


def _check_leaf(leaf: Leaf) -> None:
    if leaf.owner in BUYABLE:
        return
    why = _NOT_BOUGHT[leaf.owner]
    if leaf.group == "D":
        why = "满意度测评和评价结果公开由购买主体负责，被评价者不得经手（试点方案二(二)、二(八)）"
    raise BadInput(f"合同不得约定{leaf.code}{leaf.name}：{why}", cure="从合同类别中去掉" + leaf.code)


def _buyable_groups(taxonomy: Taxonomy) -> list[str]:
    buyable = {leaf.group for leaf in taxonomy.leaves.values() if leaf.owner in BUYABLE}
    return [f"{letter} {name}" for letter, name in taxonomy.groups.items() if letter in buyable]


def period(starts: date, ends: date) -> None:
    """Raises BadInput unless the contract ends on or after the day it starts."""
    if ends < starts:
        raise BadInput(f"合同止日 {ends} 早于起日 {starts}", cure="核对起止日期，起止当日都计入")


def said_date(text: str) -> date:
    """A day as people write it: 2026-01-01, 2026/1/1, 2026.1.1, 2026年1月1日, 20260101. Raises BadInput."""
    if re.fullmatch(r"[34567]\d{4}", text.strip()):  # a workbook keeps a day as the days since 1899-12-30
        return date(1899, 12, 30) + timedelta(days=int(text))
    words = text.strip().removesuffix("日")
    found = re.fullmatch(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})", words) or re.fullmatch(r"(\d{4})(\d{2})(\d{2})", words)
    try:
        if found is not None:
            return date(int(found[1]), int(found[2]), int(found[3]))
    except ValueError as no_such_day:
        raise BadInput(f"没有“{text}”这一天", cure="核对年月日") from no_such_day
    raise BadInput(f"“{text}”不是日期", cure="写成 2026-01-01 或 2026年1月1日")


def said_buildings(text: str) -> list[str]:
    """Buildings as people list them: ``1-12;15;A座`` gives 1…12, 15, A. Raises BadInput."""
    names: list[str] = []
    for part in re.split(r"[;；,，、\s]+", text.strip()):
        if not part:
            continue
        bare = re.sub(r"(?:号楼|[栋幢座楼#号])(?=$|[-~～至—])", "", part).upper()
        ends = re.fullmatch(r"([A-Z]?)(\d{1,4})[-~～至—]+([A-Z]?)(\d{1,4})", bare)
        if ends is not None:
            names += _run_of_buildings(part, ends[1], int(ends[2]), ends[3] or ends[1], int(ends[4]))
        elif re.fullmatch(r"[A-Z]?\d{1,4}|[A-Z]|[一-鿿]{1,6}", bare):
            names.append(bare)
        else:
            raise BadInput(f"楼栋“{part}”看不懂", cure="写成 1-12;15 的样子")
    return list(dict.fromkeys(names))


def _run_of_buildings(said: str, block: str, first: int, last_block: str, last: int) -> list[str]:
    if block != last_block or not first <= last < first + MOST_BUILDINGS:
        raise BadInput(f"楼栋范围“{said}”不对", cure=f"从小到大、同一字头、不超过{MOST_BUILDINGS}栋")
    return [f"{block}{number}" for number in range(first, last + 1)]


def said_targets(text: str) -> dict[str, float | str]:
    """量化目标 (方案 二(八)) as people list them: ``满意率=90%;按时办结率=0.95``; a share is a number. Raises BadInput."""
    targets: dict[str, float | str] = {}
    for part in re.split(r"[;；]", text):
        if not part.strip():
            continue
        name, mark, value = re.sub("[＝：:]", "=", part).partition("=")
        if not mark or not name.strip() or not value.strip():
            raise BadInput(f"量化目标“{part.strip()}”看不懂", cure="写成 满意率=90%;按时办结率=95% 的样子")
        targets[name.strip()] = _share(value.strip())
    return targets


def _share(value: str) -> float | str:
    number = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([%％]?)", value)
    if number is None:
        return value
    return round(float(number[1]) / 100, 6) if number[2] else float(number[1])
