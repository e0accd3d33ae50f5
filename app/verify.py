"""Proves that no history was changed and no message lost (``hotline verify``); seals what there is, once a day.

1 every ticket's chain of events, computed anew, in batches
2 the newest seals, recomputed from the same events: they show what whoever rewrote a whole chain, or removed a ticket, would hide
3 every message taken in has its ticket or an answer; what came in stands on the ticket that it reached
4 nothing runs on that is over
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import timedelta

from app.errors import Conflict
from app.hotline import Hotline
from app.store import checkpoints, proof
from app.store.checkpoints import Digest
from app.tickets import chain
from app.tickets.post import InboundState
from app.tickets.programs import Checkpoint

RECOMPUTED = 3  # newest seals
PATIENCE = timedelta(hours=1)  # that a kept message may wait to be taken in, by wall time: then the worker has given up


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that is not as it was written, or is missing; ``ticket`` "" where it is of none."""

    ticket: str
    says: str


@dataclass(slots=True)
class Proof:
    """What was looked at, and what is wrong."""

    tickets: int = 0
    events: int = 0
    unchained: int = 0  # events written before there was a chain
    seals: int = 0
    newest_seal: str = ""
    taken_in: int = 0
    pending: int = 0
    unreadable: int = 0
    parked_timers: int = 0
    parked_notices: int = 0
    faults: list[Fault] = field(default_factory=list)

    @property
    def whole(self) -> bool:
        return not self.faults

    def to_json(self) -> dict[str, object]:
        return {"whole": self.whole, **asdict(self)}


@dataclass(slots=True)
class Recomputed:
    """A seal, and what the events of today say it should be."""

    seal: Checkpoint
    digest: Digest


def verify(hotline: Hotline, against: str = "", progress: Callable[[int], object] = lambda tickets: None) -> Proof:
    """Looks at everything; ``against`` is the hash of a seal that was written down elsewhere."""
    found = Proof()
    seals = _seals(hotline, found, against.strip().lower())
    after = 0
    while True:
        with hotline.look() as tx:  # anew for each batch: a long look would keep SQLite's log from being cleared
            ids = proof.batch_after(tx.session, after)
            if not ids:
                break
            for one in proof.chains(tx.session, after + 1, ids[-1]):
                _ticket(found, one, seals)
        after = ids[-1]
        progress(len(ids))
    for one_seal in seals:
        _judge(hotline, found, one_seal)
    _messages(hotline, found)
    return found


def _ticket(found: Proof, one: proof.Chain, seals: list[Recomputed]) -> None:
    found.tickets += 1
    found.events += len(one.events)
    found.unchained += sum(1 for event in one.events if not event.hash)
    found.faults += [Fault(one.number, says) for says in chain.faults(one.number, one.events, one.head, one.seq)]
    if not one.events:
        found.faults.append(Fault(one.number, f"{one.number}：一条流转记录也没有"))
    for recomputed in seals:
        old = [event for event in one.events if event.id <= recomputed.digest.last_event]
        if old:
            recomputed.digest.feed(one.id, old[-1].seq, old[-1].hash, len(old))


def _seals(hotline: Hotline, found: Proof, against: str) -> list[Recomputed]:
    """The seals to recompute, each begun with the hash of the one before."""
    with hotline.look() as tx:
        chosen = checkpoints.newest(tx.session, RECOMPUTED)
        if chosen:
            found.newest_seal = chosen[0].hash
        if against:
            written = checkpoints.with_hash(tx.session, against)
            if written is None:
                found.faults.append(Fault("", f"没有封存 {against}：别处记下的封存不在库里，封存被改动或删除"))
            elif written.id not in {seal.id for seal in chosen}:
                chosen.append(written)
        found.seals = len(chosen)
        return [Recomputed(seal, Digest(checkpoints.before(tx.session, seal), seal.last_event)) for seal in chosen]


def _judge(hotline: Hotline, found: Proof, one: Recomputed) -> None:
    seal, digest = one.seal, one.digest
    if (digest.hash, digest.tickets, digest.events) == (seal.hash, seal.tickets, seal.events):
        return
    then = f"当时 {seal.tickets} 张工单、{seal.events} 条记录，现在是 {digest.tickets} 张、{digest.events} 条"
    says = f"{hotline.spell(seal.at)} 的封存 {seal.hash[:12]}… 重算不符（{then}）：此前的记录、工单或封存被改动或删除"
    found.faults.append(Fault("", says))


def _messages(hotline: Hotline, found: Proof) -> None:
    with hotline.look() as tx:
        session = tx.session
        states = proof.inbound_states(session)
        found.taken_in, found.pending = states.get(InboundState.TAKEN_IN, 0), states.get(InboundState.PENDING, 0)
        found.unreadable = states.get(InboundState.UNREADABLE, 0)
        found.parked_timers, found.parked_notices = proof.parked_counts(session)
        for ticket, seq, action in proof.events_of_no_ticket(session):
            found.faults.append(Fault("", f"第 {seq} 条记录（{action}）所属的工单（内部编号 {ticket}）不在了"))
        for lost in proof.led_nowhere(session):
            says = f"来件 {lost.id}（{lost.channel}，{hotline.spell(lost.received_at)}）记为已受理，却没有工单也没有答复"
            found.faults.append(Fault("", says))
        for old in proof.long_pending(session, tx.wall - PATIENCE):
            says = f"来件 {old.id}（{old.channel}，{hotline.spell(old.received_at)}）至今没能受理：{old.error or '未曾处理'}"
            found.faults.append(Fault("", says))
        for message, number, inbound in proof.misplaced(session):
            found.faults.append(Fault(number, f"{number}：往来消息 {message} 出自来件 {inbound}，那件来件却不属于这张工单"))
        for number, name in proof.running_on(session):
            found.faults.append(Fault(number, f"{number}：工单已结束，“{name}”的计时还在走"))


def seal(hotline: Hotline) -> Checkpoint:
    """Seals what there is now. Raises Conflict where there is nothing, or somebody else did so meanwhile."""
    with hotline.tx() as tx:
        last = checkpoints.horizon(tx.session)
    if not last:
        raise Conflict("还没有任何流转记录，无可封存")
    with hotline.look() as tx:
        present = checkpoints.newest(tx.session)
        highest = checkpoints.last_ticket(tx.session)
        digest = Digest(present[0].hash if present else "", last)
    for first in range(1, highest + 1, checkpoints.RANGE):
        with hotline.look() as tx:
            checkpoints.fill(tx.session, digest, first)
    with hotline.tx() as tx:
        made = checkpoints.keep(tx.session, digest, tx.wall)
    if made is None:
        raise Conflict("另一个进程刚刚封存过", cure="请稍后再试")
    return made


def seal_today(hotline: Hotline) -> Checkpoint | None:
    """One seal a day, of whoever is first; None when there is one of today, or nothing to seal."""
    with hotline.look() as tx:
        present = checkpoints.newest(tx.session)
        today = hotline.local_day(tx.wall)
        if present and hotline.local_day(present[0].at) >= today:
            return None
    try:
        return seal(hotline)
    except Conflict:
        return None
