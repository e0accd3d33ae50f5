"""A clock from start to end: rungs in order and dated by the plan, pauses, extensions, breaches dated by the deadline."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from sla import timer
from sla.calendar import Budget, CalendarError, WorkCalendar
from sla.ladder import Action, Step, from_json, to_json
from sla.policy import SlaPolicy, Target
from sla.timer import Clock, Firing

WEEK = {"mon": [["08:30", "12:00"], ["14:00", "17:30"]], "tue": "mon", "wed": "mon", "thu": "mon", "fri": "mon"}
SERVICE = WorkCalendar.build("热线", "Asia/Shanghai", WEEK, "CN")
LADDER = (
    Step("soon", "80%", Action.REMIND, "催办", ("handler",)),
    Step("lapsed", "0", Action.BREACH, "催办", ("handler", "desk")),
    Step("again", "+2h", Action.REMIND, "督办", ("handler",), repeat="1d", limit=3),
    Step("summon", "+1wd", Action.ESCALATE, "约谈", ("handler", "supervisor")),
)


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-{text}").replace(tzinfo=SERVICE.zone)


def target(budget: str = "3wd", *, pausable: bool = True, ladder: tuple[Step, ...] = LADDER) -> Target:
    return Target("resolve", "办结", Budget.parse(budget), "receipt", "citizen", pausable, ladder, "service")


def sweep(clock: Clock, now: datetime) -> tuple[list[Firing], Clock]:
    fired = []
    while step := timer.fire(clock, now):
        fired.append(step[0])
        clock = step[1]
    return fired, clock


def told(fired: list[Firing]) -> list[str]:
    return [f"{firing.step.key}{firing.step.turn} {firing.at.astimezone(SERVICE.zone):%m-%d %H:%M}" for firing in fired]


def test_a_clock_starts_with_deadline_and_first_rung() -> None:
    clock = timer.start(target(), SERVICE, at("03-02 10:00"))
    assert clock.due_at == at("03-05 17:30") and clock.version == 1 and clock.running
    assert clock.next_at == at("03-05 10:12")  # a fifth of 26.5 working hours before
    assert clock.due_at.tzinfo is UTC and clock.calendar == SERVICE.version
    assert timer.fire(clock, at("03-05 10:11")) is None


def test_missed_rungs_fire_in_order_each_with_its_own_date() -> None:
    """The worker slept for a week: nobody's record may depend on it."""
    clock = timer.start(target(), SERVICE, at("03-02 10:00"))
    fired, after = sweep(clock, at("03-16 09:00"))
    assert told(fired) == [
        "soon1 03-05 10:12",
        "lapsed1 03-05 17:30",
        "again1 03-06 10:30",
        "summon1 03-06 17:30",
        "again2 03-07 10:30",
        "again3 03-08 10:30",
    ]
    assert after.breached_at == after.due_at == at("03-05 17:30")
    assert after.next_at is None and timer.fire(after, at("12-31 00:00")) is None
    assert len({(firing.target, firing.version, firing.step.key, firing.step.turn) for firing in fired}) == 6


def test_one_rung_at_a_time() -> None:
    clock = timer.start(target(), SERVICE, at("03-02 10:00"))
    fired, clock = sweep(clock, at("03-05 10:12"))
    assert told(fired) == ["soon1 03-05 10:12"] and clock.next_at == at("03-05 17:30")
    fired, clock = sweep(clock, at("03-05 17:30"))
    assert told(fired) == ["lapsed1 03-05 17:30"] and clock.next_at == at("03-06 10:30")


def test_met_in_time_to_the_very_deadline() -> None:
    clock = timer.start(target(), SERVICE, at("03-02 10:00"))
    met = timer.stop(clock, at("03-05 17:30"))
    assert met.breached_at is None and met.next_at is None and met.stopped_at == at("03-05 17:30") and not met.running
    assert timer.stop(met, at("03-09 09:00")) is met and timer.fire(met, at("03-09 09:00")) is None


def test_met_late_is_a_breach_even_if_nobody_noticed() -> None:
    clock = timer.start(target(), SERVICE, at("03-02 10:00"))
    late = timer.stop(clock, at("03-05 17:30") + timedelta(seconds=1))
    assert late.breached_at == at("03-05 17:30")


def test_cancelled_says_nothing_of_what_would_have_been_and_keeps_what_had_lapsed() -> None:
    """Whether a sweep came by between the deadline and the cancelling must not decide whether somebody was late."""
    clock = timer.start(target(), SERVICE, at("03-02 10:00"))
    gone = timer.cancel(clock, at("03-05 17:30"))
    assert gone.cancelled and gone.breached_at is None and gone.next_at is None
    late = timer.cancel(clock, at("03-20 10:00"))
    assert late.cancelled and late.breached_at == at("03-05 17:30")
    stood = timer.cancel(timer.pause(clock, SERVICE, at("03-04 10:00")), at("03-20 10:00"))
    assert stood.breached_at is None
    assert timer.cancel(gone, at("03-21 10:00")) is gone
    assert timer.pause(gone, SERVICE, at("03-21 10:00")) is gone


def test_a_pause_moves_deadline_and_rungs_by_the_time_that_did_not_count() -> None:
    clock = timer.start(target(), SERVICE, at("03-02 10:00"))
    paused = timer.pause(clock, SERVICE, at("03-03 10:00"))
    assert paused.next_at is None and paused.used == timedelta(hours=7) and not paused.running
    assert timer.pause(paused, SERVICE, at("03-03 11:00")) is paused
    assert sweep(paused, at("03-31 09:00"))[0] == []
    on = timer.resume(paused, SERVICE, at("03-04 10:00"))
    assert on.due_at == at("03-06 17:30") and on.version == 2 and on.held == timedelta(hours=7)
    assert told(sweep(on, at("03-06 18:00"))[0]) == ["soon1 03-06 10:12", "lapsed1 03-06 17:30"]
    assert timer.used(on, SERVICE, at("03-04 11:00")) == timedelta(hours=8)


def test_a_pause_while_closed_costs_nothing() -> None:
    clock = timer.start(target(), SERVICE, at("03-02 10:00"))
    on = timer.resume(timer.pause(clock, SERVICE, at("03-03 17:30")), SERVICE, at("03-04 08:30"))
    assert on == replace(clock, used=timedelta(hours=12, minutes=30))


def test_pauses_of_a_deadline_on_the_clock_count_nights() -> None:
    clock = timer.start(target("15d"), SERVICE, at("03-02 10:00"))
    on = timer.resume(timer.pause(clock, SERVICE, at("03-06 17:30")), SERVICE, at("03-09 08:30"))
    assert on.due_at == at("03-17 10:00") + timedelta(days=2, hours=15)


def test_what_may_not_be_paused_is_not() -> None:
    clock = timer.start(target(pausable=False), SERVICE, at("03-02 10:00"))
    assert timer.pause(clock, SERVICE, at("03-03 10:00")) is clock
    assert timer.resume(clock, SERVICE, at("03-03 10:00")) is clock


def test_a_pause_does_not_hide_what_had_lapsed() -> None:
    clock = timer.start(target(), SERVICE, at("03-02 10:00"))
    paused = timer.pause(clock, SERVICE, at("03-06 09:00"))  # the sweep has not come by yet
    assert paused.breached_at == at("03-05 17:30")
    fired, paused = sweep(paused, at("03-06 09:01"))
    assert told(fired) == ["soon1 03-05 10:12", "lapsed1 03-05 17:30"] and paused.next_at is None
    on = timer.resume(paused, SERVICE, at("03-09 09:00"))
    assert on.breached_at == at("03-05 17:30") and on.next_at == at("03-09 10:30")
    assert timer.stop(on, at("03-09 09:30")).breached_at == at("03-05 17:30")


def test_a_breach_keeps_its_date_when_the_sweep_comes_after_a_pause() -> None:
    clock = timer.start(target(), SERVICE, at("03-02 10:00"))
    on = timer.resume(timer.pause(clock, SERVICE, at("03-06 09:00")), SERVICE, at("03-09 09:00"))
    fired, after = sweep(on, at("03-09 09:00"))
    assert told(fired)[-1] == "lapsed1 03-05 17:30" and after.breached_at == at("03-05 17:30")


def test_stopped_while_paused_is_judged_by_when_it_stood_still() -> None:
    clock = timer.start(target(), SERVICE, at("03-02 10:00"))
    met = timer.stop(timer.pause(clock, SERVICE, at("03-03 10:00")), at("03-31 10:00"))
    assert met.breached_at is None
    assert timer.resume(met, SERVICE, at("04-01 10:00")) is met


def test_an_extension_gives_every_rung_ahead_its_chance_again() -> None:
    clock = timer.start(target(), SERVICE, at("03-02 10:00"))
    fired, clock = sweep(clock, at("03-05 12:00"))
    longer = timer.extend(clock, SERVICE, at("03-10 17:30"), at("03-05 15:00"))
    again, after = sweep(longer, at("03-10 17:30"))
    assert [firing.step.key for firing in again] == ["soon", "lapsed"]
    assert [firing.version for firing in fired + again] == [1, 2, 2] and after.breached_at == at("03-10 17:30")


def test_an_extension_granted_late_is_judged_by_the_new_deadline() -> None:
    clock = timer.start(target(), SERVICE, at("03-02 10:00"))
    _, late = sweep(clock, at("03-06 09:00"))
    longer = timer.extend(late, SERVICE, at("03-10 17:30"), at("03-06 09:00"), LADDER)
    assert longer.breached_at is None and timer.stop(longer, at("03-10 10:00")).breached_at is None
    still = timer.extend(late, SERVICE, at("03-06 08:45"), at("03-06 09:00"))
    assert told(sweep(still, at("03-06 09:00"))[0]) == ["lapsed1 03-06 08:45"]
    with pytest.raises(CalendarError):
        timer.extend(longer, SERVICE, at("03-02 09:00"), at("03-06 10:00"))
    with pytest.raises(CalendarError):
        timer.extend(timer.stop(clock, at("03-03 10:00")), SERVICE, at("03-10 17:30"), at("03-06 10:00"))


def test_a_deadline_decided_on_a_paused_clock_moves_only_by_what_is_still_to_stand() -> None:
    """Who grants Tuesday on Friday means Tuesday: the days that it had stood until then are in the decision already."""
    clock = timer.start(target(), SERVICE, at("03-02 10:00"))
    paused = timer.pause(clock, SERVICE, at("03-03 10:00"))
    longer = timer.extend(paused, SERVICE, at("03-10 17:30"), at("03-05 10:00"))
    assert not longer.running and longer.due_at == at("03-10 17:30") and longer.next_at is None
    at_once = timer.resume(longer, SERVICE, at("03-05 10:00"))
    assert at_once.due_at == at("03-10 17:30") and at_once.next_at is not None
    later = timer.resume(longer, SERVICE, at("03-06 10:00"))
    assert later.due_at == at("03-11 17:30")
    assert timer.used(later, SERVICE, at("03-06 11:00")) == timedelta(hours=8), "seven on the first two days, one since"
    assert timer.resume(longer, SERVICE, at("03-04 10:00")).due_at == at("03-10 17:30"), "ended before it was decided"


def test_a_changed_calendar_moves_only_what_follows_from_it() -> None:
    closed = replace(SERVICE, days=((at("03-04 00:00").date(), ()),))
    clock = timer.start(target(), SERVICE, at("03-02 10:00"))
    moved = timer.recount(clock, SERVICE, closed)
    assert moved.due_at == at("03-06 17:30") and moved.version == 2 and moved.calendar == closed.version
    assert moved.next_at == at("03-06 10:12")
    assert timer.recount(clock, SERVICE, SERVICE) is clock
    stopped = timer.stop(clock, at("03-03 10:00"))
    assert timer.recount(stopped, SERVICE, closed) is stopped
    granted = timer.extend(clock, SERVICE, at("03-10 12:00"), at("03-03 10:00"))
    assert timer.recount(granted, SERVICE, closed).due_at == at("03-10 12:00")
    elsewhere = replace(SERVICE, days=((at("05-06 00:00").date(), ()),))
    assert timer.recount(clock, SERVICE, elsewhere) == replace(clock, calendar=elsewhere.version)


def test_a_recount_moves_no_deadline_that_has_lapsed_and_none_into_the_past() -> None:
    closed = replace(SERVICE, days=((at("03-04 00:00").date(), ()),))
    clock = timer.start(target(), SERVICE, at("03-02 10:00"))
    assert timer.recount(clock, SERVICE, closed, at=at("03-05 17:29")).due_at == at("03-06 17:30")
    late = timer.recount(clock, SERVICE, closed, at=at("03-05 17:30"))
    assert late == replace(clock, calendar=closed.version), "lapsed, whether or not anybody has noticed; its rungs stay, too"
    further = timer.start(target(), closed, at("03-02 10:00"))
    assert timer.recount(further, closed, SERVICE, at=at("03-05 17:29")).due_at == at("03-05 17:30")
    assert timer.recount(further, closed, SERVICE, at=at("03-05 17:30")).due_at == further.due_at


def test_a_recount_of_a_lapsed_clock_does_not_bring_back_rungs_that_a_pause_put_off() -> None:
    closed = replace(SERVICE, days=((at("05-06 00:00").date(), ()),))
    clock = timer.start(target(), SERVICE, at("03-02 10:00"))
    on = timer.resume(timer.pause(clock, SERVICE, at("03-06 10:00")), SERVICE, at("03-10 10:00"))
    assert timer.recount(on, SERVICE, closed, at=at("03-10 11:00")).ladder == on.ladder


def test_rungs_are_planned_anew_for_other_service_hours() -> None:
    waiting = (LADDER[1], *(replace(step, waits=True) for step in LADDER if step.key != "lapsed"))
    round_the_clock = WorkCalendar.always("Asia/Shanghai")
    clock = timer.start(target("20h", ladder=waiting), round_the_clock, at("03-02 20:00"), SERVICE)
    closed = replace(SERVICE, days=((at("03-03 00:00").date(), ()),))
    again = timer.replan(clock, round_the_clock, closed)
    assert (again.due_at, again.version, again.calendar) == (clock.due_at, clock.version, clock.calendar)
    told = [step.at.astimezone(SERVICE.zone).date() for step in again.ladder if step.waits and step.at]
    assert again.ladder != clock.ladder and at("03-03 00:00").date() not in told
    stopped = timer.stop(clock, at("03-03 10:00"))
    assert timer.replan(stopped, round_the_clock, closed) is stopped


def test_a_recount_keeps_the_pauses() -> None:
    closed = replace(SERVICE, days=((at("03-05 00:00").date(), ()),))
    clock = timer.start(target(), SERVICE, at("03-02 10:00"))
    on = timer.resume(timer.pause(clock, SERVICE, at("03-03 10:00")), SERVICE, at("03-04 10:00"))
    assert timer.recount(on, SERVICE, closed).due_at == at("03-09 17:30")


def test_rungs_planned_before_the_start_are_left_out() -> None:
    ladder = (Step("early", "-1wd", Action.REMIND), LADDER[1])
    clock = timer.start(target("1wd", ladder=ladder), SERVICE, at("03-02 20:00"))
    assert [step.key for step in clock.ladder] == ["lapsed"]


def test_a_clock_without_rungs_never_fires() -> None:
    assert timer.start(target(ladder=()), SERVICE, at("03-02 20:00")).next_at is None


def test_emergencies_run_at_night() -> None:
    alarm = Target("contact", "联系", Budget.parse("2m"), "receipt", "citizen", False, LADDER[:2], "always")
    clock = timer.start(alarm, SERVICE.clock, at("02-17 03:00"))
    assert clock.due_at == at("02-17 03:02")
    assert told(sweep(clock, at("02-17 03:02"))[0]) == ["soon1 02-17 03:01", "lapsed1 02-17 03:02"]


def test_a_frozen_ladder_restores_the_same_clock() -> None:
    clock = timer.start(target(), SERVICE, at("03-02 10:00"))
    restored = replace(clock, ladder=from_json(to_json(clock.ladder)))
    assert restored == clock and sweep(restored, at("03-16 09:00")) == sweep(clock, at("03-16 09:00"))


def test_a_policy_finds_targets_and_calendars() -> None:
    policy = SlaPolicy({"service": SERVICE}, {("C01", "U1"): (target(),)})
    (found,) = policy.targets("C01", "U1")
    assert policy.calendar_of(found) is SERVICE
    assert policy.calendar(SERVICE.version) is SERVICE and policy.calendar("gone") is None
    with pytest.raises(KeyError):
        policy.targets("C99", "U1")


def test_a_clock_paused_after_it_lapsed_stays_lapsed_and_its_rungs_are_put_off() -> None:
    """Nobody is summoned for days on which work was rightly standing still."""
    clock = timer.start(target(), SERVICE, at("03-02 10:00"))
    fired, clock = sweep(clock, at("03-05 17:30"))
    clock = timer.pause(clock, SERVICE, at("03-06 08:30"))
    assert clock.next_at is None
    clock = timer.resume(clock, SERVICE, at("03-10 08:30"))  # two working days later
    assert clock.due_at == clock.breached_at == at("03-05 17:30") and clock.held == timedelta(0)
    assert told(sweep(clock, at("03-31 09:00"))[0]) == [
        "again1 03-10 10:30",
        "summon1 03-10 17:30",
        "again2 03-10 17:30",  # planned for Saturday and Sunday: the working time put off begins on Monday
        "again3 03-10 17:30",
    ]
    assert told(fired) == ["soon1 03-05 10:12", "lapsed1 03-05 17:30"]


def test_an_acknowledgement_leaves_out_what_goes_on_until_then_and_a_new_deadline_arms_it_again() -> None:
    ladder = (
        Step("lapsed", "0", Action.BREACH, "督办", ("desk",)),
        Step("ring", "+5m", Action.REMIND, "督办", ("desk",), repeat="5m", limit=4, until="acknowledged"),
        Step("summon", "+30m", Action.ESCALATE, "约谈", ("supervisor",)),
    )
    clock = timer.start(target("10m", ladder=ladder), SERVICE.clock, at("03-02 23:00"))
    fired, clock = sweep(clock, at("03-02 23:15"))
    assert told(fired) == ["lapsed1 03-02 23:10", "ring1 03-02 23:15"]
    clock = timer.acknowledge(clock, at("03-02 23:16"))
    assert timer.acknowledge(clock, at("03-02 23:17")) is clock
    assert told(sweep(clock, at("03-03 09:00"))[0]) == ["summon1 03-02 23:40"]
    again = timer.extend(clock, SERVICE.clock, at("03-03 00:00"), at("03-02 23:20"))
    assert again.acknowledged_at is None
    assert [step.key for step in (one.step for one in sweep(again, at("03-03 09:00"))[0])] == ["lapsed", *["ring"] * 4, "summon"]


def test_pauses_of_the_ticket_count_for_a_promise_made_later() -> None:
    pauses = [(at("03-03 08:30"), at("03-04 08:30"))]
    clock = timer.start(target("3wd"), SERVICE, at("03-02 10:00"), pauses=pauses)
    assert clock.due_at == at("03-06 17:30") and clock.held == timedelta(hours=7)
    assert timer.used(clock, SERVICE, at("03-04 08:30")) == timedelta(hours=5, minutes=30)
    hurried = timer.start(target("3wd", pausable=False), SERVICE, at("03-02 10:00"), pauses=pauses)
    assert hurried.due_at == at("03-05 17:30") and hurried.held == timedelta(0)


MINUTES = some.integers(0, 60 * 24 * 10).map(lambda minutes: timedelta(minutes=minutes))


@settings(max_examples=80, deadline=None)
@given(
    some.sampled_from(["4wh", "90wm", "2wd", "5wd", "30m", "36h", "10d"]),
    MINUTES,
    some.lists(some.tuples(MINUTES, MINUTES), max_size=3),
)
def test_pauses_conserve_the_budget(budget: str, begin: timedelta, pauses: list[tuple[timedelta, timedelta]]) -> None:
    """However often it is paused, the time that counts until the deadline is the time that was promised."""
    start = at("02-09 00:00") + begin
    clock = first = timer.start(target(budget), SERVICE, start)
    walked = SERVICE.counted_on(clock.budget)
    promised, now, spans, in_time = walked.between(start, clock.due_at), start, [], True
    for wait, stand in pauses:
        in_time = in_time and now + wait < clock.due_at
        clock = timer.pause(clock, SERVICE, now + wait)
        now = now + wait + stand
        spans.append((now - stand, now))
        clock = timer.resume(clock, SERVICE, now)
    assert walked.between(start, clock.due_at) - clock.held == promised
    assert {rung.key for rung in clock.ladder} == {rung.key for rung in first.ladder} and clock.next_at is not None
    times = [rung.at for rung in clock.ladder if rung.at is not None]
    assert times == sorted(times) and len(times) == len(clock.ladder)
    if in_time:
        assert clock.due_at == SERVICE.due(start, clock.budget, spans).at
