"""A stage that one module's tests share: a cast on one database, tickets of known leaves, and acts done as anybody.

Tests on it keep apart by opening tickets of their own, each of a resident of its own.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from app import deeds
from app.bootstrap import build
from app.demo.load import load_city
from app.incidents import open_incident
from app.policy import Policy
from app.register.people import QUICK_PASSWORDS
from app.settings import Settings
from app.store import lineage, outbox, sequences
from app.store import tickets as store
from app.tickets.followup import Rating
from app.tickets.lifecycle import SYSTEM, Actor, Role, State
from app.tickets.model import Hold, Ticket, TicketEvent, Timer
from app.tickets.post import OutboxRow
from app.tickets.residents import Resident
from app.tickets.tables import Record
from app.triage import open_ticket
from channels.contract import Complaint, Kind
from routing.classify import Model
from routing.place import Gazetteer
from routing.verdict import EmergencyHit, Verdict
from tests import proof
from tests.cast import ACCOUNT, MONDAY_MORNING, Cast, Pigeons
from tests.handclock import HandClock

_COUNTS = select(*(select(func.count()).select_from(one).scalar_subquery() for one in Record.metadata.sorted_tables))
ESTATE = "石桥新居"
MENDER, OTHER = "匠修", "安居"  # who owes repairs there at the end of 2026, and another contractor


@contextmanager
def raise_stage(url: str, policy: Policy, model: Model, folder: Path) -> Iterator[Stage]:
    """The demonstration city on this database, on Monday morning, until the block ends."""
    clock = HandClock(MONDAY_MORNING)
    settings = Settings(data_dir=folder, database_url=url, wechat=ACCOUNT)
    hotline = build(settings, clock=clock, policy=policy, model=model, migrate=True)
    pigeons = Pigeons()
    hotline.channels = {**hotline.channels, "console": pigeons}
    with hotline.tx() as tx:
        load_city(tx.session, policy, tx.now, passwords=QUICK_PASSWORDS)
    yield Stage(Cast(hotline, clock, pigeons))
    hotline.db.dispose()


@dataclass
class Stage:
    """One hotline for a whole module of tests."""

    cast: Cast
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def opens(self, leaf: str = "C06", *, review: bool = True, **said: Any) -> str:
        """A new ticket of this leaf at 石桥新居; under review it stays with the desk. Returns its number."""
        with self.cast.hotline.tx() as tx:
            resident = Resident(name=said.get("name", ""), phone=said.get("phone", ""), created_at=tx.now)
            if "beside" in said:  # of the same resident as that ticket
                resident = tx.session.get_one(Resident, self.ticket(said["beside"]).resident_id)
            tx.session.add(resident)
            tx.session.flush()
            order = sequences.take(tx.session, "test.stage")
            complaint = Complaint(external_id=f"s{order}", sender=f"o-s{order}", kind=Kind.TEXT, text=said.get("text", "灯坏了"))
            ticket = open_ticket(
                tx,
                channel="wechat",
                account="",
                complaint=complaint,
                verdict=self.verdict(leaf, review, said.get("estate", ESTATE)),
                resident=resident,
                received_at=tx.now,
                inbound=None,
            )
            tx.session.flush()
            return ticket.number

    def verdict(self, leaf: str, review: bool = False, estate: str = ESTATE) -> Verdict:
        """What routing would say of a text plainly about this leaf."""
        known = self.cast.hotline.policy.taxonomy.leaves[leaf]
        place = Gazetteer(self.cast.names().register.estates.values()).find(estate)
        return Verdict(
            leaf=leaf,
            group=known.group,
            owner=known.owner,
            confidence=0.9,
            runners_up=(),
            request_type="求助",
            urgency=known.urgency,
            emergencies=(EmergencyHit(leaf, (), "按类别"),) if known.group == "E" else (),
            place=place,
            phones=(),
            reserved=known.group == "G",
            about_contractor=known.group == "R",
            confidential=known.confidential,
            review=review,
            reasons=("看过",),
        )

    def does(self, number: str, action: str, by: Actor, **details: Any) -> TicketEvent:
        """The act in a transaction of its own; a contractor who resolves shows what has to be shown."""
        with self.cast.hotline.tx() as tx:
            return proof.done(tx, store.by_number(tx.session, number, SYSTEM), action, by, details)

    def deed(self, number: str, action: str, by: Actor, **details: Any) -> TicketEvent:
        """What pages and programs do, in a transaction of its own."""
        with self.cast.hotline.tx() as tx:
            return deeds.do(tx, store.by_number(tx.session, number, SYSTEM), action, by, details)

    def parts(self, number: str) -> list[Ticket]:
        with self.cast.hotline.look() as tx:
            return lineage.parts_of(tx.session, store.by_number(tx.session, number, SYSTEM))

    def incident(self, *numbers: str, leaf: str = "C07", text: str = "全楼电梯停运") -> str:
        """A mass incident of these tickets."""
        with self.cast.hotline.tx() as tx:
            return open_incident(tx, self.agent, numbers, leaf, text).number

    def rated(self, number: str, satisfied: int, turn: int = 1) -> None:
        """The rating of a round, as if its resident had given it."""
        with self.cast.hotline.tx() as tx:
            ticket = store.by_number(tx.session, number, SYSTEM)
            given = {"round": turn, "satisfied": satisfied, "solved": True, "reason": "慢"}
            tx.session.add(Rating(ticket_id=ticket.id, at=tx.now, via="wechat", by_role=Role.RESIDENT, **given))

    def brought_to(self, state: State, **opened: Any) -> str:
        """A ticket of its own, driven into a state by acts alone."""
        number = self.opens(**opened)
        for action, by, details in self._way(state):
            self.does(number, action, by, **details)
        assert self.ticket(number).state is state
        return number

    def _way(self, state: State) -> list[tuple[str, Actor, dict[str, Any]]]:
        mender, agent = self.mender, self.agent
        dispatch = ("dispatch", agent, {"contractor": mender.org})
        accept = ("accept", mender, {"eta": "今天下午"})
        resolve = ("resolve", mender, {"text": "换了灯"})
        ways: dict[State, list[tuple[str, Actor, dict[str, Any]]]] = {
            State.RECEIVED: [],
            State.DISPATCHED: [dispatch],
            State.IN_PROGRESS: [dispatch, accept],
            State.ON_HOLD: [dispatch, accept, ("hold", mender, {"reason": "等配件", "until": "2026-11-27T17:30"})],
            State.RETURNED: [dispatch, ("return", agent, {"reason": "派错了"})],
            State.RESOLVED: [dispatch, accept, resolve],
            State.CLOSED: [dispatch, accept, resolve, ("close", agent, {})],
            State.REJECTED: [("reject", agent, {"reason": "不属公租房", "refer": "12345"})],
        }
        if state is State.MERGED:
            into = self.opens()
            return [("merge", agent, {"into": into, "into_id": self.ticket(into).id})]
        return ways[state]

    @property
    def agent(self) -> Actor:
        return self.cast.agent()

    @property
    def mender(self) -> Actor:
        return self.cast.contractor(MENDER)

    @property
    def other(self) -> Actor:
        return self.cast.contractor(OTHER)

    @property
    def supervisor(self) -> Actor:
        return self.cast.supervisor()

    def resident(self, number: str) -> Actor:
        return Actor(Role.RESIDENT, str(self.ticket(number).resident_id), "陈阿姨")

    def anybody(self, role: Role, number: str) -> Actor:
        """Somebody of this role who has everything to do with the ticket."""
        own = {Role.AGENT: self.agent, Role.CONTRACTOR: self.mender, Role.SUPERVISOR: self.supervisor, Role.SYSTEM: SYSTEM}
        return self.resident(number) if role is Role.RESIDENT else own.get(role, Actor(role, "9009", "某人"))

    def ticket(self, number: str) -> Ticket:
        return self.cast.ticket(number)

    def events(self, number: str) -> list[TicketEvent]:
        return self.cast.history(number).events

    def holds(self, number: str) -> list[Hold]:
        with self.cast.hotline.look() as tx:
            return list(store.by_number(tx.session, number, SYSTEM).holds)

    def clock_of(self, number: str, target: str) -> Timer:
        """The newest clock of a target that was not cancelled."""
        return next(t for t in reversed(self.ticket(number).timers) if t.target == target and not t.cancelled)

    def notices(self, number: str, audience: str = "") -> list[OutboxRow]:
        with self.cast.hotline.look() as tx:
            rows = outbox.of_ticket(tx.session, store.by_number(tx.session, number, SYSTEM).id)
        return [row for row in rows if audience in ("", row.audience)]

    def told_by(self, number: str, event: TicketEvent) -> set[str]:
        """Whom one act told."""
        return {row.audience for row in self.notices(number) if row.event_id == event.id}

    def everything(self, number: str) -> tuple[object, ...]:
        """Every field of a ticket and of what hangs on it, and how many rows each table has: equal before and after a refused
        act."""
        with self.cast.hotline.look() as tx:
            ticket = store.by_number(tx.session, number, SYSTEM)
            rows = [ticket, *ticket.timers, *ticket.holds, *ticket.petitions, *ticket.duties, *ticket.supervisions]
            fields = [tuple(getattr(row, column.key) for column in row.__table__.columns) for row in rows]
            counts = tx.session.execute(_COUNTS).one()
        return (*fields, *counts)
