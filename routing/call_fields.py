"""What a resident tells in a call beside the place and the matter: who, the number to call, when, how long, whom already told.

Every field is what was said, in the resident's words, or is not there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from re import Pattern

from routing import manner, people
from routing.call_place import Field
from routing.emergency import detect
from routing.names import confirmed_name, find_name
from routing.patterns import expression, table
from routing.phones import find_phones
from routing.statements import Statement

_DIGITS = "零〇一二三四五六七八九幺两洞"
_AS_FIGURES = str.maketrans(_DIGITS, "00123456789120")
_FILLER = re.compile(r"[\s嗯啊哦呃唉,、。.-]|是|然后|后面|中间|对")
_CHUNK = re.compile(rf"([{_DIGITS}\d]{{2,}})$")
_TAIL = re.compile(rf"(?:后|最后|末尾|尾号)(?:面)?(?:的)?[四4]?(?:位|个)?(?:数|号)?(?:是)?([{_DIGITS}\d]{{4}})(?![{_DIGITS}\d])")
_THIS_NUMBER = re.compile(
    r"(?:这个|本机|来电|打的这个|现在这个|打来的)(?:手机)?(?:号码?|电话)?(?:就?(?:行|可以|好)|能联系|$|[,。就吧])"
)
_ANOTHERS = re.compile(r"(?:物业|管家|师傅|维修|他|她|客服|前台|经理)(?:的|那个|那边)?(?:电话|号码|手机)")
_OWN = re.compile(r"(?:我的?|联系)(?:的)?(?:电话|手机|号码)|打(?:给我|这个|我)|联系我")
_WHOLE = re.compile(r"1[3-9]\d{9}|0(?:10|2\d|[3-9]\d{2})[2-9]\d{6,7}")
CALLING_NUMBER = "来电号码"


def told(said: Sequence[Statement]) -> dict[str, Field]:
    """The fields by name; what was not told is not among them."""
    found = {name: one for name, words in _told().items() if (one := _first(said, words))}
    found |= {name: one for name, read in _READERS.items() if (one := read(said))}
    if "visit" in found and "time" in found and found["time"].value in found["visit"].value:
        later = _first([one for one in said if one.turn != found["visit"].turn], _told()["time"])
        del found["time"]
        if later:
            found["time"] = later
    return found


def _first(said: Sequence[Statement], words: Pattern[str]) -> Field | None:
    """Where the words stand first; of their parts the one that names it."""
    for one in said:
        if match := words.search(one.text):
            value = next((part for part in match.groups() if part), match.group())
            return Field(value.strip(" ,"), one.turn, one.confirmed)
    return None


def _name(said: Sequence[Statement]) -> Field | None:
    """The last that corrects, else the first."""
    found: Field | None = None
    for one in said:
        asked = _asked()["name"].search(one.asked) is not None
        name = confirmed_name(one.text) if one.confirmed else find_name(one.text, asked=asked)
        longer = found is not None and name.startswith(found.value) and len(name) > len(found.value)
        if name and (found is None or one.corrects or longer):
            found = Field(name, one.turn, one.confirmed)
    return found


def _phone(said: Sequence[Statement]) -> Field | None:
    """The number to call back: the resident's own before another's, a corrected one before the first, in bits or whole."""
    best: tuple[int, Field] | None = None
    for one in said:
        worth = _worth(one)
        numbers = find_phones(one.text)
        if numbers and worth and (best is None or worth > best[0] or one.corrects or one.confirmed):
            best = (worth, Field(numbers[-1], one.turn, one.confirmed))
        tail = _TAIL.search(one.text) if best and one.corrects else None
        if best and tail:
            number = best[1].value[:-4] + tail[1].translate(_AS_FIGURES)
            best = (best[0], Field(number, one.turn))
    if best is None and (bits := _in_bits(said)):
        return bits
    if best is None:
        for one in said:
            if _asked()["phone"].search(one.asked) and _THIS_NUMBER.search(one.text):
                return Field(CALLING_NUMBER, one.turn, one.confirmed)
    return best[1] if best else None


def _worth(one: Statement) -> int:
    """0: somebody else's number; 1: a number; 2: the resident's own."""
    if _ANOTHERS.search(one.text) and not _OWN.search(one.text):
        return 0
    return 2 if _OWN.search(one.text) or _asked()["phone"].search(one.asked) else 1


def _in_bits(said: Sequence[Statement]) -> Field | None:
    """138 · 0013 · 8000 in turns that follow each other, as people read a number to somebody who writes it down."""
    run, start = "", -1
    for one in said:
        bit = _CHUNK.search(_FILLER.sub("", one.text))
        figures = bit[1].translate(_AS_FIGURES) if bit else ""
        whole = bit is not None and bit.start() == 0
        if not figures or (run and not whole):
            if one.confirmed or not one.text.strip("嗯啊哦对好是的,。 "):
                continue
            run, start = "", -1
            continue
        if not run and not whole and not re.search("电话|手机|号码|联系|是", one.text):
            continue
        run, start = run + figures, start if run else one.turn
        if _WHOLE.fullmatch(run):
            return Field(run, start)
        if len(run) > 12:
            run, start = "", -1
    return None


def _secrecy(said: Sequence[Statement]) -> Field | None:
    return next((Field(words, one.turn, one.confirmed) for one in said if (words := manner.secrecy(one.text))), None)


def _special(said: Sequence[Statement]) -> Field | None:
    """The kinds, joined, from the first turn that names any."""
    kinds: dict[str, Statement] = {}
    for one in said:
        for person in people.special_persons(one.text):
            kinds.setdefault(person.kind, one)
    first = next(iter(kinds.values()), None)
    return Field("、".join(kinds), first.turn, first.confirmed) if first else None


def _safety(said: Sequence[Statement]) -> Field | None:
    for one in said:
        if words := [word for hit in detect(one.text) for word in hit.words]:
            apart = [word for word in dict.fromkeys(words) if not any(word in other for other in words if other != word)]
            return Field("、".join(apart), one.turn, one.confirmed)
    return None


def _told_to(said: Sequence[Statement]) -> Field | None:
    """Whom the resident has told already 已向谁反映, each once."""
    bodies: dict[str, Statement] = {}
    for one in said:
        for body in _bodies(one.text):
            bodies.setdefault(body, one)
    first = next(iter(bodies.values()), None)
    return Field("、".join(list(bodies)[:4]), first.turn, first.confirmed) if first else None


def _bodies(text: str) -> Iterator[str]:
    if secret := manner.secrecy(text):  # 别跟物业说是我 tells the landlord nothing
        text = text.replace(secret, " ")
    for words in _told_words():
        for match in words.finditer(text):
            yield next(part for part in match.groups() if part)


_READERS: dict[str, Callable[[Sequence[Statement]], Field | None]] = {
    "name": _name,
    "phone": _phone,
    "told": _told_to,
    "confidential": _secrecy,
    "special_persons": _special,
    "safety": _safety,
}


@lru_cache(maxsize=1)
def _asked() -> dict[str, Pattern[str]]:
    held = table("talk")
    return {name: expression(words, held["names"]) for name, words in held["asked"].items()}


@lru_cache(maxsize=1)
def _told() -> dict[str, Pattern[str]]:
    held = table("talk")
    names = ("caller", "time", "visit", "lasting", "times", "against")
    return {name: expression(held["told"][name], held["names"]) for name in names}


@lru_cache(maxsize=1)
def _told_words() -> tuple[Pattern[str], ...]:
    held = table("talk")
    return tuple(expression(held["told"][name], held["names"]) for name in ("contacted", "told"))
