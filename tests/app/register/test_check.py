"""Who was responsible on which day, and the planted gaps and overlaps."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest
from sqlalchemy.orm import Session

from app.errors import BadInput
from app.register.check import RegisterReport, check_register
from app.register.model import Contract, Contractor, Estate, Purchaser
from app.register.organisations import add_contract, add_estate
from app.register.snapshot import snapshot
from app.register.table import aligned, width
from routing.taxonomy import Leaf, Owner, Taxonomy

FIRST, HANDOVER, LAST = date(2026, 1, 1), date(2026, 7, 1), date(2026, 12, 31)


class Book:
    """The contracts of one city, written one after the other."""

    def __init__(self, session: Session, taxonomy: Taxonomy, purchaser: Purchaser) -> None:
        self.session = session
        self.taxonomy = taxonomy
        self.purchaser = purchaser
        self.written = 0

    def sign(self, contractor: Contractor, estate: Estate, categories: str, starts: date = FIRST, ends: date = LAST) -> Contract:
        self.written += 1
        return add_contract(
            self.session,
            self.taxonomy,
            number=f"H{self.written}",
            contractor=contractor,
            purchaser=self.purchaser,
            categories=categories.split(";"),
            estates=[estate],
            starts=starts,
            ends=ends,
        )

    def check(self, first: date = FIRST, last: date = LAST, **more: Any) -> RegisterReport:
        return check_register(snapshot(self.session), self.taxonomy, first, last, **more)


@pytest.fixture
def book(session: Session, taxonomy: Taxonomy, city: Purchaser) -> Book:
    return Book(session, taxonomy, city)


def test_on_the_day_of_the_hand_over_the_duty_passes(
    book: Book, first_firm: Contractor, second_firm: Contractor, estate: Estate
) -> None:
    book.sign(first_firm, estate, "C", ends=date(2026, 6, 30))
    book.sign(second_firm, estate, "C", starts=HANDOVER)
    register = snapshot(book.session).register
    leaf = book.taxonomy.leaves["C01"]
    owed = {day: [t.contractor for t in register.owed(leaf, str(estate.id), day)] for day in (date(2026, 6, 30), HANDOVER)}
    assert owed == {date(2026, 6, 30): [first_firm.name], HANDOVER: [second_firm.name]}
    duties = [d for d in book.check().duties if d.code == "C"]
    assert [(d.first, d.last, d.parties, d.contracts) for d in duties] == [
        (FIRST, date(2026, 6, 30), (first_firm.name,), ("H1",)),
        (HANDOVER, LAST, (second_firm.name,), ("H2",)),
    ]


def test_a_planted_gap_is_told_with_its_days(book: Book, first_firm: Contractor, estate: Estate) -> None:
    book.sign(first_firm, estate, "A;C;D", ends=date(2026, 6, 30))
    book.sign(first_firm, estate, "A;C;D", starts=date(2026, 7, 2))
    report = book.check()
    assert not report.sound
    assert "春和苑的C 维修养护在 2026-07-01 至 2026-07-01 没有合同约定由谁承办" in report.gaps
    assert len(report.gaps) == 3
    assert report.overlaps == ()


def test_a_planted_overlap_is_told_with_the_contracts(
    book: Book, first_firm: Contractor, second_firm: Contractor, estate: Estate
) -> None:
    book.sign(first_firm, estate, "A;C;D", ends=date(2026, 7, 10))
    book.sign(first_firm, estate, "A;D", starts=date(2026, 7, 11))
    book.sign(second_firm, estate, "C", starts=HANDOVER)
    report = book.check()
    assert not report.sound
    assert report.gaps == ()
    assert report.overlaps == ("春和苑的C 维修养护在 2026-07-01 至 2026-07-10 同时由合同 H1、H3（乙中心、甲公司）约定",)


def test_a_contract_for_one_leaf_beats_the_group_and_is_no_overlap(
    book: Book, first_firm: Contractor, second_firm: Contractor, estate: Estate
) -> None:
    book.sign(first_firm, estate, "A;C;D")
    book.sign(second_firm, estate, "C07")
    report = book.check()
    assert report.sound
    assert [(d.code, d.parties) for d in report.duties if d.code.startswith("C")] == [
        ("C", (first_firm.name,)),
        ("C07", (second_firm.name,)),
    ]


def test_what_cannot_be_bought_stays_with_the_purchaser(book: Book, first_firm: Contractor, estate: Estate) -> None:
    book.sign(first_firm, estate, "A;C;D")
    kinds = {d.code: d.kind for d in book.check().duties}
    assert {code: kinds[code] for code in ("G", "R", "E", "A")} == {
        "G": "purchaser",
        "R": "purchaser",
        "E": "purchaser",
        "A": "contractor",
    }
    assert "N" not in kinds


def test_warnings(book: Book, first_firm: Contractor, estate: Estate, city: Purchaser) -> None:
    add_estate(book.session, name="东岭居", purchaser=city, aliases=["春和"])
    book.sign(first_firm, estate, "C", starts=date(2025, 1, 1), ends=date(2025, 12, 31))
    book.taxonomy = Taxonomy(book.taxonomy.groups, {**book.taxonomy.leaves, "C01": book.taxonomy.leaves["C01"]})
    warnings = book.check().warnings
    assert "合同 H1（甲公司）已于 2025-12-31 到期" in warnings
    assert any("“春和”同时指春和苑、东岭居" in warning for warning in warnings)


def test_a_contract_of_an_older_taxonomy_is_pointed_out(book: Book, first_firm: Contractor, estate: Estate) -> None:
    book.sign(first_firm, estate, "C;D01")
    leaves = {code: leaf for code, leaf in book.taxonomy.leaves.items() if code != "D01"}
    report = check_register(snapshot(book.session), Taxonomy(book.taxonomy.groups, leaves), FIRST, LAST)
    assert any("合同 H1 的类别 D01 与现行分类标准不符" in warning for warning in report.warnings)


def test_without_one_at_the_top_nobody_leads(session: Session, taxonomy: Taxonomy) -> None:
    report = check_register(snapshot(session), taxonomy, FIRST, LAST)
    assert report.sound
    assert any("牵头" in warning for warning in report.warnings)
    assert "还没有小区" in report.to_text()


def test_days_the_wrong_way_round(book: Book) -> None:
    with pytest.raises(BadInput):
        book.check(LAST, FIRST)


def test_the_table_is_aligned_for_wide_characters(book: Book, first_firm: Contractor, estate: Estate) -> None:
    book.sign(first_firm, estate, "A;C")
    text = book.check(limits=lambda leaf: f"{leaf.code}限时").to_text()
    table = text.split("\n\n")[0].splitlines()
    assert table[1].startswith("------")
    starts = {width(line[: line.index("2026-01-01")]) for line in table[2:]}
    assert len(starts) == 1
    assert "A01限时" in text
    assert "【空档】" in text
    assert "空档：" in text


def test_widths() -> None:
    assert [width(word) for word in ("abc", "公租房", "C 维修", "e\u0301")] == [3, 6, 6, 1]
    assert aligned(("甲", "b"), [("x", "y")]) == ["甲  b", "--  -", "x   y"]


def test_the_json_form_is_plain(book: Book, first_firm: Contractor, estate: Estate) -> None:
    book.sign(first_firm, estate, "A;C;D")
    said = json.loads(json.dumps(book.check().to_json(), ensure_ascii=False))
    assert said["sound"] is True
    assert said["duties"][0] == {
        "estate": "春和苑",
        "code": "A",
        "category": "入住退出",
        "first": "2026-01-01",
        "last": "2026-12-31",
        "kind": "contractor",
        "parties": ["甲公司"],
        "contracts": ["H1"],
        "limits": "",
    }


def test_a_group_shows_the_limits_of_its_usual_urgency(book: Book, first_firm: Contractor, estate: Estate) -> None:
    def limits(leaf: Leaf) -> str:
        assert leaf.owner is not Owner.ELSEWHERE
        return leaf.urgency

    shown = {d.code: d.limits for d in book.check(limits=limits).duties}
    assert (shown["C"], shown["A"]) == ("U1", "U2")
