"""The running talk with a resident: a command, a word on an open ticket, why a grade was low, or a new complaint.

Answers what the resident asked for; never loops, and opens no ticket for a greeting.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from app import feedback, matters, naming, notify
from app.casework import act, resident_of
from app.hotline import Tx
from app.store import lineage, talk
from app.store import tickets as store
from app.tickets import commands, numbering
from app.tickets.lifecycle import OPEN, STATE_NAMES, State
from app.tickets.model import Ticket
from app.tickets.post import Attachment, Inbound
from app.tickets.residents import Resident
from app.triage import draw_on, open_ticket
from channels.contract import Complaint, Kind
from routing.verdict import Verdict

TALKING = (State.RECEIVED, State.DISPATCHED, State.IN_PROGRESS, State.ON_HOLD, State.RETURNED)
RATEABLE = (State.RESOLVED, State.CLOSED)
KNOWN = (*TALKING, *RATEABLE, State.REJECTED, State.MERGED)
NO_MATTER = "N09"  # 空号/骚扰/广告/误拨: what a name, a time, a flat are taken for when they stand alone
A_SENTENCE = 100  # characters: what is longer tells more than why


@dataclass(frozen=True, slots=True)
class Heard:
    """What became of one message: the ticket it belongs to, if any, and what is to be said besides the notices."""

    ticket: Ticket | None
    text: str = ""


@dataclass(frozen=True, slots=True)
class Word:
    """One message of a resident, understood and kept."""

    complaint: Complaint
    verdict: Verdict
    resident: Resident
    inbound: Inbound
    received_at: datetime


def hear(tx: Tx, word: Word) -> Heard:
    """Decides what a message is and does it, in the caller's transaction."""
    if word.complaint.kind is Kind.EVENT:
        return _event(tx, word)
    if not _proven(tx, word):
        return _open(tx, word)
    text = commands.plain(word.complaint.text)
    for shape, answer in _COMMANDS:
        found = shape.match(text)
        if found:
            return answer(tx, word, found)
    explained = _explained(tx, word)
    if explained is not None:
        return explained
    numbers = numbering.found_in(text)
    ticket = _by_number(tx, word, numbers) or _recent(tx, word)
    if ticket is not None:
        return _append(tx, word, ticket)
    if not text and not word.complaint.attached:
        return Heard(None, tx.hotline.texts.say("talk", "greeting"))
    return _open(tx, word)


def _proven(tx: Tx, word: Word) -> bool:
    """Whether the platform vouches for the sender. Anybody can type somebody else's phone into a form: such words open a
    ticket of their own and never touch another one."""
    channel = tx.hotline.channels.get(word.inbound.channel)
    return channel is not None and channel.spec.signed


def _open(tx: Tx, word: Word) -> Heard:
    ticket = open_ticket(
        tx,
        channel=word.inbound.channel,
        account=word.inbound.account,
        complaint=word.complaint,
        verdict=word.verdict,
        resident=word.resident,
        received_at=word.received_at,
        inbound=word.inbound,
    )
    _attach(tx, word, ticket)
    return Heard(ticket)


def _append(tx: Tx, word: Word, ticket: Ticket) -> Heard:
    complaint, said = word.complaint, word.complaint.text.strip()
    details = {
        "text": said or complaint.place or f"[{complaint.kind}]",
        "channel": word.inbound.channel,
        "kind": str(complaint.kind),
        "inbound_id": word.inbound.id,
        "external_id": complaint.external_id,
    }
    act(tx, ticket, "append", resident_of(ticket, complaint.name), details)
    _attach(tx, word, ticket)
    draw_on(tx, ticket, said, word.verdict, word.received_at)
    return Heard(ticket, tx.hotline.texts.say("talk", "appended", number=ticket.public_number))


def _attach(tx: Tx, word: Word, ticket: Ticket) -> None:
    for item in word.complaint.attached:
        tx.session.add(
            Attachment(
                ticket=ticket,
                inbound_id=word.inbound.id,
                kind=str(item.kind),
                reference=item.reference,
                name=item.name,
                mime=item.mime,
                said=item.text,
                created_at=tx.now,
            )
        )


def _by_number(tx: Tx, word: Word, numbers: list[str]) -> Ticket | None:
    """Where a word on one of the resident's own numbers belongs. A stranger's quoting never lands in somebody else's ticket."""
    return matters.named_home(tx, word.resident.id, numbers, word.verdict)


def _recent(tx: Tx, word: Word) -> Ticket | None:
    """The ticket that this message goes on about: spoken of moments ago, and the message brings no matter of its own."""
    since = tx.now - timedelta(minutes=tx.hotline.policy.rules.append_window_minutes)
    moved = [ticket for ticket in _mine(tx, word, TALKING) if ticket.updated_at >= since and _goes_on(word, ticket)]
    spoken = talk.last_spoken(tx.session, [ticket.id for ticket in moved])
    return next((ticket for ticket in moved if spoken[ticket.id] >= since), None)


def _goes_on(word: Word, ticket: Ticket) -> bool:
    verdict = word.verdict
    if not matters.may_join(verdict, ticket):
        return False
    said = verdict.place.words if verdict.place else ()
    names_a_matter = not verdict.review and verdict.leaf != NO_MATTER and not commands.only_particulars(word.complaint.text, said)
    if names_a_matter and verdict.leaf != ticket.leaf:
        return False
    estate = verdict.place.estate_id if verdict.place else None
    return estate is None or ticket.estate_id is None or estate == str(ticket.estate_id)


def _mine(tx: Tx, word: Word, states: tuple[State, ...]) -> list[Ticket]:
    since = tx.now - timedelta(days=tx.hotline.policy.rules.open_ticket_days)
    return store.open_of_resident(tx.session, word.resident.id, since, states)


def _chosen(tx: Tx, word: Word, states: tuple[State, ...]) -> Ticket | None:
    """The matter a command is about."""
    since = tx.now - timedelta(days=tx.hotline.policy.rules.open_ticket_days)
    return matters.chosen(tx, word.resident.id, since, states, numbering.found_in(word.complaint.text))


def _event(tx: Tx, word: Word) -> Heard:
    welcome = word.complaint.event in ("subscribe", "scan")
    return Heard(None, tx.hotline.texts.say("talk", "welcome") if welcome else "")


def _greet(tx: Tx, word: Word, found: re.Match[str]) -> Heard:
    return Heard(None, tx.hotline.texts.say("talk", "greeting"))


def _status(tx: Tx, word: Word, found: re.Match[str]) -> Heard:
    ticket = _chosen(tx, word, KNOWN)
    if ticket is None:
        return Heard(None, tx.hotline.texts.say("talk", "nothing_open"))
    return Heard(ticket, status_line(tx, ticket))


def status_line(tx: Tx, ticket: Ticket) -> str:
    """Where a matter stands, one sentence a part; of what was merged, where the ticket stands that it goes on under."""
    say = tx.hotline.texts.say
    survivor = lineage.survivor(tx.session, ticket)
    if survivor is not None and survivor is not ticket:
        merged = say("talk", "status_merged", number=ticket.number, into=survivor.number)
        return f"{merged}\n{status_line(tx, survivor)}"
    stands = say("talk", "status", number=ticket.number, **_standing(tx, ticket))
    parts = lineage.parts_of(tx.session, ticket)
    more = [say("talk", "status_part", leaf=matter_name(tx, one), **_standing(tx, one)) for one in parts]
    return "\n".join([stands, *more])


def _standing(tx: Tx, ticket: Ticket) -> dict[str, str]:
    handled = ticket.state not in (State.RECEIVED, State.REJECTED)
    handler = tx.hotline.texts.say("talk", "status_handler", handler=naming.handler_name(tx, ticket)) if handled else ""
    return {"state": STATE_NAMES[ticket.state], "handler_line": handler, "due_line": notify.due_line(tx, ticket)}


def matter_name(tx: Tx, ticket: Ticket) -> str:
    """What a ticket is about, as its resident reads it: the category without its code."""
    return naming.leaf_name(tx, ticket).lstrip("ABCDEFGNPR0123456789")


def _nudge(tx: Tx, word: Word, found: re.Match[str]) -> Heard:
    ticket = _chosen(tx, word, TALKING)
    if ticket is None:
        return Heard(None, tx.hotline.texts.say("talk", "nothing_open"))
    return Heard(ticket, nudge(tx, ticket))


def nudge(tx: Tx, ticket: Ticket) -> str:
    """The resident urges, once for every part that is open; limited, so that it stays a signal. Returns what is answered."""
    say = tx.hotline.texts.say
    rules, today = tx.hotline.policy.rules, tx.hotline.local_day(tx.now)
    minutes = rules.nudge_every_minutes
    whole = matters.all_of(tx, ticket)
    histories = store.histories(tx.session, whole).values()
    nudged = sorted({event.at for past in histories for event in past.events if event.action == "nudge"})
    if nudged and tx.now - nudged[-1] < timedelta(minutes=minutes):
        left = minutes - int((tx.now - nudged[-1]).total_seconds() // 60)
        return say("talk", "nudged_recently", number=ticket.public_number, minutes=left)
    if sum(tx.hotline.local_day(at) == today for at in nudged) >= rules.nudges_per_day:
        return say("talk", "nudged_enough", number=ticket.public_number, times=rules.nudges_per_day)
    for one in [part for part in whole if part.state in TALKING] or [ticket]:
        act(tx, one, "nudge", resident_of(one))
    return say("talk", "nudged", number=ticket.public_number)


def _withdraw(tx: Tx, word: Word, found: re.Match[str]) -> Heard:
    ticket = _chosen(tx, word, TALKING)
    if ticket is None:
        return Heard(None, tx.hotline.texts.say("talk", "nothing_open"))
    withdraw(tx, ticket)
    return Heard(ticket, tx.hotline.texts.say("talk", "withdrawn", number=ticket.public_number))


def withdraw(tx: Tx, ticket: Ticket) -> None:
    """The resident takes the matter back, with every part that is not over. Raises Conflict where nothing of it is open."""
    for one in [part for part in matters.all_of(tx, ticket) if part.state in OPEN] or [ticket]:
        act(tx, one, "withdraw", resident_of(one))


def _rate(tx: Tx, word: Word, found: re.Match[str]) -> Heard:
    return _rated(tx, word, feedback.Answers(int(found.group(1))))


def _unsolved(tx: Tx, word: Word, found: re.Match[str]) -> Heard:
    return _rated(tx, word, feedback.Answers(1, solved=False, reason=feedback.UNSOLVED))


def _rated(tx: Tx, word: Word, said: feedback.Answers) -> Heard:
    """Of a matter in parts the rating is of the one resolved last that has none, and the resident is told of which."""
    say = tx.hotline.texts.say
    whole = _chosen(tx, word, RATEABLE)
    ticket = matters.to_rate(tx, whole) if whole is not None else None
    if whole is None or ticket is None:
        return Heard(whole, say("talk", "nothing_to_rate"))
    told = feedback.rate(tx, ticket, said, via=word.inbound.channel)
    several = len(matters.all_of(tx, whole)) > 1
    return Heard(ticket, told + (say("talk", "rated_part", leaf=matter_name(tx, ticket)) if several else ""))


def _solved(tx: Tx, word: Word, found: re.Match[str]) -> Heard:
    """It is solved: every part of the matter that is done."""
    whole = _chosen(tx, word, (State.RESOLVED,))
    if whole is None:
        return Heard(None, tx.hotline.texts.say("talk", "nothing_to_rate"))
    for one in matters.all_of(tx, whole):
        if one.state is State.RESOLVED:
            feedback.confirm(tx, one)
    return Heard(whole, tx.hotline.texts.say("talk", "confirmed", number=whole.public_number))


def _explained(tx: Tx, word: Word) -> Heard | None:
    """The sentence that was asked for after a low grade: the reason of that rating, and a word on the ticket where somebody is at
    work again. What is about a contractor's people, or an emergency, goes its own way."""
    text = word.complaint.text.strip()
    short = 0 < len(text) <= A_SENTENCE and not word.complaint.attached and not numbering.found_in(text)
    if not short or word.verdict.guarded or word.verdict.emergencies:
        return None
    since = tx.now - timedelta(minutes=tx.hotline.policy.rules.append_window_minutes)
    unexplained = store.unexplained(tx.session, word.resident.id, since, feedback.LOW)
    if unexplained is None:
        return None
    ticket = store.by_id(tx.session, unexplained.ticket_id)
    if ticket.round == unexplained.round:  # nobody takes it up again: the word itself is what is kept
        return Heard(ticket, feedback.explain(tx, ticket, unexplained, text))
    unexplained.reason = text
    heard = _append(tx, word, ticket) if ticket.state in TALKING else Heard(ticket)
    return Heard(heard.ticket, tx.hotline.texts.say("talk", "explained", number=ticket.public_number))


_COMMANDS: tuple[tuple[re.Pattern[str], Callable[[Tx, Word, re.Match[str]], Heard]], ...] = (
    (commands.GREETING, _greet),
    (commands.RATE, _rate),  # before STATUS: a number with a grade behind it is a grade
    (commands.UNSOLVED, _unsolved),
    (commands.SOLVED, _solved),
    (commands.STATUS, _status),
    (commands.NUDGE, _nudge),
    (commands.WITHDRAW, _withdraw),
)
