"""怎么算的: the page that explains deadlines, and who finds what on it."""

from __future__ import annotations

import re

import pytest

from app.casework import act
from app.store import tickets as store
from app.tickets.lifecycle import SYSTEM, Actor
from tests.app.web.conftest import LEAK, Browser, House

SECRET = "等王秀兰13812345678开门"


def words(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page.partition("<main")[2]).split())


def does(house: House, number: str, action: str, by: Actor, **details: object) -> None:
    with house.cast.hotline.tx() as tx:
        act(tx, store.by_number(tx.session, number, SYSTEM), action, by, details)


@pytest.fixture
def extended(house: House) -> tuple[House, Browser, str]:
    """A ticket that was held over a night for a reason that names the resident, and then given more time."""
    resident, number = house.submit(LEAK)
    mender, chief = house.cast.contractor("匠修"), house.cast.supervisor()
    does(house, number, "accept", mender, eta="下午")
    does(house, number, "hold", mender, reason=SECRET, until="2026-11-24T10:00")
    house.cast.tick(hours=25)
    does(house, number, "petition", mender, reason="厂家缺货", wanted="2026-12-04T10:00")
    does(house, number, "grant", chief, reason="同意")
    house.cast.tick(hours=1)
    resident.done("/h5/follow", number=number, last="5678")  # what let it in yesterday is over
    return house, resident, number


def test_each_clock_on_a_tickets_page_leads_to_how_it_was_counted(extended: tuple[House, Browser, str]) -> None:
    house, resident, number = extended
    for login, root in (("agent", "/desk"), ("city", "/board"), ("jiangxiu", "/jobs")):
        browser = house.browse(login)
        links = re.findall(rf'href="({root}/t/{number}/deadlines)#(c\d+)">怎么算的', browser.shown(f"{root}/t/{number}"))
        assert links
        page = browser.shown(links[0][0])
        assert all(f'id="{anchor}"' in page for _, anchor in links)
        assert f'href="{root}/t/{number}"' in page
    (path, anchor), *_ = re.findall(rf'href="(/h5/t/{number}/deadlines)#(c\d+)">怎么算的', resident.shown(f"/h5/t/{number}"))
    assert f'id="{anchor}"' in resident.shown(path)


def test_the_desk_reads_the_whole_story(extended: tuple[House, Browser, str]) -> None:
    house, _, number = extended
    page = house.browse("agent").shown(f"/desk/t/{number}/deadlines")
    said = words(page)
    assert "重算结果与当时的记录全部一致" in said
    assert f"挂起：暂停计时（{SECRET}） 匠修员工" in said
    assert "批准延期：期限改定（同意；申请理由：厂家缺货） 周主任" in said
    assert "由人决定，不由时限推算" in said and "第1个工作日" in said
    assert "<script" not in page, "it works without"


def test_a_contractor_reads_its_own_clocks_and_not_who_complains(extended: tuple[House, Browser, str]) -> None:
    house, _, number = extended
    said = words(house.browse("jiangxiu").shown(f"/jobs/t/{number}/deadlines"))
    assert "挂起：暂停计时（等王**138****5678开门）" in said
    assert "13812345678" not in said and "王秀兰" not in said
    assert all(name in said for name in ("办结 对诉求人的承诺", "承办办结", "签收", "裁决"))


def test_another_contractor_finds_none_of_it_and_later_not_what_the_first_was_told(extended: tuple[House, Browser, str]) -> None:
    house, _, number = extended
    other = house.browse("anju")
    assert other.get(f"/jobs/t/{number}/deadlines").status_code == 403
    does(house, number, "return", house.cast.agent(), reason="匠修不行")
    does(house, number, "dispatch", house.cast.agent(), contractor=house.cast.contractor("安居").org)
    assert house.browse("jiangxiu").get(f"/jobs/t/{number}/deadlines").status_code == 403
    said = words(other.shown(f"/jobs/t/{number}/deadlines"))
    assert said.count("签收 承接主体应做到的") == 1 and "匠修" not in said
    assert "其他承接主体" in said


def test_who_may_not_see_the_ticket_does_not_see_its_deadlines(house: House) -> None:
    _, number = house.submit("石桥新居修电表的师傅张口要两百辛苦费，乱收费", form_id="form-bribe-0001")
    assert house.cast.ticket(number).sealed
    for login in ("jiangxiu", "anju"):
        assert house.browse(login).get(f"/jobs/t/{number}/deadlines").status_code == 403
    assert house.browse("evaluator").get(f"/board/t/{number}/deadlines").status_code == 403
    assert "首次联系" in house.browse("agent").shown(f"/desk/t/{number}/deadlines")


def test_clocks_that_are_no_longer_asked_for_are_folded_away(house: House) -> None:
    _, number = house.submit(LEAK)
    does(house, number, "return", house.cast.agent(), reason="派错了")
    page = house.browse("agent").shown(f"/desk/t/{number}/deadlines")
    assert re.search(r"<details[^>]*><summary>签收", page) and "收回改派：不再计时（派错了）" in page


def test_a_resident_reads_why_it_is_then(extended: tuple[House, Browser, str]) -> None:
    _, resident, number = extended
    said = words(resident.shown(f"/h5/t/{number}/deadlines"))
    assert "办结 2026年12月4日（周五）10:00 前" in said
    assert "11月23日 周一 09:00 收到您的诉求起" in said and "11月28日–11月29日 休息日" in said
    assert f"11月23日 周一 09:00–11月24日 周二 10:00 暂缓办理，期限顺延 8小时，原因：{SECRET}" in said
    assert "主管部门把期限改为 12月4日 周五 10:00，原因：厂家缺货" in said
    assert not any(word in said for word in ("签收", "承办办结", "同意", "周主任", "匠修员工", "核对", "版本"))


def test_a_resident_reads_that_it_stands_still_and_that_an_emergency_began_anew(house: House) -> None:
    resident, number = house.submit(LEAK)
    mender = house.cast.contractor("匠修")
    does(house, number, "accept", mender, eta="下午")
    does(house, number, "hold", mender, reason="等配件", until="2026-11-24T10:00")
    assert "11月23日 周一 09:00 起暂缓办理，恢复后期限顺延，原因：等配件" in words(resident.shown(f"/h5/t/{number}/deadlines"))
    does(house, number, "alarm", SYSTEM, codes=["E04"], why="冒火花")
    assert "得知情况紧急起" in words(resident.shown(f"/h5/t/{number}/deadlines"))


def test_a_stranger_reads_nothing(extended: tuple[House, Browser, str]) -> None:
    house, _, number = extended
    stranger, own = house.submit("楼道灯也不亮了", form_id="form-00000003")
    assert own != number
    assert stranger.get(f"/h5/t/{number}/deadlines").status_code == 303
    assert house.browse("").get(f"/h5/t/{number}/deadlines").status_code == 303


def test_a_ticket_without_promises_says_so(house: House) -> None:
    resident, number = house.submit(LEAK)
    does(house, number, "withdraw", house.cast.agent(), reason="不用了")
    assert "现在没有在计时的承诺" in resident.shown(f"/h5/t/{number}/deadlines")
