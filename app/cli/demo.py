"""``hotline demo``: the demonstration city on this machine, with a clock that may run fast."""

from __future__ import annotations

import asyncio
import random
import threading
from pathlib import Path

import click
import httpx
from sqlalchemy import make_url

from app import logs
from app.bootstrap import build
from app.cli.serve import port_must_be_free, run_web
from app.clock import Clock, SystemClock
from app.demo.account import known_account, with_account
from app.demo.complaints import complaints
from app.demo.fastclock import FastClock
from app.demo.load import Loaded, load_city
from app.demo.residents import Crowd, Sent
from app.errors import BadInput
from app.hotline import Hotline
from app.register.table import aligned
from app.settings import Settings, load_settings
from app.store import lock
from app.store import tickets as store
from app.tickets.lifecycle import SYSTEM
from app.worker import last_business_time
from channels.wechat.compose import Mode

FIRST_WORDS = 24  # complaints that residents write by themselves when the city is new
USUAL = "http://127.0.0.1:8000"  # where ``hotline simulate`` looks by itself
FIRST_RATE = 1.0  # a second
NEIGHBOURS, THEIRS = 6, ("望湖雅苑", "C07")  # how many then write of one thing, so that something is hot: their lift


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="监听地址")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535), help="端口")
@click.option("--speed", default=1.0, show_default=True, type=click.FloatRange(1, 100_000), help="时钟快几倍")
@click.option("--fresh", is_flag=True, help="清空演示数据重新开始（只用于内置的 SQLite）")
@click.option("--silent", is_flag=True, help="新城市里不自动来件")
def demo(host: str, port: int, speed: float, fresh: bool, silent: bool) -> None:
    """启动演示城市：网站、后台进程、账号与台账，一条命令。"""
    logs.configure(human=True)
    settings = with_account(load_settings(public_url=f"http://{host}:{port}"))
    # A timer that waits one tick has waited ``speed`` times as long in business time; only more than that is being stuck.
    settings = settings.model_copy(update={"stuck_after_seconds": settings.stuck_after_seconds * speed})
    port_must_be_free(host, port)
    with lock.alone(settings.url):  # nobody's database is emptied under their feet, or swept on another clock
        _run(settings, host=host, port=port, speed=speed, fresh=fresh, silent=silent)


def _run(settings: Settings, *, host: str, port: int, speed: float, fresh: bool, silent: bool) -> None:
    if fresh:
        _clear(settings)
    clock = SystemClock()
    hotline = build(settings, clock=clock, migrate=True)
    hotline.clock = _clock(hotline, clock, speed)
    with hotline.tx() as tx:
        city = load_city(tx.session, hotline.policy, tx.now)
    with hotline.look() as tx:
        new = not store.listed(tx.session, SYSTEM, store.Filter(limit=1))
    _greet(city, f"http://{host}:{port}", speed, new and not silent)
    if new and not silent:
        threading.Thread(target=_residents, args=(settings, f"http://{host}:{port}"), daemon=True).start()
    run_web(hotline, host=host, port=port, with_worker=True)


def _clock(hotline: Hotline, base: Clock, speed: float) -> Clock:
    """Business time goes on where the last run stopped, never back; at speed 1 of a city that never ran fast it is the wall's."""
    last = last_business_time(hotline)
    begins = max(last, base.wall()) if last is not None else base.wall()
    if speed == 1 and begins == base.wall():
        return base
    return FastClock(base, speed=speed, begins=begins)


def _clear(settings: Settings) -> None:
    """Removes the embedded database. Raises BadInput for any other: a demonstration never empties somebody's server."""
    if settings.database_url:
        raise BadInput("--fresh 只能清空内置的演示数据库", cure="请先取消 HOTLINE_DATABASE_URL")
    database = Path(str(make_url(settings.url).database))
    for suffix in ("", "-wal", "-shm"):
        database.with_name(database.name + suffix).unlink(missing_ok=True)


def _residents(settings: Settings, url: str) -> None:
    """The first complaints, sent over HTTP to our own door as WeChat would send them."""
    account = known_account(settings)
    if account is None or not _answers(url):
        return
    crowd = Crowd(url, account, SystemClock(), random.Random(2026), Mode.SAFE if _has_key(settings) else Mode.PLAIN)
    of_the_lift = [one for one in complaints() if (one.estate, one.leaf) == THEIRS]
    for said, number in ((complaints(), FIRST_WORDS), (of_the_lift, NEIGHBOURS)):
        asyncio.run(crowd.write(said, rate=FIRST_RATE, seconds=number / FIRST_RATE, repeats=0.1, heard=_unheard))


def _unheard(said: Sent) -> None:
    """Nobody watches these; they are seen on the board."""


def _has_key(settings: Settings) -> bool:
    return bool(settings.wechat.encoding_aes_key.get_secret_value())


def _answers(url: str) -> bool:
    """Waits until the server answers; at most half a minute."""
    transport = httpx.HTTPTransport(retries=8)  # backs off between connections by itself
    with httpx.Client(transport=transport, timeout=30, trust_env=False) as client:
        try:
            return client.get(f"{url}/healthz").status_code == 200
        except httpx.HTTPError:
            return False


def _greet(city: Loaded, url: str, speed: float, arriving: bool) -> None:
    say = click.echo
    say(f"\n公租房服务热线 · 演示城市    {url}")
    say(f"时钟{'正常' if speed == 1 else f'快 {speed:g} 倍'}；数据保存在 {load_settings().data_dir}/，再次运行不会丢失\n")
    for line in aligned(("角色", "账号", "密码", "单位"), [(one.role, one.login, one.password, one.org) for one in city.logins]):
        say(f"  {line}")
    say("\n可以试试：")
    say(f"  1  看板：用主管部门账号登录 {url}/board" + ("，居民正在来件，一分钟内会看到工单陆续派出" if arriving else ""))
    where = "" if url == USUAL else f" --url {url}"
    say(f"  2  另开一个终端：.venv/bin/hotline simulate --channel wechat --rate 5 --seconds 20{where}")
    say(f"  3  当一回居民：{url}/h5/submit 提交诉求，用工单号和手机后四位查进度")
    say(f"  4  承接主体签收、办结：{url}/jobs    坐席改派、答复：{url}/desk")
    say("  5  看时限怎么走：按 Ctrl+C 停下，再运行 .venv/bin/hotline demo --speed 600，然后看 .venv/bin/hotline due")
    say("     看为什么这样派：.venv/bin/hotline explain '厨房漏水'")
    say("\n按 Ctrl+C 停止\n")
