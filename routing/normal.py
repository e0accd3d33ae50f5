"""The plain form of a text: what a resident wrote, said or pasted, as the rules and the model read it.

Blanks, signs, faces and marks of the channel go; traditional letters, numbers read aloud and the commonest slips of pen and ear
are put right (``data/normal.toml``). The original is the caller's to keep; nothing here is shown as what the resident wrote.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import opencc

from routing.numerals import spoken
from routing.patterns import table

_ROUNDS = 4  # a slip put right may be what another needs beside it
_LONGEST_NUMBER = 40  # signs; no number of ours is longer


class Plain(str):
    """A text that is plain already: asking again costs nothing."""

    __slots__ = ()


def plain(text: str) -> Plain:
    """The plain form; of a plain text, itself. Pure, and of bounded time whatever the text."""
    if type(text) is Plain:
        return text
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
    text = text.lower()
    text = _evened(text)
    if "&" in text:
        text = _evened(unicodedata.normalize("NFKC", _ENTITY.sub(_entity, text)).lower())
    text = _RUN.sub(_shortened, text)
    if _MARK.search(text):
        text = _unmarked(text)
    text = _BLANKS.sub(" ", text)
    if "\n" in text:
        text = _LINES.sub("\n", text)
    if " " in text:
        text = _SPACED_OUT.sub(lambda m: _RUN.sub(_shortened, m.group().replace(" ", "")), text)
    return Plain(_put_right(spoken(text)).strip())


# ---- pages and marks -------------------------------------------------------------------------------------------------

_ENTITY = re.compile(
    r"&(?:amp;)*(?:(nbsp|ensp|emsp|lt|gt|quot|apos|amp|ldquo|rdquo|hellip|mdash|middot)|#(\d{1,6}|x[0-9a-f]{1,5}));"
)
_TAG = re.compile(
    r"</?(?:br|p|div|span|font|a|b|i|u|em|strong|img|table|tr|td|th|li|ul|ol|h[1-6]|html|body|head|o:p)\b[^<>]{0,300}>"
)
_MARK = re.compile(r"[<\[@#]|//|t\.cn|www\.|博|网页|全文|地图|图片|头条")
_LINK = re.compile(r"(?:https?://|www\.|(?<![a-z0-9.])t\.cn/)[a-z0-9./=&%~_+-]*")
_PASSED_ON = re.compile(r"//\s?@[^\s:@/]{1,30}\s?:?|回复\s?@[^\s:@/]{1,30}\s?:")
_CALLED = re.compile(r"(?<![a-z0-9._%+-])@([\w·-]{1,30})")
_BODY = re.compile(r"物业|公司|管家|小区|家园|公寓|社区")  # a name that says of whom or where
_NAME = 14  # letters; a longer "name" has swallowed the sentence behind it
_TOPIC = re.compile(r"(?<![0-9a-z一二三四五六七八九十甲乙丙丁])#{1,3}(?!\d{1,3}(?!\d)|楼|栋)([^#\n@]{2,40})#{1,3}(?!楼|栋)")
_FACE = re.compile(r"\[([一-龥a-z]{1,8})\]")
_ANGER = "[怒]"
_ANGERS = re.compile(r"\[怒\](?:\s*\[怒\])+")


def _entity(match: re.Match[str]) -> str:
    """A sign of a page's source; one that could start another such sign is a blank."""
    name, number = match[1], match[2]
    sign = html.unescape(f"&{name};" if name else f"&#{number};")
    return " " if sign in ("&", "\xa0") or (number and sign.isascii()) else sign


def _unmarked(text: str) -> str:
    if "<" in text:
        text = _until_none(_TAG, "\n", text, "<>")
    signs = _signs()
    text = signs.leftovers.sub(" ", _LINK.sub(" ", text))
    if "@" in text:
        text = _CALLED.sub(_called, _PASSED_ON.sub("\n", text))
    if "[" in text:
        text = _ANGERS.sub(_ANGER, _FACE.sub(lambda m: signs.faces.get(m[1], m[0]), text))
    return _until_none(_TOPIC, r" \1 ", text, "#") if "#" in text else text


def _until_none(mark: re.Pattern[str], instead: str, text: str, signs: str) -> str:
    """Without a mark, nor one that its going leaves behind; marks within marks within marks are none, and lose their signs."""
    for _ in range(_ROUNDS):
        text, found = mark.subn(instead, text)
        if not found:
            return text
    return text.translate(dict.fromkeys(map(ord, signs), " "))


def _called(match: re.Match[str]) -> str:
    name = match[1]
    return f" {name}" if len(name) > _NAME or _BODY.search(name) else " "


# ---- single signs ----------------------------------------------------------------------------------------------------

_UNSEEN = (
    "\u0000-\u0008\u000e-\u001f\u007f-\u0084\u0086-\u009f\u00ad\u034f\u0334-\u0338\u061c\u115f\u1160"
    "\u180b-\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\u20d0-\u20ff"
    "\ufe00-\ufe0f\ufeff\ufff0-\uffff\ud800-\udfff\ue000-\uf8ff\U000e0000-\U000e0fff"
)
_EMOJI = "\u2600-\u2712\u2715-\u2775\u2793-\u27bf\u2b00-\u2bff\u231a-\u23ff\u3030\u303d\U0001f000-\U0001faff"
_BREAKS = "\u000b\u000c\u0085\u2028\u2029\r"
# Letters that compatibility forms leave alone: radicals copied out of PDF files, circled figures, and how some write 你 and 余.
_LETTERS = dict(
    zip(
        "⺟⺠⻁⻄⻅⻉⻋⻓⻔⻘⻙⻚⻛⻜⻝⻢⻤⻥⻦⻨⻩⻬⻮⻰⻳妳馀",
        "母民虎西见贝车长门青韦页风飞食马鬼鱼鸟麦黄齐齿龙龟你余",
        strict=True,
    )
)
_LETTERS |= {chr(0x2776 + i): str(i + 1) for i in range(10)}
_SEEN_NOT = re.compile(f"[{_UNSEEN}]+")
_BREAK = re.compile(f"\r\n|[{_BREAKS}]")
_PICTURES = re.compile(f"[{_EMOJI}][{_EMOJI}\\s]*")
_KEPT = "么"  # simplified already, and another letter's traditional form
_ALWAYS = "著"  # simplified as it stands in 著名, traditional in 著火: the words beside it tell
_BLANKS = re.compile(r"[^\S\n]+")
_LINES = re.compile(r" ?\n[\n ]*")
_RUN = re.compile(r"([^\d\n零〇一二三四五六七八九幺])\1{3,}|[\d零〇一二三四五六七八九幺]{41,}")
_SPACED_OUT = re.compile(r"(?<![一-龥])(?:[一-龥] ){4,}[一-龥](?![一-龥])")


def _shortened(match: re.Match[str]) -> str:
    return match[1] * 3 if match[1] else match[0][:_LONGEST_NUMBER]


@lru_cache(maxsize=1)
def _simplifier() -> opencc.OpenCC:
    return opencc.OpenCC("tw2s")


@lru_cache(maxsize=1)
def _traditional() -> str:
    """Every letter that simplifying changes by itself, and those that it changes beside others."""
    letters = [chr(code) for code in range(0x3400, 0xA000)]
    simple = _simplifier().convert("\n".join(letters)).split("\n")
    return "".join(a for a, b in zip(letters, simple, strict=True) if a != b and a != _KEPT) + _ALWAYS


@lru_cache(maxsize=1)
def _changing() -> re.Pattern[str]:
    return re.compile(f"[{_traditional()}]")


@lru_cache(maxsize=1)
def _odd() -> re.Pattern[str]:
    """Anything that is more than a common letter, figure or stop; most texts have none of it."""
    return re.compile(f"[{_UNSEEN}{_EMOJI}{_BREAKS}{''.join(_LETTERS)}{_traditional()}]")


def _evened(text: str) -> str:
    """Without signs nobody sees, pictures and traditional letters."""
    if not _odd().search(text):
        return text
    text = _SEEN_NOT.sub("", _BREAK.sub("\n", text)).translate(_TRANSLATED)
    text = _PICTURES.sub(_pictured, _signs().pictured.sub(lambda m: _signs().words[m[1]], text))
    for _ in range(2):  # a few letters have two steps to go
        if not _changing().search(text):
            break
        convert = _simplifier().convert
        text = _KEPT.join(convert(part) if part else part for part in text.split(_KEPT))
    return unicodedata.normalize("NFKC", text)


def _pictured(match: re.Match[str]) -> str:
    return _ANGER if not _signs().anger.isdisjoint(match.group()) else " "


_TRANSLATED = str.maketrans(_LETTERS)


@dataclass(frozen=True, slots=True)
class _Signs:
    faces: Mapping[str, str]
    anger: frozenset[str]
    words: Mapping[str, str]  # picture -> the word it stands for
    pictured: re.Pattern[str]
    leftovers: re.Pattern[str]


@lru_cache(maxsize=1)
def _signs() -> _Signs:
    held = table("normal")["signs"]
    faces = dict.fromkeys(held["other"], " ") | dict.fromkeys(held["angry"], _ANGER)
    words = {picture: word for _, pictures, word in held["words"] for picture in pictures}
    pictured = "|".join(f"(?<=[{before}])(?:[{pictures}])+" for before, pictures, _ in held["words"])
    return _Signs(
        faces, frozenset(held["anger"]), words, re.compile(f"(?=(.))(?:{pictured})"), re.compile("|".join(held["leftovers"]))
    )


# ---- slips of pen and ear --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Slip:
    """A wrong word and what it takes to be sure of it."""

    right: str
    near: re.Pattern[str] | None = None
    unless: re.Pattern[str] | None = None
    within: int = 0
    ahead: re.Pattern[str] | None = None
    behind: re.Pattern[str] | None = None

    def put(self, match: re.Match[str]) -> str:
        """The right word where it is one, else the wrong one as it stands."""
        text, (start, end) = match.string, match.span()
        if self.ahead and self.ahead.search(text, max(0, start - 1), start):
            return match.group()
        if self.behind and self.behind.match(text, end):
            return match.group()
        if self.near:
            before, after = text[max(0, start - self.within) : start], text[end : end + self.within]
            if not self.near.search(f"{before}\n{after}") or (self.unless and self.unless.search(before + match.group() + after)):
                return match.group()
        return self.right


def _compiled(words: str | None) -> re.Pattern[str] | None:
    return re.compile(words) if words else None


@lru_cache(maxsize=1)
def _slips() -> tuple[re.Pattern[str], Mapping[str, _Slip]]:
    """All wrong words as one expression, and each with its rule."""
    held = table("normal")
    slips = {wrong: _Slip(right) for right, wrongs in held["typos"].items() for wrong in wrongs}
    rows: list[dict[str, Any]] = [*held["slips"], *held["heard"]]
    for row in rows:
        near, unless, ahead, behind = (_compiled(row.get(name)) for name in ("near", "unless", "ahead", "behind"))
        slip = _Slip(row["right"], near, unless, row.get("within", 0), ahead, behind)
        slips |= dict.fromkeys(row["wrong"], slip)
    return _alternatives(slips), slips


def _alternatives(words: Iterable[str]) -> re.Pattern[str]:
    """The words as one expression, grouped by their first letters, longest first: one look at a place that starts none."""
    first: dict[str, list[str]] = {}
    for word in sorted(words, key=lambda word: (-len(word), word)):
        first.setdefault(word[0], []).append(re.escape(word[1:]))
    return re.compile("|".join(f"{letter}(?:{'|'.join(rests)})" for letter, rests in first.items()))


def _put_right(text: str) -> str:
    pattern, slips = _slips()
    for _ in range(_ROUNDS):
        before, text = text, pattern.sub(lambda match: slips[match.group()].put(match), text)
        if text == before:
            break
    return text
