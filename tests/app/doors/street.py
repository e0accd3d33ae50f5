"""The application as the outside meets it: real routes and intake, no socket; deliveries as WeChat makes them."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from datetime import datetime
from typing import TypeVar

import httpx
from anyio.from_thread import BlockingPortal, start_blocking_portal
from sqlalchemy import func, select
from sqlalchemy.orm import selectinload

from app.hotline import Hotline
from app.intake import Intake, Item
from app.tickets.model import Ticket
from app.tickets.post import Inbound, OutboxRow
from app.tickets.tables import Record
from app.web.app import create_app
from channels.contract import Delivery
from channels.wechat import WeChatConfig, compose
from channels.wechat.compose import Mode
from tests.cast import ACCOUNT, Cast

CONFIG = WeChatConfig(
    token=ACCOUNT.token.get_secret_value(),
    app_id=ACCOUNT.app_id,
    app_secret=ACCOUNT.app_secret.get_secret_value(),
    encoding_aes_key=ACCOUNT.encoding_aes_key.get_secret_value(),
)
Result = TypeVar("Result")

HOOK = "/hooks/wechat"
LEAK = "石桥新居3栋2单元1502 厨房水管漏水"


class Street:
    """One process of the application while the ``with`` lasts: its lifespan, its intake, a way to call it."""

    def __init__(self, cast: Cast, *, with_worker: bool = False) -> None:
        self.cast = cast
        self._app = create_app(cast.hotline, with_worker=with_worker)
        self._nonces = itertools.count(415670741)
        self._ids = itertools.count(23000000000000001)
        self._stack = ExitStack()

    def __enter__(self) -> Street:
        self._portal: BlockingPortal = self._stack.enter_context(start_blocking_portal())
        self._stack.enter_context(self._portal.wrap_async_context_manager(self._app.router.lifespan_context(self._app)))
        outside = httpx.ASGITransport(app=self._app, raise_app_exceptions=False)
        self._client = httpx.AsyncClient(transport=outside, base_url="http://hotline.test")
        return self

    def __exit__(self, *exception: object) -> None:
        self.ends()

    def ends(self) -> None:
        """The process stops in good order: what was accepted is finished, what was answered is written down."""
        self._stack.close()

    @property
    def intake(self) -> Intake:
        found: Intake = self._app.state.intake
        return found

    def employs(self, intake: Intake) -> None:
        """Another intake in place of the application's own."""
        self.intake.close()
        self._app.state.intake = intake

    def get(self, path: str, query: Mapping[str, str] | None = None) -> httpx.Response:
        return self._portal.call(self._call, "GET", path, query or {}, b"")

    def post(self, path: str, query: Mapping[str, str], body: bytes) -> httpx.Response:
        return self._portal.call(self._call, "POST", path, query, body)

    def hands_over(self, delivery: Delivery) -> httpx.Response:
        """The platform's push and the answer to it. What is left to do once the answer is out has been done."""
        return self.post(HOOK, delivery.query, delivery.body)

    def hands_over_soon(self, delivery: Delivery) -> Future[httpx.Response]:
        """The same, while others do so too."""
        return self._portal.start_task_soon(self._call, "POST", HOOK, delivery.query, delivery.body)

    async def _call(self, method: str, path: str, query: Mapping[str, str], body: bytes) -> httpx.Response:
        return await self._client.request(method, path, params=query, content=body)

    def says(self, text: str = LEAK, *, sender: str = "o-chen", mode: Mode = Mode.SAFE) -> Delivery:
        """A resident's words in a fresh push."""
        return self.push(compose.text(text, sender=sender, at=self.now, message_id=next(self._ids)), mode=mode)

    def push(self, inner: str, *, mode: Mode = Mode.SAFE) -> Delivery:
        """Any inner XML, signed now with a fresh nonce, as each try of the platform is."""
        nonce = next(self._nonces)
        return compose.deliver(CONFIG, inner, at=self.now, nonce=str(nonce), mode=mode, random16=f"{nonce:016d}")

    @property
    def now(self) -> datetime:
        return self.cast.clock.wall()

    def next_id(self) -> int:
        return next(self._ids)


def heard(response: httpx.Response) -> dict[str, str]:
    """The answer's fields as the platform reads them; empty for ``success``. Raises where it would call the account broken."""
    assert response.status_code == 200, response.text
    return compose.understand(CONFIG, response.content)


def quiet(response: httpx.Response) -> bool:
    """Nothing is said and nothing comes again: the platform is content."""
    return (response.status_code, response.content) == (200, b"success")


def rows(hotline: Hotline) -> dict[str, int]:
    """How many rows each table holds: that nothing at all was kept can be seen by comparing."""
    with hotline.look() as tx:
        return {
            name: tx.session.scalar(select(func.count()).select_from(table)) or 0
            for name, table in Record.metadata.tables.items()
        }


def inbounds(hotline: Hotline) -> list[Inbound]:
    with hotline.look() as tx:
        return list(tx.session.scalars(select(Inbound).order_by(Inbound.id)))


def outbox_rows(hotline: Hotline, audience: str = "") -> list[OutboxRow]:
    with hotline.look() as tx:
        found = tx.session.scalars(select(OutboxRow).order_by(OutboxRow.id))
        return [row for row in found if not audience or row.audience == audience]


def tickets(hotline: Hotline) -> list[Ticket]:
    with hotline.look() as tx:
        return list(tx.session.scalars(select(Ticket).order_by(Ticket.id).options(selectinload(Ticket.timers))))


def letter(hotline: Hotline, text: str = LEAK, *, sender: str = "o-chen", message_id: int, at: datetime) -> Item:
    """A resident's words as the hook hands them to the intake: the platform's bytes, and what WeChat's reader made of them."""
    inner = compose.text(text, sender=sender, at=at, message_id=message_id)
    delivery = compose.deliver(CONFIG, inner, at=at, nonce=str(message_id), mode=Mode.SAFE)
    return Item(delivery, hotline.channels["wechat"].read(delivery)[0])


def together(*jobs: Callable[[], Result]) -> list[Result]:
    """Runs each job on a thread of its own, all let go at the same moment; the results in the same order."""
    line = threading.Barrier(len(jobs))

    def run(job: Callable[[], Result]) -> Result:
        line.wait(10)
        return job()

    with ThreadPoolExecutor(len(jobs)) as threads:
        return list(threads.map(run, jobs, timeout=60))
