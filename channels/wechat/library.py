"""The only door to wechatpy: its parser, cipher and replies, each with its faults closed.

wechatpy 1.8.18 raises a dozen kinds of exception on odd input, does not validate padding, does not escape CDATA and fills in
the clock where a time is left out. From here everything comes out as a value, an Unreadable or a NotOurs.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import xmltodict
from wechatpy import parse_message
from wechatpy.crypto import PrpCrypto
from wechatpy.crypto.base import WeChatCipher
from wechatpy.events import EVENT_TYPES
from wechatpy.messages import MESSAGE_TYPES, UnknownMessage
from wechatpy.replies import TextReply

from channels.contract import Unreadable

BLOCK = 32
TAGS_LIMIT = 2000  # the fullest real push has some sixty; nesting and sibling bombs need many
# A DTD can stand only before the root element. Looking there and nowhere else leaves a resident free to write "<!DOCTYPE".
_PROLOG = re.compile(r"\A\s*(?:<\?xml[^<>]*\?>\s*)?<[A-Za-z_]")
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class NotOurs(Exception):
    """Properly encrypted, for another AppID."""


@dataclass(frozen=True, slots=True)
class Message:
    """One push as wechatpy sees it: the platform's fields under the platform's names, and whether wechatpy knows the type."""

    fields: Mapping[str, Any]
    known: bool


def is_json(text: str) -> bool:
    return text.lstrip("\ufeff \t\r\n").startswith("{")


def decode(body: bytes) -> str:
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Unreadable("来件不是 UTF-8 编码") from None


def fields_of(text: str) -> dict[str, Any]:
    """The top-level fields of an XML or JSON body, for the envelope; raises Unreadable."""
    if is_json(text):
        return _json_fields(text)
    _refuse_dangerous_xml(text)
    try:
        root = xmltodict.parse(text, disable_entities=True)["xml"]
    except Exception as problem:  # expat, xmltodict and dict access fail in many ways; to us they are one
        raise Unreadable(f"XML 无法解析（{type(problem).__name__}）") from problem
    if not isinstance(root, dict):
        raise Unreadable("XML 没有内容")
    return root


def parse(text: str) -> Message:
    """A message or event; raises Unreadable whatever the text is."""
    if is_json(text):
        fields = _json_fields(text)
        message_type = str(fields.get("MsgType", "")).lower()
        event = str(fields.get("Event", "")).lower()
        return Message(fields, event in EVENT_TYPES if message_type == "event" else message_type in MESSAGE_TYPES)
    _refuse_dangerous_xml(text)
    try:
        message = parse_message(text)
        fields = message._data  # the typed attributes miss every field newer than wechatpy
    except Exception as problem:  # TypeError, KeyError, AttributeError, ValueError, ExpatError …: all seen from wechatpy
        raise Unreadable(f"消息无法解析（{type(problem).__name__}）") from problem
    if not isinstance(fields, dict):
        raise Unreadable("消息没有内容")
    return Message(fields, not isinstance(message, UnknownMessage))


def _json_fields(text: str) -> dict[str, Any]:
    try:
        fields = json.loads(text.lstrip("\ufeff"))
    except (ValueError, RecursionError) as problem:
        raise Unreadable(f"JSON 无法解析（{type(problem).__name__}）") from problem
    if not isinstance(fields, dict):
        raise Unreadable("JSON 不是一个对象")
    return fields


def _refuse_dangerous_xml(text: str) -> None:
    if not _PROLOG.match(text):
        raise Unreadable("来件不是 XML，或带有文档类型声明")
    if text.count("<") > TAGS_LIMIT:
        raise Unreadable("来件的 XML 元素过多")


def decrypt(key: bytes, encrypted: str, app_id: str) -> str:
    """The text inside. Raises Unreadable when this key does not fit or the text is damaged, NotOurs for another AppID."""
    try:
        raw = base64.b64decode("".join(encrypted.split()), validate=True)
    except ValueError:
        raise Unreadable("密文不是有效的 Base64") from None
    if not raw or len(raw) % BLOCK:
        raise Unreadable("密文长度不对")
    plain: bytes = WeChatCipher(key).decrypt(raw)
    padding = plain[-1]
    if not 1 <= padding <= BLOCK or plain[-padding:] != bytes([padding]) * padding:
        raise Unreadable("密文填充不对，密钥可能不符")
    content = plain[16:-padding]
    size = int.from_bytes(content[:4], "big")
    if len(content) < 4 or size > len(content) - 4:
        raise Unreadable("密文内的长度不对，密钥可能不符")
    if not hmac.compare_digest(content[4 + size :], app_id.encode()):
        raise NotOurs
    return decode(content[4 : 4 + size])


def encrypt(key: bytes, text: str, app_id: str, random16: str) -> str:
    """The platform's AES form of ``text``; the 16 leading characters are the caller's, so that a repeat comes out equal."""
    crypto = PrpCrypto(key)
    crypto.get_random_string = lambda: random16
    return bytes(crypto.encrypt(text, app_id)).decode("ascii")


def random16(key: bytes, *material: str) -> str:
    """Sixteen characters nobody without the key can foresee, the same for the same material: no generator, no state."""
    return hmac.new(key, "\0".join(material).encode("utf-8", "replace"), hashlib.sha256).hexdigest()[:16]


def text_reply(*, to: str, source: str, created: int, content: str) -> str:
    """The passive reply. Whatever a resident wrote stays inside its CDATA section."""
    reply = TextReply(target=_cdata(to), source=_cdata(source), time=created, content=_cdata(content))
    return str(reply.render())


def _cdata(text: str) -> str:
    return _NOT_XML.sub("", text).replace("]]>", "]]]]><![CDATA[>")
