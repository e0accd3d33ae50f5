"""Lets in only what the platform signed, for this account, recently and within bounds; everything else ends here.

1. the plain signature of the query, which costs a microsecond and needs no look at the body;
2. the time window;
3. size;
4. with ``encrypt_type=aes`` the message signature over the cipher text, then decryption by the current or previous key.

Until a signature over the body has been checked, any fault of an encrypted body is a BadSignature; after it, Unreadable.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass, field

from channels.contract import BadSignature, Delivery, Unreadable
from channels.wechat import library
from channels.wechat.config import WeChatConfig

_NONCE = re.compile(r"\A[0-9A-Za-z_-]{1,64}\Z")
_SECONDS = re.compile(r"\A[0-9]{1,11}\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class Opened:
    """What was inside a verified delivery, and the key that opened it (empty: it came in the clear)."""

    text: str
    key: bytes = field(default=b"", repr=False)


def sign(*parts: str) -> str:
    """The platform's signature: SHA-1 of the sorted parts run together."""
    joined = b"".join(sorted(part.encode("utf-8", "replace") for part in parts))
    return hashlib.sha1(joined, usedforsecurity=False).hexdigest()


def open_delivery(config: WeChatConfig, delivery: Delivery) -> Opened:
    """Raises BadSignature or Unreadable and nothing else, whatever the query and the bytes are."""
    encrypted = delivery.query.get("encrypt_type", "") not in ("", "raw")
    if "signature" in delivery.query or not encrypted:
        _check_plain_signature(config, delivery)
    _check_recent(config, delivery)
    if encrypted:
        return _open_encrypted(config, delivery)
    if config.encoding_aes_key and not config.plain_allowed:
        raise BadSignature("本公众号只接受安全模式的加密来件")
    return Opened(_text(config, delivery.body))


def check_address(config: WeChatConfig, delivery: Delivery) -> str:
    """The echostr of a genuine address check; raises BadSignature."""
    _check_plain_signature(config, delivery)
    _check_recent(config, delivery)
    echo = delivery.query.get("echostr", "")
    if not echo:
        raise BadSignature("地址校验缺少 echostr")
    return echo


def _check_plain_signature(config: WeChatConfig, delivery: Delivery) -> None:
    query = delivery.query
    if not _same(sign(config.token, query.get("timestamp", ""), query.get("nonce", "")), query.get("signature", "")):
        raise BadSignature("微信签名不符")


def _check_recent(config: WeChatConfig, delivery: Delivery) -> None:
    timestamp, nonce = delivery.query.get("timestamp", ""), delivery.query.get("nonce", "")
    if not _SECONDS.match(timestamp) or not _NONCE.match(nonce):
        raise BadSignature("微信来件的 timestamp 或 nonce 不合格式")
    if abs(delivery.received_at.timestamp() - int(timestamp)) > config.replay_window_seconds:
        raise BadSignature("微信来件的时间戳超出时间窗，疑为重放")


def _open_encrypted(config: WeChatConfig, delivery: Delivery) -> Opened:
    keys = config.aes_keys()
    if not keys:
        raise BadSignature("收到加密来件，但未配置 ENCODING_AES_KEY，无法核验")
    try:
        encrypt = library.fields_of(_text(config, delivery.body)).get("Encrypt")
    except Unreadable as problem:
        raise BadSignature(f"加密来件的信封无法核验：{problem}") from problem
    if not isinstance(encrypt, str):
        raise BadSignature("加密来件没有唯一的 Encrypt 字段")
    query = delivery.query
    expected = sign(config.token, query.get("timestamp", ""), query.get("nonce", ""), encrypt)
    if not _same(expected, query.get("msg_signature", "")):
        raise BadSignature("微信消息签名不符")
    return _decrypt(keys, encrypt, config.app_id)


def _decrypt(keys: tuple[bytes, ...], encrypt: str, app_id: str) -> Opened:
    problem = Unreadable("密文无法解开")
    for key in keys:
        try:
            return Opened(library.decrypt(key, encrypt, app_id), key)
        except library.NotOurs:
            raise BadSignature("来件属于另一个 AppID") from None
        except Unreadable as found:
            problem = found
    raise problem


def _text(config: WeChatConfig, body: bytes) -> str:
    if len(body) > config.max_body_bytes:
        raise Unreadable("来件超过大小上限")
    return library.decode(body)


def _same(expected: str, given: str) -> bool:
    return hmac.compare_digest(expected.encode("ascii"), given.encode("utf-8", "replace"))
