"""Pictures at the doors: taken out of a form or a body and decoded off the beaten track, kept, listed, and shown to who may see.

A picture is kept before the act that carries it, in a transaction of its own: a form whose act is refused comes back without its
files, and whoever stands in a stairwell with bad reception should not have to send them twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Annotated

import anyio.to_thread
from fastapi import Depends, Request, Response
from starlette.datastructures import UploadFile

from app import evidence
from app.errors import BadInput, Conflict, NotFound
from app.hotline import Hotline, Tx
from app.store import photos
from app.store import tickets as store
from app.tickets import pictures
from app.tickets.followup import Photo
from app.tickets.lifecycle import Actor, Role
from app.tickets.model import Ticket
from app.tickets.pictures import Picture
from app.web import acts, timeline
from app.web.forms import PICTURE, PICTURED
from app.web.guards import hotline_of
from app.web.refusals import refusal
from app.web.timeline import PhotoView

# Once a ticket is hidden from a contractor nothing of it is shown any more; until then no page fetches nine pictures each time.
CACHING = "private, max-age=300"


@dataclass(frozen=True, slots=True)
class Sent:
    """The pictures of one form, each with its stage; or why they cannot be used."""

    pictures: Sequence[tuple[str, Picture]] = ()
    refused: BadInput | None = None


async def decoded(request: Request, sent: bytes) -> Picture:
    """A picture, decoded where it holds up neither the event loop nor the threads that answer others. Raises BadInput."""
    reading = partial(pictures.read, sent, hotline_of(request).zone)
    return await anyio.to_thread.run_sync(reading, limiter=request.app.state.decoders)


async def of_form(request: Request) -> Sent:
    """The files of a form; its words are looked at as those of any other (``Gate``)."""
    if not request.headers.get("content-type", "").startswith("multipart/"):
        return Sent()
    found: list[tuple[str, UploadFile]] = []
    for name, value in (await request.form()).multi_items():
        if isinstance(value, UploadFile):
            if name.startswith(PICTURE) and (value.filename or value.size):  # a browser sends a field without a file empty
                found.append((name.removeprefix(PICTURE), value))
        elif "\0" in value:
            raise refusal(400, "请求有误", "提交的内容里有无法识别的字符", cure="请检查后重新填写")
    try:
        if len(found) > pictures.MOST:
            raise BadInput(f"一次最多 {pictures.MOST} 张照片", cure="请选最能说明情况的几张")
        return Sent([(stage, await decoded(request, await file.read(pictures.LARGEST + 1))) for stage, file in found])
    except BadInput as refused:
        return Sent(refused=refused)


Files = Annotated[Sent, Depends(of_form)]


def kept(hotline: Hotline, viewer: Actor, number: str, sent: Sent) -> list[int]:
    """Keeps the pictures of a form; their numbers. Raises BadInput for what cannot be used, Conflict where none is asked for."""
    if sent.refused is not None:
        raise sent.refused
    if not sent.pictures:
        return []
    with hotline.tx() as tx:
        ticket = store.by_number(tx.session, number, viewer)
        expected(tx, ticket, viewer)
        return [evidence.keep(tx, ticket, viewer, stage, picture).id for stage, picture in sent.pictures]


def expected(tx: Tx, ticket: Ticket, viewer: Actor) -> None:
    """Raises Conflict unless there is something that this viewer may do now and show by a picture."""
    if not any(offer.form.noun in PICTURED for offer in acts.offered(tx, ticket, viewer)):
        raise Conflict(f"工单 {ticket.number} 在这个环节不收您的照片", cure="请刷新页面查看最新进展")


def shown_of(tx: Tx, ticket: Ticket, viewer: Actor) -> dict[str, list[PhotoView]]:
    """What this viewer's side has sent in the present round, by stage."""
    found: dict[str, list[PhotoView]] = {}
    for one in photos.of_round(tx.session, ticket, viewer):
        found.setdefault(one.stage, []).append(PhotoView(one.id, evidence.STAGES[one.stage], ""))
    return found


def seen_by(tx: Tx, ticket: Ticket, viewer: Actor) -> list[Photo]:
    """The pictures of a ticket that this viewer may see: its own, and those of the acts that it reads of."""
    every = photos.of_ticket(tx.session, ticket)
    if viewer.role not in (Role.CONTRACTOR, Role.RESIDENT):
        return every
    events = store.history(tx.session, ticket).events if every else []
    told = timeline.pictures_told(tx, ticket, events, viewer)
    return [one for one in every if one.id in told or (one.by_role, one.by_org) == (viewer.role, viewer.org)]


def show_picture(hotline: Hotline, viewer: Actor, number: str, photo: str) -> Response:
    """One picture. Raises NotFound, also for one that this viewer may not know of."""
    wanted = int(photo) if photo.isascii() and photo.isdigit() and len(photo) < 19 else 0
    with hotline.look() as tx:
        ticket = store.by_number(tx.session, number, viewer)
        if wanted not in {one.id for one in seen_by(tx, ticket, viewer)}:
            raise NotFound("没有找到这张照片")
        content = photos.whole(tx.session, ticket, wanted).content
    return Response(content, media_type=pictures.MIME, headers={"Cache-Control": CACHING, "Content-Disposition": "inline"})
