"""Hot issues: distinct people make them, not messages; bursts against the cell's own past; one cause, one issue."""

from __future__ import annotations

import math
import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from routing.causes import MOST, groups
from routing.duplicates import Weights
from routing.hotspots import HotIssue, Kind, Observation, Rules, hot_issues

NOW = datetime(2026, 11, 23, 4, tzinfo=UTC)
DUST = "小区旁边新开的砂石场一天到晚扬尘，窗户不敢开，孩子咳嗽"
SIGN = "交房两年了产权登记一直不给办，开发商和管委会互相推"
WEIGHTS = Weights([DUST, SIGN, "楼道灯不亮", "热水器打不着火", "物业不开发票", "停水一整天", "电梯停了两天", "租金多扣了"])
RULES = Rules(broad=frozenset({"G"}), never=frozenset({"N09"}))


def told(person: str, days: float = 1, **said: object) -> Observation:
    usual: dict[str, object] = {"estate": "1", "leaf": "C04", "group": "C", "text": "停水了"}
    return Observation(f"{person}-{days}", NOW - timedelta(days=days), person=person, **{**usual, **said})  # type: ignore[arg-type]


def hot(*seen: Observation, rules: Rules = RULES) -> list[HotIssue]:
    return hot_issues(seen, NOW, rules, WEIGHTS)


def the_one(*seen: Observation, rules: Rules = RULES) -> HotIssue:
    (issue,) = hot(*seen, rules=rules)
    return issue


def test_one_angry_person_who_writes_fifty_times_is_not_hot() -> None:
    angry = [told("zhang", days, words=4, again=True) for days in range(50)]
    assert hot(*angry) == []
    assert hot(*angry, told("li")) == [], "nor with one neighbour"
    calm = [told(name, estate="2") for name in ("wang", "zhao", "qian", "sun")]
    found = hot(*angry, told("li"), told("he"), *calm)
    assert [issue.estate for issue in found] == ["2", "1"], "four people outweigh three, whatever one of them writes"
    assert found[1].kind is not Kind.CHRONIC, "one who writes every week is not many weeks"


def test_who_does_not_say_who_they_are_is_one_person() -> None:
    nameless = [told("", days) for days in range(30)]
    assert hot(*nameless) == []
    assert the_one(*nameless, told("li"), told("he")).people == 3


def test_it_counts_people_flats_messages_and_who_complained_again() -> None:
    issue = the_one(
        told("a", 5, dwelling="1-2-301", words=3),
        told("b", 4, dwelling="1-2-301"),
        told("c", 3, dwelling="1-2-302", again=True),
        told("d", 2),
        told("a", 1, dwelling="1-2-301"),
    )
    assert (issue.people, issue.flats, issue.messages, issue.again) == (4, 2, 7, 2), "a told it again four days later"
    assert issue.refs == ("a-5", "b-4", "c-3", "d-2", "a-1")
    assert (issue.first, issue.last) == (NOW - timedelta(days=5), NOW - timedelta(days=1))
    assert issue.reasons[0] == "4 人、2 户反映，共 7 次"
    assert "2 人再次反映或催办" in issue.reasons


def test_the_formula_of_heat() -> None:
    seen = [
        told("a", 21, dwelling="301"),  # 1 × ½
        told("b", 0, dwelling="301", urgency="U0"),  # ½ + 1
        told("c", 42, again=True, likes=9),  # (1 + ½) × ¼
    ]
    assert the_one(*seen).heat == round(0.5 + 1.5 + 0.375 + 0.5 * math.log(10), 2)
    assert the_one(*seen, rules=replace(RULES, half_life_days=0.0)).heat == round(1 + 1.5 + 1.5 + 0.5 * math.log(10), 2)


def test_two_thousand_likes_do_not_outweigh_a_house_full_of_people() -> None:
    liked = [told("a", likes=2000), told("b"), told("c")]
    people = [told(f"p{i}", estate="2") for i in range(10)]
    assert [issue.estate for issue in hot(*liked, *people)] == ["2", "1"]


def test_what_is_fresh_is_hotter() -> None:
    old = [told(name, 60) for name in "abcd"]
    new = [told(name, 2, estate="2") for name in "efg"]
    assert [issue.estate for issue in hot(*old, *new)] == ["2", "1"]
    assert the_one(*[told(name, 60, last=NOW) for name in "abc"]).heat == 3.0, "a word today keeps an old complaint warm"


def test_a_burst_is_measured_by_the_cells_own_past() -> None:
    quiet = [told(f"q{week}", 10 + 7 * week) for week in range(20)]
    many = [told(f"n{i}", i) for i in range(6)]
    burst = the_one(*quiet, *many)
    assert (burst.kind, burst.recent) == (Kind.BURST, 6)
    assert 0.9 < burst.expected < 1.1
    assert burst.reasons[1] == "最近 7 天 6 人，以往同样长的时间平均约 1.0 人"
    busy = [told(f"b{week}-{i}", 10 + 7 * week) for week in range(20) for i in range(6)]
    usual = the_one(*busy, *many)
    assert (usual.kind, usual.recent) == (Kind.CHRONIC, 6), "six in a week where six are usual is no burst"
    assert "分布在 21 个星期里" in usual.reasons


def test_out_of_nothing_three_people_in_a_week_are_a_burst_and_over_a_month_are_not() -> None:
    before = [told("x", 150, estate="9")]  # the hotline has been there for months
    burst = the_one(*[told(name, 1) for name in "abcd"], *before)
    assert (burst.kind, burst.reasons[1]) == (Kind.BURST, "最近 7 天 4 人，以往没有")
    assert the_one(*[told(name, 9 + 9 * i) for i, name in enumerate("abc")], *before).kind is Kind.GATHERED


def test_weeks_count_people_and_the_last_is_this_one() -> None:
    issue = the_one(told("a", 0), told("a", 1), told("b", 2), told("c", 8), told("c", 170))
    assert len(issue.weeks) == 26
    assert issue.weeks[-2:] == (1, 2) and issue.weeks[1] == 1 and sum(issue.weeks) == 4


def test_a_broad_leaf_is_parted_by_its_words() -> None:
    dust = [told(f"d{i}", leaf="G06", group="G", text=DUST[i:]) for i in range(4)]
    sign = [told(f"s{i}", leaf="G06", group="G", text=SIGN[i:]) for i in range(3)]
    found = hot(*dust, *sign)
    assert [sorted(ref[0] for ref in issue.refs) for issue in found] == [["d"] * 4, ["s"] * 3]
    assert len(hot(*[replace(one, leaf="C04", group="C") for one in (*dust, *sign)])) == 1, "a narrow one is not"


def test_where_nobody_knows_the_estate_it_goes_by_the_words() -> None:
    here = [told(f"h{i}", estate="", place="云汀雅集", text="云汀雅集" + DUST[i:]) for i in range(3)]
    there = [told(f"t{i}", estate="", place="柳溪家园", text="柳溪家园" + SIGN[i:]) for i in range(3)]
    vague = [told(f"v{i}", estate="", text="停水了") for i in range(5)]
    found = hot(*here, *there, *vague)
    assert sorted(issue.place for issue in found) == ["云汀雅集", "柳溪家园"], "a few words without a place are no issue"


def test_the_same_few_words_of_different_places_are_not_one_issue() -> None:
    here = [told(f"h{i}", estate="", place="柳溪市云汀雅集小区", text="云汀雅集停水三天了") for i in range(2)]
    there = [
        told(f"t{i}", estate="", place=f"{name}小区", text=f"{name}停水三天了") for i, name in enumerate(("北辰苑", "长桥里"))
    ]
    assert hot(*here, *there) == []
    assert the_one(*here, *there, told("x", estate="", place="云汀雅集", text="云汀雅集停水三天了")).people == 3


def test_what_is_never_hot_and_what_is_too_old_is_left_out() -> None:
    assert hot(*[told(name, leaf="N09", group="N") for name in "abcd"]) == []
    assert hot(*[told(name, 200) for name in "abcd"]) == []
    assert hot(*[told(name, -1) for name in "abcd"]) == [], "the future has not happened"
    assert hot() == []


@pytest.mark.parametrize("seed", range(5))
def test_the_order_of_the_complaints_changes_nothing(seed: int) -> None:
    seen = [
        told(f"p{i % 9}", i % 40, estate=str(i % 3 or ""), leaf="G06", group="G", text=(DUST, SIGN)[i % 2][i % 5 :])
        for i in range(80)
    ]
    seen = [replace(one, ref=f"{i}") for i, one in enumerate(seen)]
    expected = hot(*seen)
    random.Random(seed).shuffle(seen)
    assert expected and hot(*seen) == expected


def test_no_more_than_are_to_be_shown() -> None:
    seen = [told(name, estate=str(i)) for i in range(5) for name in "abc"]
    assert len(hot(*seen, rules=replace(RULES, shown=2))) == 2


def test_causes_do_not_chain() -> None:
    """A text halfway between two causes joins one of them, not the two with each other."""
    texts = [DUST, DUST[2:], SIGN, SIGN[2:], DUST[:14] + SIGN[:14]]
    vectors = [WEIGHTS.vector(text) for text in texts]
    found = groups(vectors, 0.4)
    assert [0, 1] in [group[:2] for group in found] and not any({0, 2} <= set(group) for group in found)
    assert groups([], 0.2) == []
    assert groups(vectors[:1], 0.2) == [[0]]


def test_beyond_what_is_compared_complaints_stand_alone() -> None:
    vector = WEIGHTS.vector("停水")
    found = groups([vector] * (MOST + 2), 0.2)
    assert [len(group) for group in found] == [1, 1, MOST], "the first do: what is new is what counts"
