"""``hotline parked``: what could not be fired is listed with its reason, and goes back to work once the reason is gone."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from app.tickets.lifecycle import SYSTEM
from app.tickets.model import Timer
from app.timekeeping import sweep
from tests.app.casework.stage import Stage
from tests.app.cli.conftest import Town

pytestmark = pytest.mark.slow  # a city and commands: in `make test`, not in `make fast`


def broken(stage: Stage) -> tuple[str, list[dict[str, object]]]:
    """A ticket whose clock for the first contact cannot be fired, and the ladder that it should have."""
    number = stage.opens("C06")
    clock = stage.clock_of(number, "contact")
    with stage.cast.hotline.tx() as tx:
        tx.session.execute(update(Timer).where(Timer.id == clock.id).values(ladder=[{"key": "x", "nonsense": 1}]))
    stage.cast.clock.advance(timedelta(days=3))
    while sweep(stage.cast.hotline):
        pass
    return number, clock.ladder


def test_a_parked_timer_is_listed_and_given_back_when_it_is_mended(town: Town) -> None:
    terminal, stage = town
    number, ladder = broken(stage)
    said = terminal.done("parked")
    assert number in said and "首次联系" in said and "nonsense" in said and "共 1 项停放" in said
    assert number in terminal.done("parked", number.lower())
    assert "仍不能处理" in terminal.refused("parked", "--retry"), "nothing is given back while the reason is there"
    assert stage.clock_of(number, "contact").parked_at is not None
    with stage.cast.hotline.tx() as tx:
        tx.session.execute(update(Timer).where(Timer.parked_at.is_not(None)).values(ladder=ladder))
    assert terminal.done("parked", number, "--retry") == "已交还 1 项\n"
    assert terminal.done("parked") == "共 0 项停放\n"
    while sweep(stage.cast.hotline):
        pass
    breach = next(event for event in stage.events(number) if event.action == "breach" and event.details["target"] == "contact")
    assert breach.at == stage.clock_of(number, "contact").due_at, "late, and dated by its deadline all the same"


def test_nothing_parked_is_said_so(town: Town) -> None:
    terminal, stage = town
    number = stage.opens("C06")
    assert terminal.done("parked") == "共 0 项停放\n"
    assert "没有停放" in terminal.refused("parked", number, "--retry")
    assert terminal.done("parked", "--retry") == "已交还 0 项\n"


def test_a_clock_written_before_steps_carried_their_times_goes_on(town: Town) -> None:
    _, stage = town
    number = stage.opens("C06")
    with stage.cast.hotline.tx() as tx:
        for clock in tx.session.scalars(select(Timer)):
            clock.ladder = [{name: value for name, value in step.items() if name != "at"} for step in clock.ladder]
            clock.hours = ""
    stage.cast.clock.advance(timedelta(days=20))
    while sweep(stage.cast.hotline):
        pass
    fired = [event for event in stage.events(number) if event.by_role == SYSTEM.role and "step" in event.details]
    assert [event.details["step"] for event in fired if event.details["target"] == "contact"] == ["soon", "lapsed", "supervise"]
    assert all(clock.next_at is None for clock in stage.ticket(number).timers)
