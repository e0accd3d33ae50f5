"""What a resident says at their ticket's page of the work done: a rating, 确认解决 in one tap, or that it is not solved."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import BaseModel

from app import feedback
from app.errors import BadInput, HotlineError
from app.hotline import Tx
from app.merging import survivor
from app.store import lineage
from app.store import tickets as store
from app.tickets.lifecycle import State
from app.tickets.model import Ticket
from app.web.guards import TheHotline, follower
from app.web.resident import show

router = APIRouter(include_in_schema=False)


class RatingGiven(BaseModel):
    """Nothing is preselected, so nothing is taken for granted: what was not ticked is not known."""

    satisfied: str = ""
    solved: str = ""
    responded: str = ""
    why: str = ""
    reason: str = ""
    part: str = ""  # the number of the part that is rated, where the matter has parts
    round: str = ""  # which round the page showed: a form sent twice, or late, speaks of that one


@router.post("/h5/t/{number}/rating")
def rate(request: Request, hotline: TheHotline, number: str, given: Annotated[RatingGiven, Form()]) -> Response:
    """The resident's word on how it was handled; a low grade opens a new round."""
    who = follower(request, number)
    request.state.typed = given.model_dump()
    answers = {"yes": True, "no": False}
    reason = "；".join(word for word in (given.why.strip()[:50], given.reason.strip()[: feedback.LONGEST]) if word)
    try:
        if given.satisfied not in ("1", "2", "3", "4", "5") or given.solved not in answers:
            raise BadInput("请选择是否解决和满意度", cure="两项都选好后再提交")
        said = feedback.Answers(int(given.satisfied), answers[given.solved], answers.get(given.responded), reason)
        said.complete()
        turn = int(given.round) if given.round.isascii() and given.round.isdigit() and len(given.round) < 7 else None
        with hotline.tx() as tx:
            found = _rated(tx, survivor(tx, store.by_number(tx.session, number, who, to_act=True)), given.part)
            seq, before = found.seq, found.round
            feedback.rate(tx, found, said, via="webform", turn=turn)
            done = "again" if found.round > before or (turn or before) < before else "late" if said.low else "rating"
            if found.seq == seq and store.rating_of(tx.session, found, turn) is None:
                done = "over"
    except HotlineError as refused:
        return show(request, hotline, who, number, error=refused)
    return RedirectResponse(f"/h5/t/{number}?done={done}", 303)


@router.post("/h5/t/{number}/confirmation")
def confirm(request: Request, hotline: TheHotline, number: str) -> Response:
    """One tap: it is solved. Tapped twice it is said once."""
    who = follower(request, number)
    request.state.typed = {}
    try:
        with hotline.tx() as tx:
            found = survivor(tx, store.by_number(tx.session, number, who, to_act=True))
            last = store.last_event(tx.session, found, "confirm")
            if last is None or last.seq != found.seq:
                feedback.confirm(tx, found)
    except HotlineError as refused:
        return show(request, hotline, who, number, error=refused)
    return RedirectResponse(f"/h5/t/{number}?done=confirmation", 303)


@router.post("/h5/t/{number}/contest")
def contest(
    request: Request, hotline: TheHotline, number: str, objection: Annotated[str, Form()] = "", round: Annotated[str, Form()] = ""
) -> Response:
    """It is not solved, and why: a new round. Sent twice it is one objection."""
    who = follower(request, number)
    request.state.typed = {"objection": objection}
    try:
        with hotline.tx() as tx:
            found = survivor(tx, store.by_number(tx.session, number, who, to_act=True))
            if not (found.state is State.IN_PROGRESS and round == str(found.round - 1)):
                feedback.contest(tx, found, objection)
    except HotlineError as refused:
        return show(request, hotline, who, number, error=refused)
    return RedirectResponse(f"/h5/t/{number}?done=contest", 303)


def _rated(tx: Tx, ticket: Ticket, number: str) -> Ticket:
    """The part of that number, or the whole where none is named. Raises BadInput for a number that is none of its parts'."""
    parts = lineage.parts_of(tx.session, ticket) if number else []
    found = next((part for part in parts if part.number == number), None)
    if number and found is None:
        raise BadInput("没有这个分办事项", cure="请刷新页面后重新评价")
    return found or ticket
