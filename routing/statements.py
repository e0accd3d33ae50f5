"""What the resident states in a call: his own turns, and what the agent said and he confirmed.

1 the agent's question is kept until it is answered · 2 对 to 您是说3栋对吗 makes the agent's words his own · 3 没有 to 有没有起火
makes them nobody's · 4 不对，是9号楼 is a statement that takes back what was said before
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from re import Pattern

from routing.normal import plain
from routing.patterns import expression, table
from routing.turns import AGENT, RESIDENT, Turn, in_order

_ASKED = 300  # letters of the agent's last words that are kept as the question
_LONGEST = 20_000  # letters of one turn that are read
_MOST = 200_000  # letters of a whole call, the same
_SENTENCE = re.compile(r"[。!?;\n]")
_BACKCHANNEL = re.compile(r"[嗯啊哦噢好对行是的, 。]{0,6}$")
_DOUBT = re.compile(r"(?:对|是)(?:吗|吧|不对|不是|么)[? ]*$")
_ECHO = re.compile(r"^(?:[嗯啊哦呃唉哎, ]{0,4})([一-龥]{1,10}?)(?:了)?[?吗啊呀, ]{1,3}(?=没有|没|不是|哪有|冇|莫得|不)")


@dataclass(frozen=True, slots=True)
class Statement:
    """One thing the resident stands by, in plain form."""

    turn: int  # where it was said: of the agent's question, when the resident only said yes
    text: str
    asked: str = ""  # what the agent had said last
    confirmed: bool = False  # the agent's words, to which the resident said yes
    corrects: bool = False  # takes back what was said before of the same thing
    denied: str = ""  # what it says is not so (不是3栋)


def statements(turns: Sequence[Turn], roles: Sequence[str]) -> list[Statement]:
    """All statements in the order they were spoken; turns of neither agent nor resident say nothing."""
    found: list[Statement] = []
    asked, claim, asked_at, left, last = "", "", -1, _MOST, ""
    for at in in_order(tuple(turns)):
        text = plain(turns[at].text[: min(_LONGEST, left)])
        left -= len(text)
        if roles[at] == AGENT and not (last == RESIDENT and _BACKCHANNEL.match(text)):
            asked = f"{asked}\n{text}"[-_ASKED:] if last == AGENT else text[-_ASKED:]
            claim, asked_at = claimed(asked), at
        elif roles[at] == RESIDENT and text:
            answer = answered(text)
            if claim and answer == "yes":
                found.append(Statement(asked_at, claim, asked, confirmed=True))
            found += _own(at, _without_echo(text, asked), asked, bool(claim) and answer == "no")
            claim = ""
        last = roles[at]
    return found


def claimed(question: str) -> str:
    """What the agent's question would have the resident say by a mere yes: 您是说3栋漏水对吗 → 3栋漏水; "" where a yes says
    nothing (which? how many? this or that? do you understand?)."""
    held = _table()
    pieces = [piece for piece in _SENTENCE.split(question) if piece.strip()]
    if not pieces:
        return ""
    sentence = pieces[-1].strip(" ,")
    if len(sentence) <= 4 and held.asks.search(sentence) and len(pieces) > 1:
        sentence = f"{pieces[-2].strip(' ,')},{sentence}"
    doubt = _DOUBT.search(sentence) is not None
    if held.mere.search(sentence) or held.advice.search(sentence):
        return ""
    if not doubt and (held.choice.search(sentence) or held.open.search(sentence)):
        return ""
    ends = held.asks.search(sentence)
    turned = sentence.replace("有没有", "有").replace("是不是", "是").replace("是否", "")
    if not ends and turned == sentence:
        return ""
    said = held.asks.sub("", sentence) if ends else sentence
    said = said.replace("有没有", "有").replace("是不是", "是").replace("是否", "")
    return held.lead.sub("", said).strip(" ,?")


def answered(text: str) -> str:
    """Whether a turn opens with a yes or a no, or with neither ("")."""
    held = _table()
    if held.yes.match(text) or held.nod.match(text):
        return "yes"
    return "no" if held.no.match(text) else ""


def _own(at: int, text: str, asked: str, refuses: bool) -> list[Statement]:
    """A turn of the resident, cut where he takes something back."""
    held = _table()
    found = []
    for number, part in enumerate(held.wrong.split(text)):
        denied = "".join(match[1] for match in held.denied.finditer(part))
        rest = held.denied.sub(" ", part).strip(" ,") if denied else part.strip(" ,")
        if rest or denied:
            found.append(Statement(at, rest, asked, corrects=refuses or number > 0 or bool(denied), denied=denied))
    return found


def _without_echo(text: str, asked: str) -> str:
    """起火？没有没有: the agent's word, asked back and denied, is not the resident's."""
    echo = _ECHO.match(text)
    return text[echo.end() :] if echo and echo[1] in asked else text


@dataclass(frozen=True, slots=True)
class _Table:
    yes: Pattern[str]
    nod: Pattern[str]
    no: Pattern[str]
    choice: Pattern[str]
    open: Pattern[str]
    asks: Pattern[str]
    mere: Pattern[str]
    advice: Pattern[str]
    lead: Pattern[str]
    wrong: Pattern[str]
    denied: Pattern[str]


@lru_cache(maxsize=1)
def _table() -> _Table:
    held = table("talk")
    names = {**held["names"], "fill": held["names"]["fill"]}
    answers = held["answers"]
    return _Table(**{name: expression(answers[name], names) for name in _Table.__dataclass_fields__})
