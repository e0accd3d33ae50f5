"""Ladders in other words than the shipped ones: what waits for service, what does not, what an answer silences and what arms."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from app.policy import SHIPPED, Policy, load_policy
from app.tickets.lifecycle import BY_TIME, SYSTEM, Actor, State
from app.tickets.model import TicketEvent
from app.tickets.post import OutboxState
from app.timekeeping import sweep
from app.worker import Worker
from routing.classify import Model
from tests.app.casework.stage import Stage, raise_stage
from tests.cast import Cast
from tests.databases import SqliteFiles

LAMP = 'C06 = { name = "楼道照明", urgency = "U2", contact = "1wd", resolve = "3wd" }'


def at(text: str) -> datetime:
    """A local time in 2026."""
    return datetime.fromisoformat(f"2026-{text}:00+08:00")


@pytest.fixture(scope="module")
def other_policy(tmp_path_factory: pytest.TempPathFactory) -> Policy:
    """The shipped one, but a lamp is mended within 36 hours by the clock, and an alarm rings every seven minutes, four times."""
    home = tmp_path_factory.mktemp("policies") / "policy"
    shutil.copytree(SHIPPED, home)
    for name, old, new in (
        ("taxonomy.toml", LAMP, LAMP.replace('resolve = "3wd"', 'resolve = "36h"')),
        ("limits.toml", 'repeat = "5m"\nlimit = 6', 'repeat = "7m"\nlimit = 4'),
        ("limits.toml", 'when = "+30m"', 'when = "+20m"'),
    ):
        text = (home / name).read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{name} no longer says {old}"
        (home / name).write_text(text.replace(old, new), encoding="utf-8")
    return load_policy(home)


@pytest.fixture
def town(sqlite: SqliteFiles, other_policy: Policy, model: Model, tmp_path: Path) -> Iterator[Stage]:
    with raise_stage(sqlite.create(), other_policy, model, tmp_path) as stage:
        yield stage


@pytest.fixture
def shipped(sqlite_cast: Cast) -> Stage:
    return Stage(sqlite_cast)


def by_time(stage: Stage, number: str, target: str) -> list[TicketEvent]:
    return [e for e in stage.events(number) if e.action in BY_TIME and e.details["target"] == target]


def spoken(stage: Stage, number: str, target: str, until: datetime) -> list[tuple[str, datetime]]:
    """Ticks every half hour until then; each notice about this clock as it left, and when."""
    clock, heard, names = stage.cast.clock, [], {"resolve": "办结", "contact": "首次联系"}
    while clock.now() < until:
        before = len(stage.cast.pigeons.sent)
        stage.cast.tick(minutes=30)
        for notice in stage.cast.pigeons.sent[before:]:
            if number in notice.text and names[target] in notice.text and notice.text.startswith("【"):
                heard.append((notice.text[1:3], clock.now()))
    return heard


@pytest.mark.parametrize(
    ("opened", "lapses", "opening"),
    [
        ("11-24 09:00", "11-25 21:00", "11-26 08:30"),  # at night
        ("11-27 09:00", "11-28 21:00", "11-30 08:30"),  # on a Saturday
        ("09-30 09:00", "10-01 21:00", "10-08 08:30"),  # on the first of seven holidays
        ("02-12 09:00", "02-13 21:00", "02-14 08:30"),  # the Saturday after is worked
    ],
)
def test_what_lapses_outside_service_is_on_record_at_once_and_told_at_the_next_opening(
    town: Stage, opened: str, lapses: str, opening: str
) -> None:
    town.cast.clock.set(at(opened))
    number = town.opens()
    assert town.clock_of(number, "resolve").due_at == at(lapses)
    town.cast.clock.set(at(lapses) - timedelta(hours=1))
    Worker(town.cast.hotline).tick()
    heard = spoken(town, number, "resolve", at(opening))
    fact, word = by_time(town, number, "resolve")[-2:]
    assert (fact.action, fact.at, fact.noticed_at, fact.details["tell"]) == ("breach", at(lapses), at(lapses), [])
    assert (word.action, word.at, word.noticed_at) == ("remind", at(opening), at(opening))
    assert [one for one in heard if one[1] >= at(lapses)] == [("催办", at(opening))], "and once, whatever else had waited"
    assert town.clock_of(number, "resolve").breached_at == at(lapses)
    assert town.ticket(number).level == 1, "the level is a fact as well"


def test_a_reminder_that_falls_into_the_midday_break_waits_for_the_afternoon(town: Stage) -> None:
    town.cast.clock.set(at("11-24 09:00"))
    number = town.opens()  # four fifths of 36 hours: 13:48 on Wednesday
    heard = spoken(town, number, "resolve", at("11-25 15:00"))
    assert heard == [("催办", at("11-25 14:00"))]


def test_an_emergency_waits_for_nobody_to_come_to_work(town: Stage) -> None:
    town.cast.clock.set(at("11-28 23:00"))  # a Saturday night
    number = town.opens("E03", review=False)
    town.cast.tick(minutes=2)
    told = [notice.text for notice in town.cast.pigeons.sent if number in notice.text and notice.text.startswith("【超期】")]
    assert told and all("11月28日 23:02" in text for text in told)
    assert [event.at for event in by_time(town, number, "contact")] == [at("11-28 23:01"), at("11-28 23:02")]


def burning(stage: Stage) -> tuple[str, Actor]:
    """An emergency nobody has called about for ten minutes, whose alarm has rung once; and its contractor."""
    stage.cast.clock.set(at("11-28 23:00"))
    number = stage.opens("E03", review=False)
    for minute in (1, 1, 5):  # half way; the deadline; five minutes after
        stage.cast.tick(minutes=minute)
    assert [event.details["step"] for event in by_time(stage, number, "contact")] == ["half", "lapsed", "again"]
    return number, stage.cast.contractor(stage.cast.names().contractors[stage.ticket(number).contractor_id or 0])


def test_unanswered_the_alarm_rings_as_often_as_the_policy_says_and_is_escalated(town: Stage) -> None:
    number, _ = burning(town)
    town.cast.tick(minutes=20)
    town.cast.tick(hours=10)
    steps = [(event.details["step"], event.at) for event in by_time(town, number, "contact")][2:]
    assert steps == [
        ("again", at("11-28 23:07")),
        ("again", at("11-28 23:14")),
        ("again", at("11-28 23:21")),
        ("summon", at("11-28 23:22")),
        ("again", at("11-28 23:28")),
    ]


def test_an_answer_silences_what_goes_on_until_somebody_answers_and_no_escalation(town: Stage) -> None:
    """R17: acknowledged in the middle of the ladder."""
    number, firemen = burning(town)
    town.does(number, "acknowledge", firemen)
    town.cast.tick(minutes=20)
    assert [event.details["step"] for event in by_time(town, number, "contact")][3:] == ["summon"]
    assert town.ticket(number).level == 3
    clock = town.clock_of(number, "contact")
    assert (clock.stopped_at, clock.breached_at) == (None, at("11-28 23:02")), "to have read it is not to have called"


def test_what_already_waits_to_be_said_of_it_is_taken_back_and_the_breach_is_not(town: Stage) -> None:
    town.cast.clock.set(at("11-28 23:00"))
    number = town.opens("E03", review=False)
    town.cast.clock.set(at("11-28 23:07"))
    while sweep(town.cast.hotline):
        pass
    town.does(number, "acknowledge", town.agent)
    steps = {event.id: event.details["step"] for event in by_time(town, number, "contact")}
    states = {(steps[row.event_id], row.state) for row in town.notices(number) if row.event_id in steps}
    assert states == {
        ("half", OutboxState.WAITING),
        ("lapsed", OutboxState.WAITING),
        ("again", OutboxState.DROPPED),
    }


@pytest.mark.parametrize("deadline", ["11-28 23:30", "11-29 08:00"])
def test_a_new_deadline_arms_it_again(town: Stage, deadline: str) -> None:
    number, firemen = burning(town)
    town.does(number, "acknowledge", firemen)
    new = at(deadline)
    town.does(number, "override", town.supervisor, target="contact", deadline=new.isoformat(), reason="电话打不通，改派人上门")
    assert town.clock_of(number, "contact").acknowledged_at is None
    town.cast.clock.set(new + timedelta(minutes=5))
    while sweep(town.cast.hotline):
        pass
    steps = [(event.details["step"], event.at) for event in by_time(town, number, "contact")][3:]
    assert [step for step, _ in steps][-2:] == ["lapsed", "again"]
    assert [moment for _, moment in steps][-2:] == [new, new + timedelta(minutes=5)]


@pytest.mark.parametrize("late", [timedelta(0), timedelta(days=1)], ids=["waiting", "held for a digest"])
def test_met_it_is_not_said_any_more(shipped: Stage, late: timedelta) -> None:
    number = shipped.brought_to(State.IN_PROGRESS)
    shipped.cast.tick(seconds=11)
    shipped.cast.clock.set(shipped.clock_of(number, "contact").due_at + late)
    while sweep(shipped.cast.hotline):
        pass
    steps = {event.id for target in ("contact", "reach") for event in by_time(shipped, number, target)}
    before = [row.state for row in shipped.notices(number) if row.event_id in steps]
    assert before and OutboxState.DROPPED not in before
    assert (OutboxState.HELD in before) or not late
    shipped.does(number, "contact", shipped.mender, text="打过电话")
    rows = [row for row in shipped.notices(number) if row.event_id in steps]
    assert {(row.state, row.next_at) for row in rows} == {(OutboxState.DROPPED, None)}
    sent = len(shipped.cast.pigeons.sent)
    Worker(shipped.cast.hotline).tick()
    told = [notice.text for notice in shipped.cast.pigeons.sent[sent:]]
    assert not [text for text in told if "首次联系" in text or "承办联系" in text]


@pytest.mark.parametrize(("before", "left"), [(timedelta(hours=2), set()), (timedelta(0), {"resolve", "finish"})])
def test_what_had_lapsed_before_a_hold_is_still_said_and_what_had_not_is_not(
    shipped: Stage, before: timedelta, left: set[str]
) -> None:
    number = shipped.brought_to(State.IN_PROGRESS)
    shipped.cast.tick(seconds=11)
    due = shipped.clock_of(number, "resolve").due_at
    shipped.cast.clock.set(due - before)
    while sweep(shipped.cast.hotline):
        pass
    shipped.does(number, "hold", shipped.mender, reason="等配件", until=(due + timedelta(days=5)).isoformat())
    events = {event.id: event.details["target"] for event in shipped.events(number) if event.action in BY_TIME}
    rows = [(events[row.event_id], row.state) for row in shipped.notices(number) if row.event_id in events]
    assert {target for target, _ in rows} >= {"finish", "contact"}
    unsaid = {target for target, state in rows if state is not OutboxState.DROPPED}
    assert unsaid & {"resolve", "finish"} == left
    assert ("contact", OutboxState.DROPPED) not in rows and ("reach", OutboxState.DROPPED) not in rows


def test_a_recount_that_moves_nothing_takes_nothing_back(shipped: Stage) -> None:
    """The calendar of another year changed: what is late stays late, and its digest is still written."""
    number = shipped.brought_to(State.IN_PROGRESS)
    shipped.cast.tick(seconds=11)
    shipped.cast.tick(days=1, hours=8)
    shipped.cast.clock.advance(timedelta(days=1))
    while sweep(shipped.cast.hotline):
        pass
    held = [row.id for row in shipped.notices(number) if row.state is OutboxState.HELD]
    version = shipped.clock_of(number, "contact").calendar
    shipped.does(number, "recount", SYSTEM, calendar={"from": version, "to": version})
    assert [row.id for row in shipped.notices(number) if row.state is OutboxState.HELD] == held != []
