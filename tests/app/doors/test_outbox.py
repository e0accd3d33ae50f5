"""Door 4: every notice leaves by the route the delivery mode allows, at least once, and its fate is on record."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from app import outbox
from app.outbox import BACKOFF, deliver
from app.settings import DeliveryMode
from app.store import outbox as store
from app.tickets.post import OutboxRow, OutboxState
from channels.contract import ChannelSpec, Failure, Kind, Notice, OutboundOnly, Receipt, Receives
from tests.app.doors.street import LEAK, outbox_rows, together
from tests.cast import Cast, Curtain
from tests.conftest import FreshDatabase
from tests.databases import Prepare

Script = Receipt | Exception | Callable[[], Receipt]


class Courier(OutboundOnly):
    """WeChat as far as the outbox sees it: does what it is told, then takes everything; remembers what it was handed."""

    spec = ChannelSpec("wechat", "微信公众号", Receives.PUSH, sends=True, signed=True, kinds=(Kind.TEXT,))

    def __init__(self) -> None:
        self.script: list[Script] = []
        self.handed: list[Notice] = []
        self.taken: list[Notice] = []

    def send(self, notice: Notice) -> Receipt:
        self.handed.append(notice)
        receipt = self._next()
        if receipt.ok:
            self.taken.append(notice)
        return receipt

    def _next(self) -> Receipt:
        step = self.script.pop(0) if self.script else Receipt(external_id=f"wx-{len(self.handed)}")
        if isinstance(step, Exception):
            raise step
        return step if isinstance(step, Receipt) else step()


@pytest.fixture
def courier() -> Courier:
    return Courier()


@pytest.fixture
def live(raise_curtain: Curtain, fresh_database: FreshDatabase, city: Prepare, courier: Courier) -> Cast:
    """On each engine: a cast whose notices to residents go out by the courier."""
    return raise_curtain(fresh_database(city), channels={"wechat": courier}, delivery=DeliveryMode.LIVE)


def waiting(cast: Cast, sender: str = "o-chen") -> None:
    """A ticket whose three notices are due: two to the resident, one to the contractor."""
    cast.writes(LEAK, sender)
    cast.clock.advance(timedelta(seconds=11))


def to_resident(cast: Cast) -> OutboxRow:
    """The first notice to the resident."""
    return outbox_rows(cast.hotline, "resident")[0]


def test_on_the_console_everything_is_shown_and_nobody_is_reached(
    raise_curtain: Curtain, sqlite_url: str, courier: Courier
) -> None:
    cast = raise_curtain(sqlite_url, channels={"wechat": courier}, delivery=DeliveryMode.CONSOLE)
    waiting(cast)
    assert deliver(cast.hotline, "w") == 3
    assert courier.handed == []
    assert len(cast.pigeons.to("o-chen")) == 2
    assert {(row.state, row.sent_via) for row in outbox_rows(cast.hotline)} == {(OutboxState.SENT, "console")}


def test_redirected_everything_goes_to_one_address_of_ours(raise_curtain: Curtain, sqlite_url: str, courier: Courier) -> None:
    settings = {"delivery": DeliveryMode.REDIRECT, "redirect_to": "测试员"}
    cast = raise_curtain(sqlite_url, channels={"wechat": courier}, **settings)
    waiting(cast)
    deliver(cast.hotline, "w")
    assert courier.handed == []
    assert [notice.to for notice in cast.pigeons.sent] == ["测试员"] * 3


def test_live_the_resident_is_reached_where_they_wrote_and_staff_on_the_console(live: Cast, courier: Courier) -> None:
    waiting(live)
    deliver(live.hotline, "w")
    rows = outbox_rows(live.hotline)
    assert [(notice.to, notice.key, notice.text) for notice in courier.taken] == [
        ("o-chen", row.key, row.text) for row in rows if row.audience == "resident"
    ]
    assert courier.taken[0].at == live.clock.wall()
    assert {row.audience: (row.state, row.sent_via) for row in rows} == {
        "resident": (OutboxState.SENT, "wechat"),
        "contractor": (OutboxState.SENT, "console"),
    }
    first = to_resident(live)
    assert (first.external_id, first.sent_at, first.attempts) == ("wx-1", live.clock.wall(), 1)
    assert deliver(live.hotline, "w") == 0


def test_live_a_channel_that_is_no_longer_configured_falls_to_the_console(live: Cast, courier: Courier) -> None:
    waiting(live)
    live.hotline.channels = {"console": live.pigeons}
    deliver(live.hotline, "w")
    assert len(live.pigeons.to("o-chen")) == 2
    assert courier.handed == []


def test_what_a_dead_worker_had_claimed_goes_out_under_the_same_key_once_its_lease_lapsed(live: Cast, courier: Courier) -> None:
    waiting(live)
    with live.hotline.tx() as tx:
        claimed = store.claim(tx.session, tx.wall, "dead", 50)
    assert len(claimed) == 3
    live.clock.advance(store.LEASE - timedelta(seconds=1))
    assert deliver(live.hotline, "heir") == 0
    live.clock.advance(timedelta(seconds=1))
    assert deliver(live.hotline, "heir") == 3
    assert [notice.key for notice in courier.taken] == [row.key for row in claimed if row.audience == "resident"]


def test_only_the_claimer_settles(live: Cast) -> None:
    waiting(live)
    with live.hotline.tx() as tx:
        lost = store.claim(tx.session, tx.wall, "slow", 50)[0]
    live.clock.advance(store.LEASE)
    deliver(live.hotline, "heir")
    with live.hotline.tx() as tx:
        assert not store.settle(tx.session, lost, "slow", state=OutboxState.FAILED, next_at=None, error="too late")
        assert not store.renew(tx.session, lost, "slow", tx.wall)
        assert not store.settle(tx.session, lost, "heir", state=OutboxState.FAILED, next_at=None)  # the heir's, not this claim
    assert {row.state for row in outbox_rows(live.hotline)} == {OutboxState.SENT}


def test_a_worker_that_claims_again_does_not_settle_by_its_former_claim(live: Cast) -> None:
    waiting(live)
    claims = []
    for _ in range(2):
        with live.hotline.tx() as tx:
            claims.append({row.id: row for row in store.claim(tx.session, tx.wall, "w", 50)})
        live.clock.advance(store.LEASE)
    for row_id, former in claims[0].items():
        with live.hotline.tx() as tx:
            assert not store.settle(tx.session, former, "w", state=OutboxState.FAILED, next_at=None)
            assert store.settle(tx.session, claims[1][row_id], "w", state=OutboxState.SENT, next_at=None)


def test_a_slow_platform_does_not_make_one_notice_go_out_twice(live: Cast, courier: Courier) -> None:
    for number in range(4):
        live.writes(LEAK, f"o-{number}")
    live.clock.advance(timedelta(seconds=11))
    with live.hotline.tx() as tx:  # the console's part is not the matter here
        for row in store.claim(tx.session, tx.wall, "console", 50):
            if row.audience != "resident":
                row.state, row.next_at = OutboxState.SENT, None
            else:
                row.state, row.next_at, row.attempts = OutboxState.WAITING, tx.wall, 0

    def slowly() -> Receipt:
        live.clock.advance(timedelta(seconds=25))
        return Receipt(external_id="slow")

    def slowly_while_another_works() -> Receipt:
        receipt = slowly()
        courier.script, rest = [], courier.script
        deliver(live.hotline, "another")
        courier.script = rest
        return receipt

    courier.script = [slowly, slowly, slowly_while_another_works, slowly, slowly_while_another_works]
    deliver(live.hotline, "first")
    keys = [notice.key for notice in courier.taken]
    assert len(keys) == len(set(keys)) == 8
    assert {row.state for row in outbox_rows(live.hotline)} == {OutboxState.SENT}


def test_what_may_pass_is_tried_ever_more_rarely_and_parked_in_the_end(live: Cast, courier: Courier) -> None:
    waiting(live)
    courier.script = [Receipt(failure=Failure.AGAIN, code="-1", detail="系统繁忙")] * 20
    deliver(live.hotline, "w")
    for number, pause in enumerate(BACKOFF, 1):
        row = to_resident(live)
        assert (row.state, row.attempts, row.error) == (OutboxState.WAITING, number, "-1 系统繁忙")
        assert row.next_at == live.clock.wall() + pause
        live.clock.advance(pause - timedelta(seconds=1))
        assert deliver(live.hotline, "w") == 0
        live.clock.advance(timedelta(seconds=1))
        assert deliver(live.hotline, "w") == 2
    row = to_resident(live)
    assert (row.state, row.next_at, row.attempts) == (OutboxState.PARKED, None, len(BACKOFF) + 1)
    live.clock.advance(timedelta(days=1))
    assert deliver(live.hotline, "w") == 0


@pytest.mark.parametrize(
    ("failure", "state"),
    [
        (Failure.CONTENT, OutboxState.FAILED),
        (Failure.CONFIGURATION, OutboxState.PARKED),
        (Failure.QUOTA, OutboxState.PARKED),
    ],
)
def test_what_trying_again_cannot_mend_is_left_to_people(
    raise_curtain: Curtain, sqlite_url: str, courier: Courier, failure: Failure, state: OutboxState
) -> None:
    cast = raise_curtain(sqlite_url, channels={"wechat": courier}, delivery=DeliveryMode.LIVE)
    waiting(cast)
    courier.script = [Receipt(failure=failure, code="4711", detail="原因")]
    deliver(cast.hotline, "w")
    first, second = outbox_rows(cast.hotline, "resident")
    assert (first.state, first.next_at, first.error) == (state, None, "4711 原因")
    assert second.state is OutboxState.SENT
    cast.clock.advance(timedelta(days=1))
    assert deliver(cast.hotline, "w") == 0


def test_who_cannot_be_reached_that_way_is_shown_on_the_console(live: Cast, courier: Courier) -> None:
    waiting(live)
    courier.script = [Receipt(failure=Failure.NEXT_ROUTE, code="45015", detail="超出 48 小时")]
    deliver(live.hotline, "w")
    row = to_resident(live)
    assert (row.state, row.channel, row.error) == (OutboxState.WAITING, "console", "wechat: 45015 超出 48 小时")
    deliver(live.hotline, "w")
    row = to_resident(live)
    assert (row.state, row.sent_via, row.attempts) == (OutboxState.SENT, "console", 2)
    assert live.pigeons.to("o-chen") == [row.text]
    assert [notice.key for notice in live.pigeons.sent].count(row.key) == 1


def test_where_there_is_no_route_left_the_notice_has_failed(sqlite_cast: Cast) -> None:
    waiting(sqlite_cast)
    sqlite_cast.pigeons.fails = [Failure.NEXT_ROUTE] * 10
    sqlite_cast.tick()
    assert {row.state for row in outbox_rows(sqlite_cast.hotline)} == {OutboxState.FAILED}
    sqlite_cast.clock.advance(timedelta(days=1))
    assert deliver(sqlite_cast.hotline, "w") == 0


def test_a_channel_that_raises_stops_nobody_and_shows_no_secret(live: Cast, courier: Courier) -> None:
    waiting(live)
    courier.script = [RuntimeError("https://api.weixin.qq.com/?access_token=SECRET")]
    deliver(live.hotline, "w")
    first, second = outbox_rows(live.hotline, "resident")
    assert (first.state, first.error) == (OutboxState.WAITING, "RuntimeError")
    assert second.state is OutboxState.SENT
    assert outbox_rows(live.hotline, "contractor")[0].state is OutboxState.SENT
    live.clock.advance(BACKOFF[0])
    deliver(live.hotline, "w")
    assert to_resident(live).state is OutboxState.SENT


def test_nothing_is_said_before_its_time(sqlite_cast: Cast) -> None:
    sqlite_cast.writes(LEAK)
    assert deliver(sqlite_cast.hotline, "w") == 1  # the contractor, at once
    assert sqlite_cast.pigeons.to("o-chen") == []


def test_more_than_one_batch_is_worked_off_oldest_first(sqlite_cast: Cast) -> None:
    for number in range(outbox.BATCH // 3 + 2):
        sqlite_cast.writes(LEAK, f"o-{number}")
        sqlite_cast.clock.advance(timedelta(seconds=1))
    sqlite_cast.clock.advance(timedelta(seconds=11))
    assert deliver(sqlite_cast.hotline, "w") == outbox.BATCH
    due = {row.key: row.created_at for row in outbox_rows(sqlite_cast.hotline)}
    left = [row for row in outbox_rows(sqlite_cast.hotline) if row.state is OutboxState.WAITING]
    assert left
    said = [due[notice.key] for notice in sqlite_cast.pigeons.sent if "o-" in notice.to]
    assert said == sorted(said)


def test_a_settled_reply_leaves_alone_what_a_worker_has_already_taken(sqlite_cast: Cast) -> None:
    said = sqlite_cast.writes(LEAK)
    sqlite_cast.clock.advance(timedelta(seconds=11))
    with sqlite_cast.hotline.tx() as tx:
        store.claim(tx.session, tx.wall, "w", 50)
    with sqlite_cast.hotline.tx() as tx:
        store.answered(tx.session, said.notices, tx.wall)
    assert {row.state for row in outbox_rows(sqlite_cast.hotline)} == {OutboxState.CLAIMED}


@pytest.mark.slow
def test_two_workers_never_send_one_notice_twice_while_the_lease_holds(
    raise_curtain: Curtain, postgres_url: str, courier: Courier
) -> None:
    here, there = (
        raise_curtain(postgres_url, channels={"wechat": courier}, delivery=DeliveryMode.LIVE) for _ in ("here", "there")
    )
    there.hotline.channels = here.hotline.channels
    for number in range(40):
        here.writes(LEAK, f"o-{number}")
    here.clock.advance(timedelta(seconds=11))

    def work(cast: Cast, name: str) -> int:
        return sum(iter(lambda: deliver(cast.hotline, name), 0))

    shares = together(lambda: work(here, "here"), lambda: work(there, "there"))
    keys = [notice.key for notice in courier.handed + here.pigeons.sent]
    assert len(keys) == len(set(keys)) == sum(shares) == 120
    assert {row.state for row in outbox_rows(here.hotline)} == {OutboxState.SENT}
