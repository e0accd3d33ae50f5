"""What ``hotline calendar`` prints: a year, the days that change, the deadlines that move, as lines or as one JSON object."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import click

from app.almanac import Year
from app.hotline import Hotline
from app.recount import Move, Outcome, Shift
from app.register.holidays import WEEKDAYS, DayChange, spelled
from app.register.table import aligned

UNKNOWN = "【暂定】这一年的放假安排尚未公布：法定假日按法律推算，调休未知"


@dataclass(frozen=True, slots=True)
class Change:
    """What is about to change. ``years``: each with its notice and what it was known from; ``stores``: whether the notice itself
    is new here; ``strays``: clocks that cannot be counted again."""

    years: tuple[tuple[int, str, str], ...]
    days: tuple[DayChange, ...]
    moves: tuple[Move, ...]
    stores: bool
    strays: int

    @property
    def nothing(self) -> bool:
        return not self.stores and not self.moves


@dataclass(slots=True)
class Shown:
    """Prints lines as they come, or keeps everything for one JSON object at the end."""

    hotline: Hotline
    as_json: bool
    said: dict[str, Any] = field(default_factory=dict)

    def change(self, found: Change) -> None:
        if self.as_json:
            years = [{"year": year, "notice": notice, "before": before} for year, notice, before in found.years]
            days = [
                {"date": str(one.day), "weekday": _weekday(one.day), "works": one.works, "name": one.name} for one in found.days
            ]
            moves = [{"calendar": move.before.name, **move.details("")} for move in found.moves]
            self.said |= {"unchanged": found.nothing, "years": years, "days": days, "calendars": moves, "strays": found.strays}
            return
        for year, notice, before in found.years:
            click.echo(f"{year} 年：{notice}\n  此前：{before}")
        if found.nothing:
            click.echo("没有变化" if found.years else "没有变化：在走的期限都按现行日历计算")
        if found.days:
            click.echo(f"与现行安排不同的日子，{len(found.days)} 天：")
            click.echo("\n".join(f"  {change.words}" for change in found.days))
        elif found.stores:
            click.echo("没有一天的上班或放假与现行安排不同")
        for move in found.moves if not found.years else ():
            click.echo(f"日历“{move.before.name}”：{move.why}")
        if found.strays:
            click.echo(f"另有 {found.strays} 个计时所用的日历没有存档，不能重算，期限不动")

    def shifts(self, shifts: Iterable[Shift]) -> None:
        """Each deadline that moves, then how many of each kind."""
        later, earlier, names = Counter[str](), Counter[str](), dict[str, str]()
        listed: list[dict[str, Any]] = []
        for number, one in enumerate(shifts):
            names[one.target] = one.name
            (later if one.due > one.was else earlier)[one.target] += 1
            if self.as_json:
                listed.append(_shift_json(one))
                continue
            if number == 0:
                click.echo("会移动的期限：")
            old, new = self.hotline.spell(one.was), self.hotline.spell(one.due)
            click.echo(f"  {one.number}  {one.name}  {old} → {new}  {moved(one)}")
        totals = [(target, names[target], later[target], earlier[target]) for target in sorted(names)]
        if self.as_json:
            keys = ("target", "name", "later", "earlier")
            self.said |= {"moves": listed, "totals": [dict(zip(keys, total, strict=True)) for total in totals]}
        elif totals:
            kinds = "；".join(f"{name} 推迟 {late}、提前 {early}" for _, name, late, early in totals)
            click.echo(f"共移动 {later.total() + earlier.total()} 个期限：{kinds}")
        else:
            click.echo("没有期限移动")

    def done(self, done: Outcome) -> None:
        if self.as_json:
            self.said["done"] = {
                "tickets": done.tickets,
                "moved": done.moved,
                "carried": done.carried,
                "left": len(done.left),
            }
            return
        click.echo(
            f"已完成：{done.tickets} 张工单的 {done.moved} 个期限移动并已告知，{done.carried} 个计时期限不变、改按新日历继续"
        )
        if done.left:
            click.echo(f"还有 {len(done.left)} 张工单这次没有做成，后台进程会接着做；也可再运行一次")

    def end(self) -> None:
        if self.as_json:
            click.echo(json.dumps({**self.said, "applied": "done" in self.said}, ensure_ascii=False, indent=2))


def _shift_json(one: Shift) -> dict[str, Any]:
    return {
        "number": one.number,
        "target": one.target,
        "name": one.name,
        "was": one.was.isoformat(),
        "due": one.due.isoformat(),
        "working_minutes": one.by / timedelta(minutes=1),
    }


def moved(one: Shift) -> str:
    """How much later or earlier, in working time: 推迟 7小时工作时间."""
    return f"{'推迟' if one.due > one.was else '提前'} {span(abs(one.by))}工作时间"


def span(length: timedelta) -> str:
    """Hours, minutes and seconds, as far as there are any: 7小时30分."""
    seconds = round(length.total_seconds())
    parts = ((seconds // 3600, "小时"), (seconds // 60 % 60, "分"), (seconds % 60, "秒"))
    return "".join(f"{number}{unit}" for number, unit in parts if number) or "0分"


def _weekday(day: date) -> str:
    return f"周{WEEKDAYS[day.weekday()]}"


# --- a year -------------------------------------------------------------------------------------------------------------


def year_lines(found: Year) -> list[str]:
    lines = [f"{found.year} 年 · {found.calendar}", f"来源：{found.source}"]
    if not found.known:
        lines.append(UNKNOWN)
    if found.holidays:
        rows = [
            (one.name, _range(one.first, one.last), f"{one.days} 天", "、".join(spelled(day) for day in one.made_up))
            for one in found.holidays
        ]
        lines += ["", *aligned(("节日", "放假", "共", "调休上班"), rows)]
    months = [(f"{month.number} 月", f"{month.days}", span(month.time)) for month in found.months]
    months.append(
        ("全年", f"{sum(month.days for month in found.months)}", span(sum((m.time for m in found.months), timedelta())))
    )
    return [*lines, "", *aligned(("月份", "工作日", "工作时间"), months)]


def _range(first: date, last: date) -> str:
    return spelled(first) if first == last else f"{spelled(first)} 至 {spelled(last)}"


def year_json(found: Year) -> dict[str, Any]:
    days = [
        {
            "name": one.name,
            "from": str(one.first),
            "to": str(one.last),
            "days": one.days,
            "work": [str(day) for day in one.made_up],
        }
        for one in found.holidays
    ]
    months = [{"month": m.number, "working_days": m.days, "working_hours": m.time / timedelta(hours=1)} for m in found.months]
    return {
        "year": found.year,
        "calendar": found.calendar,
        "provisional": not found.known,
        "source": found.source,
        "holidays": days,
        "months": months,
        "working_days": sum(month["working_days"] for month in months),
        "working_hours": sum(month["working_hours"] for month in months),
    }
