"""The alarm: read first, on every message and every later word of a ticket; errs toward alarm and shows its words."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from routing.normal import plain
from routing.patterns import expression, table
from routing.verdict import EmergencyHit

_STOP = "。!?;\n!?;…"
_APART = re.compile(r"[,。!?;\n…]|另外|还有|顺便|顺带|(?:再|还|就)?想问|请问")  # where another matter begins
_TRAPPED = _STOP + ","  # a trap behind a comma is another matter
_SHOWN = 5  # words shown of one emergency
_REACH = 60  # signs on either side beyond which nothing bears on a hit
_CLAUSE = _STOP + ",,、 "
_NOW = re.compile(
    r"现在|正在|正(?:着|起|冒|困|漏|打)|又(?!不)|还在|此刻|目前|刚才?|刚刚|这会儿?|快来|快点来|救命|赶紧|赶快|马上|立刻|一直(?:响|漏|冒|滴|流)|里面还|越来越"
)
_NOT = re.compile(
    r"(?:没有?|冇|木有|莫得|没得|未|无|不是|不存在|并非|并不|不会|排除了?|解除了?)(?:再|在|闻到|闻见|发现|发生|出现|看到|看见|任何|什么|啥子?|明显的?|有|过|听说|听到|人)*$"
)
_NOT_AFTER = re.compile(r"^.{0,3}(?:没有?了|(?:被|及时|已经?|都)+(?:排除|处理好|修好|解除|扑灭|灭了|没事)|是误报|是没有的)")
_PAST = re.compile(
    r"上次|上回|上一次|上个?月|上周|上星期|去年|前年|大前年|往年|以前|之前|从前|曾经?|当年|前段时间|前些?(?:天|年|日子)|前阵子|早几年"
    r"|[一二三四五六七八九十两几半\d]+(?:个)?(?:月|天|年|周|星期|礼拜)(?:以)?前|(?:20)?\d{2}年"
)
_PAST_AFTER = re.compile(
    r"^(?:的事(?:情|故)?)?.{0,4}过(?:[一二三两几多好\d]+(?:次|回|遍)|火|人|$|[,。,、 ]|的|之后|以后|后|啊|吗|了$)"
)
_OVER = re.compile(
    r"^.{0,14}(?:后来|才(?:被)?(?:出来|放|救|修|弄)|已经?(?:救|放)?出来|扑灭|当时|那次|那回|事后|之后(?:物业|一直|就))"
)
_DRILL = re.compile(
    r"演练|演习|培训|宣传|讲座|预案|保险|安全教育|知识|科普|应急手册|值班表|怎么(?:预防|防止|防范)|如何(?:预防|防止|防范|处理|应对)|遇到.{0,12}(?:怎么办|打什么|找谁)"
    r"|(?:打|拨)(?:哪个|什么)(?:电话|号码)|应该怎么做|注意事项|电视剧|电视(?:里|上)|电影|新闻(?:里|上)|小说|短视频"
)
_SUPPOSED = re.compile(
    r"(?:怕|担心|生怕|害怕|唯恐|以免|免得|避免|防止|预防|防范|小心|当心|万一|假如|如果|要是|假设|会不会|是不是会|可能会|可能(?:引发|引起|导致|造成|发生)|容易|极易|易"
    r"|有(?:可能|危险|风险)|存在|隐患|随时(?:可能|会|要)?|迟早|早晚|会(?:引发|引起|导致|造成|发生)?|引发|一旦|哪天|出了|真要?是?)(?:.{0,12})$"
)
_FEARED = re.compile(r"怕|担心|随时|可能|万一|容易|会不会|要是")
_HABIT = re.compile(
    r"经常|老是|总是|常常|动不动|三天两头|时不时|隔三差五|多次|[几两三四五六七八九十\d]+次|屡次|频繁|每次|每到|每逢|一下(?:大|点)?雨就|逢雨|见天"
)

NEGATED, PAST, DRILL, SUPPOSED, HABIT = "negated", "past", "drill", "supposed", "habit"
EVENT = frozenset({NEGATED, PAST, DRILL, SUPPOSED, HABIT})


@dataclass(frozen=True, slots=True)
class Sign:
    """One way to speak of an emergency. ``trap`` standing beside the hit kills it; ``guards`` are the other ways out."""

    words: re.Pattern[str]
    trap: re.Pattern[str] | None
    guards: frozenset[str]


@dataclass(frozen=True, slots=True)
class Danger:
    """One leaf of group E."""

    code: str
    why: str
    signs: tuple[Sign, ...]


def detect(text: str) -> tuple[EmergencyHit, ...]:
    """Every emergency the text speaks of as present or near, in the order of the table; () when there is none."""
    text = plain(text)
    hits = []
    for danger in dangers():
        words = [m.group() for sign in danger.signs for m in sign.words.finditer(text) if _rings(text, m, sign)]
        if words:
            said = tuple(dict.fromkeys(word.strip() for word in words))[:_SHOWN]
            hits.append(EmergencyHit(danger.code, said, f"{danger.why}：原话“{'”“'.join(said)}”"))
    return tuple(hits)


def mentioned(text: str) -> bool:
    """Whether any sign stands in the text at all, alarm or not: then a model need not guess what the signs have settled."""
    text = plain(text)
    return any(sign.words.search(text) for danger in dangers() for sign in danger.signs)


@lru_cache(maxsize=1)
def dangers() -> tuple[Danger, ...]:
    """The table of signs, read once."""
    held = table("emergencies")
    names = held.pop("names")
    return tuple(
        Danger(
            code,
            row["why"],
            tuple(
                Sign(
                    expression(sign["words"], names),
                    expression(sign["trap"], names) if "trap" in sign else None,
                    frozenset(sign.get("guards", EVENT)),
                )
                for sign in row["signs"]
            ),
        )
        for code, row in held.items()
    )


def _rings(text: str, match: re.Match[str], sign: Sign) -> bool:
    """Whether this hit is an alarm and not one of the ways in which the same words are none."""
    start, end = match.span()
    if sign.trap is not None and _near(text, start, end, sign.trap):
        return False
    clause = text[_back(text, start, _CLAUSE) : start]
    sentence_start, sentence_end = _back(text, start, _STOP), _forth(text, end, _STOP)
    before, after = text[sentence_start:start], text[end:sentence_end]
    said_before, said_after = _same_matter(before, after)
    if NEGATED in sign.guards and (_NOT.search(clause) or _NOT_AFTER.search(after)):
        return False
    if DRILL in sign.guards and _DRILL.search(said_before + match.group() + said_after) and not _NOW.search(before + after):
        return False
    if _NOW.search(before[-16:] + " " + text[end : min(end + 16, _forth(text, end, _CLAUSE))]):
        return True
    if PAST in sign.guards and (_PAST.search(said_before[-16:]) or _PAST_AFTER.search(said_after) or _OVER.search(after)):
        return False
    if SUPPOSED in sign.guards and (_SUPPOSED.search(clause[-14:]) or _FEARED.search(match.group())):
        return False
    return not (HABIT in sign.guards and (_HABIT.search(before[-10:]) or _HABIT.search(match.group())))


def _same_matter(before: str, after: str) -> tuple[str, str]:
    """What of a sentence around a hit stands in the hit's own clause: a question that trails behind bears on nothing."""
    starts = [found.end() for found in _APART.finditer(before)]
    ends = _APART.search(after)
    return before[starts[-1] if starts else 0 :], after[: ends.start() if ends else len(after)]


def _near(text: str, start: int, end: int, trap: re.Pattern[str]) -> bool:
    """Whether the trap's words touch the hit, or stand within a few signs of it, in the same clause."""
    left, right = max(_back(text, start, _STOP), start - 6), min(_forth(text, end, _TRAPPED), end + 6)
    return trap.search(text[left:right]) is not None


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
