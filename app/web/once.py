"""Idempotency-Key: a program that does not know whether its POST arrived sends it again, and it is done once.

The answer is kept in the transaction of the act. A refusal is not kept: nothing was changed, so the caller may mend the request
and send it under the same key.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Header, Request, Response
from pydantic import BaseModel
from sqlalchemy.orm.exc import StaleDataError

from app.errors import BadInput
from app.hotline import Hotline, Tx
from app.store import answered
from app.tickets.lifecycle import Actor
from app.web.guards import program

KEY = r"^[!-~][ -~]{0,199}$"
Work = Callable[[Tx], tuple[int, BaseModel]]  # what is to be done: the status and the body of its answer


@dataclass(frozen=True, slots=True)
class Asked:
    """One POST of a program: whose, under which key ("" for none), and a hash over all that it says."""

    holder: str
    key: str
    request: str


class KeyReused(BadInput):
    """The same key for another request: one of the two would be lost in silence."""

    kind = "key-reused"


async def _asked(
    request: Request,
    viewer: Annotated[Actor, Depends(program)],
    idempotency_key: Annotated[
        str | None,
        Header(
            alias="Idempotency-Key",
            pattern=KEY,
            description="可选。同一请求重发时带同一个值，只办一次，并得到同一答复；1–200 个可见的英文字符，24 小时内有效",
            examples=["5f2c9a52-0b7e-4b53-9d0e-0b5b3c1f6a10"],
        ),
    ] = None,
) -> Asked:
    said = b"\n".join((request.method.encode(), request.url.path.encode(), request.url.query.encode(), await request.body()))
    return Asked(viewer.id, idempotency_key or "", hashlib.sha256(said).hexdigest())


Once = Annotated[Asked, Depends(_asked)]


def answer_once(hotline: Hotline, asked: Asked, work: Work) -> Response:
    """Does the work in a transaction and answers; the same request under the same key again is answered from what was kept.

    Raises KeyReused; and whatever the work raises, then nothing is kept. A ticket that was written meanwhile, most often by a
    sweep, is tried once more as it is now; raises StaleDataError when that fails too.
    """
    try:
        return _answer_once(hotline, asked, work)
    except StaleDataError:
        return _answer_once(hotline, asked, work)


def _answer_once(hotline: Hotline, asked: Asked, work: Work) -> Response:
    with hotline.tx() as tx:
        if asked.key:
            before = answered.claim(tx.session, asked.holder, asked.key, asked.request, tx.wall)
            if before is not None:
                if before.request != asked.request:
                    raise KeyReused("这个 Idempotency-Key 已用于另一个请求", cure="新的请求请换一个值")
                return _answer(before.status, before.body, {"Idempotency-Replayed": "true"})
        status, view = work(tx)
        body = view.model_dump_json(by_alias=True)
        if asked.key:
            answered.keep(tx.session, asked.holder, asked.key, status, body)
    return _answer(status, body, {})


def _answer(status: int, body: str, headers: dict[str, str]) -> Response:
    if status == 201:
        headers["Location"] = f"/api/v1/tickets/{json.loads(body)['number']}"
    return Response(body, status, headers, media_type="application/json")
