"""A story: a kitchen leaks, nobody comes, the clock is heard, somebody comes, and the tenant has the last word."""

from __future__ import annotations

from datetime import timedelta

from app.store import tickets as store
from app.tickets.lifecycle import State
from tests import proof
from tests.cast import MONDAY_MORNING, Cast


def test_a_leaking_kitchen_from_wechat_to_the_tenants_own_rating(cast: Cast) -> None:
    # Monday nine o'clock. 陈阿姨 writes; the answer holds her number and who has the job.
    said = cast.writes("石桥新居3栋2单元1502 厨房水管漏水 地上全是水 楼下都滴下去了", sender="o-chen")
    assert said.number.startswith("GZ20261123")
    assert said.number in said.text
    ticket = cast.ticket(said.number)
    assert (ticket.state, ticket.leaf, ticket.building, ticket.unit, ticket.room) == (State.DISPATCHED, "C01", "3", "2", "1502")
    owed_by = cast.names().contractors[ticket.contractor_id or 0]
    assert owed_by in said.text

    # The contractor is told where and what, not who.
    cast.tick()
    (told,) = cast.pigeons.to(owed_by)
    assert "石桥新居3栋2单元1502室" in told
    assert "o-chen" not in told

    # Nobody accepts. The promise lapses; the breach is dated by the deadline, though the worker slept until evening.
    accept = next(timer for timer in ticket.timers if timer.target == "accept")
    cast.tick(hours=9)
    events = {event.details.get("target"): event for event in cast.history(said.number).events if event.action == "breach"}
    assert events["accept"].at == accept.due_at < MONDAY_MORNING + timedelta(hours=9)
    assert events["accept"].noticed_at == MONDAY_MORNING + timedelta(hours=9)
    assert "contact" in events
    assert any("督办" in text for text in cast.pigeons.to("住房保障"))
    assert cast.ticket(said.number).level == 2

    # Time alone never does the work twice: the next tick has nothing to say.
    before = len(cast.pigeons.sent)
    cast.tick()
    assert len(cast.pigeons.sent) == before

    # Now they come: accept, call, mend.
    plumber = cast.contractor(owed_by)
    for action, details in (
        ("accept", {"eta": "今天 19:00"}),
        ("contact", {"text": "已电话联系，七点上门"}),
        ("resolve", {"text": "更换厨房进水软管，试水不漏"}),
    ):
        with cast.hotline.tx() as tx:
            proof.done(tx, store.by_number(tx.session, said.number, plumber), action, plumber, details)
    ticket = cast.ticket(said.number)
    assert ticket.state is State.RESOLVED
    assert [timer.target for timer in ticket.timers if timer.stopped_at is None] == ["review"]

    # The tenant is asked, answers with a five, and the case is closed. Silence would not have counted.
    assert cast.writes("5", sender="o-chen").text == "谢谢您的评价。"
    ticket = cast.ticket(said.number)
    assert ticket.state is State.CLOSED
    assert all(timer.stopped_at is not None and timer.next_at is None for timer in ticket.timers)
    (rating,) = cast.history(said.number).ratings
    assert (rating.satisfied, rating.round, rating.via) == (5, 1, "wechat")


def test_a_low_rating_opens_a_new_round_on_a_new_clock(sqlite_cast: Cast) -> None:
    cast = sqlite_cast
    said = cast.writes("石桥新居3栋2单元1502 厨房水管漏水", sender="o-chen")
    plumber = cast.contractor(cast.names().contractors[cast.ticket(said.number).contractor_id or 0])
    for action, details in (("accept", {"eta": "上午"}), ("resolve", {"text": "已修"})):
        with cast.hotline.tx() as tx:
            proof.done(tx, store.by_number(tx.session, said.number, plumber), action, plumber, details)
    cast.tick(hours=1)
    assert "将重新办理" in cast.writes("未解决", sender="o-chen").text
    ticket = cast.ticket(said.number)
    assert (ticket.state, ticket.round) == (State.IN_PROGRESS, 2)
    fresh = [timer for timer in ticket.timers if timer.target == "resolve" and timer.stopped_at is None]
    assert [timer.started_at for timer in fresh] == [MONDAY_MORNING + timedelta(hours=1)]
    assert [rating.satisfied for rating in cast.history(said.number).ratings] == [1]
