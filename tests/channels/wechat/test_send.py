"""Sending against a stand-in platform that keeps WeChat's rules, over real loopback connections."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta

import httpx
import pytest

from channels.contract import Failure, Notice, Receipt
from channels.wechat import WeChat, WeChatConfig
from channels.wechat.send import FAILURES, TOKEN_REFUSED
from channels.wire import Wire
from tests.handclock import HandClock
from tests.standins.wechat_platform import SEND_PATH, TOKEN_PATH, Failing, WechatPlatform

APP, SECRET, RESIDENT = "wxba5fad812f8e6fb9", "d41d8cd98f00b204e9800998ecf8427e", "oLVPpjqs9BhvzwPj5A-vTYAX3GLc"


@dataclass
class Town:
    platform: WechatPlatform
    wechat: WeChat
    clock: HandClock
    wire: Wire

    def send(self, text: str = "您好", to: str = RESIDENT, key: str = "n1") -> Receipt:
        return self.wechat.send(Notice(key=key, to=to, text=text, at=self.clock.now()))


@pytest.fixture
def town(clock: HandClock) -> Iterator[Town]:
    with WechatPlatform(APP, SECRET, clock.now) as platform, Wire() as wire:
        platform.speaks(RESIDENT)
        yield Town(platform, channel(platform, wire), clock, wire)


def channel(platform: WechatPlatform, wire: Wire, secret: str = SECRET) -> WeChat:
    wire.allow(platform.base)
    return WeChat(WeChatConfig(token="T", app_id=APP, app_secret=secret, api_base=platform.base), wire)


def at_once(count: int, act: Callable[[int], Receipt]) -> list[Receipt]:
    """All of them start together."""
    gate = threading.Barrier(count)

    def one(number: int) -> Receipt:
        gate.wait()
        return act(number)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(one, range(count)))


def crowd(town: Town, count: int) -> Callable[[int], Receipt]:
    for number in range(count):
        town.platform.speaks(f"o{number}")
    return lambda number: town.send(to=f"o{number}", key=f"n{number}")


def test_chinese_arrives_as_written_and_not_as_escapes(town: Town) -> None:
    assert town.send('您的工单已派出😀 "引号" <b>').ok
    assert town.platform.texts_to(RESIDENT) == ['您的工单已派出😀 "引号" <b>']
    assert b"\\u" not in town.platform.bodies[0]


def test_one_token_serves_until_shortly_before_its_end(town: Town) -> None:
    for minutes in (0, 60, 54):
        town.clock.advance(timedelta(minutes=minutes))
        assert town.send().ok
    assert town.platform.calls[TOKEN_PATH] == 1
    town.clock.advance(timedelta(minutes=2))
    assert town.send().ok
    assert town.platform.calls[TOKEN_PATH] == 2


def test_fifty_at_once_fetch_one_token(town: Town) -> None:
    receipts = at_once(50, crowd(town, 50))
    assert [receipt for receipt in receipts if not receipt.ok] == []
    assert town.platform.calls == {TOKEN_PATH: 1, SEND_PATH: 50}


def test_a_token_revoked_under_fifty_costs_one_more_and_no_message(town: Town) -> None:
    act = crowd(town, 50)
    assert act(0).ok
    town.platform.revoke()
    assert [receipt for receipt in at_once(50, act) if not receipt.ok] == []
    assert town.platform.calls[TOKEN_PATH] == 2
    assert town.platform.calls[SEND_PATH] <= 1 + 2 * 50
    assert Counter(sent.to for sent in town.platform.sent) == Counter({"o0": 2} | {f"o{n}": 1 for n in range(1, 50)})


def test_two_nodes_share_a_token_without_putting_each_other_out(town: Town) -> None:
    other = channel(town.platform, town.wire)
    for _ in range(2):
        assert town.send().ok
        assert other.send(Notice(key="x", to=RESIDENT, text="另一台", at=town.clock.now())).ok
    assert town.platform.calls == {TOKEN_PATH: 2, SEND_PATH: 4}


@pytest.mark.parametrize("code", sorted(TOKEN_REFUSED))
def test_a_refused_token_is_fetched_anew_once_and_the_message_sent_once(town: Town, code: int) -> None:
    town.platform.fail_next(SEND_PATH, Failing(errcode=code))
    assert town.send().ok
    assert town.platform.calls == {TOKEN_PATH: 2, SEND_PATH: 2}
    assert len(town.platform.sent) == 1


def test_tokens_refused_for_ever_stay_bounded_under_fifty_threads(town: Town) -> None:
    act = crowd(town, 50)
    town.platform.fail_next(SEND_PATH, Failing(errcode=40001, times=None))
    receipts = at_once(50, act)
    assert {(receipt.failure, receipt.code) for receipt in receipts} == {(Failure.CONFIGURATION, "40001")}
    assert town.platform.calls[SEND_PATH] == 100
    assert town.platform.calls[TOKEN_PATH] <= 51
    town.platform.mend()
    assert act(0).ok


def test_a_token_server_that_hangs_is_waited_for_once_not_fifty_times(clock: HandClock) -> None:
    with WechatPlatform(APP, SECRET, clock.now) as platform, Wire(timeout=0.4) as wire:
        wechat = channel(platform, wire)
        platform.fail_next(TOKEN_PATH, Failing(hang=True, times=None))
        notice = Notice(key="n", to=RESIDENT, text="您好", at=clock.now())
        receipts = at_once(20, lambda number: wechat.send(notice))
    assert {(receipt.failure, receipt.code) for receipt in receipts} == {(Failure.AGAIN, "timeout")}
    assert platform.calls[TOKEN_PATH] <= 3


def test_the_window_of_48_hours(town: Town) -> None:
    town.clock.advance(timedelta(hours=47, minutes=59))
    assert town.send().ok
    town.clock.advance(timedelta(minutes=1))
    assert (town.send().failure, town.send().code) == (Failure.NEXT_ROUTE, "45015")
    town.platform.speaks(RESIDENT)
    assert town.send().ok


def test_five_messages_and_no_more_until_the_resident_speaks(town: Town) -> None:
    assert [town.send().code for _ in range(6)] == [""] * 5 + ["45047"]
    assert town.send().failure is Failure.NEXT_ROUTE
    town.platform.speaks(RESIDENT)
    assert town.send().ok


def test_strangers_leavers_and_blockers_are_reached_by_another_route(town: Town) -> None:
    assert (town.send(to="oNOBODY").failure, town.send(to="oNOBODY").code) == (Failure.NEXT_ROUTE, "40003")
    town.platform.blocks(RESIDENT)
    assert (town.send().failure, town.send().code) == (Failure.NEXT_ROUTE, "48002")
    town.platform.follows("oLEAVER")
    town.platform.unfollows("oLEAVER")
    assert town.send(to="oLEAVER").failure is Failure.NEXT_ROUTE


def test_a_wrong_secret_is_a_matter_for_people(town: Town) -> None:
    receipt = channel(town.platform, town.wire, secret="wrong").send(
        Notice(key="n", to=RESIDENT, text="您好", at=town.clock.now())
    )
    assert (receipt.failure, receipt.code) == (Failure.CONFIGURATION, "40125")
    assert town.platform.calls == {TOKEN_PATH: 1}


@pytest.mark.parametrize("code", [code for code in FAILURES if code not in TOKEN_REFUSED])
def test_every_code_of_the_table(town: Town, code: int) -> None:
    town.platform.fail_next(SEND_PATH, Failing(errcode=code))
    receipt = town.send()
    assert (receipt.failure, receipt.code) == (FAILURES[code][0], str(code))
    assert town.platform.calls[SEND_PATH] == 1


@pytest.mark.parametrize(
    ("code", "failure"),
    [
        (-1, Failure.AGAIN),
        (40003, Failure.NEXT_ROUTE),
        (40007, Failure.CONTENT),
        (40164, Failure.CONFIGURATION),
        (43004, Failure.NEXT_ROUTE),
        (43019, Failure.NEXT_ROUTE),
        (43101, Failure.NEXT_ROUTE),
        (45009, Failure.QUOTA),
        (45015, Failure.NEXT_ROUTE),
        (45047, Failure.NEXT_ROUTE),
        (47001, Failure.CONTENT),
        (47003, Failure.CONTENT),
        (48001, Failure.CONFIGURATION),
        (48002, Failure.NEXT_ROUTE),
        (99999, Failure.AGAIN),
    ],
)
def test_what_the_codes_mean(town: Town, code: int, failure: Failure) -> None:
    town.platform.fail_next(SEND_PATH, Failing(errcode=code))
    assert town.send().failure is failure


def test_already_sent_counts_as_sent(town: Town) -> None:
    town.platform.fail_next(SEND_PATH, Failing(errcode=45065))
    assert town.send().ok


@pytest.mark.parametrize("path", [TOKEN_PATH, SEND_PATH])
@pytest.mark.parametrize("failing", [Failing(status=502), Failing(drop=True), Failing(errcode=-1)], ids=["502", "drop", "busy"])
def test_what_passes_is_tried_again_later_and_not_here(town: Town, path: str, failing: Failing) -> None:
    town.platform.fail_next(path, failing)
    assert town.send().failure is Failure.AGAIN
    assert town.platform.calls[path] == 1
    assert town.send().ok


def test_a_message_that_arrived_behind_a_cut_connection_is_not_sent_twice_by_itself(town: Town) -> None:
    town.platform.fail_next(SEND_PATH, Failing(drop=True, delivered=True))
    receipt = town.send()
    assert (receipt.failure, receipt.code) == (Failure.AGAIN, "broken")
    assert len(town.platform.sent) == 1


def test_no_platform_at_all(clock: HandClock) -> None:
    with Wire() as wire:
        with WechatPlatform(APP, SECRET, clock.now) as platform:
            wechat = channel(platform, wire)
        receipt = wechat.send(Notice(key="n", to=RESIDENT, text="您好", at=clock.now()))
    assert (receipt.failure, receipt.code) == (Failure.AGAIN, "connect")


def test_without_an_app_secret_nothing_is_tried(clock: HandClock) -> None:
    wechat = WeChat(WeChatConfig(token="T", app_id=APP), Wire(transport=httpx.MockTransport(lambda request: httpx.Response(500))))
    assert wechat.send(Notice(key="n", to=RESIDENT, text="您好", at=clock.now())).failure is Failure.CONFIGURATION


def test_the_stand_in_keeps_the_rules_of_forced_refreshes(town: Town) -> None:
    asked = {"grant_type": "client_credential", "appid": APP, "secret": SECRET, "force_refresh": True}

    def force() -> dict[str, object]:
        body = town.platform.answer(TOKEN_PATH, {}, json.dumps(asked).encode())
        assert isinstance(body, tuple)
        answered: dict[str, object] = json.loads(body[1])
        return answered

    assert town.send().ok
    assert force()["access_token"] == "STABLE-TOKEN-0002"
    assert force()["errcode"] == 45009
    town.clock.advance(timedelta(seconds=31))
    assert force()["access_token"] == "STABLE-TOKEN-0003"
    assert town.send().ok


def test_the_stand_in_shows_escapes_literally(town: Town) -> None:
    assert town.send().ok
    raw = json.dumps({"touser": RESIDENT, "msgtype": "text", "text": {"content": "您好"}}).encode()
    town.platform.answer(SEND_PATH, {"access_token": ["STABLE-TOKEN-0001"]}, raw)
    assert town.platform.texts_to(RESIDENT)[-1] == "\\u60a8\\u597d"
