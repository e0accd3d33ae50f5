"""How good the routing is on texts it has never seen, with honest floors; and the guard set, with none."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import date

import pytest

from routing.assign import Assignment, assign
from routing.evaluate import macro_f1
from routing.taxonomy import Owner, Taxonomy
from routing.understand import Understander
from routing.verdict import Verdict
from tests.routing.world import held, register, terms

HELDOUT = held("heldout")
GUARD = held("guard")
GUARDED = [*GUARD["reserved"], *GUARD["about_contractor"]]
EVERYTHING = register(terms("HT-1", "A B C D P E N"), terms("HT-2", "G R"))


Judged = list[tuple[str, str, Verdict]]
Record = Callable[[str, object], None]


def judged(understander: Understander, part: str) -> Judged:
    return [(code, text, understander.understand(text)) for code, texts in HELDOUT[part].items() for text in texts]


@pytest.fixture(scope="module")
def verdicts(understander: Understander) -> Judged:
    return judged(understander, "says") + judged(understander, "unseen")


@pytest.mark.parametrize(("part", "floors"), [("says", (0.85, 0.82, 0.75, 0.93)), ("unseen", (0.85, 0.82, 0.75, 0.93))])
def test_held_out(
    part: str, floors: tuple[float, ...], understander: Understander, taxonomy: Taxonomy, record_property: Record
) -> None:
    found = judged(understander, part)
    sure = [(code, v) for code, _, v in found if not v.review]
    figures = {
        "group_macro_f1": macro_f1([(code[0], v.group) for code, _, v in found]),
        "leaf_accuracy": sum(code == v.leaf for code, _, v in found) / len(found),
        "coverage": len(sure) / len(found),
        "owner_accuracy_where_sure": sum(taxonomy.leaves[code].owner is v.owner for code, v in sure) / len(sure),
    }
    for name, value in figures.items():
        record_property(f"{part}.{name}", round(value, 4))
    sys.stdout.write(f"{part}: n={len(found)} { ({k: round(v, 3) for k, v in figures.items()}) }\n")
    assert all(value >= floor for value, floor in zip(figures.values(), floors, strict=True)), figures


def test_emergencies_are_met_and_false_alarms_few(verdicts: Judged) -> None:
    missed = [text for code, text, v in verdicts if code.startswith("E") and not v.emergencies]
    false = [text for code, text, v in verdicts if not code.startswith("E") and v.emergencies]
    assert not missed
    assert len(false) <= 0.05 * len(verdicts), false


def test_nothing_reserved_or_about_the_contractor_leaks(verdicts: Judged) -> None:
    assert [text for code, text, v in verdicts if code[0] in "GR" and v.owner is Owner.CONTRACTOR and not v.review] == []


@pytest.mark.parametrize("text", GUARDED)
def test_the_guard_set_never_reaches_a_contractor(text: str, understander: Understander, taxonomy: Taxonomy) -> None:
    verdict = understander.understand(f"碧水家园3栋，{text}")
    found = assign(verdict, taxonomy.leaves[verdict.leaf], "1", date(2026, 5, 3), EVERYTHING)
    assert not (isinstance(found, Assignment) and found.to == "contractor"), verdict


def test_the_guard_set_is_large_and_unseen(phrases: dict[str, tuple[str, ...]]) -> None:
    seen = {text for texts in phrases.values() for text in texts}
    assert len(GUARDED) >= 40
    assert not seen & {*GUARDED, *(text for part in HELDOUT.values() for texts in part.values() for text in texts)}


def test_ordinary_repairs_are_still_dispatched(understander: Understander, taxonomy: Taxonomy) -> None:
    texts = [
        "厨房水管接头漏水，柜子泡了，麻烦来修",
        "单元门锁坏了关不上",
        "电梯又坏了，上下楼不方便",
        "楼道灯三天不亮",
        "垃圾桶满了没人清",
        "下水道堵了，卫生间返水",
        "楼上邻居装修电钻太吵",
        "合同到期了怎么续签",
        "银行卡扣租金失败了怎么补交",
        "报修三天没人来 厨房还在漏",
        "蟑螂多得很",
        "草长到膝盖了",
        "楼上半夜拖桌子",
        "吊顶处出现渗水",
        "物业师傅来看过一次 说缺配件 马桶还在漏",
        "麻烦师傅来修一下水龙头 谢谢",
    ]
    found = [assign(v, taxonomy.leaves[v.leaf], "1", date(2026, 5, 3), EVERYTHING) for v in map(understander.understand, texts)]
    assert [isinstance(a, Assignment) and a.to == "contractor" for a in found] == [True] * len(texts), found


def test_a_text_that_names_staff_is_dispatched_only_when_the_matter_is_plain(understander: Understander) -> None:
    """Who is named may be whom it is about: the gift, not the lamp."""
    doubtful = understander.understand("碧水家园的灯坏了没人修，是不是因为我上回没给物业经理送礼")
    plain = understander.understand("麻烦师傅来修一下水龙头 谢谢")
    assert doubtful.review or doubtful.about_contractor
    assert not plain.review
