"""/api/v1/tickets/{number}/photos: pictures of the work sent, listed and fetched by programs."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import Depends, Request, Response
from pydantic import BaseModel

from app import evidence
from app.store import tickets as store
from app.tickets import pictures
from app.tickets.followup import Photo
from app.web import photos, programs
from app.web.guards import TheHotline, program
from app.web.programs import Viewer
from app.web.refusals import refusal

router = programs.router(programs.Streamed)


class PictureView(BaseModel):
    """A picture that is kept. ``sha256`` is of what was sent; time and place are the camera's."""

    id: int
    stage: str
    round: int
    sha256: str
    content_sha256: str
    taken_at: datetime | None
    latitude: float | None
    longitude: float | None
    width: int
    height: int
    kept_at: datetime


async def _body(request: Request, viewer: Annotated[object, Depends(program)]) -> pictures.Picture:
    """The picture in the body, once the token has been looked at."""
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > pictures.LARGEST:
            raise refusal(413, "内容过大", f"照片超过 {pictures.LARGEST // 1024 // 1024} MB", cure="请压缩，或用普通画质重拍")
        parts.append(part)
    return await photos.decoded(request, b"".join(parts))


BINARY = {"content": {"image/*": {"schema": {"type": "string", "format": "binary"}}}, "required": True}


@router.post("/tickets/{number}/photos", status_code=201, openapi_extra={"requestBody": BINARY})
def send(
    hotline: TheHotline, viewer: Viewer, number: str, picture: Annotated[pictures.Picture, Depends(_body)], stage: str = "other"
) -> PictureView:
    """Keeps the picture in the body (JPEG, PNG or WebP). Acts carry it by its ``id``; the same one again has the same ``id``."""
    with hotline.tx() as tx:
        ticket = store.by_number(tx.session, number, viewer)
        photos.expected(tx, ticket, viewer)
        return _view(evidence.keep(tx, ticket, viewer, stage, picture))


@router.get("/tickets/{number}/photos")
def listed(hotline: TheHotline, viewer: Viewer, number: str) -> list[PictureView]:
    """The pictures of a ticket that the token's holder may see."""
    with hotline.look() as tx:
        ticket = store.by_number(tx.session, number, viewer)
        return [_view(kept) for kept in photos.seen_by(tx, ticket, viewer)]


@router.get("/tickets/{number}/photos/{photo}", response_class=Response, responses={200: {"content": {"image/jpeg": {}}}})
def one(hotline: TheHotline, viewer: Viewer, number: str, photo: str) -> Response:
    """The picture itself, as JPEG."""
    return photos.show_picture(hotline, viewer, number, photo)


def _view(kept: Photo) -> PictureView:
    return PictureView.model_validate(kept, from_attributes=True)
