"""A deadline moves only when somebody who may has decided so: a petition 申请延期 asks, supervisors grant, deny, override."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from app.errors import BadInput, HotlineError, NotAllowed
from app.store import tickets as store
from app.tickets.lifecycle import SYSTEM, Actor, Role, State
from app.tickets.model import Petition, PetitionState, Timer
from tests.app.casework.stage import Stage
from tests.cast import MONDAY_MORNING, Cast

DUE = datetime.fromisoformat("2026-11-26T17:30:00+08:00")  # three working days after Monday
WANTED = datetime.fromisoformat("2026-12-04T17:30:00+08:00")
SOONER = datetime.fromisoformat("2026-12-01T12:00:00+08:00")


@pytest.fixture
def alone(sqlite_cast: Cast) -> Stage:
    """A stage of one's own, where a tick fires nobody else's clocks."""
    return Stage(sqlite_cast)


def asked(stage: Stage, wanted: datetime = WANTED, number: str = "") -> str:
    """A ticket in work for which more time has been asked."""
    number = number or stage.brought_to(State.IN_PROGRESS)
    stage.does(number, "petition", stage.mender, reason="配件要从外地调", wanted=wanted.isoformat())
    return number


def petitions(stage: Stage, number: str) -> list[Petition]:
    with stage.cast.hotline.look() as tx:
        return list(store.by_number(tx.session, number, SYSTEM).petitions)


def running(stage: Stage, number: str) -> dict[str, Timer]:
    return {timer.target: timer for timer in stage.ticket(number).timers if timer.stopped_at is None}


def refused(stage: Stage, number: str, words: str, action: str, by: Actor, **details: Any) -> HotlineError:
    """The refusal, in these words; nothing has changed."""
    before = stage.everything(number)
    with pytest.raises(HotlineError, match=words) as refusal:
        stage.does(number, action, by, **details)
    assert stage.everything(number) == before
    return refusal.value


def test_asking_moves_nothing_and_starts_the_adjudicators_clock(stage: Stage) -> None:
    number = stage.brought_to(State.IN_PROGRESS)
    before = {target: timer.due_at for target, timer in running(stage, number).items()}
    asked(stage, number=number)
    clocks = running(stage, number)
    decide = clocks.pop("decide")
    assert {target: timer.due_at for target, timer in clocks.items()} == before
    assert (decide.party, decide.contractor_id, decide.started_at) == ("adjudicator", None, MONDAY_MORNING)
    assert decide.due_at == datetime.fromisoformat("2026-11-24T17:30:00+08:00")
    (petition,) = petitions(stage, number)
    assert (petition.state, petition.wanted, petition.asked_by) == (PetitionState.OPEN, WANTED, stage.mender.name)
    assert petition.contractor_id == stage.mender.org
    told = {row.audience: row.text for row in stage.notices(number) if row.event_id == stage.events(number)[-1].id}
    assert set(told) == {"desk", "supervisor"}
    assert all("12月4日 17:30" in text and "11月24日 17:30" in text for text in told.values())


@pytest.mark.parametrize("until", [None, SOONER], ids=["as asked", "sooner than asked"])
def test_granted_both_deadlines_move_and_everybody_is_told_of_the_new_one(stage: Stage, until: datetime | None) -> None:
    number = asked(stage)
    stage.cast.clock.advance(timedelta(hours=2))
    more = {} if until is None else {"until": until.isoformat()}
    event = stage.does(number, "grant", stage.supervisor, reason="情况属实", **more)
    new = until or WANTED
    clocks = running(stage, number)
    assert (clocks["resolve"].due_at, clocks["finish"].due_at, "decide" in clocks) == (new, new, False)
    assert clocks["contact"].version == clocks["arrive"].version == 1
    assert stage.clock_of(number, "decide").breached_at is None
    ledger = {entry["target"]: (entry["op"], entry.get("was"), entry["due"]) for entry in stage.events(number)[-1].clocks}
    utc = {name: at.astimezone(stage.cast.clock.now().tzinfo).isoformat() for name, at in (("was", DUE), ("due", new))}
    assert ledger["resolve"] == ledger["finish"] == ("^", utc["was"], utc["due"])
    assert ledger["decide"][0] == "-"
    told = {row.audience: row for row in stage.notices(number) if row.event_id == event.id}
    assert set(told) == {"resident", "contractor"}
    resident = told["resident"]
    assert "配件要从外地调" in resident.text and stage.cast.hotline.spell(new) in resident.text
    assert "11月26日 17:30" in resident.text and resident.good_until == new
    assert "承办办结" in told["contractor"].text and "承办办结" not in resident.text, "what a contractor owes is not theirs"
    assert [(one.state, one.decided_by, one.decision) for one in petitions(stage, number)] == [
        (PetitionState.GRANTED, "周主任", "情况属实")
    ]


def test_denied_nothing_moves_and_the_contractor_may_ask_again(stage: Stage) -> None:
    number = asked(stage)
    event = stage.does(number, "deny", stage.supervisor, reason="可以先换灯泡")
    clocks = running(stage, number)
    assert (clocks["resolve"].due_at, clocks["resolve"].version, "decide" in clocks) == (DUE, 1, False)
    assert stage.told_by(number, event) == {"contractor"}
    asked(stage, number=number)
    assert [one.state for one in petitions(stage, number)] == [PetitionState.DENIED, PetitionState.OPEN]
    assert running(stage, number)["decide"].version == 1


def test_only_the_contractor_asks_only_a_supervisor_decides_one_at_a_time(sqlite_stage: Stage) -> None:
    stage = sqlite_stage
    number = stage.brought_to(State.IN_PROGRESS)
    ask = {"reason": "缺料", "wanted": WANTED.isoformat()}
    for by in (stage.agent, stage.supervisor, stage.resident(number), stage.other, SYSTEM):
        assert isinstance(refused(stage, number, "不能|不由", "petition", by, **ask), NotAllowed)
    refused(stage, number, "没有待裁决的申请", "grant", stage.supervisor, reason="好")
    refused(stage, number, "没有待裁决的申请", "deny", stage.supervisor, reason="不好")
    asked(stage, number=number)
    refused(stage, number, "已有申请待裁决", "petition", stage.mender, **ask)
    for by in (stage.agent, stage.mender, stage.resident(number), SYSTEM):
        for action in ("grant", "deny"):
            assert isinstance(refused(stage, number, "不能|不由", action, by, reason="好"), NotAllowed)


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        ("越晚越好", "不是日期和时间"),
        ("2026-11-23T08:00", "须在现在之后"),
        ("2026-11-26T17:30", "不晚于现在的期限"),
        ("2026-12-26T17:31", "最多延期 30 天"),
    ],
)
def test_what_cannot_be_asked_for_is_refused_in_words(sqlite_stage: Stage, wanted: str, words: str) -> None:
    number = sqlite_stage.brought_to(State.IN_PROGRESS)
    assert refused(sqlite_stage, number, words, "petition", sqlite_stage.mender, reason="缺料", wanted=wanted).cure


def test_so_many_extensions_and_no_more(sqlite_stage: Stage) -> None:
    stage = sqlite_stage
    number = stage.brought_to(State.IN_PROGRESS)
    for days in (7, 14):
        asked(stage, DUE + timedelta(days=days), number)
        stage.does(number, "grant", stage.supervisor, reason="好")
    later = (DUE + timedelta(days=21)).isoformat()
    refused(stage, number, "已延期 2 次", "petition", stage.mender, reason="还缺", wanted=later)


@pytest.mark.parametrize(
    ("until", "words"),
    [
        ("2026-12-04T17:31", "晚于申请的期限"),
        ("2026-11-26T17:30", "不晚于现在的期限"),  # a grant that gives no time is a denial
        ("2026-11-24T10:00", "不晚于现在的期限"),  # and never takes any away
        ("2026-11-22T10:00", "须在现在之后"),
        ("看情况", "不是日期和时间"),
    ],
)
def test_nothing_is_granted_that_was_not_asked_for(sqlite_stage: Stage, until: str, words: str) -> None:
    number = asked(sqlite_stage)
    refused(sqlite_stage, number, words, "grant", sqlite_stage.supervisor, reason="好", until=until)
    assert petitions(sqlite_stage, number)[-1].state is PetitionState.OPEN


def test_what_was_asked_for_has_passed_by_the_time_it_is_decided(sqlite_stage: Stage) -> None:
    number = asked(sqlite_stage)
    sqlite_stage.cast.clock.set(WANTED)
    refused(sqlite_stage, number, "申请的期限已过", "grant", sqlite_stage.supervisor, reason="好")
    sqlite_stage.does(number, "deny", sqlite_stage.supervisor, reason="已过期")
    assert petitions(sqlite_stage, number)[-1].state is PetitionState.DENIED


def test_a_grant_moves_no_clock_to_an_earlier_time(stage: Stage) -> None:
    """The second contractor owes later than the citizen was promised: the promise moves, what it owes stays where it is."""
    number = stage.brought_to(State.DISPATCHED)
    stage.does(number, "return", stage.agent, reason="派错了")
    stage.cast.clock.advance(timedelta(days=2))
    stage.does(number, "dispatch", stage.agent, contractor=stage.other.org)
    stage.does(number, "accept", stage.other, eta="下午")
    owed = running(stage, number)["finish"].due_at
    assert running(stage, number)["resolve"].due_at == DUE < owed
    wanted = DUE + timedelta(hours=18)  # Friday noon; the contractor has until Monday
    assert wanted < owed
    stage.does(number, "petition", stage.other, reason="要两天", wanted=wanted.isoformat())
    stage.does(number, "grant", stage.supervisor, reason="好")
    clocks = running(stage, number)
    assert (clocks["resolve"].due_at, clocks["finish"].due_at) == (wanted, owed)
    assert clocks["finish"].version == 1


@pytest.mark.parametrize("over", ["return", "resolve", "withdraw", "merge"])
def test_a_petition_is_moot_once_the_ticket_moves_on(stage: Stage, over: str) -> None:
    number = asked(stage)
    acts: dict[str, tuple[Actor, dict[str, Any]]] = {
        "return": (stage.agent, {"reason": "换一家"}),
        "resolve": (stage.mender, {"text": "提前修好了"}),
        "withdraw": (stage.resident(number), {}),
        "merge": (stage.agent, {"into": "另一张", "into_id": stage.ticket(stage.opens()).id}),
    }
    by, details = acts[over]
    now = stage.cast.clock.advance(timedelta(hours=1))
    stage.does(number, over, by, **details)
    (petition,) = petitions(stage, number)
    assert (petition.state, petition.decided_at, petition.decided_by) == (PetitionState.MOOT, now, "")
    decide = next(timer for timer in stage.ticket(number).timers if timer.target == "decide")
    assert (decide.stopped_at, decide.cancelled, decide.next_at) == (now, True, None)


def test_asked_before_a_hold_it_is_decided_during_it_and_means_the_day_that_was_said(stage: Stage) -> None:
    """The resident is told Friday; that the ticket had stood still before the decision does not make it the Wednesday after."""
    number = asked(stage)
    stage.does(number, "hold", stage.mender, reason="等配件", until="2026-11-30T08:30")
    stage.cast.clock.advance(timedelta(days=2))
    stage.does(number, "grant", stage.supervisor, reason="好")
    assert running(stage, number)["resolve"].due_at == WANTED
    assert running(stage, number)["resolve"].paused_at is not None
    stage.does(number, "resume", stage.mender)
    assert running(stage, number)["resolve"].due_at == WANTED


def test_nobody_decides_and_desk_and_supervisor_are_told_so(alone: Stage) -> None:
    number = asked(alone)
    alone.cast.clock.set(alone.clock_of(number, "decide").due_at)
    alone.cast.tick()
    late = [event for event in alone.events(number) if event.details.get("target") == "decide"]
    assert [(event.action, alone.told_by(number, event)) for event in late] == [
        ("remind", {"desk"}),
        ("breach", {"desk", "supervisor"}),
    ]
    assert petitions(alone, number)[0].state is PetitionState.OPEN, "that nobody decides, decides nothing"


def test_every_rung_ahead_may_ring_again_for_the_new_deadline(alone: Stage) -> None:
    """R19: what had been reminded of once is reminded of once more, because it is another deadline."""
    number = asked(alone)
    for target in ("contact", "arrive"):
        alone.does(number, target, alone.mender, text="打过电话")
    alone.cast.clock.set(DUE - timedelta(minutes=30))
    alone.cast.tick()
    alone.does(number, "grant", alone.supervisor, reason="好")
    alone.cast.clock.set(WANTED)
    alone.cast.tick()
    causes = [event.cause for event in alone.events(number) if event.details.get("target") == "resolve"]
    assert [str(cause).split(":")[2:] for cause in causes] == [
        ["soon", "1", "v1"],
        ["soon", "1", "v2"],
        ["lapsed", "1", "v2"],
    ]


def override(stage: Stage, number: str, target: str, deadline: str, **more: Any) -> None:
    stage.does(number, "override", stage.supervisor, target=target, deadline=deadline, reason="领导督办", **more)


@pytest.mark.parametrize("target", ["contact", "resolve", "finish", "arrive"])
@pytest.mark.parametrize("deadline", ["2026-11-25T10:00:00+08:00", "2026-12-10T17:30:00+08:00"], ids=["sooner", "later"])
def test_a_supervisor_sets_any_running_deadline_and_it_stands_in_the_history(stage: Stage, target: str, deadline: str) -> None:
    number = stage.brought_to(State.IN_PROGRESS)
    before = {key: timer.due_at for key, timer in running(stage, number).items()}
    override(stage, number, target, deadline)
    event = stage.events(number)[-1]
    after = {key: timer.due_at for key, timer in running(stage, number).items()}
    assert after == {**before, target: datetime.fromisoformat(deadline)}
    (entry,) = event.clocks
    assert (entry["target"], entry["op"]) == (target, "^")
    assert datetime.fromisoformat(entry["was"]) == before[target]
    assert (event.by_name, event.details["reason"]) == ("周主任", "领导督办")
    owed = target in ("finish", "arrive")
    assert stage.told_by(number, event) == ({"contractor"} if owed else {"resident", "contractor"})


def test_an_override_is_a_supervisors_and_of_a_clock_that_runs(sqlite_stage: Stage) -> None:
    stage = sqlite_stage
    number = stage.brought_to(State.IN_PROGRESS)
    given = {"target": "resolve", "deadline": "2026-12-10T17:30", "reason": "领导督办"}
    for by in (stage.agent, stage.mender, stage.resident(number), Actor(Role.ADMIN, "1", "管理员")):
        assert isinstance(refused(stage, number, "不能|不由", "override", by, **given), NotAllowed)
    for wrong, words in (
        ({"target": "accept"}, "没有在走的时限"),
        ({"target": "nonsense"}, "没有在走的时限"),
        ({"deadline": "2026-11-23T09:00"}, "须在现在之后"),
        ({"deadline": "尽快"}, "不是日期和时间"),
        ({"deadline": DUE.isoformat()}, "与现在的期限相同"),
    ):
        assert isinstance(refused(stage, number, words, "override", stage.supervisor, **{**given, **wrong}), BadInput)


def test_the_level_falls_back_once_nothing_is_lapsed(alone: Stage) -> None:
    """B12: whose deadline was moved, or who was met, is not 督办 any longer; a 督办 of its own, by a person, stays until then."""
    number = alone.brought_to(State.IN_PROGRESS)
    alone.cast.tick(days=4, hours=9)
    assert alone.ticket(number).level == 2, "not in touch for four days"
    alone.does(number, "contact", alone.mender, text="打过电话")
    alone.does(number, "arrive", alone.mender)
    assert alone.ticket(number).level == 2, "and yet the work is late"
    asked(alone, number=number)
    alone.does(number, "grant", alone.supervisor, reason="好")
    assert alone.ticket(number).level == 0
    alone.does(number, "supervise", alone.supervisor, level=2, text="今天办完")
    alone.does(number, "progress", alone.mender, text="配件到了")
    assert alone.ticket(number).level == 2, "nothing was lapsed, and nothing has been mended by a word"
    alone.does(number, "resolve", alone.mender, text="修好了")
    assert alone.ticket(number).level == 0
