"""What is sent to break in or to break down: refused in words, on both databases, and never by falling over."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from app.tickets.lifecycle import Role
from app.web.gate import LARGEST_FORM
from app.web.refusals import SECURITY_HEADERS
from tests.app.web.conftest import Browser, House

pytestmark = pytest.mark.slow  # thousands of requests
HUGE = "9" * 30
NASTY = ("%00", "%FF%FE", "%ED%A0%80", "%C0%80", "%F0%9F%98%80", "'%22%3E%3Cscript%3E", "%25%00", HUGE, "9" * 5000, "-1", "²")
FORM = {"content-type": "application/x-www-form-urlencoded"}


def clean(status: int) -> bool:
    return status < 500


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_what_another_site_made_a_browser_send_is_refused(house: House, site: str) -> None:
    resident, number = house.submit()
    agent = house.browse("agent")
    before = house.rows()
    for browser, path in ((resident, f"/h5/t/{number}/withdrawal"), (agent, f"/desk/{number}/note"), (agent, "/signout")):
        for headers in (
            {"Sec-Fetch-Site": site},
            {"Origin": "https://evil.example"},
            {"Origin": "null"},
            {"Origin": "http://["},
            {"Origin": "http://testserver.evil.example"},
            {"Sec-Fetch-Site": site, "Origin": "http://testserver"},
        ):
            answer = browser.client.post(path, data={"text": "x"}, headers=headers, follow_redirects=False)
            assert answer.status_code == 403 and "其他网站" in answer.text, (path, headers)
    assert house.rows() == before


def test_what_our_own_pages_send_is_done(house: House) -> None:
    """By browsers that say where they are, by old ones that only name the origin, and by those that say nothing."""
    _, number = house.submit()
    agent = house.browse("agent")
    for headers in (
        {},
        {"Origin": "http://testserver"},
        {"Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Site": "none"},
        {"Sec-Fetch-Site": "same-origin", "Origin": "https://behind.a.proxy.example"},
    ):
        answer = agent.client.post(f"/desk/{number}/note", data={"text": "x"}, headers=headers, follow_redirects=False)
        assert answer.status_code == 303, headers


def test_every_answer_carries_the_headers_that_protect_its_reader(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    resident, number = house.submit()
    asset = "/static/hotline.css?v=0"
    paths = ("/", f"/h5/t/{number}", "/desk", "/nowhere", asset, "/static/none", "/healthz", "/api/v1/tickets", "/h5/%00")
    answers = [resident.get(path) for path in paths]
    answers.append(resident.client.post("/h5/submit", headers={"Origin": "https://evil.example"}))
    answers.append(resident.client.post("/h5/submit", content=b"x" * (LARGEST_FORM + 1), headers=FORM))
    monkeypatch.setattr("app.web.resident.follow_view", _broken)
    answers.append(resident.get(f"/h5/t/{number}"))
    assert [answer.status_code for answer in answers] == [200, 200, 303, 404, 200, 404, 200, 401, 400, 403, 413, 500]
    for answer in answers:
        for name, value in SECURITY_HEADERS.items():
            assert answer.headers.get(name) == value, (answer.url, answer.status_code, name)
        kept = "immutable" if answer.url.path.endswith(".css") else "no-store"
        assert answer.url.path == "/static/none" or kept in answer.headers["cache-control"], answer.url
    assert "系统出错" in answers[-1].text and "out of order" not in answers[-1].text


def _broken(*anything: object) -> None:
    raise RuntimeError("out of order")


def test_a_broken_database_is_said_to_be_so(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also to somebody signed in: the page that says so may not need the database to know them."""
    agent = house.browse("agent")
    monkeypatch.setattr(house.cast.hotline.db, "read", _unreachable)
    answer = agent.get("/desk")
    assert answer.status_code == 503 and "数据库暂时不可用" in answer.text


def _unreachable() -> None:
    from sqlalchemy.exc import OperationalError

    raise OperationalError("select 1", None, ConnectionError("gone"))


def test_odd_methods_are_answered(house: House) -> None:
    _, number = house.submit()
    browsers = [house.browse("agent"), house.browse("")]
    for browser in browsers:
        for path in (
            "/",
            "/h5/submit",
            f"/desk/t/{number}",
            f"/desk/{number}/note",
            "/static/hotline.css",
            "/nowhere",
            "/healthz",
        ):
            for method in ("OPTIONS", "PUT", "DELETE", "PATCH", "TRACE", "PROPFIND", "get", "X"):
                answer = browser.client.request(method, path, follow_redirects=False)
                assert clean(answer.status_code), (method, path, answer.status_code)
            shown, asked = browser.get(path), browser.client.head(path, follow_redirects=False)
            assert asked.status_code == shown.status_code and asked.content == b"", path


def _addresses(number: str) -> Iterator[tuple[str, str]]:
    for nasty in NASTY:
        yield "agent", f"/desk?q={nasty}&estate={nasty}&contractor={nasty}&leaf={nasty}&channel={nasty}&n={nasty}"
        yield "agent", f"/desk?tab={nasty}"
        yield "agent", f"/desk/t/{nasty}"
        yield "agent", f"/desk/t/{number}?done={nasty}"
        yield "jiangxiu", f"/jobs?q={nasty}&n={nasty}"
        yield "jiangxiu", f"/jobs/t/{nasty}"
        yield "", f"/h5/t/{number}?done={nasty}&own={nasty}&big={nasty}"
        yield "", f"/h5/submit?estate={nasty}&building={nasty}"
        yield "", f"/h5/follow?number={nasty}&next={nasty}"
        yield "", f"/signin?next={nasty}"
        yield "", f"/hooks/{nasty}/{nasty}?signature={nasty}&timestamp={nasty}&nonce={nasty}&echostr={nasty}"
        yield "", f"/{nasty}"
    yield "", "/" + "a/" * 20_000
    yield "", "/?" + "a=1&" * 16_000


def test_no_address_makes_us_fall_over(any_house: House) -> None:
    resident, number = any_house.submit()
    browsers = {"": resident, "agent": any_house.browse("agent"), "jiangxiu": any_house.browse("jiangxiu")}
    wrong = []
    for who, address in _addresses(number):
        answer = browsers[who].get(address)
        if not clean(answer.status_code):
            wrong.append((address[:80], answer.status_code))
    assert wrong == []


def _forms(number: str, waiting: str) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    yield "", "/h5/submit", ("text", "name", "phone", "estate", "building", "room", "confidential", "form_id")
    yield "", "/h5/follow", ("number", "last")
    yield "", f"/h5/t/{number}/addition", ("text", "form_id")
    yield "", f"/h5/t/{number}/rating", ("satisfied", "solved", "why", "reason")
    yield "", "/signin", ("login", "password", "next")
    yield "agent", "/desk/new", ("text", "phone", "name", "form_id", "estate")
    for noun in ("dispatch", "referral", "category", "answer", "merger", "alarm", "note", "rejection", "addition", "nonsense"):
        yield "agent", f"/desk/{waiting}/{noun}", ("text", "reason", "contractor", "purchaser", "leaf", "into", "codes")
    for noun in ("acceptance", "hold", "contact", "resolution"):
        yield "jiangxiu", f"/jobs/{number}/{noun}", ("eta", "until", "text", "reason")
    yield "agent", f"/desk/{number}/note", ("seen",)


def test_no_form_makes_us_fall_over(any_house: House) -> None:
    resident, number = any_house.submit()
    _, waiting = any_house.submit("柳岸家园门口的事情有点乱，你们看看怎么回事", form_id="form-waits-001")
    browsers = {"": resident, "agent": any_house.browse("agent"), "jiangxiu": any_house.browse("jiangxiu")}
    wrong = []
    for who, path, fields in _forms(number, waiting):
        for nasty in (*NASTY, "0001-01-01T00:00%2B14:00", "9999-12-31T23:59-14:00"):
            body = "&".join(f"{name}={nasty}" for name in fields)
            answer = browsers[who].client.post(path, content=body, headers=FORM, follow_redirects=False)
            if not clean(answer.status_code):
                wrong.append((path, nasty[:30], answer.status_code))
    assert wrong == []


def test_a_character_that_no_text_holds_is_refused_and_not_kept(house: House) -> None:
    nobody, agent = house.browse(""), house.browse("agent")
    before = house.rows()
    told = "text=%E6%BC%8F%E6%B0%B4%00&phone=13812345678&form_id=form-nul-00001"
    parted = b'--b\r\nContent-Disposition: form-data; name="text"\r\n\r\n\xe6\xbc\x8f\x00\r\n--b--\r\n'
    for body, kind in ((told.encode(), FORM), (parted, {"content-type": "multipart/form-data; boundary=b"})):
        answer = nobody.client.post("/h5/submit", content=body, headers=kind)
        assert answer.status_code == 400 and "无法识别" in answer.text
    assert agent.get("/desk?q=%00").status_code == 400
    assert nobody.get("/h5/t/%00").status_code == 400
    assert house.rows() == before


@pytest.mark.parametrize("login", ["", "agent"])
def test_forms_larger_than_any_of_ours_are_refused_before_they_are_read(house: House, login: str) -> None:
    resident, number = house.submit()
    browser: Browser = house.browse(login) if login else resident
    before = house.rows()
    path = f"/desk/{number}/note" if login else "/h5/submit"
    ten = b"text=" + b"x" * 10_000_000
    many = b"a=1&" * 100_000
    for body in (ten, many, (part for part in [ten[:100_000]] * 90)):
        answer = browser.client.post(path, content=body, headers=FORM)
        assert answer.status_code == 413 and "过多" in answer.text
    small_but_many = browser.client.post(path, content=b"a&" * 100_000, headers=FORM)
    assert small_but_many.status_code in (400, 422)
    parts = b'--b\r\nContent-Disposition: form-data; name="f"; filename="x"\r\n\r\nx\r\n' * 2500 + b"--b--\r\n"
    for content in (
        parts,
        b"--b\r\nno part at all",
        b'--b\r\nContent-Disposition: form-data; name="text"; filename="x"\r\n\r\nx\r\n--b--',
    ):
        headers = {"content-type": "multipart/form-data; boundary=b"}
        assert browser.client.post(path, content=content, headers=headers).status_code in (400, 422)
    assert house.rows() == before


def test_no_question_of_a_program_makes_us_fall_over(any_house: House) -> None:
    from app.register import people

    with any_house.cast.hotline.tx() as tx:
        firm = any_house.cast.contractor("匠修").org
        tokens = [
            people.create_token(tx.session, role=Role.AGENT, now=tx.wall),
            people.create_token(tx.session, role=Role.CONTRACTOR, now=tx.wall, contractor_id=firm),
        ]
    any_house.submit()
    web = any_house.browse("").client
    names = ("state", "channel", "sender", "external_id", "leaf", "contractor", "estate", "overdue", "q", "cursor", "limit")
    places = [f"/tickets?{name}={{}}" for name in (*names, "group", "created_from", "created_to")]
    moments = ("0001-01-01T00:00:00%2B14:00", "9999-12-31T23:59:59-14:00")
    wrong = []
    for token in tokens:
        for nasty in (*NASTY, *moments, "9223372036854775808", "999999999999999999"):
            for place in (*places, "/tickets/{}"):
                answer = web.get(f"/api/v1{place.format(nasty)}", headers={"Authorization": f"Bearer {token}"})
                if answer.status_code not in (200, 400, 403, 404, 414, 422):
                    wrong.append((place, nasty[:60], answer.status_code))
    assert wrong == []
