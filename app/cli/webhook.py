"""``hotline webhook``: contractors' own systems that are told of every event of their tickets."""

from __future__ import annotations

import json
from datetime import datetime

import click

from app import webhooks
from app.bootstrap import build
from app.errors import BadInput
from app.hotline import Hotline, Tx
from app.register.model import Contractor
from app.register.table import aligned
from app.store import register as register_store
from app.store import webhooks as store
from app.store.webhooks import Standing
from app.tickets.programs import Webhook


@click.group()
def webhook() -> None:
    """承接主体系统的推送地址（Standard Webhooks），见 app/docs/webhooks.md。"""


@webhook.command("add")
@click.option("--contractor", required=True, help="承接主体名称")
@click.option("--url", required=True, help="接收地址，须以 https:// 开头")
@click.option("--name", default="", help="用途，便于日后辨认")
def add(contractor: str, url: str, name: str) -> None:
    """登记接收地址；密钥只显示这一次，且单独一行。"""
    hotline = build()
    with hotline.tx() as tx:
        contractor_id = register_store.id_named(tx.session, Contractor, contractor)
        if contractor_id is None:
            raise BadInput(f"没有名为“{contractor}”的承接主体", cure="请用 hotline check 查看已登记的单位")
        made = webhooks.register(tx, contractor_id, url, name)
        secret = made.secret
    click.echo(f"已登记，编号 {made.id}", err=True)
    click.echo(secret)


@webhook.command("list")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON")
def list_webhooks(as_json: bool) -> None:
    """列出接收地址，各有多少待推送、已送达、死信。"""
    hotline = build()
    with hotline.look() as tx:
        rows = [_shown(hotline, tx, one) for one in store.standings(tx.session)]
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    names = ("id", "contractor", "url", "state", "waiting", "sent", "dead", "error")
    cells = [tuple(str(row[name]) for name in names) for row in rows]
    if cells:
        click.echo("\n".join(aligned(("编号", "承接主体", "地址", "状态", "待推送", "已送达", "死信", "最近的错误"), cells)))
    dead = sum(one for row in rows if isinstance(one := row["dead"], int))
    click.echo(f"共 {len(rows)} 个" + (f"，死信 {dead} 条；排除原因后运行 hotline webhook replay 编号" if dead else ""))


def _shown(hotline: Hotline, tx: Tx, one: Standing) -> dict[str, object]:
    names = hotline.knowledge(tx.session).snapshot.contractors
    state = "已停用" if one.webhook.disabled_at is not None else "更换密钥中" if one.webhook.former else "启用"
    return {
        "id": one.webhook.id,
        "contractor": names.get(one.webhook.contractor_id, ""),
        "name": one.webhook.name,
        "url": one.webhook.url,
        "state": state,
        "waiting": one.waiting,
        "sent": one.sent,
        "dead": one.dead,
        "error": one.error,
    }


@webhook.command("disable")
@click.argument("number", type=int)
def disable(number: int) -> None:
    """停用：不再推送；尚未推送的转为死信。"""
    hotline = build()
    with hotline.tx() as tx:
        store.disable(tx.session, _found(tx, number).id, tx.wall, "已由管理员停用")
    click.echo(f"已停用 {number}")


@webhook.command("enable")
@click.argument("number", type=int)
def enable(number: int) -> None:
    """重新启用；停用期间的动态不补，死信可以重推。"""
    hotline = build()
    with hotline.tx() as tx:
        _found(tx, number).disabled_at = None
    click.echo(f"已启用 {number}")


@webhook.command("rotate")
@click.argument("number", type=int)
@click.option("--drop-former", is_flag=True, help="对方已换用新密钥，不再用旧密钥签名")
def rotate(number: int, drop_former: bool) -> None:
    """更换密钥：新密钥单独一行显示，此后新旧两个都签；对方换好后加 --drop-former 再运行一次。"""
    hotline = build()
    with hotline.tx() as tx:
        found = _found(tx, number)
        if drop_former and not found.former:
            raise BadInput(f"推送地址 {number} 没有旧密钥", cure="先运行不带 --drop-former 的 rotate")
        if not drop_former and found.former:
            raise BadInput(f"推送地址 {number} 的上一次更换还没有完成", cure="对方换好后先运行 rotate --drop-former")
        if drop_former:
            found.former = ""
        secret = "" if drop_former else store.rotate(found)
    click.echo(secret or f"推送地址 {number} 只用新密钥签名了")


@webhook.command("replay")
@click.argument("number", type=int)
@click.option("--since", default="", help="只重推这一刻（业务时间）以来的，如 2026-01-05T00:00:00+08:00")
@click.option("--ticket", default="", help="只重推这张工单的")
def replay(number: int, since: str, ticket: str) -> None:
    """把死信交回重推，webhook-id 不变。"""
    hotline = build()
    after = _moment(hotline, since) if since else None
    with hotline.tx() as tx:
        if _found(tx, number).disabled_at is not None:
            raise BadInput(f"推送地址 {number} 已停用", cure=f"先运行 hotline webhook enable {number}")
        count = store.replay(tx.session, number, tx.wall, since=after, number=ticket.strip().upper())
    click.echo(f"已交回 {count} 条，由后台推送")


@webhook.command("test")
@click.argument("number", type=int)
def test(number: int) -> None:
    """推一条 hotline.ping，由后台发送；结果见 hotline webhook list。"""
    hotline = build()
    with hotline.tx() as tx:
        found = _found(tx, number)
        if found.disabled_at is not None:
            raise BadInput(f"推送地址 {number} 已停用", cure=f"先运行 hotline webhook enable {number}")
        identity = webhooks.ping(tx, found)
    click.echo(f"已写下 {identity}，由后台推送")


def _found(tx: Tx, number: int) -> Webhook:
    found = store.get(tx.session, number) if 0 < number < 2**63 else None
    if found is None:
        raise BadInput(f"没有编号为 {number} 的推送地址", cure="运行 hotline webhook list 查看全部")
    return found


def _moment(hotline: Hotline, written: str) -> datetime:
    try:
        at = datetime.fromisoformat(written)
    except ValueError:
        raise BadInput(f"“{written}”不是时间", cure="例如 2026-01-05T00:00:00+08:00 或 2026-01-05") from None
    return at if at.tzinfo is not None else at.replace(tzinfo=hotline.zone)
