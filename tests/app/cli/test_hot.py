"""``hotline hot``: the heat list as a table and as JSON, for one estate, for another span, and refused for what is not there."""

from __future__ import annotations

import shutil
from datetime import timedelta

import pytest

from app.clock import SystemClock
from app.policy import SHIPPED
from tests.app.cli.conftest import Terminal, Town

pytestmark = pytest.mark.slow  # a city of its own: in `make test`, not in `make fast`


@pytest.fixture
def hot_town(spoiled_town: Town) -> Terminal:
    """A city in which, as the wall's clock has it, four neighbours have complained of their lift these days."""
    terminal, stage = spoiled_town
    cast = stage.cast
    cast.clock.set(SystemClock().now() - timedelta(days=3))
    for i in range(4):
        cast.writes(f"望湖雅苑{i + 1}栋电梯又坏了，老人下不了楼", sender=f"o-lift-{i}")
        cast.clock.advance(timedelta(hours=5))
    return terminal


def test_the_heat_list(hot_town: Terminal) -> None:
    said = hot_town.done("hot")
    assert said.splitlines()[0].split() == ["性质", "小区", "类别", "热度", "人", "户", "次", "再诉", "最早", "最近"]
    assert said.splitlines()[2].split()[:4] == ["1", "爆发", "望湖雅苑", "C07电梯故障(未困人)"]
    assert "1. 望湖雅苑 C07电梯故障(未困人)：4 人反映，共 4 次；最近 7 天 4 人，以往没有" in said
    assert said.splitlines()[-1] == "180 天内 4 件诉求，热点 1 个"


def test_as_json_with_every_ticket_and_week(hot_town: Terminal) -> None:
    (one,) = hot_town.json("hot")
    assert (one["rank"], one["kind"], one["place"], one["leaf"], one["people"]) == (1, "burst", "望湖雅苑", "C07", 4)
    assert len(one["tickets"]) == 4 and all(number.startswith("GZ") for number in one["tickets"])
    assert len(one["people_by_week"]) == 26 and sum(one["people_by_week"]) == 4
    assert one["first"] < one["last"]


def test_of_one_estate_and_of_another_span(hot_town: Terminal) -> None:
    assert "热点 1 个" in hot_town.done("hot", "--estate", "望湖雅苑", "--days", "7")
    assert hot_town.done("hot", "--estate", "青棠苑") == "180 天内 0 件诉求，热点 0 个\n"
    assert "没有小区“桃花源”" in hot_town.refused("hot", "--estate", "桃花源")
    assert hot_town.run("hot", "--days", "1").exit_code == 2


def test_a_policy_that_cannot_be_read_is_refused_by_its_line(hot_town: Terminal, policy_copy: str) -> None:
    for command in ("hot", "check"):
        said = hot_town.run(command, POLICY=policy_copy)
        assert said.exit_code == 2 and "hotspots.toml" in said.stderr and len(said.stderr.splitlines()) == 1, command


@pytest.fixture
def policy_copy(hot_town: Terminal) -> str:
    """The shipped policy with a mistake in what is hot."""
    copy = hot_town.folder / "policy"
    shutil.copytree(SHIPPED, copy)
    rules = copy / "hotspots.toml"
    rules.write_text(rules.read_text(encoding="utf-8").replace("people = 3              #", "people = 0              #"), "utf-8")
    return str(copy)
