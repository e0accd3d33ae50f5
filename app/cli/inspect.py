"""``hotline check`` and ``hotline due``: is everything answered for, and what is about to lapse."""

from __future__ import annotations

import json
from datetime import timedelta

import click

from app import naming
from app.bootstrap import build
from app.hotrules import hot_rules
from app.policy import URGENCIES, Policy
from app.register.check import check_register
from app.register.table import aligned
from app.settings import described, load_settings, unknown
from app.store import timers as timer_store
from app.tickets.lifecycle import STATE_NAMES
from app.worker import last_business_time
from routing.taxonomy import Leaf

CHIEF = ("contact", "resolve", "accept")


@click.command()
@click.option("--days", default=365, show_default=True, type=click.IntRange(1, 3660), help="从今天起检查多少天")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON")
def check(days: int, as_json: bool) -> None:
    """检查设置、时限标准与台账；列出每个小区每类事项由谁承办，找出空档与重叠。"""
    settings = load_settings()
    hotline = build(settings)
    hot_rules(settings.policy, hotline.policy.taxonomy)  # else a mistake there is met by whoever first looks at what is hot
    with hotline.look() as tx:
        known = hotline.knowledge(tx.session).snapshot
        first = hotline.local_day(tx.now)
    last = first + timedelta(days=days - 1)
    report = check_register(known, hotline.policy.taxonomy, first, last, limits=lambda leaf: limits(hotline.policy, leaf))
    if as_json:
        click.echo(json.dumps({"settings": described(settings), "register": report.to_json()}, ensure_ascii=False, indent=2))
    else:
        click.echo("设置")
        for name, value, source in described(settings):
            click.echo(f"  {name} = {value}（{source}）")
        click.echo(f"时限标准：{hotline.policy.name} {hotline.policy.version}（{hotline.policy.hash[:12]}）")
        click.echo("\n".join([f"各方的钟（以 {hotline.policy.rules.unclassified_as} 类为例）", *parties(hotline.policy), ""]))
        click.echo(report.to_text())
    misspelt = unknown()
    if misspelt:
        click.echo(f"错误：不认识的设置 {'、'.join(misspelt)}（请核对 app/docs/running.md 中的名称）", err=True)
    if misspelt or not report.sound:
        raise SystemExit(1)


def limits(policy: Policy, leaf: Leaf) -> str:
    """A leaf's chief limits in words, e.g. 首次联系 2小时、办结 2个工作日、签收 1小时; the others stand in ``parties``."""
    targets = policy.sla.targets(leaf.code, leaf.urgency)
    return "、".join(f"{target.name} {target.budget.words}" for target in targets if target.key in CHIEF)


def parties(policy: Policy) -> list[str]:
    """The usual limits of every party's clocks, a line for each urgency; a leaf may have its own for some of them."""
    usual = policy.rules.unclassified_as
    lines = []
    for urgency in URGENCIES:
        told = [f"{target.name} {target.budget.words}" for target in policy.sla.targets(usual, urgency)]
        lines.append(f"  {urgency}  {'、'.join(told)}")
    return lines


@click.command()
@click.option("--hours", default=24, show_default=True, type=click.IntRange(1), help="未来多少小时内到期")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON")
def due(hours: int, as_json: bool) -> None:
    """列出已超期和即将到期的时限。"""
    hotline = build()
    beat = last_business_time(hotline)  # a demonstration's clock may be ahead of ours
    with hotline.look() as tx:
        now = max(tx.now, beat) if beat is not None else tx.now
        rows = [
            {
                "number": timer.ticket.number,
                "state": STATE_NAMES[timer.ticket.state],
                "target": timer.name,
                "due_at": timer.due_at.isoformat(),
                "overdue": timer_store.has_lapsed(timer, now),
                "handler": naming.handler_name(tx, timer.ticket),
                "leaf": naming.leaf_name(tx, timer.ticket),
                "place": naming.place_name(tx, timer.ticket),
                "due": hotline.spell(timer.due_at),
            }
            for timer in timer_store.lapsing(tx.session, now, now + timedelta(hours=hours))
        ]
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    shown = ("due", "number", "target", "state", "handler", "leaf", "place")
    cells = [("已超期" if row["overdue"] else "将到期", *(str(row[name]) for name in shown)) for row in rows]
    if cells:
        click.echo("\n".join(aligned(("", "期限", "工单", "时限项", "状态", "承办", "类别", "地点"), cells)))
    click.echo(f"共 {len(rows)} 项，已超期 {sum(1 for row in rows if row['overdue'])} 项")
