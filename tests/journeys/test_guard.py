"""The rule nobody may break: what is reserved to government, and what is said about a contractor, reaches no contractor.

Every text here goes through the whole line as a resident would send it; then every contractor of the city looks everywhere it
can look: its lists, single tickets, counts, pages, the API with each filter, what it was sent.
"""

from __future__ import annotations

import tomllib
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from app.demo.complaints import complaints
from app.demo.load import DEMO_PASSWORD
from app.errors import Hidden
from app.policy import Policy
from app.register import people
from app.store import board, outbox
from app.store import tickets as store
from app.tickets.lifecycle import SYSTEM, Actor, Role
from app.tickets.model import Ticket
from app.web import views
from app.web.app import create_app
from routing.classify import Model
from tests.app.casework.stage import Stage, raise_stage
from tests.databases import SqliteFiles

pytestmark = pytest.mark.slow  # many requests, commands or tickets: in `make test`, not in `make fast`

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # starlette would rather have httpx2, which nothing else here needs
    from fastapi.testclient import TestClient

OWN: list[str] = tomllib.loads(Path(__file__).with_name("guard_texts.toml").read_text(encoding="utf-8"))["texts"]
DEMO = [one.text for one in complaints() if one.leaves and {leaf[0] for leaf in one.leaves} & {"G", "R"}]
TEXTS = [*OWN, *DEMO]
LOGINS = ("anju", "jiangxiu", "linli", "fangan", "hengsheng")  # somebody of each contractor
FOR_A_CONTRACTOR = "石桥新居3栋楼道灯不亮了"


@dataclass(frozen=True)
class Town:
    """The line after all of it has been written: which text became which ticket."""

    stage: Stage
    numbers: dict[str, str]
    ordinary: str
    web: TestClient

    def contractors(self) -> list[Actor]:
        return [self.stage.cast.contractor(name) for name in self.stage.cast.names().contractors.values()]

    def ticket(self, text: str) -> Ticket:
        return self.stage.ticket(self.numbers[text])

    def why(self, text: str) -> str:
        """What routing made of a text, for whoever mends routing."""
        ticket = self.ticket(text)
        return f"{text} → {ticket.leaf} {ticket.confidence:.2f} {ticket.verdict.get('reasons')} {ticket.assigned_why}"


@pytest.fixture(scope="module")
def town(policy: Policy, model: Model, sqlite: SqliteFiles, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    with raise_stage(sqlite.create(), policy, model, tmp_path_factory.mktemp("guard")) as stage:
        numbers = {text: stage.cast.writes(text, f"o-guard{count}").number for count, text in enumerate(TEXTS)}
        ordinary = stage.cast.writes(FOR_A_CONTRACTOR, "o-ordinary").number
        stage.cast.tick(minutes=1)
        with TestClient(create_app(stage.cast.hotline, with_worker=False)) as web:
            yield Town(stage, numbers, ordinary, web)


def test_there_are_enough_texts_and_each_is_a_ticket(town: Town) -> None:
    assert len(OWN) >= 36 and len(DEMO) >= 40
    assert [text for text in TEXTS if not town.numbers[text]] == []
    assert len(set(town.numbers.values())) == len(TEXTS)


def test_what_is_not_a_contractors_is_given_to_none(town: Town) -> None:
    leaked = [town.why(text) for text in TEXTS if town.ticket(text).contractor_id or town.ticket(text).contract_id]
    assert leaked == []


def test_nothing_was_ever_said_to_a_contractor_about_it(town: Town) -> None:
    told = []
    names = tuple(town.stage.cast.names().contractors.values())
    with town.stage.cast.hotline.look() as tx:
        for text in TEXTS:
            ticket = store.by_number(tx.session, town.numbers[text], SYSTEM)
            rows = outbox.of_ticket(tx.session, ticket.id)
            past = store.history(tx.session, ticket)
            if any(row.audience == "contractor" or row.address in names for row in rows):
                told.append(town.why(text))
            if any(event.action == "dispatch" for event in past.events):
                told.append(town.why(text))
    assert told == []
    flown = [said for name in names for said in town.stage.cast.pigeons.to(name)]
    assert [said for said in flown if town.ordinary not in said] == []
    assert flown, "the ordinary repair was told to its contractor: the pigeons do fly"


def test_no_contractor_finds_it_in_any_list_count_or_by_its_number(town: Town) -> None:
    secret = set(town.numbers.values())
    seen: list[str] = []
    found: set[str] = set()
    with town.stage.cast.hotline.look() as tx:
        now = views.board_now(tx)
        for firm in town.contractors():
            listed = {one.number for one in store.listed(tx.session, firm, store.Filter(limit=500))}
            slices = {name: board.listed(tx.session, firm, now, name, store.Filter()) for name in board.SLICES}
            counts = board.count(tx.session, firm, now, tuple(board.SLICES))
            assert counts == {name: page.total for name, page in slices.items()}
            listed |= {one.number for page in slices.values() for one in page.tickets}
            found |= listed
            seen += [f"{firm.name}: {number}" for number in listed & secret]
            for number in secret:
                with pytest.raises(Hidden):
                    store.by_number(tx.session, number, firm)
            assert sum(counts.values()) == 0 or town.ordinary in listed, "a count tells of tickets that are not in its list"
    assert seen == []
    assert town.ordinary in found


def api(town: Town, contractor: int) -> dict[str, str]:
    """The headers of a contractor's program."""
    with town.stage.cast.hotline.tx() as tx:
        secret = people.create_token(tx.session, role=Role.CONTRACTOR, contractor_id=contractor, now=tx.wall)
    return {"Authorization": f"Bearer {secret}"}


def test_no_contractors_program_finds_it_by_any_filter(town: Town) -> None:
    seen: list[str] = []
    firms = list(town.stage.cast.names().contractors)
    for turn, contractor in enumerate(firms):
        headers = api(town, contractor)

        def ask(headers: Mapping[str, str] = headers, /, **query: str) -> set[str]:
            answer = town.web.get("/api/v1/tickets", params={"limit": "200", **query}, headers=headers)
            assert answer.status_code == 200, answer.text
            return {ticket["number"] for ticket in answer.json()["tickets"]}

        assert ask() <= {town.ordinary}
        for name, value in (("group", "R"), ("group", "G"), ("state", "received"), ("overdue", "true"), ("overdue", "false")):
            assert ask(**{name: value}) <= {town.ordinary}
        for text in TEXTS[turn :: len(firms)]:  # each text by one of them: what the store shows each was asked above
            ticket = town.ticket(text)
            if ticket.number in ask(q=text[-8:]):
                seen.append(town.why(text))
            if town.web.get(f"/api/v1/tickets/{ticket.number}", headers=headers).status_code != 403:
                seen.append(town.why(text))
    assert seen == []


def test_no_contractors_page_shows_it(town: Town) -> None:
    seen, ordinary = [], 0
    for login in LOGINS:
        town.web.cookies.clear()
        entered = town.web.post("/signin", data={"login": login, "password": DEMO_PASSWORD}, follow_redirects=False)
        assert entered.status_code == 303, login
        lists = [town.web.get(f"/jobs?tab={tab}") for tab in ("due_today", "to_accept", "working", "overdue", "done")]
        lists += [town.web.get("/jobs", params={"tab": "to_accept", "q": text[:12]}) for text in TEXTS[::16]]
        assert {page.status_code for page in lists} == {200}
        ordinary += any(town.ordinary in page.text for page in lists)
        seen += [f"{login}: {text}" for text in TEXTS for page in lists if town.numbers[text] in page.text]
        for text in TEXTS[::16]:
            page = town.web.get(f"/jobs/t/{town.numbers[text]}")
            if page.status_code != 403 or text[-8:] in page.text:
                seen.append(f"{login}: {text}")
        for path in (f"/desk/t/{town.numbers[TEXTS[0]]}", f"/board/t/{town.numbers[TEXTS[0]]}", "/board", "/desk"):
            assert town.web.get(path, follow_redirects=False).status_code in (403, 404)
    assert seen == []
    assert ordinary == 1, "the ordinary repair stands on exactly one contractor's page"
