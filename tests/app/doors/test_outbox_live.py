"""Door 4 against the platform's stand-in on loopback: really sent, within the platform's own rules, and never silently lost."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from app.outbox import BACKOFF, deliver
from app.settings import DeliveryMode
from app.tickets.post import OutboxState
from channels.wechat import WeChat, WeChatConfig
from channels.wire import Wire
from tests.app.doors.street import CONFIG, LEAK, outbox_rows
from tests.cast import Cast, Curtain
from tests.handclock import HandClock
from tests.standins.wechat_platform import SEND_PATH, TOKEN_PATH, Failing, WechatPlatform


@pytest.fixture
def platform(clock: HandClock) -> Iterator[WechatPlatform]:
    with WechatPlatform(CONFIG.app_id, CONFIG.app_secret, clock.wall) as running:
        yield running


@pytest.fixture
def live(raise_curtain: Curtain, sqlite_url: str, platform: WechatPlatform) -> Iterator[Cast]:
    """A cast that really sends, to the stand-in."""
    wire = Wire()
    wire.allow(platform.base)
    config = WeChatConfig(token=CONFIG.token, app_id=CONFIG.app_id, app_secret=CONFIG.app_secret, api_base=platform.base)
    yield raise_curtain(sqlite_url, channels={"wechat": WeChat(config, wire)}, delivery=DeliveryMode.LIVE)
    wire.close()


def test_the_resident_reads_on_the_phone_what_the_outbox_held(live: Cast, platform: WechatPlatform) -> None:
    platform.speaks("o-chen")
    live.writes(LEAK)
    live.tick(seconds=11)
    rows = outbox_rows(live.hotline, "resident")
    assert platform.texts_to("o-chen") == [row.text for row in rows]
    assert {(row.state, row.sent_via) for row in rows} == {(OutboxState.SENT, "wechat")}
    assert platform.calls == {TOKEN_PATH: 1, SEND_PATH: 2}
    live.tick(minutes=5)
    assert len(platform.texts_to("o-chen")) == 2


def test_whoever_has_not_written_for_two_days_is_shown_to_staff_instead(live: Cast, platform: WechatPlatform) -> None:
    platform.speaks("o-chen")
    live.writes(LEAK)
    live.clock.advance(timedelta(hours=48, minutes=1))
    deliver(live.hotline, "w")
    assert platform.texts_to("o-chen") == []
    received, dispatched = outbox_rows(live.hotline, "resident")
    assert received.state is OutboxState.DROPPED, "we promised to be in touch within two hours: nobody reads that now"
    assert dispatched.error.split()[:2] == ["wechat:", "45015"]
    deliver(live.hotline, "w")
    assert live.pigeons.to("o-chen") == [dispatched.text]
    assert outbox_rows(live.hotline, "resident")[1].sent_via == "console"


def test_after_an_outage_everything_is_delivered_once(live: Cast, platform: WechatPlatform) -> None:
    platform.speaks("o-chen")
    platform.fail_next(SEND_PATH, Failing(status=502, times=None))
    live.writes(LEAK)
    live.tick(seconds=11)
    for pause in BACKOFF[:3]:
        live.tick(seconds=pause.total_seconds())
    assert {row.state for row in outbox_rows(live.hotline, "resident")} == {OutboxState.WAITING}
    platform.mend()
    live.tick(minutes=10)
    live.tick(minutes=10)
    assert platform.texts_to("o-chen") == [row.text for row in outbox_rows(live.hotline, "resident")]


def test_a_wrong_secret_parks_the_notice_for_people_and_the_console_goes_on(live: Cast, platform: WechatPlatform) -> None:
    platform.app_secret = "changed-over-there"
    platform.speaks("o-chen")
    live.writes(LEAK)
    live.tick(seconds=11)
    rows = outbox_rows(live.hotline)
    assert {(row.audience, row.state) for row in rows} == {
        ("resident", OutboxState.PARKED),
        ("contractor", OutboxState.SENT),
    }
    assert all(CONFIG.app_secret not in row.error for row in rows)
