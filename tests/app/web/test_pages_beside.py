"""What stands beside a ticket: orders on paper, duties, petitions; what boards count of them; what third parties review."""

from __future__ import annotations

import re

import pytest

from app.tickets.lifecycle import Role
from tests.app.casework.stage import Stage
from tests.app.web.conftest import House


@pytest.fixture
def stage(house: House) -> Stage:
    return Stage(house.cast)


def test_an_order_is_printed_with_its_number_its_limit_and_room_for_seals(house: House, stage: Stage) -> None:
    number = stage.opens("C06", review=False, name="王秀兰", text="灯坏了，我叫王秀兰")
    stage.does(number, "supervise", stage.supervisor, level=2, text="王秀兰家灯须当天修好")
    order = stage.ticket(number).supervisions[0]
    for login, root in (("jiangxiu", "/jobs"), ("city", "/board"), ("agent", "/desk"), ("admin", "/board")):
        browser = house.browse(login)
        link = f"{root}/t/{number}/supervision/{order.id}"
        assert link in browser.shown(f"{root}/t/{number}"), login
        paper = browser.shown(link)
        for words in (
            order.number,
            "主送单位",
            "匠修",
            number,
            "反馈期限",
            "回 执",
            "盖章",
            "抄送",
            "灯须当天修好",
            "灯坏了",
            "云州市住房保障局",
        ):
            assert words in paper, (login, words)
        assert "王秀兰" not in paper, "the paper goes to the contractor, whoever prints it"
    stage.does(number, "report", stage.mender, text="已修好")
    assert "已修好" in house.browse("city").shown(f"/board/t/{number}/supervision/{order.id}")
    assert house.browse("agent").get(f"/desk/t/{number}/supervision/999").status_code == 404


@pytest.mark.slow
def test_an_order_to_one_contractor_is_no_other_contractors(house: House, stage: Stage) -> None:
    number = stage.opens("C06", review=False)
    stage.does(number, "supervise", stage.supervisor, level=3, text="约谈负责人")
    order = stage.ticket(number).supervisions[0].id
    stage.does(number, "return", stage.agent, reason="改派")
    stage.does(number, "dispatch", stage.agent, contractor=stage.other.org)
    other = house.browse("anju")
    assert "约谈负责人" not in other.shown(f"/jobs/t/{number}").partition("督办单")[2].partition("</section>")[0]
    assert other.get(f"/jobs/t/{number}/supervision/{order}").status_code == 404
    assert "不再由该单位承办" in house.browse("city").shown(f"/board/t/{number}/supervision/{order}")


@pytest.mark.slow
def test_an_order_to_a_department_is_written_for_it(house: House, stage: Stage) -> None:
    number = stage.opens("R02", review=False, text="师傅要两百辛苦费")
    stage.does(number, "supervise", stage.supervisor, level=2, text="请查实")
    order = stage.ticket(number).supervisions[0].id
    paper = house.browse("city").shown(f"/board/t/{number}/supervision/{order}")
    assert "师傅要两百辛苦费" in paper and "请查实" in paper


@pytest.mark.slow
def test_a_ticket_shows_who_helps_what_was_asked_and_how_it_was_decided(house: House, stage: Stage) -> None:
    number = stage.opens("C06", review=False)
    stage.does(number, "accept", stage.mender, eta="下午")
    stage.does(number, "assist", stage.agent, helper=stage.other.org, text="请配合断电")
    stage.does(number, "ask_return", stage.mender, code="duty", reason="不归我们")
    stage.does(number, "deny_return", stage.agent, reason="合同写明了")
    lead, helper = (house.browse(login).shown(f"/jobs/t/{number}") for login in ("jiangxiu", "anju"))
    desk = house.browse("agent").shown(f"/desk/t/{number}")
    for page in (lead, desk):
        for words in ("请配合断电", "待完成", "申请退单（职能不符）", "不归我们", "已驳回", "合同写明了", "指定承办"):
            assert words in page, words
    assert "请配合断电" in helper and "贵单位协办" in helper
    assert "不归我们" not in helper and "合同写明了" not in helper, "what the lead asks for is none of the helper's business"
    assert "电话" not in helper.partition("<main")[2] or "tel:" not in helper
    assert f"/jobs/t/{number}" in house.browse("anju").shown("/jobs?tab=assisting")
    assert f"/jobs/t/{number}" not in house.browse("anju").shown("/jobs?tab=working"), "it does not lead there"
    stage.does(number, "assisted", stage.other, text="断过了")
    assert "断过了" in house.browse("anju").shown(f"/jobs/t/{number}"), "what it has done it may look up"
    assert f"/jobs/t/{number}" not in house.browse("anju").shown("/jobs?tab=assisting")


@pytest.mark.slow
def test_the_board_counts_what_is_to_be_watched_and_leads_to_it(house: House, stage: Stage) -> None:
    number = stage.opens("C06", review=False)
    for contractor in (stage.mender, stage.other):
        stage.does(number, "ask_return", contractor, code="duty", reason="不归我们")
        stage.does(number, "grant_return", stage.supervisor, reason="同意")
        stage.does(number, "dispatch", stage.supervisor, contractor=stage.other.org)
    stage.does(number, "supervise", stage.supervisor, level=2, text="不许再推")
    stage.does(number, "assist", stage.agent, helper=stage.mender.org, text="配合")
    asking = stage.opens("C06", review=False)
    stage.does(asking, "ask_closure", stage.mender, outcome="unfounded", reason="没有坏")
    secret = stage.opens("C06")
    stage.does(secret, "protect", stage.agent)
    stage.does(secret, "dispatch", stage.agent, contractor=stage.mender.org)
    city = house.browse("city")
    board = city.shown("/board")
    lists = {"unanswered": number, "shuffled": number, "returned": number, "helped": number, "supervised": number}
    for tab, expected in {**lists, "decide_closure": asking, "to_restate": secret}.items():
        assert f"/desk?tab={tab}" in board, tab
        found = re.findall(r"/desk/t/(GZ\d+)\"", city.shown(f"/desk?tab={tab}"))
        assert found == [expected], tab
    assert "/desk?tab=decide_return" not in board, "nothing is counted that holds nothing"
    assert f"/jobs/t/{number}" in house.browse("anju").shown("/jobs?tab=to_report")
    assert f"/jobs/t/{number}" not in house.browse("jiangxiu").shown("/jobs?tab=to_report"), "it only helps"
    page = city.shown(f"/board/t/{number}")
    assert "退单 2 次" in page and "已改派 3 次" in page and "指定承办" in page


@pytest.mark.slow
def test_third_parties_find_nothing_before_anything_was_drawn(house: House) -> None:
    _, number = house.submit()
    browser = house.browse("evaluator")
    assert "还没有抽给您的工单" in browser.shown("/review")
    assert browser.get(f"/review/t/{number}").status_code == 403
    assert house.browse("city").get("/review").status_code == 403
    for role in Role:
        assert role is not Role.EVALUATOR or browser.post(f"/desk/{number}/note", text="x").status_code == 403
