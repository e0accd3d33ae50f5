"""/api/v1: tickets and the register as JSON, for programs with a bearer token. Nobody sees here what the pages hide."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from fastapi.security import HTTPBearer

from app.errors import BadInput
from app.hotline import Tx
from app.register.model import Contract, Contractor, Estate
from app.store import register as register_store
from app.store import tickets as store
from app.tickets.lifecycle import Actor, Role, State
from app.tickets.model import Ticket, Timer
from app.tickets.privacy import leads, outsider, reads_message, sees_dwelling, sees_person
from app.web.deadlines import deadlines_data
from app.web.guards import TheHotline, program
from app.web.shapes import DeadlinesView, EventView, MessageView, PlaceView, Problem, TicketPage, TicketView, TimerView
from app.web.timeline import shown
from app.web.views import complaint, concerns, named, readable

PROBLEMS: dict[int | str, dict[str, Any]] = {
    status: {"description": words, "content": {"application/problem+json": {"schema": Problem.model_json_schema()}}}
    for status, words in {
        400: "无法识别",
        401: "需要令牌",
        403: "没有权限",
        404: "未找到",
        422: "内容有误",
        503: "系统繁忙",
    }.items()
}


class InChinese(APIRoute):
    """Says what is wrong with a request in the words of its reader."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handler = super().get_route_handler()

        async def handle(request: Request) -> Response:
            try:
                return await handler(request)
            except RequestValidationError as wrong:
                raise BadInput(_wrong(wrong.errors()[0]), cure="请改正后重试") from None

        return handle


def _wrong(error: Mapping[str, Any]) -> str:
    name, limits = error["loc"][-1], error.get("ctx", {})
    words = {
        "enum": f"可用的值：{'、'.join(State)}",
        "int_parsing": "应为整数",
        "bool_parsing": "应为 true 或 false",
        "greater_than_equal": f"不得小于 {limits.get('ge')}",
        "less_than_equal": f"不得大于 {limits.get('le')}",
    }
    return f"“{name}”填写有误：{words.get(error['type'], '应为带时区的时间，例如 2026-01-05T00:00:00+08:00')}"


# The scheme is there for the OpenAPI document; ``program`` is what checks the token.
bearer = HTTPBearer(auto_error=False, description="hotline token create 生成的令牌")
router = APIRouter(prefix="/api/v1", responses=PROBLEMS, route_class=InChinese, dependencies=[Depends(bearer)])
Viewer = Annotated[Actor, Depends(program)]
MOST = 200


@router.get("/tickets")
def list_tickets(
    hotline: TheHotline,
    viewer: Viewer,
    state: State | None = None,
    channel: str = "",
    sender: str = "",
    external_id: str = "",
    leaf: str = "",
    group: str = "",
    contractor: str = "",
    estate: str = "",
    overdue: bool | None = None,
    q: str = "",
    created_from: datetime | None = None,
    created_to: datetime | None = None,
    cursor: str = "",
    limit: Annotated[int, Query(ge=1, le=MOST)] = 50,
) -> TicketPage:
    """Tickets that the token's holder may see."""
    with hotline.look() as tx:
        contractor_id = register_store.id_named(tx.session, Contractor, contractor)
        estate_id = register_store.id_named(tx.session, Estate, estate)
        if (contractor and contractor_id is None) or (estate and estate_id is None):
            return TicketPage(tickets=[], next=None)
        wanted = store.Filter(
            states=(state,) if state else (),
            channel=channel,
            sender=sender,
            external_id=external_id,
            leaf=leaf,
            group=group,
            contractor_id=contractor_id,
            estate_id=estate_id,
            overdue=overdue,
            at=tx.now,
            words=q,
            created_from=_aware(created_from),
            created_to=_aware(created_to),
            before_id=_cursor(cursor),
            limit=limit + 1,
        )
        found = store.listed(tx.session, viewer, wanted)
        views = _tickets(tx, found[:limit], viewer)
    return TicketPage(tickets=views, next=str(found[limit - 1].id) if len(found) > limit else None)


@router.get("/tickets/{number}")
def one_ticket(hotline: TheHotline, viewer: Viewer, number: str) -> TicketView:
    """One ticket with its whole history."""
    with hotline.look() as tx:
        return _tickets(tx, [store.by_number(tx.session, number, viewer)], viewer)[0]


@router.get("/tickets/{number}/deadlines")
def deadlines(hotline: TheHotline, viewer: Viewer, number: str) -> DeadlinesView:
    """How each deadline of a ticket came about, replayed from its log: every change reckoned anew beside what was recorded then,
    the days that counted, the steps that fired, and how it stands now."""
    with hotline.look() as tx:
        return DeadlinesView.model_validate(deadlines_data(tx, store.by_number(tx.session, number, viewer), viewer))


def _tickets(tx: Tx, tickets: Sequence[Ticket], viewer: Actor) -> list[TicketView]:
    """Tickets with all that hangs on them, as this viewer may see it."""
    contracts = register_store.contract_numbers(tx.session, [t.contract_id for t in tickets if t.contract_id])
    pasts = store.histories(tx.session, tickets)
    return [_with_past(tx, ticket, viewer, _ticket(tx, ticket, viewer, contracts), pasts[ticket.id]) for ticket in tickets]


def _with_past(tx: Tx, ticket: Ticket, viewer: Actor, view: TicketView, past: store.History) -> TicketView:
    outside = outsider(viewer)
    view.external_ids = [] if outside else past.external_ids  # some platforms' ids hold the sender's
    view.events = [
        EventView(
            at=event.at,
            action=event.action,
            by="" if outside and event.by_role is Role.RESIDENT else named(viewer, event.by_role, event.by_name),
            role=event.by_role,
            from_state=event.from_state,
            to_state=event.to_state,
            details={} if outside else event.details,
        )
        for event in shown(ticket, past.events, viewer)
    ]
    view.messages = [
        MessageView(
            at=said.at,
            by="" if outside and said.by_role is Role.RESIDENT else named(viewer, said.by_role, said.by_name),
            channel=said.channel,
            kind=said.kind,
            text=readable(tx, ticket, viewer, said.text),
            internal=not said.audience,
        )
        for said in past.messages
        if reads_message(viewer, ticket, said.by_role, said.audience)
    ]
    last = past.ratings[-1] if past.ratings else None
    if last is not None:
        view.rating = {
            "round": last.round,
            "at": last.at.isoformat(),
            "via": last.via,
            "responded": last.responded,
            "solved": last.solved,
            "satisfied": last.satisfied,
            "reason": "" if outside else last.reason,
        }
    return view


@router.get("/estates")
def estates(hotline: TheHotline, viewer: Viewer) -> list[dict[str, Any]]:
    with hotline.look() as tx:
        return [
            {
                "id": estate.id,
                "name": estate.name,
                "district": estate.district,
                "address": estate.address,
                "aliases": [alias.alias for alias in estate.aliases],
                "buildings": [building.name for building in estate.buildings],
            }
            for estate in register_store.everything(tx.session, Estate)
        ]


@router.get("/contractors")
def contractors(hotline: TheHotline, viewer: Viewer) -> list[dict[str, Any]]:
    with hotline.look() as tx:
        return [
            {"id": one.id, "name": one.name, "kind": one.kind, "code": one.code}
            for one in register_store.everything(tx.session, Contractor)
        ]


@router.get("/contracts")
def contracts(hotline: TheHotline, viewer: Viewer) -> list[dict[str, Any]]:
    """A contractor sees its own contracts only."""
    with hotline.look() as tx:
        return [
            {
                "number": one.number,
                "contractor": one.contractor.name,
                "purchaser": one.purchaser.name,
                "categories": one.categories,
                "estates": [estate.name for estate in one.estates],
                "from": one.starts,
                "to": one.ends,
                "targets": one.targets,
            }
            for one in register_store.everything(tx.session, Contract)
            if viewer.role is not Role.CONTRACTOR or one.contractor_id == viewer.org
        ]


@router.get("/categories")
def categories(hotline: TheHotline, viewer: Viewer) -> list[dict[str, Any]]:
    taxonomy = hotline.policy.taxonomy
    return [
        {
            "code": leaf.code,
            "name": leaf.name,
            "group": leaf.group,
            "group_name": taxonomy.groups[leaf.group],
            "owner": leaf.owner,
            "urgency": leaf.urgency,
        }
        for leaf in taxonomy.leaves.values()
    ]


def _ticket(tx: Tx, ticket: Ticket, viewer: Actor, contracts: dict[int, str]) -> TicketView:
    names = tx.hotline.knowledge(tx.session).snapshot
    estates = names.register.estates
    outside = outsider(viewer)
    dwelling = sees_dwelling(viewer, ticket)
    return TicketView(
        number=ticket.number,
        state=ticket.state,
        channel=ticket.channel,
        sender=ticket.sender if sees_person(viewer, ticket) and not outside else "",
        created_at=ticket.created_at,
        text=complaint(tx, ticket, viewer),
        leaf=ticket.leaf,
        group=ticket.group,
        confidence=ticket.confidence,
        request_type=ticket.request_type,
        urgency=ticket.urgency,
        emergencies=ticket.emergencies,
        confidential=ticket.confidential,
        place=PlaceView(
            estate=estates[str(ticket.estate_id)].name if ticket.estate_id else None,
            building=ticket.building or None,
            unit=(ticket.unit if dwelling else "") or None,
            room=(ticket.room if dwelling else "") or None,
            said=readable(tx, ticket, viewer, ticket.place_text) if dwelling else "",
        ),
        contractor=names.contractors.get(ticket.contractor_id) if ticket.contractor_id else None,
        contract=contracts.get(ticket.contract_id) if ticket.contract_id else None,
        purchaser=names.purchasers.get(ticket.purchaser_id) if ticket.purchaser_id else None,
        why="" if outside else ticket.assigned_why,
        level=ticket.level,
        round=ticket.round,
        timers=[_timer(timer) for timer in ticket.timers if concerns(timer, viewer, leads(viewer, ticket))],
    )


def _timer(timer: Timer) -> TimerView:
    return TimerView(
        target=timer.target,
        name=timer.name,
        budget=timer.budget,
        started_at=timer.started_at,
        due_at=timer.due_at,
        paused_at=timer.paused_at,
        stopped_at=timer.stopped_at,
        breached_at=timer.breached_at,
        round=timer.round,
        provisional=timer.provisional,
        party=timer.party,
        cancelled=timer.cancelled,
        version=timer.version,
    )


def _aware(moment: datetime | None) -> datetime | None:
    """Raises BadInput for a moment without a zone, and for one that no calendar of ours reaches."""
    if moment is None:
        return None
    if moment.tzinfo is None:
        raise BadInput("时间须带时区", cure="例如 2026-01-05T00:00:00+08:00")
    if not 1 < moment.year < 9999:
        raise BadInput("时间超出范围", cure="例如 2026-01-05T00:00:00+08:00")
    return moment


def _cursor(cursor: str) -> int | None:
    if cursor and not (cursor.isascii() and cursor.isdigit() and len(cursor) < 19):
        raise BadInput("cursor 无效", cure="请使用上一页返回的 next")
    return int(cursor) if cursor else None
