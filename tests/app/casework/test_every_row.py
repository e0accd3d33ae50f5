"""Every row of the table, done through act(): state, event, clocks and notices; and every way it is refused changes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, NamedTuple

import pytest

from app.errors import BadInput, Conflict, HotlineError, NotAllowed
from app.tickets.lifecycle import QUIET, RULES, STATE_NAMES, SYSTEM, TABLE, Actor, Role, State
from app.tickets.model import Timer
from tests.app.casework.stage import Stage

pytestmark = pytest.mark.slow  # many requests, commands or tickets: in `make test`, not in `make fast`

S, R = State, Role
LADDER = {"target": "resolve", "target_name": "办结", "due": "周一", "tell": ["handler", "supervisor"]}


class Case(NamedTuple):
    """One row done once: from where, by whom, with what; where to, and who is told. ``contractor`` etc. are filled in."""

    source: State
    by: Role
    details: Mapping[str, Any]
    target: State
    told: frozenset[str]


MOVED = {"target": "resolve", "deadline": "2026-12-10T17:30", "reason": "领导交办"}
# What has to have been done before.
FIRST = {
    "grant": ("petition",),
    "deny": ("petition",),
    "progress": ("contact", "append"),
    "grant_return": ("ask_return",),
    "deny_return": ("ask_return",),
    "grant_closure": ("ask_closure",),
    "deny_closure": ("ask_closure",),
    "grant_exclusion": ("ask_exclusion",),
    "deny_exclusion": ("ask_exclusion",),
    "appeal": ("rate",),
    "grant_appeal": ("rate", "appeal"),
    "deny_appeal": ("rate", "appeal"),
    "assisted": ("assist",),
    "unassist": ("assist",),
    "report": ("supervise",),
    "rate": ("callback",),
    "call": ("callback",),
    "uncall": ("callback",),
}


def case(source: State, by: Role, target: State, told: str = "", /, **details: Any) -> Case:
    return Case(source, by, details, target, frozenset(told.split()))


CASES: Mapping[str, Case] = {
    "append": case(S.DISPATCHED, R.RESIDENT, S.DISPATCHED, "contractor", text="还有一盏也不亮"),
    "alarm": case(S.DISPATCHED, R.SYSTEM, S.DISPATCHED, "resident desk supervisor", codes=["E03"]),
    "classify": case(S.RECEIVED, R.AGENT, S.RECEIVED, leaf="C08"),
    "dispatch": case(S.RECEIVED, R.AGENT, S.DISPATCHED, "contractor resident", contractor="匠修"),
    "refer": case(S.RETURNED, R.AGENT, S.DISPATCHED, "supervisor resident", purchaser="临江区"),
    "answer": case(S.RECEIVED, R.AGENT, S.RESOLVED, "resident", text="可以的"),
    "reject": case(S.RECEIVED, R.AGENT, S.REJECTED, "resident", reason="不属公租房", refer="12345"),
    "accept": case(S.DISPATCHED, R.CONTRACTOR, S.IN_PROGRESS, "resident", eta="下午三点"),
    "contact": case(S.IN_PROGRESS, R.CONTRACTOR, S.IN_PROGRESS, text="打过电话"),
    "progress": case(S.ON_HOLD, R.CONTRACTOR, S.ON_HOLD, "resident", text="配件在路上"),
    "reply": case(S.IN_PROGRESS, R.AGENT, S.IN_PROGRESS, "resident", text="师傅在路上"),
    "arrive": case(S.IN_PROGRESS, R.CONTRACTOR, S.IN_PROGRESS),
    "petition": case(S.IN_PROGRESS, R.CONTRACTOR, S.IN_PROGRESS, "desk supervisor", reason="缺料", wanted="2026-12-10T17:30"),
    "grant": case(S.IN_PROGRESS, R.SUPERVISOR, S.IN_PROGRESS, "contractor resident", reason="情况属实"),
    "deny": case(S.IN_PROGRESS, R.SUPERVISOR, S.IN_PROGRESS, "contractor", reason="可以先换灯泡"),
    "override": case(S.DISPATCHED, R.SUPERVISOR, S.DISPATCHED, "contractor resident", **MOVED),
    "acknowledge": case(S.DISPATCHED, R.CONTRACTOR, S.DISPATCHED),
    "recount": case(S.DISPATCHED, R.SYSTEM, S.DISPATCHED, calendar={"from": "?", "to": "?"}),
    "note": case(S.CLOSED, R.CONTRACTOR, S.CLOSED, text="备件编号 7"),
    "hold": case(S.IN_PROGRESS, R.CONTRACTOR, S.ON_HOLD, "resident desk", reason="等配件", until="2026-11-27T17:30"),
    "resume": case(S.ON_HOLD, R.CONTRACTOR, S.IN_PROGRESS, "resident"),
    "return": case(S.IN_PROGRESS, R.AGENT, S.RETURNED, "contractor desk", reason="派错了"),
    "resolve": case(S.IN_PROGRESS, R.CONTRACTOR, S.RESOLVED, "resident", text="换了灯"),
    "remand": case(S.RESOLVED, R.SUPERVISOR, S.IN_PROGRESS, "contractor resident", reason="照片不对"),
    "reopen": case(S.CLOSED, R.RESIDENT, S.IN_PROGRESS, "contractor desk", reason="又不亮了"),
    "rate": case(S.RESOLVED, R.RESIDENT, S.RESOLVED, satisfied=4),
    "close": case(S.RESOLVED, R.AGENT, S.CLOSED),
    "nudge": case(S.DISPATCHED, R.RESIDENT, S.DISPATCHED, "contractor desk"),
    "withdraw": case(S.IN_PROGRESS, R.RESIDENT, S.CLOSED, "contractor"),
    "merge": case(S.DISPATCHED, R.AGENT, S.MERGED, "contractor resident", into="另一张"),
    "remind": case(S.DISPATCHED, R.SYSTEM, S.DISPATCHED, "contractor supervisor", **LADDER),
    "breach": case(S.IN_PROGRESS, R.SYSTEM, S.IN_PROGRESS, "contractor supervisor", **LADDER),
    "escalate": case(S.RETURNED, R.SYSTEM, S.RETURNED, "desk supervisor", **LADDER, level=2),
    "protect": case(S.DISPATCHED, R.RESIDENT, S.DISPATCHED),
    "restate": case(S.DISPATCHED, R.AGENT, S.DISPATCHED, "contractor", text="3 栋楼道灯不亮"),
    "assist": case(S.IN_PROGRESS, R.AGENT, S.IN_PROGRESS, "helper contractor", helper="安居", text="开一下配电间"),
    "assisted": case(S.IN_PROGRESS, R.CONTRACTOR, S.IN_PROGRESS, "contractor desk", text="已开"),
    "unassist": case(S.IN_PROGRESS, R.AGENT, S.IN_PROGRESS, "helper contractor", helper="安居", reason="不用了"),
    "ask_return": case(S.DISPATCHED, R.CONTRACTOR, S.DISPATCHED, "desk supervisor", code="place", reason="不是这个小区"),
    "grant_return": case(S.DISPATCHED, R.AGENT, S.RETURNED, "contractor desk", reason="属实"),
    "deny_return": case(S.DISPATCHED, R.AGENT, S.DISPATCHED, "contractor", reason="合同写明"),
    "ask_closure": case(S.IN_PROGRESS, R.CONTRACTOR, S.IN_PROGRESS, "supervisor", outcome="unfounded", reason="灯是好的"),
    "grant_closure": case(S.IN_PROGRESS, R.SUPERVISOR, S.CLOSED, "contractor desk resident", reason="已核实"),
    "deny_closure": case(S.IN_PROGRESS, R.SUPERVISOR, S.IN_PROGRESS, "contractor desk", reason="再去一次"),
    "ask_exclusion": case(S.CLOSED, R.CONTRACTOR, S.CLOSED, "supervisor", reason="台风停工"),
    "grant_exclusion": case(S.CLOSED, R.SUPERVISOR, S.CLOSED, "contractor", reason="属实"),
    "deny_exclusion": case(S.CLOSED, R.SUPERVISOR, S.CLOSED, "contractor", reason="理由不足"),
    "appeal": case(S.RESOLVED, R.CONTRACTOR, S.RESOLVED, "supervisor", round=1, reason="评的不是我们"),
    "grant_appeal": case(S.RESOLVED, R.SUPERVISOR, S.RESOLVED, "contractor", reason="属实"),
    "deny_appeal": case(S.RESOLVED, R.SUPERVISOR, S.RESOLVED, "contractor", reason="评价属实"),
    "approve": case(S.RESOLVED, R.AGENT, S.RESOLVED, "contractor"),
    "callback": case(S.RESOLVED, R.SYSTEM, S.RESOLVED, why="resolved"),
    "call": case(S.RESOLVED, R.AGENT, S.RESOLVED, outcome="no_answer"),
    "uncall": case(S.RESOLVED, R.AGENT, S.RESOLVED, reason="三次无人接听"),
    "confirm": case(S.RESOLVED, R.RESIDENT, S.CLOSED, "contractor"),
    "unmerge": case(S.MERGED, R.AGENT, S.RECEIVED, "desk resident", reason="不是一回事"),
    "split": case(S.RECEIVED, R.AGENT, S.RECEIVED, "resident", part="另一张", leaf="C06", text="换灯"),
    "join": case(S.DISPATCHED, R.AGENT, S.IN_PROGRESS, "contractor desk resident", into="另一张"),
    "leave": case(S.IN_PROGRESS, R.AGENT, S.RECEIVED, "desk resident", reason="只有他家"),
    "supervise": case(S.DISPATCHED, R.SUPERVISOR, S.DISPATCHED, "contractor desk", level=2, text="今天必须到场"),
    "report": case(S.DISPATCHED, R.CONTRACTOR, S.DISPATCHED, "supervisor", text="已到场"),
}
BY_OTHERS = {"assisted"}  # done by whoever assists, not by whoever leads


def filled(stage: Stage, details: Mapping[str, Any]) -> dict[str, Any]:
    """Names turned into ids of this database."""
    names, given = stage.cast.names(), dict(details)
    for key, known in (("contractor", names.contractors), ("helper", names.contractors), ("purchaser", names.purchasers)):
        if key in given:
            given[key] = next(number for number, name in known.items() if given[key] in name)
    if "into" in given:
        given["into"] = stage.opens()
        given["into_id"] = stage.ticket(given["into"]).id
    return given


def prepared(stage: Stage, action: str) -> str:
    """A ticket on which the act can be done."""
    if action == "leave":
        number = stage.brought_to(CASES["join"].source)
        stage.does(number, "join", stage.agent, **filled(stage, CASES["join"].details))
        return number
    number = stage.brought_to(CASES[action].source)
    for first in FIRST.get(action, ()):
        if first == "rate":
            stage.rated(number, 2)
        else:
            stage.does(number, first, doer(stage, first, number), **filled(stage, CASES[first].details))
    return number


def doer(stage: Stage, action: str, number: str) -> Actor:
    return stage.other if action in BY_OTHERS else stage.anybody(CASES[action].by, number)


def left_running(timers: list[Timer], target: str) -> list[Timer]:
    return [timer for timer in timers if target in ("*", "?", timer.target) and timer.stopped_at is None]


def test_the_cases_are_the_table() -> None:
    assert {"receive", *CASES} == set(RULES)


@pytest.mark.parametrize("action", CASES)
def test_an_act_moves_writes_and_tells_what_its_row_says(stage: Stage, action: str) -> None:
    source, _, details, target, told = CASES[action]
    number = prepared(stage, action)
    before = stage.ticket(number)
    later = stage.cast.clock.advance(timedelta(minutes=20))
    by = doer(stage, action, number)

    event = stage.does(number, action, by, **filled(stage, details))

    ticket = stage.ticket(number)
    assert (ticket.state, ticket.seq) == (target, before.seq + 1)
    assert ticket.updated_at == (before.updated_at if action in QUIET else later)
    ended = later if target in (S.CLOSED, S.REJECTED, S.MERGED) else None
    assert ticket.closed_at == (before.closed_at if source is target else ended), (
        "a note on a closed ticket closes it no second time"
    )
    written = stage.events(number)[-1]
    assert (written.id, written.seq, written.action) == (event.id, ticket.seq, action)
    assert (written.by_role, written.by_id, written.by_name, written.by_org) == (by.role, by.id, by.name, by.org)
    assert (written.from_state, written.to_state) == (source, target)
    assert written.at == written.noticed_at == later
    assert details.keys() <= written.details.keys()
    assert stage.told_by(number, event) == told


@pytest.mark.parametrize("action", [rule.action for rule in TABLE if rule.timers and rule.action in CASES])
def test_an_act_does_to_the_clocks_what_its_row_says(stage: Stage, action: str) -> None:
    details = CASES[action].details
    number = prepared(stage, action)
    before = {timer.id: timer for timer in stage.ticket(number).timers}
    later = stage.cast.clock.advance(timedelta(minutes=20))
    stage.does(number, action, doer(stage, action, number), **filled(stage, details))
    after = stage.ticket(number).timers
    # A word to be responded to is not among what the cases begin with: test_clocks.py has it.
    met_any = not any(effect.op == "-" and effect.target != "respond" for effect in RULES[action].timers)

    for effect in RULES[action].timers:
        ran = [timer for timer in after if timer.id in {t.id for t in left_running(list(before.values()), effect.target)}]
        match effect.op:
            case "+":
                promised = stage.cast.promises(number, effect.target) is not None
                met = [t for t in after if t.target == effect.target and t.stopped_at is not None and not t.cancelled]
                asked = promised and not (met and effect.target == "contact") and effect.target != "respond"
                assert len(left_running(after, effect.target)) == int(asked)
            case "!":
                (running,) = left_running(after, effect.target)
                assert running.started_at == later
                assert all((timer.stopped_at, timer.cancelled) == (later, True) for timer in ran if timer.id != running.id)
            case "-":
                assert all((timer.stopped_at, timer.cancelled) == (later, False) for timer in ran)
                met_any |= bool(ran)
            case "x":
                met_here = {one.target for one in RULES[action].timers if one.op == "-"}
                assert all(timer.stopped_at == later for timer in ran)
                assert all(timer.cancelled for timer in ran if timer.target not in met_here)
            case "^":
                moved = [timer for timer in ran if effect.target != "?" or timer.target == details["target"]]
                assert moved and all(timer.due_at > before[timer.id].due_at and timer.version == 2 for timer in moved)
            case "~":
                assert ran and all(timer.acknowledged_at == later for timer in ran)
            case "%":
                assert [timer.due_at for timer in ran] == [before[timer.id].due_at for timer in ran]
            case "=":
                assert ran and all(timer.paused_at == later and timer.next_at is None for timer in ran)
            case ">":
                assert all(timer.paused_at is None for timer in ran)
        if effect.op in "-x":
            assert left_running(after, effect.target) == []
            assert all(timer.next_at is None for timer in ran)
    assert met_any, "nothing that the row says is met was running"


def test_a_ticket_begins_with_its_receipt(stage: Stage) -> None:
    number = stage.opens()
    (event,) = stage.events(number)
    assert (event.action, event.seq, event.from_state, event.to_state) == ("receive", 1, None, S.RECEIVED)
    assert stage.told_by(number, event) == {"resident"}
    assert {timer.target for timer in stage.ticket(number).timers} == {"contact", "resolve"}
    assert {timer.started_at for timer in stage.ticket(number).timers} == {stage.cast.clock.now()}


@pytest.fixture(scope="module")
def parked(sqlite_stages: Stage) -> dict[State, str]:
    """One ticket in every state; refused acts leave them there."""
    return {state: sqlite_stages.brought_to(state) for state in State}


def refused(stage: Stage, number: str, action: str, by: Actor, details: Mapping[str, Any], kind: type[HotlineError]) -> str:
    """What goes wrong with the refusal; empty when it is refused in words and nothing has changed."""
    before = stage.everything(number)
    told = f"{action} by {by.role} on {stage.ticket(number).state} with {sorted(details)}"
    try:
        stage.does(number, action, by, **details)
    except HotlineError as refusal:
        if type(refusal) is not kind or not refusal.message:
            return f"{told}: {refusal!r} instead of {kind.__name__}"
    else:
        return f"{told}: done"
    return "" if stage.everything(number) == before else f"{told}: refused, and yet something changed"


@pytest.mark.parametrize("action", CASES)
def test_whoever_may_not_is_refused_and_nothing_changes(sqlite_stage: Stage, parked: dict[State, str], action: str) -> None:
    one = CASES[action]
    number, details = parked[one.source], filled(sqlite_stage, one.details)
    strangers = [role for role in Role if role not in RULES[action].roles]
    assert strangers
    wrong = [refused(sqlite_stage, number, action, sqlite_stage.anybody(role, number), details, NotAllowed) for role in strangers]
    assert [line for line in wrong if line] == []


@pytest.mark.parametrize("action", CASES)
def test_in_another_state_an_act_comes_too_late_and_nothing_changes(
    sqlite_stage: Stage, parked: dict[State, str], action: str
) -> None:
    one = CASES[action]
    details = filled(sqlite_stage, one.details)
    states = [state for state in State if state not in RULES[action].sources]
    wrong = [
        refused(sqlite_stage, parked[state], action, sqlite_stage.anybody(one.by, parked[state]), details, Conflict)
        for state in states
    ]
    assert [line for line in wrong if line] == []


@pytest.mark.parametrize("action", [action for action in CASES if RULES[action].needs])
def test_without_what_it_needs_an_act_is_refused_and_nothing_changes(
    sqlite_stage: Stage, parked: dict[State, str], action: str
) -> None:
    one = CASES[action]
    number, whole = parked[one.source], filled(sqlite_stage, one.details)
    by = sqlite_stage.anybody(one.by, number)
    wrong = [
        refused(sqlite_stage, number, action, by, {**whole, need: empty}, BadInput)
        for need in RULES[action].needs
        for empty in ("", None)
    ]
    assert [line for line in wrong if line] == []


def test_a_word_that_is_no_act_is_refused(sqlite_stage: Stage, parked: dict[State, str]) -> None:
    assert refused(sqlite_stage, parked[S.RECEIVED], "obliterate", SYSTEM, {}, BadInput) == ""


def test_a_refusal_for_lateness_says_what_happened_meanwhile(sqlite_stage: Stage, parked: dict[State, str]) -> None:
    with pytest.raises(Conflict, match=STATE_NAMES[S.CLOSED]):
        sqlite_stage.does(parked[S.CLOSED], "accept", sqlite_stage.mender, eta="下午")
