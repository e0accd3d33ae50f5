"""Commands 指令: what a resident orders in a word instead of telling something, and what is too little to be a matter."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable


def plain(text: str) -> str:
    """The text as commands are looked for in it: full-width signs made plain, blanks around it gone."""
    return unicodedata.normalize("NFKC", text).strip()


def _command(words: str) -> re.Pattern[str]:
    """A command stands alone, or with a ticket number before or after it: “催缴电话太多” is a complaint, not a command."""
    before = r"^(?:(?:工单)?[\s:]*GZ\d{14,16}[\s,:]+)?"
    after = r"[\s:,]*(?:工单)?[\s:]*(?:GZ[\d\s-]+)?[了吗吧啊。.!\s]*$"
    return re.compile(f"{before}(?:{words}){after}", re.IGNORECASE)


RATE = _command(r"(?:评价|评分|打分)?[\s:]*([1-5])\s*(?:分|星)?")
UNSOLVED = _command(r"(?:还是|仍然|问题)?(?:没有?|未)(?:得到)?解决")
SOLVED = _command(
    r"(?:问题)?(?:已经?|都)?(?:得到)?解决(?!.*[吗吧?])|(?:已经?|都)?修好(?!.*[吗吧?])|我?确认(?:已?解决|办结)?(?!.*[吗吧?])"
)
STATUS = _command(r"查询|查询进度|查进度|进度|查一下|查工单|我的工单|(?:工单)?[\s:]*(?=GZ)")
NUDGE = _command(r"催办|催一下|催一催|加急")
WITHDRAW = _command(r"撤回|撤销|不用处理")
GREETING = re.compile(
    r"^(?:你好|您好|在吗|在么|有人吗|喂|hi|hello|哈喽|早上好|下午好|晚上好|谢谢|好的|收到|嗯+|哦+)[呀啊吗!。.~\s]*$",
    re.IGNORECASE,
)
ORDERS = (RATE, UNSOLVED, SOLVED, STATUS, NUDGE, WITHDRAW)
_PARTICULARS = re.compile(r"电话|手机|号码|联系方式|微信|单元|小区|[我的是住在家号栋幢室房楼层\d\W_]")


def is_order(text: str) -> bool:
    """Whether the text orders something about a ticket there is, and tells nothing new."""
    return any(shape.match(plain(text)) for shape in ORDERS)


def only_particulars(text: str, place: Iterable[str] = ()) -> bool:
    """Whether the text holds nothing beside who and where: a telephone number, a flat, the words that named the ``place``."""
    rest = plain(text)
    for words in place:
        rest = rest.replace(plain(words), "")
    return _PARTICULARS.sub("", rest) == ""
