"""Pictures of the work in the database: kept once a ticket, found by number, never moved to another ticket."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session, undefer

from app.errors import NotFound
from app.tickets.followup import Photo
from app.tickets.lifecycle import Actor
from app.tickets.model import Ticket, TicketEvent

ROUND_BEGINS = ("dispatch", "remand", "reopen")  # whoever does the work is set to it


def alike(session: Session, ticket: Ticket, sha256: str) -> Photo | None:
    """The same picture, where it is kept already. Until the transaction ends nobody else adds a picture to this ticket."""
    session.execute(select(Ticket.id).where(Ticket.id == ticket.id).with_for_update(key_share=True))
    return session.scalars(select(Photo).where(Photo.ticket_id == ticket.id, Photo.sha256 == sha256)).one_or_none()


def how_many(session: Session, ticket: Ticket) -> int:
    return session.scalar(select(func.count()).select_from(Photo).where(Photo.ticket_id == ticket.id)) or 0


def of_ticket(session: Session, ticket: Ticket) -> list[Photo]:
    """Every picture of a ticket, without its content, in the order they came."""
    return list(session.scalars(select(Photo).where(Photo.ticket_id == ticket.id).order_by(Photo.id)))


def numbered(session: Session, ticket: Ticket, numbers: Collection[int]) -> list[Photo]:
    """Those of them that are this ticket's."""
    wanted = select(Photo).where(Photo.ticket_id == ticket.id, Photo.id.in_(numbers))
    return list(session.scalars(wanted.order_by(Photo.id)))


def of_round(session: Session, ticket: Ticket, by: Actor) -> list[Photo]:
    """What this actor's organisation has sent in the present round."""
    wanted = select(Photo).where(Photo.ticket_id == ticket.id, Photo.round == ticket.round)
    return list(session.scalars(wanted.where(Photo.by_role == by.role, Photo.by_org == by.org).order_by(Photo.id)))


def whole(session: Session, ticket: Ticket, number: int) -> Photo:
    """One picture with its content. Raises NotFound, also for another ticket's."""
    wanted = select(Photo).where(Photo.ticket_id == ticket.id, Photo.id == number).options(undefer(Photo.content))
    found = session.scalars(wanted).one_or_none()
    if found is None:
        raise NotFound("没有找到这张照片")
    return found


def round_began(session: Session, ticket: Ticket) -> datetime | None:
    """When whoever does the work was last set to it."""
    began = select(func.max(TicketEvent.at)).where(TicketEvent.ticket_id == ticket.id, TicketEvent.action.in_(ROUND_BEGINS))
    return session.scalar(began)
