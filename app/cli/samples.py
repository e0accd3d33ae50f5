"""``hotline sample``: draws tickets for third-party evaluation, and shows what was drawn."""

from __future__ import annotations

import json
from datetime import date, datetime, time, timedelta

import click

from app.bootstrap import build
from app.errors import BadInput, Conflict
from app.hotline import Tx
from app.register.table import aligned
from app.store import samples as store
from app.tickets.drawing import Stratum, draw, total
from app.tickets.lifecycle import STATE_NAMES, SYSTEM

LONGEST = 60  # characters of a batch's name


@click.group()
def sample() -> None:
    """第三方评价的抽样。"""


@sample.command("draw")
@click.option("--from", "first", required=True, type=click.DateTime(["%Y-%m-%d"]), help="受理日期从（含）")
@click.option("--to", "last", required=True, type=click.DateTime(["%Y-%m-%d"]), help="受理日期到（含）")
@click.option("--percent", required=True, type=click.IntRange(1, 100), help="每层抽取的百分比，不足一件按一件")
@click.option("--batch", required=True, help="批次名称")
@click.option("--seed", default="", help="随机种子；不写即用批次名称。同样的种子和工单抽得同样的结果")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON")
def draw_batch(first: datetime, last: datetime, percent: int, batch: str, seed: str, as_json: bool) -> None:
    """按承接主体和类别分层，从已办结的工单中随机抽取；抽中的第三方可以查看（打码）。"""
    name = batch.strip()
    if not name or len(name) > LONGEST or not name.isprintable():
        raise BadInput("批次名称填写有误", cure=f"请用不超过 {LONGEST} 字的名称")
    if last < first:
        raise BadInput("结束日期早于开始日期", cure="请检查 --from 和 --to")
    hotline = build()
    with hotline.tx() as tx:
        if store.is_taken(tx.session, name):
            raise Conflict(f"批次“{name}”已经抽过", cure="请换一个名称；已抽的用 hotline sample show 查看")
        found = store.candidates(tx.session, _midnight(tx, first.date()), _midnight(tx, last.date() + timedelta(days=1)))
        strata = draw(found, percent, seed or name)
        store.keep(tx.session, name, strata, tx.now, "命令行")
    if as_json:
        click.echo(json.dumps(_as_data(name, seed or name, percent, strata), ensure_ascii=False, indent=2))
        return
    cells = [(one.name, str(one.size), str(len(one.drawn)), "、".join(drawn.number for drawn in one.drawn)) for one in strata]
    click.echo("\n".join(aligned(("层（承接主体 · 类别）", "件数", "抽中", "工单"), cells)))
    sums = total(strata)
    click.echo(f"批次“{name}”：{len(strata)} 层，共 {sums['size']} 件，抽中 {sums['drawn']} 件；种子“{seed or name}”")


def _midnight(tx: Tx, day: date) -> datetime:
    return datetime.combine(day, time(), tx.hotline.zone)


def _as_data(batch: str, seed: str, percent: int, strata: list[Stratum]) -> dict[str, object]:
    return {
        "batch": batch,
        "seed": seed,
        "percent": percent,
        **total(strata),
        "strata": [{"stratum": one.name, "size": one.size, "drawn": [drawn.number for drawn in one.drawn]} for one in strata],
    }


@sample.command("list")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON")
def list_batches(as_json: bool) -> None:
    """列出抽过的批次。"""
    hotline = build()
    with hotline.look() as tx:
        found = store.batches(tx.session, SYSTEM)
        rows = [(one.name, hotline.spell(one.drawn_at), one.drawn_by, str(one.tickets)) for one in found]
    if as_json:
        data = [
            {"batch": one.name, "drawn_at": one.drawn_at.isoformat(), "drawn_by": one.drawn_by, "tickets": one.tickets}
            for one in found
        ]
        click.echo(json.dumps(data, ensure_ascii=False, indent=2))
        return
    if rows:
        click.echo("\n".join(aligned(("批次", "抽取时间", "抽取人", "件数"), rows)))
    click.echo(f"共 {len(rows)} 批")


@sample.command("show")
@click.argument("batch")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON")
def show(batch: str, as_json: bool) -> None:
    """列出一批抽中的工单。"""
    hotline = build()
    with hotline.look() as tx:
        rows = [
            {"number": one.ticket.number, "stratum": one.stratum, "state": STATE_NAMES[one.ticket.state]}
            for one in store.of_batch(tx.session, batch, SYSTEM)
        ]
    if not rows:
        raise BadInput(f"没有批次“{batch}”", cure="请用 hotline sample list 查看")
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    cells = [(row["number"], row["stratum"], row["state"]) for row in rows]
    click.echo("\n".join(aligned(("工单", "层", "状态"), cells)))
    click.echo(f"共 {len(rows)} 件")
