"""The worker was down for days: the record is as if it had not been, and each recipient is told once what was missed."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import update
from sqlalchemy.event import listen
from sqlalchemy.exc import OperationalError

from app import digest
from app.store import holds
from app.store import tickets as store
from app.store import timers as timer_store
from app.tickets.lifecycle import BY_TIME, SYSTEM, Actor, State
from app.tickets.model import Timer
from app.tickets.post import OutboxRow, OutboxState
from app.timekeeping import end_holds, sweep
from app.worker import Worker
from tests.app.casework.stage import Stage
from tests.app.doors.street import outbox_rows, tickets, together
from tests.cast import MONDAY_MORNING, Cast, Curtain

pytestmark = pytest.mark.slow  # dozens of tickets each time: in `make test`, not in `make fast`

BACK = datetime.fromisoformat("2026-11-27T09:00:00+08:00")  # Friday; it went down on Monday at nine
TUESDAY = MONDAY_MORNING + timedelta(days=1)
UNTIL = datetime.fromisoformat("2026-11-25T10:00:00+08:00")  # when what is on hold was to go on


class Town:
    """Thirty-six tickets at every stage, of two contractors, of a purchaser and of the desk; sealed ones among them."""

    def __init__(self, cast: Cast) -> None:
        self.cast, self.stage = cast, Stage(cast)
        self.numbers: dict[str, list[str]] = {}
        for _ in range(4):
            self._add("received", self.stage.opens())
            self._add("dispatched", self._dispatched(self.stage.mender))
            self._add("of the other", self._dispatched(self.stage.other))
            self._add("in work", self.stage.brought_to(State.IN_PROGRESS))
            self._add("on hold", self._held())
            self._add("met meanwhile", self.stage.brought_to(State.IN_PROGRESS))
            self._add("taken back meanwhile", self._dispatched(self.stage.mender))
            self._add("resolved", self.stage.brought_to(State.RESOLVED))
            self._add("sealed", self.stage.opens("R01", review=False))
        cast.tick(seconds=11)
        self.before = len(cast.pigeons.sent)

    def _add(self, kind: str, number: str) -> None:
        self.numbers.setdefault(kind, []).append(number)

    def _dispatched(self, whom: Actor) -> str:
        number = self.stage.opens()
        self.stage.does(number, "dispatch", self.stage.agent, contractor=whom.org)
        return number

    def _held(self) -> str:
        number = self.stage.brought_to(State.IN_PROGRESS)
        for action, details in (("contact", {"text": "打过"}), ("arrive", {}), ("hold", {"reason": "等配件"})):
            self.stage.does(number, action, self.stage.mender, **{"until": UNTIL.isoformat(), **details})
        return number

    def goes_on_without_the_worker(self) -> None:
        """People work, the worker does not; then it is Friday."""
        self.cast.clock.set(TUESDAY + timedelta(hours=1))
        for number in self.numbers["met meanwhile"]:
            self.stage.does(number, "contact", self.stage.mender, text="打过电话")
            self.stage.does(number, "resolve", self.stage.mender, text="修好了")
        for number in self.numbers["taken back meanwhile"]:
            self.stage.does(number, "return", self.stage.agent, reason="没有签收")
        Worker(self.cast.hotline).deliver()  # what people did is told at once: another process delivers
        self.before = len(self.cast.pigeons.sent)
        self.cast.clock.set(BACK)

    def since(self) -> list[Any]:
        return self.cast.pigeons.sent[self.before :]


@pytest.fixture
def town(cast: Cast) -> Town:
    return Town(cast)


def timers(cast: Cast) -> list[Timer]:
    return [timer for ticket in tickets(cast.hotline) for timer in ticket.timers]


def rows(cast: Cast, state: OutboxState) -> list[OutboxRow]:
    return [row for row in outbox_rows(cast.hotline) if row.state is state]


def lapsed_by_now(cast: Cast, timer: Timer) -> bool:
    ended = min(end for end in (timer.stopped_at, timer.paused_at, cast.clock.now()) if end is not None)
    return timer.due_at < ended


def test_every_breach_is_dated_by_its_deadline_whoever_found_it(town: Town) -> None:
    town.goes_on_without_the_worker()
    town.cast.tick()
    everything = timers(town.cast)
    late = [timer for timer in everything if lapsed_by_now(town.cast, timer)]
    assert len(late) > 40
    assert [timer for timer in late if timer.breached_at != timer.due_at] == []
    assert [timer for timer in everything if timer.breached_at and timer not in late] == []
    for ticket in tickets(town.cast.hotline):
        steps = [event for event in town.cast.history(ticket.number).events if event.action == "breach"]
        assert all(event.at.isoformat() == event.details["due_at"] for event in steps)


def test_what_was_on_hold_went_on_by_its_end_and_is_judged_from_there(town: Town) -> None:
    town.goes_on_without_the_worker()
    town.cast.tick()
    for number in town.numbers["on hold"]:
        assert town.stage.ticket(number).state is State.IN_PROGRESS
        (resumed,) = [event for event in town.stage.events(number) if event.action == "resume"]
        assert (resumed.at, resumed.noticed_at) == (UNTIL, BACK)
        assert [held.ended_at for held in town.stage.holds(number)] == [UNTIL]


def test_each_recipient_is_told_once_and_not_in_a_burst(town: Town) -> None:
    """Dozens of steps were missed; four recipients get one notice each, and residents read only that work goes on."""
    town.goes_on_without_the_worker()
    town.cast.tick()
    missed = rows(town.cast, OutboxState.DIGESTED)
    assert len(missed) > 60
    told = Counter(notice.to for notice in town.since() if notice.text.startswith("【汇总】"))
    names = town.cast.names()
    assert set(told.values()) == {1}
    assert set(told) == {
        names.contractors[town.stage.mender.org],
        names.contractors[town.stage.other.org],
        names.purchasers[town.stage.ticket(town.numbers["received"][0]).purchaser_id or 0],
        *(names.purchasers[town.stage.ticket(number).purchaser_id or 0] for number in town.numbers["sealed"]),
        "热线坐席",
    }
    others = [notice for notice in town.since() if not notice.text.startswith("【汇总】")]
    resumed = {number: [n.text for n in others if number in n.text] for number in town.numbers["on hold"]}
    assert all(len(texts) == 1 and "已恢复办理" in texts[0] for texts in resumed.values())
    assert len(others) == len(resumed), "nothing else left, and nobody was reminded of what is long over"


def test_a_digest_names_what_is_still_to_be_done_by_its_reader_and_nothing_else(town: Town) -> None:
    town.goes_on_without_the_worker()
    town.cast.tick()
    named = {notice.to: notice.text for notice in town.since() if notice.text.startswith("【汇总】")}
    contractors = town.cast.names().contractors
    mender, other = (named[contractors[one.org]] for one in (town.stage.mender, town.stage.other))
    for number in town.numbers["dispatched"] + town.numbers["in work"]:
        assert number in mender and number not in other
    for number in town.numbers["of the other"]:
        assert number in other and number not in mender
    for kind in ("sealed", "met meanwhile", "taken back meanwhile", "received"):
        assert not [number for number in town.numbers[kind] if number in mender + other], kind
    assert "办结审核" not in mender + other
    assert {row.audience for row in rows(town.cast, OutboxState.DIGESTED) if "办结审核" in row.text} == {"desk", "supervisor"}


def test_catching_up_in_bites_there_is_no_digest_before_the_last(town: Town) -> None:
    town.goes_on_without_the_worker()
    hotline, bites = town.cast.hotline, 0
    while end_holds(hotline):
        pass
    while sweep(hotline, 9):
        with hotline.look() as tx:
            oldest = timer_store.oldest_due(tx.session)
        if oldest is None or oldest > BACK:
            break
        assert digest.tell_missed(hotline) == 0
        bites += 1
    assert bites > 10
    assert digest.tell_missed(hotline) >= 4
    assert digest.tell_missed(hotline) == 0
    assert rows(town.cast, OutboxState.HELD) == []


def test_what_was_on_hold_has_its_steps_in_the_same_digest(town: Town) -> None:
    """In a started worker each job has a thread of its own: the sweep may be through before the holds are."""
    town.goes_on_without_the_worker()
    hotline = town.cast.hotline
    while sweep(hotline):
        pass
    assert digest.tell_missed(hotline) == 0
    while end_holds(hotline) + sweep(hotline):
        pass
    assert digest.tell_missed(hotline) >= 4


def test_a_hold_that_cannot_be_ended_keeps_nobody_waiting_for_long(town: Town) -> None:
    town.goes_on_without_the_worker()
    held = [town.stage.ticket(number).id for number in town.numbers["on hold"]]
    with town.cast.hotline.tx() as tx:  # as a backup restored without its calendars would leave it
        tx.session.execute(update(Timer).where(Timer.ticket_id.in_(held), Timer.paused_at.is_not(None)).values(calendar="gone"))
    town.cast.tick()
    with town.cast.hotline.look() as tx:
        assert sorted(holds.over(tx.session, tx.now, 100)) == sorted(held)
    assert rows(town.cast, OutboxState.HELD) and not rows(town.cast, OutboxState.DIGESTED)
    town.cast.tick(minutes=10)
    assert rows(town.cast, OutboxState.DIGESTED) and not rows(town.cast, OutboxState.HELD)


def test_a_process_that_dies_before_the_digest_leaves_it_to_the_next(town: Town, raise_curtain: Curtain) -> None:
    town.goes_on_without_the_worker()
    while end_holds(town.cast.hotline) + sweep(town.cast.hotline):
        pass
    held = len(rows(town.cast, OutboxState.HELD))
    assert held > 60
    listen(town.cast.hotline.db.engine, "before_cursor_execute", _dies_with_the_first_digest)
    with pytest.raises(OperationalError):
        digest.tell_missed(town.cast.hotline)
    assert len(rows(town.cast, OutboxState.HELD)) == held, "nothing was marked as said"
    heir = raise_curtain(town.cast.hotline.settings.database_url)
    town.cast.clock.set(BACK)
    Worker(heir.hotline).tick()
    told = [notice for notice in heir.pigeons.sent if notice.text.startswith("【汇总】")]
    assert len(told) >= 4 and digest.tell_missed(heir.hotline) == 0


def _dies_with_the_first_digest(connection: object, cursor: object, statement: str, *rest: object) -> None:
    if statement.startswith("INSERT INTO outbox"):
        raise OperationalError(statement, {}, Exception("server closed the connection unexpectedly"))


def test_what_is_dealt_with_before_the_digest_is_not_in_it(town: Town) -> None:
    town.goes_on_without_the_worker()
    while end_holds(town.cast.hotline) + sweep(town.cast.hotline):
        pass
    done, extended, sealed, *_ = town.numbers["in work"]
    stage = town.stage
    stage.does(done, "resolve", stage.mender, text="修好了")
    stage.does(extended, "contact", stage.mender, text="打过")
    stage.does(extended, "arrive", stage.mender)
    stage.does(extended, "override", stage.supervisor, target="resolve", deadline="2026-12-10T17:30", reason="缺料")
    stage.does(extended, "override", stage.supervisor, target="finish", deadline="2026-12-10T17:30", reason="缺料")
    mended = stage.ticket(town.numbers["dispatched"][0]).id
    with town.cast.hotline.tx() as tx:
        store.by_number(tx.session, sealed, SYSTEM).sealed = True
        # By hand in the database, past every act: the digest looks for itself.
        tx.session.execute(update(Timer).where(Timer.ticket_id == mended).values(stopped_at=tx.now, next_at=None))
    Worker(town.cast.hotline).tick()
    named = {notice.to: notice.text for notice in town.since() if notice.text.startswith("【汇总】")}
    mender = named[town.cast.names().contractors[stage.mender.org]]
    assert not [number for number in (done, extended, sealed, town.numbers["dispatched"][0]) if number in mender]
    assert town.numbers["in work"][3] in mender
    said = {state: {row.ticket_id for row in rows(town.cast, state) if row.audience == "desk"} for state in OutboxState}
    assert stage.ticket(sealed).id in said[OutboxState.DIGESTED], "the desk goes on with it"
    assert stage.ticket(done).id in said[OutboxState.DROPPED] - said[OutboxState.DIGESTED]


def test_no_contractor_reads_a_name_or_a_number_in_a_digest(sqlite_cast: Cast) -> None:
    """A place that could not be found is what the resident wrote, and residents write whatever they like there."""
    stage = Stage(sqlite_cast)
    number = stage.opens(name="王秀兰")
    with sqlite_cast.hotline.tx() as tx:
        ticket = store.by_number(tx.session, number, SYSTEM)
        ticket.estate_id, ticket.place_text = None, "王秀兰家 13812345678"
    stage.does(number, "dispatch", stage.agent, contractor=stage.mender.org)
    sqlite_cast.tick(seconds=11)
    sqlite_cast.tick(days=3)
    (text,) = [t for t in sqlite_cast.pigeons.to(sqlite_cast.names().contractors[stage.mender.org]) if t.startswith("【汇总】")]
    assert number in text and "王秀兰" not in text and "13812345678" not in text
    (desk,) = [t for t in sqlite_cast.pigeons.to("热线坐席") if t.startswith("【汇总】")]
    assert "13812345678" in desk


def test_a_long_digest_is_cut_and_says_so_the_highest_first(sqlite_cast: Cast) -> None:
    stage = Stage(sqlite_cast)
    numbers = [stage.opens() for _ in range(digest.MOST + 5)]
    sqlite_cast.tick(seconds=11)
    urgent = stage.opens("C01")  # two hours
    sqlite_cast.tick(days=3)
    (text,) = [t for t in sqlite_cast.pigeons.to("热线坐席") if t.startswith("【汇总】")]
    lines = text.splitlines()
    assert urgent in lines[1] and len(lines) == digest.MOST + 2
    assert sum(number in text for number in numbers) == digest.MOST - 1
    late = sum(timer.breached_at is not None for timer in timers(sqlite_cast))
    assert f"涉及 {late} 项时限" in lines[0] and f"另有 {late - digest.MOST} 项" in lines[-1]


def test_a_step_noticed_in_time_is_told_at_once_and_by_itself(sqlite_cast: Cast) -> None:
    """Half an hour is what a restart may take; up to then nothing is held back."""
    stage = Stage(sqlite_cast)
    number = stage.brought_to(State.IN_PROGRESS)
    sqlite_cast.tick(seconds=11)
    due = stage.clock_of(number, "contact").due_at
    sqlite_cast.clock.set(due - timedelta(seconds=1))
    sqlite_cast.tick()
    before = len(rows(sqlite_cast, OutboxState.DIGESTED))
    sqlite_cast.tick(minutes=30, seconds=1)
    breach = next(event for event in stage.events(number) if event.action == "breach")
    assert {row.state for row in stage.notices(number) if row.event_id == breach.id} == {OutboxState.SENT}
    assert len(rows(sqlite_cast, OutboxState.DIGESTED)) == before


def test_residents_are_never_told_late_of_a_deadline(sqlite_cast: Cast) -> None:
    """A ladder that tells the resident says so while it matters; days later it would only be one more wrong."""
    stage = Stage(sqlite_cast)
    number = stage.opens()
    with sqlite_cast.hotline.tx() as tx:
        for timer in store.by_number(tx.session, number, SYSTEM).timers:
            timer.ladder = [{**step, "tell": ["resident"]} for step in timer.ladder]
    sqlite_cast.tick(seconds=11)
    before = len(sqlite_cast.pigeons.to("o-s"))
    sqlite_cast.tick(days=3)
    assert [event for event in stage.events(number) if event.action in BY_TIME]
    assert len(sqlite_cast.pigeons.to("o-s")) == before
    late = [row for row in stage.notices(number, "resident") if row.event_id and row.state is OutboxState.DROPPED]
    assert late and all(row.next_at is None and row.error for row in late)
    assert len(sqlite_cast.history(number).messages) == 1 + before, "nor does it stand in the conversation"


def test_two_workers_that_race_write_each_digest_once(raise_curtain: Curtain, postgres_url: str) -> None:
    here, there = raise_curtain(postgres_url), raise_curtain(postgres_url)
    town = Town(here)
    town.goes_on_without_the_worker()
    while end_holds(here.hotline) + sweep(here.hotline):
        pass
    held = len(rows(here, OutboxState.HELD))
    told = together(*[lambda one=one: digest.tell_missed(one.hotline) for one in (here, there)])
    assert sorted(told)[0] == 0 and sorted(told)[1] >= 4
    said = [row for row in outbox_rows(here.hotline) if row.key.startswith("digest:")]
    assert len(said) == max(told) == len({row.key for row in said})
    left = {state: len(rows(here, state)) for state in (OutboxState.HELD, OutboxState.DIGESTED, OutboxState.DROPPED)}
    assert left[OutboxState.HELD] == 0 and left[OutboxState.DIGESTED] <= held


def test_two_workers_that_come_back_together_leave_one_digest_each(raise_curtain: Curtain, postgres_url: str) -> None:
    """Both do everything a tick does, at once, until nothing is left."""
    here, there = raise_curtain(postgres_url), raise_curtain(postgres_url)
    town = Town(here)
    town.goes_on_without_the_worker()
    there.hotline.channels = here.hotline.channels
    together(*[lambda one=one: _three_ticks(one) for one in (here, there)])
    Worker(here.hotline).tick()
    told = Counter(notice.to for notice in town.since() if notice.text.startswith("【汇总】"))
    assert len(told) >= 4 and max(told.values()) == 1
    assert rows(here, OutboxState.HELD) == []


def _three_ticks(cast: Cast) -> None:
    for _ in range(3):
        Worker(cast.hotline).tick()
