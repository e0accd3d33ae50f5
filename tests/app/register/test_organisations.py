"""Who may stand in the register and what may be bought."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from sqlalchemy.orm import Session

from app.errors import BadInput, Conflict
from app.register import conditions, organisations
from app.register.model import REFUSED_KINDS, Contract, Contractor, ContractorKind, Estate, Purchaser, PurchaserKind
from app.register.snapshot import revision, snapshot
from routing.taxonomy import Taxonomy

YEAR: dict[str, Any] = {"starts": date(2026, 1, 1), "ends": date(2026, 12, 31)}


@pytest.mark.parametrize("kind", REFUSED_KINDS)
@pytest.mark.parametrize("add", [organisations.add_purchaser, organisations.add_contractor])
def test_barred_bodies_are_refused_for_either_role_with_the_clause(session: Session, add: Any, kind: str) -> None:
    with pytest.raises(BadInput, match=r"试点方案二\(四\)"):
        add(session, name="某单位", kind=kind)
    assert revision(session) == 0


@pytest.mark.parametrize(
    ("add", "kinds"),
    [(organisations.add_purchaser, PurchaserKind), (organisations.add_contractor, ContractorKind)],
)
def test_an_unknown_kind_is_refused_and_the_allowed_ones_are_listed(session: Session, add: Any, kinds: Any) -> None:
    with pytest.raises(BadInput) as refused:
        add(session, name="某单位", kind="基金会")
    assert all(kind.value in str(refused.value) for kind in kinds)


@pytest.mark.parametrize("kind", ContractorKind)
def test_every_lawful_kind_of_contractor_is_taken(session: Session, kind: ContractorKind) -> None:
    assert organisations.add_contractor(session, name="某单位", kind=kind.value).kind is kind


def test_a_contractors_kind_is_not_a_purchasers(session: Session) -> None:
    with pytest.raises(BadInput, match="不是购买主体的类型"):
        organisations.add_purchaser(session, name="某公司", kind="企业")


@pytest.mark.parametrize("name", ["", "  "])
def test_a_name_is_needed(session: Session, name: str) -> None:
    with pytest.raises(BadInput, match="名称不能为空"):
        organisations.add_contractor(session, name=name, kind="企业")


def test_the_same_name_twice_is_a_conflict(session: Session, first_firm: Contractor) -> None:
    with pytest.raises(Conflict):
        organisations.add_contractor(session, name=f" {first_firm.name} ", kind="企业")


@pytest.mark.parametrize(
    ("categories", "said"),
    [
        (["G"], "保障资格"),
        (["G01"], "不得购买"),
        (["C", "R"], "信访工作条例"),
        (["R01"], "不得交给被反映的单位"),
        (["N"], "不在购买内容"),
        (["N01"], "不在购买内容"),
        (["D05"], r"二\(八\)"),
        (["D", "D07"], r"二\(八\)"),
        (["X"], "没有“X”"),
        ([], "没有写明类别"),
        ([" "], "没有写明类别"),
    ],
)
def test_what_may_not_be_bought(taxonomy: Taxonomy, categories: list[str], said: str) -> None:
    with pytest.raises(BadInput, match=said):
        conditions.bought(categories, taxonomy)


def test_what_may_be_bought_stands_in_the_order_of_the_taxonomy(taxonomy: Taxonomy) -> None:
    assert conditions.bought(["c07", "E", "D", "A", "C07"], taxonomy) == ["A", "D", "E", "C07"]


def test_a_refused_contract_leaves_nothing(
    session: Session, taxonomy: Taxonomy, first_firm: Contractor, city: Purchaser, estate: Estate
) -> None:
    before = revision(session)
    with pytest.raises(BadInput):
        organisations.add_contract(
            session, taxonomy, number="1", contractor=first_firm, purchaser=city, categories=["G"], estates=[estate], **YEAR
        )
    session.flush()
    assert snapshot(session).register.terms == ()
    assert revision(session) == before


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"ends": date(2025, 12, 31)}, "早于起日"),
        ({"number": " "}, "编号不能为空"),
        ({"estates": []}, "没有写明小区"),
    ],
)
def test_contracts_must_make_sense(
    session: Session,
    taxonomy: Taxonomy,
    first_firm: Contractor,
    city: Purchaser,
    estate: Estate,
    change: dict[str, Any],
    said: str,
) -> None:
    terms: dict[str, Any] = {
        "number": "1",
        "contractor": first_firm,
        "purchaser": city,
        "categories": ["C"],
        "estates": [estate],
        **YEAR,
    }
    with pytest.raises(BadInput, match=said):
        organisations.add_contract(session, taxonomy, **(terms | change))


def test_every_change_moves_the_revision_on(
    session: Session, taxonomy: Taxonomy, first_firm: Contractor, city: Purchaser, estate: Estate
) -> None:
    seen = [revision(session)]
    contract = organisations.add_contract(
        session, taxonomy, number="1", contractor=first_firm, purchaser=city, categories=["C"], estates=[estate], **YEAR
    )
    seen.append(revision(session))
    change_of(session, taxonomy, contract, categories=["A"])
    seen.append(revision(session))
    organisations.change_estate(
        session, estate, purchaser=city, district="东区", address="新街1号", aliases=["春和", "老春"], buildings=["2", "3"]
    )
    seen.append(revision(session))
    assert seen == sorted(set(seen))
    entry = snapshot(session).register.estates[str(estate.id)]
    assert (entry.aliases, entry.buildings) == (("春和", "老春"), ("2", "3"))
    assert snapshot(session).register.terms[0].categories == frozenset({"A"})


def change_of(session: Session, taxonomy: Taxonomy, contract: Contract, **change: Any) -> None:
    terms: dict[str, Any] = {
        "contractor": contract.contractor,
        "purchaser": contract.purchaser,
        "categories": contract.categories,
        "estates": contract.estates,
        "starts": contract.starts,
        "ends": contract.ends,
        "targets": contract.targets,
    }
    organisations.change_contract(session, taxonomy, contract, **(terms | change))


def test_a_purchaser_cannot_be_put_under_itself(session: Session, city: Purchaser, district: Purchaser) -> None:
    with pytest.raises(BadInput, match="下级"):
        organisations.change_purchaser(session, city, kind="行政机关", district="", parent=district, phone="")


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("1-3;15", ["1", "2", "3", "15"]),
        ("1-3栋；5号楼、7幢", ["1", "2", "3", "5", "7"]),
        ("A1-A3,B座", ["A1", "A2", "A3", "B"]),
        ("1栋-3栋 3", ["1", "2", "3"]),
        ("", []),
    ],
)
def test_buildings_as_people_list_them(said: str, meant: list[str]) -> None:
    assert conditions.said_buildings(said) == meant


@pytest.mark.parametrize("said", ["5-1", "1-9999", "A1-B3", "1-2-3", "?"])
def test_buildings_nobody_can_read(said: str) -> None:
    with pytest.raises(BadInput):
        conditions.said_buildings(said)


@pytest.mark.parametrize("said", ["2026-07-01", "2026/7/1", "2026年7月1日", "2026.7.1", "20260701", "46204"])
def test_days_as_people_write_them(said: str) -> None:
    assert conditions.said_date(said) == date(2026, 7, 1)


@pytest.mark.parametrize("said", ["", "明年", "2026-02-30", "2026-13-01"])
def test_days_that_are_none(said: str) -> None:
    with pytest.raises(BadInput):
        conditions.said_date(said)


def test_targets_are_kept_as_numbers() -> None:
    assert conditions.said_targets("满意率=90%；按时办结率：0.95;资质=甲级") == {
        "满意率": 0.9,
        "按时办结率": 0.95,
        "资质": "甲级",
    }
    with pytest.raises(BadInput, match="看不懂"):
        conditions.said_targets("满意率九成")
