"""What somebody is called 称呼, from how people give their names on the telephone."""

from __future__ import annotations

import re

from routing.normal import plain

SURNAMES = (
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏"
    "钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段钱汤尹黎易常武乔贺赖龚文"
)
_MORE = (
    "庞樊兰殷施陶洪翟颜倪严牛温芦季俞章鲁葛伍韦申尤毕聂丛焦柳邢岳齐沿梅莫庄辛管祝左涂谷祁舒耿牟卜詹关苗凌"
    "费纪靳盛童欧甄项曲阳裴卫屈鲍覃霍翁隋植甘景薄司柏宁柯阮桂闵柴华冉辜吉饶刁瞿戚丘古滕晋苑邬臧畅宫喻牧符"
)
_DOUBLE = "欧阳|司马|上官|诸葛|东方|皇甫|尉迟|公孙|令狐|钟离|宇文|长孙|慕容|夏侯|司徒|轩辕|端木|南宫"
_FAMILY = f"(?:{_DOUBLE}|[{SURNAMES}{_MORE}])"
# Letters that go on with the sentence rather than with a name.
_GIVEN = r"(?:[一-龥](?<![在住家电是的我们今昨想要有说从也来这那你您他她了吗吧呢啊哦嗯不没先女小就打机户租业]))"
_TITLE = "(?:先生|女士|小姐|阿姨|大姐|大哥|师傅|老师|大爷|大妈|奶奶|爷爷|婆婆|叔叔|嬢嬢)"
_END = r"(?=[,。!?;、\s]|$|电话|手机|住|家|机主|是(?:租户|业主|住户)|在|的|我|今年)"
_CALLED = re.compile(
    rf"(?:(?:我|俺|本人|名字|姓名)(?:是)?(?:叫做?|名叫|就叫)|(?:名字|姓名)是)\s?({_FAMILY}{_GIVEN}{{1,2}}?){_END}"
)
_SURNAME = re.compile(
    rf"(?:免贵|我|俺|本人|我是)?(?:,|\s)?(?:的)?姓\s?({_FAMILY})(?![一-龥]姓)(?:,?\s?(?:叫)?({_GIVEN}{{1,2}}?){_END})?"
)
_TITLED = re.compile(rf"(?:我(?:就)?是|我姓|叫我|姓|喊我)\s?((?:小|老)?{_FAMILY}{_TITLE}?)(?=[,。!?\s]|$|就|吧|好|行|嘛|住|家)")
_FORMS = re.compile(
    r"(弓长张|木子李|耳东陈|双木林|口天吴|立早章|草头黄|古月胡|言午许|双人徐|禾呈程|人可何|走肖赵|三横王|文刀刘|干勾于|双口吕)"
)
_ANSWER = re.compile(
    rf"^(?:[嗯啊哦噢呃唉哎呀,。 ]|免贵|我|本人|就|叫做?|是|姓|名字)*"
    rf"((?:小|老)?{_FAMILY}(?:{_TITLE}|{_GIVEN}{{1,2}}?)?)(?:[啊呀吧哈哦的了]|{_END})"
)
_CONFIRMED = re.compile(rf"^(?:是|叫|姓|您是|您叫|您姓|[,\s])*((?:{_FAMILY})(?:{_TITLE}|{_GIVEN}{{1,2}}))$")


def find_name(text: str, *, asked: bool = False) -> str:
    """The name or surname that the speaker gives as his own, as said (李建国, 王女士, 陈); "" when none is given.

    ``asked``: the text answers a question for it, so that a bare name will do.
    """
    said = plain(text)
    if called := _CALLED.search(said):
        return called[1]
    if (titled := _TITLED.search(said)) and len(titled[1]) > 1:
        return titled[1]
    if forms := _FORMS.search(said):
        return forms[1][-1]
    if surname := _SURNAME.search(said):
        return surname[1] + (surname[2] or "")
    if asked and (answer := _ANSWER.search(said)):
        return answer[1]
    return ""


def confirmed_name(claim: str) -> str:
    """The name in what an agent said and the resident confirmed (您是张女士), or ""."""
    found = _CONFIRMED.search(plain(claim))
    return found[1] if found else ""
