"""What was missed, told once: after an outage each recipient gets one notice that lists what they were not reminded of.

1 wait until the sweep has caught up: what is still to fire belongs into the same digest
2 of what was held back, leave out what somebody has dealt with since, and say of each clock only the last thing
3 one notice for each recipient, and the rows it stands for marked as said, in one transaction
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from itertools import groupby

from app import naming, notify
from app.hotline import Hotline, Tx
from app.store import holds
from app.store import outbox as store
from app.store import timers as timer_store
from app.tickets.lifecycle import SYSTEM
from app.tickets.post import OutboxRow, OutboxState
from app.tickets.privacy import OUTSIDE, known_to

PATIENCE = timedelta(minutes=10)  # that a digest waits for holds to be ended
MOST = 30  # clocks that one digest names; the rest is counted, and stands on the page

Recipient = tuple[str, int, str, str]


def tell_missed(hotline: Hotline) -> int:
    """Writes the digests that are due; returns how many."""
    with hotline.look() as tx:
        if not store.any_held(tx.session) or _catching_up(tx):
            return 0
    with hotline.tx() as tx:
        rows = store.held(tx.session)
        told = [row for row in rows if _still_true(row)]
        for row in rows:
            if row not in told:
                store.drop(tx.session, row, "汇总之前已经处理")
        told.sort(key=_recipient)
        groups = [list(group) for _, group in groupby(told, key=_recipient)]
        for group in groups:
            tx.said.append(_notice(tx, group))
            for row in group:
                row.state = OutboxState.DIGESTED
        tx.session.add_all(tx.said)
        return len(groups)


def _catching_up(tx: Tx) -> bool:
    """Whether steps as late as those held back are still to fire: the sweep, of whichever worker, has not caught up, or holds
    that are over have not been ended. One that cannot be ended keeps nobody waiting for long."""
    late = tx.now - timedelta(minutes=tx.hotline.policy.rules.digest_after_minutes)
    oldest = timer_store.oldest_due(tx.session)
    if oldest is not None and oldest < late:
        return True
    since = store.held_since(tx.session)
    return since is not None and tx.now - since < PATIENCE and bool(holds.over(tx.session, late, 1))


def _still_true(row: OutboxRow) -> bool:
    """Whether the clock it speaks of still waits for somebody, and this recipient may still know of the ticket."""
    ticket, event = row.ticket, row.event
    if ticket is None or event is None or not notify.still_stands(ticket, event):
        return False
    match row.audience:
        case "contractor":
            return ticket.contractor_id == row.org_id and known_to(row.org_id or 0, ticket)
        case "helper":
            return known_to(row.org_id or 0, ticket)
        case "supervisor":
            return ticket.purchaser_id == row.org_id
    return True


def _recipient(row: OutboxRow) -> Recipient:
    return (row.audience, row.org_id or 0, row.channel, row.address)


def _notice(tx: Tx, rows: Sequence[OutboxRow]) -> OutboxRow:
    """One notice for the recipient that all these rows were meant for."""
    first = rows[0]
    return OutboxRow(
        key=f"digest:{min(row.id for row in rows)}:{first.audience}",
        audience=first.audience,
        org_id=first.org_id,
        channel=first.channel,
        address=first.address,
        subject="错过的提醒",
        text=_text(tx, rows),
        created_at=tx.now,
        state=OutboxState.WAITING,
        next_at=tx.wall,
        claimed_by="",
        attempts=0,
    )


def _text(tx: Tx, rows: Sequence[OutboxRow]) -> str:
    say = tx.hotline.texts.say
    last = _last_of_each_clock(rows)
    lines = [_line(tx, row) for row in list(last.values())[:MOST]]
    dates = [row.event.at for row in rows if row.event is not None]
    spell = tx.hotline.spell
    head = say("digest", "head", first=spell(min(dates)), last=spell(max(dates)), steps=len(rows), clocks=len(last))
    rest = [say("digest", "rest", more=len(last) - MOST)] if len(last) > MOST else []
    return "\n".join([head, *lines, *rest])


def _last_of_each_clock(rows: Sequence[OutboxRow]) -> Mapping[tuple[int | None, int], OutboxRow]:
    """The newest of what was missed, for each clock; the highest level first, then the longest overdue."""
    last: dict[tuple[int | None, int], OutboxRow] = {}
    for row in sorted(rows, key=lambda row: row.id):
        if row.event is not None:
            last[row.ticket_id, row.event.details["clock"]] = row
    return dict(sorted(last.items(), key=lambda item: _weight(item[1])))


def _weight(row: OutboxRow) -> tuple[int, str, int]:
    details = row.event.details if row.event is not None else {}
    return (-int(details.get("level", 0)), str(details.get("due_at", "")), row.id)


def _line(tx: Tx, row: OutboxRow) -> str:
    assert row.ticket is not None and row.event is not None
    details = row.event.details
    said = tx.hotline.texts.say(
        "digest",
        "line",
        number=row.ticket.number,
        place=naming.place_name(tx, row.ticket, OUTSIDE if row.audience in notify.CONTRACTORS else SYSTEM),
        target_name=details["target_name"],
        due=details["due"],
        level_name=details.get("level_name") or "提醒",
    )
    return notify.unnamed(tx, row.ticket, said) if row.audience in notify.CONTRACTORS else said
