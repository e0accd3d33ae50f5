"""``hotline replay``: takes in again what was kept and could not be taken in."""

from __future__ import annotations

import click

from app import intake
from app.bootstrap import build
from app.store import inbox


@click.command()
@click.argument("most", default=1000, type=click.IntRange(1))
def replay(most: int) -> None:
    """重新受理已保存但没能受理的来件，最多 MOST 条。"""
    hotline = build()
    with hotline.look() as tx:
        rows = inbox.not_taken_in(tx.session, most)
    outcomes = intake.retry(hotline, rows)
    for row, error in outcomes:
        if error:
            click.echo(f"仍未能受理：{row.channel} {row.external_id}：{error}", err=True)
    done = sum(1 for _, error in outcomes if not error)
    click.echo(f"重新受理 {done} 条，仍有 {len(outcomes) - done} 条未能受理")
    if done < len(outcomes):
        raise SystemExit(1)
