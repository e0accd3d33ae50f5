"""A ticket as JSON, with all that hangs on it, as this viewer may see it: one rule for lists, single tickets, answers to acts
and refusals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from app.hotline import Tx
from app.register.snapshot import Snapshot
from app.store import register as register_store
from app.store import tickets as store
from app.tickets import petitions
from app.tickets.followup import Rating
from app.tickets.lifecycle import STATE_NAMES, Actor, Handler, Role
from app.tickets.model import Duty, Petition, Supervision, Ticket, TicketEvent, Timer
from app.tickets.privacy import outsider, reads_message, sees_dwelling, sees_person
from app.web import timeline
from app.web.shapes import (
    DutyView,
    EventView,
    MessageView,
    PetitionView,
    PlaceView,
    RatingView,
    SupervisionView,
    TicketView,
    TimerView,
)
from app.web.views import complaint, concerns, named, readable


def ticket_views(tx: Tx, tickets: Sequence[Ticket], viewer: Actor) -> list[TicketView]:
    """Tickets with all that hangs on them, as this viewer may see it."""
    contracts = register_store.contract_numbers(tx.session, [t.contract_id for t in tickets if t.contract_id])
    pasts = store.histories(tx.session, tickets)
    return [_with_past(tx, ticket, viewer, _ticket(tx, ticket, viewer, contracts), pasts[ticket.id]) for ticket in tickets]


def ticket_view(tx: Tx, ticket: Ticket, viewer: Actor) -> TicketView:
    """One ticket, also in the transaction that has just changed it."""
    tx.session.flush()
    return ticket_views(tx, [ticket], viewer)[0]


def standing(tx: Tx, ticket: Ticket, viewer: Actor, seen: int) -> dict[str, Any]:
    """How a ticket stands, and what has happened since the viewer's event ``seen``: what a program that was too late is told.
    Nothing is told as new to a program that did not say what it had seen."""
    events = event_views(tx, ticket, store.history(tx.session, ticket).events, viewer)
    later = [event.model_dump(mode="json", by_alias=True) for event in events if 0 < seen < event.seq]
    state = ticket.state
    return {
        "number": ticket.number,
        "state": str(state),
        "state_name": STATE_NAMES[state],
        "seq": len(events),
        "meanwhile": later,
    }


def event_views(tx: Tx, ticket: Ticket, events: Sequence[TicketEvent], viewer: Actor) -> list[EventView]:
    """The acts that the viewer's page shows, numbered among themselves: what is not shown leaves no gap."""
    outside = outsider(viewer)
    shown = [(event, step) for event in events for step in timeline.steps(tx, ticket, [event], viewer)]
    return [
        EventView(
            seq=number,
            at=event.at,
            action=event.action,
            by="" if outside and event.by_role is Role.RESIDENT else named(viewer, event.by_role, event.by_name),
            role=event.by_role,
            from_state=event.from_state,
            to_state=event.to_state,
            details={} if outside else event.details,
            words=step.text,
        )
        for number, (event, step) in enumerate(shown, start=1)
    ]


def seen_as(tx: Tx, ticket: Ticket, viewer: Actor, seen: int) -> int:
    """The ticket's own number of the event that is the viewer's ``seen``-th; 0 for none, the last for more than there are."""
    events = store.history(tx.session, ticket).events if seen > 0 else []
    shown = [event.seq for event in events if timeline.steps(tx, ticket, [event], viewer)]
    return shown[min(seen, len(shown)) - 1] if shown else 0


def _with_past(tx: Tx, ticket: Ticket, viewer: Actor, view: TicketView, past: store.History) -> TicketView:
    outside = outsider(viewer)
    view.external_ids = [] if outside else past.external_ids  # some platforms' ids hold the sender's
    view.events = event_views(tx, ticket, past.events, viewer)
    view.seq = len(view.events)
    view.messages = [
        MessageView(
            at=said.at,
            by="" if outside and said.by_role is Role.RESIDENT else named(viewer, said.by_role, said.by_name),
            channel=said.channel,
            kind=said.kind,
            text=readable(tx, ticket, viewer, said.text),
            internal=not said.audience,
        )
        for said in past.messages
        if reads_message(viewer, ticket, said.by_role, said.audience)
    ]
    last = past.ratings[-1] if past.ratings else None
    if last is not None:
        view.rating = {
            "round": last.round,
            "at": last.at.isoformat(),
            "via": last.via,
            "responded": last.responded,
            "solved": last.solved,
            "satisfied": last.satisfied,
            "reason": "" if outside else last.reason,
        }
    view.ratings = [_rating(ticket, one, outside) for one in past.ratings if _theirs(viewer, one.contractor_id, unknown=True)]
    return view


def _theirs(viewer: Actor, contractor_id: int | None, *, unknown: bool = False) -> bool:
    """Whether something that is about one contractor may be shown: to another contractor never."""
    return viewer.role is not Role.CONTRACTOR or contractor_id == viewer.org or (unknown and contractor_id is None)


def _ticket(tx: Tx, ticket: Ticket, viewer: Actor, contracts: dict[int, str]) -> TicketView:
    names = tx.hotline.knowledge(tx.session).snapshot
    estates = names.register.estates
    dwelling = sees_dwelling(viewer, ticket)
    outside = outsider(viewer)
    return TicketView(
        number=ticket.number,
        state=ticket.state,
        channel=ticket.channel,
        sender=ticket.sender if sees_person(viewer, ticket) and not outside else "",
        created_at=ticket.created_at,
        text=complaint(tx, ticket, viewer),
        leaf=ticket.leaf,
        group=ticket.group,
        confidence=ticket.confidence,
        request_type=ticket.request_type,
        urgency=ticket.urgency,
        emergencies=ticket.emergencies,
        confidential=ticket.confidential,
        place=PlaceView(
            estate=estates[str(ticket.estate_id)].name if ticket.estate_id else None,
            building=ticket.building or None,
            unit=(ticket.unit if dwelling else "") or None,
            room=(ticket.room if dwelling else "") or None,
            said=readable(tx, ticket, viewer, ticket.place_text) if dwelling else "",
        ),
        contractor=names.contractors.get(ticket.contractor_id) if ticket.contractor_id else None,
        contract=contracts.get(ticket.contract_id) if ticket.contract_id else None,
        purchaser=names.purchasers.get(ticket.purchaser_id) if ticket.purchaser_id else None,
        why="" if outside else ticket.assigned_why,
        level=ticket.level,
        round=ticket.round,
        timers=[_timer(timer) for timer in ticket.timers if concerns(timer, viewer)],
        # That a ticket is a part of another is not a contractor's to know, nor who else had it before.
        public_number=ticket.number if outside else ticket.public_number,
        outcome=ticket.outcome,
        reviewed_at=ticket.reviewed_at,
        binding=ticket.binding,
        returns=None if outside else ticket.returns,
        moves=None if outside else ticket.moves,
        petitions=[_petition(one) for one in ticket.petitions if _theirs(viewer, one.contractor_id)],
        duties=[_duty(one, names) for one in ticket.duties if _concerned(ticket, one, viewer)],
        supervisions=[_supervision(one) for one in ticket.supervisions if _addressed(one, viewer)],
    )


def _timer(timer: Timer) -> TimerView:
    return TimerView(
        target=timer.target,
        name=timer.name,
        budget=timer.budget,
        started_at=timer.started_at,
        due_at=timer.due_at,
        paused_at=timer.paused_at,
        stopped_at=timer.stopped_at,
        breached_at=timer.breached_at,
        round=timer.round,
        provisional=timer.provisional,
        party=timer.party,
        cancelled=timer.cancelled,
        version=timer.version,
    )


def _petition(one: Petition) -> PetitionView:
    return PetitionView(
        kind=one.kind,
        code=one.code,
        state=one.state,
        round=one.round,
        asked_at=one.asked_at,
        asked_by=one.asked_by,
        reason=one.reason,
        wanted=one.wanted,
        decided_at=one.decided_at,
        decided_by=one.decided_by,
        decision=one.decision,
    )


def _concerned(ticket: Ticket, duty: Duty, viewer: Actor) -> bool:
    """Whoever leads sees who assists; whoever assists sees its own part."""
    return _theirs(viewer, duty.contractor_id) or ticket.contractor_id == viewer.org


def _duty(duty: Duty, names: Snapshot) -> DutyView:
    return DutyView(
        helper=names.contractors.get(duty.contractor_id, ""),
        task=duty.task,
        asked_at=duty.asked_at,
        done_at=duty.done_at,
        result=duty.result,
        withdrawn_at=duty.withdrawn_at,
    )


def _addressed(order: Supervision, viewer: Actor) -> bool:
    return viewer.role is not Role.CONTRACTOR or (order.to_handler == Handler.CONTRACTOR and order.to_org == viewer.org)


def _supervision(order: Supervision) -> SupervisionView:
    return SupervisionView(
        number=order.number,
        level=order.level,
        demand=order.demand,
        to=order.to_name,
        issued_at=order.issued_at,
        issued_by=order.issued_by,
        answered_at=order.answered_at,
        answer=order.answer,
    )


def _rating(ticket: Ticket, one: Rating, outside: bool) -> RatingView:
    return RatingView(
        round=one.round,
        at=one.at,
        via=one.via,
        responded=one.responded,
        solved=one.solved,
        satisfied=one.satisfied,
        reason="" if outside else one.reason,
        counts=not petitions.voided(ticket, one.round),
    )
