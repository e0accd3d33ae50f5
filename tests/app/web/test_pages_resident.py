"""Residents: from the form to the rating, without an account, and nobody into somebody else's ticket."""

from __future__ import annotations

import re

import pytest

from app import dialogue
from tests.app.web.conftest import LEAK, House


def test_the_line_says_what_it_is_for(house: House) -> None:
    page = house.browse("").shown("/")
    assert "提交诉求" in page and "查进度" in page
    assert all(f"tel:{number}" in page for number in ("119", "110", "120"))


def test_every_form_has_a_key_of_its_own(house: House) -> None:
    keys = {re.search(r'name="form_id" value="([\w-]{20,})"', house.browse("").shown("/h5/submit")) for _ in range(2)}
    assert len({found[1] for found in keys if found}) == 2


def test_a_poster_fills_in_where_it_hangs(house: House) -> None:
    page = house.browse("").shown("/h5/submit?estate=青棠苑&building=3")
    assert 'value="青棠苑"' in page and 'value="3"' in page


def test_submitting_gives_a_number_a_promise_and_a_page(house: House) -> None:
    resident, number = house.submit(estate="青棠苑", building="3")
    page = resident.shown(f"/h5/t/{number}?done=new")
    assert number in page and "承诺" in page and "还剩" in page
    assert "已派单" in page and "云州匠修建筑服务有限公司" in page


def test_the_same_form_twice_is_one_ticket(house: House) -> None:
    _, first = house.submit()
    before = house.rows()
    _, again = house.submit()
    assert first == again and house.rows() == before


def test_what_is_wrong_is_said_beside_what_was_typed(house: House) -> None:
    answer = house.browse("").post("/h5/submit", text="楼道灯坏了", phone="123", form_id="form-00000002")
    assert answer.status_code == 422
    assert "电话号码有误" in answer.text and "楼道灯坏了" in answer.text and "form-00000002" in answer.text


def test_a_strangers_phone_opens_nobody_elses_ticket(house: House) -> None:
    _, number = house.submit()
    stranger, other = house.submit("楼道灯也不亮了", form_id="form-00000003")
    assert other != number
    assert stranger.get(f"/h5/t/{number}").status_code == 303


@pytest.mark.parametrize("order", ["撤回", "查询", "1", "催办", "没解决", " 5分 ", "查询 {number}", "{number}"])
def test_an_order_typed_into_the_form_is_shown_where_to_go_and_nothing_is_kept(house: House, order: str) -> None:
    """Nobody vouches for who types: it touches no ticket, and a ticket that says 撤回 would help nobody."""
    _, number = house.submit()
    before = house.rows()
    told = {"text": order.format(number=number), "phone": "13812345678", "form_id": "form-order-001"}
    answer = house.browse("").post("/h5/submit", **told)
    assert answer.status_code == 422 and 'action="/h5/follow"' in answer.text and "请打开您的工单" in answer.text
    assert ("{number}" in order) == (f'value="{number}"' in answer.text)
    assert house.rows() == before


def test_a_matter_that_begins_like_an_order_is_taken_in(house: House) -> None:
    for n, text in enumerate(("催缴电话太多，一天打七八个", "撤回的通知又贴出来了，到底交不交钱", "1栋楼道灯不亮了")):
        house.submit(text, form_id=f"form-no-order-{n}")


def test_following_takes_number_and_digits(house: House) -> None:
    _, number = house.submit()
    other = house.browse("")
    sent_away = other.get(f"/h5/t/{number}")
    assert sent_away.status_code == 303 and number in other.shown(sent_away.headers["location"])
    wrong = other.post("/h5/follow", number=number, last="0000")
    unknown = other.post("/h5/follow", number="GZ20260105000019", last="5678")
    assert wrong.status_code == unknown.status_code == 422
    assert "工单号或手机号后四位不对" in wrong.text and "工单号或手机号后四位不对" in unknown.text
    assert number in other.done("/h5/follow", number=number.lower(), last="5678")


def test_guessing_is_stopped(house: House) -> None:
    _, number = house.submit()
    guesser = house.browse("")
    answers = [guesser.post("/h5/follow", number=number, last=f"{digits:04d}").status_code for digits in range(6)]
    assert answers == [422] * 5 + [429]
    assert guesser.post("/h5/follow", number=number, last="5678").status_code == 429
    house.cast.tick(minutes=16)
    assert guesser.post("/h5/follow", number=number, last="5678").status_code == 303


def test_adding_urging_withdrawing(house: House) -> None:
    resident, number = house.submit()
    added = resident.done(f"/h5/t/{number}/addition", text="现在漏得更大了", form_id="form-add-00001")
    assert "现在漏得更大了" in added
    before = house.rows()
    resident.done(f"/h5/t/{number}/addition", text="现在漏得更大了", form_id="form-add-00001")
    assert house.rows() == before
    assert "承办单位会收到提醒" in resident.done(f"/h5/t/{number}/nudge")
    assert "刚刚催办过" in resident.done(f"/h5/t/{number}/nudge")
    assert "您已撤回" in resident.done(f"/h5/t/{number}/withdrawal")
    refused = resident.post(f"/h5/t/{number}/addition", text="等等", form_id="form-add-00002")
    assert refused.status_code == 409 and "已归档" in refused.text


def test_an_alarm_in_a_later_word_is_raised(house: House) -> None:
    resident, number = house.submit()
    page = resident.done(f"/h5/t/{number}/addition", text="水流到插座里了，现在冒火花漏电", form_id="form-add-00003")
    assert "请先保证安全" in page
    assert house.cast.ticket(number).urgency == "U0"


def test_words_about_the_contractor_open_a_ticket_it_cannot_see(house: House) -> None:
    resident, number = house.submit()
    answer = resident.post(f"/h5/t/{number}/addition", text="维修师傅张口要我三百块好处费，不给就不修", form_id="form-add-00004")
    own = answer.headers["location"].partition("own=")[2]
    assert own and house.cast.ticket(own).sealed
    assert "承办单位看不到" in resident.shown(answer.headers["location"])
    contractor = house.browse("jiangxiu")
    assert "好处费" not in contractor.shown(f"/jobs/t/{number}")
    assert contractor.get(f"/jobs/t/{own}").status_code == 403


def test_what_could_not_be_registered_yet_is_kept(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """The message is safe; the one button of the page, after the mend, leads to its ticket."""

    def broken(*anything: object) -> None:
        raise RuntimeError("out of order")

    told = {"text": LEAK, "phone": "13812345678", "form_id": "form-kept-0001"}
    with monkeypatch.context() as patch:
        patch.setattr(dialogue, "hear", broken)
        answer = house.browse("").post("/h5/submit", **told)
    assert answer.status_code == 202 and "已经保存" in answer.text
    house.cast.tick(minutes=2)
    given = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', answer.text))
    again = house.browse("").post("/h5/submit", **given)
    assert again.status_code == 303 and "/h5/t/GZ" in again.headers["location"]


def test_large_type_stays(house: House) -> None:
    resident = house.browse("")
    assert 'class="big"' not in resident.shown("/")
    assert 'class="big"' in resident.shown("/?big=1")
    assert 'class="big"' in resident.shown("/h5/submit")
    assert 'class="big"' not in resident.shown("/?big=0")


def test_what_a_resident_writes_is_never_markup(house: House) -> None:
    resident, number = house.submit(LEAK + "<script>alert(1)</script>", name="<b>王</b>")
    for browser, path in ((resident, f"/h5/t/{number}"), (house.browse("agent"), f"/desk/t/{number}")):
        page = browser.shown(path)
        assert "<script" not in page and "&lt;script&gt;" in page and "<b>王" not in page


def test_a_follow_cookie_cannot_be_made_up(house: House) -> None:
    _, number = house.submit()
    forger = house.browse("")
    forger.client.cookies.set("hl_follow", f"1.{number}.9999999999.{'0' * 64}")
    assert forger.get(f"/h5/t/{number}").status_code == 303
    assert forger.post(f"/h5/t/{number}/withdrawal").status_code == 401
