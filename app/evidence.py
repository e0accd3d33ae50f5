"""佐证: pictures kept with a ticket, what an act says of them, and what a contractor must show before a resolution counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from app import naming
from app.errors import BadInput
from app.hotline import Tx
from app.store import photos
from app.tickets import pictures
from app.tickets.followup import Photo
from app.tickets.lifecycle import Actor, Role
from app.tickets.model import Ticket
from app.tickets.pictures import Picture

STAGES: Mapping[str, str] = {"before": "修前", "after": "修后", "other": "现场"}
NAMES: Mapping[str, str] = {"before": "修前照片", "after": "修后照片", "time": "完成时间", "place": "地点"}
MOST_KEPT = 200  # pictures of one ticket, so that nobody fills the disk by way of it


def keep(tx: Tx, ticket: Ticket, by: Actor, stage: str, picture: Picture) -> Photo:
    """The picture, kept; the same one again is the one that is there. Raises BadInput for one that proves nothing new."""
    if stage not in STAGES:
        raise BadInput(f"没有“{stage}”这种照片", cure="可选：before 修前、after 修后、other 现场")
    there = photos.alike(tx.session, ticket, picture.sha256)
    if there is not None:
        return _again(ticket, by, stage, there)
    if photos.how_many(tx.session, ticket) >= MOST_KEPT:
        raise BadInput(f"这张工单已有 {MOST_KEPT} 张照片", cure="不能再传，请在文字里说明")
    kept = Photo(
        ticket_id=ticket.id,
        round=ticket.round,
        stage=stage,
        sha256=picture.sha256,
        content_sha256=picture.content_sha256,
        mime=pictures.MIME,
        width=picture.width,
        height=picture.height,
        content=picture.content,
        taken_at=picture.taken_at,
        latitude=picture.latitude,
        longitude=picture.longitude,
        by_role=by.role,
        by_id=by.id,
        by_name=by.name,
        by_org=by.org,
        kept_at=tx.now,
    )
    tx.session.add(kept)
    tx.session.flush()
    return kept


def _again(ticket: Ticket, by: Actor, stage: str, there: Photo) -> Photo:
    """One picture shows one thing: neither another's work, nor an earlier round's, nor both before and after."""
    if (there.by_role, there.by_org) != (by.role, by.org):
        raise BadInput("这张照片别的单位已经交过", cure="请另拍一张")
    if there.round != ticket.round:
        raise BadInput(f"这张照片第 {there.round} 次办理时已经交过", cure="请另拍一张这次办理的照片")
    if stage != "other" and there.stage == "other":
        there.stage = stage
    if stage not in ("other", there.stage):
        raise BadInput("同一张照片不能既作修前又作修后", cure="请另拍一张")
    return there


def attached(tx: Tx, ticket: Ticket, by: Actor, given: Mapping[str, Any]) -> dict[str, Any]:
    """The pictures that an act carries (``photos``: their numbers), as its event says of them, so that the chain covers them.

    Raises BadInput for what is not this organisation's own picture of this ticket.
    """
    numbers = {int(number) for number in given.get("photos") or ()}
    if not numbers:
        return {}
    if len(numbers) > pictures.MOST:
        raise BadInput(f"一次最多 {pictures.MOST} 张照片", cure="请选最能说明情况的几张")
    found = [one for one in photos.numbered(tx.session, ticket, numbers) if (one.by_role, one.by_org) == (by.role, by.org)]
    if len(found) < len(numbers):
        raise BadInput("有照片不是本单位为这张工单上传的", cure="请重新上传")
    return {"photos": _said_of(found)}


def _said_of(found: Sequence[Photo]) -> list[dict[str, Any]]:
    return [
        {
            "id": one.id,
            "stage": one.stage,
            "sha256": one.sha256,
            "content_sha256": one.content_sha256,
            "taken_at": one.taken_at.isoformat() if one.taken_at else None,
            "latitude": one.latitude,
            "longitude": one.longitude,
        }
        for one in found
    ]


def asked_of(tx: Tx, ticket: Ticket, by: Actor) -> tuple[str, ...]:
    """What this actor has to show for a resolution: a contractor what the category asks for, whoever oversees it nothing."""
    leaf = tx.hotline.policy.taxonomy.leaves.get(ticket.leaf)
    return leaf.evidence if leaf is not None and by.role is Role.CONTRACTOR else ()


def of_resolution(tx: Tx, ticket: Ticket, by: Actor, given: Mapping[str, Any]) -> dict[str, Any]:
    """When and where the work was done, and every picture of this round that shows it.

    Raises BadInput naming what the category asks for and is not there: pictures of this round by whoever resolves, the time of
    completion (as said, or as the camera says of a picture of what was done), the place (likewise).
    """
    shown = [one for one in photos.of_round(tx.session, ticket, by) if one.stage != "other"]
    given_too = photos.numbered(tx.session, ticket, {one["id"] for one in given.get("photos") or ()})
    every = sorted({one.id: one for one in (*shown, *given_too)}.values(), key=lambda one: one.id)
    asked = asked_of(tx, ticket, by)
    finished = _finished(tx, ticket, given, [one for one in every if one.stage == "after"])
    located = next((one for one in reversed(every) if one.latitude is not None), None)
    spot = str(given.get("spot") or "").strip()
    there = {
        "before": any(one.stage == "before" for one in every),
        "after": any(one.stage == "after" for one in every),
        "time": finished is not None,
        "place": bool(spot) or located is not None,
    }
    missing = [NAMES[name] for name in NAMES if name in asked and not there[name]]
    if missing:
        raise BadInput(f"办结还缺少：{'、'.join(missing)}", cure="请补充后再办结")
    known: dict[str, Any] = {"photos": _said_of(every)} if every else {}
    known |= {"finished_at": finished.isoformat()} if finished else {}
    return known | ({"latitude": located.latitude, "longitude": located.longitude} if located is not None else {})


def _finished(tx: Tx, ticket: Ticket, given: Mapping[str, Any], after: Sequence[Photo]) -> datetime | None:
    """The moment of completion: as said, else the last that a camera says of what was done since. Raises BadInput for one that
    cannot be."""
    began = photos.round_began(tx.session, ticket)
    earliest = began.replace(second=0, microsecond=0) if began is not None else None  # forms tell no seconds
    said = given.get("finished_at") or given.get("finished")
    if not said:
        taken = (one.taken_at for one in after if one.taken_at is not None)
        return max((at for at in taken if at <= tx.now and (earliest is None or at >= earliest)), default=None)
    try:
        moment = said if isinstance(said, datetime) else datetime.fromisoformat(str(said))
    except ValueError:
        raise BadInput(f"完成时间“{said}”不是日期和时间", cure="写作 2026-12-01 10:00") from None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=tx.hotline.zone)
    if moment > tx.now:
        raise BadInput("完成时间不能在现在之后", cure="请填写实际完成的时间")
    if earliest is not None and moment < earliest:
        raise BadInput(f"完成时间早于派单（{tx.hotline.spell(began)}）", cure="请填写这次办理实际完成的时间")
    return moment


def proposed(tx: Tx, ticket: Ticket, viewer: Actor) -> dict[str, str]:
    """What a form begins with: done now, at the place the complaint is about, as far as the viewer may know it."""
    local = tx.now.astimezone(tx.hotline.zone)
    return {"finished": local.strftime("%Y-%m-%dT%H:%M"), "spot": naming.place_name(tx, ticket, viewer)}
