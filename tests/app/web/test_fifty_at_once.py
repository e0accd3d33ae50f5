"""Many people act on one ticket in the same moment, each through their own page: one history, no act lost or doubled, and whoever
was second is told in words what has happened. On either engine."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from threading import Barrier

import pytest
from httpx import Response

from app.tickets import chain
from app.tickets.lifecycle import RULES, State
from tests.app.web.conftest import Browser, House

pytestmark = pytest.mark.slow

AGAIN = 3  # how often each race is run: who wins it differs


@dataclass(frozen=True)
class Post:
    """One person's click."""

    who: Browser
    path: str
    form: dict[str, str]

    def text(self) -> str:
        return self.form.get("text") or self.form.get("reason", "")


def at_once(posts: Sequence[Post]) -> list[Response]:
    """All of them in the same moment; the answers in the order of the posts. Nothing broke."""
    gate = Barrier(len(posts))

    def send(post: Post) -> Response:
        gate.wait(timeout=30)
        return post.who.post(post.path, **post.form)

    with ThreadPoolExecutor(len(posts)) as people:
        answers = list(people.map(send, posts))
    assert {answer.status_code for answer in answers} <= {303, 403, 404, 409}, Counter(one.status_code for one in answers)
    return answers


def one_history(house: House, number: str) -> None:
    """Numbered without gaps, chained without a break, each event beginning where the one before ended."""
    ticket, events = house.cast.ticket(number), house.cast.history(number).events
    assert [event.seq for event in events] == list(range(1, ticket.seq + 1))
    assert chain.faults(number, events, ticket.head, ticket.seq) == []
    for before, after in pairwise(events):
        assert after.from_state is before.to_state
        assert after.from_state in RULES[after.action].sources
    assert events[-1].to_state is ticket.state


def at_work(house: House, form_id: str) -> tuple[Browser, Browser, str]:
    """The resident, the contractor, and a ticket that the contractor has accepted."""
    resident, number = house.submit(estate="青棠苑", building="3", form_id=form_id)
    worker = house.browse("jiangxiu")
    worker.done(f"/jobs/{number}/acceptance", eta="2026-11-23T14:30")
    return resident, worker, number


def test_fifty_people_at_once(any_house: House) -> None:
    house = any_house
    resident, worker, number = at_work(house, "form-fifty-0001")
    worker.done(f"/jobs/{number}/petition", reason="缺配件", wanted="2026-12-04T17:30")
    agent, other, city = house.browse("agent"), house.browse("agent2"), house.browse("city")
    posts = [
        *(Post(agent, f"/desk/{number}/note", {"text": f"备注{n:02d}号"}) for n in range(12)),
        *(Post(other, f"/desk/{number}/reply", {"text": f"回复{n:02d}号"}) for n in range(8)),
        *(Post(worker, f"/jobs/{number}/progress", {"text": f"进展{n:02d}号"}) for n in range(12)),
        *(
            Post(resident, f"/h5/t/{number}/addition", {"text": f"厨房还在滴水{n:02d}", "form_id": f"add-{n:08d}"})
            for n in range(8)
        ),
        *(Post(resident, f"/h5/t/{number}/nudge", {}) for _ in range(2)),
        *(Post(city, f"/board/{number}/extension", {"reason": f"同意{n:02d}号"}) for n in range(4)),
        *(Post(city, f"/board/{number}/refusal", {"reason": f"驳回{n:02d}号"}) for n in range(4)),
    ]
    assert len(posts) == 50
    answers = at_once(posts)

    one_history(house, number)
    said = Counter(str(event.details.get("text") or event.details.get("reason")) for event in house.cast.history(number).events)
    for post, answer in zip(posts, answers, strict=True):
        if post.text():
            assert said[post.text()] == (answer.status_code == 303), (post.path, post.text(), answer.status_code)
    decisions = answers[-8:]
    assert sorted(one.status_code for one in decisions) == [303, *[409] * 7]
    assert all("没有待裁决的申请，上一份已由" in one.text for one in decisions if one.status_code == 409)
    assert all(one.status_code == 303 for one in answers[:-8]), "what excludes nothing else is done, whoever else is at it"
    assert [petition.state for petition in house.cast.ticket(number).petitions] in (["granted"], ["denied"])
    assert sum(event.action == "nudge" for event in house.cast.history(number).events) == 1, (
        "the second came too soon, and was told so"
    )


@pytest.mark.parametrize("time", range(AGAIN))
def test_two_accept_and_the_second_is_told_that_it_is_being_worked_on(any_house: House, time: int) -> None:
    house = any_house
    _, number = house.submit(estate="青棠苑", building="3", form_id=f"form-accept-{time:04d}")
    workers = [house.browse("jiangxiu"), house.browse("jiangxiu")]
    answers = at_once([Post(who, f"/jobs/{number}/acceptance", {"eta": "2026-11-23T14:30"}) for who in workers * 2])
    assert sorted(one.status_code for one in answers) == [303, 409, 409, 409]
    assert all("现在是“办理中”" in one.text for one in answers if one.status_code == 409)
    assert [event.action for event in house.cast.history(number).events].count("accept") == 1
    one_history(house, number)


@pytest.mark.parametrize("time", range(AGAIN))
def test_two_dispatch_and_one_contractor_gets_it(any_house: House, time: int) -> None:
    house = any_house
    _, _, number = at_work(house, f"form-dispatch-{time:04d}")
    agents = [house.browse("agent"), house.browse("agent2")]
    agents[0].done(f"/desk/{number}/return", reason="派错了")
    names = house.cast.names().contractors
    chosen = [next(str(n) for n, name in names.items() if part in name) for part in ("匠修", "安居")]
    answers = at_once([Post(agents[n % 2], f"/desk/{number}/dispatch", {"contractor": chosen[n % 2]}) for n in range(6)])
    assert sorted(one.status_code for one in answers) == [303, *[409] * 5]
    assert all("现在是“待签收”" in one.text for one in answers if one.status_code == 409)
    won = next(n for n, one in enumerate(answers) if one.status_code == 303)
    assert str(house.cast.ticket(number).contractor_id) == chosen[won % 2]
    one_history(house, number)


@pytest.mark.parametrize("time", range(AGAIN))
def test_it_is_done_or_taken_back_and_not_both(any_house: House, time: int) -> None:
    """Whoever comes second finds it resolved, or, as the contractor it was taken from, not at all."""
    house = any_house
    _, worker, number = at_work(house, f"form-resolve-{time:04d}")
    worker.done(f"/jobs/{number}/return-request", code="duty", reason="不归我们")
    agent = house.browse("agent")
    done = Post(agent, f"/desk/{number}/resolution", {"text": "坐席代为办结"})
    posts = [
        done,
        Post(agent, f"/desk/{number}/return-consent", {"reason": "属实"}),
        Post(agent, f"/desk/{number}/return", {"reason": "改派"}),
    ]
    answers = at_once([*posts, Post(worker, f"/jobs/{number}/progress", {"text": "正在修"})])
    assert [one.status_code for one in answers[:3]].count(303) == 1
    assert all("现在是“" in one.text for one in answers[:3] if one.status_code == 409)
    ticket = house.cast.ticket(number)
    assert ticket.state in (State.RESOLVED, State.RETURNED)
    assert ticket.returns == (answers[1].status_code == 303)
    assert all(timer.stopped_at is not None for timer in ticket.timers if timer.target in ("decide", "finish", "arrive"))
    said = [event.details.get("text") for event in house.cast.history(number).events]
    assert said.count("正在修") == (answers[3].status_code == 303)
    one_history(house, number)
