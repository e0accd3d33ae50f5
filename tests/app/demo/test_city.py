"""The demonstration city: complete, without gap or overlap, and its complaints fit it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import create_engine
from sqlalchemy.orm import Session

import app.tickets.model
import app.tickets.post
import app.tickets.residents  # noqa: F401  (tables the register's foreign keys lead to)
from app.demo.complaints import complaints
from app.demo.load import DEMO_PASSWORD, Loaded, load_city
from app.policy import Policy, load_policy
from app.register.check import check_register, limits_of
from app.register.people import QUICK_PASSWORDS, check_password
from app.register.snapshot import Snapshot, revision, snapshot
from app.tickets.tables import Record
from routing.place import Gazetteer

NOW = datetime(2026, 1, 5, 2, 0, tzinfo=UTC)
FIRST, LAST = date(2026, 1, 1), date(2027, 12, 31)


@pytest.fixture(scope="module")
def policy() -> Policy:
    return load_policy()


@pytest.fixture(scope="module")
def session() -> Iterator[Session]:
    engine = create_engine("sqlite://")
    Record.metadata.create_all(engine)
    with Session(engine) as opened:
        yield opened
    engine.dispose()


@pytest.fixture(scope="module")
def loaded(session: Session, policy: Policy) -> Loaded:
    return load_city(session, policy, NOW, passwords=QUICK_PASSWORDS)


@pytest.fixture(scope="module")
def city(session: Session, loaded: Loaded) -> Snapshot:
    return snapshot(session)


def test_the_city_is_all_there(city: Snapshot) -> None:
    register = city.register
    assert (len(register.estates), len(city.contractors), len(city.purchasers)) == (12, 5, 3)
    assert register.lead_purchaser is not None
    assert register.lead_purchaser[1] == "云州市住房保障局"
    assert {entry.district for entry in city.entries} == {"临江区", "望湖区"}
    assert all(entry.buildings for entry in city.entries)


def test_loading_again_changes_nothing(session: Session, policy: Policy, loaded: Loaded) -> None:
    before = revision(session)
    again = load_city(session, policy, NOW, passwords=QUICK_PASSWORDS)
    assert again.changes == ()
    assert again.logins == loaded.logins
    assert revision(session) == before


def test_no_gap_and_no_overlap_in_two_years(city: Snapshot, policy: Policy) -> None:
    report = check_register(city, policy.taxonomy, FIRST, LAST, limits_of(policy))
    assert (report.gaps, report.overlaps) == ((), ())
    assert report.sound
    assert [warning for warning in report.warnings if "幸福小区" not in warning] == []
    bought = {(duty.estate, duty.code) for duty in report.duties if duty.kind == "contractor"}
    assert {(entry.name, group) for entry in city.entries for group in "ABCDPE"} <= bought
    assert all(duty.limits for duty in report.duties)


def test_the_repair_of_one_district_is_handed_over_in_mid_year(city: Snapshot, policy: Policy) -> None:
    by_name = {entry.name: entry.id for entry in city.entries}
    leaf = policy.taxonomy.leaves["C01"]

    def owes(estate: str, day: date) -> list[str]:
        return [terms.contractor for terms in city.register.owed(leaf, by_name[estate], day)]

    assert owes("青棠苑", date(2026, 6, 30)) == ["云州安居住房运营有限公司"]
    assert owes("青棠苑", date(2026, 7, 1)) == ["云州匠修建筑服务有限公司"]
    assert owes("望湖雅苑", date(2026, 6, 30)) == owes("望湖雅苑", date(2026, 7, 1)) == ["云州匠修建筑服务有限公司"]


def test_the_lifts_of_one_estate_have_a_contractor_of_their_own(city: Snapshot, policy: Policy) -> None:
    estate = next(entry.id for entry in city.entries if entry.name == "望湖雅苑")
    owed = {code: city.register.owed(policy.taxonomy.leaves[code], estate, FIRST)[0].contractor for code in ("C07", "E02", "C06")}
    assert owed == {"C07": "云州恒升电梯服务部", "E02": "云州恒升电梯服务部", "C06": "云州匠修建筑服务有限公司"}


def test_there_is_a_login_for_every_role_and_contractor(session: Session, loaded: Loaded, city: Snapshot) -> None:
    assert {login.role for login in loaded.logins} == {"坐席", "承接主体", "主管部门", "管理员", "第三方"}
    assert {login.org for login in loaded.logins if login.role == "承接主体"} == set(city.contractors.values())
    assert {login.org for login in loaded.logins if login.role == "主管部门"} == set(city.purchasers.values())
    for login in loaded.logins:
        assert check_password(session, login.login, DEMO_PASSWORD, passwords=QUICK_PASSWORDS).login == login.login


def test_the_complaints_are_many_and_different() -> None:
    texts = [complaint.text for complaint in complaints()]
    assert len(texts) >= 240
    assert len(set(texts)) == len(texts)


def test_every_complaint_fits_the_taxonomy_and_the_city(city: Snapshot, policy: Policy) -> None:
    estates = {entry.name for entry in city.entries} | {""}
    for complaint in complaints():
        assert set(complaint.leaves) <= set(policy.taxonomy.leaves), complaint.text
        assert complaint.estate in estates, complaint.text
        assert complaint.channel in {"wechat", "weibo", "email", "webform", "callcentre"}, complaint.text


def test_the_complaints_touch_every_leaf_and_most_are_about_the_flat(policy: Policy) -> None:
    groups = Counter(complaint.leaf[:1] for complaint in complaints())
    assert set(groups) == {*policy.taxonomy.groups, ""}
    assert groups["C"] + groups["A"] + groups["B"] + groups["G"] > len(complaints()) / 2
    assert {leaf for complaint in complaints() for leaf in complaint.leaves} == set(policy.taxonomy.leaves)


def test_the_gazetteer_finds_the_estate_of_every_complaint(city: Snapshot) -> None:
    gazetteer = Gazetteer(city.entries)
    for complaint in complaints():
        found = gazetteer.find(complaint.text)
        assert (found.estate if found is not None else "") == complaint.estate, complaint.text


def test_the_buildings_named_exist(city: Snapshot) -> None:
    gazetteer = Gazetteer(city.entries)
    for complaint in complaints():
        found = gazetteer.find(complaint.text)
        if found is not None and found.estate_id is not None and found.building:
            assert found.building in gazetteer.entries[found.estate_id].buildings, complaint.text


def test_the_shared_nickname_is_ambiguous(city: Snapshot) -> None:
    found = Gazetteer(city.entries).find("幸福小区楼道灯不亮")
    assert found is not None
    assert {name for _, name in found.candidates} == {"江枫佳苑", "向阳坊"}
