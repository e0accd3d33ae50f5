"""Programs at /api/v1: one city with a morning's tickets, and a bearer for whoever asks; a module's tests share it, and read."""

from __future__ import annotations

import itertools
import json
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from httpx import Response

from app.policy import Policy
from app.register import people
from app.tickets.lifecycle import Role, State
from app.web.app import create_app
from routing.classify import Model
from tests.app.casework.stage import Stage, raise_stage
from tests.databases import Databases, SqliteFiles

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # starlette would rather have httpx2, which nothing else here needs
    from fastapi.testclient import TestClient

ENGINES = [pytest.param("sqlite"), pytest.param("postgres", marks=pytest.mark.slow)]
LAMP = "石桥新居3栋2单元1502楼道灯不亮了，我叫王秀兰，电话13812345678"


@dataclass
class Program:
    """Somebody's program, with its token or without one."""

    web: TestClient
    token: str

    def get(self, path: str, **query: str) -> Response:
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        answer: Response = self.web.get(f"/api/v1{path}", params=query, headers=headers)
        return answer

    def post(self, path: str, body: Any = None, key: str = "", **headers: str) -> Response:
        """A body that is no JSON yet is made so; bytes are sent as they are."""
        given = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        given |= ({"Idempotency-Key": key} if key else {}) | headers
        content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body, ensure_ascii=False).encode()
        given.setdefault("Content-Type", "application/json")
        answer: Response = self.web.post(f"/api/v1{path}", content=content, headers=given)
        return answer

    def does(self, number: str, noun: str, **body: Any) -> dict[str, Any]:
        """An act, which must be done; the ticket afterwards."""
        answer = self.post(f"/tickets/{number}/{noun}", body)
        assert answer.status_code == 200, answer.text
        ticket: dict[str, Any] = answer.json()
        return ticket

    def all(self, **query: str) -> list[dict[str, Any]]:
        """One page of tickets; the answer must be good."""
        answer = self.get("/tickets", **query)
        assert answer.status_code == 200, answer.text
        tickets: list[dict[str, Any]] = answer.json()["tickets"]
        return tickets

    def numbers(self, **query: str) -> set[str]:
        return {ticket["number"] for ticket in self.all(**query)}

    def one(self, number: str) -> dict[str, Any]:
        answer = self.get(f"/tickets/{number}")
        assert answer.status_code == 200, answer.text
        ticket: dict[str, Any] = answer.json()
        return ticket


@dataclass
class Morning:
    """The tickets of one morning, by what they are about, and programs that may ask for them."""

    stage: Stage
    web: TestClient
    numbers: dict[str, str] = field(default_factory=dict)

    def program(self, role: Role, *, contractor_id: int | None = None, purchaser_id: int | None = None) -> Program:
        with self.stage.cast.hotline.tx() as tx:
            secret = people.create_token(
                tx.session, role=role, now=tx.wall, contractor_id=contractor_id, purchaser_id=purchaser_id
            )
        return Program(self.web, secret)

    def firm(self, name: str) -> int:
        return self.stage.cast.contractor(name).org

    def purchaser(self, name: str) -> int:
        return self.stage.cast.supervisor(name).org


def _write(morning: Morning) -> None:
    stage, numbers = morning.stage, itertools.count(1)

    def written(name: str, text: str, sender: str, /, **said: Any) -> str:
        said.setdefault("external_id", f"m-{next(numbers)}")
        morning.numbers[name] = stage.cast.writes(text, sender, **said).number
        stage.cast.clock.advance(timedelta(minutes=1))
        return morning.numbers[name]

    lamp = written("lamp", LAMP, "o-wang", external_id="wx-lamp", name="王秀兰", phone="13812345678")
    written("calls", "柳岸家园 催缴电话太多，一天打七八个，烦死了", "o-li")
    written("bribe", "石桥新居修电表的师傅张口要两百辛苦费，乱收费", "o-wang-2", external_id="wx-bribe")
    written("nowhere", "楼道灯不亮了好几天了", "o-zhao")
    stage.cast.writes("3栋2单元1502，电话13812345678，我王秀兰下午在家", "o-wang", external_id="wx-lamp-2", name="王秀兰")
    mender = stage.cast.contractor("匠修")
    stage.does(lamp, "accept", mender, eta="下午三点")
    stage.does(lamp, "contact", mender, text="打过电话")
    stage.does(lamp, "note", stage.agent, text="老住户，多担待")
    done = written("done", "望湖雅苑3栋楼道灯不亮了", "o-sun")
    stage.does(done, "accept", mender, eta="上午")
    stage.does(done, "resolve", mender, text="换了灯")
    stage.cast.writes("5", "o-sun", external_id="m-rate")
    late = written("late", "青棠苑3栋楼道灯不亮了", "o-late")
    assert stage.ticket(late).state is State.DISPATCHED
    stage.cast.tick(hours=6)
    written("fresh", "锦渡花园3栋楼道灯不亮了", "o-fresh")


@contextmanager
def _opened(databases: Databases, policy: Policy, model: Model, folder: Path) -> Iterator[Morning]:
    """A city on a database of its own, with nothing written yet."""
    url = databases.create()
    with (
        raise_stage(url, policy, model, folder) as stage,
        TestClient(create_app(stage.cast.hotline, with_worker=False), raise_server_exceptions=False) as web,
    ):
        yield Morning(stage, web)
    databases.drop(url)


@pytest.fixture(scope="module", params=ENGINES)
def morning(
    request: pytest.FixtureRequest, policy: Policy, model: Model, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Morning]:
    databases: Databases = request.getfixturevalue(request.param)
    with _opened(databases, policy, model, tmp_path_factory.mktemp("api")) as made:
        _write(made)
        yield made


@pytest.fixture(scope="module", params=ENGINES)
def line(
    request: pytest.FixtureRequest, policy: Policy, model: Model, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Morning]:
    """A city in which tests act, each on tickets of its own."""
    databases: Databases = request.getfixturevalue(request.param)
    with _opened(databases, policy, model, tmp_path_factory.mktemp("line")) as made:
        yield made


@pytest.fixture(scope="module")
def sqlite_line(sqlite: SqliteFiles, policy: Policy, model: Model, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Morning]:
    """The same on SQLite only: for what does not depend on the database."""
    with _opened(sqlite, policy, model, tmp_path_factory.mktemp("line")) as made:
        yield made


@pytest.fixture
def agent(morning: Morning) -> Program:
    return morning.program(Role.AGENT)
