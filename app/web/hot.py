"""Hot issues on the board: the heat list, how each grew week by week, and the tickets behind it. For supervisors, not for those
complained of."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response

from app.hot import Hot, heat
from app.hotline import Tx
from app.tickets.lifecycle import Role
from app.web.guards import SignedIn, TheHotline, staff
from app.web.render import page
from routing.hotspots import WEEK, Kind

router = APIRouter(prefix="/board", include_in_schema=False)

Overseer = Annotated[SignedIn, Depends(staff(Role.SUPERVISOR, Role.ADMIN))]
SPANS = {"30": "30 天", "90": "90 天", "180": "180 天", "365": "一年"}
TONES = {Kind.BURST: "red", Kind.CHRONIC: "amber", Kind.GATHERED: "grey"}
BEHIND = 20  # tickets that the page lists of one issue
BAR, GAP, TALL = 8, 2, 40  # of the chart, in its own units


@dataclass(frozen=True, slots=True)
class Column:
    """A week of the chart."""

    x: int
    y: float
    height: float
    words: str


@dataclass(frozen=True, slots=True)
class HotView:
    """One issue as the page shows it."""

    rank: int
    hot: Hot
    tone: str
    first: str
    last: str
    columns: list[Column]
    width: int
    trend: str  # the chart in words
    behind: list[tuple[str, str, str]]  # number, when, the beginning of what was said
    more: int


@router.get("/hot")
def hot_page(
    request: Request,
    hotline: TheHotline,
    me: Overseer,
    estate: str = "",
    contractor: str = "",
    kind: str = "",
    days: str = "",
) -> Response:
    """The heat list of what this supervisor oversees, filtered."""
    chosen = {"estate": estate, "contractor": contractor, "kind": kind, "days": days if days in SPANS else ""}
    with hotline.look() as tx:
        snapshot = hotline.knowledge(tx.session).snapshot
        found = heat(
            tx,
            me.actor,
            tx.now,
            days=int(chosen["days"]) if chosen["days"] else None,
            estate_id=_id(estate),
            contractor_id=_id(contractor),
        )
        shown = [(rank, one) for rank, one in enumerate(found.issues, 1) if kind in ("", one.issue.kind)]
        view: dict[str, Any] = {
            "rows": [_view(tx, rank, one) for rank, one in shown],
            "found": found,
            "estates": snapshot.entries,
            "contractors": snapshot.contractors,
        }
    return page(request, "board/hot.html", me=me, chosen=chosen, kinds=list(Kind), spans=SPANS, **view)


def _id(written: str) -> int | None:
    return int(written) if written.isascii() and written.isdigit() and len(written) < 10 else None


def _view(tx: Tx, rank: int, one: Hot) -> HotView:
    issue, spell = one.issue, tx.hotline.spell
    columns = _columns(tx, issue.weeks)
    told = "、".join(str(number) for number in issue.weeks[-8:])
    return HotView(
        rank=rank,
        hot=one,
        tone=TONES[issue.kind],
        first=spell(issue.first),
        last=spell(issue.last),
        columns=columns,
        width=len(columns) * (BAR + GAP),
        trend=f"最近 {len(issue.weeks[-8:])} 周每周人数，由远到近：{told}",
        behind=[(behind.number, spell(behind.at), behind.excerpt) for behind in one.behind[:BEHIND]],
        more=len(one.behind) - BEHIND,
    )


def _columns(tx: Tx, weeks: tuple[int, ...]) -> list[Column]:
    """A column for each week, a person a unit as long as they fit; an empty week keeps a line, so that one sees it is there."""
    unit = TALL / max(4, *weeks)
    columns = []
    for n, number in enumerate(weeks):
        tall = max(1.0, round(number * unit, 1))
        ends = tx.now - (len(weeks) - 1 - n) * WEEK
        first, last = (tx.hotline.local_day(moment) for moment in (ends - WEEK + timedelta(days=1), ends))
        words = f"{first.month}月{first.day}日至{last.month}月{last.day}日 {number} 人"
        columns.append(Column(n * (BAR + GAP), TALL - tall, tall, words))
    return columns
