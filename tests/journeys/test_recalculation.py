"""R01 to R20: what other systems got wrong when a calendar, a policy or a clock changed, and what happens here.

The table with the reasons where ours differs by design: app/docs/decisions/0009-recalculation.md.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update
from sqlalchemy.event import listen, remove

from app.errors import BadFile
from app.policy import SHIPPED, load_policy
from app.tickets.lifecycle import BY_TIME, SYSTEM, State
from app.tickets.model import TicketEvent, Timer
from app.tickets.post import OutboxState
from app.timekeeping import sweep
from app.worker import Worker
from tests.app.casework.stage import Stage
from tests.app.doors.proclaimed import CHRISTMAS, SLOW, TEN_DAYS, TEN_DAYS_UNDER_NOTICE, fields, imports
from tests.cast import Cast, Curtain
from tests.databases import Prepare, SqliteFiles

LAMP = "C06"  # 楼道照明, ordinary: contact in a working day, resolved within three


@pytest.fixture
def stage(sqlite_cast: Cast) -> Stage:
    return Stage(sqlite_cast)


def by_time(stage: Stage, number: str, target: str = "") -> list[TicketEvent]:
    """What the clocks did to a ticket."""
    return [e for e in stage.events(number) if e.action in BY_TIME and target in ("", e.details["target"])]


def passes(stage: Stage, **time: float) -> None:
    """Time passes, and whoever sweeps has swept."""
    stage.cast.clock.advance(timedelta(**time))
    while sweep(stage.cast.hotline):
        pass


def test_a_changed_calendar_moves_open_deadlines_and_no_closed_ticket(stage: Stage) -> None:
    """R01."""
    stage.cast.clock.set(CHRISTMAS)
    opened, closed = stage.opens(SLOW), stage.brought_to(State.CLOSED)
    before = fields(stage, closed)
    assert stage.clock_of(opened, "resolve").due_at == TEN_DAYS
    imports(stage.cast.hotline)
    assert stage.clock_of(opened, "resolve").due_at == TEN_DAYS_UNDER_NOTICE
    assert fields(stage, closed) == before


def test_no_policy_can_be_switched_off_under_a_running_clock_but_a_supervisor_ends_its_escalation(stage: Stage) -> None:
    """R02: a promise is frozen; it is taken back one ticket at a time, by somebody who signs for it."""
    number = stage.brought_to(State.DISPATCHED)
    passes(stage, days=8)
    assert stage.ticket(number).level >= 2
    for target in ("resolve", "contact", "reach", "arrive", "finish", "accept"):
        details = {"target": target, "deadline": "2027-03-01T17:30", "reason": "停电改造期间统一顺延"}
        stage.does(number, "override", stage.supervisor, **details)
    assert stage.ticket(number).level == 0
    told = len(by_time(stage, number))
    passes(stage, days=30)
    assert len(by_time(stage, number)) == told, "no notice and no step until the new deadlines come near"


def test_a_sync_that_changes_nothing_touches_no_row(stage: Stage) -> None:
    """R03."""
    stage.cast.clock.set(CHRISTMAS)
    number = stage.opens(SLOW)
    imports(stage.cast.hotline)
    before = fields(stage, number)
    stage.cast.clock.advance(timedelta(hours=1))
    imports(stage.cast.hotline)
    Worker(stage.cast.hotline).recount()
    assert fields(stage, number) == before


def test_a_category_with_fewer_clocks_ends_those_it_does_not_have(stage: Stage) -> None:
    """R04: dispatched as a repair, taken back, found to be a matter of rent policy: nobody has to accept or to arrive."""
    number = stage.brought_to(State.DISPATCHED)
    stage.does(number, "return", stage.agent, reason="不是维修")
    stage.does(number, "classify", stage.agent, leaf="G05", urgency="U3")
    stage.does(number, "refer", stage.agent, purchaser=next(iter(stage.cast.names().purchasers)))
    assert {t.target for t in stage.ticket(number).timers if t.stopped_at is None} == {"contact", "resolve"}
    passes(stage, days=60)
    assert {event.details["target"] for event in by_time(stage, number)} <= {"contact", "resolve"}


def test_until_the_first_contact_its_own_deadline_governs_however_often_the_resident_writes(stage: Stage) -> None:
    """R05."""
    number = stage.brought_to(State.DISPATCHED)
    contact = stage.clock_of(number, "contact").due_at
    for _ in range(3):
        stage.cast.clock.advance(timedelta(minutes=20))
        stage.does(number, "append", stage.resident(number), text="还没有人来")
    assert "respond" not in {timer.target for timer in stage.ticket(number).timers}
    assert stage.clock_of(number, "contact").due_at == contact


def test_when_the_house_spoke_last_nothing_is_owed(stage: Stage) -> None:
    """R06."""
    number = stage.brought_to(State.IN_PROGRESS)
    stage.does(number, "contact", stage.mender, text="下午到")
    stage.does(number, "append", stage.resident(number), text="几点")
    assert stage.clock_of(number, "respond").stopped_at is None
    stage.does(number, "progress", stage.mender, text="三点")
    assert stage.clock_of(number, "respond").stopped_at is not None
    assert "respond" not in {t.target for t in stage.ticket(number).timers if t.stopped_at is None}


def test_a_word_counts_the_same_whichever_way_it_came(stage: Stage) -> None:
    """R07: by WeChat, through the page, or told to an agent."""
    for by in ("resident", "agent", "system"):
        number = stage.brought_to(State.IN_PROGRESS)
        stage.does(number, "contact", stage.mender, text="下午到")
        actor = {"resident": stage.resident(number), "agent": stage.agent, "system": SYSTEM}[by]
        stage.does(number, "append", actor, text="还在漏")
        assert stage.clock_of(number, "respond").started_at == stage.cast.clock.now(), by


def test_a_merged_ticket_never_escalates(stage: Stage) -> None:
    """R08."""
    number = stage.brought_to(State.MERGED)
    passes(stage, days=60)
    assert by_time(stage, number) == []


def test_a_pause_is_kept_when_the_promise_changes(stage: Stage) -> None:
    """R09: three days on hold count for the limits of the new category too."""
    plain, held = stage.brought_to(State.IN_PROGRESS), stage.brought_to(State.IN_PROGRESS)
    stage.does(held, "hold", stage.mender, reason="等配件", until="2026-11-26T09:00")
    stage.cast.clock.advance(timedelta(days=3))
    stage.does(held, "resume", stage.mender)
    for number in (plain, held):
        stage.does(number, "return", stage.agent, reason="重新研判")
        stage.does(number, "classify", stage.agent, leaf=SLOW, urgency="U2")
    kept, without = stage.clock_of(held, "resolve"), stage.clock_of(plain, "resolve")
    assert kept.held == timedelta(hours=21), "three working days of seven hours"
    assert kept.due_at - without.due_at == timedelta(days=3)


def test_what_the_machine_does_never_counts_as_somebody_having_taken_care(stage: Stage) -> None:
    """R10."""
    number = stage.brought_to(State.DISPATCHED)
    passes(stage, days=20)
    assert len(by_time(stage, number)) > 10
    assert all(t.stopped_at is None for t in stage.ticket(number).timers)


def test_who_writes_too_much_is_still_promised_an_answer(stage: Stage) -> None:
    """R11: there is no blocking of senders here, so there is nothing whose end would have to bring clocks back."""
    number = stage.opens(LAMP)
    for _ in range(30):
        stage.does(number, "append", stage.resident(number), text="催催催")
    assert {t.target for t in stage.ticket(number).timers if t.stopped_at is None} == {"contact", "resolve"}


def test_resolved_with_the_resident_speaking_last_no_answer_is_owed_any_more(stage: Stage) -> None:
    """R12."""
    number = stage.brought_to(State.IN_PROGRESS)
    stage.does(number, "contact", stage.mender, text="来了")
    stage.does(number, "append", stage.resident(number), text="快一点")
    stage.does(number, "resolve", stage.mender, text="换好了")
    assert {t.target for t in stage.ticket(number).timers if t.stopped_at is None} == {"review"}


def test_a_limit_left_out_is_refused_and_never_filled_in_by_a_general_one(tmp_path: Path) -> None:
    """R13."""
    shutil.copytree(SHIPPED, tmp_path / "policy")
    taxonomy = tmp_path / "policy" / "taxonomy.toml"
    whole = taxonomy.read_text(encoding="utf-8")
    line = next(line for line in whole.splitlines() if line.startswith("C06 "))
    taxonomy.write_text(whole.replace(line, line.replace(', resolve = "3wd"', "")), encoding="utf-8")
    with pytest.raises(BadFile, match="缺少“resolve”") as refused:
        load_policy(tmp_path / "policy")
    assert (refused.value.file, refused.value.line) == ("taxonomy.toml", whole.splitlines().index(line) + 1)


def test_two_workers_on_one_breach_write_it_once_and_tell_each_once(stage: Stage) -> None:
    """R14. With real processes: test_many_workers.py."""
    number = stage.brought_to(State.DISPATCHED)
    stage.cast.clock.set(stage.clock_of(number, "accept").due_at)
    workers = [Worker(stage.cast.hotline) for _ in range(2)]
    for _ in range(2):
        for worker in workers:
            worker.sweep()
    breaches = [event for event in by_time(stage, number, "accept") if event.action == "breach"]
    assert len(breaches) == 1
    audiences = [row.audience for row in stage.notices(number) if row.event_id == breaches[0].id]
    assert sorted(audiences) == ["contractor", "desk"]


def test_a_worker_that_dies_between_the_change_and_the_notice_loses_no_notice(stage: Stage) -> None:
    """R15: the notice is a row of the same transaction. With kill -9: test_killed.py."""
    number = stage.brought_to(State.DISPATCHED)
    stage.cast.clock.set(stage.clock_of(number, "accept").due_at)
    assert sweep(stage.cast.hotline) > 0  # and here it dies: nothing is delivered
    waiting = [row for row in stage.notices(number, "desk") if row.state is OutboxState.WAITING]
    assert waiting
    Worker(stage.cast.hotline).tick()  # another life
    assert {row.state for row in stage.notices(number, "desk")} == {OutboxState.SENT}


@pytest.fixture
def at_any_hour(raise_curtain: Curtain, sqlite: SqliteFiles, city: Prepare, tmp_path: Path) -> Callable[[], Stage]:
    """A hotline where acceptance is limited by the clock and reminders wait for service hours; called again, it has restarted."""
    shutil.copytree(SHIPPED, tmp_path / "policy")
    limits = tmp_path / "policy" / "limits.toml"
    text = limits.read_text(encoding="utf-8")
    told = 'tell = ["contractor", "desk"]'
    text = text.replace('accept = "4wh"', 'accept = "6h"').replace(told, f"{told}\nwaits = true")
    limits.write_text(text, encoding="utf-8")
    changed, url = load_policy(tmp_path / "policy"), sqlite.create(city)

    def live() -> Stage:
        now = raise_curtain(url)
        now.hotline.policy = changed
        return Stage(now)

    return live


def test_a_step_that_waits_for_service_hours_is_told_at_the_opening_also_after_a_restart(
    at_any_hour: Callable[[], Stage],
) -> None:
    """R16."""
    stage = at_any_hour()
    stage.cast.clock.advance(timedelta(hours=8, minutes=15))  # 17:15 where the city is: due at 23:15
    now = stage.cast.clock.now()
    number = stage.brought_to(State.DISPATCHED)
    due = stage.clock_of(number, "accept").due_at
    assert due == now + timedelta(hours=6)
    stage.cast.clock.set(due)
    while sweep(stage.cast.hotline):
        pass
    assert [e.at for e in by_time(stage, number, "accept") if e.action == "breach"] == [due], "the fact waits for nobody"
    assert "lapsed.told" not in {e.details["step"] for e in by_time(stage, number, "accept")}
    again = at_any_hour()  # the process has died, and another one is started in the night
    opening = due + timedelta(hours=9, minutes=15)
    again.cast.clock.set(opening - timedelta(seconds=1))
    while sweep(again.cast.hotline):
        pass
    assert "lapsed.told" not in {e.details["step"] for e in by_time(again, number, "accept")}
    again.cast.clock.set(opening)
    while sweep(again.cast.hotline):
        pass
    assert [e.at for e in by_time(again, number, "accept") if e.details["step"] == "lapsed.told"] == [opening]


def test_an_acknowledgement_ends_the_repeats_and_takes_back_what_was_not_yet_said(stage: Stage) -> None:
    """R17."""
    number = stage.brought_to(State.DISPATCHED)
    stage.does(number, "alarm", SYSTEM, codes=["E03"])
    passes(stage, minutes=8)  # two minutes to call; the bell has rung again since
    ringing = [e for e in by_time(stage, number, "contact") if e.details["step"] == "again"]
    assert ringing and {r.state for r in stage.notices(number) if r.event_id == ringing[-1].id} == {OutboxState.WAITING}
    stage.does(number, "acknowledge", stage.supervisor)
    assert {r.state for r in stage.notices(number) if r.event_id == ringing[-1].id} == {OutboxState.DROPPED}
    passes(stage, hours=3)
    steps = [e.details["step"] for e in by_time(stage, number, "contact")]
    assert steps.count("again") == len(ringing), "nobody rings on once somebody has answered"
    assert "summon" in steps, "and the escalation goes on all the same"


def test_a_clock_that_cannot_be_counted_is_parked_and_alarmed_and_the_others_go_on(stage: Stage) -> None:
    """R18."""
    bad, good = stage.brought_to(State.DISPATCHED), stage.brought_to(State.DISPATCHED)
    with stage.cast.hotline.tx() as tx:
        broken = update(Timer).where(Timer.id == stage.clock_of(bad, "accept").id)
        tx.session.execute(broken.values(ladder=[{"key": "x", "nonsense": 1}]))
    passes(stage, days=3)
    assert stage.clock_of(bad, "accept").parked_at is not None
    assert [e.action for e in by_time(stage, good, "accept")][:2] == ["remind", "breach"]
    assert by_time(stage, bad, "contact")


def test_each_changed_deadline_may_remind_once_on_the_same_day(stage: Stage) -> None:
    """R19."""
    number = stage.brought_to(State.DISPATCHED)
    for minutes in (10, 20, 30):
        deadline = (stage.cast.clock.now() + timedelta(minutes=minutes)).isoformat()
        stage.does(number, "override", stage.supervisor, target="contact", deadline=deadline, reason="按诉求人要求")
        passes(stage, minutes=minutes)
        passes(stage, minutes=1)
    lapsed = [e for e in by_time(stage, number, "contact") if e.action == "breach"]
    assert len(lapsed) == len({e.cause for e in lapsed}) == 3
    assert [e.cause and e.cause.rsplit(":", 1)[1] for e in lapsed] == ["v2", "v3", "v4"]


def test_a_shorter_limit_in_the_policy_leaves_the_promise_as_it_was_given(stage: Stage, tmp_path: Path) -> None:
    """R20: the deadline stays and keeps the policy it was promised under; tests/app/casework/test_replay.py shows the reason."""
    number = stage.opens(LAMP)
    promised = stage.clock_of(number, "resolve")
    shutil.copytree(SHIPPED, tmp_path / "policy")
    taxonomy = tmp_path / "policy" / "taxonomy.toml"
    text = taxonomy.read_text(encoding="utf-8")
    line = next(line for line in text.splitlines() if line.startswith("C06 "))
    taxonomy.write_text(text.replace(line, line.replace('resolve = "3wd"', 'resolve = "1wd"')), encoding="utf-8")
    stage.cast.hotline.policy = load_policy(tmp_path / "policy")
    passes(stage, hours=1)
    after = stage.clock_of(number, "resolve")
    assert (after.due_at, after.budget, after.policy) == (promised.due_at, "3wd", promised.policy)
    assert stage.cast.hotline.policy.hash != promised.policy


def test_the_sweep_reads_no_calendar(stage: Stage) -> None:
    """What none of the twenty says and all of them need: a step fires by what stands in its row."""
    number = stage.brought_to(State.DISPATCHED)
    asked: list[str] = []

    def watch(connection: object, cursor: object, statement: str, *rest: object) -> None:
        asked.append(statement)

    engine = stage.cast.hotline.db.engine
    listen(engine, "before_cursor_execute", watch)
    passes(stage, days=3)
    remove(engine, "before_cursor_execute", watch)
    assert by_time(stage, number) and asked
    assert [statement for statement in asked if "calendar_version" in statement or "holiday_notice" in statement] == []
