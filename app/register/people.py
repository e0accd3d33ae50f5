"""Who may come in: people with passwords, browser sessions, and tokens for programs; every secret is kept as a hash only."""

from __future__ import annotations

import hashlib
import re
import secrets
import threading
from collections.abc import Sequence
from datetime import datetime, timedelta

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.errors import BadInput, Conflict, NotFound, NotSignedIn
from app.register.model import ApiToken, Contractor, Person, Purchaser, SignIn
from app.tickets.lifecycle import ROLE_NAMES, Role

SIGN_IN_LASTS = timedelta(hours=12)
TOKEN_PREFIX = "hl_"
SHORTEST_PASSWORD = 8
STAFF_ROLES = (Role.AGENT, Role.CONTRACTOR, Role.SUPERVISOR, Role.ADMIN, Role.EVALUATOR)
NO_PASSWORD = "!"  # nobody's hash: the account exists, and nobody can sign in to it until a password is set
LOGIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")


class Passwords:
    """Hashes passwords with argon2id. At most two at a time, because each takes ``memory_kib`` for itself."""

    def __init__(self, *, time_cost: int = 3, memory_kib: int = 65536, lanes: int = 4) -> None:
        self._hasher = PasswordHasher(time_cost=time_cost, memory_cost=memory_kib, parallelism=lanes)
        self._turns = threading.BoundedSemaphore(2)
        self._nobodys: str | None = None

    def hash(self, password: str) -> str:
        with self._turns:
            return self._hasher.hash(password)

    def matches(self, kept: str, password: str) -> bool:
        try:
            with self._turns:
                return self._hasher.verify(kept, password)
        except (VerificationError, InvalidHashError):
            return False

    def of_nobody(self) -> str:
        """A hash no password fits, as dear to check as a real one."""
        if self._nobodys is None:
            self._nobodys = self.hash(secrets.token_hex(16))
        return self._nobodys


PASSWORDS = Passwords()
QUICK_PASSWORDS = Passwords(time_cost=1, memory_kib=8, lanes=1)  # for tests: a millisecond, and no strength


def role_named(word: str) -> Role:
    """The staff role a spreadsheet or command means, by Chinese name or code. Raises BadInput."""
    wanted = word.strip()
    for role in STAFF_ROLES:
        if wanted.lower() == role.value or wanted == ROLE_NAMES[role]:
            return role
    allowed = "、".join(f"{ROLE_NAMES[role]}（{role.value}）" for role in STAFF_ROLES)
    raise BadInput(f"没有“{wanted}”这个角色", cure=f"可用的角色：{allowed}")


def proper_login(login: str) -> str:
    """The login as kept: lower case. Raises BadInput unless it is letters, digits and ``._@-``."""
    if not LOGIN.fullmatch(login.strip()):
        raise BadInput(f"账号“{login}”不可用", cure="账号由字母、数字和 . _ @ - 组成，最长64个字符")
    return login.strip().lower()


def proper_password(password: str) -> str:
    """Raises BadInput for one that is too short."""
    if len(password) < SHORTEST_PASSWORD:
        raise BadInput("密码太短", cure=f"密码至少{SHORTEST_PASSWORD}个字符")
    return password


def check_org(role: Role, contractor_id: int | None, purchaser_id: int | None) -> None:
    """A contractor's staff belongs to that contractor, and nobody else may carry a contractor. Raises BadInput.

    A supervisor without a purchaser supervises the whole city.
    """
    if role not in STAFF_ROLES:
        raise BadInput(f"{ROLE_NAMES[role]}不能登录后台", cure="请选用工作人员角色")
    if role is Role.CONTRACTOR and contractor_id is None:
        raise BadInput("承接主体的账号须指明单位", cure="填写承接主体名称")
    if role is not Role.CONTRACTOR and contractor_id is not None:
        raise BadInput(f"{ROLE_NAMES[role]}的账号不能挂在承接主体名下", cure="评价、监督与承接须分开，请改填购买主体或留空")
    if role is Role.CONTRACTOR and purchaser_id is not None:
        raise BadInput("承接主体的账号不能同时挂在购买主体名下", cure="只填承接主体名称")


def add_person(
    session: Session,
    *,
    login: str,
    name: str,
    role: Role,
    password: str | None,
    now: datetime,
    contractor_id: int | None = None,
    purchaser_id: int | None = None,
    passwords: Passwords = PASSWORDS,
) -> Person:
    """A new account; without a password nobody can sign in until ``set_password``. Raises BadInput, Conflict, NotFound."""
    kept_login = proper_login(login)
    check_org(role, contractor_id, purchaser_id)
    _check_known(session, contractor_id, purchaser_id)
    if not name.strip():
        raise BadInput("姓名不能为空", cure="填写姓名")
    if person_named(session, kept_login) is not None:
        raise Conflict(f"账号“{kept_login}”已存在", cure="换一个账号，或修改原有账号")
    person = Person(
        login=kept_login,
        name=name.strip(),
        role=role,
        contractor_id=contractor_id,
        purchaser_id=purchaser_id,
        password_hash=NO_PASSWORD if password is None else passwords.hash(proper_password(password)),
        disabled_at=None,
        created_at=now,
    )
    session.add(person)
    session.flush()
    return person


def _check_known(session: Session, contractor_id: int | None, purchaser_id: int | None) -> None:
    if contractor_id is not None and session.get(Contractor, contractor_id) is None:
        raise NotFound("没有这个承接主体", cure="先登记承接主体")
    if purchaser_id is not None and session.get(Purchaser, purchaser_id) is None:
        raise NotFound("没有这个购买主体", cure="先登记购买主体")


def person_named(session: Session, login: str) -> Person | None:
    return session.scalars(select(Person).where(Person.login == login.strip().lower())).one_or_none()


def list_people(session: Session) -> Sequence[Person]:
    """Everybody, the disabled too, by login."""
    return session.scalars(select(Person).order_by(Person.login)).all()


def move_person(session: Session, person: Person, *, role: Role, contractor_id: int | None, purchaser_id: int | None) -> None:
    """Another role or another organisation; open sessions end, so that nobody goes on with the old rights. Raises BadInput."""
    check_org(role, contractor_id, purchaser_id)
    _check_known(session, contractor_id, purchaser_id)
    person.role, person.contractor_id, person.purchaser_id = role, contractor_id, purchaser_id
    _end_sessions(session, person)


def set_password(session: Session, person: Person, password: str, *, passwords: Passwords = PASSWORDS) -> None:
    """Changes the password and ends every open session of that person. Raises BadInput."""
    person.password_hash = passwords.hash(proper_password(password))
    _end_sessions(session, person)


def disable_person(session: Session, login: str, now: datetime) -> Person:
    """Closes the account and its open sessions at once; the person's past acts keep their name. Raises NotFound."""
    person = person_named(session, login)
    if person is None:
        raise NotFound(f"没有账号“{login}”", cure="用 hotline user list 查看全部账号")
    if person.disabled_at is None:
        person.disabled_at = now
    _end_sessions(session, person)
    session.flush()
    return person


def _end_sessions(session: Session, person: Person) -> None:
    session.execute(delete(SignIn).where(SignIn.person_id == person.id))


def check_password(session: Session, login: str, password: str, *, passwords: Passwords = PASSWORDS) -> Person:
    """The person, or NotSignedIn. An unknown login costs as much time, and says the same, as a wrong password."""
    person = person_named(session, login)
    usable = person is not None and person.password_hash != NO_PASSWORD
    kept = person.password_hash if person is not None and usable else passwords.of_nobody()
    if not passwords.matches(kept, password) or person is None or not usable:
        raise NotSignedIn("账号或密码不正确", cure="请核对后再试，忘记密码请找管理员重设")
    if person.disabled_at is not None:
        raise NotSignedIn("账号已停用", cure="如需恢复请联系管理员")
    return person


def _hash_of(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def open_sign_in(session: Session, person: Person, wall: datetime) -> str:
    """Opens a browser session of twelve hours; the secret is for the cookie and is not kept. Clears out lapsed ones."""
    session.execute(delete(SignIn).where(SignIn.expires_at <= wall))
    secret = secrets.token_urlsafe(32)
    session.add(SignIn(secret_hash=_hash_of(secret), person_id=person.id, created_at=wall, expires_at=wall + SIGN_IN_LASTS))
    session.flush()
    return secret


def person_of_sign_in(session: Session, secret: str, wall: datetime) -> Person | None:
    """Whose session this is; nobody's when it lapsed, was closed, or the person was disabled."""
    return session.scalars(
        select(Person)
        .join(SignIn, SignIn.person_id == Person.id)
        .where(SignIn.secret_hash == _hash_of(secret), SignIn.expires_at > wall, Person.disabled_at.is_(None))
    ).one_or_none()


def close_sign_in(session: Session, secret: str) -> None:
    """Ends the session; one that is not open is left alone."""
    session.execute(delete(SignIn).where(SignIn.secret_hash == _hash_of(secret)))


def create_token(
    session: Session,
    *,
    role: Role,
    now: datetime,
    contractor_id: int | None = None,
    purchaser_id: int | None = None,
    name: str = "",
) -> str:
    """A program's secret, to be shown once: only its hash is kept. Raises BadInput, NotFound. ``now`` is wall time."""
    check_org(role, contractor_id, purchaser_id)
    _check_known(session, contractor_id, purchaser_id)
    secret = TOKEN_PREFIX + secrets.token_urlsafe(32)
    session.add(
        ApiToken(
            secret_hash=_hash_of(secret),
            name=name,
            role=role,
            contractor_id=contractor_id,
            purchaser_id=purchaser_id,
            created_at=now,
            revoked_at=None,
        )
    )
    session.flush()
    return secret


def token_of(session: Session, secret: str) -> ApiToken | None:
    """The token behind a secret, unless revoked."""
    if not secret.startswith(TOKEN_PREFIX):
        return None
    return session.scalars(
        select(ApiToken).where(ApiToken.secret_hash == _hash_of(secret), ApiToken.revoked_at.is_(None))
    ).one_or_none()


def revoke_token(session: Session, token: ApiToken, now: datetime) -> None:
    """From now on the token opens nothing. Once revoked, the date stays."""
    if token.revoked_at is None:
        token.revoked_at = now
    session.flush()
