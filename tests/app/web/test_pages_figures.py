"""Figures on both databases: a slice counts what it lists, whoever looks, and what has lapsed is overdue."""

from __future__ import annotations

from datetime import timedelta

from app.casework import act
from app.store import board, timers, tries
from app.store import tickets as store
from app.store.tickets import Filter
from app.tickets.lifecycle import SYSTEM, Actor, Role
from app.web import views
from tests.app.web.conftest import LEAK
from tests.cast import Cast


def figures(cast: Cast, viewer: Actor) -> dict[str, int]:
    """What each slice holds; counting and listing must agree."""
    with cast.hotline.look() as tx:
        now = views.board_now(tx)
        counted = board.count(tx.session, viewer, now, tuple(board.SLICES))
        listed = {name: board.listed(tx.session, viewer, now, name, Filter()) for name in board.SLICES}
    assert counted == {name: page.total for name, page in listed.items()}
    assert counted == {name: len(page.tickets) for name, page in listed.items()}
    return counted


def test_a_slice_counts_what_it_lists(cast: Cast) -> None:
    cast.writes(LEAK)
    cast.writes("青棠苑维修师傅收了我两条烟才肯修", sender="o-bribed")
    cast.writes("门口的事情说不清", sender="o-vague")
    fresh = figures(cast, SYSTEM)
    assert (fresh["today"], fresh["queue"], fresh["handling"], fresh["overdue"], fresh["ours"]) == (3, 1, 2, 0, 1)
    assert figures(cast, cast.contractor("匠修"))["handling"] == 1
    assert figures(cast, cast.contractor("安居"))["handling"] == 0
    assert figures(cast, cast.supervisor())["today"] == 3

    cast.tick(minutes=45)  # past the reminder of 签收, before its hour is over
    assert figures(cast, cast.contractor("匠修"))["soon"] == 1
    cast.tick(hours=2)
    late = figures(cast, SYSTEM)
    assert late["overdue"] >= 1 and late["soon"] + late["overdue"] <= 3
    with cast.hotline.look() as tx:
        now = views.board_now(tx)
        by_contractor = dict(board.overdue_by(tx.session, SYSTEM, now, "contractor"))
        assert sum(by_contractor.values()) == late["overdue"]
        assert sum(number for _, number in board.overdue_by(tx.session, SYSTEM, now, "level")) == late["overdue"]
        assert dict(board.channel_mix(tx.session, SYSTEM, now)) == {"wechat": 3}


def test_what_lapsed_is_overdue_before_anybody_has_noticed(cast: Cast) -> None:
    """A worker that stands still may not make the board look well."""
    cast.writes(LEAK)
    cast.clock.set(cast.clock.now().replace(hour=9))
    assert figures(cast, SYSTEM)["overdue"] == 1


def test_everybody_means_the_same_by_overdue(cast: Cast) -> None:
    """Board, API, list of clocks and the chip on a page, at the moment before, at and after, swept or not, and standing still."""
    number = cast.writes(LEAK).number
    firm = cast.contractor("匠修")
    accept_by = next(timer.due_at for timer in cast.ticket(number).timers if timer.target == "accept")
    for moment, late in ((accept_by - timedelta(seconds=1), False), (accept_by, True), (accept_by + timedelta(hours=1), True)):
        cast.clock.set(moment)
        assert _overdue(cast, number) == {late}, moment
    cast.tick()
    assert _overdue(cast, number) == {True}, "the sweep changes nothing"
    with cast.hotline.tx() as tx:
        ticket = store.by_number(tx.session, number, firm)
        act(tx, ticket, "accept", firm, {"eta": "下午"})
        act(tx, ticket, "contact", firm, {"text": "打过电话"})
        act(tx, ticket, "arrive", firm)
    assert _overdue(cast, number) == {False}, "what was done late is late no more"
    with cast.hotline.tx() as tx:
        act(tx, store.by_number(tx.session, number, firm), "hold", firm, {"reason": "配件", "until": "2026-12-04T10:00"})
    cast.clock.advance(timedelta(days=9))
    assert _overdue(cast, number) == {False}, "a clock that stands still does not run out"


def test_a_deadline_that_lapsed_before_the_clock_was_stopped_stays_overdue(cast: Cast) -> None:
    number, firm = cast.writes(LEAK).number, cast.contractor("匠修")
    with cast.hotline.tx() as tx:
        act(tx, store.by_number(tx.session, number, firm), "accept", firm, {"eta": "下午"})
        act(tx, store.by_number(tx.session, number, firm), "contact", firm, {"text": "打过电话"})
    cast.clock.set(next(timer.due_at for timer in cast.ticket(number).timers if timer.target == "resolve"))
    for _ in range(3):
        cast.tick(minutes=1)
    with cast.hotline.tx() as tx:
        act(tx, store.by_number(tx.session, number, firm), "hold", firm, {"reason": "配件", "until": "2026-12-04T10:00"})
    assert _overdue(cast, number) == {True}
    with cast.hotline.look() as tx:
        chips = views.clocks_of(tx, store.by_number(tx.session, number, firm), firm)
    assert ("red", "已超期，已停") in [(chip.tone, chip.left) for chip in chips]


def _overdue(cast: Cast, number: str) -> set[bool]:
    """What everybody who is asked says of the one ticket."""
    with cast.hotline.look() as tx:
        now, at = tx.now, views.board_now(tx)
        ticket = store.by_number(tx.session, number, SYSTEM)
        late, sound = (store.listed(tx.session, SYSTEM, Filter(overdue=answer, at=now)) for answer in (True, False))
        assert (ticket in late) != (ticket in sound)
        return {
            ticket in late,
            bool(board.count(tx.session, SYSTEM, at, ("overdue",))["overdue"]),
            ticket in board.listed(tx.session, SYSTEM, at, "overdue", Filter()).tickets,
            any(timers.has_lapsed(timer, now) for timer in timers.lapsing(tx.session, now, now)),
            any(timers.has_lapsed(timer, now) for timer in ticket.timers),
            any("已超期" in clock.left for clock in views.clocks_of(tx, ticket, SYSTEM)),
        }


def test_who_supervises_no_purchaser_supervises_them_all(cast: Cast) -> None:
    cast.writes(LEAK)
    cast.writes("望湖雅苑3栋楼道灯不亮了", sender="o-lake")
    assert figures(cast, Actor(Role.SUPERVISOR, "1", "总值班"))["today"] == 2
    lake = cast.supervisor("望湖区").org
    assert figures(cast, Actor(Role.SUPERVISOR, "2", "望湖", lake, frozenset({lake})))["today"] == 1


def test_wrong_tries_are_counted_and_forgotten(cast: Cast) -> None:
    limits = {"a door": 2}
    for expected in (True, True, False):
        with cast.hotline.tx() as tx:
            assert tries.may_try(tx.session, limits, tx.wall) is expected
            tries.missed(tx.session, limits, tx.wall)
    with cast.hotline.tx() as tx:
        tries.forget(tx.session, "a door")
        assert tries.may_try(tx.session, limits, tx.wall)
