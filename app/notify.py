"""From an event to who is told what, by which route: outbox rows, written in the transaction of the act they tell of.

A sealed ticket never tells a contractor, whatever the table or a ladder names; a contractor's text never names the complainant.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from app.hotline import Tx
from app.naming import contractor_name, handler_name, leaf_name, place_name
from app.policy import LIKE
from app.store import outbox
from app.tickets.lifecycle import BY_TIME, Handler, Role, Rule
from app.tickets.model import Message, Ticket, TicketEvent, Timer
from app.tickets.post import OutboxRow, OutboxState
from app.tickets.privacy import OUTSIDE, as_told, masked, reads_words
from app.tickets.residents import Resident
from channels.contract import Receives

# A push channel answers the resident in its reply. Only when that did not get out in time does the worker send the words again.
REPLY_GRACE = timedelta(seconds=10)
LATE = "错过时机，不再告知"
OWN_CLOCKS = {citizens: own for own, citizens in LIKE.items()}
DUE_NAMES = {target: f"{target}_due" for target in ("contact", "accept", "resolve", "finish", "decide", "assist", "supervise")}
TIMES = ("eta", "until")  # told to residents as they were appointed
CONTRACTORS = ("contractor", "helper")
HANDLER_AUDIENCES = {Handler.DESK: "desk", Handler.CONTRACTOR: "contractor", Handler.PURCHASER: "supervisor"}


def tell(tx: Tx, ticket: Ticket, event: TicketEvent, rule: Rule) -> list[OutboxRow]:
    """Writes one outbox row per audience that has a text for this act; takes back those that the act has overtaken."""
    _overtaken(tx, ticket, event)
    texts = tx.hotline.texts
    rows = []
    audiences = [audience for audience in _audiences(ticket, event, rule.told) if texts.has(rule.action, audience)]
    named = {name for audience in audiences for name in texts.names_in(rule.action, audience)}
    values = _values(tx, ticket, event, named)
    for audience in audiences:
        if "moved" in named:
            values["moved"] = _moved(tx, ticket, event, audience)
            if not values["moved"]:
                continue  # nothing that concerns them has moved
        values["number"] = ticket.public_number if audience == "resident" else ticket.number
        outside = audience in CONTRACTORS
        told = as_told(ticket, event, values) | {"place": place_name(tx, ticket, OUTSIDE)} if outside else values
        said = texts.say(rule.action, audience, **told)
        rows.append(_row(tx, ticket, event, audience, unnamed(tx, ticket, said) if outside else said))
    tx.write(*rows)
    tx.said.extend(rows)
    return rows


def _overtaken(tx: Tx, ticket: Ticket, event: TicketEvent) -> None:
    """Takes back what still waits to be said of clocks on this ticket and is not true any more after this act, and what a
    contractor was still to be told of a ticket that is sealed now."""
    if ticket.sealed and event.action not in BY_TIME:
        outbox.keep_from_contractors(tx.session, ticket, (*CONTRACTORS, outbox.PUSHED))
    if not event.clocks:
        return
    for row in outbox.waiting_of(tx.session, ticket):
        if row.event is not None and not still_stands(ticket, row.event):
            outbox.drop(tx.session, row, f"已由“{event.action}”处理")


def still_stands(ticket: Ticket, event: TicketEvent) -> bool:
    """Whether what a step of a clock says still holds: the clock waits for somebody, with the deadline spoken of, and nobody has
    answered what goes on only until somebody does. What speaks of no clock holds."""
    place, due_at = event.details.get("clock"), event.details.get("due_at")
    if place is None or not due_at:
        return True
    clock = ticket.timers[place]
    waits = clock.stopped_at is None and (clock.paused_at is None or clock.breached_at is not None)
    answered = event.details.get("until") and clock.acknowledged_at is not None
    return waits and not answered and clock.due_at == datetime.fromisoformat(due_at)


def unnamed(tx: Tx, ticket: Ticket, said: str) -> str:
    """What a contractor may read of it: no numbers, and not the name that the complainant gave."""
    resident = tx.session.get(Resident, ticket.resident_id) if ticket.resident_id else None
    return masked(OUTSIDE, ticket, said, resident.name if resident else "")


def _audiences(ticket: Ticket, event: TicketEvent, told: Iterable[str]) -> list[str]:
    named = list(told)
    if "ladder" in named:
        named = [*named, *event.details.get("tell", ())]
    if "handler" in named:
        # What is taken back concerns whoever had it as much as the desk, which has it now.
        handlers = {ticket.handler, Handler(event.details.get("from", ticket.handler))}
        named += [audience for handler, audience in HANDLER_AUDIENCES.items() if handler in handlers]
    if event.action == "append" and not reads_words(OUTSIDE, ticket):
        named.append("desk")  # what a contractor is not to read, somebody has to restate
    reachable = [name for name in dict.fromkeys(named) if name not in ("ladder", "handler")]
    # A sealed ticket, or one taken away from its contractor, is nobody's business there.
    former = event.details.get("from") and event.details.get("contractor")
    away = {"contractor"} if not (ticket.contractor_id or former) or _told_by_its_own(ticket, event, named) else set()
    if ticket.sealed:
        away |= {*CONTRACTORS}
    if "helper" not in event.details:
        away.add("helper")
    if ticket.resident_id is None or (ticket.parent is not None and event.action == "receive"):  # the split tells of a part
        away.add("resident")
    return [name for name in reachable if name not in away]


def _told_by_its_own(ticket: Ticket, event: TicketEvent, named: Iterable[str]) -> bool:
    """A contractor whose own clock runs is told by that one; it is not told of the citizen's as well."""
    own = OWN_CLOCKS.get(event.details.get("target", ""))
    if own is None or event.details.get("party") != "citizen" or "contractor" in event.details.get("tell", ()):
        return False
    return running(ticket, own) is not None


def _row(tx: Tx, ticket: Ticket, event: TicketEvent, audience: str, said: str) -> OutboxRow:
    channel, address, org = _route(tx, ticket, event, audience)
    wait = REPLY_GRACE if audience == "resident" and event.details.get("replying") else timedelta()
    late = bool(event.details.get("late"))
    state = OutboxState.WAITING
    if late:  # staff read it in the digest; a resident is not told of a deadline days after
        state = OutboxState.DROPPED if audience == "resident" else OutboxState.HELD
    if audience == "resident" and not late:
        _said_to_resident(tx, ticket, said, channel, event.at, event.by_role)
    return OutboxRow(
        key=f"{ticket.number}:{event.seq}:{audience}",
        ticket=ticket,
        event=event,
        audience=audience,
        org_id=org,
        channel=channel,
        account=ticket.account if audience == "resident" else "",
        address=address,
        subject=f"工单 {ticket.public_number if audience == 'resident' else ticket.number}",
        text=said,
        created_at=tx.now,
        good_until=_good_until(tx, ticket, event, audience),
        state=state,
        next_at=None if late else tx.wall + wait,
        claimed_by="",
        attempts=0,
        error=LATE if state is OutboxState.DROPPED else "",
    )


def _said_to_resident(tx: Tx, ticket: Ticket, said: str, channel: str, at: datetime, by: Role) -> None:
    words = Message(ticket=ticket, at=at, by_role=by, by_name="热线", channel=channel, text=said, audience=["resident"])
    tx.write(words)


def afresh(tx: Tx, ticket: Ticket, stale: OutboxRow, said: str) -> OutboxRow:
    """One notice of how things stand now, in place of one that came too late; by the route that one would have gone."""
    clock = running(ticket, "resolve")
    row = OutboxRow(
        key=f"{ticket.number}:now:{stale.id}",
        ticket=ticket,
        audience="resident",
        channel=stale.channel,
        account=stale.account,
        address=stale.address,
        subject=stale.subject,
        text=said,
        created_at=tx.now,
        good_until=clock.due_at if clock is not None and clock.due_at > tx.now else None,
        state=OutboxState.WAITING,
        next_at=tx.wall,
        claimed_by="",
        attempts=0,
    )
    tx.write(row)
    tx.said.append(row)
    _said_to_resident(tx, ticket, said, stale.channel, tx.now, Role.SYSTEM)
    return row


def _good_until(tx: Tx, ticket: Ticket, event: TicketEvent, audience: str) -> datetime | None:
    """When what is said stops being true: the first of the times to come that it promises, or warns of."""
    due_at = event.details.get("due_at")
    if due_at:
        due = datetime.fromisoformat(due_at)
        return due if event.at < due else None
    if audience != "resident":
        return None
    named = tx.hotline.texts.names_in(event.action, audience)
    clocks = [running(ticket, target) for target, name in DUE_NAMES.items() if name in named]
    promised = [clock.due_at for clock in clocks if clock is not None]
    appointed = [event.details[f"{name}_at"] for name in TIMES if name in named and event.details.get(f"{name}_at")]
    moved = [change["due"] for change in _moves(ticket, event, audience)] if "moved" in named else []
    promised += [datetime.fromisoformat(str(at)) for at in (*appointed, *moved)]
    return min((at for at in promised if at > tx.now), default=None)


def _route(tx: Tx, ticket: Ticket, event: TicketEvent, audience: str) -> tuple[str, str, int | None]:
    """Channel, address and organisation of one audience. Whoever has no channel of their own is told on the console."""
    names = tx.hotline.knowledge(tx.session).snapshot
    match audience:
        case "resident":
            channel = tx.hotline.channels.get(ticket.channel)
            if channel is not None and channel.spec.sends:
                return ticket.channel, ticket.sender, None
            return "console", ticket.sender or "居民", None
        case "contractor":
            org = int(event.details["contractor"]) if event.details.get("from") else ticket.contractor_id or 0
            return "console", names.contractors.get(org, "承接主体"), org
        case "helper":
            org = int(event.details["helper"])
            return "console", names.contractors.get(org, "承接主体"), org
        case "supervisor":
            return "console", names.purchasers.get(ticket.purchaser_id or 0, "主管部门"), ticket.purchaser_id
        case _:
            return "console", "热线坐席", None


def replies(tx: Tx, ticket: Ticket) -> bool:
    """Whether the resident waits for an answer in the very call that brought the message."""
    channel = tx.hotline.channels.get(ticket.channel)
    return channel is not None and channel.spec.receives is Receives.PUSH


def running(ticket: Ticket, target: str) -> Timer | None:
    """The clock of a target that still runs or waits, newest first."""
    return next((t for t in reversed(ticket.timers) if t.target == target and t.stopped_at is None), None)


def _values(tx: Tx, ticket: Ticket, event: TicketEvent, named: Iterable[str]) -> dict[str, Any]:
    """What the texts of this act ask for, and no more: a sweep says ten thousand things a minute. Not what each is told apart."""
    return {name: _VALUES[name](tx, ticket, event) for name in named if name in _VALUES}


Value = Callable[[Tx, Ticket, TicketEvent], Any]


def _due(target: str) -> Value:
    def spelled(tx: Tx, ticket: Ticket, event: TicketEvent) -> str:
        timer = running(ticket, target)
        return tx.hotline.spell(timer.due_at) if timer else "—"

    return spelled


def _detail(name: str, otherwise: str = "") -> Value:
    """As the act was told, word for word."""
    return lambda tx, ticket, event: event.details.get(name) or otherwise


def _time(name: str) -> Value:
    """A time among the details as people read it; words stay words."""

    def spelled(tx: Tx, ticket: Ticket, event: TicketEvent) -> str:
        at = event.details.get(f"{name}_at")
        return tx.hotline.spell(datetime.fromisoformat(at)) if at else str(event.details.get(name, ""))

    return spelled


def _moves(ticket: Ticket, event: TicketEvent, audience: str) -> list[Mapping[str, Any]]:
    """Which deadlines an act has moved, of those that concern this audience: a resident what was promised to citizens, a
    contractor all but when the hotline calls back."""
    blind = {"resident": ("contractor", "adjudicator", "hotline"), "contractor": ("hotline",)}.get(audience, ())
    return [change for change in event.clocks if "was" in change and ticket.timers[change["n"]].party not in blind]


def _moved(tx: Tx, ticket: Ticket, event: TicketEvent, audience: str) -> str:
    """The same in words, from when to when."""

    def spelled(at: str) -> str:
        return tx.hotline.spell(datetime.fromisoformat(at))

    moves = _moves(ticket, event, audience)
    return "；".join(f"{ticket.timers[one['n']].name}由 {spelled(one['was'])} 调整为 {spelled(one['due'])}" for one in moves)


def due_line(tx: Tx, ticket: Ticket) -> str:
    """By when it is to be solved, in a sentence; empty when no such clock runs."""
    clock = running(ticket, "resolve")
    due = {"target_name": clock.name, "due": tx.hotline.spell(clock.due_at)} if clock is not None else {}
    return tx.hotline.texts.say("talk", "status_due", **due) if due else ""


def _lapse(tx: Tx, ticket: Ticket, event: TicketEvent) -> str:
    """Whether the deadline that a step speaks of was still ahead when the step fell due, in words."""
    due_at = event.details.get("due_at")
    if not due_at:
        return ""
    ahead = event.at < datetime.fromisoformat(due_at)
    return tx.hotline.texts.say("talk", "lapses" if ahead else "lapsed", due=event.details.get("due", ""))


def first_action(tx: Tx, codes: Iterable[str]) -> str:
    """What a person in danger is told to do first, from the policy."""
    leaves = tx.hotline.policy.taxonomy.leaves
    return " ".join(dict.fromkeys(leaves[code].first_action for code in codes if code in leaves))


def _emergency_names(tx: Tx, codes: Iterable[str]) -> list[str]:
    leaves = tx.hotline.policy.taxonomy.leaves
    return [leaves[code].name if code in leaves else code for code in codes]


_VALUES: Mapping[str, Value] = {
    **{name: _due(target) for target, name in DUE_NAMES.items()},
    **{name: _detail(name) for name in ("ask", "text", "reason", "refer", "eta", "into", "quote", "target_name", "due", "asked")},
    **{name: _detail(name) for name in ("document", "code_name", "outcome_name")},
    "helper": lambda tx, ticket, event: contractor_name(tx, int(event.details["helper"])),
    **{name: _time(name) for name in ("until", "wanted")},
    "number": lambda tx, ticket, event: ticket.number,
    "place": lambda tx, ticket, event: place_name(tx, ticket),
    "leaf": lambda tx, ticket, event: leaf_name(tx, ticket),
    "handler": lambda tx, ticket, event: handler_name(tx, ticket),
    "round": lambda tx, ticket, event: ticket.round,
    "turn": lambda tx, ticket, event: event.details.get("round", ticket.round),
    "nudges": lambda tx, ticket, event: ticket.nudges,
    "codes": lambda tx, ticket, event: "、".join(_emergency_names(tx, event.details.get("codes", ()))),
    "first_action": lambda tx, ticket, event: first_action(tx, event.details.get("codes", ())),
    "level_name": _detail("level_name", "提醒"),
    "lapse": _lapse,
    "due_line": lambda tx, ticket, event: due_line(tx, ticket),
}
