"""What stands around a word of danger and makes it none: a figure of speech, a denial, a past, a fear, mere talk, a habit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from re import Match, Pattern
from typing import Any, ClassVar

from routing.needed import Sieve
from routing.patterns import apart, expression

_STOP = "。!?;…"
_CLAUSE = _STOP + ",、 \n"
_LINE = _STOP + "\n"
_BESIDE = 6  # signs within which a trap is at a hit's side
_REACH = 60  # signs on either side beyond which nothing bears on a hit
_BLANK = "◇"  # stands for a sign of a figure of speech, so that every place in the text stays where it was


class Bearing:
    """Weighs a hit by its surroundings. Holds only expressions; one serves all threads."""

    NEGATED, PAST, TALK, FEARED, HABIT = "negated", "past", "talk", "feared", "habit"
    ALL: ClassVar[frozenset[str]] = frozenset({NEGATED, PAST, TALK, FEARED, HABIT})

    def __init__(self, words: Mapping[str, Any]) -> None:
        names = words["names"]

        def read(key: str) -> Pattern[str]:
            return expression(words[key], names)

        self._figures = [expression(one, names) for figure in words["figures"] for one in apart(figure)]
        self._sieve = Sieve([(figure,) for figure in self._figures])
        self._apart = read("apart")
        self._not, self._twice, self._not_after = read("not_before"), read("not_twice"), read("not_after")
        self._not_within = read("not_within")
        self._past, self._past_after, self._over = read("past"), read("past_after"), read("over_after")
        self._now, self._again = read("now"), read("again")
        self._fear, self._feared = read("fear_before"), read("feared")
        self._talk, self._told, self._habit = read("talk"), read("told_of"), read("habit")

    def literal(self, text: str) -> str:
        """The text with its figures of speech and its harmless compounds blanked, every other sign at its own place."""
        for at in self._sieve.passing(frozenset(text)):
            text = self._figures[at].sub(_blank, text)
        return text

    def clause(self, text: str, start: int, end: int) -> tuple[int, int]:
        """The bounds of the clause (comma, blank or line to the next) that the words at ``start:end`` stand in."""
        return _back(text, start, _CLAUSE), _forth(text, end, _CLAUSE)

    def beside(self, text: str, start: int, end: int, trap: Pattern[str]) -> bool:
        """Whether the trap's words touch the hit, or stand within a few signs of it, in the same clause."""
        left, right = max(_back(text, start, _LINE), start - _BESIDE), min(_forth(text, end, _LINE + ","), end + _BESIDE)
        return trap.search(text[left:right]) is not None

    def rings(self, text: str, start: int, end: int, guards: frozenset[str]) -> bool:
        """Whether the words at ``start:end`` speak of a danger now; ``guards`` names the ways out that are open to them."""
        words = text[start:end]
        clause_start, clause_end = self.clause(text, start, end)
        before, after = text[_back(text, start, _STOP) : start], text[end : _forth(text, end, _STOP)]
        head, tail = text[clause_start:start], text[end:clause_end]
        if self.NEGATED in guards and self._denied(head, words, after):
            return False
        own_before, own_after = self._own_matter(before, after)
        if self.FEARED in guards and (self._fear.search(head[-14:]) or self._feared.search(words)):
            return False
        if self._is_now(before, words, tail, after):
            return True
        if self.TALK in guards and (self._talk.search(own_before + words + own_after) or self._told.search(before[-24:] + words)):
            return False
        if self.PAST in guards and (
            self._past.search(own_before[-24:] + words) or self._past_after.search(own_after) or self._over.search(after[:30])
        ):
            return False
        return not (self.HABIT in guards and (self._habit.search(before[-16:]) or self._habit.search(words)))

    def ended(self, text: str, start: int, end: int) -> bool:
        """Whether what follows says how it ended, of a thing that no word puts into an earlier time of its own."""
        before, after = text[_back(text, start, _STOP) : start], text[end : _forth(text, end, _STOP)]
        if self._past.search(before[-24:]):
            return False
        return bool(self._not_after.search(after) or self._over.search(after[:30]))

    def goes_on(self, text: str, start: int, end: int) -> bool:
        """Whether a word of the present stands by the words at ``start:end``."""
        before, after = text[_back(text, start, _STOP) : start], text[end : _forth(text, end, _STOP)]
        return self._is_now(before, text[start:end], text[end : self.clause(text, start, end)[1]], after)

    def _denied(self, head: str, words: str, after: str) -> bool:
        if self._not_after.search(after) and not self._again.search(after[:40]):
            return True
        if self._not_within.search(words) and not self._twice.search(head[-10:] + words):
            return True
        return self._not.search(head) is not None and not self._twice.search(head[-10:] + words[:6])

    def _is_now(self, before: str, words: str, tail: str, after: str) -> bool:
        """Whether a word of the present stands nearer than a word of the past, or the thing is said to be back."""
        if self._again.search(after[:40]) or self._now.search(words) or self._now.search(tail[:16]):
            return True
        near = before[-24:]
        now, past = _last(self._now, near), _last(self._past, near)
        return now >= 0 and now >= past

    def _own_matter(self, before: str, after: str) -> tuple[str, str]:
        """What of a sentence around a hit belongs to the hit: a question that trails behind a comma bears on nothing."""
        starts = [found.end() for found in self._apart.finditer(before)]
        ends = self._apart.search(after)
        return before[starts[-1] if starts else 0 :], after[: ends.start() if ends else len(after)]


def _blank(found: Match[str]) -> str:
    return _BLANK * len(found[0])


def _last(words: Pattern[str], text: str) -> int:
    ends: Sequence[int] = [found.end() for found in words.finditer(text)]
    return ends[-1] if ends else -1


def _back(text: str, at: int, stops: str) -> int:
    least = max(0, at - _REACH)
    while at > least and text[at - 1] not in stops:
        at -= 1
    return at


def _forth(text: str, at: int, stops: str) -> int:
    most = min(len(text), at + _REACH)
    while at < most and text[at] not in stops:
        at += 1
    return at
