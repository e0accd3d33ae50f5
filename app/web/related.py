"""What stands beside a ticket: who assists, what was asked for and how it was decided, orders 督办单, how often it was moved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from app import naming
from app.hotline import Tx
from app.store.board import SHUFFLED
from app.tickets import privacy
from app.tickets.lifecycle import Actor, Handler, Role
from app.tickets.model import Duty, Petition, PetitionState, Supervision, Ticket
from app.tickets.petitions import EXTENSION, KINDS, OUTCOMES, RETURN, RETURN_CODES
from app.tickets.terms import SUPERVISIONS
from app.web import views

DECIDED: Mapping[PetitionState, tuple[str, str]] = {
    PetitionState.OPEN: ("待裁决", "amber"),
    PetitionState.GRANTED: ("已同意", "green"),
    PetitionState.DENIED: ("已驳回", "red"),
    PetitionState.MOOT: ("已不必裁决", "grey"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """One duty, petition or order: what it is, how it stands, what was said to and fro, and where it is printed."""

    title: str
    state: str
    tone: str
    at: str
    words: str
    answer: str
    link: str = ""


@dataclass(frozen=True, slots=True)
class RelatedView:
    flags: list[str]
    duties: list[Line]
    petitions: list[Line]
    supervisions: list[Line]


def related(tx: Tx, ticket: Ticket, viewer: Actor, root: str) -> RelatedView:
    """What of it concerns this viewer; ``root`` is where the viewer's pages live."""
    contractor = viewer.role is Role.CONTRACTOR
    leads = not contractor or privacy.leads(viewer, ticket)
    return RelatedView(
        flags=_flags(ticket, leads),
        duties=[_duty(tx, ticket, viewer, one) for one in ticket.duties if leads or one.contractor_id == viewer.org],
        petitions=[
            _petition(tx, ticket, viewer, one)
            for one in ticket.petitions
            if not contractor or (leads and one.contractor_id == viewer.org)
        ],
        supervisions=[_order(tx, ticket, viewer, one, root) for one in ticket.supervisions if reads_order(viewer, one)],
    )


def _flags(ticket: Ticket, leads: bool) -> list[str]:
    """What is special about whose it is; it does not concern whoever only assists."""
    if not leads:
        return ["贵单位协办，主办单位对整件事负责"]
    shuffled = f"已改派 {ticket.moves} 次" if ticket.moves >= SHUFFLED else ""
    returned = f"退单 {ticket.returns} 次" if ticket.returns else ""
    binding = "指定承办，不能再退单" if ticket.binding else ""
    excluded = "不计入考核" if ticket.excluded_at is not None else ""
    return [word for word in (binding, returned, shuffled, excluded) if word]


def reads_order(viewer: Actor, order: Supervision) -> bool:
    """A contractor reads the orders that went to itself."""
    if viewer.role is not Role.CONTRACTOR:
        return not privacy.outsider(viewer)
    return order.to_handler == Handler.CONTRACTOR and order.to_org == viewer.org


def _duty(tx: Tx, ticket: Ticket, viewer: Actor, one: Duty) -> Line:
    state, tone = ("待完成", "amber") if one.open else ("已完成", "green") if one.done_at is not None else ("已撤销", "grey")
    return Line(
        title=f"请{naming.contractor_name(tx, one.contractor_id)}协办",
        state=state,
        tone=tone,
        at=tx.hotline.spell(one.asked_at),
        words=views.readable(tx, ticket, viewer, one.task),
        answer=views.readable(tx, ticket, viewer, one.result),
    )


def _petition(tx: Tx, ticket: Ticket, viewer: Actor, one: Petition) -> Line:
    state, tone = DECIDED[one.state]
    code = (RETURN_CODES if one.kind == RETURN else OUTCOMES).get(one.code, "")
    wanted = f"延到 {tx.hotline.spell(one.wanted)}" if one.kind == EXTENSION and one.wanted is not None else ""
    detail = "，".join(word for word in (code, wanted) if word)
    decided = f"{one.decided_by} {tx.hotline.spell(one.decided_at)}：{one.decision}" if one.decided_at and one.decision else ""
    return Line(
        title=f"申请{KINDS[one.kind]}" + (f"（{detail}）" if detail else ""),
        state=state,
        tone=tone,
        at=tx.hotline.spell(one.asked_at),
        words=views.readable(tx, ticket, viewer, one.reason),
        answer=views.readable(tx, ticket, viewer, decided),
    )


def _order(tx: Tx, ticket: Ticket, viewer: Actor, one: Supervision, root: str) -> Line:
    state, tone = ("已反馈", "green") if one.answered_at is not None else ("待反馈", "amber")
    return Line(
        title=f"{SUPERVISIONS[one.level]} {one.number}，致{one.to_name}",
        state=state,
        tone=tone,
        at=tx.hotline.spell(one.issued_at),
        words=views.readable(tx, ticket, viewer, one.demand),
        answer=views.readable(tx, ticket, viewer, one.answer),
        link=f"{root}/t/{ticket.number}/supervision/{one.id}",
    )
