"""Hot issues 热点问题: where many people complain of one thing: who, how many flats, since when, how it grows, and why it is hot.

1 cells     complaints of one estate and one leaf; where nobody knows the estate, of one leaf
2 causes    a cell whose leaf is broad, or whose place nobody knows, is parted by its words: routing/causes.py
3 heat      every person once, the less the longer ago; a neighbour of the same flat, likes and urgency by what they are worth
4 kind      爆发 when lately far more people than the cell's own past lets expect; 长期 when it goes on for many weeks
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from routing.causes import groups
from routing.duplicates import ENOUGH, Weights

SAID = 300  # characters of a text that are compared: title and beginning tell the cause better than all of it
LEAST = 0.5  # people that a span of time lets expect at least: out of nothing two are no burst
WEEK = timedelta(days=7)
_DAY = timedelta(days=1)
Cell = tuple[str, str]  # estate, leaf


class Kind(StrEnum):
    """How an issue goes on."""

    BURST = "burst"
    CHRONIC = "chronic"
    GATHERED = "gathered"  # several people, neither of the two

    @property
    def words(self) -> str:
        return {"burst": "爆发", "chronic": "长期", "gathered": "聚集"}[self.value]


@dataclass(frozen=True, slots=True)
class Rules:
    """What makes an issue hot. Local settings: app/policy/hotspots.toml says of each what it does."""

    window_days: int = 180
    people: int = 3
    half_life_days: float = 21.0  # 0: however long ago counts the same
    flatmate: float = 0.5
    again: float = 0.5
    urgent: Mapping[str, float] = field(default_factory=lambda: {"U0": 1.0, "U1": 0.5})
    likes: float = 0.5
    burst_days: int = 7
    burst_people: int = 3
    burst_times: float = 3.0
    burst_chance: float = 0.01
    chronic_weeks: int = 6
    broad: frozenset[str] = frozenset()  # leaves, or whole groups by their letter
    never: frozenset[str] = frozenset()
    alike: float = 0.12
    alike_anywhere: float = 0.18
    shown: int = 30


@dataclass(frozen=True, slots=True)
class Observation:
    """One complaint as far as it is counted.

    ``estate``: as the register knows it, else ""; ``place``: the words for the place where it knows none. ``person`` and
    ``dwelling``: any sign that is the same for the same, "" where nobody knows. ``words``: how many messages it is; ``last``:
    when the last of them came. ``again``: this person has complained anew. ``names``: words for the estate, which tell no cause.
    """

    ref: str
    at: datetime
    text: str = ""
    estate: str = ""
    place: str = ""
    leaf: str = ""
    group: str = ""
    person: str = ""
    dwelling: str = ""
    words: int = 1
    last: datetime | None = None
    again: bool = False
    likes: int = 0
    urgency: str = ""
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class HotIssue:
    """One issue. ``again``, ``urgent``: people who complained anew, or of something urgent; ``recent``: people lately, of whom
    there were ``expected`` on average in as long before; ``weeks``: people in each week of the window, the oldest first;
    ``refs``: the complaints, in order; ``reasons``: in Chinese, for whoever looks."""

    estate: str
    place: str
    leaf: str
    kind: Kind
    heat: float
    first: datetime
    last: datetime
    people: int
    flats: int
    messages: int
    again: int
    urgent: int
    likes: int
    recent: int
    expected: float
    weeks: tuple[int, ...]
    refs: tuple[str, ...]
    reasons: tuple[str, ...] = ()


def hot_issues(seen: Iterable[Observation], now: datetime, rules: Rules, weights: Weights) -> list[HotIssue]:
    """The heat list: the hottest first, ``rules.shown`` at most. Of what is older than the window, or of the future, nothing."""
    since = now - timedelta(days=rules.window_days)
    cells: dict[Cell, list[Observation]] = defaultdict(list)
    for one in sorted(seen, key=lambda one: (one.at, one.ref)):
        if since <= one.at <= now and one.leaf not in rules.never:
            cells[one.estate, one.leaf].append(one)
    begin = min((told[0].at for told in cells.values()), default=since)
    found = []
    for cell in sorted(cells):
        told = cells[cell]
        if len(_people(told)) < rules.people:
            continue
        for members in _causes(cell, told, rules, weights):
            if len(_people(members)) >= rules.people:
                found.append(_issue(members, told, now, begin, rules))
    return sorted(found, key=lambda issue: (-issue.heat, -issue.people, issue.refs))[: rules.shown]


def _people(told: Iterable[Observation]) -> set[str]:
    """Who complains. All of whom nobody knows anything are one: nobody makes an issue hot by not saying who they are."""
    return {one.person for one in told}


def _causes(cell: Cell, told: Sequence[Observation], rules: Rules, weights: Weights) -> list[list[Observation]]:
    """A cell by causes. Where the estate is known, its name says nothing; where it is not, names tell places apart."""
    estate, leaf = cell
    broad = not leaf or leaf in rules.broad or told[0].group in rules.broad
    if estate and not broad:
        return [list(told)]
    vectors = [weights.vector(one.text[:SAID], one.names if estate else ()) for one in told]
    if estate:
        parted = groups(vectors, rules.alike)
    else:
        parted = groups(vectors, rules.alike_anywhere, ENOUGH, [one.place for one in told])
    return [[told[i] for i in members] for members in parted]


def _issue(members: Sequence[Observation], cell: Sequence[Observation], now: datetime, begin: datetime, rules: Rules) -> HotIssue:
    recent, expected, chance = _lately(members, cell, now, begin, rules)
    weeks = _weeks(members, now, rules)
    burst = recent >= rules.burst_people and chance < rules.burst_chance and recent >= rules.burst_times * max(LEAST, expected)
    chronic = _weeks_told(members, now) >= rules.chronic_weeks
    issue = HotIssue(
        estate=members[0].estate,
        place=_usual(one.place for one in members),
        leaf=members[0].leaf,
        kind=Kind.BURST if burst else Kind.CHRONIC if chronic else Kind.GATHERED,
        heat=_heat(members, now, rules),
        first=members[0].at,
        last=max(one.last or one.at for one in members),
        people=len(_people(members)),
        flats=len({one.dwelling for one in members if one.dwelling}),
        messages=sum(one.words for one in members),
        again=len(_anew(members)),
        urgent=len({one.person for one in members if rules.urgent.get(one.urgency)}),
        likes=sum(one.likes for one in members),
        recent=recent,
        expected=expected,
        weeks=weeks,
        refs=tuple(one.ref for one in members),
    )
    return replace(issue, reasons=_reasons(issue, burst, chronic, rules))


def _anew(members: Iterable[Observation]) -> set[str]:
    """Who has complained again: said so on the same matter, or with another complaint a day or more after the first."""
    first: dict[str, datetime] = {}
    again = set()
    for one in members:
        if one.again or one.at - first.setdefault(one.person, one.at) >= _DAY:
            again.add(one.person)
    return again


def _usual(places: Iterable[str]) -> str:
    counted = Counter(place for place in places if place)
    return min(counted, key=lambda place: (-counted[place], place)) if counted else ""


def _heat(members: Sequence[Observation], now: datetime, rules: Rules) -> float:
    """Σ over people of what each is worth × 0.5^(age ÷ half-life), the age of their last word; and likes, by their logarithm.

    A person is worth 1, or ``flatmate`` where somebody of the same flat is counted already; more for having complained anew and
    for urgency. Messages do not count.
    """
    last: dict[str, datetime] = {}
    worth: dict[str, float] = {}
    urgent: dict[str, float] = {}
    flats: set[str] = set()
    for one in members:
        who, said = one.person, one.last or one.at
        last[who] = max(last.get(who, said), said)
        worth.setdefault(who, rules.flatmate if one.dwelling and one.dwelling in flats else 1.0)
        urgent[who] = max(urgent.get(who, 0.0), rules.urgent.get(one.urgency, 0.0))
        flats |= {one.dwelling} if one.dwelling else set()
    for who in _anew(members):
        worth[who] += rules.again
    heat = sum((worth[who] + urgent[who]) * _fresh(last[who], now, rules) for who in worth)
    likes = max(0, sum(one.likes for one in members))
    return round(heat + rules.likes * math.log1p(likes) * _fresh(max(last.values()), now, rules), 2)


def _fresh(at: datetime, now: datetime, rules: Rules) -> float:
    age = max(0.0, (now - at) / _DAY)
    return float(0.5 ** (age / rules.half_life_days)) if rules.half_life_days else 1.0


def _lately(
    members: Sequence[Observation], cell: Sequence[Observation], now: datetime, begin: datetime, rules: Rules
) -> tuple[int, float, float]:
    """How many people lately, how many the cell's own past lets expect in as long, and how likely that many are by chance.

    The past is that of the whole cell, of every cause in it: rather a burst too few than one that is only a usual week. It counts
    each person once in each span of that length. By chance at least half a person is expected, whatever the past.
    """
    span = timedelta(days=rules.burst_days)
    recent = len(_people(one for one in members if one.at > now - span))
    past = {(one.person, (now - one.at) // span) for one in cell if one.at <= now - span}
    spans = max(1.0, (now - span - begin) / span)
    expected = len(past) / spans
    return recent, expected, _at_least(recent, max(LEAST, expected))


def _at_least(number: int, expected: float) -> float:
    """The chance of that many or more under Poisson's law."""
    below, term = 0.0, math.exp(-expected)
    for k in range(number):
        below += term
        term *= expected / (k + 1)
    return max(0.0, 1.0 - below)


def _weeks_told(members: Sequence[Observation], now: datetime) -> int:
    """In how many weeks somebody complained, of each person their first and their last: one who writes every week is not many."""
    told: dict[str, list[int]] = defaultdict(list)
    for one in members:
        told[one.person].append((now - one.at) // WEEK)
    return len({week for weeks in told.values() for week in (weeks[0], weeks[-1])})


def _weeks(members: Sequence[Observation], now: datetime, rules: Rules) -> tuple[int, ...]:
    number = math.ceil(rules.window_days / 7)
    counted = Counter(week for _, week in {(one.person, (now - one.at) // WEEK) for one in members})
    return tuple(counted[week] for week in range(number - 1, -1, -1))


def _reasons(issue: HotIssue, burst: bool, chronic: bool, rules: Rules) -> tuple[str, ...]:
    flats = f"、{issue.flats} 户" if issue.flats else ""
    said = [f"{issue.people} 人{flats}反映，共 {issue.messages} 次"]
    if burst:
        before = f"以往同样长的时间平均约 {issue.expected:.1f} 人" if issue.expected else "以往没有"
        said.append(f"最近 {rules.burst_days} 天 {issue.recent} 人，{before}")
    if chronic:
        said.append(f"分布在 {sum(number > 0 for number in issue.weeks)} 个星期里")
    if issue.again:
        said.append(f"{issue.again} 人再次反映或催办")
    if issue.urgent:
        said.append(f"{issue.urgent} 人反映的属紧急以上")
    if issue.likes:
        said.append(f"附议 {issue.likes} 次")
    return tuple(said)
