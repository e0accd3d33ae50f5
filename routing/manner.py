"""The manner of a message: what kind of request it is, whether the name is to be withheld, and what makes it more pressing."""

from __future__ import annotations

import re

_PRAISE = re.compile(
    r"表扬|点赞|点个赞|锦旗|感谢|感激|谢谢.{0,8}(?:师傅|同志|管家|小[一-龥]|工作人员|物业|你们|保安|阿姨|大哥)|为.{0,8}点赞|好样的|热心肠|值得(?:学习|表扬)|服务(?:真|很|特别|太)好|给力"
)
_BLAME = re.compile(
    r"投诉|太差|差劲|不作为|推诿|踢皮球|不管|没人管|没得人管|冇人管|无人管|没人理|不理|不处理|不解决|拖|恶劣|凭(?:啥|什么)|乱收|多收|乱扣|黑心|忽悠|骗|欺负|不合理|不像话|岂有此理|气愤|无法无天|严重影响|扰民|受不了"
    r"|遭不住|忍无可忍|要不得|恼火|太过分|坑|霸王|形同虚设|说法|不满|不公|质疑|至今(?:没|未|无)|多次反映|\[怒\]|打折扣|讨个"
)
_REPORT = re.compile(
    r"举报|检举|揭发|控告|实名反映.{0,10}违规|反映.{0,14}(?:转租|转借|违规|骗取|私自|作假|围标|回扣|贪)|希望.{0,4}(?:严查|查处|彻查)|请.{0,4}(?:严查|查处|彻查|核查一下)"
)
_SUGGEST = re.compile(
    r"建议|提个?(?:意见|议|想法)|希望(?:能|可以|政府|领导|有关部门|物业|小区|你们|尽早|早日)?.{0,6}(?:增设|增加|加装|设立|开设|延长|改进|完善|优化|安装|多建|多设|统一|推出|出台)|可不可以(?:加|增|设|装)|能否(?:增|加|设)|不妨|最好能"
)
_ASK = re.compile(
    r"请问|咨询|想问|问一下|问下|想了解|了解一下|想知道|打听|请教|求问|怎么(?:办理?|申请|交|弄|算|查|开|退|换|登|续|处理|走)|如何(?:办理?|申请|查|续|退|换|交|算)|咋个?(?:办|弄|申请|交|整)|(?:要|需要|带)(?:些)?(?:什么|啥|哪些)|多少钱|什么(?:时候|条件|流程|手续|材料|标准)"
    r"|啥(?:时候|条件|手续)|几时|何时|多久|哪里|哪儿|在哪|能不能|可不可以|可以.{0,12}吗|是否|是不是|有没有|行不行|[吗么嘛]\s*[??]?\s*$|[??]\s*$"
)
_HELP = re.compile(
    r"维修|报修|修一下|来人|派人|上门|帮|求助|救|漏|堵|坏|停水|停电|没水|没电|断水|断电|尽快|赶紧|快来|解决一下|处理一下|协调|麻烦"
)
_REPORT_LEAVES = frozenset({"B05", "B06", "G04", "R07", "R08"})
_ASK_LEAVES = frozenset({"G01", "D06", "G05", "G07", "G09", "B04"})
_SARCASM = re.compile(
    r"真是(?:好|感谢|谢谢)得?(?:很|您|你|你们)?(?:啊|呢|哦|哈)|好得很|好一个|真(?:会|能|行)(?:啊|呢)|佩服|服了|呵呵|可真"
)

_SECRET = re.compile(
    r"(?:别|不要|莫|请勿|不能|不得|千万别|勿|不想|不愿|不希望|别让|莫让|不要让|别把|不要把).{0,14}(?:告诉|透露|泄露|知道|晓得|说是我|说我|讲是我|公开|暴露|让.{0,6}知道|提(?:到)?我|我的(?:名字|姓名|电话|信息)|是我(?:说|反映|举报|投诉|打))"
    r"|(?:保密|匿名|替我保|不(?:方便|便)透露(?:姓名|身份)?|不留(?:名|姓名)|隐(?:去|藏)(?:姓名|身份|我的)|怕(?:被)?(?:报复|打击|穿小鞋|找麻烦|他们知道|晓得))"
)
_NO_SECRET = re.compile(r"(?:不用|不需要|无需|不必|没必要|不要求|不要|不|没有?要求)(?:[给帮替]我|你们)?(?:做|进行)?(?:保密|匿名)")
_WEAK_PEOPLE = re.compile(
    r"孕妇|怀孕|大肚子|坐月子|婴儿|新生儿|宝宝才|残疾|轮椅|瘫痪|卧床|透析|心脏病|癌症|化疗|病人|(?:[七八九]十(?:多|几|来)?岁|[7-9]\d(?:多)?岁)|老人.{0,8}(?:摔|跌|滑倒|发烧|生病|独自|一个人)|(?:摔|跌|滑).{0,8}(?:老人|孩子|奶奶|爷爷|婆婆|大爷|人|伤|骨折)"
)
_LASTING = re.compile(
    r"(?:断|停|没|无|缺|冇|没得)(?:有)?(?:水|电|气|暖|热水|自来水).{0,6}(?:[两二三四五六七八九十几多\d]+(?:个)?(?:天|日|周|星期|礼拜))|(?:[两二三四五六七八九十几多\d]+)天(?:都)?(?:没|断|停|无|冇)(?:有)?(?:水|电|气|暖)|骨折|住院|急诊|送医院|流血|见血|整栋楼?|全楼|整个小区"
    r"|高烧|冻(?:病|感冒|坏)|没法(?:住|生活|睡|做饭|上厕所)"
)


def request_type(text: str, leaf: str) -> str:
    """咨询 求助 投诉 举报 建议 or 表扬, from the words and, where they say nothing, from the leaf."""
    blame = bool(_BLAME.search(text))
    if _PRAISE.search(text) and not blame and not _SARCASM.search(text) and not _HELP.search(text.replace("维修师傅", "")):
        return "表扬"
    if _REPORT.search(text) or leaf in _REPORT_LEAVES:
        return "举报"
    if _SUGGEST.search(text) and not blame:
        return "建议"
    if leaf[:1] == "R" or blame:
        return "投诉"
    if leaf in _ASK_LEAVES or (_ASK.search(text) and not (leaf[:1] in "CE" and _HELP.search(text))):
        return "咨询"
    return "求助"


def secrecy(text: str) -> str:
    """The words in which the person asks not to be named to those complained of; "" where nobody does (不用保密)."""
    found = _SECRET.search(_NO_SECRET.sub(" ", text))
    return found.group() if found else ""


def wants_secrecy(text: str) -> bool:
    """Whether the person asks not to be named to those complained of."""
    return bool(secrecy(text))


def raised(urgency: str, text: str) -> tuple[str, str]:
    """The urgency after the words that raise it by one step (never to U0, which is life safety), and those words."""
    found = _LASTING.search(text) or _WEAK_PEOPLE.search(text)
    if not found or urgency in ("U0", "U1"):
        return urgency, ""
    return f"U{int(urgency[1]) - 1}", found.group()
