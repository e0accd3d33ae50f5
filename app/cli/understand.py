"""``hotline classify`` and ``explain``: what the router makes of words. Without a database they work without places."""

from __future__ import annotations

import json
import sys
from typing import Any
from zoneinfo import ZoneInfo

import click

from app.cli.deadlines import explain_ticket, number_of
from app.cli.models import present_model
from app.clock import SystemClock
from app.errors import BadInput
from app.policy import Policy, load_policy
from app.register.snapshot import Snapshot, snapshot
from app.settings import Settings, load_settings
from app.store import schema
from app.store.db import Database
from routing.assign import Unassigned, assign
from routing.place import Gazetteer
from routing.understand import Understander
from routing.verdict import Verdict
from sla.ladder import Step

TOLD_NAMES = {
    **{"resident": "诉求人", "contractor": "承接主体", "handler": "承办方"},
    **{"helper": "协办单位", "desk": "坐席", "supervisor": "主管部门"},
}


@click.command()
def classify() -> None:
    """研判：标准输入每行一个 JSON {"id","text","channel"?}，逐行输出研判结果。"""
    understander, _, _ = _understander()
    failed = False
    for number, line in enumerate(sys.stdin, 1):
        if not line.strip():
            continue
        given: dict[str, Any] = {}
        try:
            given = _given(line)
            answer = {"id": given.get("id"), **understander.understand(_text(given)).to_json()}
        except BadInput as wrong:
            failed = True
            click.echo(f"第 {number} 行无法读取：{wrong}", err=True)
            answer = {"id": given.get("id"), "error": f"第 {number} 行无法读取：{wrong}"}
        click.echo(json.dumps(answer, ensure_ascii=False))
    if failed:
        raise SystemExit(2)


def _given(line: str) -> dict[str, Any]:
    try:
        given = json.loads(line)
    except (ValueError, RecursionError):
        raise BadInput("不是 JSON", cure='每行一个 {"id":…,"text":…}') from None
    if not isinstance(given, dict):
        raise BadInput("不是一个 JSON 对象", cure='每行一个 {"id":…,"text":…}')
    return given


def _text(given: dict[str, Any]) -> str:
    text = given.get("text")
    if not isinstance(text, str):
        raise BadInput("缺少 text，或不是文字")
    return text


@click.command()
@click.argument("text")
@click.option("--target", default="", help="只看工单的这一项时限，例如 contact")
@click.option("--json", "as_json", is_flag=True, help="工单的时限输出为 JSON")
def explain(text: str, target: str, as_json: bool) -> None:
    """说明：一句话会被怎样研判、派给谁、时限多长，为什么；写工单编号 GZ…，则逐笔重算它的每个期限。"""
    number = number_of(text)
    if number is not None:
        explain_ticket(number, target, as_json)
        return
    if target or as_json:
        raise BadInput("--target 和 --json 只用于工单", cure="请写工单编号，如 hotline explain GZ…")
    _explain_words(text)


def _explain_words(text: str) -> None:
    understander, policy, known = _understander()
    verdict = understander.understand(text)
    leaf = policy.taxonomy.leaves[verdict.leaf]
    say = click.echo
    say(f"研判：{leaf.code} {leaf.name}（{policy.taxonomy.groups[leaf.group]}），把握 {verdict.confidence:.0%}")
    for reason in verdict.reasons:
        say(f"  · {reason}")
    if verdict.runners_up:
        others = "、".join(f"{code} {policy.taxonomy.leaves[code].name} {p:.0%}" for code, p in verdict.runners_up)
        say(f"  其次：{others}")
    say(f"诉求类型：{verdict.request_type}；紧急程度：{verdict.urgency}；{'要求保密' if verdict.confidential else '未要求保密'}")
    for hit in verdict.emergencies:
        say(f"应急：{policy.taxonomy.leaves[hit.code].name}（{hit.why}）")
        say(f"  先告知：{policy.taxonomy.leaves[hit.code].first_action}")
    place = verdict.place
    where = (
        "".join((place.estate, place.building and f"{place.building}栋", place.unit and f"{place.unit}单元", place.room))
        if place
        else ""
    )
    say(f"地点：{where or '未说明'}")
    _say_assignment(verdict, policy, known)
    for target in policy.sla.targets(verdict.leaf, verdict.urgency):
        steps = "，".join(_step_words(step) for step in target.ladder)
        say(f"时限：{target.name} {target.budget.words}（自{'受理' if target.anchor == 'receipt' else '派单'}起）；{steps}")


def _step_words(step: Step) -> str:
    """One rung of a ladder as people say it: 超期1个工作日督办（承办方、主管部门）."""
    if step.percent is not None:
        when = f"用去 {step.percent}% 时"
    elif step.offset is None:
        when = "到期时"
    else:
        sign, far = step.offset
        when = f"{'超期' if sign > 0 else '到期前'}{far.words}"
    return f"{when}{step.level or '提醒'}（{'、'.join(TOLD_NAMES[name] for name in step.tell)}）"


def _say_assignment(verdict: Verdict, policy: Policy, known: Snapshot | None) -> None:
    if known is None:
        click.echo("派单：没有数据库，无法对照合同")
        return
    estate = verdict.place.estate_id if verdict.place else None
    day = SystemClock().now().astimezone(ZoneInfo(policy.timezone)).date()
    found = assign(verdict, policy.taxonomy.leaves[verdict.leaf], estate, day, known.register)
    click.echo(f"派单：{'不派，' if isinstance(found, Unassigned) else ''}{found.why}")


def _understander() -> tuple[Understander, Policy, Snapshot | None]:
    settings = load_settings()
    policy = load_policy(settings.policy)
    known = _register(settings)
    entries = known.register.estates.values() if known else ()
    return Understander(policy.taxonomy, present_model(policy, settings), Gazetteer(entries)), policy, known


def _register(settings: Settings) -> Snapshot | None:
    if not settings.database_url and not (settings.data_dir / "hotline.db").exists():
        return None
    db = Database(settings.url)
    if not schema.is_current(db):
        return None
    with db.read() as session:
        return snapshot(session)
