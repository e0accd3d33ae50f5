"""/api/v1/tickets, POST: a call or a visit that another program has written down becomes a ticket, as at the desk's own page."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import replace
from typing import Annotated, Any, Literal

from fastapi import Body, Response
from pydantic import BaseModel, ConfigDict, StrictBool, StrictStr, model_validator
from pydantic import Field as Described

from app.errors import NotAllowed
from app.hotline import Hotline, Tx
from app.tickets.lifecycle import ROLE_NAMES, RULES, Role
from app.web import programs
from app.web.api_bodies import Words, without_nul
from app.web.api_views import ticket_view
from app.web.guards import TheHotline
from app.web.once import Once, answer_once
from app.web.programs import Viewer
from app.web.registration import register
from app.web.resident import Told, read_form
from app.web.shapes import TicketView
from channels.contract import Complaint, Delivery

router = programs.router()


EXAMPLE: dict[str, Any] = {
    "text": "石桥新居3栋2单元楼道灯不亮了，已经三天",
    "external_id": "ACD-20261123-000187",
    "name": "王秀兰",
    "phone": "13800005678",
    "estate": "石桥新居",
    "building": "3",
    "unit": "2",
    "confidential": False,
}


class NewTicket(BaseModel):
    """登记一张工单。"""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [EXAMPLE]})
    text: Words = Described(description="诉求内容，诉求人的原话")
    channel: Literal["phone", "counter", "orders12345"] = Described(
        default="phone", description="怎样来的：phone 电话、counter 来访、orders12345 12345 转办"
    )
    external_id: StrictStr = Described(
        default="", max_length=100, description="调用方自己的编号；同一令牌再次登记同一编号，得到的是同一张工单"
    )
    name: StrictStr = Described(default="", max_length=50, description="诉求人姓名")
    phone: StrictStr = Described(default="", max_length=30, description="诉求人电话")
    estate: StrictStr = Described(default="", max_length=100, description="小区，名称或别名")
    building: StrictStr = Described(default="", max_length=30, description="楼栋")
    unit: StrictStr = Described(default="", max_length=30, description="单元")
    room: StrictStr = Described(default="", max_length=30, description="房号")
    confidential: StrictBool = Described(default=False, description="为诉求人保密：承接主体看不到诉求人是谁")

    @model_validator(mode="before")
    @classmethod
    def _keepable(cls, given: Any) -> Any:
        return without_nul(given)


@router.post(
    "/tickets",
    status_code=201,
    response_model=TicketView,
    responses={200: {"model": TicketView, "description": "这个 external_id 已登记过：原来的工单，什么都没有改"}},
    summary="登记工单",
    description=f"谁可以：{ROLE_NAMES[Role.AGENT]}、{ROLE_NAMES[Role.SUPERVISOR]}",
    operation_id="receive",
    tags=["acts"],
)
def new_ticket(hotline: TheHotline, viewer: Viewer, asked: Once, given: Annotated[NewTicket, Body()]) -> Response:
    """What was written down is kept, understood and set to work as any complaint is."""
    if viewer.role not in RULES["receive"].roles:
        raise NotAllowed(f"{ROLE_NAMES[viewer.role]}不能登记工单")
    delivery, complaint = _written_down(hotline, given)
    with hotline.look() as tx:
        understander = hotline.knowledge(tx.session).understander
    verdict = understander.understand(complaint.text, place_hint=complaint.place)

    def work(tx: Tx) -> tuple[int, BaseModel]:
        ticket, new = register(tx, delivery, complaint, verdict, viewer, source=f"api:{viewer.id}")
        return (201 if new else 200), ticket_view(tx, ticket, viewer)

    return answer_once(hotline, asked, work)


def _written_down(hotline: Hotline, given: NewTicket) -> tuple[Delivery, Complaint]:
    """As the desk's form is read, the caller's own number beside it. Raises BadInput."""
    form_id = hashlib.sha256(given.external_id.encode()).hexdigest()[:40] if given.external_id else secrets.token_urlsafe(18)
    fields = given.model_dump(exclude={"external_id", "confidential", "channel"})
    told = Told(**fields, confidential="1" if given.confidential else "", form_id=form_id)
    delivery, complaint = read_form(hotline, told)
    external_id = given.external_id or f"api-{form_id}"
    sender = complaint.phone or f"desk:{complaint.external_id}"
    return replace(delivery, channel=given.channel), replace(complaint, external_id=external_id, sender=sender)
