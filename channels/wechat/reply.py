"""What the platform is answered within its five seconds: a text reply or the quiet ``success``.

The same delivery answered twice with the same Answer gives the same bytes, encrypted or not.
"""

from __future__ import annotations

import json

from channels.contract import Answer, Delivery, HttpAnswer
from channels.wechat import library
from channels.wechat.config import WeChatConfig
from channels.wechat.guard import open_delivery, sign
from channels.wechat.parse import created_at, scalar, sender_of, storable

TEXT_LIMIT = 2048  # bytes of UTF-8, for passive replies and customer-service messages alike
QUIET = HttpAnswer(200, b"success")


def render(config: WeChatConfig, delivery: Delivery, said: Answer) -> HttpAnswer:
    """Raises what ``read`` raises when the delivery cannot be opened; an empty text needs no opening."""
    if not said.text.strip():
        return QUIET
    opened = open_delivery(config, delivery)
    fields = library.parse(opened.text).fields
    at = int(said.at.timestamp()) if said.at else created_at(fields) or int(delivery.received_at.timestamp())
    as_json = library.is_json(opened.text)
    write = _json if as_json else library.text_reply
    reply = write(to=sender_of(fields), source=scalar(fields, "ToUserName"), created=at, content=shortened(said.text))
    if opened.key:
        nonce = delivery.query["nonce"]
        random16 = library.random16(opened.key, str(at), nonce, reply)
        reply = encrypted(config, opened.key, reply, timestamp=at, nonce=nonce, random16=random16, as_json=as_json)
    return HttpAnswer(200, reply.encode(), f"{'application/json' if as_json else 'application/xml'}; charset=utf-8")


def encrypted(config: WeChatConfig, key: bytes, reply: str, *, timestamp: int, nonce: str, random16: str, as_json: bool) -> str:
    """The envelope of an encrypted reply, in the form the push came in."""
    encrypt = library.encrypt(key, reply, config.app_id, random16)
    signature = sign(config.token, str(timestamp), nonce, encrypt)
    if as_json:
        return json.dumps({"Encrypt": encrypt, "MsgSignature": signature, "TimeStamp": timestamp, "Nonce": nonce})
    return (
        f"<xml>\n<Encrypt><![CDATA[{encrypt}]]></Encrypt>\n<MsgSignature><![CDATA[{signature}]]></MsgSignature>\n"
        f"<TimeStamp>{timestamp}</TimeStamp>\n<Nonce><![CDATA[{nonce}]]></Nonce>\n</xml>"
    )


def shortened(text: str) -> str:
    """At most 2048 bytes, cut between characters: a longer text is refused whole by the platform."""
    raw = storable(text).encode()
    if len(raw) <= TEXT_LIMIT:
        return storable(text)
    return raw[: TEXT_LIMIT - len("…".encode())].decode("utf-8", "ignore") + "…"


def _json(*, to: str, source: str, created: int, content: str) -> str:
    reply = {"ToUserName": to, "FromUserName": source, "CreateTime": created, "MsgType": "text", "Content": content}
    return json.dumps(reply, ensure_ascii=False)
