"""Whatever happened to a ticket, its log alone gives the deadlines that its rows have, then and years later."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some
from sqlalchemy import delete

from app.cli.deadlines import told
from app.explain import Explained, explain
from app.policy import SHIPPED, load_policy
from app.register import calendars
from app.register.model import CalendarVersion, HolidayNotice
from app.register.organisations import touch
from app.store import tickets as store
from app.tickets.lifecycle import SYSTEM, State
from app.tickets.model import Timer
from app.tickets.replay import replay
from app.tickets.story import Story
from sla.schedule import published
from tests.app.casework.chance import ends, faults, lives
from tests.app.casework.stage import Stage
from tests.cast import MONDAY_MORNING

SAME = (
    "due_at",
    "held",
    "breached_at",
    "stopped_at",
    "version",
    "cancelled",
    "started_at",
    "calendar",
    "provisional",
)


def story_of(stage: Stage, number: str) -> Story:
    with stage.cast.hotline.look() as tx:
        ticket = store.by_number(tx.session, number, SYSTEM)
        return replay(store.history(tx.session, ticket).events, partial(calendars.kept, tx.session))


def explained(stage: Stage, number: str) -> Explained:
    """As of its last event."""
    last = story_of(stage, number).last_at
    assert last is not None
    with stage.cast.hotline.look() as tx:
        return explain(tx, store.by_number(tx.session, number, SYSTEM), last)


def text_of(stage: Stage, number: str) -> str:
    return "\n".join(told(explained(stage, number), {}))


@pytest.mark.thorough
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(chance=some.randoms(use_true_random=False))
def test_the_log_gives_the_rows(sqlite_stage: Stage, chance: Random) -> None:
    sqlite_stage.cast.clock.set(MONDAY_MORNING)
    number = lives(sqlite_stage, chance, acts=chance.randint(3, 25))
    story, timers = story_of(sqlite_stage, number), sqlite_stage.ticket(number).timers
    assert [clock.n for clock in story.clocks] == list(range(len(timers)))
    for clock, timer in zip(story.clocks, timers, strict=True):
        reckoned = {name: getattr(clock.reckoned, name) for name in SAME}
        assert reckoned == {name: getattr(timer, name) for name in SAME}, (clock.name, clock.lines)
        assert (clock.target, clock.party, clock.contractor_id) == (timer.target, timer.party, timer.contractor_id)
    assert story.agrees and not story.unwritten
    assert all(clock.checked for clock in story.clocks)
    _days_add_up(explained(sqlite_stage, number))
    assert faults(sqlite_stage, number) == []
    ends(sqlite_stage, number)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_a_long_life_leaves_a_ticket_sound(stage: Stage, seed: int) -> None:
    number = lives(stage, Random(seed), acts=40)
    story = story_of(stage, number)
    assert faults(stage, number) == [] and story.agrees and not story.unwritten
    assert len({event.action for event in stage.events(number)}) > 8, "an eventful one"
    ends(stage, number)


def _days_add_up(of: Explained) -> None:
    """To the limit, where nothing but limit and pauses made the deadline."""
    for one in of.deadlines:
        clock = one.of.reckoned
        recounted = any(line.op == "%" for line in one.of.lines)
        if not one.days or not clock.follows or clock.paused_at is not None or recounted:
            continue
        if clock.budget.in_days:
            assert max(day.number for day in one.days) == clock.budget.amount
        else:
            assert one.days[-1].total == clock.budget.length


@pytest.mark.thorough
def test_years_later_the_same_words_come_out(own_stage: Stage, tmp_path: Path) -> None:
    stage = own_stage
    numbers = [lives(stage, Random(seed), acts=20) for seed in range(8)]
    before = {number: text_of(stage, number) for number in numbers}
    assert sum("挂起" in text for text in before.values()) >= 3, "the lives are eventful"
    _years_pass(stage, tmp_path / "policy")
    assert {number: text_of(stage, number) for number in numbers} == before
    assert all(explained(stage, number).agrees for number in numbers)


def _years_pass(stage: Stage, folder: Path) -> None:
    """Another policy, other holidays, no clocks any more, and a program that remembers nothing."""
    folder.mkdir()
    for file in SHIPPED.glob("*.toml"):
        text = file.read_text(encoding="utf-8").replace('"1wd"', '"9wd"').replace('"08:30"', '"10:30"').replace("楼道照明", "灯")
        (folder / file.name).write_text(text.replace('"2026.1"', '"2031.1"'), encoding="utf-8")
    hotline = stage.cast.hotline
    hotline.policy = replace(load_policy(folder), phrases=hotline.policy.phrases)
    year = published("CN")
    off = {MONDAY_MORNING.date() + timedelta(days=far): "新假" for far in range(5)}
    changed = replace(year, off=off, work={}, years={2026: "另一份通知"}, fixed={}, likely={})
    with hotline.tx() as tx:
        tx.session.add(HolidayNotice(country="CN", year=2026, notice="另一份通知", content=changed.content(), imported_at=tx.now))
        tx.session.execute(delete(Timer))
        touch(tx.session)
    calendars._KEPT.clear()
    stage.cast.clock.set(MONDAY_MORNING + timedelta(days=5 * 365))


def test_a_ticket_that_is_over_is_told_the_same_whenever_one_asks(sqlite_stage: Stage) -> None:
    number = sqlite_stage.brought_to(State.CLOSED)
    with sqlite_stage.cast.hotline.look() as tx:
        ticket = store.by_number(tx.session, number, SYSTEM)
        now, later = (list(told(explain(tx, ticket, tx.now + timedelta(days=far)), {})) for far in (0, 4000))
    assert now == later


def test_without_its_calendar_a_deadline_cannot_be_checked_and_says_so(own_stage: Stage) -> None:
    number = own_stage.brought_to(State.ON_HOLD)
    with own_stage.cast.hotline.tx() as tx:
        tx.session.execute(delete(CalendarVersion))
    calendars._KEPT.clear()
    text = text_of(own_stage, number)
    assert "没有存档" in text and "无法验算" in text and "一致 " not in text.splitlines()[1]
    assert "【不一致】" not in text
