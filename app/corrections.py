"""Corrections 更正: a category that a person gave to a ticket, or let stand, is a labelled example, read from the events.

1 ``settled``   what a person decided: the last change of category, else the dispatch of a ticket that was under review
2 ``collect``   all of them as examples, words masked, tickets of one person or matter in one group
3 ``rows``      as they may be written to a file: nothing sealed, nothing told in confidence
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Row
from sqlalchemy.orm import Session

from app.store import corrections as store
from app.tickets.lifecycle import SEALED_GROUPS, Actor, Role
from app.tickets.privacy import masked
from routing.taxonomy import Owner, Taxonomy

CHANGED, CONFIRMED = "改类", "确认"
HIDDEN = "***"
_LONG = re.compile(r"[零〇一二三四五六七八九幺两\d](?:[\s,，、\-—]?[零〇一二三四五六七八九幺两\dXx]){6,}")
_MAIL = re.compile(r"[\w.+-]{1,64}@[\w-]{1,64}(?:\.[\w-]{1,64}){1,4}")
_SURNAMES = (
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎"
    "余潘杜戴夏钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文"
)
_CALLED = re.compile(rf"(我叫|名叫|姓名[是为:：]?\s?|联系人[是为:：]?\s?|署名[:：]?\s?)[{_SURNAMES}][一-龥·]{{1,3}}(?![一-龥])")
_NAMED = re.compile(rf"(我叫|名叫|姓名[是为:：]?\s?|联系人[是为:：]?\s?|署名[:：]?\s?)[{_SURNAMES}][一-龥]{{1,2}}")
_TITLED = re.compile(rf"[{_SURNAMES}](?=女士|先生|小姐|阿姨|叔叔|大爷|大妈|大姐|大哥|婆婆|爷爷|奶奶)")
_READER = Actor(Role.EVALUATOR)  # whoever reads a file is told no more than a third party


@dataclass(frozen=True, slots=True)
class Settled:
    """What a person decided. ``by`` is the account, for which the database knows a name."""

    leaf: str
    how: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Correction:
    """One labelled example: masked words, the leaf decided on, and what the model had guessed."""

    number: str
    text: str
    settled: Settled
    guess: str
    confidence: float
    model: str
    group: str
    secret: bool  # sealed or told in confidence: not for files

    @property
    def agreed(self) -> bool:
        return self.guess == self.settled.leaf


@dataclass(slots=True)
class Collected:
    """``wordless``: settled tickets without words; ``unknown``: settled as a category that there is no more."""

    examples: list[Correction] = field(default_factory=list)
    wordless: int = 0
    unknown: int = 0


def settled(verdict: Mapping[str, Any], acts: Iterable[Row[Any]], taxonomy: Taxonomy) -> Settled | None:
    """What a person made of the category, if anybody did. From a split on the text says more than the category does."""
    leaf, decided = str(verdict.get("leaf", "")), None
    for act in acts:
        if act.action == "split":
            break
        by_hand = act.by_role is not Role.SYSTEM
        if act.action == "classify":
            changed = str(act.details.get("leaf", "")) != leaf
            leaf = str(act.details.get("leaf", ""))
            if by_hand:
                decided = Settled(leaf, CHANGED if changed else CONFIRMED, act.by_id, act.at)
        elif by_hand and decided is None and verdict.get("review") and _means_it(act.action, leaf, taxonomy):
            decided = Settled(leaf, CONFIRMED, act.by_id, act.at)
    return decided


def _means_it(action: str, leaf: str, taxonomy: Taxonomy) -> bool:
    """Whether somebody who did this has found the category right: to refer a contractor's matter to a purchaser says nothing."""
    known = taxonomy.leaves.get(leaf)
    return known is not None and (action == "dispatch" or known.owner not in (Owner.CONTRACTOR, Owner.EMERGENCY))


def collect(session: Session, taxonomy: Taxonomy, since: datetime | None = None, until: datetime | None = None) -> Collected:
    """Every category that a person settled ``since`` then and before ``until``, as an example."""
    found, kin = Collected(), _Kin()
    for rows, acts in store.pages(session, touched_since=since):
        for row in rows:
            kin.join(row)
            decided = settled(row.verdict, acts.get(row.id, ()), taxonomy)
            if decided is None or (since and decided.at < since) or (until and decided.at >= until):
                continue
            if decided.leaf not in taxonomy.leaves:
                found.unknown += 1
            elif not row.text.strip():
                found.wordless += 1
            else:
                found.examples.append(_example(row, decided))
    found.examples = [_in_group(one, kin.root(one.group)) for one in found.examples]
    return found


def _example(row: Row[Any], decided: Settled) -> Correction:
    verdict = row.verdict
    secret = row.confidential or row.sealed or not {row.group, decided.leaf[:1]}.isdisjoint(SEALED_GROUPS)
    return Correction(
        number=row.number,
        text=unnamed(row, row.text, row.name or ""),
        settled=decided,
        guess=str(verdict.get("leaf", "")),
        confidence=float(verdict.get("confidence", 0.0)),
        model=str(verdict.get("model", "")),
        group=f"ticket:{row.id}",
        secret=bool(secret),
    )


def _in_group(one: Correction, group: str) -> Correction:
    return Correction(one.number, one.text, one.settled, one.guess, one.confidence, one.model, group, one.secret)


class _Kin:
    """Which tickets belong together: of one person, of one matter, or in the same words."""

    def __init__(self) -> None:
        self._parent: dict[str, str] = {}

    def root(self, one: str) -> str:
        while (up := self._parent.get(one, one)) != one:
            self._parent[one] = one = self._parent.get(up, up)
        return one

    def join(self, row: Row[Any]) -> None:
        other = (row.follows_id and f"ticket:{row.follows_id}", row.merged_into_id and f"ticket:{row.merged_into_id}")
        person = row.resident_id and f"person:{row.resident_id}"
        for kin in (*other, person, f"words:{''.join(row.text.split())}" if row.text.strip() else ""):
            if kin:
                self._parent[self.root(f"ticket:{row.id}")] = self.root(kin)


def unnamed(ticket: Any, text: str, name: str) -> str:
    """Words without the complainant's name and room, telephone, identity and account numbers, addresses of mail, and whoever
    gives a name in them. What is left still may tell a person to somebody who knows the house."""
    text = _MAIL.sub(HIDDEN, _LONG.sub(HIDDEN, text))
    text = masked(_READER, ticket, text, name)
    return _TITLED.sub("某", _NAMED.sub(r"\1某某", _CALLED.sub(r"\1某某", text)))


def rows(examples: Sequence[Correction]) -> list[dict[str, str]]:
    """What may be written to a file; groups by number, so that nobody is found by them."""
    open_ones = [one for one in examples if not one.secret]
    numbers = {group: str(n) for n, group in enumerate(dict.fromkeys(one.group for one in open_ones), 1)}
    return [
        {
            "number": one.number,
            "text": f"'{one.text}" if one.text.startswith(("=", "+", "-", "@")) else one.text,  # no formula in a spreadsheet
            "leaf": one.settled.leaf,
            "how": one.settled.how,
            "by": one.settled.by,
            "at": one.settled.at.isoformat(),
            "guess": one.guess,
            "confidence": f"{one.confidence:.4f}",
            "model": one.model,
            "group": numbers[one.group],
        }
        for one in open_ones
    ]
