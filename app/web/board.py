"""The board: what the whole line looks like now, for those who supervise it; every figure leads to the list behind it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request, Response

from app import almanac
from app.hotline import Tx
from app.store import board as slices
from app.store import outbox, timers
from app.store.tickets import Filter
from app.tickets.lifecycle import SYSTEM, Actor, Role
from app.tickets.petitions import KINDS
from app.tickets.post import OutboxState
from app.web import forms, photos, views
from app.web.case import Door, perform, show
from app.web.deadlines import show_deadlines
from app.web.guards import SignedIn, TheHotline, staff
from app.web.render import page
from app.web.supervision import show_order

router = APIRouter(prefix="/board", include_in_schema=False)

DOOR = Door("/board", "desk/ticket.html", None)
Reader = Annotated[SignedIn, Depends(staff(Role.SUPERVISOR, Role.ADMIN, Role.EVALUATOR))]
Overseer = Annotated[SignedIn, Depends(staff(Role.SUPERVISOR, Role.ADMIN))]
Supervisor = Annotated[SignedIn, Depends(staff(Role.SUPERVISOR))]
TILES = {"today": "今日受理", "queue": "待派", "handling": "在办", "soon": "临期", "overdue": "超期", "finished": "今日办结"}
SHORT = 10  # tickets of a list on the board; the rest is one click away


@dataclass(frozen=True, slots=True)
class Bar:
    """One line of a small table with a bar: ``share`` in tenths of the largest."""

    name: str
    number: int
    share: int
    link: str


@router.get("")
def board_page(request: Request, hotline: TheHotline, me: Reader) -> Response:
    """Figures for everybody here; lists of tickets only for those who may read tickets."""
    reads = me.actor.role is not Role.EVALUATOR
    # Third parties count the whole line and read no ticket of it.
    viewer = me.actor if reads else SYSTEM
    with hotline.look() as tx:
        at = views.board_now(tx)
        counts = slices.count(tx.session, viewer, at, (*TILES, "emergency", "ours", "to_decide"))
        view: dict[str, Any] = {
            "counts": counts,
            "by_level": _levels(tx, viewer, at),
            "watched": _watched(tx, viewer, at),
            "by_contractor": _bars(tx, viewer, at, "contractor"),
            "by_leaf": _bars(tx, viewer, at, "leaf"),
            "channels": _channels(tx, viewer, at),
            "health": _health(tx),
            "calendar": almanac.alarm(tx).warnings if reads else [],
            "overdue": _rows(tx, me.actor, at, "overdue") if reads else [],
            "ours": _rows(tx, me.actor, at, "ours") if reads else [],
            "to_decide": _rows(tx, me.actor, at, "to_decide") if reads else [],
        }
    return page(request, "board/board.html", me=me, tiles=TILES, reads=reads, **view)


def _rows(tx: Tx, viewer: Actor, at: slices.Now, name: str) -> list[views.RowView]:
    found = slices.listed(tx.session, viewer, at, name, Filter())
    return [views.row_view(tx, ticket, viewer) for ticket in found.tickets[:SHORT]]


def _levels(tx: Tx, viewer: Actor, at: slices.Now) -> list[tuple[str, int]]:
    found = {int(level): number for level, number in slices.overdue_by(tx.session, viewer, at, "level")}
    return [(word, found.get(level, 0)) for level, word in views.LEVEL_NAMES.items()]


WATCHED = {
    "unanswered": "督办未反馈",
    "supervised": "督办过",
    "shuffled": f"改派 {slices.SHUFFLED} 次以上",
    "returned": "退过单",
    "helped": "协办中",
    "to_restate": "保密待转述",
    **{f"decide_{kind}": f"{word}待裁决" for kind, word in KINDS.items()},
}


def _watched(tx: Tx, viewer: Actor, at: slices.Now) -> list[Bar]:
    """What is to be kept an eye on, each with the list behind it; nothing that holds nothing."""
    found = slices.count(tx.session, viewer, at, tuple(WATCHED))
    most = max(found.values())
    lines = [(name, word, found[name]) for name, word in WATCHED.items() if found[name]]
    return [Bar(word, number, max(1, round(number * 10 / most)), f"/desk?tab={name}") for name, word, number in lines]


def _bars(tx: Tx, viewer: Actor, at: slices.Now, what: str) -> list[Bar]:
    found = slices.overdue_by(tx.session, viewer, at, what)
    most = max((number for _, number in found), default=1)
    contractors = tx.hotline.knowledge(tx.session).snapshot.contractors
    leaves = tx.hotline.policy.taxonomy.leaves
    bars = []
    for key, number in found:
        if what == "contractor":
            name = contractors.get(int(key), key) if key else "热线与主管部门"
        else:
            name = f"{key} {leaves[key].name}" if key in leaves else "类别待核"
        link = f"/desk?tab=overdue&{what}={key}" if key else "/desk?tab=overdue"
        bars.append(Bar(name, number, max(1, round(number * 10 / most)), link))
    return bars


def _channels(tx: Tx, viewer: Actor, at: slices.Now) -> list[Bar]:
    found = slices.channel_mix(tx.session, viewer, at)
    most = max((number for _, number in found), default=1)
    return [
        Bar(views.channel_name(tx, key), number, max(1, round(number * 10 / most)), f"/desk?tab=today&channel={key}")
        for key, number in found
    ]


@dataclass(frozen=True, slots=True)
class Health:
    """Whether time passes and messages leave."""

    parked_timers: int
    parked_notices: int
    failed_notices: int
    waiting_notices: int
    behind: str  # how long the oldest due step has been waiting; "" when none is


def _health(tx: Tx) -> Health:
    notices = outbox.counts(tx.session)
    oldest = timers.oldest_due(tx.session)
    behind = views.span(tx.now - oldest) if oldest is not None and oldest < tx.now else ""
    return Health(
        timers.parked_count(tx.session),
        notices.get(OutboxState.PARKED, 0),
        notices.get(OutboxState.FAILED, 0),
        notices.get(OutboxState.WAITING, 0),
        behind,
    )


@router.get("/t/{number}")
def ticket_page(request: Request, hotline: TheHotline, me: Overseer, number: str, done: str = "") -> Response:
    return show(request, hotline, me, number, DOOR, done=done)


@router.get("/t/{number}/deadlines")
def deadlines_page(request: Request, hotline: TheHotline, me: Overseer, number: str) -> Response:
    return show_deadlines(request, hotline, me, number, DOOR)


@router.get("/t/{number}/photos/{photo}")
def picture(hotline: TheHotline, me: Overseer, number: str, photo: str) -> Response:
    return photos.show_picture(hotline, me.actor, number, photo)


@router.get("/t/{number}/supervision/{order}")
def supervision_page(request: Request, hotline: TheHotline, me: Overseer, number: str, order: str) -> Response:
    return show_order(request, hotline, me, number, order, DOOR)


@router.post("/{number}/{noun}")
def do(
    request: Request,
    hotline: TheHotline,
    me: Supervisor,
    number: str,
    noun: str,
    given: Annotated[forms.Given, Form()],
    sent: photos.Files,
) -> Response:
    """Every act of a supervisor, each at its noun."""
    return perform(request, hotline, me, number, noun, given, DOOR, sent)
