"""Nobody reads what has stopped being true: it is dropped on its way out, and a resident is told how things stand instead."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from app.casework import act
from app.outbox import BACKOFF, EXPIRED, OVERTAKEN, deliver
from app.settings import DeliveryMode
from app.store import outbox as store
from app.store import tickets as ticket_store
from app.tickets.lifecycle import SYSTEM, Actor
from app.tickets.model import Ticket
from app.tickets.post import OutboxRow, OutboxState
from app.timekeeping import sweep
from channels.contract import Failure, Receipt
from tests.app.doors.street import LEAK, outbox_rows, together
from tests.app.doors.test_outbox import Courier
from tests.cast import Cast, Curtain
from tests.conftest import FreshDatabase
from tests.databases import Prepare

AGAIN = Receipt(failure=Failure.AGAIN, code="-1", detail="系统繁忙")


@pytest.fixture
def courier() -> Courier:
    return Courier()


@pytest.fixture
def live(raise_curtain: Curtain, fresh_database: FreshDatabase, city: Prepare, courier: Courier) -> Cast:
    """On each engine: a cast whose notices to residents go out by the courier."""
    return raise_curtain(fresh_database(city), channels={"wechat": courier}, delivery=DeliveryMode.LIVE)


@pytest.fixture
def quick_live(raise_curtain: Curtain, sqlite_url: str, courier: Courier) -> Iterator[Cast]:
    """The same on SQLite only."""
    yield raise_curtain(sqlite_url, channels={"wechat": courier}, delivery=DeliveryMode.LIVE)


def does(cast: Cast, number: str, action: str, by: Actor, **details: Any) -> None:
    with cast.hotline.tx() as tx:
        act(tx, ticket_store.by_number(tx.session, number, SYSTEM), action, by, details)


def plumber(cast: Cast, number: str) -> Actor:
    return cast.contractor(cast.names().contractors[cast.ticket(number).contractor_id or 0])


def due(cast: Cast, number: str, target: str) -> Any:
    return next(timer.due_at for timer in cast.ticket(number).timers if timer.target == target)


def of(cast: Cast, number: str, audience: str = "resident") -> list[OutboxRow]:
    with cast.hotline.look() as tx:
        ticket = ticket_store.by_number(tx.session, number, SYSTEM)
        return [row for row in store.of_ticket(tx.session, ticket.id) if row.audience == audience]


def test_a_promise_whose_hour_has_passed_is_put_as_things_stand_now(live: Cast, courier: Courier) -> None:
    """The platform was away for four days. Nobody is told on Friday that we shall call by Monday noon."""
    number = live.writes(LEAK).number
    live.clock.advance(timedelta(days=4))
    assert deliver(live.hotline, "w") == 3
    received, dispatched, now = of(live, number)
    assert [(row.state, row.error, row.next_at) for row in (received, dispatched)] == [(OutboxState.DROPPED, EXPIRED, None)] * 2
    assert (now.key, now.event_id, now.address) == (f"{number}:now:{dispatched.id}", None, "o-chen")
    assert courier.handed == []
    deliver(live.hotline, "w")
    assert [notice.text for notice in courier.taken] == [now.text]
    assert now.text.startswith(f"工单 {number}：待签收")
    said = [one.text for one in live.history(number).messages if one.by_name == "热线"]
    assert said[-1] == now.text, "it stands in the conversation"
    assert deliver(live.hotline, "w") == 0


def test_to_the_very_second_it_is_true_it_goes_out(quick_live: Cast, courier: Courier) -> None:
    number = quick_live.writes(LEAK).number
    lapse = due(quick_live, number, "contact")
    quick_live.clock.set(lapse - timedelta(seconds=1))
    deliver(quick_live.hotline, "w")
    assert [notice.key for notice in courier.taken] == [row.key for row in of(quick_live, number)]
    other = quick_live.writes(LEAK, "o-wang").number
    quick_live.clock.set(due(quick_live, other, "contact"))
    deliver(quick_live.hotline, "w")
    assert of(quick_live, other)[0].state is OutboxState.DROPPED


def test_who_has_heard_or_will_hear_something_newer_is_not_told_once_more(live: Cast, courier: Courier) -> None:
    number = live.writes(LEAK).number
    live.clock.set(due(live, number, "contact"))
    deliver(live.hotline, "w")
    received, dispatched = of(live, number)
    assert (received.state, dispatched.state) == (OutboxState.DROPPED, OutboxState.SENT)
    assert [notice.text for notice in courier.taken] == [dispatched.text]


@pytest.mark.parametrize("lost", [OutboxState.FAILED, OutboxState.PARKED])
def test_something_newer_that_never_arrived_is_no_answer(quick_live: Cast, lost: OutboxState) -> None:
    cast = quick_live
    number = cast.writes(LEAK).number
    with cast.hotline.tx() as tx:
        newer = tx.session.merge(of(cast, number)[1])
        newer.state, newer.next_at = lost, None
    cast.clock.set(due(cast, number, "contact"))
    deliver(cast.hotline, "w")
    assert [row.state for row in of(cast, number)] == [OutboxState.DROPPED, lost, OutboxState.WAITING]


def test_a_platform_that_says_again_for_hours_never_says_yesterdays_words(live: Cast, courier: Courier) -> None:
    """Each try is judged when it is made."""
    number = live.writes(LEAK).number
    does(live, number, "accept", plumber(live, number), eta="下午")  # so that there is something without a time
    courier.script = [AGAIN] * 200
    live.tick(seconds=11)
    for pause in BACKOFF[:-1]:
        live.tick(seconds=pause.total_seconds())
    assert due(live, number, "contact") > live.clock.now()
    assert {row.state for row in of(live, number)} == {OutboxState.WAITING}
    courier.script = []
    live.tick(hours=2)
    assert [row.state for row in of(live, number)] == [OutboxState.DROPPED, OutboxState.SENT, OutboxState.SENT]
    taken = [notice.text for notice in courier.taken]
    assert not any("前与您联系" in text for text in taken)
    assert [text for text in taken if "已由" in text], "what names no hour is still true"
    assert len(taken) == len(set(taken))


def test_the_present_state_grows_old_too(quick_live: Cast, courier: Courier) -> None:
    cast = quick_live
    number = cast.writes(LEAK).number
    with cast.hotline.tx() as tx:  # only the first promise is left to say
        dispatched = tx.session.merge(of(cast, number)[1])
        dispatched.state, dispatched.next_at = OutboxState.FAILED, None
    cast.clock.set(due(cast, number, "contact"))
    deliver(cast.hotline, "w")
    now = of(cast, number)[-1]
    assert now.good_until == due(cast, number, "resolve")
    cast.clock.set(due(cast, number, "resolve"))
    deliver(cast.hotline, "w")
    again = of(cast, number)[-1]
    assert (again.key, again.good_until) == (f"{number}:now:{now.id}", None)
    deliver(cast.hotline, "w")
    assert [notice.key for notice in courier.taken] == [again.key]


def test_the_present_state_of_what_was_merged_is_that_of_where_it_goes_on(quick_live: Cast, courier: Courier) -> None:
    cast = quick_live
    number, into = cast.writes(LEAK).number, cast.writes(LEAK, "o-wang").number
    deliver(cast.hotline, "w")
    with cast.hotline.tx() as tx:
        for row in of(cast, number):
            kept = tx.session.merge(row)
            kept.next_at = tx.wall
    does(cast, number, "merge", cast.agent(), into=into, into_id=cast.ticket(into).id)
    with cast.hotline.tx() as tx:
        told = tx.session.merge(of(cast, number)[-1])
        told.state, told.next_at = OutboxState.PARKED, None
    cast.clock.advance(timedelta(days=4))
    deliver(cast.hotline, "w")
    assert into in of(cast, number)[-1].text and number in of(cast, number)[-1].text


def test_a_reminder_of_what_has_lapsed_is_dropped_and_the_breach_is_told(live: Cast) -> None:
    number = live.writes(LEAK).number
    deliver(live.hotline, "w")
    lapse = due(live, number, "accept")
    live.clock.set(lapse - timedelta(minutes=20))
    assert sweep(live.hotline) == 1
    live.clock.set(lapse)
    deliver(live.hotline, "w")
    sweep(live.hotline)
    deliver(live.hotline, "w")
    told = {row.text[:4]: row.state for row in of(live, number, "contractor")[1:]}
    assert told == {"【催办】": OutboxState.DROPPED, "【超期】": OutboxState.SENT}
    assert all("now" not in row.key for row in outbox_rows(live.hotline)), "staff are told by the breach itself"


def test_what_was_met_while_a_worker_had_the_reminder_in_hand_is_not_said_at_the_next_try(live: Cast) -> None:
    """The contractor signs in between two tries: what a worker has in hand no act can take back; it is held against its clock."""
    number = live.writes(LEAK).number
    deliver(live.hotline, "w")
    live.clock.set(due(live, number, "accept") - timedelta(minutes=20))
    sweep(live.hotline)
    with live.hotline.tx() as tx:
        (claimed,) = [row for row in store.claim(tx.session, tx.wall, "dead", 50) if row.audience == "contractor"]
    does(live, number, "accept", plumber(live, number), eta="下午")
    before = len(live.pigeons.sent)
    live.clock.advance(store.LEASE)
    deliver(live.hotline, "heir")
    (row,) = [row for row in of(live, number, "contractor") if row.id == claimed.id]
    assert (row.state, row.error) == (OutboxState.DROPPED, OVERTAKEN)
    assert not [notice for notice in live.pigeons.sent[before:] if notice.key == claimed.key]


def test_tried_again_what_still_stands_is_said(live: Cast) -> None:
    number = live.writes(LEAK).number
    deliver(live.hotline, "w")
    live.clock.set(due(live, number, "accept") - timedelta(minutes=20))
    sweep(live.hotline)
    live.pigeons.fails = [Failure.AGAIN]
    deliver(live.hotline, "w")
    live.clock.advance(BACKOFF[0])
    deliver(live.hotline, "w")
    assert of(live, number, "contractor")[-1].state is OutboxState.SENT
    assert "将于" in live.pigeons.sent[-1].text


def test_what_expires_behind_a_slow_platform_is_judged_when_its_turn_comes(quick_live: Cast, courier: Courier) -> None:
    cast = quick_live
    first, second = cast.writes(LEAK).number, cast.writes(LEAK, "o-wang").number
    cast.clock.set(due(cast, first, "contact") - timedelta(seconds=20))

    def slowly() -> Receipt:
        cast.clock.advance(timedelta(seconds=20))
        return Receipt(external_id="slow")

    courier.script = [slowly]
    deliver(cast.hotline, "w")
    taken = [notice.key for notice in courier.taken]
    assert taken[0] == of(cast, first)[0].key
    assert of(cast, second)[0].state is OutboxState.DROPPED
    assert of(cast, second)[1].key in taken


def test_a_reply_that_carried_the_words_settles_them_and_nothing_follows_when_their_hour_has_passed(quick_live: Cast) -> None:
    cast = quick_live
    said = cast.writes(LEAK)
    with cast.hotline.tx() as tx:
        store.answered(tx.session, said.notices, tx.wall)
    cast.clock.advance(timedelta(days=4))
    deliver(cast.hotline, "w")
    assert [(row.state, row.sent_via) for row in of(cast, said.number)] == [(OutboxState.SENT, "reply")] * 2


def test_a_reply_that_comes_after_the_words_were_dropped_changes_nothing(quick_live: Cast) -> None:
    """The platform's repeat is answered from what was kept; what is out of date by then is not what it settles."""
    cast = quick_live
    said = cast.writes(LEAK, external_id="m-1")
    cast.clock.advance(timedelta(days=4))
    deliver(cast.hotline, "w")
    repeat = cast.writes(LEAK, external_id="m-1")
    assert repeat.repeat and repeat.notices == ()
    with cast.hotline.tx() as tx:
        store.answered(tx.session, said.notices, tx.wall)
    assert [row.state for row in of(cast, said.number)] == [OutboxState.DROPPED, OutboxState.DROPPED, OutboxState.WAITING]


def test_an_act_drops_nothing_that_a_worker_has_said_meanwhile(live: Cast) -> None:
    number = live.writes(LEAK).number
    deliver(live.hotline, "w")
    live.clock.set(due(live, number, "accept") - timedelta(minutes=20))
    sweep(live.hotline)
    with live.hotline.tx() as tx:
        (row,) = store.waiting_of(tx.session, tx.session.get_one(Ticket, live.ticket(number).id))
    deliver(live.hotline, "w")
    with live.hotline.tx() as tx:
        store.drop(tx.session, row, "过时")
    assert of(live, number, "contractor")[-1].state is OutboxState.SENT


@pytest.mark.slow
def test_two_workers_put_it_anew_once(raise_curtain: Curtain, postgres_url: str, courier: Courier) -> None:
    here, there = (
        raise_curtain(postgres_url, channels={"wechat": courier}, delivery=DeliveryMode.LIVE) for _ in ("here", "there")
    )
    there.hotline.channels = here.hotline.channels
    for sender in range(20):
        here.writes(LEAK, f"o-{sender}")
    here.clock.advance(timedelta(days=4))

    def work(cast: Cast, name: str) -> int:
        return sum(iter(lambda: deliver(cast.hotline, name), 0))

    together(lambda: work(here, "here"), lambda: work(there, "there"))
    work(here, "here")  # what both left to each other
    rows = outbox_rows(here.hotline, "resident")
    assert len([row for row in rows if ":now:" in row.key]) == 20
    keys = [notice.key for notice in courier.handed]
    assert len(keys) == len(set(keys)) == 20 and all(":now:" in key for key in keys)
