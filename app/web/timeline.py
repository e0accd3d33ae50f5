"""A ticket's history as its reader sees it: one line an act, with what was given put into words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from app.evidence import STAGES
from app.hotline import Tx
from app.tickets import privacy
from app.tickets.followup import CALL_OUTCOMES, CALL_REASONS
from app.tickets.lifecycle import RULES, Actor, Role
from app.tickets.model import Ticket, TicketEvent
from app.tickets.reading import CONTRACTOR_READS as CONTRACTOR_READS
from app.tickets.reading import EVALUATOR_READS, clock_concerns, contractor_reads
from app.web import views


@dataclass(frozen=True, slots=True)
class PhotoView:
    """A picture beside a line: ``taken`` is when the camera says it was."""

    id: int
    stage: str
    taken: str


@dataclass(frozen=True, slots=True)
class StepView:
    """One line of a timeline."""

    at: str
    title: str
    by: str
    text: str
    tone: str
    photos: tuple[PhotoView, ...] = ()


def pictures_of(tx: Tx, event: TicketEvent) -> tuple[PhotoView, ...]:
    """The pictures that an act carried."""
    return tuple(
        PhotoView(one["id"], STAGES.get(one["stage"], ""), _spelled(tx, one["taken_at"]) if one.get("taken_at") else "")
        for one in event.details.get("photos") or ()
    )


RESIDENT_SEES = ("progress", "resolve")  # of the pictures


def pictures_told(tx: Tx, ticket: Ticket, events: Sequence[TicketEvent], viewer: Actor) -> set[int]:
    """The numbers of the pictures of those acts that a contractor, or the resident, reads of."""
    resident = viewer.role is Role.RESIDENT
    read = (
        one
        for one in (events if resident else shown(ticket, list(events), viewer))
        if not resident or one.action in RESIDENT_SEES
    )
    return {picture.id for event in read for picture in pictures_of(tx, event)}


def steps(tx: Tx, ticket: Ticket, events: list[TicketEvent], viewer: Actor) -> list[StepView]:
    """The whole history for staff, newest first; outside the house only what concerns the reader, and not who complains."""
    return [_step(tx, ticket, event, viewer) for event in reversed(shown(ticket, events, viewer))]


def shown(ticket: Ticket, events: list[TicketEvent], viewer: Actor) -> list[TicketEvent]:
    """The acts that this viewer may know of: a contractor no internal notes of others, nor what is none of its business."""
    match viewer.role:
        case Role.CONTRACTOR:
            return [event for event in events if contractor_reads(ticket, event, viewer)]
        case Role.EVALUATOR:
            return [event for event in events if event.action in EVALUATOR_READS and clock_concerns(ticket, event, viewer)]
    return events


def heard(tx: Tx, ticket: Ticket, event: TicketEvent, viewer: Actor, words: str) -> str:
    """Words of an act as this viewer may read them; of a ticket in confidence what may be the resident's is withheld."""
    if words and not privacy.hears(viewer, ticket, event.action, event.by_role):
        return privacy.AWAITED
    return views.readable(tx, ticket, viewer, words)


def _step(tx: Tx, ticket: Ticket, event: TicketEvent, viewer: Actor) -> StepView:
    rule = RULES.get(event.action)
    by_resident = event.by_role is Role.RESIDENT
    return StepView(
        at=tx.hotline.spell(event.at),
        title=rule.name if rule else event.action,
        by="诉求人" if by_resident else views.named(viewer, event.by_role, event.by_name),
        text=heard(tx, ticket, event, viewer, _told(tx, event)),
        tone={"breach": "red", "escalate": "red", "alarm": "red", "remind": "amber", "resolve": "green"}.get(event.action, ""),
        photos=pictures_of(tx, event),
    )


def _told(tx: Tx, event: TicketEvent) -> str:
    """The words of an event: what was given with it, put so that a person can read it."""
    details = event.details
    names = tx.hotline.knowledge(tx.session).snapshot
    match event.action:
        case "dispatch":
            return _whom("派", names.contractors.get(int(details["contractor"]), "承接主体"), details)
        case "refer":
            return _whom("转", names.purchasers.get(int(details["purchaser"]), "主管部门"), details)
        case "classify":
            leaf = tx.hotline.policy.taxonomy.leaves.get(str(details["leaf"]))
            changed = f"改为{leaf.code}{leaf.name}" if leaf else str(details["leaf"])
            return f"{changed}，并确认解除保密" if details.get("unseal") else changed
        case "rate":
            return rated(details)
        case "reject":
            return f"{details.get('reason', '')}；建议向{details.get('refer', '')}反映"
        case "hold":
            return f"{details.get('reason', '')}；预计{details.get('until', '')}恢复"
        case "remind" | "breach" | "escalate":
            return f"{details.get('target_name', '')}期限 {details.get('due', '')} {details.get('level_name', '')}".strip()
        case "alarm":
            return str(details.get("why", ""))
        case "accept":
            return f"预约：{details.get('eta', '')}"
        case "ask_return":
            return f"{details['code_name']}：{details['reason']}"
        case "ask_closure":
            return f"以“{details['outcome_name']}”结束：{details['reason']}"
        case "appeal":
            return f"对第 {details['round']} 次办理的评价：{details['reason']}"
        case "assist":
            return f"请{names.contractors.get(int(details['helper']), '承接主体')}协办：{details['text']}"
        case "supervise":
            return f"{details['document']} {details['level_name']}：{details['text']}"
        case "split":
            return f"拆出 {details['part']}：{details.get('text', '')}"
        case "call":
            return " ".join(
                part for part in (CALL_OUTCOMES.get(str(details["outcome"]), ""), str(details.get("text", ""))) if part
            )
        case "callback":
            return CALL_REASONS.get(str(details["why"]), "")
        case "petition":
            return f"希望延到 {_spelled(tx, details['wanted_at'])}：{details['reason']}"
        case "grant":
            return f"延到 {_spelled(tx, details['deadline_at'])}：{details['reason']}"
        case "override":
            return f"{details['target_name']}改为 {_spelled(tx, details['deadline_at'])}：{details['reason']}"
        case "merge" | "join":
            return f"并入 {details.get('into', '')}"
    return str(details.get("text") or details.get("reason") or details.get("why") or "")


def _spelled(tx: Tx, at: str) -> str:
    return tx.hotline.spell(datetime.fromisoformat(at))


def _whom(verb: str, name: str, details: Mapping[str, object]) -> str:
    why = str(details.get("why", ""))
    return why if name in why else f"{verb}{name}" + (f"（{why}）" if why else "")


def rated(details: Mapping[str, object]) -> str:
    """A rating in words: 满意，已解决."""
    words = [views.GRADES.get(int(str(details.get("satisfied", 0))), "")]
    for key, yes, no in (("solved", "已解决", "未解决"), ("responded", "响应及时", "响应不及时")):
        if details.get(key) is not None:
            words.append(yes if details[key] else no)
    return "，".join(word for word in [*words, str(details.get("reason") or "")] if word)
