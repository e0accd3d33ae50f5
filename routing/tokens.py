"""Words of a Chinese message: one small interface over jieba, or rjieba where it is installed, with the field's vocabulary."""

from __future__ import annotations

import functools
import importlib
import importlib.util
import logging
import re
import threading
from collections.abc import Callable, Iterable

from routing.taxonomy import Taxonomy

Cutter = Callable[[str], list[str]]

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


class Words:
    """A segmenter of its own: adding words here changes nothing for others in the process. Safe for many threads.

    rjieba cuts as jieba does (but for figures and letters that the features do not look at), thirty times as fast;
    ``quick`` False asks for jieba even where rjieba is installed.
    """

    def __init__(self, extra: Iterable[str] = (), *, quick: bool = True) -> None:
        self._extra = tuple(dict.fromkeys((*DOMAIN_WORDS, *extra)))
        self._make = _quick if quick and importlib.util.find_spec("rjieba") else _slow
        self._cut: Cutter | None = None
        self._lock = threading.Lock()

    def initialize(self) -> Cutter:
        """Read the dictionary now (jieba: about a second) and not on the first message."""
        if self._cut is None:
            with self._lock:
                if self._cut is None:
                    self._cut = self._make(self._extra)
        return self._cut

    def cut(self, text: str) -> list[str]:
        """Words in order, blanks left out."""
        cut = self._cut or self.initialize()
        return [word for word in cut(text) if not word.isspace()]


def _quick(words: tuple[str, ...]) -> Cutter:
    segmenter = importlib.import_module("rjieba").Jieba()  # here, because it need not be installed: the extra [fast]
    for word in words:
        segmenter.add_word(word, None, None)
    cut: Cutter = segmenter.cut
    return cut


def _slow(words: tuple[str, ...]) -> Cutter:
    jieba = importlib.import_module("jieba")  # here, because it takes a quarter of a second and rjieba may stand in for it
    jieba.setLogLevel(logging.WARNING)
    segmenter = jieba.Tokenizer()
    segmenter.initialize()
    for word in words:
        segmenter.add_word(word)
    cut: Cutter = segmenter.lcut
    return cut


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
