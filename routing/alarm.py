"""When the alarm is rung: what the signs of danger say (emergency.py), and the second opinion of the model that was taught it.

A sign rings unless the model is sure that all is well; the model rings by itself, and more is asked of it where a sign stands in
the text and was found harmless. A long letter tells of much that is over, far away or only feared: there the model must be less
sure. A sign that is not believed is looked at by an agent.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from routing.classify import Model
from routing.emergency import detect, mentioned
from routing.taxonomy import Taxonomy
from routing.verdict import EmergencyHit

# Chosen on lines that neither had seen and on real letters; app/docs/understanding.md tells what they cost.
ALARM = 0.55  # P(danger) from the model alone that rings
ALARM_AGAINST = 0.80  # the same where a sign stands in the text and was found harmless
ALARM_AMONG = 0.65  # the same of one sentence of a letter: of many, one sounds alarming by chance
NEAR_ALARM = 0.47  # from which an agent looks at once
HARMLESS, HARMLESS_IN_LETTER = 0.10, 0.22  # below it a sign does not ring, and an agent looks
LONG = 120  # letters from which a text is a letter
ABOUT = 60  # letters in which a letter says what it is about
PARTS = 24  # sentences of one letter, at most
SHORTEST = 8  # letters of a sentence that tells anything by itself
_BESIDE = 50  # letters on either side of a sign that are judged with it, within its sentence
_SENTENCE = re.compile(r"[。!?;\n]")


@dataclass(frozen=True, slots=True)
class Alarm:
    """What rings; the model's P(danger), of a letter that of its most dangerous part; signs that were not believed."""

    hits: tuple[EmergencyHit, ...]
    danger: float
    doubted: tuple[EmergencyHit, ...] = ()


def listen(said: str, core: str, model: Model, taxonomy: Taxonomy, whole: float, likeliest: str) -> Alarm:
    """Whether to ring. ``said``: the plain text; ``core``: what of it is no boilerplate, of which ``whole`` is P(danger);
    ``likeliest``: the emergency that it resembles most, "" where it says too little for the model to tell danger by."""
    letter = len(core) >= LONG
    danger = whole if likeliest else 0.0
    if letter:
        danger = max([danger, *(model.judge(part)[1] for part in parts(core))])
    signs = tuple(hit for hit in detect(said) if hit.code in taxonomy.leaves)
    doubted = tuple(hit for hit in signs if _beside(said, hit, model) < (HARMLESS_IN_LETTER if letter else HARMLESS))
    signs = tuple(hit for hit in signs if hit not in doubted)
    enough = ALARM_AGAINST if mentioned(said) else ALARM_AMONG if letter else ALARM
    if signs or not likeliest or danger < enough:
        return Alarm(signs, danger, doubted)
    why = f"整段话像“{taxonomy.leaves[likeliest].name}”一类的险情（{danger:.0%}），宁可误报"
    return Alarm((EmergencyHit(likeliest, (), why),), danger)


def _beside(said: str, hit: EmergencyHit, model: Model) -> float:
    """P(danger) of the sentences in which the sign's words stand."""
    found = [said.find(words) for words in hit.words]
    return max(
        [model.judge(_sentence(said, at, at + len(w)))[1] for at, w in zip(found, hit.words, strict=True) if at >= 0], default=1.0
    )


def _sentence(text: str, start: int, end: int) -> str:
    before, after = text[max(0, start - _BESIDE) : start], text[end : end + _BESIDE]
    ends = _SENTENCE.search(after)
    return _SENTENCE.split(before)[-1] + text[start:end] + (after[: ends.start()] if ends else after)


def opening(text: str) -> str:
    """The first sentences of a long text, up to where one ends after ABOUT letters; all of a short one."""
    if len(text) < LONG:
        return text
    ends = _SENTENCE.search(text, ABOUT)
    return text[: ends.end()] if ends and ends.end() < LONG else text[:ABOUT]


def parts(text: str) -> list[str]:
    """The sentences of a text, at most PARTS, the last with all that is left. What is too short to tell joins the next."""
    found: list[str] = []
    start = 0
    for ends in _SENTENCE.finditer(text):
        if ends.end() - start >= SHORTEST and len(found) < PARTS - 1:
            found.append(text[start : ends.end()])
            start = ends.end()
    return [*found, text[start:]] if start < len(text) else found
