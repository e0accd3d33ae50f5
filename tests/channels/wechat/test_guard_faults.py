"""The ten faults of wechatpy 1.8.18 this adapter closes, one test or more for each, named after the fault."""

from __future__ import annotations

import base64
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from wechatpy.crypto.base import WeChatCipher

from channels.contract import Answer, BadSignature, ChannelError, Delivery, Failure, Kind, Notice, Unreadable
from channels.wechat import WeChat, WeChatConfig, compose, guard, library
from channels.wechat.compose import Mode
from channels.wire import Wire

AT = datetime(2026, 1, 5, 1, 0, tzinfo=UTC)
TOKEN, APP = "TOKENforTESTS20260101", "wxba5fad812f8e6fb9"
KEY, OLD_KEY = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C", "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
CONFIG = WeChatConfig(token=TOKEN, app_id=APP, app_secret="s" * 32, encoding_aes_key=KEY, previous_encoding_aes_key=OLD_KEY)
SILENT = Wire(transport=httpx.MockTransport(lambda request: httpx.Response(500)))
WECHAT = WeChat(CONFIG, SILENT)
NOTICE = Notice(key="n1", to="oA", text="您好", at=AT)


def text(content: str = "漏水", mode: Mode = Mode.SAFE, config: WeChatConfig = CONFIG) -> Delivery:
    inner = compose.text(content, sender="oA", at=AT, message_id=1)
    return compose.deliver(config, inner, at=AT, nonce="486452656", mode=mode)


def sealed(cipher_text: bytes, config: WeChatConfig = CONFIG) -> Delivery:
    """A delivery with a valid message signature over whatever the cipher text is."""
    encrypt, stamp = base64.b64encode(cipher_text).decode(), str(int(AT.timestamp()))
    query = {"timestamp": stamp, "nonce": "1", "encrypt_type": "aes"}
    query["msg_signature"] = guard.sign(config.token, stamp, "1", encrypt)
    return Delivery("wechat", f"<xml><Encrypt>{encrypt}</Encrypt></xml>".encode(), AT, query=query)


def encrypted_block(plain: bytes, key: str = KEY) -> Delivery:
    return sealed(WeChatCipher(base64.b64decode(key + "=")).encrypt(plain))


def padded(plain: bytes) -> bytes:
    count = 32 - len(plain) % 32
    return plain + bytes([count]) * count


def plain(body: bytes) -> Delivery:
    return replace(text(mode=Mode.PLAIN), body=body)


# ---- 1 and 2: its client, of which nothing is used ----


def test_fault_1_a_bad_token_for_ever_costs_four_calls() -> None:
    calls: list[str] = []

    def platform(request: httpx.Request) -> httpx.Response:
        calls.append(request.url.path)
        token = request.url.path.endswith("stable_token")
        return httpx.Response(200, json={"access_token": "T", "expires_in": 7200} if token else {"errcode": 40001})

    receipt = WeChat(CONFIG, Wire(transport=httpx.MockTransport(platform))).send(NOTICE)
    assert (receipt.failure, receipt.code) == (Failure.CONFIGURATION, "40001")
    assert len(calls) == 4


def test_fault_2_fetching_the_token_has_a_time_out() -> None:
    seen: list[object] = []

    def platform(request: httpx.Request) -> httpx.Response:
        seen.append(request.extensions["timeout"])
        raise httpx.ReadTimeout("late")

    receipt = WeChat(CONFIG, Wire(transport=httpx.MockTransport(platform))).send(NOTICE)
    assert (receipt.failure, receipt.code) == (Failure.AGAIN, "timeout")
    assert seen == [{"connect": 3.0, "read": 5.0, "write": 5.0, "pool": 5.0}]


def test_fault_3_a_token_is_renewed_by_time() -> None:
    issued = iter(range(1, 9))
    used: list[str] = []

    def platform(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("stable_token"):
            return httpx.Response(200, json={"access_token": f"T{next(issued)}", "expires_in": 7200})
        used.append(request.url.params["access_token"])
        return httpx.Response(200, json={"errcode": 0})

    wechat = WeChat(CONFIG, Wire(transport=httpx.MockTransport(platform)))
    for seconds in (0, 6899, 6900, 13799, 13800):
        assert wechat.send(replace(NOTICE, at=AT + timedelta(seconds=seconds))).ok
    assert used == ["T1", "T1", "T2", "T2", "T3"]


# ---- 4: malformed cipher text behind a valid signature ----


@pytest.mark.parametrize(
    "cipher_text",
    [b"x", b"x" * 16, b"x" * 31, b"x" * 32, b"\0" * 64, b"x" * 4096],
    ids=lambda cipher_text: str(len(cipher_text)),
)
def test_fault_4_malformed_cipher_text_is_unreadable(cipher_text: bytes) -> None:
    with pytest.raises(Unreadable):
        WECHAT.read(sealed(cipher_text))


@settings(max_examples=150, deadline=None, database=None)
@given(st.binary(max_size=200), st.booleans())
def test_fault_4_whatever_is_inside_the_cipher_text(inside: bytes, well_padded: bool) -> None:
    block = padded(inside) if well_padded else inside + b"\0" * (-len(inside) % 32)
    with pytest.raises((Unreadable, BadSignature)):
        WECHAT.read(encrypted_block(block))


@pytest.mark.parametrize("body", ["!!!", "AAA", "漏水", "AAAA AAAA"])
def test_fault_4_no_base64_is_unreadable(body: str) -> None:
    delivery = sealed(b"")
    stamp = delivery.query["timestamp"]
    query = {**delivery.query, "msg_signature": guard.sign(TOKEN, stamp, "1", body)}
    with pytest.raises(Unreadable):
        WECHAT.read(replace(delivery, query=query, body=f"<xml><Encrypt>{body}</Encrypt></xml>".encode()))


# ---- 5: odd XML ----

ODD = {
    "TypeError": b"<xml></xml>",
    "KeyError, other root": b"<foo/>",
    "KeyError, no type": b"<xml><Content>x</Content></xml>",
    "ExpatError": b"<xml><MsgType>text</MsgType>",
    "AttributeError": b"<xml><MsgType>text</MsgType><MsgType>text</MsgType></xml>",
    "ValueError": b"<xml><MsgType>text</MsgType><FromUserName>o</FromUserName><MsgId>12a</MsgId></xml>",
    "DTD": b'<!DOCTYPE xml [<!ENTITY a "a">]><xml><MsgType>text</MsgType></xml>',
    "entity without DTD": b"<xml><MsgType>text</MsgType><FromUserName>&a;</FromUserName></xml>",
    "nesting": b"<xml>" + b"<a>" * 200_000,
    "nesting within the limit": b"<xml>" + b"<a>" * 900 + b"</a>" * 900 + b"</xml>",
    "siblings": b"<xml>" + b"<a/>" * 15_000 + b"</xml>",
    "a megabyte": b"<xml><Content>" + b"x" * 1_000_000 + b"</Content></xml>",
    "JSON nesting": b'{"a":' * 12_000,
    "JSON number": b'{"MsgType":"text","MsgId":' + b"9" * 9_000 + b"}",
    "JSON nesting in an event": b'{"MsgType":"event","FromUserName":"o","Event":"x","D":' + b"[" * 900 + b"]" * 900 + b"}",
}


@pytest.mark.parametrize("name", ODD)
def test_fault_5_odd_bodies_are_unreadable_when_signed_and_refused_when_not(name: str) -> None:
    signed = plain(ODD[name])
    try:
        WECHAT.read(signed)
    except ChannelError as refused:
        assert type(refused) is Unreadable
    else:
        assert name.startswith("JSON nesting in an event")
    for forged in ({**signed.query, "signature": "0" * 40}, {**text().query}):
        with pytest.raises(BadSignature):
            WECHAT.read(replace(signed, query=forged))


def test_fault_5_an_unsigned_body_is_not_even_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    def looked(*given: object) -> None:
        raise AssertionError("parsed before the signature was checked")

    monkeypatch.setattr(library, "fields_of", looked)
    monkeypatch.setattr(library, "decode", looked)
    with pytest.raises(BadSignature):
        WECHAT.read(replace(text(), query={**text().query, "signature": "0" * 40}))


# ---- 6: unknown events ----


@pytest.mark.parametrize("name", ["subscribe_msg_popup_event", "PUBLISHJOBFINISH", "user_authorization_revoke"])
def test_fault_6_events_newer_than_the_library_have_their_name(name: str) -> None:
    inner = compose.event(name, sender="oA", at=AT, key="k")
    [complaint] = WECHAT.read(compose.deliver(CONFIG, inner, at=AT, nonce="1", mode=Mode.SAFE))
    assert (complaint.kind, complaint.event, complaint.event_key) == (Kind.EVENT, name.lower(), "k")


def test_fault_6_an_event_nobody_knows_is_taken_in_quietly() -> None:
    inner = compose.event("next_year_event", sender="oA", at=AT)
    [complaint] = WECHAT.read(compose.deliver(CONFIG, inner, at=AT, nonce="1"))
    assert complaint.event == "unknown:next_year_event"


# ---- 7: replies break out of CDATA ----


@settings(max_examples=150, deadline=None, database=None)
@given(
    st.text(min_size=1, max_size=80) | st.lists(st.sampled_from(["]]>", "]]", ">", "<", "&", "</Content>", "漏"])).map("".join)
)
def test_fault_7_whatever_is_said_arrives_as_said_and_as_nothing_else(content: str) -> None:
    for mode in Mode:
        answer = WECHAT.answer(text(mode=mode), Answer(content, AT))
        fields = compose.understand(CONFIG, answer.body)
        if not content.strip():
            assert answer.body == b"success"
            continue
        assert fields.keys() <= {"ToUserName", "FromUserName", "CreateTime", "MsgType", "Content"}
        assert (fields["ToUserName"], fields["MsgType"]) == ("oA", "text")
        printable = "".join(c for c in content if c in "\t\n" or (c >= " " and c not in "\ufffe\uffff"))
        assert fields.get("Content", "").strip() == printable.strip() or "\r" in content


# ---- 8: hygiene of signatures and randomness ----


def test_fault_8_signatures_are_compared_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[int] = []

    def compare(a: bytes, b: bytes) -> bool:
        compared.append(len(b))
        return a == b

    monkeypatch.setattr("channels.wechat.guard.hmac.compare_digest", compare)
    WECHAT.read(text())
    assert compared[:2] == [40, 40]


@pytest.mark.parametrize(("late", "accepted"), [(-601, False), (-600, True), (0, True), (15, True), (600, True), (601, False)])
def test_fault_8_there_is_a_replay_window_wide_enough_for_retries(late: int, accepted: bool) -> None:
    for mode in Mode:
        delivery = replace(text(mode=mode), received_at=AT + timedelta(seconds=late))
        if accepted:
            assert WECHAT.read(delivery)
        else:
            with pytest.raises(BadSignature):
                WECHAT.read(delivery)


def test_fault_8_the_random_part_of_a_reply_depends_on_the_key_and_the_text() -> None:
    bodies = {WECHAT.answer(text(), Answer(said, AT)).body for said in ("一", "二", "三")}
    firsts = {base64.b64decode(library.fields_of(body.decode())["Encrypt"])[:16] for body in bodies}
    assert len(firsts) == 3


# ---- 9: padding ----


@pytest.mark.parametrize("tail", [b"\0", b"\x21", b"\xff", b"\x01\x02", b"\x03\x02\x03"])
def test_fault_9_padding_is_validated(tail: bytes) -> None:
    inner = compose.text("漏水", sender="oA", at=AT, message_id=1).encode()
    whole = b"r" * 16 + len(inner).to_bytes(4, "big") + inner + APP.encode()
    filled = whole + b"\x02" * (-(len(whole) + len(tail)) % 32) + tail
    with pytest.raises(Unreadable):
        WECHAT.read(encrypted_block(filled))


@pytest.mark.parametrize("size", [0, 5, 2**31, 2**32 - 1])
def test_fault_9_the_length_inside_is_validated(size: int) -> None:
    with pytest.raises((Unreadable, BadSignature)):
        WECHAT.read(encrypted_block(padded(b"r" * 16 + size.to_bytes(4, "big") + b"<xml/>" + APP.encode())))


# ---- 10: no CreateTime ----


def test_fault_10_without_create_time_the_key_is_still_stable_and_distinct() -> None:
    def event(key: str) -> Delivery:
        inner = (
            f"<xml><FromUserName>oA</FromUserName><MsgType>event</MsgType><Event>CLICK</Event><EventKey>{key}</EventKey></xml>"
        )
        return compose.deliver(CONFIG, inner, at=AT, nonce="1", mode=Mode.SAFE)

    first, again, other = (WECHAT.read(event(key))[0] for key in ("a", "a", "b"))
    assert first.said_at is None
    assert first.external_id == again.external_id != other.external_id
    assert WECHAT.answer(event("a"), Answer("好", AT)).body
