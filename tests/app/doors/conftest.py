"""The cast of the doors' tests: the same city, loaded once a session and copied, so that each test starts in a moment."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from app import texts
from app.demo.load import load_city
from app.hotline import Hotline
from app.policy import Policy
from app.register.people import QUICK_PASSWORDS
from app.register.policies import remember
from app.settings import DeliveryMode, Settings
from app.store.db import Database
from app.store.schema import migrate
from channels import registry
from channels.contract import Channel
from channels.wire import Wire
from routing.classify import Model
from tests.app.doors.street import Hesitant, Street
from tests.cast import ACCOUNT, MONDAY_MORNING, Cast, Pigeons
from tests.conftest import FreshDatabase
from tests.databases import PostgresServer, Prepare, SqliteFiles
from tests.handclock import HandClock

Curtain = Callable[..., Cast]


@pytest.fixture(scope="session")
def city(policy: Policy) -> Prepare:
    """Fills a database with the newest schema and the demonstration city."""

    def prepare(url: str) -> None:
        db = Database(url)
        migrate(db)
        with db.write() as session:
            remember(session, policy, MONDAY_MORNING)
            load_city(session, policy, MONDAY_MORNING, passwords=QUICK_PASSWORDS)
        if db.is_sqlite:
            with db.engine.connect() as connection:  # the copy is of the file alone
                connection.exec_driver_sql("COMMIT")
                connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        db.dispose()

    return prepare


@pytest.fixture(scope="session")
def wire() -> Iterator[Wire]:
    """One for all: reading the certificates takes longer than most tests."""
    made = Wire()
    yield made
    made.close()


@pytest.fixture
def raise_curtain(policy: Policy, model: Model, wire: Wire, tmp_path: Path, clock: HandClock) -> Iterator[Curtain]:
    """A cast in a database that ``city`` has filled; ``settings`` are changes to the usual ones. Closed when the test ends.

    ``before`` is done before each message is understood: it may wait, or fail.
    """
    made: list[Cast] = []

    def build_cast(
        url: str, channels: Mapping[str, Channel] | None = None, before: Callable[[str], None] | None = None, **settings: object
    ) -> Cast:
        pigeons = Pigeons()
        given = {"data_dir": tmp_path, "database_url": url, "wechat": ACCOUNT, "delivery": DeliveryMode.CONSOLE, **settings}
        clock.set(MONDAY_MORNING)
        said = Settings(**given)  # type: ignore[arg-type]
        usual = registry.build(said.channels(), wire)
        hotline = Hotline(  # as app.bootstrap.build does, without asking Alembic again what ``city`` has seen to
            settings=said,
            clock=clock,
            db=Database(url),
            policy=policy,
            model=Hesitant(model, before) if before else model,
            texts=texts.load(),
            channels={**usual, **(channels or {}), "console": pigeons},
            secret=b"of the cast",
        )
        made.append(Cast(hotline, clock, pigeons))
        return made[-1]

    yield build_cast
    for cast in made:
        cast.hotline.db.dispose()


@pytest.fixture
def cast(raise_curtain: Curtain, fresh_database: FreshDatabase, city: Prepare) -> Cast:
    """On SQLite, and again on PostgreSQL."""
    return raise_curtain(fresh_database(city))


@pytest.fixture
def sqlite_url(sqlite: SqliteFiles, city: Prepare) -> str:
    """A city of one's own on SQLite."""
    return sqlite.create(city)


@pytest.fixture
def sqlite_cast(raise_curtain: Curtain, sqlite_url: str) -> Cast:
    """On SQLite only: for what does not depend on the database."""
    return raise_curtain(sqlite_url)


@pytest.fixture
def postgres_url(postgres: PostgresServer, city: Prepare) -> Iterator[str]:
    """A city of one's own on PostgreSQL. Mark the test slow."""
    url = postgres.create(city)
    yield url
    postgres.drop(url)


@pytest.fixture
def postgres_cast(raise_curtain: Curtain, postgres_url: str) -> Cast:
    """On PostgreSQL only: for what only many processes can do. Mark the test slow."""
    return raise_curtain(postgres_url)


@pytest.fixture
def street(sqlite_cast: Cast) -> Iterator[Street]:
    """The running application of a cast on SQLite."""
    with Street(sqlite_cast) as open_street:
        yield open_street
