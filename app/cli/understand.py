"""``hotline classify`` and ``explain``: what the router makes of words. Without a database they work without places."""

from __future__ import annotations

import gc
import json
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, BinaryIO
from zoneinfo import ZoneInfo

import click

from app.clock import SystemClock
from app.errors import BadInput
from app.policy import Policy, load_policy
from app.settings import Settings, load_settings
from app.shipped import model_for
from routing.assign import Unassigned, assign
from routing.place import Gazetteer
from routing.transcript import judge
from routing.turns import BadTurns, turns_of
from routing.understand import Understander
from routing.verdict import Verdict
from sla.ladder import Step

if TYPE_CHECKING:  # the register and the tickets take a second to import, and most who classify have neither
    from app.register.snapshot import Snapshot

_BLOCK = 1 << 16  # bytes read at a time

TOLD_NAMES = {
    **{"resident": "诉求人", "contractor": "承接主体", "handler": "承办方"},
    **{"helper": "协办单位", "desk": "坐席", "supervisor": "主管部门"},
}


@click.command()
def classify() -> None:
    """研判：标准输入每行一个 JSON {"id","text","channel"?} 或 {"id","turns"}，逐行输出研判结果。"""
    understander, _, _ = _understander()
    gc.freeze()  # what is loaded stays; looking through it again and again takes a fifth of the time
    failed, number = False, 0
    for lines in _as_they_come(sys.stdin.buffer):
        answers = []
        for line in lines:
            number += 1
            if not line.strip():
                continue
            given: dict[str, Any] = {}
            try:
                given = _given(line)
                answer = {"id": given.get("id"), **_judged(understander, given)}
            except BadInput as wrong:
                failed = True
                click.echo(f"第 {number} 行无法读取：{wrong}", err=True)
                answer = {"id": given.get("id"), "error": f"第 {number} 行无法读取：{wrong}"}
            answers.append(_written(answer))
        click.echo(b"".join(answers), nl=False)
    if failed:
        raise SystemExit(2)


def _as_they_come(stream: BinaryIO) -> Iterator[list[bytes]]:
    """The lines of a stream, as many at a time as have arrived: a program that asks line by line is answered line by line."""
    rest: list[bytes] = []
    read: Callable[[int], bytes] = getattr(stream, "read1", stream.read)
    while block := read(_BLOCK):
        *ended, last = block.split(b"\n")
        if ended:
            yield [b"".join((*rest, ended[0])), *ended[1:]]
            rest = []
        if last:
            rest.append(last)
    if rest:
        yield [b"".join(rest)]


def _written(answer: dict[str, Any]) -> bytes:
    """One line of JSON; half a pair of surrogates, which UTF-8 cannot carry, is written as it was given, escaped."""
    try:
        return json.dumps(answer, ensure_ascii=False).encode() + b"\n"
    except UnicodeEncodeError:
        return json.dumps(answer).encode() + b"\n"


def _given(line: bytes) -> dict[str, Any]:
    try:
        given = json.loads(line.decode())
    except (ValueError, RecursionError):
        raise BadInput("不是 JSON", cure='每行一个 {"id":…,"text":…}，以 UTF-8 书写') from None
    if not isinstance(given, dict):
        raise BadInput("不是一个 JSON 对象", cure='每行一个 {"id":…,"text":…}')
    return given


def _judged(understander: Understander, given: dict[str, Any]) -> dict[str, object]:
    """The verdict on the text or, where a call's turns are given, on what the resident says in them, with the call."""
    if given.get("turns") is None:
        return understander.understand(_text(given)).to_json()
    if given.get("text") is not None:
        _text(given)
    try:
        turns = turns_of(given["turns"])
    except BadTurns as wrong:
        raise BadInput(str(wrong), cure='turns 写作 [{"speaker":…,"text":…}]') from None
    verdict, call = judge(understander, turns)
    return {**verdict.to_json(), "transcript": call.to_json()}


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
    from app.cli.deadlines import explain_ticket, number_of

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
    if known is None:
        return Understander(policy.taxonomy, model_for(policy, settings.data_dir), Gazetteer(())), policy, None
    from app.cli.models import present_model

    gazetteer = Gazetteer(known.register.estates.values())
    return Understander(policy.taxonomy, present_model(policy, settings), gazetteer), policy, known


def _register(settings: Settings) -> Snapshot | None:
    if not settings.database_url and not (settings.data_dir / "hotline.db").exists():
        return None
    from app.register.snapshot import snapshot
    from app.store import schema
    from app.store.db import Database

    db = Database(settings.url)
    if not schema.is_current(db):
        return None
    with db.read() as session:
        return snapshot(session)
