"""Everybody × every route × every kind of ticket: who is shown what, who is refused, and what stands in no answer to whom.

The rules are in matrix.py, the tickets in scene.py; who may knock at an address, in test_every_route.py, which fails when a route
has no line there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from app.policy import Policy
from app.register import people
from app.register.model import Contractor
from app.store import outbox
from app.tickets.lifecycle import Actor, Role
from app.tickets.model import Ticket
from app.tickets.privacy import known_to, visible_to
from routing.classify import Model
from tests.app.casework.stage import raise_stage
from tests.app.web.conftest import Browser, House, open_house
from tests.app.web.matrix import DOORS, LOGINS, OWN, READS, SEES, reads
from tests.app.web.scene import Planted, Scene, build
from tests.app.web.test_every_route import MAY
from tests.databases import SqliteFiles

pytestmark = pytest.mark.slow

DESK_TABS = ("queue", "emergency", "to_restate", "handling", "callback", "done", "today", "overdue", "unanswered", "helped")
JOBS_TABS = ("due_today", "to_accept", "working", "overdue", "to_report", "assisting", "done")
TABS = {"/desk": DESK_TABS, "/jobs": JOBS_TABS}


@dataclass
class Matrix:
    """The scene, and whoever asks at the doors."""

    house: House
    scene: Scene
    browsers: dict[str, Browser] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)

    def ask(self, who: str, address: str, planted: Planted | None, **query: str) -> Any:
        method, path = address.split(" ")
        number = planted.number if planted is not None else "GZ202611230000001"
        path = path.replace("{number}", number).replace("{order}", str(self.scene.order))
        path = re.sub(r"\{\w+\}", "note", path)
        client = self.browser(who, planted).client
        headers = {"Authorization": f"Bearer {self.tokens[who]}"} if path.startswith("/api/") and who in self.tokens else {}
        if method == "GET":
            return client.get(path, params=query, headers=headers, follow_redirects=False)
        return client.request(method, path, data={"text": "x"}, headers=headers, follow_redirects=False)

    def browser(self, who: str, planted: Planted | None) -> Browser:
        """Residents have a browser for each ticket; a neighbour that of another one."""
        if who not in ("resident", "neighbour"):
            return self.browsers.setdefault(who, self.house.browse(LOGINS[who]))
        own = planted if who == "resident" and planted is not None else self.scene.tickets["undrawn"]
        if who == "neighbour" and planted is own:
            own = self.scene.tickets["ordinary"]
        key = f"{who} {own.number}"
        if key not in self.browsers:
            self.browsers[key] = self.house.browse("")
            if "phone" in own.secrets:
                self.browsers[key].post("/h5/follow", number=own.number, last=own.secrets["phone"][-4:])
        return self.browsers[key]

    def leaks(self, who: str, answer: Any, asked: str = "") -> list[tuple[str, str]]:
        """Planted words that stand in the answer and may not: of every ticket, not only of the one that was asked for."""
        found = []
        for kind in SEES:
            may = reads(who, kind)
            if who == "resident":
                may = READS["resident"] | {"brief"} if kind in OWN.get(asked, (asked,)) else set()
            secrets = self.scene.tickets[kind].secrets
            found += [(kind, what) for what, secret in secrets.items() if what not in may and secret in answer.text]
        return found


TOLD_BEFORE = ("reclassified", "member", "drawn, sealed")  # a contractor had them, before it turned out that it should not


@pytest.fixture(scope="module")
def matrix(policy: Policy, model: Model, sqlite: SqliteFiles, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Matrix]:
    folder = tmp_path_factory.mktemp("matrix")
    with raise_stage(sqlite.create(), policy, model, folder) as stage, open_house(stage.cast) as house:
        made = Matrix(house, build(stage))
        with stage.cast.hotline.tx() as tx:
            for who, login in LOGINS.items():
                person = next((one for one in people.list_people(tx.session) if login and one.login == login), None)
                if person is not None:
                    made.tokens[who] = people.create_token(
                        tx.session,
                        role=person.role,
                        now=tx.wall,
                        contractor_id=person.contractor_id,
                        purchaser_id=person.purchaser_id if person.role is Role.SUPERVISOR else None,
                    )
        yield made


def admitted(who: str, address: str) -> bool:
    may = MAY[address]
    return DOORS.get(who) in may or ("token" in may and who in LOGINS and bool(LOGINS[who]))


def refused(answer: Any) -> bool:
    led_away = answer.status_code == 303 and re.match(r"(/signin|/h5/follow)\?next=", answer.headers.get("location", ""))
    return bool(led_away) or answer.status_code in (401, 403, 404)


@pytest.mark.parametrize("who", LOGINS)
def test_every_route_shows_every_kind_of_ticket_to_whom_it_may(matrix: Matrix, who: str) -> None:
    """Acts of those who may act have tests of their own; here they are tried by everybody who may not."""
    for address in MAY:
        if "{number}" not in address:
            continue
        # A door that is shut is shut whatever ticket is asked for: it is refused before anybody looks.
        for kind in SEES if admitted(who, address) else ("ordinary", "restated", "sealed R"):
            planted = matrix.scene.tickets[kind]
            may = admitted(who, address) and who in SEES[kind]
            if may and not address.startswith("GET "):
                continue
            answer = matrix.ask(who, address, planted)
            where = (who, address, kind, answer.status_code)
            if may:
                known = address.count("{") == 1 or ("{order}" in address and kind == "ordinary")  # else there is none to be shown
                uncalled = address == "GET /desk/callbacks/{number}"  # nobody of them is to be called
                assert answer.status_code == (409 if uncalled else 200 if known else 404), where
            else:
                # What is malformed is refused before anybody looks at the ticket, and alike for all.
                unread = not address.startswith("GET ") and answer.status_code in (400, 415, 422)
                assert refused(answer) or unread, where
            leaks = matrix.leaks(who, answer, kind)
            assert not leaks, (*where, leaks)


@pytest.mark.parametrize("who", LOGINS)
def test_no_list_and_no_other_page_says_more(matrix: Matrix, who: str) -> None:
    for address in MAY:
        if "{number}" in address or not address.startswith("GET "):
            continue
        path = address.split(" ")[1]
        for tab in TABS.get(path, [""]):
            answer = matrix.ask(
                who, address, None, **({"tab": tab} if tab else {}), **({"limit": "200"} if "api" in path else {})
            )
            assert admitted(who, address) or refused(answer), (who, address, answer.status_code)
            assert not matrix.leaks(who, answer), (who, address, tab, matrix.leaks(who, answer))
            for kind, seers in SEES.items():
                if who not in seers or who == "resident":
                    assert matrix.scene.tickets[kind].number not in answer.text, (who, address, tab, kind)


def test_who_may_see_a_ticket_finds_it_in_a_list(matrix: Matrix) -> None:
    """Else the silence above would prove nothing."""
    for who in matrix.tokens:
        listed = {ticket["number"] for ticket in matrix.ask(who, "GET /api/v1/tickets", None, limit="200").json()["tickets"]}
        for kind, seers in SEES.items():
            assert (matrix.scene.tickets[kind].number in listed) == (who in seers), (who, kind)
    review = matrix.ask("evaluator", "GET /review", None).text
    assert matrix.scene.tickets["drawn"].number in review


def test_who_may_read_something_does(matrix: Matrix) -> None:
    """The planted words are there to be found: by the agent all of them, by the contractor what is left to it."""
    for kind in SEES:
        planted = matrix.scene.tickets[kind]
        page = matrix.ask("agent", "GET /desk/t/{number}", planted).text
        for what in ("word", "name", "phone"):
            assert planted.secrets.get(what, "") in page, (kind, what)
    lead = "GET /jobs/t/{number}"
    ordinary, restated = matrix.scene.tickets["ordinary"], matrix.scene.tickets["restated"]
    assert all(ordinary.secrets[what] in matrix.ask("lead", lead, ordinary).text for what in ("word", "phone", "room"))
    assert "照明转述一二三" in matrix.ask("lead", lead, restated).text
    helped = matrix.ask("helper", lead, matrix.scene.tickets["helped"]).text
    assert "请配合断电" in helped and "请看外墙" not in helped and "协办完成" in helped
    drawn = matrix.scene.tickets["drawn"]
    assert drawn.secrets["word"] in matrix.ask("evaluator", "GET /review/t/{number}", drawn).text


@pytest.mark.parametrize("who", ["lead", "helper", "former", "stranger", "evaluator", "elsewhere"])
def test_no_filter_and_no_count_tells_what_may_not_be_read(matrix: Matrix, who: str) -> None:
    address, page = "GET /api/v1/tickets", {"lead": "/jobs", "helper": "/jobs"}.get(who)
    for kind in SEES:
        planted, may = matrix.scene.tickets[kind], reads(who, kind)
        asked = [("q", what) for what in ("word", "name", "phone", "room", "brief")] + [("sender", "sender")]
        for query, what in asked:
            secret = planted.secrets.get(what, "")
            if not secret or what in may:
                continue
            found = matrix.ask(who, address, None, **{query: secret}).json()["tickets"]
            assert planted.number not in {ticket["number"] for ticket in found}, (who, kind, what)
            if page is not None:
                for tab in TABS[page]:
                    shown = matrix.ask(who, f"GET {page}", None, tab=tab, q=secret).text
                    assert f"/t/{planted.number}" not in shown, (who, kind, what, tab)
        external = matrix.ask(who, address, None, external_id=f"wx-{planted.secrets.get('sender', 'x')}-1").json()["tickets"]
        assert who == "elsewhere" or external == []


def test_counts_count_what_is_listed(matrix: Matrix) -> None:
    for who in ("lead", "helper", "former", "stranger"):
        for tab in TABS["/jobs"]:
            page = matrix.ask(who, "GET /jobs", None, tab=tab).text
            counted = re.search(rf'tab={tab}"[^>]*>[^<]*<b[^>]*>(\d+)<', page)
            assert counted is not None, (who, tab)
            assert int(counted[1]) == len(set(re.findall(r"/jobs/t/(GZ\d+)\"", page))), (who, tab)


def test_a_ticket_in_hand_is_judged_as_in_sql(matrix: Matrix) -> None:
    """Two spellings of one rule: for lists in SQL, for webhooks and digests in Python."""
    with matrix.scene.stage.cast.hotline.look() as tx:
        tickets = list(tx.session.query(Ticket))
        for contractor in tx.session.query(Contractor):
            viewer = Actor(Role.CONTRACTOR, org=contractor.id)
            visible = {one.id for one in tx.session.query(Ticket).where(visible_to(viewer))}
            assert visible == {one.id for one in tickets if known_to(contractor.id, one)}, contractor.name


def test_no_notice_to_a_contractor_says_more_than_its_pages(matrix: Matrix) -> None:
    for kind in SEES:
        planted = matrix.scene.tickets[kind]
        for row in matrix.scene.stage.notices(planted.number):
            if row.audience not in ("contractor", "helper", outbox.PUSHED):
                continue
            may = {"word", "room"} if kind in TOLD_BEFORE else reads("lead", kind) - {"name", "phone"}
            said = f"{row.subject} {row.address} {row.text}"
            assert not [what for what, secret in planted.secrets.items() if what not in may and secret in said], (kind, said)
