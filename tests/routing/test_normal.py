"""The plain form: what is put right, what must not change, that twice is once, and that no text takes long."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.clock import stopwatch
from routing.normal import Plain, plain

PAIRS = {
    # width, blanks, unseen signs, radicals
    "ＡＢＣ　３栋\u200b漏水": "abc 3栋漏水",
    "门\u3000禁   坏了\r\n\r\n\r\n求修": "门 禁 坏了\n求修",
    "⻔口⻓期积水": "门口长期积水",
    "公 租 房 漏 水 没 人 管": "公租房漏水没人管",
    "救命啊啊啊啊啊啊！！！！！！": "救命啊啊啊!!!",
    # traditional letters
    "電梯困人，請儘快處理": "电梯困人,请尽快处理",
    "樓上著火了": "楼上着火了",
    "衛生間漏水，妳們管不管": "卫生间漏水,你们管不管",
    # pictures and faces
    "物业太差了😡😡😡": "物业太差了[怒]",
    "🔥🔥这个小区火了": "这个小区火了",
    "电瓶车起🔥了": "电瓶车起火了",
    "厨房漏💧了": "厨房漏水了",
    "3️⃣栋2️⃣单元停⚡": "3栋2单元停电",
    "❶漏水❷发霉": "1漏水2发霉",
    "没人管[捂脸][泪]气人[怒骂][怒]": "没人管 气人[怒]",
    "门坏了[图片]": "门坏了",
    # marks of Weibo, leftovers of pages
    "#公租房漏水#没人管": "公租房漏水 没人管",
    "求助@某市发布 门禁坏了": "求助 门禁坏了",
    "@青禾物业 你们管不管": "青禾物业 你们管不管",
    "快修吧//@小满:电梯停了": "快修吧\n电梯停了",
    "回复@小满:还没修": "还没修",
    "停水三天 http://t.cn/A6xyz 网页链接": "停水三天",
    "<p>您好&nbsp;电梯<br/>坏了</p>": "您好 电梯\n坏了",
    "水压&amp;lt;正常": "水压<正常",
    # numbers read aloud
    "三栋二单元一五零二漏水": "3栋2单元1502漏水",
    "十二号楼一单元幺幺零二": "12号楼1单元1102",
    "三栋二单元十五零二": "3栋2单元1502",
    "电话一三八零零零零一二三四": "电话13800001234",
    "幺三八，零零零零，幺二三四": "13800001234",
    "一三八然后四个零再一二三四": "13800001234",
    "号码后面四个8": "号码后面8888",
    "尾号三个六": "尾号666",
    "打幺二零来人": "打120来人",
    "打一一九没人接": "打119没人接",
    "二零二六年签的": "2026年签的",
    # slips of the pen
    "公祖房租凭合同押今以经交了": "公租房租赁合同押金已经交了",
    "公组房的电題坏了": "公租房的电梯坏了",
    "天燃气漏汽": "天然气漏气",
    "水笼头关不死，垃级没人收": "水龙头关不死,垃圾没人收",
    # slips of the ear, where the trade is spoken of
    "申请公主房要等几年": "申请公租房要等几年",
    "这个月的资金还没交": "这个月的租金还没交",
    "楼上厕所落水到我家": "楼上厕所漏水到我家",
    "人困在店里了按键没反应": "人困在电梯了按键没反应",
    "我要推房押金退给我": "我要退房押金退给我",
    "压金退不退": "押金退不退",
    "误业不管事": "物业不管事",
    "门进卡刷不开": "门禁卡刷不开",
    "合同到期要续钱吗": "合同到期要续签吗",
    "公租房什么时候要号": "公租房什么时候摇号",
    "小程序登陆不了": "小程序登录不了",
    "他拿到砍人了": "他拿刀砍人了",
}

SAME = [
    "有人落水了快救人",
    "孩子掉落水池了",
    "落水管坏了",
    "在饭店里吃饭被困了半小时",
    "公租房维修资金被挪用",
    "专项资金没有到位,房子没修",
    "物业推房管,房管推物业",
    "推给房管局",
    "从单元门进来一个人",
    "卡坏了门进不去",
    "排队要号码牌",
    "以经济适用房名义收钱",
    "自己经常跑物业",
    "停电提前通知一下",
    "涨租凭什么不通知",
    "房租凭证丢了",
    "抵押今年到期",
    "泄漏谁负责",
    "购物页面打不开",
    "自燃汽车没人管",
    "干扰明显",
    "充电装置坏了",
    "来自沙坪的租户想退房",
    "房租今天交",
    "没气味",
    "两栋楼都停电",
    "三个月没人来",
    "一百二十块",
    "3#2-1502漏水",
    "5#楼和6#楼都停水",
    "abc@example.com",
    "著名小区",
    "乾隆路那个小区",
    "搞么事没得人管",
    "数到一二三四五六七八就停",
    "[诉求]尽快修",
    "13800001234",
]


@pytest.mark.parametrize(("written", "read"), PAIRS.items())
def test_put_right(written: str, read: str) -> None:
    assert plain(written) == read


@pytest.mark.parametrize("text", SAME)
def test_left_alone(text: str) -> None:
    assert plain(text) == text


MARKS = [
    "<b>",
    "</p>",
    "&amp;",
    "&#",
    "38;",
    "lt;",
    "#",
    "@",
    "//@",
    "[怒]",
    "[",
    "]",
    " ",
    "\n",
    "😡",
    "🔥",
    "起",
    "漏",
    "💧",
    "著",
    "么",
]
PARTS = [
    "么麼",
    "\u200d",
    "\u0301",
    "e",
    "İ",
    "ﷺ",
    "零",
    "幺",
    "一三八",
    "四个",
    "8",
    "资金",
    "压金",
    "房",
    "落水",
    "厕所",
    "公主房",
]
PIECES = st.sampled_from([*PAIRS, *SAME, *MARKS, *PARTS])
TEXTS = st.one_of(st.text(max_size=40), st.lists(PIECES, max_size=8).map("".join))


@settings(max_examples=200, deadline=None)
@given(TEXTS)
def test_twice_is_once(text: str) -> None:
    once = plain(text)
    assert plain(str(once)) == once
    assert plain(once) is once


def test_a_plain_text_is_text() -> None:
    assert isinstance(plain("漏水"), Plain) and plain("漏水") + "了" == "漏水了"
    assert not any("\ud800" <= sign <= "\udfff" for sign in plain("漏\ud83d水"))


FODDER = [
    *("(", "啊", "没", "8", "零", "幺", "&amp;", "<b", "<<b>", "@", "//@a", "#", "[", "😡", "\n ", " 啊", "ﷺ", "電", "资金"),
    *("压金房", "四个8", "一栋", "三栋二单元", "@a@b", "#a#b", "[怒]", "t.cn/", "&#38;", "没有没有", "著", "é\u0301", "一三八 "),
]


@pytest.mark.parametrize("piece", FODDER)
def test_no_text_takes_long(piece: str) -> None:
    text = (piece * 100_000)[: 100_000 // len(piece[0].encode())]
    began = stopwatch()
    plain(text)
    assert stopwatch() - began < 1
