"""Strips what a message says before and after the matter: an operator's formulas, greetings, a department's answer, addresses."""

from __future__ import annotations

import re

from routing.normal import Plain

_ANSWERED = re.compile(r"20\d\d[-年./]|答复|回复|反馈")  # without one of these nothing of the next stands there
_DIGIT = re.compile(r"\d")
_BLANKS = re.compile(r"[ \t]{2,}")
_AFTER = re.compile(  # a department's answer pasted behind the complaint, where a sentence has ended
    r"(?:\n|(?<=[。!?;)]))\s*(?:20\d\d[-年./]\d{1,2}[-月./]\d{1,2}日?\s*[^,。:\n]{2,20}(?:[:,]|答复|回复|反馈|根据|已)|[一-龥]{2,12}(?:街道办|管委会|[市区县]政府|局|办事处)(?:已?答复|回复|反馈)[:,]).*\Z",
    re.S,
)
_FORMULAS = re.compile(
    r"\([^()]{0,8}职能(?:局|部门)[^()]{0,40}\)"
    r"|(?:故|现|特)?(?:来电|致电|来信)?(?:投诉|反映|咨询|求助)?,?请[^,。!?\n]{0,14}(?:核实|核查|调查|协调|督促|跟进|依法)(?:处理|回复|答复|解决)(?:[,!。]?谢谢)?[!。]?"
    r"|(?:政府|政务)?工单(?:号|编号)?[:为]?\s*\d{6,}|工单(?:内容|结果|处理结果|处理情况)[:的]?"
    r"|(?:^|\n)\s*(?:市民|群众|居民|来电人|诉求人|当事人|网友|租户|住户)?\S{0,4}?(?:来电|致电|来信|来访|微信|公众号|邮件|微博)(?:人)?(?:反映|咨询|投诉|称|表示|求助|建议|举报|反馈|询问|要求)[:,]?"
    r"|其(?:系|是|为)[^,。;\n]{0,40}?(?:业主|住户|租户|居民|租客|承租人|村民)的?[,。;]?|其(?:表示|称|认为|反映|要求)"
    r"|尊敬的[^:,!。\n]{1,14}[:,!。]?|(?:各位)?领导(?:们)?[:,!]?(?:您|你)们?好[:,!。]?|(?:您|你)们?好[:,!。]|此致\s*敬礼[!。]?|(?:非常)?感谢[!。]?$|谢谢[!。]?$|盼(?:回复|复|答复)[!。]?$|望(?:回复|核实|处理|协调|督办)[!。]?$"
)
_ADDRESS = re.compile(
    r"(?:[一-龥]{2,4}(?:省|市|区|县))?[一-龥]{2,5}(?:大道|路|街|巷|弄)(?:[东南西北中]段)?\s?\d{1,5}(?:-\d+)?号(?!楼|栋|线)"
    r"|\d{1,3}(?:栋|幢|号楼|座)(?:\d{1,2}单元)?(?:\d{3,4}(?:室|房|号)?)?"
)


def matter(text: str) -> Plain:
    """What the (plain) text is about, without its frame; the text itself when the frame is all there is."""
    core = _AFTER.sub("", text) if _ANSWERED.search(text) else text
    core = _FORMULAS.sub(" ", core)
    if _DIGIT.search(core):
        core = _ADDRESS.sub(" ", core)
    core = _BLANKS.sub(" ", core).strip(" ,。:;")
    return Plain(core if len(core) >= 2 else text)
