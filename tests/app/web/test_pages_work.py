"""A ticket through the forms of everybody who touches it, and what happens when two people act at once."""

from __future__ import annotations

import re

import pytest

from app.tickets.lifecycle import RULES, STATE_NAMES, Role, State, offers
from app.web.forms import BY_NOUN, FORMS
from tests import proof
from tests.app.web.conftest import House

GATE = "柳岸家园门口的事情有点乱，你们看看怎么回事"


def state(house: House, number: str) -> State:
    return house.cast.ticket(number).state


def test_from_submission_to_rating(house: House) -> None:
    """The contractor signs for it, goes there, mends it; the resident says so; every page tells the same."""
    resident, number = house.submit(estate="青棠苑", building="3")
    worker = house.browse("jiangxiu")
    assert number in worker.shown("/jobs?tab=to_accept")
    page = worker.done(f"/jobs/{number}/acceptance", eta="2026-11-23T14:30")
    assert "办理中" in page and "11月23日 14:30" in page
    worker.done(f"/jobs/{number}/contact", text="已电话联系，约定下午上门")
    worker.done(f"/jobs/{number}/progress", text="已关闭阀门，等配件")
    assert "已关闭阀门" in resident.shown(f"/h5/t/{number}")
    worker.done(f"/jobs/{number}/hold", reason="配件缺货", until="2026-11-24T10:00")
    assert "暂缓办理" in resident.shown(f"/h5/t/{number}")
    assert "已停" in worker.shown(f"/jobs/t/{number}")
    worker.done(f"/jobs/{number}/resumption")
    worker.done(f"/jobs/{number}/resolution", text="更换水管，试水不漏", **proof.form())
    page = resident.shown(f"/h5/t/{number}")
    assert "请您评价" in page and "checked" not in page and "更换水管" in page
    unfinished = resident.post(f"/h5/t/{number}/rating", satisfied="5")
    assert unfinished.status_code == 422 and "请选择" in unfinished.text
    assert "谢谢您的评价" in resident.done(f"/h5/t/{number}/rating", satisfied="5", solved="yes", responded="yes", reason="很快")
    assert state(house, number) is State.CLOSED
    assert "非常满意" in house.browse("agent").shown(f"/desk/t/{number}")


def test_a_low_rating_opens_a_new_round(house: House) -> None:
    resident, number = house.submit()
    worker = house.browse("jiangxiu")
    worker.done(f"/jobs/{number}/acceptance", eta="2026-11-23T14:30")
    worker.done(f"/jobs/{number}/resolution", text="修好了", **proof.form())
    told = resident.done(f"/h5/t/{number}/rating", satisfied="1", solved="no", why="问题没解决", reason="还在滴")
    assert "将重新办理" in told
    assert state(house, number) is State.IN_PROGRESS
    page = worker.shown(f"/jobs/t/{number}")
    assert "第 2 轮" in page and "重办" in page


def test_the_desk_reads_which_model_judged_and_the_contractor_does_not(house: House) -> None:
    _, number = house.submit()
    model = house.cast.ticket(number).verdict["model"]
    assert len(model) == 16 and f"模型 {model}" in house.browse("agent").shown(f"/desk/t/{number}")
    assert model not in house.browse("jiangxiu").shown(f"/jobs/t/{number}")


def test_the_desk_decides_what_the_machine_would_not(house: House) -> None:
    """No estate, no certain category: the queue says why; category, contractor and reply come from people."""
    _, number = house.submit(GATE, form_id="form-gate-0001")
    agent = house.browse("agent")
    assert state(house, number) is State.RECEIVED
    queue = agent.shown("/desk")
    assert number in queue and house.cast.ticket(number).assigned_why[:12] in queue
    page = agent.done(f"/desk/{number}/category", leaf="C08")
    assert "C08" in page and "按合同应由" in page
    chosen = re.search(r'<option value="(\d+)" selected>[^<]*合同', page)
    assert chosen, "the contractor who owes it stands preselected"
    agent.done(f"/desk/{number}/note", text="已核对位置")
    agent.done(f"/desk/{number}/reply", text="我们马上派人")
    page = agent.done(f"/desk/{number}/dispatch", contractor=chosen[1])
    assert "待签收" in page and "核派" in page
    page = agent.done(f"/desk/{number}/return", reason="派错了")
    assert "退单待改派" in page
    assert number in agent.shown("/desk?tab=queue&q=" + number)
    agent.done(f"/desk/{number}/answer", text="门口是临时施工，今晚结束")
    assert number in agent.shown("/desk?tab=resolved")
    agent.done(f"/desk/{number}/closure")
    assert number in agent.shown("/desk?tab=done")


def test_the_place_that_was_missing_sets_somebody_to_work(house: House) -> None:
    _, number = house.submit("厨房顶上一直滴水，楼上漏下来的", form_id="form-place-001")
    agent = house.browse("agent")
    assert state(house, number) is State.RECEIVED
    page = agent.done(f"/desk/{number}/addition", text="来电说是青棠苑3栋2单元1502")
    assert "待签收" in page and "青棠苑3栋2单元1502室" in page


def test_the_desk_does_not_pass_on_what_is_said_about_a_contractor(house: House) -> None:
    _, number = house.submit()
    words = "物业的人态度差，张口骂人"
    answer = house.browse("agent").post(f"/desk/{number}/addition", text=words)
    assert answer.status_code == 422 and "不能转给承办单位" in answer.text and words in answer.text


def test_a_rejection_says_where_to_go(house: House) -> None:
    resident, number = house.submit(GATE, form_id="form-gate-0002")
    house.browse("agent").done(f"/desk/{number}/rejection", reason="不属公租房", refer="城管 12319")
    page = resident.shown(f"/h5/t/{number}")
    assert "不属本热线受理" in page and "城管 12319" in page


BRIBE = "青棠苑物业管家收了我两条烟才给排维修，不给就拖着"
UNSEAL = "已阅全文，确认不涉及承接主体，解除保密"


def _sealed_in_the_queue(house: House) -> str:
    _, number = house.submit(BRIBE, form_id="form-bribe-003")
    house.browse("city").done(f"/board/{number}/return", reason="核实归类")
    assert house.cast.ticket(number).sealed
    return number


def test_only_a_supervisor_may_open_what_was_sealed(house: House) -> None:
    number = _sealed_in_the_queue(house)
    agent, chief = house.browse("agent"), house.browse("city")
    assert UNSEAL not in agent.shown(f"/desk/t/{number}")
    agent.done(f"/desk/{number}/category", leaf="C08", unseal="1")
    assert house.cast.ticket(number).sealed, "an agent who posts it all the same changes nothing"
    assert UNSEAL in chief.shown(f"/board/t/{number}") and UNSEAL in chief.shown(f"/desk/t/{number}")
    chief.done(f"/board/{number}/category", leaf="C08")
    assert house.cast.ticket(number).sealed, "what is not ticked is not said"
    page = chief.done(f"/board/{number}/category", leaf="C08", unseal="1")
    assert not house.cast.ticket(number).sealed
    assert "确认解除保密" in page and UNSEAL not in page


def test_a_ticket_that_was_never_sealed_asks_for_no_opening(house: House) -> None:
    _, number = house.submit(GATE, form_id="form-gate-0009")
    assert UNSEAL not in house.browse("city").shown(f"/board/t/{number}")


@pytest.mark.parametrize(
    ("local", "proposed"),
    [
        ("09:00", "11-23T11:00"),
        ("09:01", "11-23T11:30"),
        ("09:30", "11-23T11:30"),
        ("17:20", "11-23T19:30"),
        ("17:40", "11-24T09:00"),
        ("18:00", "11-24T09:00"),
        ("23:40", "11-24T09:00"),
        ("03:00", "11-23T09:00"),
        ("06:00", "11-23T08:00"),
    ],
)
def test_one_tap_signs_for_a_ticket_with_a_time_that_makes_sense(house: House, local: str, proposed: str) -> None:
    """Two hours from now, to the half hour, and nobody is called on at night."""
    _, number = house.submit()
    hour, minute = map(int, local.split(":"))
    monday = house.cast.clock.now().astimezone(house.cast.hotline.zone)
    house.cast.clock.set(monday.replace(hour=hour, minute=minute))
    worker = house.browse("jiangxiu")
    found = re.search(r'type="datetime-local" value="([^"]+)"', worker.shown(f"/jobs/t/{number}"))
    assert found and found[1] == f"2026-{proposed}"
    worker.done(f"/jobs/{number}/acceptance", eta=found[1])
    assert state(house, number) is State.IN_PROGRESS


def test_an_emergency_is_called_on_at_once_at_any_hour(house: House) -> None:
    resident, number = house.submit()
    resident.done(f"/h5/t/{number}/addition", text="水流到插座里了，现在冒火花漏电", form_id="form-spark-01")
    assert house.cast.ticket(number).urgency == "U0"
    night = house.cast.clock.now().astimezone(house.cast.hotline.zone).replace(hour=2, minute=10)
    house.cast.clock.set(night)
    assert 'value="2026-11-23T02:30"' in house.browse("jiangxiu").shown(f"/jobs/t/{number}")


def test_supervisors_do_what_is_theirs(house: House) -> None:
    _, number = house.submit("青棠苑物业管家收了我两条烟才给排维修，不给就拖着", form_id="form-bribe-001")
    chief = house.browse("city")
    assert number in chief.shown("/board") and number in chief.shown("/desk?tab=ours")
    page = chief.done(f"/board/{number}/acceptance", eta="2026-11-24T09:00")
    assert "办理中" in page
    chief.done(f"/board/{number}/resolution", text="已核实并责令退还")
    assert state(house, number) is State.RESOLVED


def test_a_call_is_written_down_once(house: House) -> None:
    agent = house.browse("agent")
    call = {"phone": "13900001111", "name": "李大爷", "text": "春晓苑二期11栋电梯停了，老人下不来", "form_id": "call-0000001"}
    page = agent.done("/desk/new", **call, estate="春晓苑二期", building="11", confidential="1")
    assert "李大爷" in page and "13900001111" in page and "电话" in page and "保密" in page
    before = house.rows()
    agent.done("/desk/new", **call)
    assert house.rows() == before
    empty = agent.post("/desk/new", text="", phone="13900001111", form_id="call-0000002")
    assert empty.status_code == 422 and "13900001111" in empty.text


def test_who_comes_second_is_told_what_happened(house: House) -> None:
    """Two agents have the ticket open; the first sends it on; the second keeps the words and sees what was done."""
    _, number = house.submit(GATE, form_id="form-gate-0003")
    first, second = house.browse("agent"), house.browse("agent2")
    seen = re.search(r'name="seen" value="(\d+)"', second.shown(f"/desk/t/{number}"))
    assert seen
    first.done(f"/desk/{number}/category", leaf="P02")
    late = second.post(f"/desk/{number}/answer", text="这是我写的长答复", seen=seen[1])
    assert late.status_code == 409
    assert "刚刚有人处理过" in late.text and "您打开页面之后" in late.text and "改类" in late.text
    assert "这是我写的长答复" in late.text
    assert state(house, number) is State.RECEIVED


def test_a_refused_act_keeps_what_was_typed(house: House) -> None:
    _, number = house.submit()
    worker = house.browse("jiangxiu")
    for noun, form, sentence in (
        ("acceptance", {"eta": ""}, "预约时间"),
        ("resolution", {"text": "已修好"}, "不能办结"),
    ):
        answer = worker.post(f"/jobs/{number}/{noun}", **form)
        assert answer.status_code in (409, 422) and sentence in answer.text
        assert all(value in answer.text for value in form.values() if value), "also where the form is not offered any more"
    assert worker.post(f"/jobs/{number}/dispatch", contractor="1").status_code == 403
    assert worker.post(f"/jobs/{number}/nonsense").status_code == 404
    assert state(house, number) is State.DISPATCHED


@pytest.mark.parametrize("role", [Role.AGENT, Role.SUPERVISOR, Role.CONTRACTOR])
def test_every_act_that_people_are_offered_has_a_form(role: Role) -> None:
    """An act of the table that no page can do would be a promise to nobody. The resident's own word on a call comes by 回访, and
    what makes or names another ticket has a page of its own."""
    offered = {rule.action for state in STATE_NAMES for rule in offers(state, role)}
    assert offered - FORMS.keys() <= {"rate", "confirm", "call", "uncall", "split", "join"}
    assert len(BY_NOUN) == len(FORMS)


def test_every_form_asks_for_what_the_table_needs() -> None:
    """Which number the part of a split ticket gets is no question."""
    for action, form in FORMS.items():
        assert set(RULES[action].needs) - {"part"} <= {field.name for field in form.fields}, action


def test_the_desk_reads_how_it_was_said_of_whom_and_for_how_many(house: House) -> None:
    _, number = house.submit("碧水家园3栋电梯又停了，气死我了，我们楼12户联名要求修，家里有八十岁的老人")
    page = house.browse("agent").shown(f"/desk/t/{number}")
    assert "愤怒（“气死”）" in page and "老人（“老人”）" in page and "至少 12 户（“" in page
    _, number = house.submit("碧水家园3栋楼道灯不亮", form_id="form-00000002")
    calm = house.browse("agent").shown(f"/desk/t/{number}")
    assert not any(word in calm for word in ("情绪", "特殊人群", "<dt>群体"))
