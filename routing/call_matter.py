"""What a call is about 反映内容, and what the resident wants 诉求: his own clauses, chosen, never written."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from re import Pattern

from routing.emergency import detect
from routing.names import find_name
from routing.patterns import expression, table
from routing.phones import find_phones
from routing.statements import Statement

_CUT = re.compile(r"[,。!?;、_\n]| +")
_GOES_ON = re.compile(r"(?:把|并|也|再|同时|而且|还要|顺便|然后把|给我)")
_REPORTED = re.compile(r"(?:说是?|答应|承诺|告诉我|叫我|让我|喊我|回复)[^,。]{0,4}$")
_CONDITION = re.compile(r"^(?:因为|所以|那|反正|就是|然后|现在|主要|其实|还有|我就|我们就|你们|你|您|麻烦|总之|最好|也)+")
_LONGEST_DEMAND, _SHORTEST = 60, 3
_ENOUGH, _LONGEST_MATTER = 30, 80  # letters of the matter from which no clause is added, and that it may have
_MOST_PIECES = 600
_COMPLAINS = re.compile("不|没|推|骂|态度|收|要钱")
_FIGURES = re.compile(r"[\d零〇一二三四五六七八九幺两洞 ,-]+")
_STOPS = str.maketrans("", "", " ,。!?;、_\n")
_HOME = re.compile(
    r"(?:我们?家?|俺们?家?)?(?:这里|这边)?(?:就)?(?:是在|住在|住的是|是住在?|住|是|在|位于)?\s*◆+(?:这里|那里|这边|那边|里面|里|的)*"
)
_BLOCK = re.compile(r"(?<=[栋幢])楼$")  # 5栋楼道 is 5栋 and its 楼道


@dataclass(frozen=True, slots=True)
class Piece:
    """One clause of a statement, or a few that belong together; ``asks`` when it is a question for knowledge."""

    value: str
    turn: int
    confirmed: bool = False
    asks: bool = False


def demand_of(said: Sequence[Statement]) -> Piece | None:
    """The clause in which the resident says what he wants, of equals the last; else his first question; else None."""
    held, best, score = _table(), None, 0.0
    question: Piece | None = None
    for at, one in enumerate(said):
        asked = held.asked.search(one.asked) is not None and not one.confirmed
        clauses = _clauses(one.text)
        for number, clause in enumerate(clauses):
            worth = _worth(held, clause, asked and number == 0) - (1.0 if one.confirmed else 0.0)
            if worth > 0 and worth + at / 1000 > score:
                goes_on = clauses[number + 1] if number + 1 < len(clauses) and _GOES_ON.match(clauses[number + 1]) else ""
                best = Piece(_trimmed(held, clause, goes_on), one.turn, one.confirmed)
                score = worth + at / 1000
        if question is None and not one.confirmed:
            question = next(
                (
                    Piece(_bare(held, c), one.turn, asks=True)
                    for c in clauses
                    if held.question.search(c) and len(_bare(held, c)) > 4
                ),
                None,
            )
    if best is None or len(best.value) < _SHORTEST:
        return question
    return best


def _worth(held: _Table, clause: str, asked: bool) -> float:
    mark = held.marks.search(clause)
    if held.polite.match(clause) or held.empty.match(clause):
        return 0.0
    if mark is None:
        return 2.5 if asked and len(clause) >= 4 and not find_phones(clause) else 0.0
    if _REPORTED.search(clause[: mark.start()]):
        return 0.0
    return 2.0 + (1.5 if mark.group() in ("希望", "要求") else 0.0) + (2.0 if asked else 0.0)


def _trimmed(held: _Table, clause: str, goes_on: str) -> str:
    mark = held.marks.search(clause)
    if mark and len(clause) > _LONGEST_DEMAND // 2:
        clause = clause[mark.start() :]
    clause = held.ends.sub("", _CONDITION.sub("", _bare(held, clause)))
    if goes_on and len(clause) + len(goes_on) < _LONGEST_DEMAND:
        clause = f"{clause},{held.ends.sub('', goes_on)}"
    return clause[:_LONGEST_DEMAND]


def matter_of(said: Sequence[Statement], places: Sequence[str], demand: Piece | None) -> Piece | None:
    """What is the matter: the first clauses that speak of a trouble, up to a few, and any that speak of danger. None if no
    clause says more than who and where."""
    held = _table()
    pieces = list(_matters(held, said, places, demand))
    troubled = [piece for piece in pieces if held.problem.search(piece.value)] or pieces
    chosen: list[Piece] = []
    length = 0
    for piece in troubled:
        danger = bool(detect(piece.value))
        room = length < _ENOUGH and length + len(piece.value) <= _LONGEST_MATTER
        if (
            (room or danger or not chosen)
            and piece.value not in [other.value for other in chosen]
            and length < 2 * _LONGEST_MATTER
        ):
            chosen.append(Piece(piece.value[:_LONGEST_MATTER], piece.turn, piece.confirmed))
            length += len(piece.value)
    if not chosen:
        return None
    return Piece(",".join(piece.value for piece in chosen), chosen[0].turn, all(piece.confirmed for piece in chosen))


def _matters(held: _Table, said: Sequence[Statement], places: Sequence[str], demand: Piece | None) -> Iterator[Piece]:
    """The clauses that may tell the matter, without places, greetings, names and numbers."""
    left = _MOST_PIECES
    wanted = demand.value if demand and not demand.asks else ""
    for one in said:
        text = one.text
        for words in sorted(set(places), key=len, reverse=True):
            text = text.replace(_BLOCK.sub("", words), "◆")
        text = _HOME.sub(" ", text) if "◆" in text else text
        clauses = _clauses(text)
        for clause, behind in zip(clauses, [*clauses, ""][1:], strict=True):
            left -= 1
            if left < 0:
                return
            if behind == "不是":  # 店里坏了 不是 电梯坏了
                continue
            value = _bare(held, clause)
            if len(value.translate(_STOPS)) < 2 or held.empty.match(clause) or held.polite.match(clause) or clause == "不是":
                continue
            if held.contacted.search(value) and not _COMPLAINS.search(value):
                continue
            if (wanted and (value in wanted or wanted.split(",")[0] in value)) or find_phones(value) or find_name(value):
                continue
            yield Piece(value, one.turn, one.confirmed)


def chatter(text: str) -> bool:
    """Whether a statement is no more than a yes, a thanks, a greeting or figures read out."""
    return _table().empty.match(text) is not None or _FIGURES.fullmatch(text) is not None


def _bare(held: _Table, clause: str) -> str:
    """Without the greeting and the fillers before it."""
    return held.fill.sub("", held.intro.sub("", clause)).strip(" ,。?!")


def _clauses(text: str) -> list[str]:
    return [piece for part in _CUT.split(text[:3_000]) if (piece := part.strip())]


@dataclass(frozen=True, slots=True)
class _Table:
    marks: Pattern[str]
    question: Pattern[str]
    polite: Pattern[str]
    ends: Pattern[str]
    intro: Pattern[str]
    empty: Pattern[str]
    problem: Pattern[str]
    asked: Pattern[str]
    fill: Pattern[str]
    contacted: Pattern[str]


@lru_cache(maxsize=1)
def _table() -> _Table:
    held = table("talk")
    names, wants, matter = held["names"], held["demand"], held["matter"]
    words = {
        **{name: wants[name] for name in ("marks", "question", "polite", "ends")},
        **{name: matter[name] for name in ("intro", "empty", "problem")},
        **{"asked": held["asked"]["demand"], "fill": "^@fill@", "contacted": held["told"]["contacted"]},
    }
    return _Table(**{name: expression(one, names) for name, one in words.items()})
