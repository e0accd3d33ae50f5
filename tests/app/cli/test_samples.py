"""``hotline sample``: what is drawn for third parties, once, reproducibly, and nothing that is none of theirs."""

from __future__ import annotations

import pytest

from app.store import tickets as store
from app.tickets.lifecycle import SYSTEM, Actor, Role, State
from tests.app.cli.conftest import Town

pytestmark = pytest.mark.slow  # a city and commands: in `make test`, not in `make fast`

PERIOD = ("--from", "2026-11-01", "--to", "2026-11-30")
EVALUATOR = Actor(Role.EVALUATOR, "9", "方瑜")


def test_a_sample_is_drawn_by_strata_kept_and_shown(town: Town) -> None:
    terminal, stage = town
    done = [stage.brought_to(State.RESOLVED, leaf=leaf) for leaf in ("C06", "C06", "C06", "C05", "B01")]
    stage.brought_to(State.IN_PROGRESS)
    sealed = stage.brought_to(State.RESOLVED)
    stage.does(sealed, "reopen", stage.agent, reason="重新研判")
    stage.does(sealed, "return", stage.agent, reason="重新研判")
    stage.does(sealed, "classify", stage.agent, leaf="R02")
    withdrawn = stage.opens(review=False)
    stage.does(withdrawn, "withdraw", stage.resident(withdrawn))

    drawn = terminal.json("sample", "draw", *PERIOD, "--percent", "30", "--batch", "四季度")
    assert [(one["stratum"][-1], one["size"], len(one["drawn"])) for one in drawn["strata"]] == [("B", 1, 1), ("C", 4, 2)]
    assert (drawn["size"], drawn["drawn"], drawn["seed"]) == (5, 3, "四季度")
    numbers = {number for one in drawn["strata"] for number in one["drawn"]}
    assert numbers <= set(done)
    with stage.cast.hotline.look() as tx:
        assert {one.number for one in store.listed(tx.session, EVALUATOR, store.Filter())} == numbers
    assert terminal.json("sample", "list")[0] | {"drawn_at": ""} == {
        **{"batch": "四季度", "drawn_at": "", "drawn_by": "命令行", "tickets": 3},
    }
    assert {one["number"] for one in terminal.json("sample", "show", "四季度")} == numbers
    assert "四季度" in terminal.done("sample", "list") and "共 3 件" in terminal.done("sample", "show", "四季度")

    again = terminal.json("sample", "draw", *PERIOD, "--percent", "30", "--batch", "复核", "--seed", "四季度")
    assert {number for one in again["strata"] for number in one["drawn"]} == numbers, "the same seed draws the same"
    said = terminal.done("sample", "draw", *PERIOD, "--percent", "100", "--batch", "全部")
    assert "共 5 件，抽中 5 件" in said and "匠修" in said
    nothing = terminal.done("sample", "draw", "--from", "2025-01-01", "--to", "2025-01-31", "--percent", "5", "--batch", "空")
    assert "0 层，共 0 件，抽中 0 件" in nothing


def test_what_cannot_be_drawn_is_refused_in_a_sentence(town: Town) -> None:
    terminal, stage = town
    stage.brought_to(State.RESOLVED)
    terminal.done("sample", "draw", *PERIOD, "--percent", "5", "--batch", "一次")
    assert "已经抽过" in terminal.refused("sample", "draw", *PERIOD, "--percent", "5", "--batch", "一次")
    backwards = ("--from", "2026-11-30", "--to", "2026-11-01", "--percent", "5", "--batch", "倒")
    assert "早于" in terminal.refused("sample", "draw", *backwards)
    assert "批次名称" in terminal.refused("sample", "draw", *PERIOD, "--percent", "5", "--batch", " ")
    assert "没有批次" in terminal.refused("sample", "show", "没有的")
    with stage.cast.hotline.look() as tx:
        assert store.listed(tx.session, SYSTEM, store.Filter())
