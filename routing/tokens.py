"""Words of a Chinese message: one small interface over jieba with the field's own vocabulary, and the plain form of a text."""

from __future__ import annotations

import functools
import logging
import re
import threading
import unicodedata
from collections.abc import Iterable

import jieba

from routing.taxonomy import Taxonomy

_FIELD = """
公租房 公租屋 廉租房 廉租住房 保障房 保障性住房 保障性租赁住房 经适房 经济适用房 安置房 周转房 人才公寓 直管公房
    租户 承租人 共同居住人 共同承租人 轮候 轮候册 摇号 选房 续签 续租 退房 换房 调房 押金 租金 转租 转借 转包 空置
    腾退 年审 复核 资格 资格审核 准入 退出 催缴 代收 代缴 物业 物业公司 物业费 管家 房管局 房管所 房管站 住保中心
    住房保障中心 住房保障局 住建局 承接单位 承接主体 运营公司 运营单位 电梯困人 煤气味 燃气味 天然气 液化气 漏气 漏电
    返水 浸水 反水 渗水 漏水 墙皮 墙砖 空鼓 单元门 楼道 楼道灯 门禁 门禁卡 对讲 飞线 飞线充电 电瓶车 电动车 充电桩
    化粪池 二次供水 加压泵 水压 未修先结 踢皮球 不作为 乱收费 吃拿卡要 收款码 租赁合同 租赁补贴 租金补贴 收入证明 低保
    低保户 低收入 公示 公示期 满意度 测评 回访 五星 小程序 公众号 验证码 人脸识别 智能门锁 密码锁 监控 摄像头 保洁
    保安 门岗 绿化 绿化带 停车位 车位 消防通道 消火栓 灭火器 烟感 喷淋 屋面 外墙 防水 地漏 马桶 下水道 水龙头 水表
    电表 闸刀 跳闸 停水 停电 断水 暖气 暖气片 热水器 供暖 燃气表 开户 通气 点火 白蚁 蟑螂 老鼠 霉斑 发霉 阳台 窗户
    门窗 门锁 锁芯 健身器材 护栏 围墙 路面 内涝 积水 麻将馆 棋牌室 群租 仓库 违建 搭建 毁绿 占道 堆物 杂物 噪音 扰民
    广场舞 遛狗 养狗 养鸡 工地 渣土车 公交站 学区 入学 医保 社保 户口 居住证 落户 房产证 产权证 商品房 法院 仲裁 信访
    行政复议 诉讼 拖欠工资 欠薪 农民工 拆迁 棚改 征收 回迁 二期 三期 新建 改建 扩建 改造 装修 工程质量 验收 开工 竣工
    偷工减料 招标 中标 围标 回扣 红包 好处费 打击报复 穿小鞋 泄露 没得 莫得 咋个 咋整 咋弄 么样 么斯 冇得 冇水 木有
    要不得 遭不住 恼火 娃儿 不晓得
"""
DOMAIN_WORDS = tuple(_FIELD.split())

_TYPOS = (
    ("公祖房", "公租房"),
    ("公组房", "公租房"),
    ("公租凭房", "公租房"),
    ("廉住房", "廉租房"),
    ("连租房", "廉租房"),
    ("租凭", "租赁"),
    ("押今", "押金"),
    ("以经", "已经"),
    ("电题", "电梯"),
    ("电提", "电梯"),
    ("楼到灯", "楼道灯"),
    ("漏谁", "漏水"),
    ("物页", "物业"),
    ("续鉴", "续签"),
)
_UNSEEN = re.compile("[\u200b-\u200f\u2028-\u202e\ufeff\u00ad]")
_SPACE = re.compile(r"[^\S\n]+")


def plain(text: str) -> str:
    """The text as the rules read it: half-width, lower case, no invisible signs, the commonest slips put right.

    The original is the caller's to keep; nothing here is shown as what the resident wrote.
    """
    text = _UNSEEN.sub("", unicodedata.normalize("NFKC", text)).lower()
    text = _SPACE.sub(" ", text)
    for wrong, right in _TYPOS:
        text = text.replace(wrong, right)
    return text.strip()


class Words:
    """A segmenter of its own: adding words here changes nothing for other users of jieba. Safe for many threads."""

    def __init__(self, extra: Iterable[str] = ()) -> None:
        jieba.setLogLevel(logging.WARNING)
        self._extra = tuple(dict.fromkeys((*DOMAIN_WORDS, *extra)))
        self._jieba = jieba.Tokenizer()
        self._ready = False
        self._lock = threading.Lock()

    def initialize(self) -> None:
        """Read the dictionary now (about a second) and not on the first message."""
        if self._ready:
            return
        with self._lock:
            if not self._ready:
                self._jieba.initialize()
                for word in self._extra:
                    self._jieba.add_word(word)
                self._ready = True

    def cut(self, text: str) -> list[str]:
        """Words in order, blanks left out."""
        self.initialize()
        return [word for word in self._jieba.cut(text) if word.strip()]


def taxonomy_words(taxonomy: Taxonomy) -> tuple[str, ...]:
    """The words that leaf names are made of, cut at their slashes and brackets."""
    names = (part for leaf in taxonomy.leaves.values() for part in re.split(r"[/()()、·\s]+", leaf.name))
    return tuple(dict.fromkeys(name for name in names if 2 <= len(name) <= 6))


@functools.lru_cache(maxsize=1)
def shared_words() -> Words:
    """The segmenter with the field's words only, one for the process."""
    return Words()


def initialize() -> None:
    """Warm the shared segmenter; call at start-up."""
    shared_words().initialize()
