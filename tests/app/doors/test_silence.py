"""What was resolved and nobody answers is closed one day; the silence is no praise, no breach, and no promise to anybody."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from app import aftercare, timekeeping
from app.casework import act
from app.store import board, silence
from app.store import tickets as store
from app.store import timers as timer_store
from app.tickets.lifecycle import SYSTEM, Role, State
from app.tickets.model import TicketEvent
from app.worker import Worker
from tests import proof
from tests.app.doors.street import together
from tests.cast import Cast

LAMP = "石桥新居5栋1单元101 楼道灯坏了"


def resolved(cast: Cast, sender: str = "o-chen") -> str:
    """A ticket whose lamp is mended; its number."""
    number = cast.writes(LAMP, sender).number
    mender = cast.contractor(cast.names().contractors[cast.ticket(number).contractor_id or 0])
    for action, details in (("accept", {"eta": "下午"}), ("resolve", {"text": "换了灯"})):
        with cast.hotline.tx() as tx:
            proof.done(tx, store.by_number(tx.session, number, SYSTEM), action, mender, details)
    with cast.hotline.tx() as tx:
        act(tx, store.by_number(tx.session, number, SYSTEM), "approve", cast.agent())
    return number


def closings(cast: Cast, number: str) -> list[TicketEvent]:
    return [event for event in cast.history(number).events if event.action == "close"]


def allowed(cast: Cast) -> timedelta:
    return timedelta(days=cast.hotline.policy.rules.auto_close_days)


def test_a_resolution_that_nobody_answers_is_closed_when_its_days_are_full_and_not_before(cast: Cast) -> None:
    number, done = resolved(cast), cast.clock.now()
    cast.clock.set(done + allowed(cast) - timedelta(seconds=1))
    cast.tick()
    assert cast.ticket(number).state is State.RESOLVED
    cast.tick(seconds=1)
    assert cast.ticket(number).state is State.CLOSED
    (event,) = closings(cast, number)
    assert (event.by_role, event.at, event.details["why"]) == (Role.SYSTEM, done + allowed(cast), "办结后7天无人回应")
    assert cast.history(number).ratings == [], "silence is not praise"


def test_a_worker_that_slept_dates_it_by_the_day_the_silence_was_full(cast: Cast) -> None:
    number, done = resolved(cast), cast.clock.now()
    cast.tick(days=30)
    cast.tick(days=1)
    (event,) = closings(cast, number)
    assert (event.at, event.noticed_at) == (done + allowed(cast), done + timedelta(days=30))
    assert cast.ticket(number).closed_at == event.at


def test_whoever_speaks_up_is_not_silent(cast: Cast) -> None:
    number = resolved(cast)
    cast.clock.advance(allowed(cast) - timedelta(hours=1))
    cast.writes(f"{number} 灯又一闪一闪的")
    spoke = cast.clock.now()
    cast.tick(hours=2)
    assert cast.ticket(number).state is State.RESOLVED
    cast.tick(days=30)
    assert [event.at for event in closings(cast, number)] == [spoke + allowed(cast)]


@pytest.mark.parametrize("word", ["5", "未解决"])
def test_what_was_answered_is_not_closed_by_silence(cast: Cast, word: str) -> None:
    number = resolved(cast)
    cast.writes(f"{word} {number}")
    cast.tick(days=30)
    assert [event for event in closings(cast, number) if event.by_role is Role.SYSTEM] == []


def test_silence_is_nowhere_overdue(sqlite_cast: Cast) -> None:
    number = resolved(sqlite_cast)
    later = sqlite_cast.clock.advance(timedelta(days=8))
    with sqlite_cast.hotline.look() as tx:
        lapsing = timer_store.lapsing(tx.session, later, later + timedelta(days=30))
        assert lapsing == []
        drawn = board.Now(later, later, later + timedelta(days=1))
        counts = board.count(tx.session, SYSTEM, drawn, ["overdue", "soon", "due_today", "resolved"])
    assert counts == {"overdue": 0, "soon": 0, "due_today": 0, "resolved": 1}
    sqlite_cast.tick()
    assert [event.action for event in sqlite_cast.history(number).events][-1] == "close"
    late = [event.details["target"] for event in sqlite_cast.history(number).events if event.action == "breach"]
    assert late == []


def test_the_resident_may_still_speak_up_after_silence_has_closed_it(cast: Cast) -> None:
    number = resolved(cast)
    cast.tick(days=8)
    assert cast.ticket(number).state is State.CLOSED
    assert "将重新办理" in cast.writes(f"未解决 {number}").text
    assert cast.ticket(number).state is State.IN_PROGRESS


def test_of_two_workers_one_closes(cast: Cast) -> None:
    numbers = [resolved(cast, f"o-{order}") for order in range(3)]
    cast.clock.advance(timedelta(days=8))
    aftercare.draw_calls(cast.hotline)
    closed = together(*[lambda: timekeeping.close_silent(cast.hotline)] * 2)
    assert sum(closed) == 3
    assert [len(closings(cast, number)) for number in numbers] == [1, 1, 1]


def test_whoever_speaks_up_at_the_last_moment_is_heard(sqlite_cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the look at what is silent and the act on it."""
    number, answered = resolved(sqlite_cast, "o-1"), resolved(sqlite_cast, "o-2")
    sqlite_cast.writes(f"5 {answered}", "o-2")
    seen = [sqlite_cast.ticket(one).id for one in (number, answered)]
    monkeypatch.setattr(silence, "silent_since", lambda *asked: seen)
    assert timekeeping.close_silent(sqlite_cast.hotline) == 0
    assert sqlite_cast.ticket(number).state is State.RESOLVED


def test_one_that_cannot_be_closed_keeps_no_other_open(sqlite_cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    bad, good = resolved(sqlite_cast, "o-1"), resolved(sqlite_cast, "o-2")
    sqlite_cast.clock.advance(timedelta(days=8))

    def breaks(tx: object, ticket: object, *rest: object, at: datetime, cause: str) -> TicketEvent:
        if getattr(ticket, "number", "") == bad:
            raise ArithmeticError("the spell")
        return act(tx, ticket, *rest, at=at, cause=cause)  # type: ignore[arg-type]

    monkeypatch.setattr("app.timekeeping.act", breaks)
    Worker(sqlite_cast.hotline).draw_calls()
    Worker(sqlite_cast.hotline).close_silent()
    assert (sqlite_cast.ticket(bad).state, sqlite_cast.ticket(good).state) == (State.RESOLVED, State.CLOSED)
