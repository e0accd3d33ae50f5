"""The summary an agent would write 坐席小结: place first, third person, one demand, made of the fields alone."""

from __future__ import annotations

import re
from collections.abc import Mapping

from routing.call_place import Field

_WIDE = str.maketrans(",;!?:()", "，；！？：（）")
_BETWEEN_LETTERS = re.compile(r"(?<=[一-龥]) +(?=[一-龥])")
_OWN = (
    (re.compile(r"给我们?(?=个|一个)"), "给"),
    (re.compile(r"(?:我们家|我家|俺家|俺们家|我屋)(?:里|头)?"), "其家中"),
    (re.compile(r"(?:我们|俺们|咱们)(?:这)?(?=小区|楼|栋|单元|这|那)"), "所在"),
    (re.compile(r"我们|俺们|咱们|阿拉|我自己|我|俺"), "其"),
)
_WISH = re.compile(
    r"^(?:希望|要求|请(?!问)|能不能|能否|可不可以|可以不可以|可否|麻烦|必须|一定要|应该|(?:你们?|您)|(?:我|俺)们?(?:就|只|还)?(?:是)?(?:想|要)(?:要|让|请|叫)?(?=你|他|物业|师傅|有关|尽快|赶紧)|(?:给我|帮我)(?!个|一个)|就|最好)+"
)
_TAIL = re.compile(r"(?:行不行|好不好|可以吗|行吗|好吗|[吗嘛么呢啊吧呀哦])?[?？!！]*$")
_OPEN = re.compile(r"什么时候|啥时候|几时|多久|怎么|如何|多少|为什么|哪")


def shown(text: str) -> str:
    """Plain text as it is written for people: Chinese stops, no blanks between letters."""
    return _BETWEEN_LETTERS.sub("，", text.strip()).translate(_WIDE)


def summary(fields: Mapping[str, Field], *, asks: bool = False) -> str:
    """来电人反映：… 希望…。 Empty when neither matter nor demand is known. ``asks``: the demand is a question."""
    value = {name: one.value for name, one in fields.items()}
    matter, demand = value.get("matter", ""), value.get("demand", "")
    if not matter and not demand:
        return ""
    parts = []
    if matter and matter != demand:
        parts.append(f"来电人反映：{_matter(value, matter)}{_beside(value, matter)}。")
    elif where := _place(value):
        parts.append(f"来电人住{where}。")
    if demand and not (asks and parts and demand in matter):
        parts.append(_wish(demand, asks, bool(parts)))
    if "special_persons" in value:
        parts.append(f"涉及{value['special_persons']}。")
    if "confidential" in value:
        parts.append("要求保密。")
    return "".join(parts)


def _matter(value: Mapping[str, str], matter: str) -> str:
    """Where, and what; in a flat that is named 其家中 says nothing new."""
    what = _third(matter)
    return _place(value) + (what.removeprefix("其家中") if "room" in value else what)


def _place(value: Mapping[str, str]) -> str:
    told = "".join(
        (
            value.get("estate", ""),
            value["building"] + "栋" if "building" in value else "",
            value["unit"] + "单元" if "unit" in value else "",
            value["room"] + "室" if "room" in value else "",
        )
    )
    address = value.get("address", "")
    return told if "estate" in value or not address else address


def _beside(value: Mapping[str, str], matter: str) -> str:
    """When, how long and whom told, where the matter does not say so itself."""
    said = []
    if (when := value.get("time", "")) and when not in f"{matter} {value.get('lasting', '')}":
        said.append(f"时间：{when}")
    if (lasting := value.get("lasting", "")) and lasting not in matter:
        said.append(lasting if lasting[0] in "从打" else f"已有{lasting}")
    if (body := value.get("told", "")) and body.split("、")[0] not in matter:
        times = value.get("times", "")
        said.append(f"已向{body.replace('你们', '本热线')}反映{times if times and times not in matter else ''}")
    return "".join(f"，{one}" for one in said)


def _wish(demand: str, asks: bool, follows: bool) -> str:
    if asks:
        return f"咨询：{_third(demand)}。" if follows else f"来电人咨询：{_third(demand)}。"
    who = "" if follows else "来电人"
    wanted = _TAIL.sub("", _WISH.sub("", demand)) or demand
    if _OPEN.search(wanted):
        return f"{who}希望告知：{_third(wanted)}。"
    return f"{who}希望{_third(wanted)}。"


def _third(text: str) -> str:
    for words, instead in _OWN:
        text = words.sub(instead, text)
    return text.strip("，。 ")
