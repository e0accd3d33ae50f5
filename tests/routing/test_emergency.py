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


def test_phrases_of_calm_leaves_do_not_alarm(phrases: dict[str, tuple[str, ...]]) -> None:
    calm = [text for code, texts in phrases.items() if not code.startswith("E") for text in texts]
    false = [text for text in calm if detect(text)]
    assert len(false) <= 0.02 * len(calm), false  # among them pipes that spray and tiles that fall: near enough to ring


@pytest.mark.parametrize("text", CALM)
def test_traps_are_not_dispatched_as_emergencies(text: str, understander: Understander) -> None:
    assert understander.understand(text).emergencies == ()
