"""Where a matter is, from statements that name it bit by bit, answer questions with a bare number, and take things back."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from re import Pattern

from routing.address import find_address
from routing.dwelling import dwelling
from routing.patterns import expression, table
from routing.place import Gazetteer
from routing.statements import Statement
from routing.verdict import PlaceFound

PARTS = ("estate", "building", "unit", "room")
_N = r"(\d{1,4}|[零〇一二三四五六七八九十百两幺]{1,5}|[a-z]\d?)"
_BARE = re.compile(rf"^(?:[嗯啊哦呃唉,。 ]|是|就|在|那个|我家|我们)*{_N}(?:号|室|房|栋|楼|单元)?(?:[吧啊呀哦嘛的了,。 ])*$")
_ROW = re.compile(rf"^(?:[嗯啊哦呃唉,。 ]|是|就|在)*{_N}[ ,、-]+{_N}[ ,、-]+{_N}(?:号|室)?[吧啊呀。 ]*$")
_PHASE = re.compile(r"^(?:[嗯啊哦,。 ]|是|就)*([一二三四五六七八九1-9]期|[东西南北a-h]区)")
_NUMBER = re.compile(r"\d|[一二三四五六七八九十]")


@dataclass(frozen=True, slots=True)
class Field:
    """One thing told, with the turn (counted from 0) it was said in. ``confirmed``: the agent said it, the resident said yes."""

    value: str
    turn: int
    confirmed: bool = False

    def to_json(self) -> dict[str, object]:
        return {"value": self.value, "turn": self.turn, "confirmed": self.confirmed}


@dataclass(slots=True)
class Where:
    """What is known so far of the place."""

    fields: dict[str, Field] = field(default_factory=dict)
    estate_id: str | None = None
    words: list[str] = field(default_factory=list)
    candidates: tuple[tuple[str, str], ...] = ()
    gone: set[str] = field(default_factory=set)  # words that named what was taken back
    moved: bool = False  # something of it was taken back

    def found(self) -> PlaceFound | None:
        if not self.fields and not self.candidates:
            return None
        said = {name: one.value for name, one in self.fields.items()}
        return PlaceFound(
            self.estate_id,
            estate=said.get("estate", ""),
            building=said.get("building", ""),
            unit=said.get("unit", ""),
            room=said.get("room", ""),
            words=tuple(dict.fromkeys(self.words)),
            candidates=self.candidates,
            address=said.get("address", ""),
        )


def where(said: Sequence[Statement], gazetteer: Gazetteer) -> Where:
    """The place as far as the statements name it. The first naming of a part stands until it is corrected, or named in
    answer to the agent's question for the place: another building that is spoken of (9栋也漏) changes nothing."""
    known = Where()
    for one in said:
        text = completed(one)
        _deny(known, one)
        place = gazetteer.find(text)
        if known.candidates and (phase := _PHASE.match(text)):
            place = gazetteer.find(f"{known.candidates[0][1][:-2]}{phase[1]}{text[phase.end() :]}") or place
        if place is not None:
            _take(known, one, place, text)
        if "address" not in known.fields and not known.moved and (address := find_address(text)):
            known.fields["address"] = Field(address, one.turn, one.confirmed)
    if known.moved:
        known.fields.pop("address", None)
    return known


def _take(known: Where, one: Statement, place: PlaceFound, text: str) -> None:
    over = one.corrects or one.confirmed or _asked()["place"].search(one.asked) is not None
    if place.estate_id and (known.estate_id is None or (one.corrects and known.estate_id != place.estate_id)):
        known.moved = known.moved or (known.estate_id is not None)
        if known.estate_id is not None:
            known.gone.add(known.fields["estate"].value)
        known.estate_id, known.candidates = place.estate_id, ()
        known.fields["estate"] = Field(place.estate, one.turn, one.confirmed)
    elif place.candidates and known.estate_id is None:
        known.candidates = place.candidates
    for name in PARTS[1:]:
        value = getattr(place, name)
        before = known.fields.get(name)
        if not value or (before and before.value == value) or (before and not over):
            continue
        if before:
            known.moved = True
            known.gone.update(word for word in known.words if (home := dwelling(word)) and getattr(home, name) == before.value)
        known.fields[name] = Field(value, one.turn, one.confirmed)
    known.words.extend(place.words)


def _deny(known: Where, one: Statement) -> None:
    """不是3栋 takes 3栋 away, whether or not something is put in its place."""
    home = dwelling(one.denied) if one.denied else None
    for name in PARTS[1:] if home else ():
        before = known.fields.get(name)
        if before and before.value == getattr(home, name):
            known.gone.update(word for word in known.words if (told := dwelling(word)) and getattr(told, name) == before.value)
            del known.fields[name]
            known.moved = True


def completed(one: Statement) -> str:
    """The statement with what a bare number answers: 1502 to 房号是多少 is 1502室, 三、二、一五零二 to 几栋几单元几室 a flat."""
    text = one.text
    if not one.asked or len(text) > 30 or not _NUMBER.search(text):
        return text
    asked = {name: words.search(one.asked) is not None for name, words in _asked().items()}
    if asked["building"] and asked["unit"] and (row := _ROW.match(text)):
        return f"{row[1]}栋{row[2]}单元{row[3]}室"
    bare = _BARE.match(text)
    if bare is None or dwelling(text):
        return text
    for name, mark in (("building", "栋"), ("unit", "单元"), ("room", "室")):
        if asked[name] and sum(asked[other] for other in ("building", "unit", "room")) == 1:
            return f"{bare[1]}{mark}"
    return text


@lru_cache(maxsize=1)
def _asked() -> dict[str, Pattern[str]]:
    held = table("talk")
    return {name: expression(held["asked"][name], held["names"]) for name in ("place", "building", "unit", "room")}


def merged(place: PlaceFound | None, told: PlaceFound | None) -> PlaceFound | None:
    """The place of the verdict on the whole, with the parts that the call has settled."""
    if told is None or place is None:
        return told or place
    if told.estate_id:
        place = replace(place, estate_id=told.estate_id, estate=told.estate, candidates=())
    return replace(
        place,
        building=told.building or place.building,
        unit=told.unit or place.unit,
        room=told.room or place.room,
        address=told.address if told.address or told.building != place.building else place.address,
    )
