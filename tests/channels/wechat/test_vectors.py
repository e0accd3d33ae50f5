"""The platform's own worked example, to the byte."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from channels.contract import BadSignature, Delivery, Kind
from channels.wechat import WeChat, WeChatConfig, compose, library, reply
from channels.wechat.guard import sign
from channels.wire import Wire

CONFIG = WeChatConfig(token="AAAAA", app_id="wxba5fad812f8e6fb9", encoding_aes_key="A" * 43)
WECHAT = WeChat(CONFIG, Wire(transport=httpx.MockTransport(lambda request: httpx.Response(500))))
ENCRYPT = (
    "+qdx1OKCy+5JPCBFWw70tm0fJGb2Jmeia4FCB7kao+/Q5c/ohsOzQHi8khUOb05JCpj0JB4RvQMkUyus8TPxLKJGQqcvZqzDpVzazhZv6JsXUnnR8XGT740X"
    "gXZUXQ7vJVnAG+tE8NUd4yFyjPy7GgiaviNrlCTj+l5kdfMuFUPpRSrfMZuMcp3Fn2Pede2IuQrKEYwKSqFIZoNqJ4M8EajAsjLY2km32IIjdf8YL/P50F7m"
    "StwntrA2cPDrM1kb6mOcfBgRtWygb3VIYnSeOBrebufAlr7F9mFUPAJGj04="
)
SAFE = {
    "signature": "6c5c811b55cc85e0e1b54100749188c20beb3f5d",
    "timestamp": "1714112445",
    "nonce": "415670741",
    "encrypt_type": "aes",
    "msg_signature": "046e02f8204d34f8ba5fa3b1db94908f3df2e9b3",
}
SAFE_BODIES = {
    "json": json.dumps({"ToUserName": "gh_97417a04a28d", "Encrypt": ENCRYPT}).encode(),
    "xml": f"<xml><ToUserName><![CDATA[gh_97417a04a28d]]></ToUserName><Encrypt><![CDATA[{ENCRYPT}]]></Encrypt></xml>".encode(),
}


def at(timestamp: int) -> datetime:
    return datetime.fromtimestamp(timestamp, UTC)


def checking(**changed: str) -> Delivery:
    query = {
        "signature": "f464b24fc39322e44b38aa78f5edd27bd1441696",
        "timestamp": "1714036504",
        "nonce": "1514711492",
        "echostr": "4375120948345356249",
    }
    return Delivery("wechat", b"", at(1714036505), query={**query, **changed}, method="GET")


def test_address_check_echoes_exactly_the_echostr() -> None:
    answer = WECHAT.greet(checking())
    assert (answer.status, answer.body) == (200, b"4375120948345356249")


@pytest.mark.parametrize("changed", [{"signature": "0" * 40}, {"nonce": "1"}, {"timestamp": "1714036505"}, {"echostr": ""}])
def test_address_check_refuses_what_is_not_signed(changed: dict[str, str]) -> None:
    with pytest.raises(BadSignature):
        WECHAT.greet(checking(**changed))


def test_address_check_is_refused_when_stale() -> None:
    genuine = checking()
    with pytest.raises(BadSignature):
        WECHAT.greet(Delivery("wechat", b"", genuine.received_at + timedelta(minutes=11), query=genuine.query))


def test_plain_post() -> None:
    assert sign("AAAAA", "1714037059", "486452656") == "899cf89e464efb63f54ddac96b0a0a235f53aa78"
    inner = compose.text("漏水", sender="o9AgO5Kd5ggOC-bXrbNODIiE3bGY", at=at(1714037059), message_id=1)
    query = {"signature": "899cf89e464efb63f54ddac96b0a0a235f53aa78", "timestamp": "1714037059", "nonce": "486452656"}
    [complaint] = WECHAT.read(Delivery("wechat", inner.encode(), at(1714037060), query=query))
    assert (complaint.kind, complaint.text, complaint.external_id) == (Kind.TEXT, "漏水", "1")


@pytest.mark.parametrize("form", SAFE_BODIES)
def test_safe_post_decrypts_to_the_debug_event(form: str) -> None:
    [complaint] = WECHAT.read(Delivery("wechat", SAFE_BODIES[form], at(1714112446), query=SAFE))
    assert complaint.kind is Kind.EVENT
    assert complaint.event == "unknown:debug_demo"
    assert complaint.sender == "o9AgO5Kd5ggOC-bXrbNODIiE3bGY"
    assert complaint.external_id == "o9AgO5Kd5ggOC-bXrbNODIiE3bGY:1714112445:debug_demo:"
    assert complaint.extra == {"debug_str": "hello world"}
    assert complaint.said_at == at(1714112445)


@pytest.mark.parametrize("dropped", ["signature"])
def test_safe_post_needs_only_the_message_signature(dropped: str) -> None:
    query = {name: value for name, value in SAFE.items() if name != dropped}
    assert WECHAT.read(Delivery("wechat", SAFE_BODIES["xml"], at(1714112446), query=query))


def test_plain_signature_passed_as_message_signature_is_refused() -> None:
    """The most repeated mistake with this protocol, from the other side."""
    query = {**SAFE, "msg_signature": SAFE["signature"]}
    with pytest.raises(BadSignature):
        WECHAT.read(Delivery("wechat", SAFE_BODIES["xml"], at(1714112446), query=query))


@pytest.mark.parametrize("as_json", [True, False])
def test_reply_encryption_is_the_official_one(as_json: bool) -> None:
    sealed = reply.encrypted(
        CONFIG,
        CONFIG.aes_keys()[0],
        '{"demo_resp":"good luck"}',
        timestamp=1713424427,
        nonce="415670741",
        random16="707722b803182950",
        as_json=as_json,
    )
    fields = library.fields_of(sealed)
    assert fields["Encrypt"] == "ELGduP2YcVatjqIS+eZbp80MNLoAUWvzzyJxgGzxZO/5sAvd070Bs6qrLARC9nVHm48Y4hyRbtzve1L32tmxSQ=="
    assert fields["MsgSignature"] == "1b9339964ed2e271e7c7b6ff2b0ef902fc94dea1"
    assert (str(fields["TimeStamp"]), fields["Nonce"]) == ("1713424427", "415670741")
