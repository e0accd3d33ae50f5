"""/api/v1, what is read: tickets and the register as JSON, for programs with a token. Nobody sees here what the pages hide."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import Query

from app.errors import BadInput
from app.register.model import Contract, Contractor, Estate
from app.store import register as register_store
from app.store import tickets as store
from app.tickets.lifecycle import Role, State
from app.web import programs
from app.web.api_views import ticket_views
from app.web.deadlines import deadlines_data
from app.web.guards import TheHotline
from app.web.programs import Viewer
from app.web.shapes import DeadlinesView, TicketPage, TicketView

router = programs.router()
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
        views = ticket_views(tx, found[:limit], viewer)
    return TicketPage(tickets=views, next=str(found[limit - 1].id) if len(found) > limit else None)


@router.get("/tickets/{number}")
def one_ticket(hotline: TheHotline, viewer: Viewer, number: str) -> TicketView:
    """One ticket with its whole history."""
    with hotline.look() as tx:
        return ticket_views(tx, [store.by_number(tx.session, number, viewer)], viewer)[0]


@router.get("/tickets/{number}/deadlines")
def deadlines(hotline: TheHotline, viewer: Viewer, number: str) -> DeadlinesView:
    """How each deadline of a ticket came about, replayed from its log: every change reckoned anew beside what was recorded then,
    the days that counted, the steps that fired, and how it stands now."""
    with hotline.look() as tx:
        return DeadlinesView.model_validate(deadlines_data(tx, store.by_number(tx.session, number, viewer), viewer))


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
