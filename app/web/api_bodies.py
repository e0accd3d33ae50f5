"""The body of each act as other programs are promised it: made from the act's form and the table's needs, so that neither can
drift from the pages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, StrictBool, StrictInt, StringConstraints, create_model, model_validator
from pydantic import Field as Described
from pydantic_core import PydanticCustomError

from app.tickets import petitions, pictures
from app.tickets.lifecycle import RULES
from app.tickets.terms import SUPERVISIONS
from app.web.acts import LONGEST
from app.web.forms import UNSEAL, ActForm, Field, Given

MOST_NAMED = 20  # emergencies in one alarm
Words = Annotated[str, StringConstraints(strict=True, min_length=1, max_length=LONGEST)]
Short = Annotated[str, StringConstraints(strict=True, min_length=1, max_length=200)]
Seen = Annotated[StrictInt, Described(ge=0, le=2**53)]
Photos = Annotated[list[Annotated[StrictInt, Described(ge=1)]], Described(max_length=pictures.MOST)]
Party = StrictInt | Short
# What may stand in a field by what the form offers there; a form of words takes words.
SHAPES: Mapping[str, Any] = {
    "contractors": Party,
    "helpers": Party,
    "purchasers": Party,
    "rated_rounds": Annotated[StrictInt, Described(ge=1, le=10**6)],
    "levels": Literal[tuple(SUPERVISIONS)],
    "return_codes": Literal[tuple(petitions.RETURN_CODES)],
    "closures": Literal[petitions.UNSOLVED],
    "emergencies": Short | Annotated[list[Short], Described(min_length=1, max_length=MOST_NAMED)],
}
KINDS: Mapping[str, Any] = {"area": Words, "line": Words, "moment": Short, "choice": Short, "tick": StrictBool}
MOMENT = "带时区的时间，例如 2026-12-01T10:00:00+08:00；不写时区即当地时间"
NOTES: Mapping[str, str] = {
    "contractors": "编号或名称，见 GET /contractors；名称写一部分也行，只要只有一家符合",
    "helpers": "编号或名称，见工单的 duties",
    "purchasers": "编号或名称",
    "leaves": "类别代码，见 GET /categories",
    "clocks": "时限项，见工单的 timers[].target，须是在走的",
    "levels": "、".join(f"{level} {word}" for level, word in SUPERVISIONS.items()),
    "return_codes": "、".join(f"{code} {word}" for code, word in petitions.RETURN_CODES.items()),
    "closures": "、".join(f"{code} {petitions.OUTCOMES[code]}" for code in petitions.UNSOLVED),
    "rated_rounds": "第几次办理，见工单的 ratings[].round",
    "emergencies": "应急类别代码，一个或几个，见 GET /categories 里 E 组",
}
EXAMPLES: Mapping[str, Any] = {
    "contractor": "云州匠修建筑服务有限公司",
    "helper": "云州匠修建筑服务有限公司",
    "purchaser": 1,
    "leaf": "C06",
    "codes": ["E03"],
    "target": "resolve",
    "level": 2,
    "round": 1,
    "code": "place",
    "outcome": "unfounded",
    "eta": "2026-12-01T10:00:00+08:00",
    "until": "2026-12-03T17:30:00+08:00",
    "wanted": "2026-12-03T17:30:00+08:00",
    "deadline": "2026-12-03T17:30:00+08:00",
    "into": "GZ202611230000026",
    "refer": "城管 12319",
}
SENTENCES: Mapping[str, str] = {"text": "已更换 3 栋楼道灯，现场试亮正常", "reason": "配件须从外地调运"}


class ActBody(BaseModel):
    """What every act may carry; nothing else than what it names."""

    model_config = ConfigDict(extra="forbid")
    seen: Seen = Described(default=0, description="调用方读到的最后一条流转记录的序号（工单的 seq）；之后别人作过决定的，答 409")

    @model_validator(mode="before")
    @classmethod
    def _keepable(cls, given: Any) -> Any:
        """No text of ours holds a NUL, and PostgreSQL takes none."""
        return without_nul(given)


def without_nul(given: Any) -> Any:
    if isinstance(given, dict) and any("\0" in str(value) for value in given.values()):
        raise PydanticCustomError("nul", "NUL")
    return given


def asked_by(action: str, form: ActForm) -> tuple[Field, ...]:
    """The fields of the form that a program may send; a supervisor may open a sealed ticket with its category."""
    known = tuple(field for field in form.fields if field.kind in KINDS)
    return (*known, UNSEAL) if action == "classify" else known


def body_of(action: str, form: ActForm) -> type[ActBody]:
    """The shape of one act's body."""
    shapes: dict[str, Any] = {}
    for field in asked_by(action, form):
        kind = SHAPES.get(field.choices, KINDS[field.kind])
        needed = field.name in RULES[action].needs
        described = _description(field)
        shapes[field.name] = (
            (kind, Described(description=described)) if needed else (kind | None, Described(default=None, description=described))
        )
    if form.pictured:
        shapes["photos"] = (Photos, Described(default=[], description="照片的编号，见 POST …/photos"))
    name = "".join(word.capitalize() for word in form.noun.split("-")) + "Body"
    made = create_model(name, __base__=ActBody, __doc__=f"{form.button}。", **shapes)
    made.model_config = {**made.model_config, "json_schema_extra": {"examples": [example_of(action, form)]}}
    made.model_rebuild(force=True)
    return made


def _description(field: Field) -> str:
    parts = (field.label, field.hint, NOTES.get(field.choices, ""), MOMENT if field.kind == "moment" else "")
    return "；".join(part for part in parts if part)


def example_of(action: str, form: ActForm) -> dict[str, Any]:
    """A body that the act takes."""
    needed = [field for field in asked_by(action, form) if field.name in RULES[action].needs]
    values = {field.name: EXAMPLES.get(field.name) or SENTENCES.get(field.name, "说明") for field in needed}
    return {**values, "seen": 5}


def needs_nothing(action: str, form: ActForm) -> bool:
    return not any(field.name in RULES[action].needs for field in asked_by(action, form))


def given_by(body: BaseModel | None) -> Given:
    """The body as a form would have carried it."""
    said = body.model_dump(exclude_none=True) if body is not None else {}
    seen, photos = said.pop("seen", 0), [str(one) for one in said.pop("photos", ())]
    return Given(**{name: _written(value) for name, value in said.items()}, seen=seen, photos=photos)


def _written(value: Any) -> str:
    if isinstance(value, bool):
        return "on" if value else ""
    return ",".join(value) if isinstance(value, list) else str(value)
