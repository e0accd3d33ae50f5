"""Contractors' systems: what is pushed is genuine, arrives at least once, is tried for days and can be sent again by hand."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from app import outbox, webhooks
from app.errors import BadInput
from app.outbox import PUSH_BACKOFF
from app.settings import DeliveryMode, WebhookSettings
from app.store import outbox as outbox_store
from app.store import webhooks as store
from app.tickets.lifecycle import State
from app.tickets.post import OutboxState
from channels.webhook import Webhook as Channel
from channels.wire import Wire
from tests.app.doors.hooked import Hooked
from tests.cast import Curtain
from tests.conftest import FreshDatabase
from tests.databases import Prepare
from tests.standins.receiver import Receiver, genuine, key_bytes, tampered

pytestmark = pytest.mark.slow  # real requests: in `make test`, not in `make fast`


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as running:
        yield running


@pytest.fixture
def hooked(raise_curtain: Curtain, fresh_database: FreshDatabase, city: Prepare, receiver: Receiver) -> Iterator[Hooked]:
    """On each engine: contractors' systems are really told."""
    wire = Wire()
    wire.allow(receiver.base)
    given = {"delivery": DeliveryMode.LIVE, "webhook": WebhookSettings(api_base=receiver.base)}
    cast = raise_curtain(fresh_database(city), channels={"webhook": Channel(wire)}, **given)
    yield Hooked(cast, receiver=receiver)
    wire.close()


def test_every_event_arrives_signed_and_in_order(hooked: Hooked) -> None:
    endpoint = hooked.listens("匠修")
    number = hooked.brought_to(State.RESOLVED)
    assert hooked.pushes() == 3
    got = hooked.receiver.got
    assert hooked.receiver.types() == ["ticket.dispatch", "ticket.accept", "ticket.resolve"]
    assert [pushed.data["seq"] for pushed in got] == [2, 3, 4]
    assert all(genuine(endpoint.secret, pushed.headers, pushed.body) for pushed in got)
    assert 24 <= key_bytes(endpoint.secret) <= 64
    assert {pushed.headers["webhook-timestamp"] for pushed in got} == {str(int(hooked.cast.clock.wall().timestamp()))}
    assert len({pushed.id for pushed in got}) == 3 and not any("." in pushed.id for pushed in got)
    accepted = got[1].data
    assert (accepted["number"], accepted["from"], accepted["to"]) == (number, "dispatched", "in_progress")
    assert accepted["details"] == {"eta": "今天下午"}
    assert {row.state for row in hooked.rows()} == {OutboxState.SENT}
    assert hooked.pushes() == 0


def test_what_was_tampered_with_is_not_genuine(hooked: Hooked) -> None:
    endpoint = hooked.listens("匠修")
    hooked.brought_to(State.DISPATCHED)
    hooked.pushes()
    pushed = hooked.receiver.got[0]
    assert not genuine(endpoint.secret, pushed.headers, tampered(pushed.body))
    for name in ("webhook-id", "webhook-timestamp"):
        assert not genuine(endpoint.secret, {**pushed.headers, name: "1"}, pushed.body)
    other = hooked.listens("安居")
    assert not genuine(other.secret, pushed.headers, pushed.body)


def test_one_killed_between_sending_and_writing_it_down_sends_again_under_the_same_id(hooked: Hooked) -> None:
    hooked.listens("匠修")
    hooked.brought_to(State.DISPATCHED)
    with hooked.cast.hotline.tx() as tx:  # as push() begins, and never comes to settle
        claimed = outbox_store.claim_pushes(tx.session, tx.wall, "killed", outbox.BATCH, outbox.EACH)
        endpoint = store.by_address(tx.session, {claimed[0].address})[claimed[0].address]
    outbox._send(hooked.cast.hotline, claimed[0], endpoint)
    assert hooked.pushes() == 0, "the lease holds"
    assert hooked.later(outbox_store.LEASE) == 1
    first, again = hooked.receiver.got
    assert first.id == again.id and first.body == again.body
    assert first.headers["webhook-timestamp"] != again.headers["webhook-timestamp"]


def test_tried_for_three_days_then_a_dead_letter_that_can_be_replayed(hooked: Hooked) -> None:
    endpoint = hooked.listens("匠修")
    number = hooked.brought_to(State.DISPATCHED)
    hooked.receiver.answers = [500, 503, None, 404, 301, 429, 500, 500, 500, 502]
    hooked.pushes()
    for wait in PUSH_BACKOFF:
        (row,) = hooked.rows()
        assert row.state is OutboxState.WAITING and row.next_at == hooked.cast.clock.wall() + wait
        assert hooked.later(wait) == 1
    (row,) = hooked.rows()
    assert (row.state, row.next_at, row.attempts) == (OutboxState.PARKED, None, 10)
    assert "502" in row.error
    assert hooked.later(timedelta(days=9)) == 0
    with hooked.cast.hotline.tx() as tx:
        assert store.standings(tx.session)[0].dead == 1
        assert store.replay(tx.session, endpoint.id, tx.wall, number="GZ0") == 0
        assert store.replay(tx.session, endpoint.id, tx.wall, since=tx.now) == 0
        assert store.replay(tx.session, endpoint.id, tx.wall, number=number) == 1
    assert hooked.pushes() == 1
    assert len(hooked.receiver.got) == 11 and len({pushed.id for pushed in hooked.receiver.got}) == 1
    assert {row.state for row in hooked.rows()} == {OutboxState.SENT}


def test_one_try_finds_a_system_down_and_the_others_are_told(hooked: Hooked) -> None:
    down, up = hooked.listens("匠修", "/down"), hooked.listens("安居")
    for _ in range(12):
        hooked.brought_to(State.DISPATCHED)
    elsewhere = hooked.opens()
    hooked.does(elsewhere, "dispatch", hooked.agent, contractor=hooked.other.org)
    hooked.receiver.answers = [503]
    hooked.pushes()
    assert [pushed.data["number"] for pushed in hooked.receiver.got[1:]] == [elsewhere]
    waiting = [row for row in hooked.rows() if row.address == str(down.id)]
    assert len(waiting) == 12
    assert {(row.state, row.attempts) for row in waiting} == {(OutboxState.WAITING, 1)}
    assert {row.next_at for row in waiting} == {hooked.cast.clock.wall() + PUSH_BACKOFF[0]}
    assert [row.state for row in hooked.rows() if row.address == str(up.id)] == [OutboxState.SENT]
    hooked.later(PUSH_BACKOFF[0])
    hooked.pushes()
    assert {row.state for row in hooked.rows()} == {OutboxState.SENT}


def test_a_system_that_is_down_keeps_no_person_waiting(hooked: Hooked) -> None:
    hooked.listens("匠修")
    hooked.receiver.answers = [None] * 99
    hooked.brought_to(State.DISPATCHED)
    with hooked.cast.hotline.tx() as tx:
        claimed = outbox_store.claim(tx.session, tx.wall, "w", 50)
    assert claimed and {row.channel for row in claimed} == {"console", "wechat"}


def test_gone_means_that_nobody_wants_it_any_more(hooked: Hooked) -> None:
    endpoint = hooked.listens("匠修")
    for _ in range(3):
        hooked.brought_to(State.DISPATCHED)
    hooked.receiver.answers = [410]
    hooked.pushes()
    assert len(hooked.receiver.got) == 1
    assert hooked.endpoint(endpoint).disabled_at == hooked.cast.clock.wall()
    assert {row.state for row in hooked.rows()} == {OutboxState.DROPPED}
    hooked.brought_to(State.DISPATCHED)
    assert len(hooked.rows()) == 3, "nothing is written for it any more"
    with hooked.cast.hotline.tx() as tx:
        tx.session.get_one(type(endpoint), endpoint.id).disabled_at = None
        assert store.replay(tx.session, endpoint.id, tx.wall) == 3
    hooked.pushes()
    assert {row.state for row in hooked.rows()} == {OutboxState.SENT}


def test_while_secrets_change_over_both_sign(hooked: Hooked) -> None:
    endpoint = hooked.listens("匠修")
    former = endpoint.secret
    with hooked.cast.hotline.tx() as tx:
        new = store.rotate(tx.session.get_one(type(endpoint), endpoint.id))
    hooked.brought_to(State.DISPATCHED)
    hooked.pushes()
    (pushed,) = hooked.receiver.got
    assert new != former
    assert genuine(new, pushed.headers, pushed.body) and genuine(former, pushed.headers, pushed.body)
    assert len(pushed.headers["webhook-signature"].split(" ")) == 2
    with hooked.cast.hotline.tx() as tx:
        tx.session.get_one(type(endpoint), endpoint.id).former = ""
    hooked.brought_to(State.DISPATCHED)
    hooked.pushes()
    pushed = hooked.receiver.got[-1]
    assert genuine(new, pushed.headers, pushed.body) and not genuine(former, pushed.headers, pushed.body)


def test_a_private_address_is_never_called(hooked: Hooked) -> None:
    endpoint = hooked.listens("匠修")
    with hooked.cast.hotline.tx() as tx:
        tx.session.get_one(type(endpoint), endpoint.id).url = "https://127.0.0.1:4/"
    hooked.brought_to(State.DISPATCHED)
    hooked.pushes()
    (row,) = hooked.rows()
    assert row.state is OutboxState.PARKED and "内网" in row.error


def test_a_ping_says_who_is_called(hooked: Hooked) -> None:
    endpoint = hooked.listens("匠修")
    with hooked.cast.hotline.tx() as tx:
        identity = webhooks.ping(tx, tx.session.get_one(type(endpoint), endpoint.id))
    hooked.pushes()
    (pushed,) = hooked.receiver.got
    assert (pushed.id, pushed.said["type"], pushed.data) == (identity, "hotline.ping", {"webhook": endpoint.id})


@pytest.mark.parametrize(
    "url", ["http://jx.example.com/", "https://a:b@jx.example.com/", "ftp://x", "https://", "https://x y/", "x"]
)
def test_an_address_that_nothing_could_be_sent_to_is_refused(hooked: Hooked, url: str) -> None:
    with pytest.raises(BadInput, match="https"), hooked.cast.hotline.tx() as tx:
        webhooks.register(tx, hooked.mender.org, url)


def test_without_live_delivery_it_is_shown_on_the_console(raise_curtain: Curtain, sqlite_url: str, city: Prepare) -> None:
    city(sqlite_url)
    with Receiver() as receiver:
        hooked = Hooked(raise_curtain(sqlite_url, webhook=WebhookSettings(api_base=receiver.base)), receiver=receiver)
        hooked.listens("匠修")
        hooked.brought_to(State.DISPATCHED)
        hooked.pushes()
        assert receiver.got == []
    assert [notice.to for notice in hooked.cast.pigeons.sent] == ["系统推送 1"]
    assert all("whsec_" not in repr(notice) for notice in hooked.cast.pigeons.sent)
