"""The words of addresses as expressions: which suffixes name what, what no name holds, what turns a place into an office."""

from __future__ import annotations

import re

from routing.patterns import table

_TABLE = table("address")


def _any(name: str, *more: str) -> str:
    """The words of one line of the table as alternatives, the longest first."""
    return "|".join(sorted({*_TABLE[name].split(), *more}, key=lambda word: (-len(word), word)))


NUMERAL = r"(?:\d{1,4}|[一二三四五六七八九十百]{1,4})"
_LETTERED = r"(?:[A-Za-z]?\d{1,4}[A-Za-z]?|[A-Za-z]|[一二三四五六七八九十百]{1,4}|[甲乙丙丁])"
_MORE = rf"(?:\s?(?:[、,至到~～—/-]|和(?=[\dA-Za-z一二三四五六七八九十]))\s?{_LETTERED}(?:栋|幢|座|号楼|单元)?){{0,6}}"
_ROADS = (
    r"(?:大道|大街|公路|国道|省道|胡同|(?<=[^\s])[东南西北中一二三四五六七八九十]{0,2}横[路街巷]|[东南西北中一二三四五六七八九十]?路"
    r"|[东南西北中]?街|[东南西北]?巷|弄)"
)

# One part of an address a match, told by the group's name. What stands first wins.
PIECE = re.compile(
    rf"(?P<no>{_any('no_place')})"
    rf"|(?P<flat>(?<![A-Za-z\d-])[A-Za-z]?\d{{3,4}}[A-Za-z]?\s?(?:号房|室|房|户)(?![间产屋东子型]))"
    rf"|(?P<house>(?<![\dA-Za-z.]){_LETTERED}{_MORE}\s?(?:号楼|栋楼(?![上下道梯顶房])|栋|幢楼(?![上下道梯顶房])|幢|座(?![位谈机])|#楼?))"
    rf"|(?P<unit>(?<![\dA-Za-z.]){_LETTERED}{_MORE}\s?(?:单元|门洞))"
    rf"|(?P<hall>(?<![\dA-Za-z.])\d{{1,4}}(?:[-—]\d{{1,3}})?号(?!线|院线|文|令|左右|晚|早|上午|下午|中午|凌晨|开|到)"
    rf"(?:之[一二三四五六\d]|附[一二三四五六七八九\d]\d?号)?(?:大院|院(?!校|长|子))?)"
    rf"|(?P<level>(?<![\dA-Za-z.])负?{NUMERAL}[楼层](?![上下道梯顶主盘房次级高]))"
    rf"|(?P<dashed>(?<![\dA-Za-z.:-])(?:[A-Za-z]\d?|\d{{1,3}})[-#]\d{{1,4}}(?:-\d{{3,4}})?(?:号房|号|室|房)?(?![\d年月日元天个次人点万%:-]))"
    rf"|(?P<phase>(?:第?[一二三四五六七八九]|(?<!\d)\d)期(?![间望待末中])|[东南西北ABCDEF]区(?!域))"
    rf"|(?P<crossing>的?(?:交叉路?口|交汇处|交界处|十字路口|[TY丁]字?路口|路口))"
    rf"|(?P<road>{_ROADS}(?![线费灯面人过况程途由径])(?:[一-龥]{{2}}段(?!时)|[东南西北]?段(?!时))?)"
    rf"|(?P<scheme>{_any('schemes')})"
    rf"|(?P<strong>{_any('estates')})"
    rf"|(?P<village>自然村|村(?![民委干官支长镇级务里子口])|[一二三四五六七八九十]里(?=\d))"
    r"|(?P<institution>实验学校|外国语学校|外国语学院|中学|小学|[一二三四五六七八九十]中(?![午国央心间])|大学|学院|学校|幼儿园|医院"
    r"|工厂|厂(?![长家商房区])|剧院|影院|机关|车站|歌舞厅|酒店|宾馆|市场|工业区|工业园|产业园|开发区)"
    r"|(?P<admin>[A-Z]\d{0,2}[市区县州]|(?<=[一-龥])(?:市|县|自治州|自治县|(?<![小校厂库老辖片景牧])区|镇|乡|街道|社区))"
    r"|(?P<weak>国际|中心|外滩里?|一品|世家|天地|左岸|右岸|书院|领地|首府|首座|时代|东郡|西岸|东岸|蓝岸|蓝湾|丽舍|丽都|美墅|名苑|金座|科技"
    r"|[苑园城府庭湾郡轩阁居邸墅庄岸里坊寓坪邨寨屯])"
    r"|(?P<bare>(?<![\dA-Za-z.-])(?:\d{3,4}(?![\dA-Za-z年月日元块.%平度米万人户个天次号-])|\d{1,2}[A-Z](?![A-Za-z\d])|[零〇一二三四五六七八九幺]{3,4}))"
)

STOPS = frozenset(_TABLE["stops"].split())
LONGEST_STOP = max(map(len, STOPS))
INSIDE = frozenset(_TABLE["inside"].split())
# Behind a road, a number or a district the rest is likely a name: only these end it.
HARD_STOPS = frozenset("的是在了我你他她其们这那住不没有把被于去从，。")

# A "name" made of nothing else says what sort of place, but not which.
GENERIC = re.compile(f"(?:{_any('sorts')}|{_any('cities')})+")
NO_ROAD = re.compile(rf"(?:\d|{_any('no_road')})+")
LINKS = re.compile(
    r"(?:附近|旁边|旁|对面|后面|背后|前面|门口|院内|校内|内|里面|里|隔壁|[东南西北][侧边])?的?(?:位于)?(?:那栋|那幢|这栋)?"
)
# Behind a name these make it an office, a firm or where somebody works, not the place that is meant.
OFFICE = re.compile(
    r"(?:市|区|县|镇|人民)*政府|办事处|(?:[^区,。;:!?\s]{0,4})(?:局(?!部)|委员会|派出所|居委会|村委会|支行|分行|管理处|业委会|法院|检察院|公司|集团|项目部|工商所|税务所)"
    r"|街道办|党委|纪委|书记|主任|[市县区镇乡]长|户口|户籍|务工|打工|上班|工作(?!人员)|就读|读书|退休|下岗|职工(?!宿舍|住宅|楼)"
)
