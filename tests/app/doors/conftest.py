"""The doors' tests: databases that hold the city already, and the running application."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.app.doors.street import Street
from tests.cast import Cast
from tests.databases import PostgresServer, Prepare, SqliteFiles


@pytest.fixture
def sqlite_url(sqlite: SqliteFiles, city: Prepare) -> str:
    """A city of one's own on SQLite."""
    return sqlite.create(city)


@pytest.fixture
def postgres_url(postgres: PostgresServer, city: Prepare) -> Iterator[str]:
    """A city of one's own on PostgreSQL. Mark the test slow."""
    url = postgres.create(city)
    yield url
    postgres.drop(url)


@pytest.fixture
def street(sqlite_cast: Cast) -> Iterator[Street]:
    """The running application of a cast on SQLite."""
    with Street(sqlite_cast) as open_street:
        yield open_street
