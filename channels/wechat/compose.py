"""Makes deliveries exactly as the platform would, and reads the answers as it would: for simulations and tests.

Nothing here draws a time or a random number: both are arguments.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from channels.contract import BadSignature, Delivery, Unreadable
from channels.wechat import library
from channels.wechat.config import WeChatConfig
from channels.wechat.guard import sign

_TO = re.compile(r"<ToUserName>(?:<!\[CDATA\[)?([^<\]]*)")
ACCOUNT = "gh_97417a04a28d"


class Mode(StrEnum):
    """How the account is set on the platform's pages."""

    PLAIN = "plain"  # 明文模式
    COMPATIBLE = "compatible"  # 兼容模式
    SAFE = "safe"  # 安全模式


def message(message_type: str, *, sender: str, at: datetime, account: str = ACCOUNT, **fields: str | int | float) -> str:
    """The inner XML of any push; ``fields`` under the platform's names."""
    body = {"ToUserName": account, "FromUserName": sender, "CreateTime": int(at.timestamp()), "MsgType": message_type, **fields}
    return "<xml>" + "".join(_element(name, value) for name, value in body.items()) + "</xml>"


def text(content: str, *, sender: str, at: datetime, message_id: int, account: str = ACCOUNT) -> str:
    return message("text", sender=sender, at=at, account=account, Content=content, MsgId=message_id)


def image(media_id: str, *, sender: str, at: datetime, message_id: int, url: str = "", account: str = ACCOUNT) -> str:
    return message("image", sender=sender, at=at, account=account, PicUrl=url, MediaId=media_id, MsgId=message_id)


def voice(media_id: str, *, sender: str, at: datetime, message_id: int, heard: str = "", account: str = ACCOUNT) -> str:
    said = {"Format": "amr", "Recognition": heard} if heard else {"Format": "amr"}
    return message("voice", sender=sender, at=at, account=account, MediaId=media_id, **said, MsgId=message_id)


def location(
    latitude: float, longitude: float, label: str, *, sender: str, at: datetime, message_id: int, account: str = ACCOUNT
) -> str:
    where: dict[str, str | int | float] = {"Location_X": latitude, "Location_Y": longitude, "Scale": 16, "Label": label}
    return message("location", sender=sender, at=at, account=account, **where, MsgId=message_id)


def event(name: str, *, sender: str, at: datetime, key: str | None = None, account: str = ACCOUNT, **fields: str | int) -> str:
    keyed = {} if key is None else {"EventKey": key}
    return message("event", sender=sender, at=at, account=account, Event=name, **keyed, **fields)


def deliver(
    config: WeChatConfig,
    inner: str,
    *,
    at: datetime,
    nonce: str,
    mode: Mode = Mode.PLAIN,
    random16: str = "0123456789abcdef",
    sender: str = "",
    received_at: datetime | None = None,
    account: str = "",
) -> Delivery:
    """``inner`` (XML or JSON) signed at ``at`` and, by ``mode``, encrypted with the account's current key."""
    query, body = post(config, inner, at=at, nonce=nonce, mode=mode, random16=random16, sender=sender)
    return Delivery(
        channel="wechat",
        body=body,
        received_at=received_at or at,
        headers={"content-type": "application/json" if library.is_json(inner) else "text/xml"},
        query=query,
        account=account,
    )


def post(
    config: WeChatConfig, inner: str, *, at: datetime, nonce: str, mode: Mode, random16: str, sender: str = ""
) -> tuple[dict[str, str], bytes]:
    """The query and the body of the platform's POST."""
    timestamp = str(int(at.timestamp()))
    query = {"signature": sign(config.token, timestamp, nonce), "timestamp": timestamp, "nonce": nonce}
    if sender:
        query["openid"] = sender
    if mode is Mode.PLAIN:
        return query, inner.encode()
    encrypt = library.encrypt(config.aes_keys()[0], inner, config.app_id, random16)
    query |= {"encrypt_type": "aes", "msg_signature": sign(config.token, timestamp, nonce, encrypt)}
    return query, _envelope(inner, encrypt, mode).encode()


def address_check(config: WeChatConfig, *, at: datetime, nonce: str, echo: str) -> Delivery:
    """The GET by which the platform checks a new address."""
    timestamp = str(int(at.timestamp()))
    query = {"signature": sign(config.token, timestamp, nonce), "timestamp": timestamp, "nonce": nonce, "echostr": echo}
    return Delivery(channel="wechat", body=b"", received_at=at, query=query, method="GET")


def understand(config: WeChatConfig, body: bytes) -> dict[str, str]:
    """The fields of an answer as the platform reads it; empty for a quiet one. Raises BadSignature or Unreadable, where the
    resident would see that the account is out of order."""
    if body in (b"", b"success"):
        return {}
    fields = library.fields_of(library.decode(body))
    if "Encrypt" in fields:
        encrypt, stamp, nonce = str(fields["Encrypt"]), str(fields.get("TimeStamp")), str(fields.get("Nonce"))
        if sign(config.token, stamp, nonce, encrypt) != fields.get("MsgSignature"):
            raise BadSignature("回复的消息签名不符")
        fields = library.fields_of(_opened(config, encrypt))
    if not {"ToUserName", "FromUserName", "CreateTime", "MsgType"} <= fields.keys():
        raise Unreadable("回复缺少必需的字段")
    return {name: str(value) for name, value in fields.items() if value is not None}


def fixture(settings: Mapping[str, str], body: bytes, meta: Mapping[str, Any]) -> Delivery:
    """A Delivery of a fixture file: its inner text, signed and wrapped as its ``.meta.toml`` says (``mode = "raw"``: as is)."""
    at = datetime.fromtimestamp(int(meta.get("timestamp", 1714037059)), UTC)
    received_at = datetime.fromtimestamp(int(meta.get("received_at", at.timestamp() + 1)), UTC)
    if meta.get("mode") == "raw":
        headers, query = dict(meta.get("headers", {})), dict(meta.get("query", {}))
        return Delivery(channel="wechat", body=body, received_at=received_at, headers=headers, query=query)
    config = WeChatConfig(
        token=settings["token"], app_id=settings["app_id"], encoding_aes_key=settings.get("encoding_aes_key", "")
    )
    mode = Mode(meta.get("mode", "plain"))
    # broken bytes cannot be encrypted as text: such fixtures are plain, and their bytes are put in place below
    inner = body.decode("utf-8", "replace") if mode is Mode.PLAIN else body.decode()
    made = deliver(config, inner, at=at, nonce=str(meta.get("nonce", "486452656")), mode=mode)
    query = {**made.query, **meta.get("query", {})}
    sent = body if mode is Mode.PLAIN else made.body
    return Delivery(channel="wechat", body=sent, received_at=received_at, headers=made.headers, query=query)


def _opened(config: WeChatConfig, encrypt: str) -> str:
    problem = Unreadable("回复无法解密")
    for key in config.aes_keys():
        try:
            return library.decrypt(key, encrypt, config.app_id)
        except library.NotOurs:
            raise BadSignature("回复属于另一个 AppID") from None
        except Unreadable as found:
            problem = found
    raise problem


def _envelope(inner: str, encrypt: str, mode: Mode) -> str:
    if library.is_json(inner):
        plain = json.loads(inner)
        kept = plain if mode is Mode.COMPATIBLE else {"ToUserName": plain.get("ToUserName", "")}
        return json.dumps({**kept, "Encrypt": encrypt}, ensure_ascii=False)
    sealed = _element("Encrypt", encrypt)
    if mode is Mode.COMPATIBLE:
        return inner.rstrip().removesuffix("</xml>") + sealed + "</xml>"
    to = _TO.search(inner)  # not parsed: a simulation may well want to seal something broken
    return f"<xml>{_element('ToUserName', to[1] if to else '')}{sealed}</xml>"


def _element(name: str, value: str | int | float) -> str:
    if isinstance(value, str):
        return f"<{name}><![CDATA[{value.replace(']]>', ']]]]><![CDATA[>')}]]></{name}>"
    return f"<{name}>{value}</{name}>"
