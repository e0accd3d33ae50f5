"""``hotline verify``: what was not touched is whole on either engine, and every way of touching it shows."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, select, text, update

from app import verify
from app.errors import Conflict
from app.store import checkpoints
from app.tickets.lifecycle import State
from app.tickets.model import Message, Ticket, TicketEvent, Timer
from app.tickets.post import Inbound, InboundState, OutboxRow
from app.tickets.programs import Checkpoint
from app.verify import Proof
from app.worker import Worker
from tests.app.casework.stage import Stage
from tests.cast import Cast

pytestmark = pytest.mark.slow  # many tickets: in `make test`, not in `make fast`


@pytest.fixture
def stage(cast: Cast) -> Stage:
    """On each engine: a resolved ticket, one at work, one just received."""
    stage = Stage(cast)
    for state in (State.RESOLVED, State.IN_PROGRESS, State.RECEIVED):
        stage.brought_to(state)
    cast.writes("石桥新居3栋2单元1502 厨房水管漏水")
    return stage


def looked(stage: Stage, against: str = "") -> Proof:
    return verify.verify(stage.cast.hotline, against)


def says(stage: Stage, against: str = "") -> str:
    return "\n".join(fault.says for fault in looked(stage, against).faults)


def sql(stage: Stage, *statements: Any) -> None:
    """Behind the application's back, as somebody with the database's password would, foreign keys or not."""
    hotline = stage.cast.hotline
    with hotline.db.engine.connect() as connection:
        if hotline.db.is_sqlite:
            connection.exec_driver_sql("COMMIT")
            connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        else:
            connection.exec_driver_sql("SET session_replication_role = replica")
        for statement in statements:
            connection.execute(statement)
        connection.exec_driver_sql("COMMIT")
        connection.invalidate()


def first(stage: Stage) -> Ticket:
    with stage.cast.hotline.look() as tx:
        return tx.session.scalars(select(Ticket).order_by(Ticket.id)).first()  # type: ignore[return-value]


def of(stage: Stage, seq: int) -> Any:
    """The condition on one event of the first ticket."""
    return (TicketEvent.ticket_id == first(stage).id) & (TicketEvent.seq == seq)


def test_what_nobody_touched_is_whole(stage: Stage) -> None:
    found = looked(stage)
    assert found.whole, says(stage)
    assert (found.tickets, found.unchained, found.taken_in, found.pending) == (4, 0, 1, 0)
    with stage.cast.hotline.look() as tx:
        assert found.events == len(tx.session.scalars(select(TicketEvent.id)).all())


NESTED: dict[str, Any] = {
    "text": "楼道“灯”\n坏了 🏚 é\t\\",
    "none": None,
    "floats": [0.1, 1.0, -0.0, 1e16, 1e-7, 3.141592653589793, 0.30000000000000004, 5e300],
    "ints": [0, -1, 2**53 + 1, 10**30],
    "nested": [[], {}, [{"a": [None, True, False, {"b": "c"}]}]],
    "": "empty key",
    "ключ": {"z": 1, "A": 2, "a": 3},
}


def test_whatever_is_told_reads_back_as_it_was_hashed(stage: Stage) -> None:
    stage.cast.clock.set(datetime(2026, 11, 23, 1, 2, 3, 456789, UTC))
    number = stage.brought_to(State.IN_PROGRESS)
    stage.does(number, "progress", stage.mender, **{**NESTED, "tuple": (1, 2.0)})
    assert looked(stage).whole, says(stage)
    assert stage.events(number)[-1].at.microsecond == 456789


CHANGES: list[tuple[str, dict[str, Any]]] = [
    ("details", {"details": {"text": "别的话"}}),
    ("at", {"at": datetime(2026, 11, 1, tzinfo=UTC)}),
    ("noticed_at", {"noticed_at": datetime(2026, 11, 1, tzinfo=UTC)}),
    ("by", {"by_name": "别人"}),
    ("org", {"by_org": 4711}),
    ("action", {"action": "note"}),
    ("to", {"to_state": State.CLOSED}),
    ("clocks", {"clocks": []}),
    ("hash", {"hash": "0" * 64}),
]


@pytest.mark.parametrize("changed", [change for _, change in CHANGES], ids=[name for name, _ in CHANGES])
def test_a_changed_event_shows(stage: Stage, changed: dict[str, Any]) -> None:
    sql(stage, update(TicketEvent).where(of(stage, 2)).values(changed))
    assert f"{first(stage).number}：第 2 条记录" in says(stage)


def test_two_events_that_changed_places_show(stage: Stage) -> None:
    for one, other in ((2, 99), (3, 2), (99, 3)):
        sql(stage, update(TicketEvent).where(of(stage, one)).values(seq=other))
    assert "第 2 条记录" in says(stage) and "第 3 条记录" in says(stage)


def test_an_event_taken_out_of_the_middle_shows(stage: Stage) -> None:
    sql(stage, delete(OutboxRow), delete(TicketEvent).where(of(stage, 2)))
    assert "第 2 条记录缺失，接着是第 3 条" in says(stage)


def test_a_tail_cut_off_shows(stage: Stage) -> None:
    last = first(stage).seq
    sql(stage, delete(OutboxRow), delete(TicketEvent).where(of(stage, last)))
    assert f"工单记着 {last} 条记录，实有到第 {last - 1} 条" in says(stage)
    sql(stage, update(Ticket).where(Ticket.id == first(stage).id).values(seq=last - 1))
    assert "与工单上的封印不符" in says(stage)


def test_who_cuts_off_the_tail_and_mends_the_ticket_is_found_by_the_seal(stage: Stage) -> None:
    made = verify.seal(stage.cast.hotline)
    one = first(stage)
    with stage.cast.hotline.look() as tx:
        before = tx.session.scalars(select(TicketEvent.hash).where(of(stage, one.seq - 1))).one()
    sql(
        stage,
        *(delete(OutboxRow), delete(TicketEvent).where(of(stage, one.seq))),
        update(Ticket).where(Ticket.id == one.id).values(seq=one.seq - 1, head=before),
    )
    assert "重算不符" in says(stage) and made.hash[:12] in says(stage)


def wiped(ticket: int) -> list[Any]:
    """A ticket and everything that hangs on it."""
    kinds = (OutboxRow, Message, Timer, TicketEvent)
    return [delete(kind).where(kind.ticket_id == ticket) for kind in kinds] + [delete(Ticket).where(Ticket.id == ticket)]


def test_a_whole_ticket_removed_is_found_by_the_seal(stage: Stage) -> None:
    verify.seal(stage.cast.hotline)
    assert looked(stage).whole
    sql(stage, *wiped(first(stage).id))
    assert "当时 4 张工单" in says(stage) and "现在是 3 张" in says(stage)


def test_who_rewrites_the_seals_too_is_found_by_what_was_written_down_elsewhere(stage: Stage) -> None:
    written = verify.seal(stage.cast.hotline).hash
    assert looked(stage, written).whole
    sql(stage, *wiped(first(stage).id), delete(Checkpoint))
    verify.seal(stage.cast.hotline)
    assert looked(stage).whole, "nothing in the database tells"
    assert written in says(stage, written)


def test_seals_are_chained_and_hold_while_work_goes_on(stage: Stage) -> None:
    made = [verify.seal(stage.cast.hotline)]
    for _ in range(4):
        stage.brought_to(State.CLOSED)
        made.append(verify.seal(stage.cast.hotline))
    found = looked(stage, made[0].hash)
    assert found.whole and found.seals == 4, "the newest three, and the one asked for"
    assert found.newest_seal == made[-1].hash
    sql(stage, update(Checkpoint).where(Checkpoint.id == made[3].id).values(hash="f" * 64))
    assert says(stage).count("重算不符") == 2, "that one, and the one chained to it"


def test_one_seal_a_day_whoever_is_first(stage: Stage) -> None:
    hotline = stage.cast.hotline
    Worker(hotline).seal()
    Worker(hotline).seal()
    stage.cast.clock.advance(timedelta(days=1))
    Worker(hotline).seal()
    with hotline.look() as tx:
        seals = checkpoints.newest(tx.session, 9)
    assert [hotline.local_day(seal.at).day for seal in seals] == [24, 23]


def test_of_two_who_seal_at_once_one_is_written(stage: Stage) -> None:
    hotline = stage.cast.hotline
    verify.seal(hotline)
    with hotline.tx() as tx:
        stale = checkpoints.Digest("", checkpoints.horizon(tx.session))
        assert checkpoints.keep(tx.session, stale, tx.wall) is None


def test_nothing_yet_cannot_be_sealed(cast: Cast) -> None:
    with pytest.raises(Conflict, match="无可封存"):
        verify.seal(cast.hotline)
    assert verify.seal_today(cast.hotline) is None


def test_what_is_older_than_the_chain_may_only_stand_at_the_beginning(stage: Stage) -> None:
    number = stage.opens()
    ticket = Ticket.number == number
    sql(stage, update(TicketEvent).where(TicketEvent.ticket_id.in_(select(Ticket.id).where(ticket))).values(hash=""))
    sql(stage, update(Ticket).where(ticket).values(head=""))
    assert looked(stage).whole and looked(stage).unchained > 0
    stage.does(number, "reply", stage.agent, text="好的")
    assert looked(stage).whole, says(stage)
    stage.does(number, "reply", stage.agent, text="在办")
    with stage.cast.hotline.look() as tx:
        ticket_id, last = tx.session.execute(select(Ticket.id, Ticket.seq).where(ticket)).one()
    sql(stage, update(TicketEvent).where(TicketEvent.ticket_id == ticket_id, TicketEvent.seq == last - 1).values(hash=""))
    assert f"第 {last - 1} 条记录" in says(stage) or f"第 {last} 条记录" in says(stage)


def test_an_event_without_its_ticket_shows(stage: Stage) -> None:
    sql(stage, *(one for one in wiped(first(stage).id) if one.table.name != "ticket_event"))
    assert "所属的工单" in says(stage)


def inbound(stage: Stage) -> Inbound:
    with stage.cast.hotline.look() as tx:
        return tx.session.scalars(select(Inbound)).one()


Touch = Callable[[Stage], list[Any]]
LOSSES: list[tuple[str, Touch, str]] = [
    ("no ticket, no answer", lambda s: [update(Inbound).values(ticket_id=None, answered_at=None)], "没有工单也没有答复"),
    ("ticket gone", lambda s: wiped(inbound(s).ticket_id or 0), "没有工单也没有答复"),
    (
        "words on another ticket",
        lambda s: [
            text(
                "INSERT INTO message (ticket_id, at, by_role, by_name, channel, kind, text, audience, inbound_id) SELECT "
                f"{first(s).id}, at, by_role, by_name, channel, kind, text, audience, {inbound(s).id} FROM message LIMIT 1"
            )
        ],
        "不属于这张工单",
    ),
    (
        "a clock that runs on",
        lambda s: [update(Timer).where(Timer.ticket_id == s.ticket(s.brought_to(State.CLOSED)).id).values(stopped_at=None)],
        "工单已结束",
    ),
]


@pytest.mark.parametrize(("touch", "shows"), [loss[1:] for loss in LOSSES], ids=[loss[0] for loss in LOSSES])
def test_what_is_lost_shows(stage: Stage, touch: Touch, shows: str) -> None:
    assert looked(stage).whole, says(stage)
    sql(stage, *touch(stage))
    assert shows in says(stage)


def test_a_message_that_still_waits_is_counted_and_after_an_hour_named(stage: Stage) -> None:
    sql(stage, update(Inbound).values(state=InboundState.PENDING, error="分类器坏了"))
    found = looked(stage)
    assert found.whole and found.pending == 1
    stage.cast.clock.advance(timedelta(hours=1, seconds=1))
    assert f"来件 {inbound(stage).id}" in says(stage) and "分类器坏了" in says(stage)
    sql(stage, update(Inbound).values(state=InboundState.UNREADABLE))
    assert looked(stage).whole and looked(stage).unreadable == 1


def test_a_sweep_and_its_deadlines_stay_whole(stage: Stage) -> None:
    """Written in bulk, with keys taken beforehand."""
    for days in (1, 2, 4):
        stage.cast.tick(days=days)
    assert looked(stage).whole, says(stage)
    assert looked(stage).seals == 3
