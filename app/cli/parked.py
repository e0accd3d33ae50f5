"""``hotline parked``: the timers that could not be fired, why, and back to work once the cause is mended; and the notices that
could not be delivered."""

from __future__ import annotations

import click

from app.bootstrap import build
from app.errors import BadInput
from app.register.table import aligned
from app.store import outbox
from app.store import timers as store
from app.tickets import clocks


@click.command()
@click.argument("number", default="")
@click.option("--retry", is_flag=True, help="原因排除后，交还后台重新处理")
def parked(number: str, retry: bool) -> None:
    """列出因出错停放的计时与通知（可只看一张工单）；加 --retry 把计时交还后台。"""
    hotline = build()
    wanted = number.strip().upper()
    if not retry:
        with hotline.look() as tx:
            rows = [
                (timer.ticket.number, timer.name, hotline.spell(timer.due_at), hotline.spell(timer.parked_at), timer.error)
                for timer in store.parked(tx.session, wanted)
            ]
            notices = [
                (row.subject, row.channel, row.address, hotline.spell(row.created_at), row.error)
                for row in outbox.parked(tx.session, wanted)
            ]
        if rows:
            click.echo("\n".join(aligned(("工单", "时限项", "期限", "停放于", "原因"), rows)))
        click.echo(f"共 {len(rows)} 项停放" + ("；排除原因后运行 hotline parked --retry" if rows else ""))
        if notices:
            click.echo("\n".join(["", *aligned(("通知", "渠道", "收件人", "写于", "原因"), notices)]))
            click.echo(f"共 {len(notices)} 条通知停放；推送的死信用 hotline webhook replay 重推")
        return
    with hotline.tx() as tx:
        timers = store.parked(tx.session, wanted)
        if wanted and not timers:
            raise BadInput(f"工单 {wanted} 没有停放的计时", cure="运行 hotline parked 查看全部")
        for timer in timers:
            try:
                clocks.unpark(timer, tx.promises)
            except Exception as broken:
                raise BadInput(
                    f"工单 {timer.ticket.number} 的“{timer.name}”仍不能处理：{broken!r}", cure="请先排除原因"
                ) from broken
    click.echo(f"已交还 {len(timers)} 项")
