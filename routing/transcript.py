"""A call understood 通话研判: who is who, what the resident told and where in the talk, what he wants, and an agent's summary.

1 roles · 2 statements: what the resident said or confirmed, less what he took back · 3 fields · 4 matter and demand, in his own
words · 5 summary. Nothing is made up: what was not said is not there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from routing.call_fields import CALLING_NUMBER, told
from routing.call_matter import chatter, demand_of, matter_of
from routing.call_place import PARTS, Field, Where, merged, where
from routing.call_summary import shown, summary
from routing.emergency import detect
from routing.place import Gazetteer
from routing.roles import Roles, roles_of
from routing.statements import Statement, claimed, statements
from routing.turns import AGENT, Turn
from routing.understand import Understander
from routing.verdict import PlaceFound, Verdict

# channels.md names them: caller's part in it, name, number, place, when, how long, what, against whom, whom told and how often,
# the demand, secrecy, special persons, words of danger; and when somebody is at home.
FIELDS = (
    *("caller", "name", "phone", *PARTS, "address", "time", "lasting", "matter", "against", "told", "times"),
    *("demand", "confidential", "special_persons", "safety", "visit"),
)
_READ = 400  # statements from which fields are read; a call that has more has said them


@dataclass(frozen=True, slots=True)
class Transcript:
    """What one call says. ``said``: the resident's words as far as he stands by them, for the judgement on the matter."""

    roles: Roles
    fields: dict[str, Field] = field(hash=False)
    demand: str = ""
    summary: str = ""
    said: str = ""
    place: PlaceFound | None = None

    def to_json(self) -> dict[str, object]:
        """Fields that were not told are null, never missing; turns are counted from 0 in the list as given."""
        return {
            "roles": list(self.roles.of),
            "roles_by": self.roles.by,
            "roles_sure": self.roles.sure,
            "fields": {name: one.to_json() if (one := self.fields.get(name)) else None for name in FIELDS},
            "demand": self.demand,
            "summary": self.summary,
        }


def read(turns: Sequence[Turn], gazetteer: Gazetteer) -> Transcript:
    """The call as far as its words tell; any turns give an answer, none an empty one."""
    roles = roles_of(turns)
    said = statements(turns, roles.of)
    heard = said[:_READ]
    place = where(heard, gazetteer)
    fields = {name: Field(shown(one.value), one.turn, one.confirmed) for name, one in {**told(heard), **place.fields}.items()}
    demand = demand_of(heard)
    matter = matter_of(heard, place.words, demand)
    if matter:
        fields["matter"] = Field(shown(matter.value), matter.turn, matter.confirmed)
    if demand:
        fields["demand"] = Field(shown(demand.value), demand.turn, demand.confirmed)
    wanted = fields["demand"].value if demand else ""
    words = _standing(said, place)
    return Transcript(roles, fields, wanted, summary(fields, asks=demand is not None and demand.asks), words, place.found())


def judge(understander: Understander, turns: Sequence[Turn]) -> tuple[Verdict, Transcript]:
    """The verdict on what the resident says, with the place that the call has settled, and the call itself.

    Where words alone told the speakers apart, and not surely, a danger that the other one speaks of rings as well.
    """
    call = read(turns, understander.gazetteer)
    verdict = understander.understand(call.said)
    if not call.roles.sure and not verdict.emergencies:
        others = _not_asked(turns, call.roles)
        if others and detect(others):
            verdict = understander.understand(f"{call.said}。{others}")
    phone = call.fields["phone"].value if "phone" in call.fields else CALLING_NUMBER
    return verdict.settled(merged(verdict.place, call.place), "" if phone == CALLING_NUMBER else phone), call


def _standing(said: Sequence[Statement], place: Where) -> str:
    """The resident's words without the places he took back; a bare yes is none of them."""
    kept = []
    for one in said:
        text = one.text
        for words in place.gone:
            text = text.replace(words, " ")
        if text.strip(" ,。") and not chatter(text):
            kept.append(text.strip(" ,。"))
    return "。".join(kept)


def _not_asked(turns: Sequence[Turn], roles: Roles) -> str:
    """What the one taken for the agent says without asking."""
    held = [turn.text for turn, role in zip(turns, roles.of, strict=True) if role == AGENT]
    return "。".join(text for text in held if not text.rstrip().endswith(("?", "？", "吗", "吧", "没有")) and not claimed(text))
