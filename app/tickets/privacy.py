"""Who may see which ticket, and what is masked: the rules, in one place.

Sources: 信访工作条例 art. 30 (a complaint is never passed to the party complained of); 个人信息保护法 art. 6 (no more than
needed).
"""

from __future__ import annotations

import re

from sqlalchemy import ColumnElement, and_, false, or_, true

from app.tickets.lifecycle import Actor, Handler, Role
from app.tickets.model import Ticket

_MOBILE = re.compile(r"(?:(?<!\d)|(?<=86))(1[3-9]\d)([-\s]?)\d{4}([-\s]?\d{4})(?!\d)")
_LANDLINE = re.compile(r"(?<!\d)(0\d{2,3}[-\s]?)[2-9]\d{4,5}(\d{2})(?!\d)")
_IDENTITY = re.compile(r"(?<!\d)(\d{6})\d{8}(\d{3}[\dXx])(?!\d)")


def visible_to(viewer: Actor) -> ColumnElement[bool]:
    """The condition under which a ticket exists for this viewer; used by every list, count, search and single look-up.

    A supervisor sees what belongs to their purchaser and those below it, and what belongs to none yet; one without a purchaser
    oversees the whole city (``register.people.check_org``) and sees everything.
    """
    match viewer.role:
        case Role.AGENT | Role.ADMIN | Role.SYSTEM:
            return true()
        case Role.SUPERVISOR if not viewer.org:
            return true()
        case Role.SUPERVISOR:
            return or_(Ticket.purchaser_id.in_(viewer.reach | {viewer.org}), Ticket.purchaser_id.is_(None))
        case Role.CONTRACTOR:
            return and_(Ticket.contractor_id == viewer.org, Ticket.handler == Handler.CONTRACTOR, Ticket.sealed.is_(False))
        case Role.RESIDENT:
            # Of a split matter the resident knows one ticket; its parts stand on that one's page.
            return and_(Ticket.resident_id == int(viewer.id), Ticket.parent_id.is_(None)) if viewer.id.isdigit() else false()
        case _:
            return false()


def sees_person(viewer: Actor, ticket: Ticket) -> bool:
    """Whether the viewer may know who complains: never a contractor where that is confidential, never a third party."""
    if viewer.role is Role.CONTRACTOR:
        return not ticket.confidential
    return viewer.role is not Role.EVALUATOR


def mask_phone(phone: str) -> str:
    """138****5678."""
    return _MOBILE.sub(r"\1\2****\3", phone) if _MOBILE.search(phone) else re.sub(r"\d(?=\d{2})", "*", phone)


def mask_name(name: str) -> str:
    """王*."""
    return name[:1] + "*" * (len(name) - 1)


def mask_text(text: str, name: str = "") -> str:
    """Phone and identity numbers inside free text, and the complainant's ``name``; everything else stays as it was said."""
    if len(name) > 1:
        text = text.replace(name, mask_name(name))
    return _LANDLINE.sub(r"\1*****\2", _MOBILE.sub(r"\1\2****\3", _IDENTITY.sub(r"\1********\2", text)))
