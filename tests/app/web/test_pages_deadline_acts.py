"""What people do about deadlines, by plain forms: ask for more time, decide, override, acknowledge, arrive; and each refusal."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.event import listen, remove
from sqlalchemy.orm import Session

from app.casework import act
from app.errors import Conflict
from app.store import tickets as store
from app.store.collisions import TRIES
from app.tickets.lifecycle import SYSTEM, State
from app.tickets.model import Timer
from app.timekeeping import sweep
from tests import proof
from tests.app.web.conftest import Browser, House, open_house
from tests.cast import Cast

WANTED, REASON = "2026-12-04T17:30", "配件要从外地调，楼上也要停水"


def at_work(house: House) -> tuple[Browser, str]:
    """A contractor's browser, and a ticket it has signed for."""
    _, number = house.submit()
    worker = house.browse("jiangxiu")
    worker.done(f"/jobs/{number}/acceptance", eta="2026-11-23T14:30")
    return worker, number


def running(house: House, number: str) -> dict[str, Timer]:
    return {timer.target: timer for timer in house.cast.ticket(number).timers if timer.stopped_at is None}


def form(page: str, noun: str) -> str:
    """The form of an act as the page shows it; empty where it is not offered."""
    found = re.search(rf'<details class="act[^"]*" id="{noun}".*?</details>', page, re.DOTALL)
    return found[0] if found else ""


def test_more_time_is_asked_for_granted_and_read_by_everybody(house: House) -> None:
    resident = house.browse("")
    worker, number = at_work(house)
    page = worker.done(f"/jobs/{number}/petition", reason=REASON, wanted=WANTED)
    assert "希望延到 12月4日 17:30" in page and REASON in page and "裁决" in page
    assert not form(page, "petition"), "one at a time"
    chief = house.browse("city")
    page = chief.shown(f"/board/t/{number}")
    assert form(page, "extension") and form(page, "refusal") and "希望延到 12月4日 17:30" in page
    page = chief.done(f"/board/{number}/extension", reason="情况属实", until="2026-12-03T12:00")
    assert "延到 12月3日 12:00" in page and not form(page, "extension")
    assert "12月3日 12:00" in worker.shown(f"/jobs/t/{number}")
    clocks = running(house, number)
    assert clocks["resolve"].due_at == clocks["finish"].due_at
    assert "decide" not in clocks
    told = [one.text for one in house.cast.history(number).messages if one.by_name == "热线"]
    assert "12月3日 12:00" in told[-1] and REASON in told[-1]
    assert resident.get(f"/h5/t/{number}").status_code != 200, "who submitted it reads it; a stranger does not"


def test_denied_the_contractor_reads_why_and_may_ask_again(house: House) -> None:
    worker, number = at_work(house)
    worker.done(f"/jobs/{number}/petition", reason=REASON, wanted=WANTED)
    due = running(house, number)["resolve"].due_at
    house.browse("city").done(f"/board/{number}/refusal", reason="可以先关总阀")
    page = worker.shown(f"/jobs/t/{number}")
    assert "可以先关总阀" in page and form(page, "petition")
    assert running(house, number)["resolve"].due_at == due


def test_a_supervisor_sets_a_deadline_and_the_history_says_who_and_why(house: House) -> None:
    worker, number = at_work(house)
    chief = house.browse("city")
    page = chief.shown(f"/board/t/{number}")
    offered = re.findall(r'<option value="(\w+)"', form(page, "deadline"))
    assert set(offered) == set(running(house, number)), "the clocks that run, and no others"
    page = chief.done(f"/board/{number}/deadline", target="arrive", deadline="2026-11-23T18:00", reason="老人独居")
    assert "到场改为 11月23日 18:00：老人独居" in page
    assert "到场改为 11月23日 18:00：老人独居" in worker.shown(f"/jobs/t/{number}")


def test_a_contractor_arrives_and_that_stops_the_clock(house: House) -> None:
    worker, number = at_work(house)
    assert form(worker.shown(f"/jobs/t/{number}"), "arrival")
    page = worker.done(f"/jobs/{number}/arrival")
    assert "到场" in page and not form(page, "arrival")
    assert "arrive" not in running(house, number)


def test_an_alarm_that_rings_until_somebody_answers_can_be_answered(house: House) -> None:
    """Only while something rings on: an ordinary reminder comes once and needs no answer."""
    worker, number = at_work(house)
    assert not form(worker.shown(f"/jobs/t/{number}"), "acknowledgement")
    house.browse("agent").done(f"/desk/{number}/alarm", codes="E04")
    page = worker.shown(f"/jobs/t/{number}")
    assert "反复提醒到此为止" in form(page, "acknowledgement")
    page = worker.done(f"/jobs/{number}/acknowledgement")
    assert "知悉" in page and not form(page, "acknowledgement")
    assert {timer.acknowledged_at for timer in running(house, number).values()} == {house.cast.clock.now()}


def test_what_is_not_theirs_to_do_is_not_offered_and_not_done(house: House) -> None:
    worker, number = at_work(house)
    worker.done(f"/jobs/{number}/petition", reason=REASON, wanted=WANTED)
    before = house.rows()
    for login, root, nouns in (
        ("jiangxiu", "/jobs", ("extension", "refusal", "deadline")),
        ("agent", "/desk", ("petition", "extension", "refusal", "deadline", "arrival")),
        ("city", "/board", ("petition",)),
    ):
        browser = house.browse(login)
        page = browser.shown(f"{root}/t/{number}")
        for noun in nouns:
            assert not form(page, noun), (login, noun)
            given = {"reason": "好", "wanted": WANTED, "until": WANTED, "deadline": WANTED, "target": "resolve"}
            assert browser.post(f"{root}/{number}/{noun}", **given).status_code == 403, (login, noun)
    assert house.rows()["ticket_event"] == before["ticket_event"]


@pytest.mark.parametrize(
    ("noun", "given", "words"),
    [
        ("petition", {"reason": REASON, "wanted": "2026-11-23T08:00"}, "须在现在之后"),
        ("petition", {"reason": REASON, "wanted": "2026-11-24T10:00"}, "不晚于现在的期限"),
        ("petition", {"reason": REASON, "wanted": "2027-06-01T10:00"}, "最多延期 30 天"),
        ("petition", {"reason": REASON, "wanted": ""}, "缺少：希望延到的时间"),
        ("petition", {"reason": "", "wanted": WANTED}, "缺少：理由"),
        ("hold", {"reason": REASON, "until": "2027-06-01T10:00"}, "一次挂起最多 15 天"),
        ("hold", {"reason": REASON, "until": "0001-01-01T00:00"}, "填写有误"),
    ],
)
def test_what_a_contractor_cannot_ask_for_is_refused_in_words_that_keep_what_was_typed(
    house: House, noun: str, given: dict[str, str], words: str
) -> None:
    worker, number = at_work(house)
    events = len(house.cast.history(number).events)
    answer = worker.post(f"/jobs/{number}/{noun}", **given)
    assert answer.status_code == 422 and words in answer.text
    shown = form(answer.text, noun)
    assert "open" in shown.split(">")[0] and all(value in shown for value in given.values() if value)
    assert len(house.cast.history(number).events) == events


@pytest.mark.parametrize(
    ("noun", "given", "words"),
    [
        ("extension", {"reason": "情况属实，同意", "until": "2026-12-04T17:31"}, "晚于申请的期限"),
        ("extension", {"reason": "情况属实，同意", "until": "2026-11-24T10:00"}, "不晚于现在的期限"),
        ("extension", {"reason": "", "until": "2026-12-01T10:00"}, "缺少：理由"),
        ("refusal", {"reason": ""}, "缺少：理由"),
        ("deadline", {"target": "resolve", "deadline": "2026-11-20T10:00", "reason": "老人独居"}, "须在现在之后"),
        ("deadline", {"target": "", "deadline": "2026-12-01T10:00", "reason": "老人独居"}, "缺少：时限项"),
        ("deadline", {"target": "accept", "deadline": "2026-12-01T10:00", "reason": "老人独居"}, "没有在走的时限"),
    ],
)
def test_what_a_supervisor_cannot_decide_is_refused_in_words_that_keep_what_was_typed(
    house: House, noun: str, given: dict[str, str], words: str
) -> None:
    worker, number = at_work(house)
    worker.done(f"/jobs/{number}/petition", reason=REASON, wanted=WANTED)
    answer = house.browse("city").post(f"/board/{number}/{noun}", **given)
    assert answer.status_code == 422 and words in answer.text
    shown = form(answer.text, noun)
    assert all(value in shown for name, value in given.items() if value and name != "target")
    assert "decide" in running(house, number)


def test_a_decision_on_another_petition_than_the_one_that_was_read_is_refused(house: House) -> None:
    """Two supervisors read one petition; one denies it, the contractor asks for longer, the other grants what it had read."""
    worker, number = at_work(house)
    worker.done(f"/jobs/{number}/petition", reason=REASON, wanted=WANTED)
    first, second = house.browse("city"), house.browse("linjiang")
    seen = re.search(r'name="seen" value="(\d+)"', second.shown(f"/board/t/{number}"))
    assert seen
    first.done(f"/board/{number}/refusal", reason="太久")
    worker.done(f"/jobs/{number}/petition", reason=REASON, wanted="2026-12-18T17:30")
    answer = second.post(f"/board/{number}/extension", reason="情况属实", seen=seen[1])
    assert (
        answer.status_code == 409 and "刚刚有人处理过" in answer.text and "12月18日" in answer.text and "情况属实" in answer.text
    )
    assert "decide" in running(house, number)


# --- a sweep that comes between reading a ticket and writing it


@pytest.fixture
def between() -> Iterator[Callable[[Cast, int, Callable[[Session], Any]], list[int]]]:
    """Does something just before the first so many writes of a web transaction; returns a list that grows with each."""
    hung: list[Callable[..., None]] = []

    def hang(cast: Cast, times: int, do: Callable[[Session], Any]) -> list[int]:
        done: list[int] = []

        def before_flush(session: Session, *rest: object) -> None:
            if len(done) < times and any(isinstance(row, Timer) for row in session.dirty) and not session.info.get("sweeping"):
                done.append(1)
                do(session)

        listen(Session, "before_flush", before_flush)
        hung.append(before_flush)
        return done

    yield hang
    for one in hung:
        remove(Session, "before_flush", one)


def _touches_the_ticket(session: Session) -> None:
    session.execute(text("UPDATE ticket SET version = version + 1"))


@pytest.mark.parametrize(("times", "status"), [(1, 303), (TRIES - 1, 303), (TRIES, 409)])
def test_who_collides_with_a_sweep_is_tried_again_and_at_last_told(
    house: House, between: Callable[[Cast, int, Callable[[Session], Any]], list[int]], times: int, status: int
) -> None:
    worker, number = at_work(house)
    done = between(house.cast, times, _touches_the_ticket)
    answer = worker.post(f"/jobs/{number}/contact", text="已电话联系，下午上门")
    assert (answer.status_code, len(done)) == (status, times)
    assert ("reach" in running(house, number)) == (status == 409)
    assert status == 303 or ("刚刚有人处理过" in answer.text and "已电话联系，下午上门" in answer.text)


@pytest.mark.slow
def test_a_sweep_leaves_a_ticket_in_hand_alone(
    postgres_cast: Cast, between: Callable[[Cast, int, Callable[[Session], Any]], list[int]]
) -> None:
    """It waits for nobody, and comes again: what was done at the very deadline was done in time."""
    with open_house(postgres_cast) as house:
        worker, number = at_work(house)
        house.cast.clock.set(running(house, number)["contact"].due_at)
        seen = re.search(r'name="seen" value="(\d+)"', worker.shown(f"/jobs/t/{number}"))
        assert seen
        fired: list[int] = []

        def fires(session: Session) -> None:
            session.info["sweeping"] = True
            fired.append(sweep(house.cast.hotline))

        between(house.cast, 1, fires)
        worker.done(f"/jobs/{number}/resolution", text="换了水管，试水不漏", seen=seen[1], **proof.form())
        assert fired == [0]
        sweep(house.cast.hotline)
        assert house.cast.ticket(number).state is State.RESOLVED
        actions = [event.action for event in house.cast.history(number).events]
        assert actions[-1] == "resolve" and "breach" not in actions


@pytest.mark.slow
def test_who_decides_while_another_decides_waits_and_finds_what_was_decided(
    postgres_cast: Cast, between: Callable[[Cast, int, Callable[[Session], Any]], list[int]]
) -> None:
    with open_house(postgres_cast) as house:
        worker, number = at_work(house)
        seen = re.search(r'name="seen" value="(\d+)"', worker.shown(f"/jobs/t/{number}"))
        assert seen
        refused: list[str] = []

        def hold() -> None:
            try:
                with house.cast.hotline.tx() as tx:
                    tx.session.info["sweeping"] = True
                    ticket = store.by_number(tx.session, number, SYSTEM, to_act=True)
                    act(tx, ticket, "hold", house.cast.agent(), {"reason": "住户外出", "until": "2026-11-25T10:00"})
            except Conflict as late:
                refused.append(late.message)

        other = threading.Thread(target=hold)

        def begins(session: Session) -> None:
            session.info["sweeping"] = True
            other.start()

        between(house.cast, 1, begins)
        worker.done(f"/jobs/{number}/resolution", text="换了水管，试水不漏", seen=seen[1], **proof.form())
        other.join(30)
        assert len(refused) == 1 and "待审核" in refused[0]
        assert house.cast.ticket(number).state is State.RESOLVED
