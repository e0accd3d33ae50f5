"""``hotline user`` and ``hotline token``: who may come in."""

from __future__ import annotations

import json

import click

from app.bootstrap import build
from app.errors import BadInput
from app.hotline import Tx
from app.register import people
from app.register.model import Contractor, Purchaser
from app.register.table import aligned
from app.store import register as register_store
from app.tickets.lifecycle import ROLE_NAMES, Role


@click.group()
def user() -> None:
    """工作人员账号。"""


@user.command("add")
@click.argument("login")
@click.option("--name", required=True, help="姓名")
@click.option(
    "--role", required=True, help="角色：agent 坐席、contractor 承接主体、supervisor 主管部门、admin 管理员、evaluator 第三方"
)
@click.option("--org", default="", help="所属承接主体或主管部门的名称")
@click.option("--password", prompt="密码", hide_input=True, confirmation_prompt="再输入一次", help="密码，至少 8 位")
def add(login: str, name: str, role: str, org: str, password: str) -> None:
    """新增账号。"""
    hotline = build()
    with hotline.tx() as tx:
        kind = people.role_named(role)
        contractor_id, purchaser_id = _org(tx, kind, org)
        people.add_person(
            tx.session,
            login=login,
            name=name,
            role=kind,
            contractor_id=contractor_id,
            purchaser_id=purchaser_id,
            password=password,
            now=tx.now,
        )
    click.echo(f"已新增 {login}（{ROLE_NAMES[kind]}）")


@user.command("list")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON")
def list_users(as_json: bool) -> None:
    """列出账号。"""
    hotline = build()
    with hotline.look() as tx:
        names = hotline.knowledge(tx.session).snapshot
        rows = [
            {
                "login": person.login,
                "name": person.name,
                "role": str(person.role),
                "org": names.contractors.get(person.contractor_id or 0) or names.purchasers.get(person.purchaser_id or 0, ""),
                "disabled": person.disabled_at is not None,
            }
            for person in people.list_people(tx.session)
        ]
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    cells = [
        (
            str(row["login"]),
            str(row["name"]),
            ROLE_NAMES[Role(str(row["role"]))],
            str(row["org"]),
            "已停用" if row["disabled"] else "",
        )
        for row in rows
    ]
    click.echo("\n".join(aligned(("账号", "姓名", "角色", "单位", "状态"), cells)))


@user.command("disable")
@click.argument("login")
def disable(login: str) -> None:
    """停用账号；其登录立即失效。"""
    hotline = build()
    with hotline.tx() as tx:
        people.disable_person(tx.session, login, tx.now)
    click.echo(f"已停用 {login}")


@click.group()
def token() -> None:
    """程序访问令牌。"""


@token.command("create")
@click.option("--role", required=True, help="角色，同 hotline user add")
@click.option("--org", default="", help="所属承接主体或主管部门的名称")
@click.option("--name", default="", help="用途，便于日后辨认")
def create(role: str, org: str, name: str) -> None:
    """生成令牌；只显示这一次，且单独一行。"""
    hotline = build()
    with hotline.tx() as tx:
        kind = people.role_named(role)
        contractor_id, purchaser_id = _org(tx, kind, org)
        secret = people.create_token(
            tx.session, role=kind, contractor_id=contractor_id, purchaser_id=purchaser_id, name=name, now=tx.wall
        )
    click.echo(secret)


def _org(tx: Tx, role: Role, name: str) -> tuple[int | None, int | None]:
    """The contractor's or purchaser's id behind a name, as the role needs it."""
    if not name:
        return None, None
    if role is Role.CONTRACTOR:
        found = register_store.id_named(tx.session, Contractor, name)
    else:
        found = register_store.id_named(tx.session, Purchaser, name)
    if found is None:
        raise BadInput(f"没有名为“{name}”的单位", cure="请用 hotline check 查看已登记的单位")
    return (found, None) if role is Role.CONTRACTOR else (None, found)
