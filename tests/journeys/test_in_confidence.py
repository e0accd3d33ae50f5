"""保密举报人: from the first word to the archive, no contractor learns who complained, by whatever door it looks."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from app import webhooks
from app.register import people
from app.store import outbox
from app.store import tickets as store
from app.tickets.lifecycle import SYSTEM, Role
from tests import proof
from tests.app.web.conftest import Browser, House, open_house
from tests.cast import Cast

pytestmark = pytest.mark.slow

NAME, PHONE, ROOM = "王秀兰", "13812345678", "1502"
TOLD = f"青棠苑3栋2单元{ROOM}，厨房顶上一直滴水，楼上漏下来的，三条狗都淋湿了，我叫{NAME}，电话{PHONE}"
# Whatever of these a contractor reads tells it who it was: name, number, flat, and what only one household would say.
SECRETS = (NAME, "秀兰", "王阿姨", PHONE, "5678", ROOM, "2单元", "三条狗", "淋湿", "老张那户")
TABS = ("due_today", "to_accept", "working", "overdue", "to_report", "assisting", "done")


@pytest.fixture
def house(sqlite_cast: Cast) -> Iterator[House]:
    with open_house(sqlite_cast) as opened:
        yield opened


@dataclass
class Watch:
    """A contractor that looks everywhere, all the time: pages, lists, searches, its program, its notices."""

    house: House
    number: str
    worker: Browser
    token: str
    seen: int = 0  # answers looked at

    def looks(self, step: str) -> None:
        """Raises AssertionError when anything it can get at says who complained."""
        for said in (*self._pages(), *self._program(), *self._notices()):
            self.seen += 1
            for secret in SECRETS:
                assert secret not in said, (step, secret, said[:2000])
        for secret in SECRETS:
            for tab in TABS:
                assert self.number not in self.worker.shown(f"/jobs?tab={tab}&q={secret}"), (step, tab)
            assert self._tickets(q=secret) == [], (step, secret)
        for query in ({"sender": PHONE}, {"external_id": "form-00000001"}):
            assert self._tickets(**query) == [], (step, query)

    def _pages(self) -> list[str]:
        paths = [f"/jobs?tab={tab}" for tab in TABS] + [f"/jobs/t/{self.number}", f"/jobs/t/{self.number}/deadlines"]
        answers = [self.worker.get(path) for path in paths]
        assert {answer.status_code for answer in answers} <= {200, 403, 404}
        orders = self.house.cast.ticket(self.number).supervisions
        return [answer.text for answer in answers] + [
            self.worker.shown(f"/jobs/t/{self.number}/supervision/{order.id}") for order in orders
        ]

    def _program(self) -> list[str]:
        paths = ("/tickets", f"/tickets/{self.number}", f"/tickets/{self.number}/deadlines")
        return [json.dumps(self._asks(path).json(), ensure_ascii=False) for path in paths]

    def _asks(self, path: str, **query: str) -> Any:
        headers = {"Authorization": f"Bearer {self.token}"}
        return self.worker.client.get(f"/api/v1{path}", params=query, headers=headers)

    def _tickets(self, **query: str) -> list[object]:
        found: list[object] = self._asks("/tickets", **query).json()["tickets"]
        return found

    def _notices(self) -> list[str]:
        with self.house.cast.hotline.look() as tx:
            rows = outbox.of_ticket(tx.session, store.by_number(tx.session, self.number, SYSTEM).id)
        mine = [row for row in rows if row.audience in ("contractor", "helper", outbox.PUSHED)]
        assert any(row.audience == outbox.PUSHED for row in mine), "its own system is told as well"
        return [f"{row.address} {row.subject} {row.text} {row.external_id}" for row in mine]


def test_who_asked_for_confidence_is_revealed_nowhere_through_a_whole_life(house: House) -> None:
    token = _token(house)
    resident, number = house.submit(TOLD, confidential="1")
    agent, city, worker = house.browse("agent"), house.browse("city"), house.browse("jiangxiu")
    watch = Watch(house, number, worker, token)
    desk, jobs, board = f"/desk/{number}", f"/jobs/{number}", f"/board/{number}"
    watch.looks("dispatched")
    assert "请向热线索取" in worker.shown(f"/jobs/t/{number}")
    assert number in agent.shown("/desk?tab=to_restate"), "somebody has to restate it"

    agent.done(f"{desk}/restatement", text="3栋厨房渗漏，请查立管")
    watch.looks("restated")
    assert "请查立管" in worker.shown(f"/jobs/t/{number}") and number in worker.shown("/jobs?tab=to_accept&q=立管")
    assert number not in agent.shown("/desk?tab=to_restate")

    worker.done(f"{jobs}/acceptance", eta="2026-11-23T14:30")
    agent.done(f"{desk}/contact", text=f"与{NAME}（{PHONE}）通话，王阿姨说{ROOM}淋湿一片")
    worker.done(f"{jobs}/contact", text="已查看现场")
    watch.looks("contacted")
    resident.done(f"/h5/t/{number}/addition", text=f"老张那户也看得见，我{NAME}下午在家", form_id="form-confide-2")
    agent.done(f"{desk}/addition", text="王阿姨来电，还在滴水")
    resident.done(f"/h5/t/{number}/nudge")
    watch.looks("appended")
    assert any("有补充" in row for row in watch._notices()), "that there is more to know it does learn"

    worker.done(f"{jobs}/petition", reason="等配件", wanted="2026-11-30T17:00")
    city.done(f"{board}/refusal", reason=f"{NAME}等不及，请按期")
    city.done(f"{board}/supervision", level="2", text=f"{NAME}家门口须当天修好")
    worker.done(f"{jobs}/report", text="正在修")
    worker.done(f"{jobs}/hold", reason="等配件", until="2026-11-24T10:00")
    watch.looks("held")
    worker.done(f"{jobs}/resumption")
    worker.done(f"{jobs}/resolution", text="更换密封", **shown("2026-11-23T09:00"))
    watch.looks("resolved")

    resident.done(f"/h5/t/{number}/rating", satisfied="1", solved="no", reason=f"{ROOM}还是淋湿")
    watch.looks("rated low, and opened again")
    assert house.cast.ticket(number).round == 2
    house.cast.tick(hours=3)
    worker.done(f"{jobs}/resolution", text="更换立管", **shown("2026-11-23T12:00"))
    agent.done(f"{desk}/closure")
    watch.looks("closed")
    house.cast.tick(days=3)
    watch.worker, agent = house.browse("jiangxiu"), house.browse("agent")
    watch.looks("later")
    assert watch.seen > 100
    assert NAME in agent.shown(f"/desk/t/{number}"), "the hotline knows whom to call"


def shown(finished: str) -> dict[str, Any]:
    """What a resolution has to show, without the flat that the contractor does not know."""
    return proof.form(finished=finished) | {"spot": "3栋厨房立管"}


def _token(house: House) -> str:
    with house.cast.hotline.tx() as tx:
        person = next(one for one in people.list_people(tx.session) if one.login == "jiangxiu")
        assert person.contractor_id is not None
        webhooks.register(tx, person.contractor_id, "https://jx.example.com/hotline")
        return people.create_token(tx.session, role=Role.CONTRACTOR, now=tx.wall, contractor_id=person.contractor_id)


def test_a_resident_may_ask_for_it_later_and_it_is_not_taken_back(house: House) -> None:
    resident, number = house.submit(TOLD)
    worker, agent = house.browse("jiangxiu"), house.browse("agent")
    assert "三条狗" in worker.shown(f"/jobs/t/{number}")
    assert "请为我保密" in resident.shown(f"/h5/t/{number}")
    page = resident.done(f"/h5/t/{number}/confidence")
    assert "已为您保密" in page and "请为我保密" not in page
    house.cast.clock.advance(timedelta(minutes=5))
    for path in (f"/jobs/t/{number}", "/jobs?tab=to_accept"):
        shown = worker.shown(path)
        assert not [secret for secret in (NAME, PHONE, ROOM, "三条狗") if secret in shown], path
    events = len(house.cast.history(number).events)
    resident.done(f"/h5/t/{number}/confidence")
    assert len(house.cast.history(number).events) == events, "asked twice it is promised once"
    assert house.browse("").post(f"/h5/t/{number}/confidence").status_code in (303, 401)
    assert "为诉求人保密" not in agent.shown(f"/desk/t/{number}"), "nobody is offered what is so already"
