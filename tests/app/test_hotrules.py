"""The rules of hot issues: read from the policy directory, refused by line, and the shipped ones are the code's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.errors import BadFile
from app.hotrules import FILE, hot_rules
from app.policy import SHIPPED, Policy
from routing.hotspots import Rules

TEXT = (SHIPPED / FILE).read_text(encoding="utf-8")


def test_the_shipped_file_says_what_the_code_says(policy: Policy) -> None:
    shipped = hot_rules(None, policy.taxonomy)
    assert shipped == Rules(broad=shipped.broad, never=shipped.never)
    assert "G" in shipped.broad and shipped.never == {"N09"}


def test_a_city_may_have_rules_of_its_own(policy: Policy, tmp_path: Path) -> None:
    assert hot_rules(tmp_path, policy.taxonomy) == hot_rules(None, policy.taxonomy), "a directory without the file"
    (tmp_path / FILE).write_text(TEXT.replace("half_life_days = 21.0", "half_life_days = 7"), encoding="utf-8")
    assert hot_rules(tmp_path, policy.taxonomy).half_life_days == 7.0


@pytest.mark.parametrize(
    ("written", "instead"),
    [
        ("people = 3              # 至少多少个不同的人", "people = 0"),
        ("half_life_days = 21.0", "half_life_days = -1.0"),
        ("flatmate = 0.5", 'flatmate = "半个"'),
        ("again = 0.5", "again = true"),
        ("chance = 0.01", "chance = 1.5"),
        ("weeks = 6", "weeks = 60"),
        ('never = ["N09"]', 'never = ["N99"]'),
        ("U1 = 0.5", "U7 = 0.5"),
        ("shown = 30", "shwon = 30"),
    ],
)
def test_a_mistake_is_named_by_its_line(policy: Policy, tmp_path: Path, written: str, instead: str) -> None:
    assert written in TEXT
    (tmp_path / FILE).write_text(TEXT.replace(written, instead), encoding="utf-8")
    with pytest.raises(BadFile) as refused:
        hot_rules(tmp_path, policy.taxonomy)
    assert FILE in str(refused.value)
    assert refused.value.line == 1 + TEXT[: TEXT.index(written)].count("\n") or "shwon" in instead
