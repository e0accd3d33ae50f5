"""The alarm: what must ring, what must not, and that it shows the resident's words."""

from __future__ import annotations

import pytest

from routing.emergency import detect
from routing.normal import plain
from routing.understand import Understander
from tests.routing.world import held

CASES = held("emergency_cases")
ALARMS = [(code, text) for code, row in CASES.items() for text in row["alarm"]]
CALM = [text for row in CASES.values() for text in row["calm"]]


def test_every_emergency_has_enough_cases() -> None:
    assert sorted(CASES) == [f"E{n:02}" for n in range(1, 11)]
    assert all(len(row["alarm"]) >= 8 and len(row["calm"]) >= 4 for row in CASES.values())


@pytest.mark.parametrize(("code", "text"), ALARMS)
def test_alarms(code: str, text: str) -> None:
    hits = {hit.code: hit for hit in detect(text)}
    assert code in hits
    assert all(words in plain(text) for words in hits[code].words)
    assert hits[code].words[0] in hits[code].why


@pytest.mark.parametrize("text", CALM)
def test_traps_do_not_alarm(text: str) -> None:
    assert detect(text) == ()


def test_an_aside_in_a_long_letter_still_alarms(understander: Understander) -> None:
    text = "社区干事态度冷淡，多次反映无人理睬。" * 30 + "昨晚漏水导致电路起火。" + "望领导严肃处理相关人员。" * 20
    verdict = understander.understand(text)
    assert {hit.code for hit in verdict.emergencies} >= {"E03", "E04"}
    assert verdict.group == "E" and verdict.urgency == "U0"
    assert not verdict.review


def test_a_danger_without_its_word_rings_wherever_it_stands_in_a_letter(understander: Understander) -> None:
    """The signs know nothing of it; the model does, and looks at a long letter part by part."""
    told = "坐到四楼门开了一半，外面是墙，我们三个困着不敢动，快来人。"
    assert detect(told) == ()
    before, after = "去年申请换房至今没有答复，窗口让等通知，材料已经补交过两次。" * 8, "租金单据也请一并寄来，谢谢。" * 8
    for text in (told, told + before, before + told + after, before + told):
        verdict = understander.understand(text)
        assert verdict.group == "E" and verdict.urgency == "U0" and not verdict.emergencies[0].words
        assert "宁可误报" in verdict.emergencies[0].why
    assert understander.understand(before + after).emergencies == ()


@pytest.mark.parametrize(
    ("text", "rings"),
    [
        ("某小区起火，隐患很大。昨晚厨房起火，保安扑救后扑灭了，望整治。", False),
        ("楼下着火了。去年着过一次，后来扑灭了。", True),  # what is over is another one
        ("楼道起火，扑灭了，现在又冒烟起火了", True),
        ("有人被困电梯。半小时前电梯困人，已经放出来了。", False),
        ("以为着火了，过去一看是蒸馒头", False),
        ("电梯困人演习占用了一号梯", False),
    ],
)
def test_one_event_is_read_to_its_end(text: str, rings: bool) -> None:
    assert bool(detect(text)) is rings


@pytest.mark.parametrize(
    "text", ["我电话13800001234", "下午都在家", "3栋2单元1502，我姓王", "青棠苑3栋2单元1502，厨房顶上还在滴水，楼上漏下来的"]
)
def test_who_and_where_and_an_everyday_leak_do_not_ring(text: str, understander: Understander) -> None:
    assert understander.understand(text).emergencies == ()


SETS = {
    "adversarial": (0.99, 0.03),
    "adversarial_held": (0.97, 0.05),
    "adversarial_fresh": (0.97, 0.05),
    "adversarial_sealed": (0.97, 0.05),
    "adversarial_second": (0.97, 0.05),
}


@pytest.mark.parametrize("name", SETS)
def test_lines_written_to_break_it(name: str, understander: Understander) -> None:
    """What must ring rings, by any code; the figures stand in app/docs/understanding.md."""
    rows = [row for code, row in held(name).items() if code.startswith("E")]
    missed = [text for row in rows for text in row["ring"] if not understander.understand(text).emergencies]
    false = [text for row in rows for text in row["calm"] if understander.understand(text).emergencies]
    recall, falsely = SETS[name]
    assert len(missed) <= (1 - recall) * sum(len(row["ring"]) for row in rows), missed
    assert len(false) <= falsely * sum(len(row["calm"]) for row in rows), false


def test_phrases_of_calm_leaves_do_not_alarm(phrases: dict[str, tuple[str, ...]]) -> None:
    calm = [text for code, texts in phrases.items() if not code.startswith("E") for text in texts]
    false = [text for text in calm if detect(text)]
    assert len(false) <= 0.02 * len(calm), false  # among them pipes that spray and tiles that fall: near enough to ring


@pytest.mark.parametrize("text", CALM)
def test_traps_are_not_dispatched_as_emergencies(text: str, understander: Understander) -> None:
    assert understander.understand(text).emergencies == ()
