"""/api/v1, what is done: every act that a form of ours offers, each at its noun, with a body made from that very form.

A page and a program share one reading of what was given (``acts.details``) and one way to do it (``case.carry_out``).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import Body, Path, Response
from pydantic import BaseModel
from sqlalchemy.orm.exc import StaleDataError

from app.errors import BadInput, Conflict
from app.hotline import Hotline, Tx
from app.store import tickets as store
from app.tickets.lifecycle import ROLE_NAMES, RULES, STATE_NAMES, Actor, Role, Rule, State
from app.tickets.model import Ticket
from app.web import acts, case, programs
from app.web.api_bodies import asked_by, body_of, example_of, given_by, needs_nothing
from app.web.api_views import seen_as, standing, ticket_view
from app.web.forms import FORMS, ActForm
from app.web.guards import TheHotline
from app.web.once import Asked, Once, answer_once
from app.web.programs import CONFLICT, NUMBER, Viewer
from app.web.shapes import TicketView

router = programs.router()
BY_TOKEN = (Role.AGENT, Role.CONTRACTOR, Role.SUPERVISOR, Role.ADMIN, Role.EVALUATOR)  # roles that a token may have


def do(hotline: Hotline, viewer: Actor, asked: Asked, number: str, action: str, body: BaseModel | None) -> Response:
    """One act; answers with the ticket as it is then. Raises what the act raises; a Conflict tells how the ticket stands."""
    given = given_by(body)
    told = case.understood(hotline, given.text) if action == "append" and given.text.strip() else None
    seen = given.seen

    def work(tx: Tx) -> tuple[int, BaseModel]:
        ticket = store.by_number(tx.session, number, viewer)
        _asked_for(tx, ticket, viewer, action, body)
        here = given.model_copy(update={"seen": seen_as(tx, ticket, viewer, seen)})
        case.carry_out(tx, ticket, viewer, action, here, told)
        return 200, ticket_view(tx, ticket, viewer)

    try:
        return answer_once(hotline, asked, work)
    except Conflict as lost:
        raise _with_standing(hotline, viewer, number, seen, lost) from None
    except StaleDataError:
        raise _with_standing(hotline, viewer, number, seen, case.collided(number)) from None


def _asked_for(tx: Tx, ticket: Ticket, viewer: Actor, action: str, body: BaseModel | None) -> None:
    """Nothing is overlooked in silence: what the form does not ask this person on this ticket is refused. Raises BadInput."""
    asked = {field.name for field in acts.form_of(tx, action, ticket, viewer).fields} | {"seen"}
    given = body.model_dump(exclude_none=True) if body is not None else {}
    for name in given.keys() - asked:
        raise BadInput(f"“{name}”在这里不适用", cure="请去掉这一项后重试", field=name)


def _with_standing(hotline: Hotline, viewer: Actor, number: str, seen: int, lost: Conflict) -> Conflict:
    with hotline.look() as tx:
        lost.members = standing(tx, store.by_number(tx.session, number, viewer), viewer, seen)
    return lost


def as_markdown() -> str:
    """The acts as app/docs/api.md shows them."""
    lines = ["| POST /tickets/{number}/… | 动作 | 谁可以 | 必填 | 可填 |", "|---|---|---|---|---|"]
    for action, form in FORMS.items():
        rule, asked = RULES[action], [field.name for field in asked_by(action, form)]
        roles = "、".join(ROLE_NAMES[role] for role in BY_TOKEN if role in rule.roles)
        needed = " ".join(f"`{name}`" for name in asked if name in rule.needs)
        free = " ".join(f"`{name}`" for name in asked if name not in rule.needs)
        lines.append(f"| `{form.noun}` | {rule.name} | {roles} | {needed or '—'} | {free or '—'} |")
    return "\n".join(lines)


def _states(states: frozenset[State | None]) -> str:
    return "、".join(STATE_NAMES[state] for state in State if state in states)


def _described(rule: Rule, form: ActForm) -> str:
    """The row of the table in words."""
    to = STATE_NAMES[rule.target] if rule.target is not None else "不变"
    if rule.at_desk is not rule.target and rule.at_desk is not None:
        to += f"（坐席自办的：{STATE_NAMES[rule.at_desk]}）"
    lines = [
        f"谁可以：{'、'.join(ROLE_NAMES[role] for role in BY_TOKEN if role in rule.roles)}",
        f"工单状态：{_states(rule.sources)} → {to}",
        *([f"说明：{form.hint}"] if form.hint else []),
        "答复：办理之后的工单。seen 之后别人作过决定的，答 409，什么都不改。",
    ]
    return "\n\n".join(lines)


def _endpoint(action: str, form: ActForm) -> Callable[..., Response]:
    """The route of one act. Its body is declared here, because no two acts ask the same."""
    shape: Any = body_of(action, form)
    shown: Any = {"example": {"summary": form.button, "value": example_of(action, form)}}
    default: Any = Body(openapi_examples=shown)
    if needs_nothing(action, form):
        shape = shape | None
        default = Body(default=None, description="可以不带正文", openapi_examples=shown)

    def endpoint(hotline: Any, viewer: Any, asked: Any, number: Any, given: Any = default) -> Response:
        return do(hotline, viewer, asked, number, action, given)

    endpoint.__name__ = action
    endpoint.__annotations__ = {
        "hotline": TheHotline,
        "viewer": Viewer,
        "asked": Once,
        "number": Annotated[str, Path(description="工单号", examples=[NUMBER])],
        "given": shape,
        "return": Response,
    }
    return endpoint


for _action, _form in FORMS.items():
    router.add_api_route(
        f"/tickets/{{number}}/{_form.noun}",
        _endpoint(_action, _form),
        methods=["POST"],
        response_model=TicketView,
        responses=CONFLICT,
        summary=f"{RULES[_action].name}：{_form.button}" if RULES[_action].name != _form.button else _form.button,
        description=_described(RULES[_action], _form),
        operation_id=_action,
        tags=["acts"],
        openapi_extra={"x-action": _action, "x-roles": [str(role) for role in BY_TOKEN if role in RULES[_action].roles]},
    )
