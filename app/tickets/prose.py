"""A replayed clock in the words of those who read it. Nothing here depends on today: it is said in the same words years later."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo

from app.tickets.lifecycle import RULES
from app.tickets.reckoning import How, Result
from app.tickets.story import Fired, Line, Pause, Replayed
from sla.budget import Budget, Unit
from sla.daybook import Cut, Day, Kind

WEEKDAYS = "一二三四五六日"
PARTIES: Mapping[str, str] = {
    "citizen": "对诉求人的承诺",
    "contractor": "承接主体应做到的",
    "adjudicator": "主管部门应做到的",
    "hotline": "热线应做到的",
}
TOLD: Mapping[str, str] = {
    "resident": "诉求人",
    "contractor": "承接主体",
    "handler": "承办方",
    "desk": "坐席",
    "helper": "协办单位",
    "supervisor": "主管部门",
}
DID: Mapping[str, str] = {
    "+": "起算",
    "!": "自告警起重新计时",
    "-": "做到，停止计时",
    "=": "暂停计时",
    ">": "继续计时",
    "x": "不再计时",
    "^": "期限改定",
    "~": "有人知悉，反复提醒到此为止",
    "%": "按新的放假安排重算",
}
DAY_END = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Spelling:
    """How moments are written: in the zone of the clock's calendar; the year stands only where it is not the one it began in."""

    zone: tzinfo
    year: int

    def day(self, day: date) -> str:
        """11月24日 周二."""
        return f"{self.short(day)} 周{WEEKDAYS[day.weekday()]}"

    def short(self, day: date) -> str:
        year = "" if day.year == self.year else f"{day.year}年"
        return f"{year}{day.month}月{day.day}日"

    def moment(self, at: datetime) -> str:
        """11月24日 周二 09:00, with seconds where there are any."""
        local = at.astimezone(self.zone)
        return f"{self.day(local.date())} {clock(local)}"

    def whole(self, at: datetime) -> str:
        """2026年11月24日（周二）09:00."""
        local = at.astimezone(self.zone)
        return f"{local.year}年{local.month}月{local.day}日（周{WEEKDAYS[local.weekday()]}）{clock(local)}"

    def hours(self, since: datetime, until: datetime) -> str:
        """08:30–12:00; the midnight that ends a day is its 24:00."""
        begin, end = since.astimezone(self.zone), until.astimezone(self.zone)
        ends = clock(end) if end.date() == begin.date() else "24:00"
        return f"{clock(begin)}–{ends}"

    def span(self, since: datetime, until: datetime) -> str:
        """From one moment to another, the day named once where it is the same."""
        same = since.astimezone(self.zone).date() == until.astimezone(self.zone).date()
        return f"{self.moment(since)}–{clock(until.astimezone(self.zone)) if same else self.moment(until)}"


def clock(local: datetime) -> str:
    return f"{local:%H:%M:%S}" if local.second else f"{local:%H:%M}"


def length(stretch: timedelta) -> str:
    """7小时, 1小时30分, 45分20秒; working time is never put as days, because nobody agrees on how long those are."""
    seconds = max(0, int(stretch.total_seconds()))
    parts = ((seconds // 3600, "小时"), (seconds // 60 % 60, "分"), (seconds % 60, "秒"))
    return "".join(f"{number}{unit}" for number, unit in parts if number) or "0分"


def time_of(budget: Budget, stretch: timedelta) -> str:
    """A length, and of what kind of time where it is not that of the clock."""
    return length(stretch) + ("（工作时间）" if budget.in_working_time else "")


def limit(budget: Budget) -> str:
    """A limit and how it is counted: 5个工作日（当日不计，末日下班时到期）."""
    how = {
        Unit.WORKING_DAYS: "当日不计，末日下班时到期",
        Unit.DAYS: "当日不计，末日同一时刻到期",
        Unit.MINUTES: "按钟表计，昼夜不停",
        Unit.HOURS: "按钟表计，昼夜不停",
    }
    return f"{budget.words}（{how.get(budget.unit, '只计工作时间')}）"


# --- changes and steps ----------------------------------------------------------------------------------------------------


def change(line: Line, of: Replayed, spelling: Spelling, received_at: datetime | None) -> str:
    """What an act did to the clock, and why: 挂起：暂停计时（等配件）."""
    did = DID[line.op]
    if line.op in "+!":
        did = f"{_begun(line, of, spelling, received_at)}，{of.reckoned.budget.words}"
        did += f"，此前挂起 {length(line.took)}不计" if line.took else ""
    elif line.op == "=" and line.lapsed:
        did += "，期限已过，恢复后不顺延"
    elif line.op == ">":
        did += _resumed(line)
    elif line.op == "-" and line.lapsed:
        did = "做到，但已超期"
    elif line.op == "%" and line.was is None:
        did += "，期限不变"
    why = f"（{line.reason}）" if line.reason and line.op in "=>^x!" else ""
    rule = RULES.get(line.action)
    return f"{rule.name if rule else line.action}：{did}{why}"


def _begun(line: Line, of: Replayed, spelling: Spelling, received_at: datetime | None) -> str:
    started = of.reckoned.started_at
    if line.op == "!":
        return DID["!"]
    if of.party == "citizen" and started == received_at:
        return "自收到诉求起算" if started != line.at else "起算"
    return "起算" if started == line.at else f"自 {spelling.moment(started)} 起算"


def _resumed(line: Line) -> str:
    if line.lapsed:
        return "，期限在挂起前已过，不顺延"
    return f"，期限顺延 {length(line.took)}" if line.took else "，挂起期间没有应计的时间，期限不变"


def verdict(line: Line, spelling: Spelling) -> str:
    """Whether what was recorded comes out again; loudly, where it does not."""
    if line.unkept:
        return f"无法验算：日历 {line.unkept} 没有存档"
    if "期限" in line.faults:
        recorded, due = spelling.moment(line.recorded), spelling.moment(line.due)
        return f"【不一致】当时记为 {recorded}，算得 {due}（日历 {line.calendar}）"
    if line.faults:
        return f"【不一致】{'、'.join(line.faults)}与算得的不同（日历 {line.calendar}）"
    return "一致"


def step(fired: Fired) -> str:
    """What a step did: 超期·督办."""
    rule = RULES.get(fired.action)
    return "·".join(one for one in (rule.name if rule else fired.action, fired.level, fired.by) if one)


def told(fired: Fired) -> str:
    return "、".join(TOLD.get(one, one) for one in fired.told) or "只作记录"


def noticed(fired: Fired, spelling: Spelling) -> str:
    """When it was noticed; nothing where that was at once."""
    return "即时" if fired.noticed_at - fired.at < timedelta(minutes=1) else spelling.moment(fired.noticed_at)


def step_verdict(fired: Fired, spelling: Spelling) -> str:
    """Whether it went by the deadline that the clock had then."""
    return f"【不一致】当时按期限 {spelling.moment(fired.due)} 触发" if fired.faults else "一致"


# --- days ---------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class DayWords:
    """One line of the account of days."""

    day: str
    kind: str
    hours: str
    counts: str
    total: str
    cuts: str
    idle: bool


def day(one: Day, budget: Budget, pauses: Sequence[Pause], spelling: Spelling) -> DayWords:
    kind = one.name if one.name else str(one.kind)
    summed = one.total and (one.extra or not budget.in_days)
    return DayWords(
        _run(one, spelling),
        kind if one.settled else f"{kind}（安排待公布）",
        " ".join(spelling.hours(begin, end) for begin, end, _ in one.stretches),
        _counts(one, budget),
        length(one.total) if summed else "",
        "；".join(_cut(cut, pauses, spelling) for cut in one.cuts),
        one.idle,
    )


def _run(one: Day, spelling: Spelling) -> str:
    """11月24日 周二, or 10月1日–10月7日."""
    return spelling.day(one.first) if one.first == one.last else f"{spelling.short(one.first)}–{spelling.short(one.last)}"


def _counts(one: Day, budget: Budget) -> str:
    if one.extra:
        return f"补计 {length(one.counted)}" if one.counted else "不计"
    if one.number:
        return f"第{one.number}个{'工作日' if budget.unit is Unit.WORKING_DAYS else '自然日'}"
    if budget.in_days and one.kind in (Kind.WORKDAY, Kind.MADE_UP, Kind.SET_OPEN, Kind.ANY):
        return "当日不计"
    return length(one.counted) if one.counted else "不计"


def _cut(cut: Cut, pauses: Sequence[Pause], spelling: Spelling) -> str:
    pause = pauses[cut.pause]
    why = "，".join(one for one in (pause.reason, pause.by) if one)
    return f"{spelling.hours(cut.since, cut.until)} 挂起 {length(cut.length)}" + (f"（{why}）" if why else "")


def idle_days(days: Iterable[Day], spelling: Spelling) -> list[str]:
    """The days that do not count, each run in a phrase: 10月1日–10月7日 国庆节."""
    found = []
    for one in days:
        if one.idle and one.kind in (Kind.REST, Kind.HOLIDAY, Kind.SET_CLOSED):
            found.append(f"{_run(one, spelling)} {one.name or one.kind}")
    return found


# --- how it stands --------------------------------------------------------------------------------------------------------


def standing(of: Replayed, found: Result | None, spelling: Spelling) -> str:
    """How the clock ended, or stands."""
    clock_, budget = of.reckoned, of.reckoned.budget
    stopped = spelling.moment(clock_.stopped_at) if clock_.stopped_at else ""
    if found is None:
        return f"{stopped} 停止计时" if stopped else "还在计时"
    used, left, over = (time_of(budget, one) for one in (found.used, found.left, found.over))
    match found.how:
        case How.MET:
            return f"按时完成：{stopped} 做到，用去 {used}，余 {left}"
        case How.LATE:
            return f"超期完成：{stopped} 才做到，超过期限 {over}"
        case How.CANCELLED:
            return f"{stopped} 起不再计时"
        case How.PAUSED:
            return f"挂起中：已用 {used}，还剩 {left}，恢复后期限按挂起的时间顺延"
        case How.STOOD_LATE:
            return f"已超期 {over}，挂起中"
        case How.OVERDUE:
            return f"已超期 {over}"
    return f"在计时：已用 {used}，还剩 {left}"


def utc(at: datetime | None) -> str | None:
    """A moment as data."""
    return at.astimezone(UTC).isoformat() if at else None
