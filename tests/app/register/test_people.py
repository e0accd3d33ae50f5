"""Passwords, sessions and tokens: who comes in, for how long, and what is kept of the secrets."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.errors import BadInput, Conflict, NotFound, NotSignedIn
from app.register import people
from app.register.model import ApiToken, Contractor, Person, Purchaser, SignIn
from app.register.people import QUICK_PASSWORDS
from app.tickets.lifecycle import Role


@pytest.fixture
def agent(session: Session, now: datetime) -> Person:
    return add(session, now, login="Zhou")


def add(session: Session, now: datetime, **change: Any) -> Person:
    given: dict[str, Any] = {
        "login": "zhou",
        "name": "周",
        "role": Role.AGENT,
        "password": "long-enough",
        "passwords": QUICK_PASSWORDS,
    }
    return people.add_person(session, now=now, **(given | change))


def check(session: Session, login: str, password: str) -> Person:
    return people.check_password(session, login, password, passwords=QUICK_PASSWORDS)


def test_the_right_password_opens_in_either_case_of_the_login(session: Session, agent: Person) -> None:
    assert check(session, "ZHOU", "long-enough") is agent
    assert agent.password_hash.startswith("$argon2id$")


def test_an_unknown_login_and_a_wrong_password_say_the_same(session: Session, agent: Person) -> None:
    said = []
    for login, password in (("zhou", "wrong-password"), ("nobody", "long-enough")):
        with pytest.raises(NotSignedIn) as refused:
            check(session, login, password)
        said.append(str(refused.value))
    assert said[0] == said[1]


def test_an_unknown_login_is_checked_against_a_hash_of_the_same_cost(session: Session) -> None:
    assert QUICK_PASSWORDS.of_nobody().split("$")[:4] == QUICK_PASSWORDS.hash("x").split("$")[:4]


def test_without_a_password_nobody_signs_in(session: Session, now: datetime) -> None:
    person = add(session, now, password=None)
    for guess in ("", "!", "long-enough"):
        with pytest.raises(NotSignedIn):
            check(session, "zhou", guess)
    people.set_password(session, person, "set-later-on", passwords=QUICK_PASSWORDS)
    assert check(session, "zhou", "set-later-on") is person


def test_the_disabled_are_refused_and_their_sessions_end(session: Session, agent: Person, now: datetime) -> None:
    secret = people.open_sign_in(session, agent, now)
    people.disable_person(session, "zhou", now)
    assert people.person_of_sign_in(session, secret, now) is None
    with pytest.raises(NotSignedIn, match="已停用"):
        check(session, "zhou", "long-enough")
    with pytest.raises(NotFound):
        people.disable_person(session, "nobody", now)
    assert people.list_people(session) == [agent]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"login": "周"}, "账号"),
        ({"login": ""}, "账号"),
        ({"name": " "}, "姓名"),
        ({"password": "short"}, "密码太短"),
        ({"role": Role.CONTRACTOR}, "须指明单位"),
        ({"role": Role.RESIDENT}, "不能登录后台"),
        ({"role": Role.SYSTEM}, "不能登录后台"),
        ({"role": Role.EVALUATOR, "contractor_id": 1}, "不能挂在承接主体名下"),
        ({"role": Role.CONTRACTOR, "contractor_id": 1, "purchaser_id": 1}, "不能同时"),
    ],
)
def test_accounts_that_must_not_be(session: Session, now: datetime, change: dict[str, Any], said: str) -> None:
    with pytest.raises(BadInput, match=said):
        add(session, now, **change)


def test_accounts_of_nobody_known_and_known_twice(session: Session, now: datetime, agent: Person) -> None:
    with pytest.raises(NotFound):
        add(session, now, login="a", role=Role.CONTRACTOR, contractor_id=99)
    with pytest.raises(NotFound):
        add(session, now, login="a", role=Role.SUPERVISOR, purchaser_id=99)
    with pytest.raises(Conflict):
        add(session, now, login="ZHOU")


def test_a_session_lasts_twelve_hours_and_only_its_hash_is_kept(session: Session, agent: Person, now: datetime) -> None:
    secret = people.open_sign_in(session, agent, now)
    kept = session.scalars(select(SignIn)).one()
    assert secret not in (kept.secret_hash, agent.password_hash)
    assert people.person_of_sign_in(session, secret, now + timedelta(hours=11, minutes=59)) is agent
    assert people.person_of_sign_in(session, secret, now + timedelta(hours=12)) is None
    assert people.person_of_sign_in(session, "guess", now) is None


def test_closing_ends_one_session_and_lapsed_ones_are_cleared(session: Session, agent: Person, now: datetime) -> None:
    old = people.open_sign_in(session, agent, now)
    one, two = (people.open_sign_in(session, agent, now + timedelta(hours=12)) for _ in range(2))
    assert len(session.scalars(select(SignIn)).all()) == 2
    people.close_sign_in(session, one)
    later = now + timedelta(hours=13)
    assert [people.person_of_sign_in(session, secret, later) for secret in (old, one, two)] == [None, None, agent]


def test_moving_a_person_and_a_new_password_end_the_sessions(
    session: Session, agent: Person, city: Purchaser, now: datetime
) -> None:
    secret = people.open_sign_in(session, agent, now)
    people.move_person(session, agent, role=Role.SUPERVISOR, contractor_id=None, purchaser_id=city.id)
    assert people.person_of_sign_in(session, secret, now) is None
    secret = people.open_sign_in(session, agent, now)
    people.set_password(session, agent, "another-one", passwords=QUICK_PASSWORDS)
    assert people.person_of_sign_in(session, secret, now) is None


def test_a_token_is_shown_once_and_can_be_revoked(session: Session, first_firm: Contractor, now: datetime) -> None:
    secret = people.create_token(session, role=Role.CONTRACTOR, contractor_id=first_firm.id, name="系统对接", now=now)
    assert secret.startswith("hl_")
    token = people.token_of(session, secret)
    assert token is not None
    assert (token.role, token.contractor_id, token.name) == (Role.CONTRACTOR, first_firm.id, "系统对接")
    kept = session.scalars(select(ApiToken)).one()
    assert secret not in kept.secret_hash
    assert people.token_of(session, "hl_" + "x" * 43) is None
    assert people.token_of(session, secret.removeprefix("hl_")) is None
    people.revoke_token(session, token, now)
    assert people.token_of(session, secret) is None


@pytest.mark.parametrize("role", [Role.CONTRACTOR, Role.RESIDENT])
def test_a_token_needs_a_role_and_its_organisation(session: Session, now: datetime, role: Role) -> None:
    with pytest.raises(BadInput):
        people.create_token(session, role=role, now=now)


@pytest.mark.parametrize(("word", "role"), [("坐席", Role.AGENT), (" ADMIN ", Role.ADMIN), ("第三方", Role.EVALUATOR)])
def test_roles_by_either_name(word: str, role: Role) -> None:
    assert people.role_named(word) is role


@pytest.mark.parametrize("word", ["诉求人", "system", "老板"])
def test_roles_nobody_can_be_given(word: str) -> None:
    with pytest.raises(BadInput, match="可用的角色"):
        people.role_named(word)
