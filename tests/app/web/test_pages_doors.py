"""Who may open what: every page for every role, contractors apart from each other, and no page that changes anything."""

from __future__ import annotations

import re

import pytest

from tests.app.web.conftest import LEAK, House

pytestmark = pytest.mark.slow  # many requests, commands or tickets: in `make test`, not in `make fast`

PAGES = ("/desk", "/desk?tab=done", "/desk/new", "/jobs", "/jobs?tab=done", "/board")
MAY: dict[str, tuple[int, ...]] = {
    "": (303, 303, 303, 303, 303, 303),
    "agent": (200, 200, 200, 403, 403, 403),
    "jiangxiu": (403, 403, 403, 200, 200, 403),
    "city": (200, 200, 200, 403, 403, 200),
    "admin": (200, 200, 403, 403, 403, 200),
    "evaluator": (403, 403, 403, 403, 403, 200),
}


def test_each_role_at_each_door(house: House) -> None:
    house.submit()
    for login, expected in MAY.items():
        browser = house.browse(login)
        assert tuple(browser.get(page).status_code for page in PAGES) == expected, login


def test_nobody_signed_in_is_asked_to_and_comes_back(house: House) -> None:
    nobody = house.browse("")
    sent = nobody.get("/desk").headers["location"]
    assert sent.startswith("/signin") and 'value="/desk"' in nobody.shown(sent)
    answer = nobody.post("/signin", login="agent", password="demo-2026", next="/desk?tab=done")
    assert answer.headers["location"] == "/desk?tab=done"


def test_after_signing_in_one_is_at_home(house: House) -> None:
    for login, home in (("agent", "/desk"), ("anju", "/jobs"), ("city", "/board"), ("evaluator", "/review")):
        browser = house.browse(login)
        assert browser.get("/signin").headers["location"] == home
        assert browser.post("/signout").headers["location"] == "/signin"
        assert browser.get(home).status_code == 303


def test_signing_in_leads_nowhere_else(house: House) -> None:
    for elsewhere in ("https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", "/signout"):
        answer = house.browse("").post("/signin", login="agent", password="demo-2026", next=elsewhere)
        assert answer.headers["location"] == "/desk", elsewhere


def test_an_unknown_login_is_answered_like_a_wrong_password(house: House) -> None:
    nobody = house.browse("")
    pages = [nobody.post("/signin", login=login, password="wrong-password") for login in ("agent", "nobody-here")]
    assert {page.status_code for page in pages} == {401}
    said = {re.sub(r'value="[^"]*"', "", page.text) for page in pages}
    assert len(said) == 1 and "账号或密码不正确" in said.pop()


def test_guessing_a_password_is_stopped(house: House) -> None:
    nobody = house.browse("")
    answers = [nobody.post("/signin", login="agent", password="wrong-password").status_code for _ in range(11)]
    assert answers == [401] * 10 + [429]


def test_a_contractor_sees_its_own_tickets_and_no_others(house: House) -> None:
    _, number = house.submit()
    assert number in house.browse("jiangxiu").shown("/jobs?tab=to_accept")
    other = house.browse("anju")
    for tab in ("due_today", "to_accept", "working", "overdue", "done"):
        assert number not in other.shown(f"/jobs?tab={tab}")
    assert other.get(f"/jobs/t/{number}").status_code == 403
    assert other.post(f"/jobs/{number}/acceptance", eta="2026-11-23T14:30").status_code == 403


def test_what_is_said_about_a_contractor_does_not_exist_for_it(house: House) -> None:
    _, number = house.submit("青棠苑维修师傅收了我两条烟才肯修，匠修公司的人", form_id="form-bribe-002")
    assert house.cast.ticket(number).sealed
    for login in ("jiangxiu", "anju"):
        browser = house.browse(login)
        assert browser.get(f"/jobs/t/{number}").status_code == 403
        assert "这里没有工单" in browser.shown("/jobs?q=两条烟")
    assert "承接主体不可见" in house.browse("agent").shown(f"/desk/t/{number}")


def test_a_contractor_reads_numbers_masked_in_what_is_said(house: House) -> None:
    _, number = house.submit()
    page = house.browse("jiangxiu").shown(f"/jobs/t/{number}")
    assert "138****5678，" in page or "电话138****5678" in page
    assert "电话13812345678" not in page


def test_in_confidence_a_contractor_reads_only_what_the_desk_makes_of_it(house: House) -> None:
    _, number = house.submit(confidential="1")
    page = house.browse("jiangxiu").shown(f"/jobs/t/{number}")
    assert "要求保密" in page and "青棠苑3栋" in page
    for secret in ("5678", "王秀兰", "1502", "2单元", "楼上漏下来的"):
        assert secret not in page, secret
    house.browse("agent").done(f"/desk/{number}/restatement", text="厨房顶棚渗漏，请查3栋2单元1502室上层")
    page = house.browse("jiangxiu").shown(f"/jobs/t/{number}")
    assert "厨房顶棚渗漏" in page and "2单元1502室" in page, "where the work is, the desk has said"
    assert "楼上漏下来的" not in page
    assert "王秀兰" in house.browse("agent").shown(f"/desk/t/{number}")
    masked = house.browse("admin").shown(f"/desk/t/{number}")
    assert "王**" in masked and "王秀兰" not in masked


SAID_TWICE = LEAK + "，我叫王秀兰，身份证450103198001019579"


def test_a_contractor_reads_the_name_nowhere_whatever_was_said(house: House) -> None:
    """Where it is confidential, the name in what the contractor itself and the desk wrote is masked all the same."""
    resident, number = house.submit(SAID_TWICE, confidential="1", form_id="form-twice-001")
    resident.done(f"/h5/t/{number}/addition", text="王秀兰下午在家，打13812345678", form_id="form-twice-002")
    house.browse("agent").done(f"/desk/{number}/nudge")
    worker = house.browse("jiangxiu")
    worker.done(f"/jobs/{number}/acceptance", eta="王秀兰说下午三点")
    for path in (f"/jobs/t/{number}", "/jobs?tab=working"):
        page = worker.shown(path)
        for secret in ("王秀兰", "秀兰", "13812345678", "19800101", "下午在家"):
            assert secret not in page, (path, secret)
    assert "王**说下午三点" in worker.shown(f"/jobs/t/{number}")
    assert house.browse("agent").shown(f"/desk/t/{number}").count("王秀兰") >= 3


def test_a_contractor_cannot_guess_what_is_masked_by_searching_for_it(house: House) -> None:
    """Neither whole numbers nor two digits at a time, nor a part of the name; what it reads it finds, and finds counted right."""
    _, number = house.submit(SAID_TWICE, form_id="form-guess-001")
    worker, agent = house.browse("jiangxiu"), house.browse("agent")
    for words in ("13812345678", "123", "1234", "秀兰", "王秀兰", "198001", "800101", "81234", "0103198"):
        assert "这里没有工单" in worker.shown(f"/jobs?tab=to_accept&q={words}"), words
        assert number in agent.shown(f"/desk?tab=handling&q={words}"), words
    for words in ("厨房", "5678", "青棠苑3栋", "1502", number):
        assert number in worker.shown(f"/jobs?tab=to_accept&q={words}"), words


def test_a_contractor_may_call_who_does_not_mind(house: House) -> None:
    _, number = house.submit()
    assert 'href="tel:13812345678"' in house.browse("jiangxiu").shown(f"/jobs/t/{number}")


def test_internal_notes_stay_in_the_house(house: House) -> None:
    resident, number = house.submit()
    house.browse("agent").done(f"/desk/{number}/note", text="此户多次来电")
    assert "此户多次来电" not in house.browse("jiangxiu").shown(f"/jobs/t/{number}")
    assert "此户多次来电" not in resident.shown(f"/h5/t/{number}")


def test_third_parties_see_figures_only(house: House) -> None:
    _, number = house.submit()
    board = house.browse("evaluator").shown("/board")
    assert "今日受理" in board and number not in board and "/desk?" not in board


def test_an_administrator_reads_and_does_nothing(house: House) -> None:
    _, number = house.submit()
    admin = house.browse("admin")
    assert "<button" not in admin.shown(f"/desk/t/{number}").partition("<main")[2]
    assert admin.post(f"/desk/{number}/note", text="x").status_code == 403


def test_figures_and_the_lists_behind_them_agree(house: House) -> None:
    for n in range(3):
        house.submit(LEAK, form_id=f"form-many-{n:04d}")
    house.cast.tick(hours=3)
    chief = house.browse("city")
    board = chief.shown("/board")
    figures = dict(re.findall(r'href="/desk\?tab=(\w+)"><b>(\d+)</b>', board))
    assert figures["overdue"] == "3"
    for name, figure in figures.items():
        assert chief.shown(f"/desk?tab={name}").count('<li class="ticket') == int(figure), name
    assert "催办" in board and "匠修" in board


def test_long_lists_have_pages(house: House) -> None:
    for n in range(22):
        house.submit("柳岸家园的事情说不清", form_id=f"form-page-{n:04d}")
    agent = house.browse("agent")
    first, second = agent.shown("/desk?tab=today"), agent.shown("/desk?tab=today&n=2")
    assert (first.count('<li class="ticket'), second.count('<li class="ticket')) == (20, 2)
    assert 'rel="next"' in first and 'rel="prev"' in second


def test_no_page_changes_anything_by_being_looked_at(house: House) -> None:
    resident, number = house.submit()
    browsers = [resident, *(house.browse(login) for login in MAY if login)]
    before = house.rows()
    paths = (
        *PAGES,
        "/",
        "/?big=1",
        "/h5/submit",
        "/h5/follow",
        f"/h5/t/{number}",
        f"/desk/t/{number}",
        f"/jobs/t/{number}",
        "/signin",
    )
    for browser in browsers:
        for path in paths:
            browser.get(path)
    assert house.rows() == before


def test_what_is_not_there_is_said_kindly(house: House) -> None:
    agent, worker = house.browse("agent"), house.browse("jiangxiu")
    for browser, path in ((agent, "/nowhere"), (agent, "/desk/t/GZ1"), (agent, "/desk?tab=x"), (worker, "/jobs?tab=x")):
        answer = browser.get(path)
        assert answer.status_code == 404 and "<h1>未找到</h1>" in answer.text, path


def test_pages_are_light_and_keep_the_strict_policy(house: House) -> None:
    resident, number = house.submit()
    css = resident.get(re.findall(r'href="(/static/hotline[^"]+)"', resident.shown("/"))[0])
    for browser, path in (
        (resident, f"/h5/t/{number}"),
        (house.browse("agent"), f"/desk/t/{number}"),
        (house.browse("city"), "/board"),
    ):
        answer = browser.get(path)
        assert len(answer.content) + len(css.content) < 150_000
        assert "default-src 'self'" in answer.headers["content-security-policy"]
        assert not re.search(r"<script|<style|\sstyle=|\son\w+=|javascript:", answer.text)
