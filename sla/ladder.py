"""The escalation ladder: which rung is climbed when, who is told, and how it is frozen into a running clock.

A step is data. It says what should happen; whoever runs the clocks acts on it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Any

from sla.budget import Budget, CalendarError, Unit
from sla.calendar import WorkCalendar

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
TICK = timedelta(microseconds=1)
NOTHING = timedelta(0)
_WHEN = re.compile(r"(?P<percent>[0-9]{1,3})%|0|(?P<sign>[+-])(?P<offset>[0-9]+[a-z]+)")


class Action(StrEnum):
    """What a rung does."""

    REMIND = "remind"  # before or after the deadline: say so again
    BREACH = "breach"  # the deadline has lapsed: a fact, written down once
    ESCALATE = "escalate"  # one level up


ACKNOWLEDGED = "acknowledged"
TOLD_LATER = ".told"  # ends the key of a rung that says, once there is service, what another rung wrote down at night


@dataclass(frozen=True, slots=True)
class Step:
    """One rung.

    ``when``: "80%" of the budget, or an offset from the deadline: "-1h", "0", "+2h", "+1wd". Minutes and hours run on the
    calendar the budget itself is counted on, so "-1h" of "3wd" is one working hour before; ``wm`` and ``wh`` always are
    working time; ``wd`` ends with that day's working hours; ``d`` is the same time of day. ``level``: 催办, 督办 or 约谈, empty
    for a reminder without one. ``tell``: role names. ``repeat``: again after that long, ``limit`` times in all; ``turn`` says
    which of these a rung of a running clock is. ``waits``: outside service hours it waits for the next opening; a breach is a
    fact and never waits, only the telling of it does. ``until`` "acknowledged": left out once somebody has answered. ``at``:
    when, as planned for a running clock. Raises CalendarError for a ``when`` or ``repeat`` it cannot read.
    """

    key: str
    when: str
    action: Action
    level: str = ""
    tell: tuple[str, ...] = ()
    repeat: str = ""
    limit: int = 1
    turn: int = 1
    waits: bool = False
    until: str = ""
    at: datetime | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "action", Action(self.action))
        object.__setattr__(self, "tell", tuple(self.tell))
        if self.repeat:
            Budget.parse(self.repeat)
        if self.limit < 1 or bool(self.repeat) != (self.limit > 1):
            raise CalendarError(f"步骤“{self.key}”的 repeat 与 limit 须成对给出，limit 为总次数，至少 2")
        if self.until not in ("", ACKNOWLEDGED):
            raise CalendarError(f"步骤“{self.key}”的 until 只能写 {ACKNOWLEDGED}")
        _when(self.when)

    @property
    def percent(self) -> int | None:
        return _when(self.when)[0]

    @property
    def offset(self) -> tuple[int, Budget] | None:
        """(+1 or -1, how far) from the deadline; None for the deadline itself, and for a percentage."""
        return _when(self.when)[1]


@lru_cache(maxsize=1024)
def _when(text: str) -> tuple[int | None, tuple[int, Budget] | None]:
    """A percentage, or an offset, or neither for the deadline itself. Raises CalendarError."""
    found = _WHEN.fullmatch(text)
    if found is None:
        raise CalendarError(f"时点“{text}”无法识别，应写作 80%、-1h、0、+2h 或 +1wd")
    if found["percent"]:
        return int(found["percent"]), None
    return None, (1 if found["sign"] == "+" else -1, Budget.parse(found["offset"])) if found["sign"] else None


Ladder = tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Promise:
    """What a rung's time is reckoned from: a budget, its deadline, and the time of the budget's kind between start and
    deadline, pauses left out."""

    budget: Budget
    due_at: datetime
    total: timedelta


def planned(step: Step, promise: Promise, calendar: WorkCalendar, hours: WorkCalendar | None = None) -> datetime:
    """When this rung is due. ``hours``: the service hours that waiting steps wait for; ``calendar`` itself when None.

    Raises BeyondCalendar.
    """
    at = _first_turn(step, promise, calendar)
    if step.turn > 1:
        again = Budget.parse(step.repeat)
        at = _shift(at, 1, replace(again, amount=again.amount * (step.turn - 1)), promise.budget, calendar)
    return opening(hours or calendar, at) if step.waits and step.action is not Action.BREACH else at


def opening(hours: WorkCalendar, at: datetime) -> datetime:
    """``at`` itself while there is service, the moment of closing included; else when it opens next."""
    if hours.endless or hours.between(at - TICK, at) > NOTHING:
        return at
    return hours.add(at, TICK).at - TICK


def _first_turn(step: Step, promise: Promise, calendar: WorkCalendar) -> datetime:
    if step.percent is not None:
        left = promise.total * (100 - step.percent) / 100
        return calendar.counted_on(promise.budget).offset(promise.due_at, -left).at
    if step.offset is None:
        return promise.due_at
    sign, far = step.offset
    return _shift(promise.due_at, sign, far, promise.budget, calendar)


def _shift(at: datetime, sign: int, far: Budget, kind: Budget, calendar: WorkCalendar) -> datetime:
    if far.unit is Unit.WORKING_DAYS:
        return calendar.add_days(at, sign * far.amount).at
    if far.unit is Unit.DAYS:
        return calendar.later_days(at, sign * far.amount)
    walked = calendar if far.in_working_time else calendar.counted_on(kind)
    return walked.offset(at, sign * far.length).at


def lay_out(
    ladder: Iterable[Step], promise: Promise, calendar: WorkCalendar, since: datetime, hours: WorkCalendar | None = None
) -> Ladder:
    """The rungs of one running clock, each with its time: repeats spread out, in the order of their times, those before
    ``since`` left out. A breach outside service hours that waits is two rungs: the fact at the deadline, the telling later."""
    turns = [replace(step, turn=turn) if turn > 1 else step for step in ladder for turn in range(1, step.limit + 1)]
    rungs = [rung for step in turns for rung in _parts(step, promise, hours or calendar)]
    return in_order(rung for rung in timed(rungs, promise, calendar, hours) if rung.at and rung.at >= since)


def timed(rungs: Iterable[Step], promise: Promise, calendar: WorkCalendar, hours: WorkCalendar | None = None) -> tuple[Step, ...]:
    """The rungs with their times as the promise now has them."""
    return tuple(replace(rung, at=planned(rung, promise, calendar, hours).astimezone(UTC)) for rung in rungs)


def in_order(rungs: Iterable[Step]) -> Ladder:
    """Sorted by time; of two at the same moment the one written first is the first."""
    return tuple(sorted(rungs, key=lambda rung: rung.at or EPOCH))


def _parts(step: Step, promise: Promise, hours: WorkCalendar) -> tuple[Step, ...]:
    """The step itself; a breach that falls outside service hours and waits, as a fact and a word about it."""
    if not (step.waits and step.action is Action.BREACH and step.tell) or opening(hours, promise.due_at) == promise.due_at:
        return (step,)
    word = replace(step, key=step.key + TOLD_LATER, action=Action.REMIND)
    return replace(step, tell=(), waits=False), word


def to_json(ladder: Iterable[Step]) -> list[dict[str, Any]]:
    """Plain data, for a column or a file; what has its default is left out."""
    return [_plain(step) for step in ladder]


_USUAL = [(field.name, field.default) for field in fields(Step)]


def _plain(step: Step) -> dict[str, Any]:
    said = {name: value for name, usual in _USUAL if (value := getattr(step, name)) != usual}
    said["action"] = str(step.action)
    if step.tell:
        said["tell"] = list(step.tell)
    if step.at is not None:
        said["at"] = step.at.isoformat()
    return said


def from_json(rows: Sequence[Mapping[str, Any]]) -> Ladder:
    """The inverse of ``to_json``. Raises CalendarError for a step that cannot be read, TypeError for an unknown field."""
    return tuple(from_row(row) for row in rows)


def from_row(row: Mapping[str, Any]) -> Step:
    """One step of ``from_json``."""
    return Step(**{**row, "at": datetime.fromisoformat(row["at"])}) if "at" in row else Step(**row)


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong with a ladder: the step's place in it and which of its fields, what, and what to do."""

    place: int
    field: str
    problem: str
    cure: str


def lint(ladder: Sequence[Step], budget: Budget, calendar: WorkCalendar) -> tuple[Finding, ...]:
    """What can never work as written: a step planned before the clock has even started, whatever the day; a key used twice;
    no step that records the breach, or several, or one that is not at the deadline; a step that tells nobody anything."""
    found = []
    keys = [step.key for step in ladder]
    for place, step in enumerate(ladder):
        if step.key in keys[:place]:
            found.append(Finding(place, "key", f"步骤“{step.key}”重复", "改用另一个 key"))
        if not _reachable(step, budget, calendar):
            found.append(
                Finding(
                    place,
                    "when",
                    f"步骤“{step.key}”（{step.when}）早于计时开始，永远不会发生",
                    f"时限只有 {budget}，请改为更接近到期的时点",
                )
            )
        if step.action is not Action.BREACH and not step.tell:
            found.append(Finding(place, "tell", f"步骤“{step.key}”谁也不告知，不起作用", "在 tell 里写明告知谁，或删去这一步"))
        if step.action is Action.BREACH and step.until:
            found.append(Finding(place, "until", f"超期步骤“{step.key}”是事实，不能因为有人知悉就不记", "去掉 until"))
        if step.action is Action.BREACH and (step.when != "0" or step.repeat):
            found.append(Finding(place, "when", f"超期步骤“{step.key}”须正好在到期时发生一次", '写作 when = "0"，去掉 repeat'))
    breaches = [place for place, step in enumerate(ladder) if step.action is Action.BREACH]
    if len(breaches) != 1:
        found.append(
            Finding(breaches[1] if breaches else 0, "action", "须有且只有一个超期步骤", '保留一个 action = "breach"、when = "0"')
        )
    return tuple(found)


def _reachable(step: Step, budget: Budget, calendar: WorkCalendar) -> bool:
    """Tried from the first minute of every day of a fortnight without holidays, which leaves a step all the room there is."""
    for day in range(14):
        start = datetime.combine(date(2025, 3, 3) + timedelta(days=day), datetime.min.time(), calendar.zone)
        if planned(step, promise_of(budget, calendar, start), calendar) >= start:
            return True
    return False


def promise_of(budget: Budget, calendar: WorkCalendar, start: datetime) -> Promise:
    """A fresh promise, no pauses yet."""
    due_at = calendar.due(start, budget).at
    return Promise(budget, due_at, calendar.counted_on(budget).between(start, due_at))
