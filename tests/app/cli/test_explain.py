"""``hotline explain GZ…``: how a ticket's deadlines came about, for managers and for programs."""

from __future__ import annotations

import pytest

from app.register.table import width
from app.tickets.lifecycle import State
from tests.app.cli.conftest import Terminal, Town


@pytest.fixture
def held(town: Town) -> tuple[Terminal, str]:
    terminal, stage = town
    return terminal, stage.brought_to(State.ON_HOLD)


def test_every_clock_of_a_ticket_is_explained(held: tuple[Terminal, str]) -> None:
    terminal, number = held
    said = terminal.done("explain", number)
    assert said.splitlines()[0] == f"工单 {number}：6 项时限，按流转记录和存档的日历逐笔重算"
    assert "重算结果与当时的记录全部一致" in said and "【不一致】" not in said
    assert all(f". {name}（" in said for name in ("首次联系", "办结", "签收", "承办联系", "到场", "承办办结"))
    assert "挂起：暂停计时（等配件）" in said and "经过" in said and "逐日" in said
    written = terminal.done("explain", f" {number[:10].lower()} {number[10:]} ")
    assert written.splitlines()[0] == said.splitlines()[0], "as people write a number"


def test_columns_stand_under_their_heads(held: tuple[Terminal, str]) -> None:
    terminal, number = held
    lines = terminal.done("explain", number, "--target", "finish").splitlines()
    at = next(place for place, line in enumerate(lines) if line.strip() == "经过")
    heads, rule, *rows = lines[at + 1 : at + 5]
    place = width(heads[: heads.index("期限")])
    assert rule[place - 2 : place + 2] == "  --"
    for row in rows:
        cut = next(end for end in range(len(row)) if width(row[:end]) == place)
        assert row[cut - 2 : cut] == "  " and row[cut] == "1"


def test_one_clock_alone(held: tuple[Terminal, str]) -> None:
    terminal, number = held
    said = terminal.done("explain", number, "--target", "contact")
    assert "1. 首次联系（对诉求人的承诺）" in said and "办结（" not in said
    refused = terminal.refused("explain", number, "--target", "lunch")
    assert "没有时限“lunch”" in refused and "contact（首次联系）" in refused


def test_the_same_as_data(held: tuple[Terminal, str]) -> None:
    terminal, number = held
    found = terminal.json("explain", number)
    assert (found["number"], found["agrees"], found["checked"], found["unwritten"]) == (number, True, True, 0)
    resolve = next(one for one in found["clocks"] if one["target"] == "resolve")
    assert [line["op"] for line in resolve["lines"]] == ["+", "="]
    assert resolve["lines"][0]["due_at"] == resolve["lines"][0]["recorded_due_at"] == "2026-11-26T09:30:00+00:00"
    assert resolve["result"]["how"] == "paused" and resolve["policy"]["version"] == "2026.1"
    assert resolve["paused_at"] == "2026-11-23T01:00:00+00:00"


@pytest.mark.parametrize("number", ["GZ209901010000017", "GZ20261123000011", "GZ1"])
def test_a_ticket_that_is_not_there(town: Town, number: str) -> None:
    terminal, _ = town
    assert number in terminal.refused("explain", number)


def test_words_are_explained_as_before_and_have_no_deadlines(town: Town) -> None:
    terminal, _ = town
    assert "研判：" in terminal.done("explain", "GZ 的灯坏了")
    assert "只用于工单" in terminal.refused("explain", "灯坏了", "--json")


def test_without_a_database_there_is_no_ticket(terminal: Terminal) -> None:
    assert "hotline migrate" in terminal.refused("explain", "GZ20261123000014")
