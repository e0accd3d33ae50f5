"""``hotline calendar``: the yearly holiday notice imported, what it would move shown first, a year as it is worked."""

from __future__ import annotations

import getpass
import json
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import click

from app import almanac, recount
from app.bootstrap import build
from app.cli import calendar_words as words
from app.demo.fastclock import FastClock
from app.errors import BadInput
from app.hotline import Hotline, Tx
from app.register import calendars, holidays
from app.worker import last_business_time
from sla.notices import FORMS
from sla.schedule import Schedule

as_json = click.option("--json", "as_json", is_flag=True, help="输出 JSON")
the_form = click.option("--form", type=click.Choice(list(FORMS)), default=None, help="文件的格式；不写则看文件名")
the_file = click.argument("file", type=click.Path(path_type=Path))
yes = click.option("--yes", is_flag=True, help="看过清单不再询问；没有终端时必须写")
by_whom = click.option("--by", default="", help="谁导入的；不写则为当前系统用户")
UNCHANGED = "什么都没有改变"


@click.group("calendar")
def calendar() -> None:
    """工作日历：每年的放假与调休安排。"""


@calendar.command("show")
@click.argument("year", type=click.IntRange(1950, 2199))
@click.option("--calendar", "name", default="", help="日历的名称，默认为热线工作时间")
@as_json
def show(year: int, name: str, as_json: bool) -> None:
    """列出一年的放假、调休上班和每月工作日。"""
    hotline = build()
    with hotline.look() as tx:
        found = almanac.year_on(tx, year, almanac.calendar_named(tx, name))
    if as_json:
        click.echo(json.dumps(words.year_json(found), ensure_ascii=False, indent=2))
    else:
        click.echo("\n".join(words.year_lines(found)))


@calendar.command("diff")
@click.argument("file", type=click.Path(path_type=Path), required=False)
@the_form
@as_json
def diff(file: Path | None, form: str | None, as_json: bool) -> None:
    """列出导入 FILE 会改变哪些日子、移动哪些期限；什么都不改变。

    不写 FILE：列出若按现行日历重算（hotline calendar recount），在走的期限会怎样移动。
    """
    notice = holidays.read_file(file, form or "", _doubt) if file else None
    hotline = hotline_in_time()
    with hotline.look() as tx:
        found = _change(tx, notice) if notice else _by_calendars(tx)
        shown = words.Shown(hotline, as_json)
        shown.change(found)
        shown.shifts(recount.preview(tx, found.moves))
    shown.end()


@calendar.command("import")
@the_file
@the_form
@click.option("--dry-run", is_flag=True, help="只列出会移动哪些期限，同 hotline calendar diff")
@yes
@by_whom
@as_json
def import_(file: Path, form: str | None, dry_run: bool, yes: bool, by: str, as_json: bool) -> None:
    """导入一年的放假通知；先列出会移动的期限，确认后重算。

    \b
    FILE 可以是
      txt   国务院办公厅通知的原文，整篇贴进一个文本文件
      toml  程序自带的 holidays_cn.toml 的写法
      json  {"year":2026,"days":[{"name":"元旦","date":"2026-01-01","isOffDay":true}]}
      csv   日期,名称,安排（放假或上班）

    编码可以是 UTF-8 或 GB18030。中断了再运行一次即可，不会重复。
    """
    notice = holidays.read_file(file, form or "", _doubt)
    hotline = hotline_in_time()
    with hotline.look() as tx:
        found = _change(tx, notice)
        shown = words.Shown(hotline, as_json)
        shown.change(found)
        shown.shifts(recount.preview(tx, found.moves))
    if dry_run or found.nothing:
        shown.end()
        return
    _agreed(shown, yes, "导入这份放假安排，并移动以上期限")
    if found.stores:
        with hotline.tx() as tx:
            recount.take_up(tx, notice, who(by))
    _carry_out(hotline, recount.by_notices, who(by), found.moves, shown)


@calendar.command("recount")
@yes
@by_whom
@as_json
def recount_(yes: bool, by: str, as_json: bool) -> None:
    """按现行日历重算在走的期限；改了工作时间或升级程序之后才需要。

    改 calendars.toml 不会移动已经在走的期限；这条命令先列出清单，确认后才移动。
    """
    hotline = hotline_in_time()
    with hotline.look() as tx:
        found = _by_calendars(tx)
        shown = words.Shown(hotline, as_json)
        shown.change(found)
        shown.shifts(recount.preview(tx, found.moves))
    if found.nothing:
        shown.end()
        return
    _agreed(shown, yes, "按现行日历移动以上期限")
    _carry_out(hotline, recount.by_calendars, who(by), found.moves, shown)


def hotline_in_time() -> Hotline:
    """A hotline whose business time is not behind that of a demonstration on the same database."""
    hotline = build()
    beat = last_business_time(hotline)
    if beat is not None and beat > hotline.clock.now():
        hotline.clock = FastClock(hotline.clock, speed=1.0, begins=beat)
    return hotline


def _change(tx: Tx, notice: Schedule) -> words.Change:
    """What importing this notice would come to. A year that says what is in force already needs no keeping, unless clocks are
    still counted on what was in force before."""
    known = calendars.imported(tx.session)
    country = notice.country
    newer = known | {country: known[country].with_years(notice) if country in known else notice}
    moves = recount.by_notices(tx, newer)
    before = almanac.schedule_in_force(tx)
    present = holidays.imported_years(tx.session, country)
    after = before.with_years(notice) if before else notice
    stores = any(
        row.content != holidays.only(notice, year).content()
        if (row := present.get(year))
        else bool(moves) or before is None or holidays.only(before, year).content() != holidays.only(notice, year).content()
        for year in notice.years
    )
    changed = holidays.changes(before, after, weekends=_works_weekends(tx)) if before else []
    years = tuple((year, title, almanac.source_words(tx, year)) for year, title in sorted(notice.years.items()))
    return words.Change(years, tuple(changed), tuple(moves), stores, recount.strays(tx))


def _by_calendars(tx: Tx) -> words.Change:
    return words.Change((), (), tuple(recount.by_calendars(tx)), False, recount.strays(tx))


def _works_weekends(tx: Tx) -> bool:
    return any(held.schedule and any(held.week[5:]) for held in tx.promises.sla.calendars.values())


def _doubt(said: str) -> None:
    click.echo(f"请核对：{said}", err=True)


def _agreed(shown: words.Shown, yes: bool, what: str) -> None:
    """Returns when somebody at the terminal agrees, or has agreed beforehand."""
    if yes:
        return
    if not sys.stdin.isatty():
        shown.end()
        raise BadInput(f"没有终端可以确认，{UNCHANGED}", cure="看过清单后加 --yes 再运行")
    if not click.confirm(f"{what}？", err=True):
        shown.end()
        click.echo(f"没有确认，{UNCHANGED}", err=True)
        raise SystemExit(1)


def _carry_out(hotline: Hotline, find: recount.Find, by: str, moves: Sequence[recount.Move], shown: words.Shown) -> None:
    with hotline.look() as tx:
        many = recount.count(tx, moves)
    with click.progressbar(length=many, label="重算", file=sys.stderr, hidden=not sys.stderr.isatty()) as bar:
        told: Callable[[int], None] = bar.update
        done = recount.carry_out(hotline, find, by=by, told=told)
    shown.done(done)
    shown.end()


def who(by: str) -> str:
    """Who does this: as told, else the user that the operating system knows."""
    if by.strip():
        return by.strip()
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # in a container whose user has no name
        return str(os.getuid())
