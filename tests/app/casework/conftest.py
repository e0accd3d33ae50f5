"""The stage on SQLite, and on each engine in turn; one a module, because raising it costs more than most tests on it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from app.policy import Policy
from routing.classify import Model
from tests.app.casework.stage import Stage, raise_stage
from tests.cast import MONDAY_MORNING
from tests.databases import Databases

ENGINES = [pytest.param("sqlite"), pytest.param("postgres", marks=pytest.mark.slow)]


@pytest.fixture(scope="module", params=ENGINES)
def stages(
    request: pytest.FixtureRequest, policy: Policy, model: Model, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stage]:
    databases: Databases = request.getfixturevalue(request.param)
    url = databases.create()
    with raise_stage(url, policy, model, tmp_path_factory.mktemp("stage")) as stage:
        yield stage
    databases.drop(url)


@pytest.fixture
def stage(stages: Stage) -> Stage:
    """On SQLite, and again on PostgreSQL; the clock stands at Monday morning."""
    stages.cast.clock.set(MONDAY_MORNING)
    return stages


@pytest.fixture(scope="module")
def sqlite_stages(
    request: pytest.FixtureRequest, policy: Policy, model: Model, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stage]:
    databases: Databases = request.getfixturevalue("sqlite")
    with raise_stage(databases.create(), policy, model, tmp_path_factory.mktemp("stage")) as stage:
        yield stage


@pytest.fixture
def sqlite_stage(sqlite_stages: Stage) -> Stage:
    """On SQLite only: for what does not depend on the database."""
    sqlite_stages.cast.clock.set(MONDAY_MORNING)
    return sqlite_stages
