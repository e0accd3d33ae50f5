"""Call-backs 回访: thinks of each round once, and either makes a task of it or spares it; what follows a low rating given late.

1 a round is to be thought of from its reviewed end, or from the lapse of what the citizen was promised: ``ticket.to_call_at``
2 what is always called is; of the rest the lot decides (``app/tickets/sampling.py``)
3 drawn: a row, and the act ``callback``, with which the hotline's clock starts; not drawn: a row that says so, and no act
"""

from __future__ import annotations

from app.casework import act
from app.hotline import Tx
from app.store import calls
from app.tickets import sampling
from app.tickets.followup import CallBack, CallState
from app.tickets.lifecycle import ENDED, SYSTEM, UNANSWERED
from app.tickets.model import Ticket
from app.tickets.petitions import UNSOLVED


def draw(tx: Tx, ticket: Ticket) -> bool:
    """Thinks of the present round, dated by when that was due: a worker that slept takes nobody's time to call.

    Returns whether it was to be thought of; somebody may have been first.
    """
    at = ticket.to_call_at
    if at is None or at > tx.now or ticket.called_round >= ticket.round:
        return False
    why = _why(ticket)
    lot = sampling.lot(tx.hotline.secret, tx.hotline.policy.name, ticket.number, ticket.round)
    drawn = sampling.always(ticket.urgency, ticket.round, why) or sampling.drawn(lot, tx.hotline.policy.rules.callback_percent)
    tx.session.add(
        CallBack(
            ticket=ticket,
            round=ticket.round,
            why=why,
            stratum=sampling.stratum(ticket.contractor_id, ticket.group, why),
            state=CallState.OPEN if drawn else CallState.SPARED,
            drawn_at=at,
            next_at=at if drawn else None,
            attempts=0,
            ended_at=None if drawn else at,
            contractor_id=ticket.contractor_id,
        )
    )
    if drawn:
        act(tx, ticket, "callback", SYSTEM, {"why": why}, at=at, cause=f"callback:{ticket.id}:{ticket.round}")
    else:
        ticket.called_round, ticket.to_call_at = ticket.round, None
    return True


def _why(ticket: Ticket) -> str:
    if ticket.state in UNANSWERED or ticket.reviewed_at is None:
        return "lapsed"
    return "unresolved" if ticket.outcome in UNSOLVED else "resolved"


def draw_after_all(tx: Tx, ticket: Ticket) -> bool:
    """Calls somebody whom the lot had spared, because the week owes its stratum more."""
    task = calls.of_round(tx.session, ticket)
    if task is None or task.state is not CallState.SPARED or ticket.state not in ENDED:
        return False
    _begin(tx, ticket, task, task.why)
    return True


def ask_why(tx: Tx, ticket: Ticket) -> None:
    """A low rating that came too late to have the matter taken up again: its giver is called, whatever the lot had said."""
    task = calls.of_round(tx.session, ticket)
    if task is not None and task.state is CallState.OPEN:
        return
    if task is None:
        task = CallBack(ticket=ticket, round=ticket.round, drawn_at=tx.now, attempts=0, contractor_id=ticket.contractor_id)
        task.stratum = sampling.stratum(ticket.contractor_id, ticket.group, "low")
        tx.session.add(task)
    if task.why != "low":  # once
        _begin(tx, ticket, task, "low")


def _begin(tx: Tx, ticket: Ticket, task: CallBack, why: str) -> None:
    task.why, task.state, task.next_at, task.ended_at = why, CallState.OPEN, tx.now, None
    act(tx, ticket, "callback", SYSTEM, {"why": why}, cause=f"callback:{ticket.id}:{ticket.round}:{why}:late")
