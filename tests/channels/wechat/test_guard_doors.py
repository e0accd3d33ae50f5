"""What else the guard keeps out, and what it must let in: keys, modes, sizes, other accounts."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels.contract import Answer, BadSignature, Delivery, Unreadable
from channels.wechat import WeChat, WeChatConfig, compose
from channels.wechat.compose import Mode
from channels.wire import Wire

AT = datetime(2026, 1, 5, 1, 0, tzinfo=UTC)
TOKEN, APP = "TOKENforTESTS20260101", "wxba5fad812f8e6fb9"
KEY, OLD_KEY = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C", "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
CONFIG = WeChatConfig(token=TOKEN, app_id=APP, app_secret="s" * 32, encoding_aes_key=KEY, previous_encoding_aes_key=OLD_KEY)
SILENT = Wire(transport=httpx.MockTransport(lambda request: httpx.Response(500)))
WECHAT = WeChat(CONFIG, SILENT)


def text(content: str = "漏水", mode: Mode = Mode.SAFE, config: WeChatConfig = CONFIG) -> Delivery:
    inner = compose.text(content, sender="oA", at=AT, message_id=1)
    return compose.deliver(config, inner, at=AT, nonce="486452656", mode=mode)


def test_another_app_id_is_refused() -> None:
    other = WeChatConfig(token=TOKEN, app_id="wx0000000000000000", encoding_aes_key=KEY)
    with pytest.raises(BadSignature, match="AppID"):
        WECHAT.read(text(config=other))


def test_the_previous_key_still_opens_and_the_reply_uses_the_key_that_worked() -> None:
    before = WeChatConfig(token=TOKEN, app_id=APP, encoding_aes_key=OLD_KEY)
    delivery = text(config=before)
    assert WECHAT.read(delivery)[0].text == "漏水"
    assert compose.understand(before, WECHAT.answer(delivery, Answer("好", AT)).body)["Content"] == "好"
    after = WeChatConfig(token=TOKEN, app_id=APP, encoding_aes_key=KEY)
    with pytest.raises(Unreadable):
        WeChat(after, SILENT).read(delivery)


def test_compatible_mode_uses_only_the_encrypted_part() -> None:
    delivery = text("真的", Mode.COMPATIBLE)
    forged = replace(delivery, body=delivery.body.replace("真的".encode(), "假的".encode()))
    assert forged.body != delivery.body
    assert WECHAT.read(forged)[0].text == "真的"


@settings(max_examples=100, deadline=None, database=None)
@given(st.data())
def test_an_encrypted_delivery_is_read_as_it_was_or_not_at_all(data: st.DataObject) -> None:
    genuine = text()
    body = bytearray(genuine.body)
    place = data.draw(st.integers(0, len(body) - 1))
    body[place] = data.draw(st.integers(0, 255))
    try:
        found = WECHAT.read(replace(genuine, body=bytes(body)))
    except BadSignature:
        return
    assert found == WECHAT.read(genuine)


def test_plain_pushes_can_be_forbidden() -> None:
    strict = WeChat(replace(CONFIG, plain_allowed=False), SILENT)
    assert WECHAT.read(text(mode=Mode.PLAIN))
    assert strict.read(text(mode=Mode.SAFE))
    with pytest.raises(BadSignature):
        strict.read(text(mode=Mode.PLAIN))


def test_encrypted_pushes_without_a_key_are_refused() -> None:
    with pytest.raises(BadSignature, match="ENCODING_AES_KEY"):
        WeChat(WeChatConfig(token=TOKEN, app_id=APP), SILENT).read(text())


def test_a_body_over_the_limit_is_refused_whole_and_one_at_the_limit_is_read() -> None:
    room = CONFIG.max_body_bytes - len(text("", Mode.PLAIN).body)
    assert WECHAT.read(text("x" * room, Mode.PLAIN))
    with pytest.raises(Unreadable, match="大小"):
        WECHAT.read(text("x" * (room + 1), Mode.PLAIN))
    with pytest.raises(BadSignature):
        WECHAT.read(text("x" * room, Mode.SAFE))


def test_many_threads_may_read_at_once() -> None:
    found: list[str] = []
    threads = [threading.Thread(target=lambda: found.append(WECHAT.read(text())[0].text)) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == ["漏水"] * 20


def test_a_long_answer_is_cut_between_characters_to_what_the_platform_takes() -> None:
    content = compose.understand(CONFIG, WECHAT.answer(text(), Answer("漏" * 1000, AT)).body)["Content"]
    assert content.endswith("漏…")
    assert 2045 <= len(content.encode()) <= 2048


@pytest.mark.parametrize("mode", Mode)
def test_a_push_in_json_is_answered_in_json(mode: Mode) -> None:
    inner = '{"ToUserName":"gh_1","FromUserName":"oA","CreateTime":1767574800,"MsgType":"text","Content":"漏水","MsgId":9}'
    delivery = compose.deliver(CONFIG, inner, at=AT, nonce="1", mode=mode)
    assert WECHAT.read(delivery)[0].external_id == "9"
    answer = WECHAT.answer(delivery, Answer('好"]]>', AT))
    assert answer.content_type.startswith("application/json")
    assert compose.understand(CONFIG, answer.body)["Content"] == '好"]]>'


def test_an_answer_without_a_time_takes_that_of_the_message_and_so_repeats_itself() -> None:
    for mode in Mode:
        first = text(mode=mode)
        again = replace(first, received_at=AT + timedelta(seconds=5))
        assert WECHAT.answer(first, Answer("好")) == WECHAT.answer(again, Answer("好"))


def test_an_answer_to_what_cannot_be_opened_is_refused_and_a_quiet_one_needs_no_opening() -> None:
    forged = replace(text(), query={**text().query, "msg_signature": "0" * 40})
    with pytest.raises(BadSignature):
        WECHAT.answer(forged, Answer("好", AT))
    assert WECHAT.answer(forged, Answer()).body == b"success"
