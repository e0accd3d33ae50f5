"""``hotline verify``: proves the chains of events unbroken and that no message was lost; seals them on request."""

from __future__ import annotations

import json
import sys

import click

from app import verify as proving
from app.bootstrap import build
from app.store import proof
from app.verify import Proof

SHOWN = 100  # faults that are printed one by one


@click.command()
@click.option("--seal", is_flag=True, help="核对无误后立即封存，并显示封存值，请抄到别处保管")
@click.option("--against", default="", help="与别处记下的封存值比对")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON")
def verify(seal: bool, against: str, as_json: bool) -> None:
    """核对流转记录没有被改动、来件没有丢失；完好才以 0 退出。证明什么、不证明什么，见 app/docs/security.md。"""
    hotline = build()
    with hotline.look() as tx:
        many = proof.ticket_count(tx.session)
    with click.progressbar(length=many, label="核对", file=sys.stderr, hidden=not sys.stderr.isatty()) as bar:
        found = proving.verify(hotline, against, bar.update)
    if seal and found.whole:
        made = proving.seal(hotline)
        found.newest_seal = made.hash
    if as_json:
        click.echo(json.dumps(found.to_json(), ensure_ascii=False, indent=2))
    else:
        click.echo("\n".join(_lines(found)))
    if not found.whole:
        raise SystemExit(1)


def _lines(found: Proof) -> list[str]:
    """The counts, then each fault."""
    older = f"，其中 {found.unchained} 条早于封链" if found.unchained else ""
    lines = [
        f"工单 {found.tickets} 张，流转记录 {found.events} 条{older}",
        f"来件：已受理 {found.taken_in} 件，待受理 {found.pending} 件，无法读懂 {found.unreadable} 件",
        f"停放：计时 {found.parked_timers} 项，通知 {found.parked_notices} 条",
        f"重算了 {found.seals} 个封存，最新的封存 {found.newest_seal}" if found.newest_seal else "还没有封存",
    ]
    lines += [f"【不符】{fault.says}" for fault in found.faults[:SHOWN]]
    if len(found.faults) > SHOWN:
        lines.append(f"……另有 {len(found.faults) - SHOWN} 处，用 --json 看全部")
    return [*lines, "完好" if found.whole else f"不完好：{len(found.faults)} 处不符"]
