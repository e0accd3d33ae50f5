"""How somebody speaks 情绪, of whom 特殊人群, and for how many 群体诉求, each with the words that show it.

A table (``data/people.toml``) of words, weighed by what stands right before them: a denial, or that it is somebody else's.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from re import Match, Pattern
from typing import Any

from routing.dwelling import number
from routing.needed import Sieve
from routing.normal import Plain, plain
from routing.patterns import apart, expression, table
from routing.verdict import Collective, Emotion, SpecialPerson

CALM = "平静"
_READ = 20_000  # letters that are read; what a person feels, and of whom it is, has been said by then
_SHOWN = 3  # words shown of one thing
_BEFORE, _AFTER = 12, 10  # signs around a word in which it may turn out to be innocent
_TRIED = 30  # places looked at for one word; further ones are more of the same
_AGE = r"(?<![\d@tens@])(?:(\d{1,3})|([@tens@]{1,3}))[多几来]?周?岁(?!以上|以下|以内|才能|开始)"
_OLD, _CHILD = 60, 14  # from and below which an age alone says that care is due
_MOST_HOUSEHOLDS = 5_000
_AT_LEAST = {"十几": 10, "二十几": 20, "三十几": 30, "几十": 20, "数十": 20, "几百": 200, "数百": 200, "上百": 100}


@dataclass(frozen=True, slots=True)
class _Row:
    name: str
    words: Pattern[str]
    unless: Pattern[str] | None


@dataclass(frozen=True, slots=True)
class _Table:
    emotions: tuple[_Row, ...]
    special: tuple[_Row, ...]
    collective: tuple[_Row, ...]
    sieves: tuple[Sieve, Sieve, Sieve]
    households: Pattern[str]
    alone: Pattern[str]
    age: Pattern[str]
    denied: Pattern[str]
    others: Pattern[str]
    insulted: Pattern[str]
    nobody: Pattern[str]


def emotion(text: str) -> Emotion:
    """The strongest feeling the words show: 绝望, 愤怒, 焦急, 不满; else 平静, without words. A feeling denied, or another
    person's, is none."""
    held, text = _table(), _opened(text)
    for name, words in _by_name(text, held.emotions, held.sieves[0], _felt):
        return Emotion(name, words)
    return Emotion(CALM, ())


def special_persons(text: str) -> tuple[SpecialPerson, ...]:
    """Who needs more care than others, in the order of the table, each kind once with the words that named it."""
    held, text = _table(), _opened(text)
    found = dict(_by_name(text, held.special, held.sieves[1], _there))
    for match in held.age.finditer(text) if "岁" in text else ():
        years = int(number(match[1] or match[2]))
        kind = "老人" if _OLD <= years < 120 else "儿童" if years < _CHILD else ""
        if kind and _there(held, text, match):
            found.setdefault(kind, (match.group(),))
    return tuple(SpecialPerson(row, found[row]) for row in dict.fromkeys(one.name for one in held.special) if row in found)


def collective(text: str) -> Collective | None:
    """Whether many speak, and how many households at the least; None where one speaks for himself, or says so."""
    held, text = _table(), _opened(text)
    words = next((found for _, found in _by_name(text, held.collective, held.sieves[2], _there)), ())
    if not words or (held.alone.search(text) and not any("联" in word or "代表" in word for word in words)):
        return None
    counted = [_households(match) for match in held.households.finditer(text)] if "户" in text or "家" in text else []
    most = max((n for n in counted if 1 < n <= _MOST_HOUSEHOLDS), default=0)
    return Collective(words, most or None)


def _households(match: Match[str]) -> int:
    if match[3]:
        return _AT_LEAST[match[3]]
    return int(number(match[1]))


def _opened(text: str) -> Plain:
    return plain(text) if len(text) <= _READ else Plain(plain(text)[:_READ])


def _by_name(text: str, rows: Sequence[_Row], sieve: Sieve, holds: Any) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Each name shown, in the order of the table, with the words that show it."""
    held, found = _table(), dict[str, list[tuple[int, int]]]()
    for at in sieve.passing(frozenset(text)):
        row = rows[at]
        for tried, match in enumerate(row.words.finditer(text)):
            if tried >= _TRIED:
                break
            if holds(held, text, match) and not (row.unless and _innocent(row.unless, text, match)):
                found.setdefault(row.name, []).append(match.span())
    for name in dict.fromkeys(row.name for row in rows) if found else ():
        if name in found:
            yield name, _words(text, found[name])


def _words(text: str, spans: list[tuple[int, int]]) -> tuple[str, ...]:
    """The first words found, those that overlap as one."""
    joined: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if joined and start < joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return tuple(dict.fromkeys(text[start:end].strip() for start, end in joined))[:_SHOWN]


def _innocent(unless: Pattern[str], text: str, match: Match[str]) -> bool:
    """Whether innocent words reach over or touch the found ones."""
    first, last = max(0, match.start() - _BEFORE), match.end() + _AFTER
    return any(one.start() < match.end() + 1 and one.end() >= match.start() for one in unless.finditer(text, first, last))


def _felt(held: _Table, text: str, match: Match[str]) -> bool:
    before = text[max(0, match.start() - _BEFORE) : match.start()]
    return not (held.denied.search(before) or held.others.search(before) or held.insulted.search(before))


def _there(held: _Table, text: str, match: Match[str]) -> bool:
    return not held.nobody.search(text[max(0, match.start() - _BEFORE) : match.start()])


@lru_cache(maxsize=1)
def _table() -> _Table:
    held = table("people")
    names, bearing = held["names"], held["bearing"]
    emotions = _rows(held["emotion"], names)
    special = _rows(held["special"], names)
    many = _rows({"collective": held["collective"]}, names)
    sieves = tuple(Sieve([(row.words,) for row in rows]) for rows in (emotions, special, many))
    return _Table(
        emotions,
        special,
        many,
        (sieves[0], sieves[1], sieves[2]),
        expression(held["collective"]["households"], names),
        expression(held["collective"]["alone"], names),
        expression(_AGE, {"tens": "一二三四五六七八九十"}),
        *(expression(bearing[key], names) for key in ("denied", "others", "insulted", "nobody")),
    )


def _rows(held: dict[str, Any], names: dict[str, str]) -> tuple[_Row, ...]:
    """Each word of the table a row of its own, so that the sieve can leave out most of them."""
    return tuple(
        _Row(name, expression(word, names), expression(row["unless"], names) if "unless" in row else None)
        for name, row in held.items()
        for words in row["words"]
        for word in apart(words)
    )
