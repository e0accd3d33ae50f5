"""A stage whose contractors have systems of their own, listening on loopback."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from app import outbox, webhooks
from app.store.outbox import PUSHED
from app.tickets.post import OutboxRow
from app.tickets.programs import Webhook
from tests.app.casework.stage import Stage
from tests.standins.receiver import Receiver


@dataclass
class Hooked(Stage):
    """匠修 and 安居 with an endpoint each, at the same receiver unless told otherwise."""

    receiver: Receiver = field(kw_only=True)

    def listens(self, contractor: str, path: str = "/hook") -> Webhook:
        with self.cast.hotline.tx() as tx:
            return webhooks.register(tx, self.cast.contractor(contractor).org, self.receiver.base + path)

    def pushes(self) -> int:
        """Sends what is due."""
        return outbox.push(self.cast.hotline, "w")

    def later(self, wait: timedelta) -> int:
        self.cast.clock.advance(wait)
        return self.pushes()

    def rows(self) -> list[OutboxRow]:
        with self.cast.hotline.look() as tx:
            return list(tx.session.scalars(select(OutboxRow).where(OutboxRow.channel == PUSHED).order_by(OutboxRow.id)))

    def endpoint(self, webhook: Webhook) -> Webhook:
        with self.cast.hotline.look() as tx:
            return tx.session.get_one(Webhook, webhook.id)

    def told(self, contractor: str, number: str) -> list[dict[str, Any]]:
        """What the outbox holds for a contractor about a ticket, delivered or not."""
        org = self.cast.contractor(contractor).org
        bodies = [json.loads(row.text) for row in self.rows() if row.org_id == org]
        return [body for body in bodies if body["data"].get("number") == number]

    def types(self, contractor: str, number: str) -> list[str]:
        return [body["type"].removeprefix("ticket.") for body in self.told(contractor, number)]
