"""What every test may count on: a hand clock, databases on both engines, and no way out of this machine."""

from __future__ import annotations

import ipaddress
import socket
import sqlite3
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.cast import cast, city, model, policy, postgres_cast, raise_curtain, sqlite_cast, wire
from tests.databases import Databases, NoServer, PostgresServer, Prepare, SqliteFiles, migrated, postgres_server
from tests.handclock import HandClock

__all__ = ["cast", "city", "model", "policy", "postgres_cast", "raise_curtain", "sqlite_cast", "wire"]  # fixtures of the cast

FreshDatabase = Callable[..., str]  # (prepare: Prepare | None = None) -> URL

ENGINES = [pytest.param("sqlite"), pytest.param("postgresql", marks=pytest.mark.slow)]
ORIGIN = pytest.StashKey[str]()
THOROUGH = (
    "tests/app/web/",
    "tests/app/api/",
    "tests/app/cli/",
    "tests/channels/wechat/test_send.py",
    "tests/app/doors/",
    "tests/app/store/",
    "tests/app/casework/",
    "tests/journeys/",
)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--full-house", action="store_true", help="a run of everything: also ask what no test has touched")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "thorough: whole pages, interfaces and platforms; in `make test`, not in `make fast`")
    config.addinivalue_line("markers", "full_house: asks what a whole run has left untouched; runs last and only in `make test`")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Quick tests first, then those that start servers, and at the very end those that ask what the others left out."""
    for item in items:
        if item.nodeid.startswith(THOROUGH):
            item.add_marker("thorough")
    if not config.getoption("--full-house"):
        left_out = [item for item in items if item.get_closest_marker("full_house")]
        items[:] = [item for item in items if item not in left_out]
        config.hook.pytest_deselected(items=left_out)
    items.sort(key=lambda item: 2 * bool(item.get_closest_marker("full_house")) + bool(item.get_closest_marker("slow")))


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """What was tested on, and what was not run and why: nothing is left out in silence."""
    terminalreporter.write_line(f"databases: SQLite {sqlite3.sqlite_version} · {config.stash.get(ORIGIN, 'PostgreSQL not used')}")
    for report in terminalreporter.stats.get("skipped", []):
        terminalreporter.write_line(f"NOT RUN 未运行 {report.nodeid}: {report.longrepr[2]}", yellow=True)


@pytest.fixture(autouse=True, scope="session")
def loopback_only() -> Iterator[None]:
    """Tests reach nobody: a stand-in that was not switched on must not let a message out to a real resident."""
    patch = pytest.MonkeyPatch()
    for name in ("connect", "connect_ex", "sendto"):
        patch.setattr(socket.socket, name, _guarded(getattr(socket.socket, name)))
    resolve = socket.getaddrinfo

    def getaddrinfo(host: Any, *rest: Any, **named: Any) -> Any:
        _refuse_outside(host)
        return resolve(host, *rest, **named)

    patch.setattr(socket, "getaddrinfo", getaddrinfo)
    yield
    patch.undo()


def _guarded(original: Callable[..., Any]) -> Callable[..., Any]:
    def call(self: socket.socket, *arguments: Any) -> Any:
        if self.family != socket.AF_UNIX:
            _refuse_outside(arguments[-1][0])
        return original(self, *arguments)

    return call


def _refuse_outside(host: object) -> None:
    name = host.decode() if isinstance(host, bytes) else host
    if name is None or name in ("", "localhost"):
        return
    try:
        inside = ipaddress.ip_address(str(name)).is_loopback
    except ValueError:
        inside = False
    if not inside:
        raise AssertionError(f"a test tried to reach {name}; tests talk to loopback only")


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture(scope="session")
def sqlite(tmp_path_factory: pytest.TempPathFactory) -> SqliteFiles:
    return SqliteFiles(tmp_path_factory.mktemp("sqlite"))


@pytest.fixture(scope="session")
def postgres(pytestconfig: pytest.Config) -> Iterator[PostgresServer]:
    """One server a session, started by the first test that asks."""
    try:
        with postgres_server() as server:
            pytestconfig.stash[ORIGIN] = server.origin
            yield server
    except NoServer as why:
        pytest.fail(str(why), pytrace=False)


@pytest.fixture(params=ENGINES)
def fresh_database(request: pytest.FixtureRequest) -> Iterator[FreshDatabase]:
    """``fresh_database(prepare=None) -> URL`` on each engine in turn; what it made is dropped when the test ends."""
    databases: Databases = request.getfixturevalue("sqlite" if request.param == "sqlite" else "postgres")
    yield from _lend(databases)


@pytest.fixture
def database_url(fresh_database: FreshDatabase) -> str:
    """An empty database, on each engine in turn."""
    return fresh_database()


@pytest.fixture
def migrated_url(fresh_database: FreshDatabase) -> str:
    """A database with the newest schema and no rows, on each engine in turn; migrated once a session, then copied."""
    return fresh_database(migrated)


@pytest.fixture
def sqlite_url(sqlite: SqliteFiles) -> str:
    return sqlite.create()


@pytest.fixture
def postgres_url(postgres: PostgresServer) -> Iterator[str]:
    """An empty PostgreSQL database. Mark the test slow."""
    for fresh in _lend(postgres):
        yield fresh()


def _lend(databases: Databases) -> Iterator[FreshDatabase]:
    made: list[str] = []

    def fresh(prepare: Prepare | None = None) -> str:
        made.append(databases.create(prepare))
        return made[-1]

    yield fresh
    for url in made:
        databases.drop(url)
