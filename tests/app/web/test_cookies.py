"""Cookies: what lets somebody in cannot be read by scripts, planted, kept after leaving, made up, or used for another ticket."""

from __future__ import annotations

import pytest

from app.register import people
from app.web.guards import FOLLOW_COOKIE, STAFF_COOKIE
from tests.app.web.conftest import LEAK, Browser, House


def secret(browser: Browser) -> str:
    return str(browser.client.cookies[STAFF_COOKIE])


def with_cookie(house: House, name: str, value: str) -> Browser:
    browser = house.browse("")
    browser.client.cookies.set(name, value)
    return browser


def test_no_cookie_that_opens_anything_is_for_scripts_or_other_sites(house: House) -> None:
    nobody = house.browse("")
    signed = nobody.post("/signin", login="agent", password="demo-2026").headers["set-cookie"].lower()
    told = {"text": LEAK, "phone": "13812345678", "form_id": "form-cookie-01"}
    follows = nobody.post("/h5/submit", **told).headers["set-cookie"].lower()
    for cookie in (signed, follows, nobody.get("/?big=1").headers["set-cookie"].lower()):
        assert "httponly" in cookie and "samesite=lax" in cookie and "path=/" in cookie


def test_over_a_safe_line_cookies_stay_on_it(house: House) -> None:
    nobody = house.browse("")
    nobody.client.base_url = "https://testserver"
    assert "secure" in nobody.post("/signin", login="agent", password="demo-2026").headers["set-cookie"].lower()


def test_signing_in_gives_a_new_secret_and_ends_the_one_before(house: House) -> None:
    """A secret planted in somebody's browser is not the one they work under, and one left behind opens nothing."""
    planted = with_cookie(house, STAFF_COOKIE, "planted-by-somebody")
    planted.post("/signin", login="agent", password="demo-2026")
    assert with_cookie(house, STAFF_COOKIE, "planted-by-somebody").get("/desk").status_code == 303

    agent = house.browse("agent")
    first = secret(agent)
    agent.post("/signin", login="agent", password="demo-2026")
    assert secret(agent) != first
    assert agent.get("/desk").status_code == 200
    assert with_cookie(house, STAFF_COOKIE, first).get("/desk").status_code == 303


def test_signing_out_ends_the_session_everywhere(house: House) -> None:
    agent = house.browse("agent")
    copied = with_cookie(house, STAFF_COOKIE, secret(agent))
    assert copied.get("/desk").status_code == 200
    agent.post("/signout")
    assert copied.get("/desk").status_code == 303


def test_who_is_disabled_is_out_at_once(house: House) -> None:
    agent = house.browse("agent")
    with house.cast.hotline.tx() as tx:
        people.disable_person(tx.session, "agent", tx.wall)
    assert agent.get("/desk").status_code == 303
    assert agent.post("/desk/new", text="x").status_code == 401
    assert house.browse("").post("/signin", login="agent", password="demo-2026").status_code == 401


def test_a_session_lapses(house: House) -> None:
    agent = house.browse("agent")
    house.cast.tick(hours=13)
    assert agent.get("/desk").status_code == 303


@pytest.mark.parametrize(
    "elsewhere",
    [
        "//evil",
        "///evil",
        "/\\evil",
        "\\\\evil",
        "https:evil",
        "https://evil",
        "/\t/evil",
        "/%0d%0aSet-Cookie:x=1",
        " //evil",
        "//evil@x",
    ],
)
def test_a_link_to_sign_in_leads_to_no_other_site(house: House, elsewhere: str) -> None:
    for answer in (
        house.browse("").post("/signin", login="agent", password="demo-2026", next=elsewhere),
        house.browse("agent").client.get("/signin", params={"next": elsewhere}, follow_redirects=False),
    ):
        where = answer.headers["location"]
        assert answer.status_code == 303 and where.startswith("/") and not where.startswith(("//", "/\\")), where
        assert "evil" not in where and "\n" not in where


def test_the_page_one_wanted_is_kept_whole_and_nothing_is_slipped_in(house: House) -> None:
    nobody = house.browse("")
    sent = nobody.get("/desk?tab=done&q=漏水").headers["location"]
    assert 'value="/desk?tab=done&amp;q=%E6%BC%8F%E6%B0%B4"' in nobody.shown(sent)
    assert nobody.get("/desk/t/x%26next=evil").headers["location"].count("next=") == 1


def test_the_cookie_of_one_ticket_opens_no_other(house: House) -> None:
    resident, first = house.submit()
    _, second = house.submit("石桥新居3栋楼道灯不亮了", form_id="form-other-001", phone="13900001111")
    assert resident.get(f"/h5/t/{first}").status_code == 200
    assert resident.get(f"/h5/t/{second}").headers["location"].startswith("/h5/follow")
    for noun in ("addition", "nudge", "withdrawal", "rating"):
        assert resident.post(f"/h5/t/{second}/{noun}", text="x", form_id="form-other-002").status_code == 401


def test_a_changed_or_lapsed_cookie_opens_nothing(house: House) -> None:
    resident, number = house.submit()
    _, other = house.submit("石桥新居3栋楼道灯不亮了", form_id="form-other-003", phone="13900001111")
    good = str(resident.client.cookies[FOLLOW_COOKIE])
    who, ticket, until, signature = good.split(".")
    assert with_cookie(house, FOLLOW_COOKIE, good).get(f"/h5/t/{number}").status_code == 200
    for forged, wanted in (
        (f"{who}.{other}.{until}.{signature}", other),
        (f"{int(who) + 1}.{ticket}.{until}.{signature}", number),
        (f"{who}.{ticket}.{int(until) + 9999}.{signature}", number),
        (f"{who}.{ticket}.{until}.", number),
        (f"{who}.{ticket}.{until}.{signature[:-1]}", number),
        (f"{who}.{ticket}.{until}", number),
        ("....", number),
        ("é.é.é.é", number),
    ):
        browser = house.browse("")
        answer = browser.client.get(
            f"/h5/t/{wanted}", headers={"cookie": f"{FOLLOW_COOKIE}={forged}".encode("latin-1")}, follow_redirects=False
        )
        assert answer.status_code == 303, forged
    house.cast.tick(hours=3)
    assert resident.get(f"/h5/t/{number}").status_code == 303
