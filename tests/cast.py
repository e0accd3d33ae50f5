"""The cast: a hotline of the demonstration city on a hand clock, its people, and residents who write to it.

陈阿姨 writes by WeChat; 安居 and 匠修 are contractors; 周主任 supervises the city; nobody of 匠修 may see what is 安居's.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import select
from sqlalchemy.orm import selectinload

from app import texts
from app.demo.load import load_city
from app.hotline import Hotline
from app.intake import Item, Said, take_together
from app.policy import Policy, load_policy
from app.register.people import QUICK_PASSWORDS
from app.register.policies import remember
from app.register.snapshot import Snapshot
from app.settings import DeliveryMode, Settings, WeChatSettings
from app.shipped import model_for
from app.store import tickets as store
from app.store.db import Database
from app.store.schema import migrate
from app.tickets.followup import CallBack
from app.tickets.lifecycle import SYSTEM, Actor, Role
from app.tickets.model import Ticket
from app.worker import Worker
from channels import registry
from channels.contract import Channel, ChannelSpec, Complaint, Delivery, Failure, HttpAnswer, Kind, Notice, Receipt, Receives
from channels.wire import Wire
from routing.classify import Model
from sla.policy import Target
from tests.databases import PostgresServer, Prepare, SqliteFiles
from tests.handclock import HandClock

MONDAY_MORNING = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)  # 09:00 where the city is
ACCOUNT = WeChatSettings(
    token=SecretStr("AAAAA"),
    app_id="wxba5fad812f8e6fb9",
    app_secret=SecretStr("cast-app-secret"),
    encoding_aes_key=SecretStr("A" * 43),
)


class Pigeons:
    """A console that remembers: every notice that left, in order; ``fails`` scripts what the outside answers next."""

    spec = ChannelSpec(key="console", name="控制台", receives=Receives.NEVER, sends=True, signed=False)

    def __init__(self) -> None:
        self.sent: list[Notice] = []
        self.fails: list[Failure] = []

    def send(self, notice: Notice) -> Receipt:
        if self.fails:
            return Receipt(failure=self.fails.pop(0), code="scripted")
        self.sent.append(notice)
        return Receipt(external_id=f"pigeon-{len(self.sent)}")

    def read(self, delivery: Delivery) -> list[Complaint]:
        raise AssertionError("nobody writes to the console")

    def answer(self, delivery: Delivery, said: object) -> HttpAnswer:
        raise AssertionError("nobody waits at the console")

    def greet(self, delivery: Delivery) -> HttpAnswer:
        raise AssertionError("nobody greets the console")

    def fetch(self, since: str) -> tuple[Delivery, ...]:
        return ()

    def to(self, name: str) -> list[str]:
        """What one recipient was told."""
        return [notice.text for notice in self.sent if name in notice.to]


class Hesitant(Model):
    """A classifier that does something else before it reads: waits until it may, or fails."""

    def __init__(self, model: Model, before: Callable[[str], None]) -> None:
        for part in dataclasses.fields(model):
            object.__setattr__(self, part.name, getattr(model, part.name))
        object.__setattr__(self, "_before", before)

    def judge(self, text: str) -> tuple[list[tuple[str, float]], float]:
        self._before(text)  # type: ignore[attr-defined]
        return super().judge(text)


@dataclass
class Cast:
    """A hotline and everybody around it."""

    hotline: Hotline
    clock: HandClock
    pigeons: Pigeons
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def writes(self, text: str, sender: str = "o-chen", *, external_id: str = "", **said: object) -> Said:
        """A resident's message through keeping and taking in, as the WeChat door would hand it over."""
        identity = external_id or f"m{next(self.numbers)}"
        complaint = Complaint(external_id=identity, sender=sender, kind=Kind.TEXT, text=text, **said)  # type: ignore[arg-type]
        delivery = Delivery("wechat", text.encode(), self.clock.wall())
        return take_together(self.hotline, [Item(delivery, complaint)])[0]

    def ticket(self, number: str, viewer: Actor = SYSTEM) -> Ticket:
        with self.hotline.look() as tx:
            return store.by_number(tx.session, number, viewer)

    def history(self, number: str) -> store.History:
        with self.hotline.look() as tx:
            return store.history(tx.session, store.by_number(tx.session, number, SYSTEM))

    def callbacks(self, number: str) -> list[CallBack]:
        """Every call-back of a ticket with its attempts, in order."""
        wanted = select(CallBack).join(CallBack.ticket).where(Ticket.number == number).order_by(CallBack.round)
        with self.hotline.look() as tx:
            return list(tx.session.scalars(wanted.options(selectinload(CallBack.calls))))

    def promises(self, number: str, target: str) -> Target | None:
        """What is promised on a ticket for one target."""
        with self.hotline.look() as tx:
            return tx.promises.target(store.by_number(tx.session, number, SYSTEM), target)

    def contractor(self, name: str) -> Actor:
        """Staff of the contractor whose name contains this."""
        return Actor(Role.CONTRACTOR, "9001", f"{name}员工", self._org(self.names().contractors, name))

    def supervisor(self, name: str = "云州市住房保障局") -> Actor:
        org = self._org(self.names().purchasers, name)
        return Actor(Role.SUPERVISOR, "9002", "周主任", org, frozenset(self.names().purchasers))

    def agent(self) -> Actor:
        return Actor(Role.AGENT, "9003", "坐席小李")

    def names(self) -> Snapshot:
        with self.hotline.look() as tx:
            return self.hotline.knowledge(tx.session).snapshot

    @staticmethod
    def _org(names: Mapping[int, str], part: str) -> int:
        return next(number for number, name in names.items() if part in name)

    def tick(self, **later: float) -> None:
        """Time passes, then the metronome beats once."""
        self.clock.advance(timedelta(**later))
        Worker(self.hotline).tick()


@pytest.fixture(scope="session")
def policy() -> Policy:
    """The shipped one; only that no lot is drawn for call-backs: no test is left to chance, and whom a rule names is called."""
    shipped = load_policy()
    return dataclasses.replace(shipped, rules=dataclasses.replace(shipped.rules, callback_percent=0, callback_minimum=0))


@pytest.fixture(scope="session")
def model(policy: Policy, tmp_path_factory: pytest.TempPathFactory) -> Model:
    return model_for(policy, tmp_path_factory.mktemp("model"))


@pytest.fixture(scope="session")
def city(policy: Policy) -> Prepare:
    """Fills a database with the newest schema and the demonstration city: done once a session, copied for every test."""

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


Curtain = Callable[..., Cast]


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
def cast(raise_curtain: Curtain, fresh_database: Callable[..., str], city: Prepare) -> Cast:
    """On SQLite, and again on PostgreSQL."""
    return raise_curtain(fresh_database(city))


@pytest.fixture
def sqlite_cast(raise_curtain: Curtain, sqlite: SqliteFiles, city: Prepare) -> Cast:
    """On SQLite only: for what does not depend on the database."""
    return raise_curtain(sqlite.create(city))


@pytest.fixture
def postgres_cast(raise_curtain: Curtain, postgres: PostgresServer, city: Prepare) -> Iterator[Cast]:
    """On PostgreSQL only: for what only many processes can do. Mark the test slow."""
    url = postgres.create(city)
    yield raise_curtain(url)
    postgres.drop(url)
