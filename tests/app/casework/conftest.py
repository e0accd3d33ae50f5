"""The stage on SQLite, and on each engine in turn; one a session, because raising it costs more than most tests on it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.policy import Policy
from routing.classify import Model
from tests.app.casework.stage import Stage, raise_stage
from tests.cast import MONDAY_MORNING
from tests.databases import PostgresServer, SqliteFiles

ENGINES = [pytest.param("sqlite_stages"), pytest.param("postgres_stages", marks=pytest.mark.slow)]


@pytest.fixture(scope="session")
def sqlite_stages(policy: Policy, model: Model, sqlite: SqliteFiles, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with raise_stage(sqlite.create(), policy, model, tmp_path_factory.mktemp("stage")) as stage:
        yield stage


@pytest.fixture(scope="session")
def postgres_stages(
    policy: Policy, model: Model, postgres: PostgresServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stage]:
    url = postgres.create()
    with raise_stage(url, policy, model, tmp_path_factory.mktemp("stage")) as stage:
        yield stage
    postgres.drop(url)


@pytest.fixture(params=ENGINES)
def stage(request: pytest.FixtureRequest) -> Stage:
    """On SQLite, and again on PostgreSQL; the clock stands at Monday morning."""
    stage: Stage = request.getfixturevalue(request.param)
    stage.cast.clock.set(MONDAY_MORNING)
    return stage


@pytest.fixture
def sqlite_stage(sqlite_stages: Stage) -> Stage:
    """On SQLite only: for what does not depend on the database."""
    sqlite_stages.cast.clock.set(MONDAY_MORNING)
    return sqlite_stages


@pytest.fixture
def own_stage(policy: Policy, model: Model, sqlite: SqliteFiles, tmp_path: Path) -> Iterator[Stage]:
    """For a test that takes away what others need."""
    with raise_stage(sqlite.create(), policy, model, tmp_path) as stage:
        yield stage
