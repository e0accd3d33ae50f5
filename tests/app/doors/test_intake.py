"""Door 1: whatever is kept becomes a ticket exactly once; one bad message never costs another its place."""

from __future__ import annotations

import itertools
import threading
from concurrent.futures import Future
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from app.errors import Busy
from app.intake import Intake, Item, Said, keep, retry, take_together
from app.store import inbox
from app.tickets.post import InboundState
from app.tickets.residents import Resident
from channels.contract import Complaint, Delivery, Kind
from tests.app.doors.street import LEAK, Street, heard, inbounds, letter, tickets
from tests.cast import MONDAY_MORNING, Cast, Curtain
from tests.conftest import FreshDatabase
from tests.databases import Prepare

POISON = "咒语"


class Spell:
    """Breaks the understanding of every message that holds the word, until it is lifted."""

    def __init__(self) -> None:
        self.lifted = False

    def __call__(self, text: str) -> None:
        if POISON in text and not self.lifted:
            raise ArithmeticError("the spell")


@pytest.fixture
def spell() -> Spell:
    return Spell()


@pytest.fixture
def bewitched(raise_curtain: Curtain, fresh_database: FreshDatabase, city: Prepare, spell: Spell) -> Cast:
    """On each engine: a cast whose understanding the spell can break."""
    return raise_curtain(fresh_database(city), before=spell)


def letters(cast: Cast, *texts: str) -> list[Item]:
    """One letter a text, each of somebody else."""
    return [
        letter(cast.hotline, text, sender=f"o-{number}", message_id=number, at=cast.clock.wall())
        for number, text in enumerate(texts, 1)
    ]


def test_a_repeat_inside_one_batch_is_told_the_same_and_opens_nothing(cast: Cast) -> None:
    one, other = letters(cast, LEAK, "石桥新居5栋1单元101 楼道灯坏了")
    again = letter(cast.hotline, LEAK, sender="o-1", message_id=1, at=cast.clock.wall())
    said = take_together(cast.hotline, [one, other, again, one])
    assert said[0] == said[2] == said[3]
    assert said[1].number not in ("", said[0].number)
    assert len(inbounds(cast.hotline)) == len(tickets(cast.hotline)) == 2


def test_a_repeat_in_a_later_batch_is_told_what_was_said_and_when(cast: Cast) -> None:
    (one,) = letters(cast, LEAK)
    (first,) = take_together(cast.hotline, [one])
    cast.clock.advance(timedelta(seconds=5))
    (second,) = take_together(cast.hotline, [one])
    assert (second.text, second.number, second.at) == (first.text, first.number, first.at)
    assert (first.repeat, second.repeat) == (False, True)
    assert len(tickets(cast.hotline)) == 1


def test_the_same_id_of_another_sender_is_another_message(cast: Cast) -> None:
    senders = ("o-chen", "o-wang")  # fifteen people who write in one second have been seen to share ids
    items = [letter(cast.hotline, LEAK, sender=sender, message_id=9, at=cast.clock.wall()) for sender in senders]
    said = take_together(cast.hotline, items)
    assert len({one.number for one in said}) == len(tickets(cast.hotline)) == 2


def test_a_message_that_cannot_be_understood_is_set_aside_and_the_others_get_their_tickets(bewitched: Cast) -> None:
    said = take_together(bewitched.hotline, letters(bewitched, LEAK, f"石桥新居3栋 {POISON}", "石桥新居5栋1单元101 楼道灯坏了"))
    assert [bool(one.number) for one in said] == [True, False, True]
    assert said[1].text == ""
    kept = inbounds(bewitched.hotline)
    assert [row.state for row in kept] == [InboundState.TAKEN_IN, InboundState.PENDING, InboundState.TAKEN_IN]
    assert (kept[1].attempts, kept[1].error) == (1, "ArithmeticError('the spell')")
    assert len(tickets(bewitched.hotline)) == 2


def test_a_message_that_breaks_the_transaction_is_set_aside_and_the_others_get_their_tickets(cast: Cast) -> None:
    first, poison, last = letters(cast, LEAK, LEAK, "石桥新居5栋1单元101 楼道灯坏了")
    assert poison.complaint is not None
    unwritable = Item(poison.delivery, replace(poison.complaint, name="\ud800"))  # no database takes half a character
    said = take_together(cast.hotline, [first, unwritable, last])
    assert [bool(one.number) for one in said] == [True, False, True]
    kept = {row.sender: row for row in inbounds(cast.hotline)}
    assert (kept["o-2"].state, kept["o-2"].attempts) == (InboundState.PENDING, 1)
    assert "surrogates not allowed" in kept["o-2"].error
    with cast.hotline.look() as tx:
        assert tx.session.scalar(select(func.count()).select_from(Resident)) == 2


def test_the_worker_tries_again_ever_more_rarely_and_then_leaves_it_to_people(bewitched: Cast, spell: Spell) -> None:
    take_together(bewitched.hotline, letters(bewitched, f"石桥新居3栋2单元1502 厨房漏水 {POISON}"))
    attempts = []
    for minutes in (0.05, 0.5, 0.2, 1, 1, 0.5, 10, 1, 60, 1, 600):
        bewitched.tick(minutes=minutes)
        attempts.append(inbounds(bewitched.hotline)[0].attempts)
    assert attempts == [1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 5]
    assert attempts[-1] == inbox.TRIES
    assert tickets(bewitched.hotline) == []
    with bewitched.hotline.look() as tx:
        assert inbox.waiting_count(tx.session) == 1  # the metric keeps saying so


def test_after_the_mend_a_replay_takes_it_in_as_of_the_day_it_came(bewitched: Cast, spell: Spell) -> None:
    take_together(bewitched.hotline, letters(bewitched, f"石桥新居3栋2单元1502 厨房水管漏水 {POISON}"))
    bewitched.clock.advance(timedelta(days=2))
    spell.lifted = True
    with bewitched.hotline.look() as tx:
        left = inbox.not_taken_in(tx.session, 10)
    assert [why for _, why in retry(bewitched.hotline, left)] == [""]
    (ticket,) = tickets(bewitched.hotline)
    assert ticket.created_at == MONDAY_MORNING
    assert ticket.number.startswith("GZ20261123")
    assert {timer.started_at for timer in ticket.timers if timer.party == "citizen"} == {MONDAY_MORNING}
    (kept,) = inbounds(bewitched.hotline)
    assert (kept.state, kept.error, kept.ticket_id) == (InboundState.TAKEN_IN, "", ticket.id)
    assert [why for _, why in retry(bewitched.hotline, left)] == [""]  # replayed by two people at once
    assert len(tickets(bewitched.hotline)) == 1


def test_a_replay_that_fails_says_why_and_goes_on_with_the_next(bewitched: Cast, spell: Spell) -> None:
    items = letters(bewitched, f"石桥新居3栋 {POISON}", LEAK)
    keep(bewitched.hotline, items)
    with bewitched.hotline.look() as tx:
        left = inbox.not_taken_in(tx.session, 10)
    outcomes = {row.sender: why for row, why in retry(bewitched.hotline, left)}
    assert outcomes == {"o-1": "ArithmeticError('the spell')", "o-2": ""}
    assert [ticket.sender for ticket in tickets(bewitched.hotline)] == ["o-2"]


def test_a_message_kept_by_a_process_that_died_becomes_one_ticket(cast: Cast) -> None:
    items = letters(cast, LEAK)
    keep(cast.hotline, items)  # and here it was killed
    cast.tick(seconds=4)
    assert tickets(cast.hotline) == []  # might still be in somebody's hands
    cast.tick(seconds=2)
    cast.tick(seconds=1)
    (ticket,) = tickets(cast.hotline)
    assert ticket.created_at == MONDAY_MORNING
    (said,) = take_together(cast.hotline, items)  # the platform, which heard nothing, tries again
    assert (said.number, said.repeat) == (ticket.number, True)
    assert ticket.number in said.text
    assert len(tickets(cast.hotline)) == 1
    cast.tick(seconds=30)
    assert len(cast.pigeons.to("o-1")) == 2  # nobody had told the resident


def test_the_platforms_next_try_takes_in_what_a_dead_process_had_kept(cast: Cast) -> None:
    items = letters(cast, LEAK)
    keep(cast.hotline, items)
    (said,) = take_together(cast.hotline, items)
    assert said.number
    cast.tick(minutes=1)
    assert [ticket.number for ticket in tickets(cast.hotline)] == [said.number]


def test_an_unreadable_message_is_taken_in_by_a_replay_once_it_can_be_read(sqlite_cast: Cast) -> None:
    (whole,) = letters(sqlite_cast, LEAK)
    take_together(sqlite_cast.hotline, [Item(whole.delivery, None, "as an older reader saw it")])
    sqlite_cast.tick(minutes=1)
    assert tickets(sqlite_cast.hotline) == []  # the worker leaves it alone: trying again mends nothing
    with sqlite_cast.hotline.look() as tx:
        left = inbox.not_taken_in(tx.session, 10)
    assert [(row.state, why) for row, why in retry(sqlite_cast.hotline, left)] == [(InboundState.UNREADABLE, "")]
    (ticket,) = tickets(sqlite_cast.hotline)
    assert (ticket.sender, ticket.created_at) == ("o-1", MONDAY_MORNING)


def test_what_saves_a_life_is_said_first(sqlite_cast: Cast) -> None:
    (said,) = take_together(sqlite_cast.hotline, letters(sqlite_cast, "石桥新居3栋2单元1502 家里着火了"))
    assert said.text.startswith("【紧急】")
    assert said.number in said.text


def test_a_full_queue_says_so_and_the_platform_tries_again(raise_curtain: Curtain, sqlite_url: str) -> None:
    may_read = threading.Event()
    cast = raise_curtain(sqlite_url, before=lambda text: _wait(may_read))
    with Street(cast) as street:
        (item,) = letters(cast, LEAK)
        accepted = list(_until_busy(street.intake, item))
        refused = street.hands_over(street.says(sender="o-wang"))
        assert refused.status_code == 503
        assert refused.headers["content-type"] == "application/problem+json"
        may_read.set()
        assert {future.result(timeout=20).number for future in accepted} == {tickets(cast.hotline)[0].number}
        assert "GZ" in heard(street.hands_over(street.says(sender="o-wang")))["Content"]


def _wait(event: threading.Event) -> None:
    assert event.wait(10)


def _until_busy(intake: Intake, item: Item) -> list[Future[Said]]:
    accepted: list[Future[Said]] = []
    with pytest.raises(Busy):
        for _ in itertools.repeat(None, 5000):
            accepted.append(intake.submit(item))
    return accepted


def test_a_message_that_cannot_even_be_kept_is_refused_alone(raise_curtain: Curtain, sqlite_url: str) -> None:
    may_read = threading.Event()
    cast = raise_curtain(sqlite_url, before=lambda text: _wait(may_read))
    intake = Intake(cast.hotline)
    held, good, last = letters(cast, LEAK, LEAK, LEAK)
    unkeepable = Item(good.delivery, Complaint(external_id="1", sender="\ud800", kind=Kind.TEXT, text=LEAK))
    waiting = [intake.submit(item) for item in (held, good, unkeepable, last)]
    may_read.set()
    assert all(waiting[place].result(timeout=10).number for place in (0, 1, 3))
    with pytest.raises(Busy):
        waiting[2].result(timeout=10)
    intake.close()
    assert len(inbounds(cast.hotline)) == 3


def test_closing_finishes_what_was_accepted(raise_curtain: Curtain, sqlite_url: str) -> None:
    may_read = threading.Event()
    cast = raise_curtain(sqlite_url, before=lambda text: _wait(may_read))
    intake = Intake(cast.hotline)
    waiting = [intake.submit(item) for item in letters(cast, *[LEAK] * 40)]  # more than one batch
    threading.Timer(0, may_read.set).start()
    intake.close()
    assert all(future.done() and future.result().number for future in waiting)
    assert len(tickets(cast.hotline)) == 40


def test_what_no_column_takes_does_not_keep_a_message_out(cast: Cast) -> None:
    with Street(cast) as street:
        told = street.says()
        answer = street.post("/hooks/wechat", {**told.query, "openid": "o\0chen"}, told.body)
        assert "GZ" in heard(answer)["Content"]
    long = Complaint(external_id="x" * 300, sender="o-li", kind=Kind.EVENT, event="scan")
    item = Item(Delivery("wechat", b"", cast.clock.wall()), long)
    first, second = (take_together(cast.hotline, [item])[0] for _ in range(2))
    assert (first.text, first.repeat, second.repeat) == (second.text, False, True)
    assert all(len(row.external_id) <= 200 for row in inbounds(cast.hotline))
