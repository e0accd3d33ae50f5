"""可能重复 on the desk's pages: why, and one click for each thing to do; the check before a call is registered."""

from __future__ import annotations

import re

from app.tickets.lifecycle import State
from tests.app.web.conftest import LEAK, House

AGAIN = "青棠苑3栋2单元1502，厨房顶上还在滴水，楼上漏下来的"
NEIGHBOUR = "青棠苑3栋2单元1402，厨房顶上也开始滴水了，说是楼上漏的"
CALL = {"phone": "13812345678", "name": "王秀兰", "form_id": "call-0000701"}


def card(page: str) -> str:
    """The card of repeats, empty where there is none."""
    return page.partition('id="repeats"')[2].partition("</section>")[0]


def test_a_second_telling_is_offered_and_merged_with_one_click(house: House) -> None:
    _, first = house.submit()
    _, second = house.submit(AGAIN, form_id="form-00000702")
    agent = house.browse("agent")
    shown = card(agent.shown(f"/desk/t/{second}"))
    assert first in shown and "很可能重复" in shown and "同一诉求人" in shown and "文字相似" in shown and "滴水" in shown
    assert f'action="/desk/{second}/merger"' in shown and f'name="into" value="{first}"' in shown
    assert "不自动并单" in shown and house.cast.ticket(second).state is not State.MERGED
    seen = re.findall(r'name="seen" value="(\d+)"', shown)[0]
    assert "已并入" in agent.done(f"/desk/{second}/merger", into=first, seen=seen)
    assert card(agent.shown(f"/desk/t/{first}")) == "" == card(agent.shown(f"/desk/t/{second}"))


def test_not_a_repeat_is_said_once(house: House) -> None:
    _, first = house.submit()
    _, second = house.submit(NEIGHBOUR, form_id="form-00000703", phone="13912345671", name="李贵")
    agent = house.browse("agent")
    shown = card(agent.shown(f"/desk/t/{second}"))
    assert first in shown and "同一楼栋" in shown and "merger" not in shown and "建立群体事件" in shown
    told = card(agent.done(f"/desk/{second}/not-repeat", other=first))
    assert "可能重复 0" in told and f'不是重复：<a href="/desk/t/{first}">' in told and "merger" not in told
    assert second in card(house.browse("city").shown(f"/desk/t/{first}")).partition("不是重复")[2]
    again = card(agent.done(f"/desk/{second}/repeat-after-all", other=first))
    assert "可能重复 1" in again and "不是重复：" not in again
    assert "可能重复 0" in card(agent.done(f"/desk/{second}/not-repeat", other=first))
    refused = agent.post(f"/desk/{second}/not-repeat", other=second)
    assert refused.status_code == 422 and "另一张" in refused.text
    assert agent.post(f"/desk/{second}/not-repeat", other="GZ20261123999990").status_code == 404


def test_a_repeat_of_a_member_may_go_with_the_incident(house: House) -> None:
    numbers = [
        house.submit(text, form_id=f"form-1000071{n}", phone=f"1391234568{n}", name=f"住户{n}")[1]
        for n, text in enumerate((LEAK, NEIGHBOUR, NEIGHBOUR.replace("1402", "1302")))
    ]
    agent = house.browse("agent")
    agent.done("/desk/incidents", numbers=" ".join(numbers[:2]), leaf="C01", text="青棠苑3栋2单元水管爆裂")
    shown = card(agent.shown(f"/desk/t/{numbers[2]}"))
    incident = re.findall(r'membership"><input type="hidden" name="into" value="(\w+)"', shown)[0]
    assert "群体事件" in agent.done(f"/desk/{numbers[2]}/membership", into=incident)
    assert house.cast.ticket(numbers[2]).follows_id == house.cast.ticket(incident).id
    assert incident not in card(agent.shown(f"/desk/t/{numbers[2]}"))


def test_nobody_but_the_desk_is_shown_the_card(house: House) -> None:
    _, first = house.submit()
    resident, second = house.submit(AGAIN, form_id="form-00000704")
    for login, root in (("jiangxiu", "/jobs"), ("city", "/board")):
        page = house.browse(login).shown(f"{root}/t/{second}")
        assert "可能重复" not in page and first not in page, login
    assert first not in resident.shown(f"/h5/t/{second}")
    admin = card(house.browse("admin").shown(f"/desk/t/{second}"))
    assert first in admin and "<form" not in admin, "who only reads is offered no act"


def test_a_call_is_checked_before_it_is_registered(house: House) -> None:
    _, first = house.submit()
    agent = house.browse("agent")
    calling = card(agent.shown("/desk/new?phone=138 1234 5678"))
    assert first in calling and "这个号码最近的工单" in calling and "addition" not in calling
    assert card(agent.shown("/desk/new?phone=13900000000")) == "" == card(agent.shown("/desk/new"))
    before = house.rows()
    page = agent.post("/desk/new/check", text=AGAIN, **CALL).text
    shown = card(page)
    assert first in shown and "很可能重复" in shown and AGAIN in page and "仍然登记" in page and house.rows() == before
    assert f'action="/desk/{first}/addition"' in shown and f'name="text" value="{AGAIN}"' in shown
    assert AGAIN in agent.done(f"/desk/{first}/addition", text=AGAIN)
    nothing = agent.post("/desk/new/check", text="咨询一下周六上不上班", phone="13700000009", form_id="call-0000702")
    assert "没有查到可能重复的工单" in nothing.text and card(nothing.text) == ""
    wrong = agent.post("/desk/new/check", text=AGAIN, phone="12", form_id="call-0000703")
    assert wrong.status_code in (200, 422) and AGAIN in wrong.text


def test_a_call_is_registered_all_the_same(house: House) -> None:
    """A repeat that was shown stops nobody: who says so again gets a number at once, an emergency above all."""
    _, first = house.submit()
    agent = house.browse("agent")
    page = agent.done("/desk/new", text=AGAIN, **CALL)
    assert first in card(page) and "并入这张" in card(page)
    pressing = agent.done("/desk/new", **{**CALL, "form_id": "call-0000704"}, text="青棠苑3栋2单元1502漏水把插座打出火花了")
    assert first in card(pressing) and "merger" not in card(pressing)
