"""地点: what nobody said is taken from the resident's registered home, shown as that, and asked about."""

from __future__ import annotations

import itertools
from datetime import timedelta

from app.naming import place_name
from app.store import tickets as store
from app.tickets.lifecycle import SYSTEM
from app.tickets.model import Ticket
from app.tickets.residents import Household, Resident
from app.triage import from_record
from tests.app.casework.stage import Stage

_people = itertools.count(1)


def at_home(stage: Stage, estate: str = "石桥新居") -> str:
    """A WeChat sender whose dwelling the register knows: they have written before, and it was entered since."""
    sender = f"o-w{next(_people)}"
    number = stage.cast.writes("谢谢物业，一切都好，表扬一下", sender, external_id=f"w{next(_people)}").number
    names = stage.cast.names().register.estates
    with stage.cast.hotline.tx() as tx:
        resident = tx.session.get_one(Resident, store.by_number(tx.session, number, SYSTEM).resident_id)
        estate_id = next(int(one.id) for one in names.values() if one.name == estate)
        home = Household(estate_id=estate_id, building="3", unit="2", room=str(100 + next(_people)))
        tx.session.add(home)
        tx.session.flush()
        resident.household_id = home.id
    stage.cast.clock.advance(timedelta(minutes=stage.cast.hotline.policy.rules.append_window_minutes + 1))
    return sender


def written(stage: Stage, sender: str, text: str) -> tuple[Ticket, str]:
    said = stage.cast.writes(text, sender, external_id=f"w{next(_people)}")
    return stage.ticket(said.number), said.text


def test_an_unsaid_place_is_the_registered_home_and_is_asked_about(sqlite_stage: Stage) -> None:
    sender = at_home(sqlite_stage)
    ticket, answer = written(sqlite_stage, sender, "楼道灯不亮了，请来修一下")
    assert from_record(ticket) and (ticket.building, ticket.unit) == ("3", "2")
    assert "登记住址" in answer


def test_a_place_that_was_said_goes_before_the_home(sqlite_stage: Stage) -> None:
    sender = at_home(sqlite_stage)
    ticket, answer = written(sqlite_stage, sender, "青枫路8号望禾花园小区6栋楼道灯不亮了，请来修")
    assert not from_record(ticket) and ticket.estate_id is None
    assert "青枫路8号望禾花园小区6栋" in ticket.place_text
    with sqlite_stage.cast.hotline.look() as tx:
        assert place_name(tx, ticket).count("6栋") == 1
    assert "登记住址" not in answer
