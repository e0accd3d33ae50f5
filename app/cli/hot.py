"""``hotline hot``: where many people complain of one thing, the hottest first."""

from __future__ import annotations

import json
from typing import Any

import click

from app.bootstrap import build
from app.errors import BadInput
from app.hot import Heat, Hot, heat
from app.hotline import Hotline
from app.register.table import aligned
from app.tickets.lifecycle import SYSTEM
from app.worker import last_business_time

HEADS = ("", "性质", "小区", "类别", "热度", "人", "户", "次", "再诉", "最早", "最近")


@click.command()
@click.option("--days", type=click.IntRange(7, 3660), help="看多少天以内的诉求  [默认按政策 hotspots.toml]")
@click.option("--estate", default="", help="只看这个小区（名称或别名）")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON，含每周人数和全部工单号")
def hot(days: int | None, estate: str, as_json: bool) -> None:
    """列出热点问题：同一小区、同一类别，多少人、多少户反映，爆发还是长期，背后是哪些工单。"""
    hotline = build()
    beat = last_business_time(hotline)  # a demonstration's clock may be ahead of ours
    with hotline.look() as tx:
        now = max(tx.now, beat) if beat is not None else tx.now
        entries = hotline.knowledge(tx.session).snapshot.entries
        chosen = next((entry for entry in entries if estate in (entry.name, *entry.aliases)), None) if estate else None
        if estate and chosen is None:
            raise BadInput(f"没有小区“{estate}”", cure="请写台账中的名称或别名")
        found = heat(tx, SYSTEM, now, days=days, estate_id=int(chosen.id) if chosen else None)
    if as_json:
        click.echo(json.dumps([_as_data(rank, one) for rank, one in enumerate(found.issues, 1)], ensure_ascii=False, indent=2))
    else:
        click.echo("\n".join(_lines(hotline, found)))


def _as_data(rank: int, one: Hot) -> dict[str, Any]:
    issue = one.issue
    return {
        "rank": rank,
        "kind": issue.kind.value,
        "estate_id": issue.estate or None,
        "place": one.place,
        "leaf": issue.leaf,
        "leaf_name": one.leaf,
        "heat": issue.heat,
        "people": issue.people,
        "flats": issue.flats,
        "messages": issue.messages,
        "complained_again": issue.again,
        "recent_people": issue.recent,
        "expected_people": round(issue.expected, 2),
        "first": issue.first.isoformat(),
        "last": issue.last.isoformat(),
        "people_by_week": issue.weeks,
        "reasons": issue.reasons,
        "tickets": issue.refs,
    }


def _lines(hotline: Hotline, found: Heat) -> list[str]:
    cells = [
        (
            str(rank),
            one.issue.kind.words,
            one.place,
            one.leaf,
            f"{one.issue.heat:.1f}",
            *(str(number) for number in (one.issue.people, one.issue.flats, one.issue.messages, one.issue.again)),
            hotline.spell(one.issue.first),
            hotline.spell(one.issue.last),
        )
        for rank, one in enumerate(found.issues, 1)
    ]
    rows = list(aligned(HEADS, cells)) if cells else []
    why = [f"{rank}. {one.place} {one.leaf}：{'；'.join(one.issue.reasons)}" for rank, one in enumerate(found.issues, 1)]
    cut = "（只看了最新的）" if found.cut else ""
    total = f"{found.rules.window_days} 天内 {found.looked_at} 件诉求{cut}，热点 {len(found.issues)} 个"
    return [*rows, *([""] if rows else []), *why, *([""] if why else []), total]
