"""热点: what supervisors see of it, and nobody else; counted from what they may know of; nobody is named."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import event

from app.casework import act, resident_of
from app.hot import Heat, heat
from app.store import tickets as store
from app.tickets.lifecycle import SYSTEM, Actor
from tests.app.web.conftest import House
from tests.cast import Cast

LIFT = "望湖雅苑{}栋电梯又坏了，老人下不了楼"


def hot(cast: Cast, viewer: Actor = SYSTEM, **wanted: int) -> Heat:
    with cast.hotline.look() as tx:
        return heat(tx, viewer, tx.now, **wanted)


def neighbours(cast: Cast, number: int = 4) -> list[str]:
    numbers = []
    for i in range(number):
        numbers.append(cast.writes(LIFT.format(i + 1), sender=f"o-lift-{i}").number)
        cast.clock.advance(timedelta(hours=3))
    return numbers


def test_four_neighbours_are_hot_and_one_who_writes_every_day_is_not(cast: Cast) -> None:
    """Both databases: who is counted, how often and when last they spoke, comes out of one query."""
    numbers = neighbours(cast)
    for _ in range(12):
        cast.writes("青棠苑3栋2单元1502厨房又漏水了，还没人来", sender="o-angry")
        cast.clock.advance(timedelta(days=1))
    (one,) = hot(cast).issues
    assert (one.place, one.issue.leaf, one.issue.people, one.issue.messages) == ("望湖雅苑", "C07", 4, 4)
    assert [ticket.number for ticket in one.behind] == numbers[::-1]
    assert one.behind[0].excerpt == LIFT.format(4)
    number = cast.writes(LIFT.format(7), sender="o-lift-7").number
    with cast.hotline.tx() as tx:
        ticket = store.by_number(tx.session, number, SYSTEM)
        act(tx, ticket, "append", resident_of(ticket), {"text": "就是电梯在三楼不动"})
    (more,) = hot(cast).issues
    assert (more.issue.people, more.issue.messages) == (5, 6), "a word more on an open ticket is a message, not a person"


def test_who_nudges_has_complained_again(house: House) -> None:
    neighbours(house.cast, 3)
    resident, number = house.submit(LIFT.format(9))
    assert hot(house.cast).issues[0].issue.again == 0
    house.cast.clock.advance(timedelta(minutes=70))
    resident.done(f"/h5/t/{number}/nudge")
    (one,) = hot(house.cast).issues
    assert (one.issue.people, one.issue.again) == (4, 1)
    assert "1 人再次反映或催办" in one.issue.reasons


def test_it_takes_one_question_however_many_complain(cast: Cast) -> None:
    asked: list[str] = []
    neighbours(cast, 3)
    event.listen(cast.hotline.db.engine, "before_cursor_execute", lambda *said: asked.append(said[2]))
    hot(cast)
    few = len(asked)
    neighbours(cast, 6)
    asked.clear()
    assert len(hot(cast).issues[0].behind) >= 6
    assert len(asked) == few


def test_filters_by_estate_contractor_and_span(cast: Cast) -> None:
    neighbours(cast)
    ids = {entry.name: int(entry.id) for entry in cast.names().entries}
    ticket = cast.ticket(hot(cast).issues[0].behind[0].number)
    assert len(hot(cast, estate_id=ids["望湖雅苑"]).issues) == 1
    assert hot(cast, estate_id=ids["青棠苑"]).issues == ()
    assert ticket.contractor_id is not None
    assert len(hot(cast, contractor_id=ticket.contractor_id).issues) == 1
    other = next(number for number in cast.names().contractors if number != ticket.contractor_id)
    assert hot(cast, contractor_id=other).issues == ()
    cast.clock.advance(timedelta(days=20))
    assert hot(cast, days=10).issues == ()
    assert len(hot(cast).issues) == 1


def test_a_supervisor_counts_only_what_they_oversee(cast: Cast) -> None:
    neighbours(cast)
    assert len(hot(cast, cast.supervisor()).issues) == 1
    far = next(name for name in cast.names().purchasers.values() if "望湖" not in name and "云州市住房保障局" not in name)
    elsewhere = cast.supervisor(far)
    assert hot(cast, Actor(elsewhere.role, "1", "别区", elsewhere.org, frozenset({elsewhere.org}))).issues == ()


def test_the_page_shows_the_list_with_a_trend_and_the_tickets(house: House) -> None:
    numbers = neighbours(house.cast)
    page = house.browse("city").shown("/board/hot")
    assert "电梯故障" in page and "望湖雅苑" in page and "爆发" in page
    assert "4 人" in page and page.count("<rect") == 26
    assert re.search(r'aria-label="最近 8 周每周人数，由远到近：0、0、0、0、0、0、0、4"', page)
    assert all(f'href="/board/t/{number}"' in page for number in numbers)
    assert 'aria-current="page">热点' in page and 'aria-current="page">看板' not in page
    assert "没有热点问题" in house.browse("city").shown("/board/hot?kind=chronic")
    assert "没有热点问题" in house.browse("admin").shown("/board/hot?estate=999")
    assert "电梯故障" in house.browse("admin").shown("/board/hot?days=30&kind=burst")
    assert "电梯故障" in house.browse("city").shown("/board/hot?days=abc&estate=x&contractor=-1"), "nonsense filters nothing"


def test_an_empty_hotline_has_nothing_hot(house: House) -> None:
    assert "没有热点问题" in house.browse("city").shown("/board/hot")


def test_of_complaints_about_a_contractor_the_number_is_seen_and_nobody_is_named(house: House) -> None:
    for i in range(4):
        name = ("王秀兰", "赵铁柱", "钱多多", "孙小妹")[i]
        text = f"我是{name}，青棠苑维修师傅收了我{i + 2}条烟才肯修，电话1381234567{i}"
        house.submit(text, form_id=f"form-bribe-{i}", name=name, phone=f"1381234567{i}")
    page = house.browse("city").shown("/board/hot")
    assert "R02" in page and "承接主体不可见" in page and "内容保密，见工单" in page
    assert not re.search(r"王秀兰|赵铁柱|钱多多|孙小妹|1381234567|条烟", page)


@pytest.mark.parametrize("login", ["agent", "jiangxiu", "evaluator"])
def test_who_does_not_supervise_is_kept_out(house: House, login: str) -> None:
    neighbours(house.cast)
    answer = house.browse(login).get("/board/hot")
    assert answer.status_code == 403 and "电梯故障" not in answer.text
    start = {"agent": "/desk", "jiangxiu": "/jobs", "evaluator": "/review"}[login]
    assert "/board/hot" not in house.browse(login).shown(start), "nor shown the way"
