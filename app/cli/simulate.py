"""``hotline simulate``: residents writing through the real wire formats to a running server."""

from __future__ import annotations

import asyncio
import json
import random

import click

from app.clock import SystemClock
from app.demo.account import known_account
from app.demo.complaints import complaints
from app.demo.residents import Crowd, Sent
from app.errors import BadInput
from app.settings import load_settings
from channels.wechat.compose import Mode


@click.command()
@click.option("--channel", default="wechat", show_default=True, type=click.Choice(["wechat"]), help="渠道")
@click.option("--url", default="http://127.0.0.1:8000", show_default=True, help="服务器地址")
@click.option("--rate", default=1.0, show_default=True, type=click.FloatRange(0.01, 5000), help="每秒几条")
@click.option("--seconds", default=10.0, show_default=True, type=click.FloatRange(0.1, 86400), help="持续几秒")
@click.option(
    "--mode", default="safe", show_default=True, type=click.Choice([str(mode) for mode in Mode]), help="明文、兼容或安全模式"
)
@click.option("--repeats", default=0.1, show_default=True, type=click.FloatRange(0, 1), help="平台重复推送的比例")
@click.option("--seed", default=None, type=int, help="固定随机数，便于重现说了什么")
@click.option("--quiet", is_flag=True, help="只打印汇总")
@click.option("--json", "as_json", is_flag=True, help="逐条与汇总都输出 JSON")
def simulate(
    channel: str, url: str, rate: float, seconds: float, mode: str, repeats: float, seed: int | None, quiet: bool, as_json: bool
) -> None:
    """模拟居民来件：签名并加密，与微信平台发来的一样。"""
    account = known_account(load_settings())
    if account is None:
        raise BadInput("没有配置微信公众号", cure="请先运行 hotline demo，或设置 HOTLINE_WECHAT__TOKEN 等环境变量")
    crowd = Crowd(url, account, SystemClock(), random.Random(seed), Mode(mode))

    def heard(said: Sent) -> None:
        if as_json:
            click.echo(json.dumps({**_plain(said)}, ensure_ascii=False))
        elif not quiet:
            outcome = said.error or said.answer.replace("\n", " / ") or "（已收到，未即时答复）"
            tries = f"，推送 {said.tries} 次" if said.tries > 1 else ""
            click.echo(f"居民：{said.text}\n热线：{outcome}（{said.seconds * 1000:.0f} 毫秒{tries}）")

    tally = asyncio.run(crowd.write(complaints(), rate=rate, seconds=seconds, repeats=repeats, heard=heard))
    figures = tally.summary()
    if as_json:
        click.echo(json.dumps({"summary": figures}, ensure_ascii=False))
    else:
        click.echo(
            f"发出 {figures['sent']} 条，应答 {figures['acknowledged']} 条（含工单号 {figures['with_ticket_number']} 条），"
            f"失败 {figures['failed']} 条，重复推送 {figures['repeated']} 条；"
            f"每秒 {figures['per_second']} 条，中位 {figures['p50_ms']} 毫秒，99% 在 {figures['p99_ms']} 毫秒内"
        )
    if figures["failed"]:
        first = next(said for said in tally.sent if not said.acknowledged)
        click.echo(f"错误：{first.error}（请核对 --url 与服务器是否已启动）", err=True)
        raise SystemExit(1)


def _plain(said: Sent) -> dict[str, str | int | float]:
    return {
        "external_id": said.external_id,
        "sender": said.sender,
        "text": said.text,
        "answer": said.answer,
        "status": said.status,
        "milliseconds": round(1000 * said.seconds, 1),
        "tries": said.tries,
        "error": said.error,
    }
