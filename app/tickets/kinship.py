"""Which tickets may be tied together: the rules of merging 并单 and of mass incidents 群体事件, in one place.

Each answers with one sentence and its cure when it may not be, with None when it may. Sources: 信访工作条例 art. 30 (no
complaint reaches whom it is about); lessons of systems in which replies reopened what had been merged.
"""

from __future__ import annotations

from app.tickets.lifecycle import SEALED_GROUPS, UNANSWERED, State
from app.tickets.model import Ticket

EMERGENCY = "U0"
Refusal = tuple[str, str]  # the sentence, its cure


def kept_from_contractors(ticket: Ticket) -> bool:
    """Whether its words are no contractor's, surely, or by a verdict that no person has looked at yet."""
    doubted = ticket.confidence < 1 and (ticket.verdict.get("reserved") or ticket.verdict.get("about_contractor"))
    return bool(ticket.sealed or ticket.group in SEALED_GROUPS or doubted)


def not_merged(ticket: Ticket, into: Ticket, *, split: bool) -> Refusal | None:
    """Why a ticket may not be merged into another one. ``split``: it has parts of its own."""
    if ticket.id == into.id:
        return "不能并入自己", "请填写另一张工单的编号"
    if into.state in (State.MERGED, State.REJECTED, State.CLOSED):
        gone = {State.MERGED: "已并入别的工单", State.REJECTED: "不予受理", State.CLOSED: "已归档"}[into.state]
        return f"工单 {into.number} {gone}，不能再并入", "请选择另一张在办的工单"
    if into.incident:
        return f"工单 {into.number} 是群体事件的主单", "请用“并入群体事件”"
    if ticket.parent_id is not None or split:
        return "拆过单的工单及其分办事项不能并单", "请分别办理各分办事项"
    if into.parent_id is not None:
        return f"工单 {into.number} 是拆出的分办事项", f"请并入总单 {into.public_number}"
    if not _same_complainant(ticket, into):
        return "两张工单不是同一诉求人或同一户的", "别家反映同一原因的，请用群体事件，每户分别答复、分别评价"
    return _mixed(ticket, into)


def not_joined(ticket: Ticket, incident: Ticket, *, split: bool) -> Refusal | None:
    """Why a ticket may not go with a mass incident."""
    if not incident.incident:
        return f"工单 {incident.number} 不是群体事件的主单", "请从群体事件列表中选择，或先建立群体事件"
    if incident.state not in UNANSWERED:
        return f"群体事件 {incident.number} 已办结，不能再并入", "请单独办理，或建立新的群体事件"
    if split:
        return "拆过单的工单不能整张并入群体事件", "请把对应的分办事项并入"
    return _mixed(ticket, incident)


def _mixed(ticket: Ticket, other: Ticket) -> Refusal | None:
    """What would show a contractor words that are none of its business, or hide an emergency behind what is none."""
    if kept_from_contractors(ticket) and not other.sealed:
        return "涉承接主体或政府保留事项的工单，不能并入承接主体看得到的工单", "请单独办理"
    pressing, other_pressing = (one.urgency == EMERGENCY and one.state in UNANSWERED for one in (ticket, other))
    if pressing and not other_pressing:
        return "应急工单不能并入非应急的工单", "请先处置险情；排除后改类别再并"
    return None


def _same_complainant(one: Ticket, other: Ticket) -> bool:
    """The same resident, the same telephone, or the same dwelling."""
    if one.resident_id == other.resident_id:
        return one.resident_id is not None
    phones = [ticket.resident.phone for ticket in (one, other) if ticket.resident is not None]
    if len(phones) == 2 and phones[0] and phones[0] == phones[1]:
        return True
    dwellings = [(ticket.estate_id, ticket.building, ticket.unit, ticket.room) for ticket in (one, other)]
    known = dwellings[0][0] is not None and dwellings[0][1] != "" and dwellings[0][3] != ""
    return known and dwellings[0] == dwellings[1]
