"""网页表单: what a resident fills in on our own page, as JSON or as a plain form post.

Refusals are sentences for the resident, saying what to do; our own page shows them beside the form.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from urllib.parse import parse_qsl

from channels.contract import (
    Answer,
    BadSignature,
    ChannelSpec,
    Complaint,
    Delivery,
    Failure,
    HttpAnswer,
    Kind,
    Notice,
    Receipt,
    Receives,
    Unreadable,
)
from channels.wire import Wire

BODY_LIMIT = 64 * 1024
TEXT_LIMIT = 5000
FIELDS = ("text", "name", "phone", "estate", "building", "unit", "room", "confidential", "form_id")
_LIMITS = {"name": 50, "phone": 30, "estate": 100, "building": 30, "unit": 30, "room": 30, "confidential": 10, "form_id": 64}
_CALLED = {"name": "姓名", "phone": "电话", "estate": "小区", "building": "楼栋", "unit": "单元", "room": "房号"}
_FORM_ID = re.compile(r"\A[0-9A-Za-z_-]{8,64}\Z")
_MOBILE = re.compile(r"\A1[3-9][0-9]{9}\Z")
_LANDLINE = re.compile(r"\A(?:0[0-9]{9,11}|[2-9][0-9]{6,7})\Z")
_BARE = re.compile(r"\A[0-9A-Za-z]+\Z")
_FULL_WIDTH = str.maketrans("０１２３４５６７８９＋－（）　", "0123456789+-() ")
_SURROGATES = re.compile("[\ud800-\udfff]")
_YES = frozenset({"1", "true", "on", "yes", "y", "是"})
_SUFFIX = {"estate": "", "building": "栋", "unit": "单元", "room": "室"}


class WebForm:
    """Unsigned: the web layer guards the page itself (form token, rate limit)."""

    spec = ChannelSpec(key="webform", name="网页表单", receives=Receives.PUSH, sends=False, signed=False, kinds=(Kind.TEXT,))

    def read(self, delivery: Delivery) -> list[Complaint]:
        given = _given(delivery)
        text = given["text"]
        if not text:
            raise Unreadable("请写明您要反映的问题")
        if len(text) > TEXT_LIMIT:
            raise Unreadable(f"问题描述请控制在 {TEXT_LIMIT} 字以内")
        for name, limit in _LIMITS.items():
            if len(given[name]) > limit:
                raise Unreadable(f"{_CALLED.get(name, '表单')}过长，请检查后重新填写")
        if not _FORM_ID.match(given["form_id"]):
            raise Unreadable("页面已失效，请刷新页面后重新提交")
        phone = _phone(given["phone"])
        parts = {name: given[name] for name in _SUFFIX if given[name]}
        return [
            Complaint(
                external_id=given["form_id"],
                sender=phone or f"web:{given['form_id']}",
                kind=Kind.TEXT,
                text=text,
                said_at=delivery.received_at,
                name=given["name"],
                phone=phone,
                place="".join(_with_suffix(name, written) for name, written in parts.items()),
                confidential=given["confidential"].lower() in _YES,
                extra=parts,
            )
        ]

    def answer(self, delivery: Delivery, said: Answer) -> HttpAnswer:
        body = json.dumps({"number": said.data.get("number", ""), "text": said.text}, ensure_ascii=False)
        return HttpAnswer(200, body.encode("utf-8", "replace"), "application/json; charset=utf-8")

    def greet(self, delivery: Delivery) -> HttpAnswer:
        raise BadSignature("网页表单没有地址校验")

    def fetch(self, since: str) -> Iterable[Delivery]:
        return ()

    def send(self, notice: Notice) -> Receipt:
        return Receipt(failure=Failure.NEXT_ROUTE, code="receive_only", detail="网页表单不能主动联系诉求人")


def _given(delivery: Delivery) -> dict[str, str]:
    if len(delivery.body) > BODY_LIMIT:
        raise Unreadable("提交的内容过多，请精简后重新提交")
    try:
        body = delivery.body.decode("utf-8-sig").strip()
    except UnicodeDecodeError:
        raise Unreadable("提交的内容无法识别，请刷新页面后重新提交") from None
    fields = _from_json(body) if body.startswith("{") else _from_form(body)
    return {name: _plain(fields.get(name)) for name in FIELDS}


def _from_json(body: str) -> Mapping[str, object]:
    try:
        fields = json.loads(body)
    except (ValueError, RecursionError):
        raise Unreadable("提交的内容不完整，请重新提交") from None
    return fields if isinstance(fields, dict) else {}


def _from_form(body: str) -> Mapping[str, object]:
    try:
        return dict(parse_qsl(body, keep_blank_values=True, max_num_fields=100))
    except ValueError:
        raise Unreadable("提交的内容不完整，请重新提交") from None


def _plain(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, str | int):
        raise Unreadable("提交的内容格式不对，请刷新页面后重新提交")
    try:
        written = str(value)
    except ValueError:  # an integer of more digits than Python is willing to write
        raise Unreadable("提交的内容格式不对，请刷新页面后重新提交") from None
    return _SURROGATES.sub("\ufffd", written).replace("\0", "").replace("\r\n", "\n").strip()


def _phone(written: str) -> str:
    """A mobile number without its country code, a landline as digits; empty when none was given."""
    if not written:
        return ""
    digits = re.sub(r"[\s()\-]", "", written.translate(_FULL_WIDTH))
    digits = re.sub(r"\A(?:\+86|0086|86(?=1[0-9]{10}\Z))", "", digits)
    if not (_MOBILE.match(digits) or _LANDLINE.match(digits)):
        raise Unreadable("电话号码有误，请填写 11 位手机号，或带区号的固定电话")
    return digits


def _with_suffix(name: str, written: str) -> str:
    """“3” becomes 3栋; what the resident wrote out stays as it is."""
    return written + _SUFFIX[name] if _BARE.match(written) else written


def build(settings: Mapping[str, str], wire: Wire) -> WebForm:
    """Our own page: needs no settings."""
    return WebForm()
