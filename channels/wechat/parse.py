"""From a verified push to Complaints: what each message type and event of the platform means to us.

Unknown types become events named ``unknown:…`` instead of failures, since the platform adds types without notice and a refused
push is repeated and shown to the resident as a fault of the account.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from channels.contract import Attached, Complaint, Kind, Unreadable
from channels.wechat import library

# Events the platform documents and wechatpy 1.8.18 does not know.
NEWER_EVENTS = frozenset(
    {
        "subscribe_msg_popup_event",
        "subscribe_msg_change_event",
        "subscribe_msg_sent_event",
        "publishjobfinish",
        "user_info_modified",
        "user_authorization_revoke",
        "user_authorization_cancellation",
        "kf_create_session",
        "kf_close_session",
        "kf_switch_session",
    }
)
_SUBSCRIPTION_NODES = ("SubscribeMsgPopupEvent", "SubscribeMsgChangeEvent", "SubscribeMsgSentEvent")
_ENVELOPE = frozenset({"ToUserName", "FromUserName", "CreateTime", "MsgType", "Event", "EventKey", "Encrypt"})
_VOICE_MIME = {"amr": "audio/amr", "speex": "audio/speex", "mp3": "audio/mpeg"}
_LATEST = 253402300799  # the last second of year 9999
_KEY_LIMIT = 100
_SURROGATES = re.compile("[\ud800-\udfff]")


def complaint_of(text: str) -> Complaint:
    """Raises Unreadable and nothing else."""
    message = library.parse(text)
    fields = message.fields
    message_type = scalar(fields, "MsgType").lower()
    if not message_type:
        raise Unreadable("消息缺少 MsgType")
    if message_type == "event":
        return _event(message, text)
    build = _TYPES.get(message_type)
    if build is None:
        return _told(fields, text, kind=Kind.EVENT, event=f"unknown:{message_type[:64]}", extra=_rest(fields))
    return build(fields, text)


def scalar(fields: Mapping[str, Any], name: str) -> str:
    """One field as text; absent is empty. A doubled or nested field raises Unreadable rather than be guessed at."""
    value = fields.get(name)
    if value is None:
        return ""
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    raise Unreadable(f"{name[:40]} 出现多次或不是单一的值")


def storable(text: str) -> str:
    """Without what no database and no UTF-8 encoder takes: NUL and lone surrogates, both possible in JSON."""
    return _SURROGATES.sub("\ufffd", text).replace("\0", "")


def created_at(fields: Mapping[str, Any]) -> int | None:
    """Seconds since 1970 as the platform says, None where it says nothing."""
    written = scalar(fields, "CreateTime")
    if not written:
        return None
    if not (written.isascii() and written.isdigit() and 0 < int(written[:20]) <= _LATEST):
        raise Unreadable("CreateTime 不是有效的时间")
    return int(written)


def sender_of(fields: Mapping[str, Any]) -> str:
    sender = scalar(fields, "FromUserName")
    if not sender or len(sender) > 128 or not sender.isprintable() or " " in sender:
        raise Unreadable("FromUserName 缺失或不合格式")
    return sender


def _told(
    fields: Mapping[str, Any],
    source: str,
    *,
    kind: Kind,
    text: str = "",
    event: str = "",
    event_key: str = "",
    attached: tuple[Attached, ...] = (),
    place: str = "",
    latitude: float | None = None,
    longitude: float | None = None,
    extra: Mapping[str, str] | None = None,
) -> Complaint:
    created = created_at(fields)
    return Complaint(
        external_id=_external_id(fields, source),
        sender=sender_of(fields),
        kind=kind,
        text=text,
        said_at=None if created is None else datetime.fromtimestamp(created, UTC),
        event=event,
        event_key=event_key,
        attached=attached,
        place=place,
        latitude=latitude,
        longitude=longitude,
        extra=extra or {},
    )


def _external_id(fields: Mapping[str, Any], source: str) -> str:
    """MsgId where there is one. Events have none: sender, time, event and key together, since two of them alone collide."""
    message_id = scalar(fields, "MsgId")
    if message_id and not (message_id.isascii() and message_id.isdigit() and len(message_id) <= 32):
        raise Unreadable("MsgId 不是数字")
    if message_id.strip("0"):
        return message_id
    # a repeat carries the same inner text, so its digest can stand in for a missing time
    created = created_at(fields) or _digest(source)
    event = scalar(fields, "Event")[:64]
    if not event:  # a message without MsgId: several may come in one second, their content keeps them apart
        return f"{sender_of(fields)}:{created}:{scalar(fields, 'MsgType')[:64]}:{_digest(source)}"
    key = scalar(fields, "EventKey") or scalar(fields, "MsgID")
    return f"{sender_of(fields)}:{created}:{event}:{key if len(key) <= _KEY_LIMIT else 'sha256-' + _digest(key)}"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:32]


def _text(fields: Mapping[str, Any], source: str) -> Complaint:
    return _told(fields, source, kind=Kind.TEXT, text=scalar(fields, "Content"), extra=_some(fields, "bizmsgmenuid"))


def _media(kind: Kind, *more: str) -> Callable[[Mapping[str, Any], str], Complaint]:
    def build(fields: Mapping[str, Any], source: str) -> Complaint:
        reference = scalar(fields, "MediaId")
        if not reference:
            raise Unreadable("媒体消息缺少 MediaId")
        attached = Attached(kind, reference, mime=_VOICE_MIME.get(scalar(fields, "Format").lower(), ""))
        return _told(fields, source, kind=kind, attached=(attached,), extra=_some(fields, *more))

    return build


def _voice(fields: Mapping[str, Any], source: str) -> Complaint:
    """Recognition is being withdrawn and often wrong: kept beside the recording, never as the resident's own words."""
    reference, form = scalar(fields, "MediaId"), scalar(fields, "Format").lower()
    if not reference:
        raise Unreadable("媒体消息缺少 MediaId")
    attached = Attached(Kind.VOICE, reference, mime=_VOICE_MIME.get(form, ""), text=scalar(fields, "Recognition"))
    return _told(fields, source, kind=Kind.VOICE, attached=(attached,), extra=_some(fields, "Format", "MediaId16K"))


def _location(fields: Mapping[str, Any], source: str) -> Complaint:
    return _told(
        fields,
        source,
        kind=Kind.LOCATION,
        place=scalar(fields, "Label"),
        latitude=_degrees(fields, "Location_X", 90),
        longitude=_degrees(fields, "Location_Y", 180),
        extra=_some(fields, "Scale"),
    )


def _link(fields: Mapping[str, Any], source: str) -> Complaint:
    title, described, url = (scalar(fields, name) for name in ("Title", "Description", "Url"))
    attached = (Attached(Kind.LINK, url, name=title),) if url else ()
    return _told(fields, source, kind=Kind.LINK, text="\n".join(filter(None, (title, described))), attached=attached)


_TYPES: dict[str, Callable[[Mapping[str, Any], str], Complaint]] = {
    "text": _text,
    "image": _media(Kind.IMAGE, "PicUrl"),
    "voice": _voice,
    "video": _media(Kind.VIDEO, "ThumbMediaId"),
    "shortvideo": _media(Kind.VIDEO, "ThumbMediaId"),
    "location": _location,
    "link": _link,
}


def _event(message: library.Message, source: str) -> Complaint:
    fields = dict(message.fields)
    name = scalar(fields, "Event").lower()
    if not name:
        raise Unreadable("事件缺少 Event")
    if name == "subscribe_scan":  # wechatpy's own name for a follow by QR code; the platform says subscribe and qrscene_…
        fields["Event"], fields["EventKey"] = "subscribe", "qrscene_" + scalar(fields, "EventKey")
    elif name == "subscribe_scan_product":
        fields["Event"] = "subscribe"
    name = scalar(fields, "Event").lower()
    known = message.known or name in NEWER_EVENTS
    at_place = name == "location"
    return _told(
        fields,
        source,
        kind=Kind.EVENT,
        event=name if known else f"unknown:{name[:64]}",
        event_key=scalar(fields, "EventKey"),
        latitude=_degrees(fields, "Latitude", 90) if at_place else None,
        longitude=_degrees(fields, "Longitude", 180) if at_place else None,
        extra=_rest(fields),
    )


def _degrees(fields: Mapping[str, Any], name: str, most: int) -> float | None:
    written = scalar(fields, name)
    if not written:
        return None
    try:
        degrees = float(written)
    except ValueError:
        raise Unreadable(f"{name} 不是数字") from None
    if not math.isfinite(degrees) or abs(degrees) > most:
        raise Unreadable(f"{name} 超出范围")
    return degrees


def _some(fields: Mapping[str, Any], *names: str) -> dict[str, str]:
    return {name: value for name in names if (value := scalar(fields, name))}


def _rest(fields: Mapping[str, Any]) -> dict[str, str]:
    """Every further field under the platform's own name; subscription results always as a JSON array under ``items``.

    With one result the platform sends an object, with several an array, and the tag around them is not reliable either.
    """
    rest: dict[str, str] = {}
    for name, value in fields.items():
        if name in _ENVELOPE or value is None:
            continue
        if name in _SUBSCRIPTION_NODES or name == "List":
            rest["items"] = _as_json(_items(value))
        else:
            rest[storable(name)] = storable(value) if isinstance(value, str) else _as_json(value)
    return rest


def _items(node: Any) -> list[Any]:
    if isinstance(node, Mapping) and "List" in node:
        node = node["List"]
    if isinstance(node, list):
        return [entry for item in node for entry in _items(item)]
    return [] if node is None else [node]


def _as_json(value: Any) -> str:
    try:
        return storable(json.dumps(value, ensure_ascii=False, separators=(",", ":")))
    except (RecursionError, ValueError) as problem:
        raise Unreadable("字段嵌套过深") from problem
