"""What pages show of a ticket: view models, made in the transaction of the page so that templates only lay out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode

from app import naming
from app.hotline import Tx
from app.store.board import Now
from app.store.timers import has_lapsed
from app.tickets import privacy
from app.tickets.lifecycle import ROLE_NAMES, STATE_NAMES, Actor, Role, State
from app.tickets.model import Message, Ticket, Timer
from app.tickets.reading import concerns as concerns
from app.tickets.residents import Resident

EXCERPT = 90  # characters of a complaint that a list shows
HOUSE = "热线"  # as whom notices are said
URGENCY_NAMES: Mapping[str, str] = {"U0": "特急", "U1": "紧急", "U2": "一般", "U3": "不急"}
LEVEL_NAMES: Mapping[int, str] = {1: "催办", 2: "督办", 3: "约谈"}
GRADES: Mapping[int, str] = {5: "非常满意", 4: "满意", 3: "基本满意", 2: "不满意", 1: "非常不满意"}
STATE_TONES: Mapping[State, str] = {
    State.RECEIVED: "amber",
    State.RETURNED: "amber",
    State.DISPATCHED: "blue",
    State.IN_PROGRESS: "blue",
    State.ON_HOLD: "grey",
    State.RESOLVED: "green",
    State.CLOSED: "grey",
    State.REJECTED: "grey",
    State.MERGED: "grey",
}


@dataclass(frozen=True, slots=True)
class ClockView:
    """One clock: ``tone`` green, amber (a reminder has gone out), red (lapsed) or grey (standing still, or over)."""

    n: int  # its place in the ledger
    target: str
    name: str
    tone: str
    left: str  # 还剩 3小时20分, 已超期 2天, 已停
    due: str
    due_at: datetime
    over: bool
    provisional: bool


def clock_view(tx: Tx, timer: Timer) -> ClockView:
    tone, left = _standing(timer, tx.now)
    return ClockView(
        timer.ticket.timers.index(timer),
        timer.target,
        timer.name,
        tone,
        left,
        tx.hotline.spell(timer.due_at),
        timer.due_at,
        timer.stopped_at is not None,
        timer.provisional,
    )


def _standing(timer: Timer, now: datetime) -> tuple[str, str]:
    if timer.stopped_at is not None:
        return ("red", "超期完成") if timer.breached_at is not None else ("grey", "按时完成")
    if has_lapsed(timer, now):
        return "red", "已超期，已停" if timer.paused_at is not None else f"已超期 {span(now - timer.due_at)}"
    if timer.paused_at is not None:
        return "grey", "已停"
    return "amber" if timer.next_step > 0 else "green", f"还剩 {span(timer.due_at - now)}"


def span(length: timedelta) -> str:
    """A length of time in its two greatest units: 2天3小时, 3小时20分, 20分."""
    minutes = max(0, int(length.total_seconds() // 60))
    days, hours, rest = minutes // 1440, minutes // 60 % 24, minutes % 60
    if days:
        return f"{days}天{hours}小时" if hours else f"{days}天"
    if hours:
        return f"{hours}小时{rest}分" if rest else f"{hours}小时"
    return f"{rest}分" if rest else "不到1分"


def clocks_of(tx: Tx, ticket: Ticket, viewer: Actor) -> list[ClockView]:
    """The clocks of the ticket's present round that concern this viewer, running ones first, the nearest deadline first."""
    present = [t for t in ticket.timers if not t.cancelled and (t.stopped_at is None or t.round == ticket.round)]
    shown = [timer for timer in present if concerns(timer, viewer, privacy.leads(viewer, ticket))]
    views = [clock_view(tx, timer) for timer in shown]
    return sorted(views, key=lambda clock: (clock.over, clock.due_at))


def readable(tx: Tx, ticket: Ticket, viewer: Actor, text: str) -> str:
    """Words about the ticket as this viewer may read them: outside the house neither numbers nor the complainant's name."""
    return privacy.masked(viewer, ticket, text, _named(tx, ticket, viewer))


def complaint(tx: Tx, ticket: Ticket, viewer: Actor) -> str:
    """The complaint as this viewer may read it: the resident's words, or what the desk makes of them."""
    return privacy.complaint(viewer, ticket, _named(tx, ticket, viewer))


def _named(tx: Tx, ticket: Ticket, viewer: Actor) -> str:
    """The complainant's name, where it is to be masked."""
    hidden = privacy.outsider(viewer) and ticket.resident_id is not None
    resident = tx.session.get(Resident, ticket.resident_id) if hidden else None
    return resident.name if resident else ""


@dataclass(frozen=True, slots=True)
class RowView:
    """A ticket in a list."""

    number: str
    state: str
    tone: str
    urgency: str
    urgency_name: str
    leaf: str
    place: str
    excerpt: str
    handler: str
    created: str
    why: str
    clock: ClockView | None
    emergency: bool
    waiting: bool  # for people to decide who is to do it
    sealed: bool
    confidential: bool
    nudges: int
    level: str


def row_view(tx: Tx, ticket: Ticket, viewer: Actor) -> RowView:
    text = complaint(tx, ticket, viewer)
    running = [clock for clock in clocks_of(tx, ticket, viewer) if not clock.over]
    return RowView(
        number=ticket.number,
        state=STATE_NAMES[ticket.state],
        tone=STATE_TONES[ticket.state],
        urgency=ticket.urgency,
        urgency_name=URGENCY_NAMES.get(ticket.urgency, ticket.urgency),
        leaf=naming.leaf_name(tx, ticket),
        place=readable(tx, ticket, viewer, naming.place_name(tx, ticket, viewer)),
        excerpt=text if len(text) <= EXCERPT else text[:EXCERPT] + "…",
        handler=naming.handler_name(tx, ticket),
        created=tx.hotline.spell(ticket.created_at),
        why="" if privacy.outsider(viewer) else ticket.assigned_why,
        clock=running[0] if running else None,
        emergency=ticket.urgency == "U0",
        waiting=ticket.state in (State.RECEIVED, State.RETURNED),
        sealed=ticket.sealed,
        confidential=ticket.confidential,
        nudges=ticket.nudges,
        level=LEVEL_NAMES.get(ticket.level, ""),
    )


@dataclass(frozen=True, slots=True)
class SaidView:
    """One thing said: ``side`` is who said it, as the reader sees it."""

    at: str
    by: str
    text: str
    side: str  # resident, house, note
    kind: str


def conversation(tx: Tx, ticket: Ticket, messages: list[Message], viewer: Actor, audience: str | None) -> list[SaidView]:
    """What may be read by this audience (None: by the desk, everything), oldest first; notes of the house to no other."""
    shown = [one for one in messages if audience is None or audience in one.audience]
    shown = [one for one in shown if privacy.reads_message(viewer, ticket, one.by_role, one.audience)]
    return [_said(tx, ticket, one, viewer) for one in shown]


def _said(tx: Tx, ticket: Ticket, one: Message, viewer: Actor) -> SaidView:
    by_resident = one.by_role is Role.RESIDENT and one.by_name != HOUSE
    return SaidView(
        at=tx.hotline.spell(one.at),
        by="诉求人" if by_resident else named(viewer, one.by_role, one.by_name) or HOUSE,
        text=readable(tx, ticket, viewer, one.text),
        side="resident" if by_resident else "house" if one.audience else "note",
        kind=one.kind,
    )


def named(viewer: Actor, role: Role, name: str) -> str:
    """Whoever did something, as this viewer reads it: a third party learns nobody's name, only as what they acted."""
    return ROLE_NAMES[role] if viewer.role is Role.EVALUATOR else name


# How a ticket came that no channel of ours brought: people, or their programs, wrote it down.
WRITTEN_DOWN: Mapping[str, str] = {"phone": "电话", "counter": "来访", "orders12345": "12345 转办", "incident": "群体事件"}


def channel_name(tx: Tx, key: str) -> str:
    """The Chinese name of the channel that a ticket came by or a notice went."""
    channel = tx.hotline.channels.get(key)
    return channel.spec.name if channel else WRITTEN_DOWN.get(key, key)


def board_now(tx: Tx) -> Now:
    """This moment, and the local day it lies in."""
    local = tx.now.astimezone(tx.hotline.zone)
    starts = local.replace(hour=0, minute=0, second=0, microsecond=0)
    ends = (starts + timedelta(hours=36)).replace(hour=0)
    return Now(tx.now, starts, ends)


@dataclass(frozen=True, slots=True)
class PagerView:
    """Where the reader is in a long list."""

    page: int
    pages: int
    total: int
    before: str  # link, "" on the first page
    after: str


def pager(path: str, chosen: Mapping[str, str], page: int, total: int, size: int) -> PagerView:
    pages = max(1, -(-total // size))
    kept = {name: value for name, value in chosen.items() if value}

    def link(to: int) -> str:
        return f"{path}?{urlencode({**kept, 'n': to})}" if 1 <= to <= pages else ""

    return PagerView(page, pages, total, link(page - 1), link(page + 1))
