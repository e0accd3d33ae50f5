"""Figures on both databases: a slice counts what it lists, whoever looks, and what has lapsed is overdue."""

from __future__ import annotations

from app.store import board, tries
from app.store.tickets import Filter
from app.tickets.lifecycle import SYSTEM, Actor
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


def test_wrong_tries_are_counted_and_forgotten(cast: Cast) -> None:
    limits = {"a door": 2}
    for expected in (True, True, False):
        with cast.hotline.tx() as tx:
            assert tries.may_try(tx.session, limits, tx.wall) is expected
            tries.missed(tx.session, limits, tx.wall)
    with cast.hotline.tx() as tx:
        tries.forget(tx.session, "a door")
        assert tries.may_try(tx.session, limits, tx.wall)
