"""The policy: what was promised, read from a directory of TOML files a manager can read, and refused with file and line.

1. Every file is parsed once, and for every key the line it stands on is kept.
2. Calendars, taxonomy, limits with their ladders, rules and phrases are read from it; whatever is not understood is refused.
3. Leaf, urgency and limits are joined into the clocks of each leaf, and each ladder is tried on each limit it is used with.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import date
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import cast, get_args

from app.located import Place, Table, read_source, whole
from app.phrases import alarm_sources, alarms, by_leaf, sources
from routing.taxonomy import Leaf, Owner, Taxonomy
from sla.budget import Budget, CalendarError
from sla.calendar import WorkCalendar
from sla.hours import WEEKDAYS, parse_days, parse_intervals
from sla.ladder import ACKNOWLEDGED, Action, Ladder, Step, lint
from sla.policy import Anchor, Party, SlaPolicy, Target
from sla.schedule import published

SHIPPED = Path(__file__).with_name("policy")
FILES = ("policy.toml", "taxonomy.toml", "limits.toml", "calendars.toml")
URGENCIES = ("U0", "U1", "U2", "U3")  # the strongest first
LEVELS = ("催办", "督办", "约谈")
RESERVED = {"G": Owner.PURCHASER, "R": Owner.SUPERVISION}  # never a contractor's: not bought, or about the contractor
TOLD = ("resident", "contractor", "handler", "helper", "desk", "supervisor")  # whom a rung may tell: `handler` answers for it now
_HOW_LONG = "写作 30m、2h、90wm、4wh、3wd 或 15d"
TARGETS = (
    *("contact", "resolve", "respond", "accept", "reach", "arrive", "finish", "assist", "supervise"),
    *("decide", "review", "callback"),
)
MAY_BE_NONE = ("callback_percent", "callback_minimum")
EVIDENCE = ("before", "after", "time", "place")  # 修前照片, 修后照片, 完成时间, 地点
# A contractor's clock and the citizen's that it answers to: where a leaf says nothing of its own, it is as long.
LIKE = {"reach": "contact", "finish": "resolve"}


@dataclass(frozen=True, slots=True)
class Rules:
    """The windows and limits of ordinary work. Local settings.

    ``append_window_minutes``: what one resident writes within this time is one matter. ``open_ticket_days``: how long a word
    from the same resident may still be about an open ticket. ``reopen_days``: after closing, a resident may have the
    matter taken up again. ``auto_close_days``: a resolution nobody answers is closed, without counting as praise.
    ``unclassified_as``: the leaf whose limits hold for a message without words, until an agent has classified it.
    ``nudge_every_minutes``, ``nudges_per_day``: how often 催办 is passed on. ``rating_days``: how long a resolution can be rated.
    ``hold_days``: how long one hold 挂起 may last, and ``hold_total_days`` all of a ticket together. ``extension_days``: by how
    much one petition may ask to move a deadline; ``extensions``: how many may be granted on a ticket. ``digest_after_minutes``: a
    step noticed later than this is not told by itself but in one digest of everything that was missed.
    ``callback_percent``: how many of a hundred reviewed resolutions of each contractor and group are drawn for a call-back 回访,
    beside those always called; ``callback_minimum``: how many of each at least in a calendar week. ``callback_attempts``: how
    often a resident is called who does not answer, on at least ``callback_days`` days, at least ``callback_gap_hours`` apart.
    ``supervision_number``: how a 督办单 is numbered, with ``{year}`` and ``{n}``, which begins anew every year.
    """

    append_window_minutes: int = 10
    open_ticket_days: int = 30
    reopen_days: int = 7
    auto_close_days: int = 7
    nudge_every_minutes: int = 60
    nudges_per_day: int = 3
    rating_days: int = 15
    hold_days: int = 15
    hold_total_days: int = 30
    extension_days: int = 30
    extensions: int = 2
    digest_after_minutes: int = 30
    callback_percent: int = 30
    callback_minimum: int = 3
    callback_attempts: int = 3
    callback_days: int = 2
    callback_gap_hours: int = 4
    unclassified_as: str = "C12"
    supervision_number: str = "公租督〔{year}〕{n}号"


@dataclass(frozen=True, slots=True)
class Policy:
    """One version of what was promised. ``hash`` covers every file; ``phrases`` are example sayings per leaf."""

    name: str
    version: str
    effective_from: date
    hash: str
    timezone: str
    rules: Rules
    taxonomy: Taxonomy
    sla: SlaPolicy
    phrases: Mapping[str, tuple[str, ...]]
    alarms: tuple[tuple[str, bool], ...]  # texts that teach the alarm, each with whether it tells of danger now
    files: Mapping[str, str]  # file name -> text, phrases left out: what a running deadline may be explained from later


def load_policy(path: Path | None = None) -> Policy:
    """Reads the directory; the shipped example when None. Raises BadFile naming file, line and cure."""
    home = path or SHIPPED
    head, leaves, limits, hours = (whole(read_source(home, name)) for name in FILES)
    head.only("name", "version", "effective_from", "timezone", "rules")
    timezone = head.read("timezone", _timezone, "写作 Asia/Shanghai")
    calendars = {key: _calendar(hours.table(key), timezone) for key in hours.raw}
    taxonomy = _taxonomy(leaves)
    phrase_files, alarm_files = sources(home), alarm_sources(home)
    return Policy(
        name=head.text("name"),
        version=head.text("version"),
        effective_from=head.get("effective_from", date),
        hash=_hash(home, [*FILES, *(source.name for source in (*phrase_files, *alarm_files))]),
        timezone=timezone,
        rules=_rules(head.table("rules"), taxonomy),
        taxonomy=taxonomy,
        sla=SlaPolicy(
            MappingProxyType(calendars),
            MappingProxyType(_promises(leaves, limits, taxonomy, calendars)),
            limits.table("telling").one_of("hours", list(calendars)),
        ),
        phrases=MappingProxyType(by_leaf(phrase_files, taxonomy)),
        alarms=alarms(alarm_files, taxonomy),
        files=MappingProxyType({name: (home / name).read_text(encoding="utf-8") for name in FILES}),
    )


def _hash(home: Path, names: Iterable[str]) -> str:
    content = hashlib.sha256()
    for name in sorted(names):
        content.update(f"{name}\n".encode() + (home / name).read_bytes() + b"\n")
    return content.hexdigest()


# --- the files ----------------------------------------------------------------------------------------------------------


def _rules(table: Table, taxonomy: Taxonomy) -> Rules:
    names = [field.name for field in fields(Rules) if field.type == "int"]
    table.only(*names, "unclassified_as", "supervision_number")
    for name in names:
        least, cure = (0, "写 0 或一个正整数") if name in MAY_BE_NONE else (1, "写一个正整数")
        if table.get(name, int) < least:
            raise table.bad(name, f"“{name}”须至少为 {least}", cure)
    if table.get("callback_percent", int) > 100:
        raise table.bad("callback_percent", "抽样比例不能超过 100", "写 0 到 100 的整数")
    if table.get("callback_days", int) > table.get("callback_attempts", int):
        raise table.bad("callback_days", "拨打的天数不能多于拨打的次数", "减少天数，或增加 callback_attempts")
    leaf = table.text("unclassified_as")
    if leaf not in taxonomy.leaves:
        raise table.bad("unclassified_as", f"没有类别“{leaf}”", "写 taxonomy.toml 中有的类别，如 C12")
    number = table.text("supervision_number")
    if number.count("{year}") != 1 or number.count("{n}") != 1 or number.count("{") != 2:
        raise table.bad("supervision_number", "督办单文号须各写一次 {year} 和 {n}", '写作 "公租督〔{year}〕{n}号"')
    return Rules(**{name: table.get(name, int) for name in names}, unclassified_as=leaf, supervision_number=number)


def _calendar(table: Table, timezone: str) -> WorkCalendar:
    table.only("name", "hours", "country", "days")
    name, hours, country = table.text("name"), table.raw.get("hours"), table.text("country", "") or None
    if country:
        table.read("country", published, "目前只有 CN")
    if isinstance(hours, dict):
        week = table.table("hours")
        week.only(*WEEKDAYS)
        for day in [day for day, value in hours.items() if value not in WEEKDAYS]:
            week.read(day, parse_intervals, '写作 [["08:30", "12:00"], ["14:00", "17:30"]]，不上班写 []')
    days = table.table("days") if "days" in table.raw else None
    if days is not None:
        for day in days.raw:
            days.read(day, partial(_single_day, day), '写作 "2026-02-14" = [["08:30", "12:00"]]')
    try:
        return WorkCalendar.build(name, timezone, hours, country, days.raw if days else None)
    except CalendarError as wrong:
        raise table.bad("hours", str(wrong), "至少写明一天的工作时间，或写 24x7") from wrong


def _single_day(day: str, hours: object) -> None:
    parse_days({day: hours})


def _timezone(value: str) -> str:
    return WorkCalendar.always(value).zone.key


def _taxonomy(top: Table) -> Taxonomy:
    top.only("precedence", "groups")
    groups, leaves = {}, {}
    for letter in top.table("groups").raw:
        group = top.table("groups").table(letter)
        group.only("name", "owner", "confidential", "evidence", "review", "leaves")
        groups[letter] = group.text("name")
        for code in group.table("leaves").raw:
            leaves[code] = _leaf(group, letter, code)
    precedence = top.get("precedence", list)
    if not all(isinstance(names, list) for names in precedence):
        raise top.bad("precedence", "先后次序的每一位应是一组类别", '写作 [["E"], ["R"], ["A", "B"]]')
    ranked = [name for names in precedence for name in names]
    for name in ranked:
        if not isinstance(name, str) or (name not in groups and name not in leaves) or ranked.count(name) > 1:
            raise top.bad("precedence", f"“{name}”不是类别，或排了两次", "每个大类排一次，个别小类可另排")
    for letter in groups:
        if letter not in ranked:
            raise top.bad("precedence", f"大类“{letter}”没有排入先后次序", f"把 {letter} 写入 precedence")
    return Taxonomy(MappingProxyType(groups), MappingProxyType(leaves), tuple(tuple(names) for names in precedence))


def _leaf(group: Table, letter: str, code: str) -> Leaf:
    said = group.table("leaves").table(code)
    said.only("name", "owner", "urgency", *TARGETS, "confidential", "evidence", "review", "refer", "first_action")
    if not re.fullmatch(rf"{letter}[0-9]{{2}}", code):
        raise group.table("leaves").bad(code, f"编号“{code}”不合规则", f"写作大类字母 {letter} 加两位数字")
    owner = Owner(group.one_of("owner", list(Owner)) if "owner" not in said.raw else said.one_of("owner", list(Owner)))
    if owner is not RESERVED.get(letter, owner):
        raise said.bad("owner", f"{code} 不能由 {owner} 负责：保留给政府的、涉承接主体的都不得派出", f"改为 {RESERVED[letter]}")
    if owner is Owner.ELSEWHERE and not said.text("refer", ""):
        raise said.bad(None, f"{code} 不归本热线，却没有写去向", '补上 refer = "…"')
    if owner is Owner.EMERGENCY and not said.text("first_action", ""):
        raise said.bad(None, f"{code} 是应急事项，却没有写先做什么", '补上 first_action = "…"')
    return Leaf(
        code,
        letter,
        said.text("name"),
        owner,
        said.one_of("urgency", URGENCIES),
        said.flag("confidential", group.flag("confidential", False)),
        said.text("refer", ""),
        said.text("first_action", ""),
        (said if "evidence" in said.raw else group).some_of("evidence", EVIDENCE, ()),
        said.flag("review", group.flag("review", False)),
    )


# --- limits and ladders -------------------------------------------------------------------------------------------------


def _promises(
    leaves: Table, limits: Table, taxonomy: Taxonomy, calendars: Mapping[str, WorkCalendar]
) -> dict[tuple[str, str], tuple[Target, ...]]:
    limits.only("owners", "targets", "telling", "urgency", "ladders")
    limits.table("telling").only("hours")
    ladders = {name: _ladder(limits.table("ladders"), name) for name in limits.table("ladders").raw}
    limits.table("urgency").only(*URGENCIES)
    limits.table("targets").only(*TARGETS)
    limits.table("owners").only(*Owner)
    owed = {owner: limits.table("owners").some_of(owner, TARGETS) for owner in Owner}
    found = {}
    for leaf in taxonomy.leaves.values():
        own = leaves.table("groups").table(leaf.group).table("leaves").table(leaf.code)
        for urgency in URGENCIES:
            found[leaf.code, urgency] = tuple(
                _target(limits, key, urgency, _limit(limits, own, leaf, key, urgency), ladders, calendars)
                for key in owed[leaf.owner]
                if leaf.group in limits.table("targets").table(key).some_of("groups", taxonomy.groups, taxonomy.groups)
            )
    _try_ladders(limits, found, calendars)
    return found


def _budget(value: object) -> Budget:
    return Budget.parse(str(value))


def _limit(limits: Table, own: Table, leaf: Leaf, key: str, urgency: str) -> Budget:
    """The leaf's own limit, or what the citizen is promised where that is said to be the same, or the urgency's usual one.

    For a ticket more urgent than its leaf usually is, the urgency's if that is stricter.
    """
    usual = limits.table("urgency").table(urgency).read(key, _budget, _HOW_LONG)
    named = next((name for name in (key, LIKE.get(key, key)) if name in own.raw), None)
    if named is None and key in ("contact", "resolve"):
        named = key  # refused with its line: no leaf goes without
    if named is None:
        return usual
    limit = own.read(named, _budget, _HOW_LONG)
    return limit.stricter(usual) if urgency < leaf.urgency else limit


def _target(
    limits: Table, key: str, urgency: str, budget: Budget, ladders: Mapping[str, Ladder], calendars: Mapping[str, WorkCalendar]
) -> Target:
    kind, level = limits.table("targets").table(key), limits.table("urgency").table(urgency)
    kind.only("name", "anchor", "party", "groups")
    level.only("name", "calendar", "pausable", "ladders", *TARGETS)
    level.table("ladders").only(*TARGETS)
    return Target(
        key=key,
        name=kind.text("name"),
        budget=budget,
        anchor=cast(Anchor, kind.one_of("anchor", get_args(Anchor))),
        party=cast(Party, kind.one_of("party", get_args(Party))),
        pausable=key in level.some_of("pausable", TARGETS),
        ladder=ladders[level.table("ladders").one_of(key, list(ladders))],
        calendar=level.one_of("calendar", list(calendars)),
    )


def _ladder(table: Table, name: str) -> Ladder:
    return tuple(_step(step) for step in table.tables(name))


def _step(table: Table) -> Step:
    table.only("key", "when", "action", "level", "tell", "repeat", "limit", "waits", "until")
    action = Action(table.one_of("action", list(Action)))
    level = table.one_of("level", ("", *LEVELS), "")
    if action is Action.ESCALATE and not level:
        raise table.bad(None, "升级步骤没有写级别", f"补上 level，可选：{'、'.join(LEVELS)}")
    limit = table.get("limit", int) if "limit" in table.raw else 1
    when, tell, repeat = table.text("when"), table.some_of("tell", TOLD), table.text("repeat", "")
    table.read("when", lambda _: Step("when", when, action), "写作 80%、-1h、0、+2h 或 +1wd")
    if repeat:
        table.read("repeat", _budget, "写作 30m、4wh 或 1d，并用 limit 写明总次数")
    waits, until = table.flag("waits", False), table.one_of("until", ("", ACKNOWLEDGED), "")
    try:
        return Step(table.text("key"), when, action, level, tell, repeat, limit, waits=waits, until=until)
    except CalendarError as wrong:
        raise table.bad("limit" if "limit" in table.raw else "repeat", str(wrong), '写作 repeat = "1d"、limit = 3') from wrong


def _try_ladders(
    limits: Table, promises: Mapping[tuple[str, str], tuple[Target, ...]], calendars: Mapping[str, WorkCalendar]
) -> None:
    """Refuses a ladder that cannot work with one of the limits it is used for."""
    tried = set()
    for (code, urgency), targets in promises.items():
        for target in targets:
            ladder = limits.table("urgency").table(urgency).table("ladders").text(target.key)
            if (ladder, target.budget, target.calendar) in tried:
                continue
            tried.add((ladder, target.budget, target.calendar))
            for finding in lint(target.ladder, target.budget, calendars[target.calendar]):
                place: Place = ("ladders", ladder, finding.place, finding.field)
                raise limits.source.bad(place, f"{finding.problem}（{code} {urgency} {target.name}）", finding.cure)
