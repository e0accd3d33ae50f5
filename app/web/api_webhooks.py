"""/api/v1/webhooks: a contractor's program looks after its own endpoints; a secret stands only in the answer that makes it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel

from app import webhooks
from app.errors import NotAllowed, NotFound
from app.store import webhooks as store
from app.store.webhooks import Standing
from app.tickets.lifecycle import Actor, Role
from app.web import programs
from app.web.guards import TheHotline
from app.web.programs import Viewer

router = programs.router()


class NewWebhook(BaseModel):
    url: str
    name: str = ""


class WebhookView(BaseModel):
    """An endpoint, with what waits for it and what was given up."""

    id: int
    name: str
    url: str
    created_at: datetime
    disabled_at: datetime | None
    waiting: int
    sent: int
    dead: int
    error: str


class MadeWebhook(BaseModel):
    """``secret`` is shown here and never again."""

    id: int
    url: str
    secret: str


@router.get("/webhooks")
def list_webhooks(hotline: TheHotline, viewer: Viewer) -> list[WebhookView]:
    """The endpoints of the token's contractor."""
    org = _contractor(viewer)
    with hotline.look() as tx:
        return [_view(one) for one in store.standings(tx.session, org)]


@router.post("/webhooks", status_code=201)
def add_webhook(hotline: TheHotline, viewer: Viewer, wanted: NewWebhook) -> MadeWebhook:
    """Registers an address of the contractor's own; its secret stands in this answer only."""
    org = _contractor(viewer)
    with hotline.tx() as tx:
        made = webhooks.register(tx, org, wanted.url, wanted.name)
        return MadeWebhook(id=made.id, url=made.url, secret=made.secret)


@router.delete("/webhooks/{webhook_id}")
def disable_webhook(hotline: TheHotline, viewer: Viewer, webhook_id: int) -> dict[str, Any]:
    """Nothing is sent there any more; what has not been delivered is kept, and can be replayed by the hotline."""
    org = _contractor(viewer)
    with hotline.tx() as tx:
        found = store.get(tx.session, webhook_id, org) if 0 < webhook_id < 2**63 else None
        if found is None:
            raise NotFound(f"没有编号为 {webhook_id} 的推送地址")
        store.disable(tx.session, found.id, tx.wall, "已由承接主体停用")
    return {"id": webhook_id, "disabled": True}


def _contractor(viewer: Actor) -> int:
    if viewer.role is not Role.CONTRACTOR or not viewer.org:
        raise NotAllowed("只有承接主体的令牌可以管理推送地址", cure="请用 hotline token create --role contractor 生成的令牌")
    return viewer.org


def _view(one: Standing) -> WebhookView:
    return WebhookView(
        id=one.webhook.id,
        name=one.webhook.name,
        url=one.webhook.url,
        created_at=one.webhook.created_at,
        disabled_at=one.webhook.disabled_at,
        waiting=one.waiting,
        sent=one.sent,
        dead=one.dead,
        error=one.error,
    )
