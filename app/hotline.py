"""One running hotline: its database, clock, policy, texts and channels; and the transactions everything happens in."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import partial
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from app import learned
from app.clock import Clock
from app.errors import BadInput
from app.logs import log
from app.policy import Policy
from app.register import calendars
from app.register.snapshot import Snapshot, revision, snapshot
from app.settings import Settings
from app.store import repeats, wake
from app.store.bulk import Bulk, Row
from app.store.db import Database
from app.texts import Texts
from app.tickets.post import OutboxRow
from app.tickets.promises import Promises
from channels.contract import Channel
from routing.classify import Model
from routing.place import Gazetteer
from routing.understand import Understander
from sla.policy import SlaPolicy


@dataclass(frozen=True, slots=True)
class Tx:
    """事务: one transaction. ``now`` (business time) and ``wall`` are read once, when it begins.

    ``said`` collects the notices written in it.
    """

    session: Session
    now: datetime
    wall: datetime
    hotline: Hotline
    said: list[OutboxRow] = field(default_factory=list)
    bulk: list[Bulk] = field(default_factory=list)  # one, while rows are written in bulk
    marked: list[repeats.Marked] = field(default_factory=list)  # new tickets with the marks of their texts

    def write(self, *rows: Row) -> None:
        """New rows of this transaction."""
        for row in rows:
            self.bulk[0].add(row) if self.bulk else self.session.add(row)

    @contextmanager
    def in_bulk(self) -> Iterator[None]:
        """What is written in the block goes to the database at its end, set-wise; until then no question finds it."""
        self.bulk.append(Bulk(self.session))
        with self.session.no_autoflush:
            yield
        self.bulk.pop().flush()

    @property
    def promises(self) -> Promises:
        """What is promised, under the holidays in force, and the calendars of former days."""
        known: Promises | None = self.session.info.get("promises")
        if known is None:
            sla = self.hotline.knowledge(self.session).sla
            known = Promises(self.hotline.policy, sla, partial(calendars.kept, self.session))
            self.session.info["promises"] = known
        return known


@dataclass(frozen=True, slots=True)
class Knowledge:
    """What is known at one revision of the register: to routing, and of the holidays that move deadlines."""

    revision: int
    snapshot: Snapshot
    understander: Understander
    sla: SlaPolicy


class Hotline:
    """Everything a door needs. Built by ``app.bootstrap.build``; thread-safe."""

    def __init__(
        self,
        *,
        settings: Settings,
        clock: Clock,
        db: Database,
        policy: Policy,
        model: Model,
        texts: Texts,
        channels: Mapping[str, Channel],
        secret: bytes,
    ) -> None:
        self.settings = settings
        self.clock = clock
        self.db = db
        self.policy = policy
        self.model = model  # as shipped: what the policy's sayings teach
        self.texts = texts
        self.channels = channels
        self.secret = secret
        self.bell = wake.Bell()
        self.zone = ZoneInfo(policy.timezone)
        self._knowledge: Knowledge | None = None
        self._taken_up: learned.TakenUp | None = None
        self._learning = threading.Lock()

    @contextmanager
    def tx(self) -> Iterator[Tx]:
        """A transaction that may write; rolls back on any exception. Never nest, never call the network in it.

        One that wrote notices wakes whoever delivers them, here and in other processes, when it has committed.
        """
        with self.db.write() as session:
            tx = Tx(session, self.clock.now(), self.clock.wall(), self)
            yield tx
            if tx.marked:
                repeats.keep_marks(session, tx.marked)
            if tx.said:
                wake.announce(session)
        if tx.said:
            self.bell.ring()

    @contextmanager
    def look(self) -> Iterator[Tx]:
        """For pages that only show: writing raises."""
        with self.db.read() as session:
            yield Tx(session, self.clock.now(), self.clock.wall(), self)

    def knowledge(self, session: Session) -> Knowledge:
        """The register and the understanding built on it, renewed when the register has changed; one look a transaction."""
        seen: Knowledge | None = session.info.get("knowledge")
        if seen is None:
            seen = session.info["knowledge"] = self._newest(session)
        return seen

    def _newest(self, session: Session) -> Knowledge:
        current = revision(session)
        known = self._knowledge
        if known is not None and known.revision == current:
            return known
        with self._learning:
            if self._knowledge is None or self._knowledge.revision != current:
                shot = snapshot(session)
                understander = Understander(self.policy.taxonomy, self._model(session), Gazetteer(shot.entries))
                sla = calendars.in_force(session, self.policy.sla)
                self._knowledge = Knowledge(current, shot, understander, sla)
            return self._knowledge

    def _model(self, session: Session) -> Model:
        """The model in force; the shipped one where that cannot be used here: a hotline that stands still helps nobody."""
        used = learned.in_force(session)
        if used is None:
            return self.model
        if self._taken_up is None or self._taken_up.digest != used.digest:
            try:
                model = learned.load_kept(self.settings.data_dir, used, self.policy.taxonomy)
            except BadInput as unusable:
                log.error("model.unusable", fingerprint=used.fingerprint, error=str(unusable), instead=self.model.fingerprint)
                return self.model
            self._taken_up = learned.TakenUp(used.digest, model)
        return self._taken_up.model

    def local_day(self, moment: datetime) -> date:
        """The civil date of a moment where the hotline works."""
        return moment.astimezone(self.zone).date()

    def spell(self, moment: datetime | None) -> str:
        """A moment as people read it, e.g. 1月5日 17:30; the year stands only where it is another one."""
        if moment is None:
            return "—"
        local = moment.astimezone(self.zone)
        this_year = self.clock.now().astimezone(self.zone).year
        year = "" if local.year == this_year else f"{local.year}年"
        return f"{year}{local.month}月{local.day}日 {local:%H:%M}"
