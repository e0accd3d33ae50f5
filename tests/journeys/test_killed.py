"""Twenty times the server is killed under load. What it acknowledged has exactly one ticket; what was to be told was told."""

from __future__ import annotations

import asyncio
import random
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
from sqlalchemy import func, select

from app.bootstrap import build
from app.clock import SystemClock
from app.demo.complaints import complaints
from app.demo.load import load_city
from app.demo.residents import Crowd, Sent
from app.register.people import QUICK_PASSWORDS
from app.settings import Settings
from app.store.db import Database
from app.tickets.model import Ticket, TicketEvent
from app.tickets.post import Inbound, InboundState, OutboxRow, OutboxState
from channels.wechat.compose import Mode
from tests.cast import ACCOUNT
from tests.processes import Child, Nursery, answers, free_port, nursery

KILLS = 20
UNSENT = (OutboxState.WAITING, OutboxState.CLAIMED)
ANSWERED = 3  # in each life before it may end
RATE = 80.0  # messages a second: about as many as one server here takes in, so that work is always under way


@dataclass
class Record:
    """What the outside saw, and what the database held at each moment of death."""

    acknowledged: list[Sent] = field(default_factory=list)
    not_taken_in: int = 0
    in_delivery: int = 0


def _env(settings: Settings) -> dict[str, str]:
    account = settings.wechat
    return {
        "HOTLINE_DATA_DIR": str(settings.data_dir),
        "HOTLINE_TICK_SECONDS": "0.05",
        "HOTLINE_WECHAT__TOKEN": account.token.get_secret_value(),
        "HOTLINE_WECHAT__APP_ID": account.app_id,
        "HOTLINE_WECHAT__ENCODING_AES_KEY": account.encoding_aes_key.get_secret_value(),
    }


@pytest.mark.slow
def test_killed_twenty_times_under_load_nothing_is_lost_and_nothing_doubled(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, wechat=ACCOUNT)
    hotline = build(settings, migrate=True)
    with hotline.tx() as tx:
        load_city(tx.session, hotline.policy, tx.now, passwords=QUICK_PASSWORDS)
    hotline.db.dispose()
    record, out, chance = Record(), tmp_path / "out.log", random.Random(20)
    with nursery() as lives:
        for _ in range(KILLS):
            _live_and_die(lives, settings, record, out, longer=chance.uniform(0.0, 0.4))
        last = _let_it_finish(lives, settings, out)

    assert record.not_taken_in, "no kill fell between keeping and taking in: the test proved nothing about that"
    assert record.in_delivery, "no kill fell into a delivery: the test proved nothing about that"
    assert len(record.acknowledged) > KILLS
    _check_tickets(settings, record)
    _check_notices(settings, out, last)


def _live_and_die(lives: Nursery, settings: Settings, record: Record, out: Path, *, longer: float) -> None:
    port = free_port()
    server = lives.bear("serve", "--port", str(port), env=_env(settings), out=out)
    answers(server, f"http://127.0.0.1:{port}/healthz")
    said: list[Sent] = []
    asyncio.run(_load(f"http://127.0.0.1:{port}", server, said, longer))
    record.acknowledged += [one for one in said if one.acknowledged]
    with closing_db(settings) as db, db.read() as session:
        record.not_taken_in += _count(session.scalar(select(func.count()).where(Inbound.state == InboundState.PENDING)))
        record.in_delivery += _count(session.scalar(select(func.count()).where(OutboxRow.state == OutboxState.CLAIMED)))


async def _load(url: str, server: Child, said: list[Sent], longer: float) -> None:
    """Residents write; once some have been answered, the server is killed; whoever waits for an answer then gets none."""
    crowd, alive = Crowd(url, ACCOUNT, SystemClock(), random.Random(len(said)), Mode.SAFE), True
    writing = asyncio.create_task(
        crowd.write(complaints(), rate=RATE, seconds=60, repeats=0.2, heard=said.append, going=lambda: alive)
    )
    while sum(one.acknowledged for one in said) < ANSWERED:
        await asyncio.sleep(0.01)
    await asyncio.sleep(longer)
    server.kill()
    alive = False
    await writing


def _let_it_finish(lives: Nursery, settings: Settings, out: Path) -> int:
    """One last life, in peace, until nothing is pending; leases of the dead lapse within the minute. Returns the last notice
    there was then: a clock may ring between that look and the end, and what it says is for the next life."""
    port = free_port()
    server = lives.bear("serve", "--port", str(port), env=_env(settings), out=out)
    answers(server, f"http://127.0.0.1:{port}/healthz")
    with closing_db(settings) as db, httpx.Client(trust_env=False) as client:
        for _ in range(2000):
            client.get(f"http://127.0.0.1:{port}/healthz")
            with db.read() as session:
                kept = session.scalar(select(func.count()).where(Inbound.state == InboundState.PENDING))
                unsent = session.scalar(select(func.count()).where(OutboxRow.state.in_(UNSENT)))
                last = _count(session.scalar(select(func.max(OutboxRow.id))))
            if not kept and not unsent:
                break
            asyncio.run(asyncio.sleep(0.05))
    server.stop()
    assert not kept
    assert not unsent
    return last


def _check_tickets(settings: Settings, record: Record) -> None:
    with closing_db(settings) as db, db.read() as session:
        tickets_of = {row.external_id: row.ticket_id for row in session.scalars(select(Inbound))}
        receipts = session.scalars(select(TicketEvent).where(TicketEvent.action == "receive"))
        opened = Counter(event.details["external_id"] for event in receipts)
        tickets = session.scalar(select(func.count()).select_from(Ticket))
    lost = [one for one in record.acknowledged if one.external_id not in tickets_of]
    assert lost == []
    # Only greetings and the like open no ticket; everything that was answered with a number has that ticket, and one only.
    without = [one.text for one in record.acknowledged if "GZ" in one.answer and tickets_of[one.external_id] is None]
    assert without == []
    assert {count for count in opened.values()} == {1}
    assert sum(opened.values()) == tickets


def _check_notices(settings: Settings, out: Path, last: int) -> None:
    # By key and not by line: what a dying process wrote last may stand before another one's line, without an end.
    printed = set(re.findall(r'"key": "([^"]+)"', out.read_text(encoding="utf-8")))
    with closing_db(settings) as db, db.read() as session:
        rows = list(session.scalars(select(OutboxRow).where(OutboxRow.id <= last)))
    assert {row.state for row in rows} <= {OutboxState.SENT, OutboxState.DROPPED}
    sent = [row for row in rows if row.state is OutboxState.SENT]
    assert len(sent) > len(rows) / 2 and all(row.sent_at is not None and row.sent_via for row in sent)
    never_said = [row.key for row in sent if row.sent_via == "console" and row.key not in printed]
    assert never_said == []
    # On a slow machine minutes go by, and what promised something within two of them is not said any more; who lives there is
    # told how things stand now.
    dropped = [row for row in rows if row.state is OutboxState.DROPPED]
    assert all(row.error for row in dropped)
    newest = {row.ticket_id: row.id for row in sent if row.audience == "resident"}
    assert [row.key for row in dropped if row.audience == "resident" and newest.get(row.ticket_id, 0) < row.id] == []


@contextmanager
def closing_db(settings: Settings) -> Iterator[Database]:
    """The dead server's database, looked at from outside."""
    db = Database(settings.url)
    with closing(_Disposing(db)):
        yield db


@dataclass
class _Disposing:
    db: Database

    def close(self) -> None:
        self.db.dispose()


def _count(number: int | None) -> int:
    return number or 0
