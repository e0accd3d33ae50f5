"""The worker draws call-backs: each round once, whoever of two workers comes first, and nothing asked where nothing is due."""

from __future__ import annotations

import dataclasses
from datetime import timedelta

import pytest
from sqlalchemy import text

from app import aftercare, callbacks
from app.casework import act
from app.store.peek import Peek
from app.tickets.followup import CallState
from app.worker import Worker
from tests.app.doors.street import together
from tests.app.doors.test_silence import resolved
from tests.cast import Cast


def everybody(cast: Cast) -> None:
    policy = cast.hotline.policy
    cast.hotline.policy = dataclasses.replace(policy, rules=dataclasses.replace(policy.rules, callback_percent=100))


def found(cast: Cast, number: str) -> list[CallState]:
    return [task.state for task in cast.callbacks(number)]


def test_of_two_workers_one_draws(cast: Cast) -> None:
    everybody(cast)
    numbers = [resolved(cast, f"o-{order}") for order in range(4)]
    assert sum(together(*[lambda: aftercare.draw_calls(cast.hotline)] * 2)) == 4
    assert [found(cast, number) for number in numbers] == [[CallState.OPEN]] * 4
    told = [[event.action for event in cast.history(number).events].count("callback") for number in numbers]
    assert told == [1, 1, 1, 1]


def test_one_that_cannot_be_thought_of_keeps_no_other_from_it(sqlite_cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    everybody(sqlite_cast)
    bad, good = resolved(sqlite_cast, "o-1"), resolved(sqlite_cast, "o-2")

    def breaks(tx: object, ticket: object, *rest: object, **more: object) -> object:
        if getattr(ticket, "number", "") == bad:
            raise ArithmeticError("the spell")
        return act(tx, ticket, *rest, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(callbacks, "act", breaks)
    Worker(sqlite_cast.hotline).draw_calls()
    assert (found(sqlite_cast, bad), found(sqlite_cast, good)) == ([], [CallState.OPEN])


def test_the_worker_makes_up_what_a_week_owes_once_it_is_over(sqlite_cast: Cast) -> None:
    cast = sqlite_cast
    policy = cast.hotline.policy
    cast.hotline.policy = dataclasses.replace(policy, rules=dataclasses.replace(policy.rules, callback_minimum=2))
    worker = Worker(cast.hotline)
    numbers = [resolved(cast, f"o-{order}") for order in range(3)]
    worker.tick()
    assert [found(cast, number) for number in numbers] == [[CallState.SPARED]] * 3
    cast.clock.advance(timedelta(days=6, hours=20))  # Monday again
    worker.tick()
    drawn = sorted(state for number in numbers for state in found(cast, number))
    assert drawn == [CallState.OPEN, CallState.OPEN, CallState.SPARED]


def test_the_peek_reads_an_index(cast: Cast) -> None:
    peek = Peek(cast.hotline.db)
    assert peek.round_to_think_of(cast.clock.now()) is None
    resolved(cast)
    assert peek.round_to_think_of(cast.clock.now()) == cast.clock.now()
    question = "SELECT to_call_at FROM ticket WHERE to_call_at IS NOT NULL ORDER BY to_call_at LIMIT 1"
    with cast.hotline.tx() as tx:
        if cast.hotline.db.is_sqlite:
            plan = tx.session.execute(text(f"EXPLAIN QUERY PLAN {question}")).all()
        else:
            tx.session.execute(text("SET LOCAL enable_seqscan = off"))
            plan = tx.session.execute(text(f"EXPLAIN {question}")).all()
    assert "ix_ticket_to_call" in str(plan)
