"""The table is sound: whatever state a ticket is in, somebody can carry it to an end, and no clock is left running behind it."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from app.policy import TARGETS as POLICY_TARGETS
from app.tickets.lifecycle import DEAD_ENDS, NEW, RULES, STATE_NAMES, TABLE, Role, Rule, State, as_markdown, offers

OPS = set("+!-=>x^~%")
TARGETS = {*POLICY_TARGETS, "*", "?"}
AUDIENCES = {"helper", "resident", "contractor", "supervisor", "desk", "handler", "ladder"}


def by_action(rules: Iterable[Rule]) -> list[str]:
    return [rule.action for rule in rules]


def moves() -> list[tuple[State | None, State, Rule]]:
    """(from, to, row) of every change of state."""
    ways = [(target, rule) for rule in TABLE for target in dict.fromkeys((rule.target, rule.at_desk)) if target]
    return [(source, target, rule) for target, rule in ways for source in rule.sources if source is not target]


def leaving(state: State) -> list[Rule]:
    return [rule for source, _, rule in moves() if source is state]


def reachable(start: State | None) -> set[State]:
    reached: set[State] = set()
    waiting: list[State | None] = [start]
    while waiting:
        here = waiting.pop()
        fresh = {to for source, to, _ in moves() if source is here} - reached
        reached |= fresh
        waiting.extend(fresh)
    return reached


def ends(rule: Rule, target: str) -> bool:
    """The act leaves no clock of this target paused or running unseen: it meets, cancels, resumes or starts it anew."""
    return any(effect.target in (target, "*") and effect.op in "-x>+!" for effect in rule.timers)


def test_each_action_is_one_row() -> None:
    assert len(RULES) == len(TABLE)


def test_every_state_is_reachable() -> None:
    assert reachable(None) == set(State)


@pytest.mark.parametrize("state", [state for state in State if state not in DEAD_ENDS])
def test_from_every_state_a_ticket_can_be_closed(state: State) -> None:
    assert state is State.CLOSED or State.CLOSED in reachable(state)


def test_only_rejected_is_final() -> None:
    """What was merged by mistake is parted again; whoever was turned away may write anew."""
    assert {state for state in State if not leaving(state)} == DEAD_ENDS == {State.REJECTED}


def test_a_ticket_begins_once() -> None:
    assert by_action(rule for rule in TABLE if None in rule.sources) == ["receive"]
    assert RULES["receive"].sources == NEW


@pytest.mark.parametrize("rule", TABLE, ids=lambda rule: rule.action)
def test_a_row_is_spelt_rightly(rule: Rule) -> None:
    assert rule.roles, "an act that nobody may do"
    assert rule.sources, "an act that is never possible"
    assert {effect.op for effect in rule.timers} <= OPS
    assert {effect.target for effect in rule.timers} <= TARGETS
    assert set(rule.told) <= AUDIENCES
    assert rule.name and rule.action.islower()


@pytest.mark.parametrize("rule", TABLE, ids=lambda rule: rule.action)
def test_every_act_is_offered_to_whoever_may_do_it(rule: Rule) -> None:
    """Buttons are drawn from offers(); an act missing there could only be done by guessing its address."""
    for role in rule.roles:
        assert all(rule in offers(state, role) for state in rule.sources if state is not None)


def test_nobody_is_offered_what_is_not_theirs() -> None:
    for state in State:
        assert by_action(offers(state, Role.EVALUATOR)) == []
        assert "dispatch" not in by_action(offers(state, Role.CONTRACTOR))
        assert "close" not in by_action(offers(state, Role.CONTRACTOR)), "contractors do not close their own work"


def test_whoever_holds_a_ticket_can_move_it() -> None:
    """An open ticket that its own handler cannot move on lies there for ever."""
    workers = {
        State.RECEIVED: Role.AGENT,
        State.DISPATCHED: Role.CONTRACTOR,
        State.IN_PROGRESS: Role.CONTRACTOR,
        State.ON_HOLD: Role.CONTRACTOR,
        State.RETURNED: Role.AGENT,
        State.RESOLVED: Role.AGENT,
    }
    for state, role in workers.items():
        assert [rule for rule in leaving(state) if role in rule.roles], f"{role} cannot move a ticket on from {state}"


def test_an_ended_ticket_has_no_running_clock() -> None:
    """A clock that outlives its ticket breaches, and the breach stands on somebody's record."""
    for _, target, rule in moves():
        if target in DEAD_ENDS or target is State.CLOSED:
            assert any(effect.op == "x" and effect.target == "*" for effect in rule.timers), rule.action


def test_what_a_hold_pauses_runs_again() -> None:
    """A ticket returned while on hold with its clock still paused gives the next contractor for ever."""
    paused = {effect.target for effect in RULES["hold"].timers if effect.op == "="}
    assert paused == {"resolve", "finish"}
    assert [rule.action for rule in leaving(State.ON_HOLD) for target in paused if not ends(rule, target)] == []


def test_a_contractors_clocks_end_when_it_is_done_or_taken_away() -> None:
    for action in ("return", "resolve"):
        for target in ("accept", "reach", "arrive", "finish", "decide"):
            assert any(effect.target == target and effect.op == "x" for effect in RULES[action].timers), (action, target)


def test_the_clock_for_accepting_ends_with_dispatched() -> None:
    assert [rule.action for rule in leaving(State.DISPATCHED) if not ends(rule, "accept")] == []


def test_work_begun_is_work_timed() -> None:
    for source, target, rule in moves():
        if target is State.IN_PROGRESS and source in (State.RESOLVED, State.CLOSED):
            assert any(effect.op == "+" and effect.target == "resolve" for effect in rule.timers), rule.action


BACK_TO_WORK = ("accept", "resume", "join")  # who joins a mass incident is worked for under its one work order


def test_what_the_desk_is_to_do_again_stands_in_its_queue() -> None:
    """The desk has no list of work in progress: a ticket reopened into one would be found by nobody."""
    assert [rule.action for rule in TABLE if rule.at_desk is State.IN_PROGRESS and rule.action not in BACK_TO_WORK] == []
    assert {rule.action for rule in TABLE if rule.at_desk is not rule.target} == {"remand", "reopen"}
    assert {rule.at_desk for rule in TABLE if rule.at_desk is not rule.target} == {State.RECEIVED}
    assert "办理中；坐席自办的：待受理" in as_markdown()


WAITED_FOR = {"decide", "callback", "review"}  # by the adjudicator or the hotline, which work whatever became of the ticket


def test_no_clock_starts_where_nobody_is_at_work() -> None:
    """A clock started on a resolved ticket would run beside that of the next round, and breach."""
    starts = [rule.action for rule in TABLE if rule.target is None and any(effect.op in "+!" for effect in rule.timers)]
    work = [action for action in starts if {effect.target for effect in RULES[action].timers} - WAITED_FOR]
    assert work == ["append", "alarm", "classify", "assist", "supervise"]
    assert [action for action in work if RULES[action].sources & {State.RESOLVED, State.CLOSED}] == ["append"]
    assert {effect.target for effect in RULES["append"].timers} == {"respond"}, "which does not start there: test_clocks.py"


def test_the_table_can_be_shown() -> None:
    lines = as_markdown().splitlines()
    assert len(lines) == len(TABLE) + 2
    assert len({line.count("|") for line in lines}) == 1
    assert set(STATE_NAMES) == set(State)
    assert all(f"`{action}`" in as_markdown() for action in RULES)
