"""Door 1 with several processes and threads at it: what arrives twice at the same moment is still one ticket of one resident."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from app.intake import Item, keep, retry, take_together
from app.store import inbox
from app.tickets.residents import Resident, ResidentAddress
from app.worker import Worker
from tests.app.doors.street import LEAK, inbounds, letter, tickets, together
from tests.cast import Cast, Curtain

ROUNDS = 8  # each gives the race another chance to be lost


@pytest.fixture
def two(raise_curtain: Curtain, postgres_url: str) -> tuple[Cast, Cast]:
    """Two processes on one PostgreSQL, as far as the database can tell."""
    return raise_curtain(postgres_url), raise_curtain(postgres_url)


def say(cast: Cast, number: int, sender: str = "", text: str = LEAK) -> Item:
    return letter(cast.hotline, text, sender=sender or f"o-{number}", message_id=number, at=cast.clock.wall())


@pytest.mark.slow
def test_two_processes_that_find_the_same_kept_message_make_one_ticket(two: tuple[Cast, Cast]) -> None:
    here, there = two
    keep(here.hotline, [say(here, number) for number in range(1, ROUNDS + 1)])
    with here.hotline.look() as tx:
        left = inbox.not_taken_in(tx.session, ROUNDS)
    outcomes = together(lambda: retry(here.hotline, left), lambda: retry(there.hotline, left))
    assert [why for outcome in outcomes for _, why in outcome] == [""] * 2 * ROUNDS
    assert sorted(ticket.sender for ticket in tickets(here.hotline)) == [f"o-{number}" for number in range(1, ROUNDS + 1)]


@pytest.mark.slow
def test_a_message_that_reaches_two_processes_at_once_is_told_the_same_by_both(two: tuple[Cast, Cast]) -> None:
    here, there = two
    for number in range(1, ROUNDS + 1):
        item = say(here, number)
        first, second = together(lambda: take_together(here.hotline, [item])[0], lambda: take_together(there.hotline, [item])[0])  # noqa: B023
        assert (first.number, first.text, first.at) == (second.number, second.text, second.at)
        assert first.repeat is not second.repeat
    assert len(tickets(here.hotline)) == len(inbounds(here.hotline)) == ROUNDS


@pytest.mark.slow
def test_two_fast_messages_of_somebody_new_are_of_one_resident(two: tuple[Cast, Cast]) -> None:
    here, there = two
    for number in range(1, ROUNDS + 1):
        items = [say(here, 2 * number + half, sender=f"o-new-{number}") for half in (0, 1)]
        said = together(lambda: take_together(here.hotline, items[:1])[0], lambda: take_together(there.hotline, items[1:])[0])  # noqa: B023
        assert all(one.number for one in said)
    with here.hotline.look() as tx:
        assert tx.session.scalar(select(func.count()).select_from(Resident)) == ROUNDS
        assert tx.session.scalar(select(func.count()).select_from(ResidentAddress)) == ROUNDS


@pytest.mark.slow
def test_the_same_messages_in_opposite_orders_do_not_block_each_other(two: tuple[Cast, Cast]) -> None:
    here, there = two
    for start in range(0, 100 * ROUNDS, 100):
        items = [say(here, number) for number in range(start + 1, start + 101)]
        together(lambda: keep(here.hotline, items), lambda: keep(there.hotline, items[::-1]))  # noqa: B023
    assert len(inbounds(here.hotline)) == 100 * ROUNDS


@pytest.mark.slow
def test_numbers_are_never_given_twice_and_never_skipped(two: tuple[Cast, Cast]) -> None:
    here, there = two
    together(
        lambda: [take_together(here.hotline, [say(here, number)]) for number in range(1, 11)],
        lambda: [take_together(there.hotline, [say(there, number)]) for number in range(11, 21)],
    )
    sequence = sorted(int(ticket.number[10:15]) for ticket in tickets(here.hotline))
    assert sequence == list(range(1, 21))


@pytest.mark.slow
def test_a_worker_elsewhere_and_the_platforms_next_try_make_one_ticket(two: tuple[Cast, Cast]) -> None:
    here, there = two
    for number in range(1, ROUNDS + 1):
        item = say(here, number)
        keep(here.hotline, [item])
        here.clock.set(here.clock.now().replace(minute=number))
        together(lambda: take_together(here.hotline, [item]) and None, Worker(there.hotline).take_in_pending)  # noqa: B023
    assert len(tickets(here.hotline)) == ROUNDS


def test_threads_that_find_the_same_kept_message_make_one_ticket(sqlite_cast: Cast) -> None:
    keep(sqlite_cast.hotline, [say(sqlite_cast, number) for number in (1, 2, 3)])
    with sqlite_cast.hotline.look() as tx:
        left = inbox.not_taken_in(tx.session, 3)
    together(*[lambda: retry(sqlite_cast.hotline, left)] * 4)
    assert len(tickets(sqlite_cast.hotline)) == 3
