"""The resident's own word on what was done: a rating of the round, a confirmation, an objection. Nothing else ever counts as one.

Whoever writes it down, here it ends: the resident at a page or in the talk, an agent on the telephone (``app/interviews.py``).
Silence is never a word. A low grade or 未解决 has the matter taken up again inside the window; a good one closes it.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import timedelta

from app import callbacks, matters
from app.casework import act, resident_of
from app.errors import BadInput, Conflict, HotlineError
from app.hotline import Tx
from app.store import tickets as store
from app.tickets.followup import Rating
from app.tickets.lifecycle import Actor, Role, State
from app.tickets.model import Message, Ticket
from app.triage import alarm

LOW = 2  # 不满意 and worse open a new round
UNSOLVED = "未解决"  # what somebody says who says no more than that
LONGEST = 500  # characters of a reason


@dataclass(frozen=True, slots=True)
class Answers:
    """响应, 解决, 满意: what was said of one round. None is what was not said; nobody fills that in for the resident."""

    satisfied: int
    solved: bool | None = None
    responded: bool | None = None
    reason: str = ""

    @property
    def low(self) -> bool:
        return self.satisfied <= LOW or self.solved is False

    def complete(self) -> None:
        """Raises BadInput for a low grade without a reason: asked for on pages and by agents; in the talk afterwards."""
        if self.low and not self.reason.strip():
            raise BadInput("不满意或没解决，请写明原因", cure="写一句话即可，会如实记录")


@dataclass(frozen=True, slots=True)
class Proxy:
    """The agent who writes it down for the resident, and the call in which it was said."""

    agent: Actor
    call_id: str


def rate(tx: Tx, ticket: Ticket, said: Answers, *, via: str, turn: int | None = None, proxy: Proxy | None = None) -> str:
    """The tenant's word on this resolution round; the last word within a round counts. Returns what the resident is told.

    A low grade or 未解决 opens a new round, unless the ticket has been closed for longer than ``reopen_days``; a good one closes
    a resolved ticket, reviewed or not. After ``rating_days`` nothing is taken any more. ``turn`` is the round that was asked
    about: the same said of it again changes nothing, anything else about a round that is over raises Conflict. Raises
    HotlineError for a grade outside 1–5.
    """
    if said.satisfied not in range(1, 6):
        raise HotlineError("满意度须为 1 到 5", cure="5 为非常满意，1 为非常不满意")
    say, rules = tx.hotline.texts.say, tx.hotline.policy.rules
    by = proxy.agent if proxy is not None else resident_of(ticket)
    repeated = _repeated(tx, ticket, said, turn, by)
    if repeated:
        return repeated
    done = matters.done_at(tx, ticket)
    if done is None:
        return say("talk", "nothing_to_rate")
    if tx.now - done > timedelta(days=rules.rating_days):
        return say("talk", "rating_over", number=ticket.public_number, days=rules.rating_days)
    given = asdict(said) | ({"call_id": proxy.call_id} if proxy is not None else {})
    act(tx, ticket, "rate", by, given)
    _keep(tx, ticket, said, via, by, proxy)
    if said.low:
        return _taken_up(tx, ticket, said, by)
    if ticket.state is State.RESOLVED:
        act(tx, ticket, "confirm", by, {"why": "诉求人已评价"})
    return say("talk", "rated")


def _repeated(tx: Tx, ticket: Ticket, said: Answers, turn: int | None, by: Actor) -> str:
    """What is told to whoever sends the same again; empty for a word that is new."""
    before = store.rating_of(tx.session, ticket, turn) if turn is not None else None
    if before is not None and by.role is before.by_role:
        same = (before.satisfied, before.solved, before.responded, before.reason)
        if same == (said.satisfied, said.solved, said.responded, said.reason):
            return tx.hotline.texts.say("talk", "rated")
    if turn is not None and turn != ticket.round:
        raise Conflict(f"第 {turn} 次办理已经结束，工单正在重新办理", cure="重新办结后请再评价")
    return ""


def _keep(tx: Tx, ticket: Ticket, said: Answers, via: str, by: Actor, proxy: Proxy | None) -> None:
    rating = store.rating_of(tx.session, ticket) or Rating(ticket_id=ticket.id, round=ticket.round)
    rating.at, rating.via, rating.by_role, rating.contractor_id = tx.now, via, by.role, ticket.contractor_id
    rating.by_id, rating.by_name = (by.id, by.name) if proxy is not None else ("", "")
    rating.call_id = proxy.call_id if proxy is not None else ""
    rating.responded, rating.solved, rating.satisfied, rating.reason = said.responded, said.solved, said.satisfied, said.reason
    tx.session.add(rating)


def _taken_up(tx: Tx, ticket: Ticket, said: Answers, by: Actor) -> str:
    """Opens the next round, inside the window; whoever comes later is called and asked why."""
    say, days = tx.hotline.texts.say, tx.hotline.policy.rules.reopen_days
    asked = say("talk", "why_low") if not said.reason and by.role is Role.RESIDENT else ""
    if ticket.closed_at is not None and tx.now - ticket.closed_at > timedelta(days=days):
        if by.role is Role.RESIDENT:
            callbacks.ask_why(tx, ticket)
        return say("talk", "rated_low_late", number=ticket.public_number, days=days) + asked
    act(tx, ticket, "reopen", by, {"reason": _why_again(tx, said.reason, f"评价{said.satisfied}分")})
    _heed(tx, ticket, said.reason)
    return say("talk", "rated_low", number=ticket.public_number) + asked


def explain(tx: Tx, ticket: Ticket, rating: Rating, reason: str) -> str:
    """The reason of a low rating, said after it, of a round that nobody has taken up again."""
    said = {"satisfied": rating.satisfied, "solved": rating.solved, "responded": rating.responded, "reason": reason}
    act(tx, ticket, "rate", resident_of(ticket), said)
    rating.reason = reason
    return tx.hotline.texts.say("talk", "explained", number=ticket.public_number)


def confirm(tx: Tx, ticket: Ticket) -> None:
    """确认解决, in one word and without a grade: closes the ticket, and is no rating."""
    act(tx, ticket, "confirm", resident_of(ticket), {"why": "诉求人确认解决"})


def contest(tx: Tx, ticket: Ticket, reason: str) -> None:
    """不认可: the resident says that it is not solved, and why; a new round begins. No rating: none was given.

    Raises BadInput without a reason, Conflict after the window. What the reason says of a contractor's own people
    is kept from it.
    """
    reason = reason.strip()
    if not reason:
        raise BadInput("请写明哪里没有解决", cure="写一句话即可，承办单位据此重新办理")
    if len(reason) > LONGEST:
        raise BadInput("填写的内容过长", cure=f"不超过 {LONGEST} 字")
    by = resident_of(ticket)
    shown = _why_again(tx, reason, "诉求人认为没有解决")
    act(tx, ticket, "reopen", by, {"reason": shown})
    if shown != reason:
        words = Message(ticket=ticket, at=tx.now, by_role=by.role, channel="webform", text=reason)
        words.audience = ["resident", "supervisor"]
        tx.write(words)
    _heed(tx, ticket, reason)


def _heed(tx: Tx, ticket: Ticket, reason: str) -> None:
    """Why somebody is not content may be that it burns: such a word rings like any other. The ticket is open again by then."""
    if reason in ("", UNSOLVED):
        return
    verdict = tx.hotline.knowledge(tx.session).understander.understand(reason)
    if verdict.emergencies:
        alarm(tx, ticket, verdict, reason)


def _why_again(tx: Tx, reason: str, otherwise: str) -> str:
    """Why it is opened again, as its contractor may read it: not what is said there about the contractor's own people."""
    understand = tx.hotline.knowledge(tx.session).understander.understand
    harmless = reason == UNSOLVED or (reason != "" and not understand(reason).guarded)
    return reason if harmless else otherwise
