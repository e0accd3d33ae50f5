"""The shipped policy says what it should, and every mistake in a copy of it is refused with file, line and cure."""

from __future__ import annotations

import json
import re
import shutil
from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from app.errors import BadFile
from app.policy import SHIPPED, TOLD, Policy, Rules, load_policy
from routing.taxonomy import Owner
from sla.ladder import Action


@pytest.fixture(scope="module")
def shipped() -> Policy:
    return load_policy()


def test_all_89_leaves(shipped: Policy) -> None:
    counts = Counter(leaf.group for leaf in shipped.taxonomy.leaves.values())
    assert counts == {"A": 9, "B": 13, "C": 17, "D": 7, "P": 6, "G": 9, "R": 8, "E": 10, "N": 10}
    for group, count in counts.items():
        assert [f"{group}{n:02}" for n in range(1, count + 1)] == [c for c in shipped.taxonomy.leaves if c[0] == group]


def test_who_owes_what(shipped: Policy) -> None:
    owners = {code: leaf.owner for code, leaf in shipped.taxonomy.leaves.items()}
    expected = dict.fromkeys("ABCDP", Owner.CONTRACTOR) | {
        "G": Owner.PURCHASER,
        "R": Owner.SUPERVISION,
        "E": Owner.EMERGENCY,
        "N": Owner.ELSEWHERE,
    }
    exceptions = {"D05": Owner.PURCHASER, "D07": Owner.PURCHASER}
    assert owners == {code: exceptions.get(code, expected[code[0]]) for code in owners}


def test_whose_name_is_withheld(shipped: Policy) -> None:
    withheld = {code for code, leaf in shipped.taxonomy.leaves.items() if leaf.confidential}
    assert withheld == {"B05", "B06", "G04", *(f"R{n:02}" for n in range(1, 9))}


def test_emergencies_say_what_to_do_and_elsewhere_says_where(shipped: Policy) -> None:
    for code, leaf in shipped.taxonomy.leaves.items():
        assert bool(leaf.first_action) == (code[0] == "E"), code
        assert (leaf.urgency == "U0") == (code[0] == "E"), code
        assert leaf.refer or code[0] != "N", code
    gas = shipped.taxonomy.leaves["E01"].first_action
    assert all(word in gas for word in ("打开门窗", "不要开关任何电器", "室外", "119"))


def test_precedence(shipped: Policy) -> None:
    rank = shipped.taxonomy.rank
    assert rank("E01") < rank("R01") < rank("G01") < rank("N08") < rank("A01") == rank("P01") < rank("N01")


@pytest.mark.parametrize(
    ("leaf", "urgency", "limits"),
    [
        (
            "C01",
            "U1",
            "contact 2h, resolve 2wd, respond 4wh, accept 1h, reach 2h, arrive 1wd, finish 2wd, "
            "assist 1wd, supervise 1wd, decide 4wh, review 1wd, callback 1wd",
        ),
        (
            "C06",
            "U2",
            "contact 1wd, resolve 3wd, respond 1wd, accept 4wh, reach 1wd, arrive 3wd, finish 3wd, "
            "assist 3wd, supervise 2wd, decide 1wd, review 1wd, callback 1wd",
        ),
        # more urgent than usual: the stricter of the two
        (
            "C06",
            "U1",
            "contact 2h, resolve 2wd, respond 4wh, accept 1h, reach 2h, arrive 1wd, finish 2wd, "
            "assist 1wd, supervise 1wd, decide 4wh, review 1wd, callback 1wd",
        ),
        # nobody has to come for what is not to be repaired
        (
            "B10",
            "U0",
            "contact 10m, resolve 4h, respond 15m, accept 5m, reach 10m, finish 4h, "
            "assist 1h, supervise 1h, decide 1h, review 4h, "
            "callback 24h",
        ),
        # less urgent: what was promised stays
        (
            "C05",
            "U3",
            "contact 1h, resolve 1wd, respond 2wd, accept 1wd, reach 1h, arrive 5wd, finish 1wd, assist 5wd, supervise 3wd, "
            "decide 1wd, review 2wd, callback 2wd",
        ),
        # never a contractor's: nothing to accept
        ("G02", "U2", "contact 1wd, resolve 15d, respond 1wd, supervise 2wd, decide 1wd, callback 1wd"),
        ("R05", "U1", "contact 4h, resolve 3wd, respond 4wh, supervise 1wd, decide 4wh, callback 1wd"),
        (
            "E01",
            "U0",
            "contact 2m, resolve 4h, respond 15m, accept 5m, reach 2m, arrive 1h, finish 4h, "
            "assist 1h, supervise 1h, decide 1h, review 4h, callback 24h",
        ),
        ("N01", "U3", "contact 1wd, resolve 2wd, respond 2wd, supervise 3wd, decide 1wd, callback 2wd"),
    ],
)
def test_limits(shipped: Policy, leaf: str, urgency: str, limits: str) -> None:
    assert ", ".join(f"{target.key} {target.budget}" for target in shipped.sla.targets(leaf, urgency)) == limits


PARTIES = {
    "contact": ("receipt", "citizen"),
    "resolve": ("receipt", "citizen"),
    "respond": ("act", "citizen"),
    "accept": ("dispatch", "contractor"),
    "reach": ("dispatch", "contractor"),
    "arrive": ("dispatch", "contractor"),
    "finish": ("dispatch", "contractor"),
    "assist": ("act", "contractor"),
    "supervise": ("act", "contractor"),
    "decide": ("act", "adjudicator"),
    "review": ("act", "hotline"),
    "callback": ("act", "hotline"),
}


def test_what_holds_for_every_target(shipped: Policy) -> None:
    for (code, urgency), targets in shipped.sla.promises.items():
        for target in targets:
            assert (target.anchor, target.party) == PARTIES[target.key]
            assert target.pausable == (target.key in ("resolve", "finish") and urgency != "U0"), (code, urgency)
            assert shipped.sla.calendar_of(target).endless == (urgency == "U0")
            assert sum(step.action is Action.BREACH for step in target.ladder) == 1
            assert {who for step in target.ladder for who in step.tell} <= set(TOLD)


def test_no_ladder_of_a_reserved_leaf_names_the_contractor(shipped: Policy) -> None:
    for (code, _), targets in shipped.sla.promises.items():
        if code[0] in "GRN":
            assert not any("contractor" in step.tell for target in targets for step in target.ladder), code


def test_head_rules_and_phrases(shipped: Policy) -> None:
    assert (shipped.name, shipped.effective_from) == ("公租房服务热线示例标准", date(2026, 1, 1))
    assert shipped.rules == Rules() and shipped.timezone == "Asia/Shanghai"
    assert set(shipped.phrases) == set(shipped.taxonomy.leaves) and all(shipped.phrases.values())


def test_every_rule_is_explained() -> None:
    for name in Rules.__dataclass_fields__:
        assert f"``{name}``" in str(Rules.__doc__)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return Path(shutil.copytree(SHIPPED, tmp_path / "policy"))


def test_the_hash_follows_every_file(shipped: Policy, copy: Path) -> None:
    assert load_policy(copy).hash == shipped.hash
    (copy / "phrases" / "Z.toml").write_text("# nothing yet\n", encoding="utf-8")
    assert load_policy(copy).hash != shipped.hash


def test_the_texts_that_teach_the_alarm(shipped: Policy, copy: Path) -> None:
    assert len(shipped.alarms) > 500 and len({text for text, _ in shipped.alarms}) == len(shipped.alarms)
    (copy / "alarms" / "own.toml").write_text('[E03]\nring = ["锅炉房冒烟"]\ncalm = ["锅炉房停暖"]\n', encoding="utf-8")
    more = load_policy(copy)
    assert set(more.alarms) - set(shipped.alarms) == {("锅炉房冒烟", True), ("锅炉房停暖", False)}
    assert more.hash != shipped.hash
    shutil.rmtree(copy / "alarms")
    assert load_policy(copy).alarms == ()


def test_the_folders_of_phrases_add_up(shipped: Policy, copy: Path) -> None:
    (copy / "phrases" / "letters").mkdir()
    (copy / "phrases" / "letters" / "C.toml").write_text('[C01]\nsays = ["厨房顶上渗水，望派人查看。"]\n', encoding="utf-8")
    more = load_policy(copy).phrases
    assert sorted(more["C01"]) == sorted((*shipped.phrases["C01"], "厨房顶上渗水，望派人查看。"))
    assert more["C02"] == shipped.phrases["C02"]


def leaf(code: str, **fields: str | int | None) -> str:
    """A line of the taxonomy, with these fields instead of ordinary ones; None leaves one out."""
    said = {"name": "名称", "urgency": "U1", "contact": "2h", "resolve": "2wd"} | fields
    return f"{code} = {{ " + ", ".join(f"{key} = {json.dumps(v)}" for key, v in said.items() if v is not None) + " }"


# file | the line to look for (its first place) | what it becomes | what the message says | what the cure says
# The error must name that very line, or, with +n or -n, the one so many lines below or above.
MISTAKES = [
    ("policy.toml", "reopen_days = 7", "reopen_day = 7", "不认识的项“reopen_day”", "reopen_days"),
    ("policy.toml", "reopen_days = 7", 'reopen_days = "七"', "“reopen_days”的写法不对", "整数"),
    ("policy.toml", "reopen_days = 7", "reopen_days = true", "“reopen_days”的写法不对", "整数"),
    ("policy.toml", "reopen_days = 7", "reopen_days = 0", "须至少为 1", "正整数"),
    ("policy.toml", "timezone = ", 'timezone = "Asia/Peking"', "没有时区", "Asia/Shanghai"),
    ("policy.toml", "effective_from = ", 'effective_from = "2026"', "写法不对", "日期"),
    ("policy.toml", "version = ", 'version = " "', "是空的", "写明"),
    ("policy.toml", "name = ", "name = 公租房", "不是有效的 TOML", "引号"),
    ("calendars.toml", 'name = "热线工作时间"', 'title = "热线工作时间"', "不认识的项“title”", "name"),
    ("calendars.toml", 'country = "CN"', 'country = "XX"', "没有“XX”的假日安排", "CN"),
    ("calendars.toml", "mon = [", 'mon = [["08:30", "25:00"]]', "不存在", "08:30"),
    ("calendars.toml", "mon = [", 'mon = [["12:00", "08:30"]]', "不早于", "08:30"),
    ("calendars.toml", 'tue = "mon"', 'tues = "mon"', "不认识的项“tues”", "tue"),
    ("calendars.toml", 'hours = "24x7"', 'hours = "all day"', "24x7", "24x7"),
    ("calendars.toml", 'hours = "24x7"', "hours = {}", "没有任何工作时间", "至少"),
    ("calendars.toml", 'hours = "24x7"', 'hours = "24x7"\ndays = { "2026-02-30" = [] }', "不是日期+1", "2026-02-14"),
    ("taxonomy.toml", "C01 = ", leaf("C01", contact="2 h"), "“2 h”无法识别", "30m"),
    ("taxonomy.toml", "C01 = ", leaf("C01", contact=2), "“2”无法识别", "30m"),
    ("taxonomy.toml", "C01 = ", leaf("C01", resolve=None), "缺少“resolve”", "resolve ="),
    ("taxonomy.toml", "C01 = ", leaf("C01", urgency="U4"), "不能是“U4”", "U0"),
    ("taxonomy.toml", "C01 = ", leaf("C01", name=None), "缺少“name”", "name ="),
    ("taxonomy.toml", "C01 = ", 'C01 = "漏"', "“C01”的写法不对", "一组项"),
    ("taxonomy.toml", "C01 = ", leaf("C02"), "重复+1", "编号"),
    ("taxonomy.toml", "C01 = ", leaf("X01"), "不合规则", "C"),
    ("taxonomy.toml", 'owner = "contractor"', 'owner = "city"', "“owner”不能是“city”", "contractor"),
    ("taxonomy.toml", "D05 = ", leaf("D05", owner="me"), "“me”", "purchaser"),
    ("taxonomy.toml", "G01 = ", leaf("G01", owner="contractor"), "不能由", "purchaser"),
    ("taxonomy.toml", "N01 = ", leaf("N01"), "没有写去向", "refer"),
    ("taxonomy.toml", "E01 = ", leaf("E01"), "先做什么", "first_action"),
    ("taxonomy.toml", "precedence = ", 'precedence = [["E"], ["R"], ["G"], ["A", "B", "C", "D", "P"]]', "“N”没有排入", "N"),
    ("taxonomy.toml", "precedence = ", 'precedence = [["E", "E"], ["R", "G", "A", "B", "C", "D", "P", "N"]]', "排了两次", "一次"),
    ("taxonomy.toml", "precedence = ", 'precedence = [["E", "N99"], ["R", "G", "A", "B", "C", "D", "P", "N"]]', "不是类别", "类"),
    ("taxonomy.toml", "precedence = ", 'precedence = ["E", "R"]', "一组类别", "["),
    ("limits.toml", 'contact = "alarm"', 'contact = "alert"', "“alert”", "alarm"),
    ("limits.toml", 'resolve = "rescue"', "", "缺少“resolve”-3", "resolve ="),
    ("limits.toml", 'hours = "service"', 'hours = "nights"', "“nights”", "always"),
    ("limits.toml", 'groups = ["C", "E"]', 'groups = ["C", "Z"]', "“Z”", "E"),
    ("limits.toml", "waits = true", 'waits = "yes"', "“waits”的写法不对", "true"),
    ("limits.toml", 'until = "acknowledged"', 'until = "tired"', "“tired”", "acknowledged"),
    ("limits.toml", 'tell = ["desk"]', "tell = []", "谁也不告知", "删去"),
    ("limits.toml", 'calendar = "always"', 'calendar = "nights"', "“nights”", "always"),
    ("limits.toml", "pausable = []", 'pausable = ["solve"]', "“solve”", "resolve"),
    ("limits.toml", 'anchor = "receipt"', 'anchor = "arrival"', "“arrival”", "receipt"),
    ("limits.toml", "elsewhere = ", "", "缺少“elsewhere”-5", "elsewhere ="),
    ("limits.toml", 'accept = "5m"', 'accept = "5min"', "“5min”无法识别", "30m"),
    ("limits.toml", 'key = "half"', 'keys = "half"', "不认识的项“keys”", "key"),
    ("limits.toml", 'when = "50%"', 'when = "-10m"', "永远不会发生", "更接近"),
    ("limits.toml", 'when = "50%"', 'when = "half"', "“half”无法识别", "80%"),
    ("limits.toml", 'tell = ["handler", "desk"]', 'tell = ["handler", "mayor"]', "“mayor”", "supervisor"),
    ("limits.toml", 'action = "breach"', 'action = "shout"', "“shout”", "breach"),
    ("limits.toml", 'action = "breach"', 'action = "remind"', "只有一个超期步骤-7", "breach"),
    ("limits.toml", 'level = "约谈"', 'level = "谈话"', "“谈话”", "约谈"),
    ("limits.toml", 'level = "约谈"', "", "没有写级别-4", "level"),
    ("limits.toml", 'repeat = "5m"', 'repeat = "5"', "“5”无法识别", "limit"),
    ("limits.toml", "limit = 6", "", "成对-1", "limit"),
    ("limits.toml", 'repeat = "5m"', "", "成对", "limit"),
    ("limits.toml", 'key = "lapsed"', 'key = "half"', "“half”重复", "另一个"),
    ("limits.toml", "limit = 6", "limit = 1", "成对", "limit"),
    ("phrases/C.toml", "says = [", 'says = ["漏水", ""]', "非空的文字", "says"),
    ("alarms/short.toml", "[E01]", "[C01]\nring = []\ncalm = []\n[E01]", "不是应急类别", "E01"),
    ("alarms/short.toml", "ring = [", 'ring = ["", ', "非空的文字", "ring"),
    ("phrases/C.toml", "[C01]", "[C99]", "“C99”不在类别表中", "编号"),
    ("phrases/C.toml", "[C01]", "[C02]", "重复+2", "编号"),
    ("phrases/C.toml", "[C01]", "[A01]", "在同一文件夹里已写过", "只写一处"),
    ("phrases/C.toml", "says = [", 'said = ["漏水"]', "不认识的项“said”", "says"),
]  # fmt: skip


@pytest.mark.parametrize(("file", "original", "wrong", "message", "cure"), MISTAKES)
def test_every_mistake_is_named_by_file_line_and_cure(
    copy: Path, file: str, original: str, wrong: str, message: str, cure: str
) -> None:
    (copy / "phrases" / "C.toml").write_text('[C01]\nsays = ["漏水"]\n[C02]\nsays = ["屋顶漏"]\n', encoding="utf-8")
    lines = (copy / file).read_text(encoding="utf-8").splitlines()
    number = next(place for place, line in enumerate(lines, 1) if line.startswith(original))
    (copy / file).write_text("\n".join([*lines[: number - 1], *wrong.splitlines(), *lines[number:]]), encoding="utf-8")
    with pytest.raises(BadFile) as found:
        load_policy(copy)
    said = re.fullmatch(r"(.*?)([+-]\d+)?", message)
    assert said is not None
    assert found.value.file == file
    assert said[1] in found.value.message and cure in found.value.cure
    assert found.value.line == number + int(said[2] or 0)
    assert f"{file} 第{found.value.line}行" in str(found.value)


def test_a_missing_file_and_a_wrong_encoding(copy: Path) -> None:
    text = (copy / "limits.toml").read_text(encoding="utf-8")
    (copy / "limits.toml").write_bytes(text.encode("gb18030"))
    with pytest.raises(BadFile, match=r"limits\.toml 第1行：不是 UTF-8") as found:
        load_policy(copy)
    assert found.value.cure
    (copy / "limits.toml").unlink()
    with pytest.raises(BadFile, match=r"limits\.toml：缺少这个文件"):
        load_policy(copy)
