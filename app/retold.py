"""An explanation put for its readers: cards of words for people, plain data for programs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.explain import Deadline, Explained
from app.tickets import prose
from app.tickets.prose import DayWords
from app.tickets.reckoning import How
from app.tickets.story import Fired, Line, Pause
from sla.daybook import Day

TONES: Mapping[How, str] = {
    How.MET: "green",
    How.RUNNING: "green",
    How.LATE: "red",
    How.OVERDUE: "red",
    How.STOOD_LATE: "red",
    How.PAUSED: "grey",
    How.CANCELLED: "grey",
}


@dataclass(frozen=True, slots=True)
class Row:
    """A change, or a step: when, what, by whom or whom it told, and whether the record of then comes out again."""

    at: str
    what: str
    by: str
    due: str  # of a change: the deadline after it; of a step: when it was noticed
    verdict: str
    wrong: bool


@dataclass(frozen=True, slots=True)
class Card:
    """One deadline in words. ``marks``: what is special about it; ``note``: what the policy of today would promise."""

    n: int
    target: str
    name: str
    whose: str
    due: str
    marks: str
    tone: str
    result: str
    limit: str
    leaf: str
    standard: str
    calendar: str
    note: str
    over: bool
    cancelled: bool
    agrees: bool
    changes: list[Row]
    days: list[DayWords]
    steps: list[Row]


def card(explained: Explained, one: Deadline, note: str = "") -> Card:
    clock, reckoned, spelling = one.of, one.of.reckoned, one.spelling
    turn = int(clock.start.get("round", 1))
    whose = [prose.PARTIES.get(clock.party, clock.party), one.owed_by, f"第 {turn} 轮" if turn > 1 else ""]
    marks = ["" if reckoned.follows else "由人决定，不由时限推算", "放假安排待公布，可能再变" if reckoned.provisional else ""]
    return Card(
        n=clock.n,
        target=clock.target,
        name=clock.name,
        whose="，".join(word for word in whose if word),
        due=spelling.whole(reckoned.due_at),
        marks="；".join(word for word in marks if word),
        tone=TONES[one.result.how] if one.result else "grey",
        result=prose.standing(clock, one.result, spelling),
        limit=prose.limit(reckoned.budget),
        leaf=one.leaf,
        standard=one.standard.words,
        calendar=f"{one.calendar or '没有存档'}（版本 {reckoned.calendar}）",
        note=note,
        over=reckoned.stopped_at is not None,
        cancelled=reckoned.cancelled,
        agrees=one.agrees,
        changes=[_change(explained, one, line) for line in clock.lines],
        days=[prose.day(day, reckoned.budget, one.pauses, spelling) for day in one.days],
        steps=[_step(one, fired) for fired in clock.fired],
    )


def _change(explained: Explained, one: Deadline, line: Line) -> Row:
    what = prose.change(line, one.of, one.spelling, explained.received_at)
    verdict = prose.verdict(line, one.spelling)
    return Row(one.spelling.moment(line.at), what, line.by, one.spelling.moment(line.due), verdict, bool(line.faults))


def _step(one: Deadline, fired: Fired) -> Row:
    noticed, verdict = prose.noticed(fired, one.spelling), prose.step_verdict(fired, one.spelling)
    return Row(one.spelling.moment(fired.at), prose.step(fired), prose.told(fired), noticed, verdict, bool(fired.faults))


def agreement(explained: Explained) -> str:
    """Whether all that was recorded comes out again, in one sentence."""
    if not explained.agrees:
        wrong = "、".join(dict.fromkeys(one.of.name for one in explained.deadlines if not one.agrees))
        return f"【不一致】{wrong}：当时的记录与重算的结果不同，见标明的各行"
    if not explained.checked:
        return "能重算的都与当时的记录一致；有日历没有存档，相关各行无法验算"
    return "重算结果与当时的记录全部一致" if explained.deadlines else "没有可以重算的时限"


def unwritten(explained: Explained) -> str:
    """A sentence about the clocks of which nothing can be said, if there are any."""
    return f"另有 {explained.unwritten} 项时限早于时限台账启用，没有记录可以重算" if explained.unwritten else ""


# --- as data ------------------------------------------------------------------------------------------------------------


def as_data(explained: Explained, notes: Mapping[int, str]) -> dict[str, Any]:
    """Plain data for programs; moments in UTC, lengths in seconds. ``notes``: what ``today`` said, by the place of the clock."""
    return {
        "number": explained.number,
        "at": prose.utc(explained.at),
        "agrees": explained.agrees,
        "checked": explained.checked,
        "unwritten": explained.unwritten,
        "clocks": [_clock_data(explained, one, notes.get(one.of.n, "")) for one in explained.deadlines],
    }


def _clock_data(explained: Explained, one: Deadline, note: str) -> dict[str, Any]:
    clock, reckoned, standard = one.of, one.of.reckoned, one.standard
    found = one.result
    return {
        **{"n": clock.n, "target": clock.target, "name": clock.name, "party": clock.party, "owed_by": one.owed_by},
        **{"round": clock.start.get("round", 1), "leaf": clock.start.get("leaf"), "urgency": clock.start.get("urgency")},
        **{"budget": str(reckoned.budget), "pausable": reckoned.pausable, "follows": reckoned.follows},
        **{"version": reckoned.version, "provisional": reckoned.provisional, "cancelled": reckoned.cancelled},
        **{
            name: prose.utc(getattr(reckoned, name))
            for name in ("started_at", "due_at", "paused_at", "stopped_at", "breached_at", "acknowledged_at")
        },
        "held_seconds": reckoned.held.total_seconds(),
        "agrees": one.agrees,
        "checked": clock.checked,
        "calendar": {"version": reckoned.calendar, "name": one.calendar},
        "policy": {
            "hash": standard.hash,
            "name": standard.name,
            "version": standard.version,
            "effective_from": standard.effective_from.isoformat() if standard.effective_from else None,
        },
        "lines": [_line_data(explained, one, line) for line in clock.lines],
        "days": [_day_data(one, day) for day in one.days],
        "steps": [_step_data(one, fired) for fired in clock.fired],
        "result": {
            "how": str(found.how) if found else "",
            "used_seconds": found.used.total_seconds() if found else None,
            "left_seconds": found.left.total_seconds() if found else None,
            "over_seconds": found.over.total_seconds() if found else None,
            "words": prose.standing(clock, found, one.spelling),
        },
        "today": note,
    }


def _line_data(explained: Explained, one: Deadline, line: Line) -> dict[str, Any]:
    return {
        "at": prose.utc(line.at),
        "action": line.action,
        "op": line.op,
        "by": line.by,
        "reason": line.reason,
        "was": prose.utc(line.was),
        "due_at": prose.utc(line.due),
        "recorded_due_at": prose.utc(line.recorded),
        "version": line.version,
        "calendar": line.calendar,
        "agrees": not line.faults,
        "faults": list(line.faults),
        "unkept": line.unkept,
        "words": prose.change(line, one.of, one.spelling, explained.received_at),
    }


def _day_data(one: Deadline, day: Day) -> dict[str, Any]:
    return {
        "first": day.first.isoformat(),
        "last": day.last.isoformat(),
        "kind": str(day.kind),
        "name": day.name,
        "settled": day.settled,
        "number": day.number,
        "extra": day.extra,
        "hours": [[begin.isoformat(), end.isoformat()] for begin, end, _ in day.stretches],
        "counted_seconds": day.counted.total_seconds(),
        "total_seconds": day.total.total_seconds(),
        "cuts": [_cut_data(cut.since, cut.until, cut.length.total_seconds(), one.pauses[cut.pause]) for cut in day.cuts],
    }


def _cut_data(since: datetime, until: datetime, seconds: float, pause: Pause) -> dict[str, Any]:
    return {"from": prose.utc(since), "to": prose.utc(until), "seconds": seconds, "reason": pause.reason, "by": pause.by}


def _step_data(one: Deadline, fired: Fired) -> dict[str, Any]:
    return {
        "at": prose.utc(fired.at),
        "noticed_at": prose.utc(fired.noticed_at),
        "action": fired.action,
        "level": fired.level,
        "told": list(fired.told),
        "by": fired.by,
        "due_at": prose.utc(fired.due),
        "agrees": not fired.faults,
        "words": prose.step(fired),
    }
