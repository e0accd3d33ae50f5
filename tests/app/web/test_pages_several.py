"""The pages of split, merged and gathered tickets: the forms do what they say, and a refusal keeps what was typed."""

from __future__ import annotations

from app.tickets.lifecycle import State
from tests.app.web.conftest import LEAK, House

LEAK_TOO = "青棠苑3栋2单元1502，厨房顶上还在滴水，楼上漏下来的"


def test_the_form_of_a_split_refuses_guarded_words_and_keeps_them(house: House) -> None:
    _, number = house.submit()
    agent = house.browse("agent")
    assert f'action="/desk/{number}/split"' in agent.shown(f"/desk/t/{number}")
    rude = "维修师傅收了三百块现金还骂人"
    answer = agent.post(f"/desk/{number}/split", text=rude, leaf="C01")
    assert answer.status_code == 422 and "不能转给承接主体" in answer.text and rude in answer.text
    page = agent.done(f"/desk/{number}/split", text="青棠苑3栋2单元1502墙皮鼓包", leaf="C13")
    assert "分办事项" in page


def test_a_merged_tickets_page_leads_on(house: House) -> None:
    resident, first = house.submit()
    _, second = house.submit(LEAK_TOO, form_id="form-00000002")
    agent = house.browse("agent")
    stranger = house.submit(LEAK, form_id="form-00000003", phone="13912345679", room="901")[1]
    refused = agent.post(f"/desk/{stranger}/merger", into=first)
    assert refused.status_code in (303, 422)
    page = agent.done(f"/desk/{first}/merger", into=second)
    assert f'已并入 <a href="/desk/t/{second}">' in page
    page = resident.shown(f"/h5/t/{first}")
    assert second in page and "合并办理" in page and LEAK[:20] in page
    before = house.cast.ticket(second).seq
    resident.done(f"/h5/t/{first}/addition", text="今天漏得更大了", form_id="add-00001")
    resident.done(f"/h5/t/{first}/nudge")
    assert (house.cast.ticket(first).state, house.cast.ticket(second).seq) == (State.MERGED, before + 2)
    page = agent.done(f"/desk/{first}/separation", reason="不是一回事")
    assert "恢复单独办理" in resident.shown(f"/h5/t/{first}") and "待受理" in page


def test_an_incident_is_opened_joined_and_left_at_the_desk(house: House) -> None:
    numbers = [house.submit(form_id=f"form-1000000{n}", phone=f"1391234567{n}", name=f"住户{n}")[1] for n in range(3)]
    agent = house.browse("agent")
    assert "没有正在办理的群体事件" in agent.shown("/desk/incidents")
    blank = agent.shown("/desk/incidents/new")
    assert "其他工单号" in blank
    offered = agent.shown(f"/desk/incidents/new?start={numbers[0]}&hours=4")
    assert all(number in offered for number in numbers)
    refused = agent.post("/desk/incidents", start=numbers[0], ticked=numbers[0], leaf="C01", text="全楼漏水")
    assert refused.status_code == 422 and "2 到" in refused.text and "全楼漏水" in refused.text
    page = agent.done("/desk/incidents", numbers=" ".join(numbers[:2]), leaf="C01", text="青棠苑3栋水管爆裂")
    order = page.partition("/desk/")[2] and next(
        one.number for one in [house.cast.ticket(numbers[0])] if one.follows_id is not None
    )
    assert order == numbers[0] and "2 户反映" in page
    main = agent.get("/desk/incidents").text
    assert "2 户" in main and "青棠苑3栋水管爆裂" in main
    member = agent.shown(f"/desk/t/{numbers[0]}")
    assert "随群体事件" in member
    work_order = member.partition('随群体事件 <a href="/desk/t/')[2].partition('"')[0]
    assert "3 户反映" in agent.done(f"/desk/{numbers[2]}/membership", into=work_order) or "3 户反映" in agent.shown(
        f"/desk/t/{work_order}"
    )
    agent.done(f"/desk/{numbers[1]}/departure", reason="只有他家")
    assert house.cast.ticket(numbers[1]).state is State.RECEIVED
    assert "2 户反映" in agent.shown(f"/desk/t/{work_order}")
