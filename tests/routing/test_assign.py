"""Who is set to work: estate, category and day against the contracts; purchaser and supervision never by contract."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from routing.assign import Assignment, Register, Unassigned, assign
from routing.taxonomy import Taxonomy
from routing.verdict import EmergencyHit, PlaceFound, Verdict
from tests.routing.world import register, terms

DAY = date(2026, 5, 3)


def verdict(taxonomy: Taxonomy, code: str, **changes: object) -> Verdict:
    leaf = taxonomy.leaves[code]
    plain = Verdict(
        leaf=code,
        group=leaf.group,
        owner=leaf.owner,
        confidence=0.9,
        runners_up=(),
        request_type="求助",
        urgency=leaf.urgency,
        emergencies=(EmergencyHit(code, ("着火",), "火情"),) if leaf.group == "E" else (),
        place=None,
        phones=(),
        reserved=leaf.group == "G",
        about_contractor=leaf.group == "R",
        confidential=leaf.confidential,
        review=False,
        reasons=("模型",),
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


def sent(
    taxonomy: Taxonomy, code: str, estate: str | None, reg: Register, day: date = DAY, **changes: object
) -> Assignment | Unassigned:
    return assign(verdict(taxonomy, code, **changes), taxonomy.leaves[code], estate, day, reg)


def test_by_contract_with_its_reason(taxonomy: Taxonomy) -> None:
    found = sent(taxonomy, "C01", "1", register(terms("HT-7", "C", who="安修公司")))
    assert isinstance(found, Assignment)
    assert (found.to, found.party, found.number, found.clause) == ("contractor", "安修公司", "HT-7", "C")
    assert all(part in found.why for part in ("HT-7", "C类", "2026-01-01", "2026-12-31", "碧水家园"))


def test_a_clause_naming_the_leaf_beats_one_naming_the_group(taxonomy: Taxonomy) -> None:
    reg = register(terms("HT-1", "C"), terms("HT-2", "C07", who="快梯公司"))
    lift, leak = sent(taxonomy, "C07", "1", reg), sent(taxonomy, "C01", "1", reg)
    assert isinstance(lift, Assignment) and (lift.number, lift.clause) == ("HT-2", "C07")
    assert isinstance(leak, Assignment) and leak.number == "HT-1"


@pytest.mark.parametrize(("day", "number"), [("2026-06-30", "OLD"), ("2026-07-01", "NEW")])
def test_the_day_of_hand_over(taxonomy: Taxonomy, day: str, number: str) -> None:
    reg = register(terms("OLD", "C", last="2026-06-30"), terms("NEW", "C", first="2026-07-01"))
    found = sent(taxonomy, "C01", "1", reg, date.fromisoformat(day))
    assert isinstance(found, Assignment) and found.number == number


@pytest.mark.parametrize(
    ("estate", "place", "code"),
    [
        (None, None, "no_place"),
        ("99", None, "no_place"),
        (None, PlaceFound(candidates=(("2", "和畅苑一期"), ("3", "和畅苑二期"))), "ambiguous_place"),
        ("4", None, "no_contract"),
        ("1", None, "overlap"),
    ],
)
def test_why_nobody_was_set_to_work(taxonomy: Taxonomy, estate: str | None, place: PlaceFound | None, code: str) -> None:
    reg = register(terms("HT-1", "C"), terms("HT-2", "C"))
    found = sent(taxonomy, "C01", estate, reg, place=place)
    assert isinstance(found, Unassigned) and found.code == code and found.why


def test_unsure_waits_for_an_agent(taxonomy: Taxonomy) -> None:
    found = sent(taxonomy, "C01", "1", register(terms("HT-1", "C")), review=True)
    assert isinstance(found, Unassigned) and found.code == "unsure"


@pytest.mark.parametrize("code", ["G01", "G06", "R03", "R07", "D05", "D07"])
@pytest.mark.parametrize("estate", ["1", None])
def test_purchaser_and_supervision_even_if_a_contract_names_them(taxonomy: Taxonomy, code: str, estate: str | None) -> None:
    found = sent(taxonomy, code, estate, register(terms("HT-1", "C D G R " + code)))
    assert isinstance(found, Assignment) and found.to == "purchaser" and not found.number
    assert found.party == ("青河区住房保障中心" if estate else "市住房保障局")
    assert found.supervision == code.startswith("R")


def test_a_flag_is_enough_whatever_the_leaf_says(taxonomy: Taxonomy) -> None:
    reg = register(terms("HT-1", "C E"))
    for code in ("C01", "E03"):
        for found in (sent(taxonomy, code, "1", reg, reserved=True), sent(taxonomy, code, "1", reg, about_contractor=True)):
            assert isinstance(found, Assignment) and found.to == "purchaser"


def test_nobody_to_turn_to(taxonomy: Taxonomy) -> None:
    found = sent(taxonomy, "G01", None, register(lead=False))
    assert isinstance(found, Unassigned) and found.code == "no_purchaser"


def test_elsewhere_says_where(taxonomy: Taxonomy) -> None:
    found = sent(taxonomy, "N02", "1", register(terms("HT-1", "N")))
    assert isinstance(found, Unassigned) and found.code == "elsewhere" and found.refer in found.why


@pytest.mark.parametrize(("categories", "to"), [("C E", "contractor"), ("E03", "contractor"), ("C", "purchaser")])
def test_emergencies_are_never_held_up(taxonomy: Taxonomy, categories: str, to: str) -> None:
    reg = register(terms("HT-1", categories))
    found = sent(taxonomy, "E03", "1", reg, review=True)
    assert isinstance(found, Assignment) and found.to == to
    placeless = sent(taxonomy, "E03", None, reg, review=True)
    assert isinstance(placeless, Assignment) and placeless.party == "市住房保障局"


def test_two_contracts_for_one_emergency_go_to_the_purchaser(taxonomy: Taxonomy) -> None:
    found = sent(taxonomy, "E03", "1", register(terms("HT-1", "E"), terms("HT-2", "E")))
    assert isinstance(found, Assignment) and found.to == "purchaser"
