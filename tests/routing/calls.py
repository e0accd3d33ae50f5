"""Invented calls, one turn a line: A the agent, R the resident."""

from __future__ import annotations

from routing.turns import Turn, turns_of

CALLS = {
    "leak": """A|您好，很高兴为您服务，工号1008，请问有什么可以帮您
R|喂你好，我想反映个事，我家厨房顶上漏水，漏了快半个月了
A|请问您是哪个小区几栋几单元
R|碧水家园，三栋二单元一五零二
A|您是说三栋对吗
R|不对 是九号楼
A|好的，九号楼。您贵姓
R|免贵姓王
A|王女士，您的联系电话是多少
R|一三八
A|嗯
R|零零一三
A|嗯
R|八零零零
A|13800138000对吗
R|对
A|之前有没有跟物业反映过
R|给物业打了三次电话了，都说马上来，没人来
A|您的诉求是什么呢
R|希望你们赶紧派人来修，把墙也补一补，谢谢啊
A|好的，已为您登记，感谢您的来电，再见""",
    "fire": """A|您好公租房热线
R|喂
R|快点快点，碧水家园5栋楼道里电瓶车烧起来了，好大的烟
A|有没有人受伤
R|没有，赶紧来人啊""",
    "no fire": """A|您好请讲
R|我们楼道灯不亮，碧水家园2栋
A|有没有起火冒烟
R|没有没有，就是不亮，两个月了
A|家里有老人吗
R|有，我妈八十二了，摔过一跤
A|需要保密吗
R|不用
A|好的，为您登记了""",
    "no fire, asked back": """A|您好，请问有什么可以帮您
R|我家插座坏了一个，充不了电
A|是起火了吗
R|起火？没有没有，就是没反应
A|好的，给您登记""",
    "gas, by a nod": """A|您好请讲
R|屋里头有股怪味，碧水家园7栋
A|是煤气味吗
R|嗯
A|请您先开窗，不要开灯""",
    "dialect": """A|您好，请问有什么可以帮您
R|哎 我屋头厕所堵球咯 往上翻脏水 臭惨了 都三天了 咋个办嘛
A|您是哪个小区
R|和畅苑
A|是一期还是二期
R|二期
A|房号是多少
R|五栋 幺单元 三零二
A|好的先生怎么称呼
R|姓陈 耳东陈
A|电话是这个号吗
R|对头 就这个号""",
    "slips": """A|您好
R|你好 我是工租房的 我家店里坏了 不是 电题坏了 我在六楼 我老婆怀孕七个月 爬不动
A|您是哪里
R|向阳新村A栋
A|电梯停了多久了
R|从昨天晚上开始的""",
    "asks": """A|您好，请问有什么可以帮您
R|我想问一下续租要带什么材料
A|带身份证和合同
R|好的谢谢""",
    "secret": """A|您好
R|我要举报，碧水家园6栋那家转租的，别告诉他是我说的
A|需要为您保密对吗
R|对对，千万保密
A|您的姓名
R|这个就不说了""",
    "crowd": """A|您好
R|我是业主代表，我们楼12户联名反映，碧水家园8栋电梯三天两头停，气死我了，必须给个说法""",
    "number corrected": """A|您好，请问有什么可以帮您
R|我家碧水家园1栋停水了，我的电话是13912345678
A|13912345678对吗
R|不对 后四位是五六七九
A|好的，给您登记""",
    "number in bits": """A|您好，您的电话是多少
R|我家漏水啊，电话一三八零
A|嗯
R|零一三
A|嗯
R|八零零零""",
    "row": """A|您好，请问有什么可以帮您
R|碧水家园的，我家门锁坏了
A|请问您住几栋几单元几室
R|三 二 一五零二
A|您是张女士对吗
R|对的
A|什么时候方便上门
R|明天下午我在家""",
    "beside": """A|您好，请问有什么可以帮您
R|碧水家园3栋楼上漏水，9栋也漏
A|好的，为您登记""",
    "no word to the landlord": """A|您好
R|物业收我两百块钱换锁，不给发票，是不是乱收费
A|您是哪一位
R|我姓黄，别跟物业说是我
A|您希望怎么处理
R|给我个准信儿，这钱退不退""",
    "nothing": """A|您好
R|喂 喂
A|您好听得到吗
R|嗯""",
}


def _rows(name: str) -> list[tuple[str, str]]:
    return [(line[0], line[2:]) for line in CALLS[name].split("\n")]


def turns(name: str, labels: tuple[str, str] = ("agent", "caller")) -> tuple[Turn, ...]:
    """The call with these labels for agent and resident; "" is none."""
    return turns_of([{"speaker": labels[who == "R"], "text": text} for who, text in _rows(name)])


def roles(name: str) -> tuple[str, ...]:
    return tuple("agent" if who == "A" else "resident" for who, _ in _rows(name))
