"""``hotline webhook``: endpoints are added, tried, renewed, stopped and caught up with; what is wrong is said in a sentence."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import select, update

from app.tickets.lifecycle import State
from app.tickets.post import OutboxRow, OutboxState
from app.tickets.programs import Webhook
from channels.webhook import key_of
from tests.app.casework.stage import Stage
from tests.app.cli.conftest import Terminal, Town

pytestmark = pytest.mark.slow  # a city and commands: in `make test`, not in `make fast`
URL = "https://jx.example.com/hotline"


def added(terminal: Terminal, stage: Stage) -> tuple[int, str]:
    """The number and the secret of a new endpoint of 匠修."""
    name = next(name for name in stage.cast.names().contractors.values() if "匠修" in name)
    result = terminal.run("webhook", "add", "--contractor", name, "--url", URL, "--name", "派单系统")
    assert result.exit_code == 0, result.stderr
    return int(result.stderr.strip().removeprefix("已登记，编号 ")), result.stdout.removesuffix("\n")


def listed(terminal: Terminal, number: int) -> dict[str, object]:
    found: dict[str, object] = next(row for row in terminal.json("webhook", "list") if row["id"] == number)
    return found


def test_a_life_of_an_endpoint(town: Town) -> None:
    terminal, stage = town
    number, secret = added(terminal, stage)
    assert len(key_of(secret)) == 32 and "\n" not in secret
    assert "hotline.ping" not in terminal.done("webhook", "list") and URL in terminal.done("webhook", "list")
    assert "ping:" in terminal.done("webhook", "test", str(number))
    assert listed(terminal, number)["waiting"] == 1

    renewed = terminal.done("webhook", "rotate", str(number)).strip()
    assert renewed != secret and len(key_of(renewed)) == 32
    assert listed(terminal, number)["state"] == "更换密钥中"
    assert "还没有完成" in terminal.refused("webhook", "rotate", str(number))
    terminal.done("webhook", "rotate", str(number), "--drop-former")
    assert "没有旧密钥" in terminal.refused("webhook", "rotate", str(number), "--drop-former")
    with stage.cast.hotline.look() as tx:
        kept = tx.session.get_one(Webhook, number)
        assert (kept.secret, kept.former) == (renewed, "")
    assert secret not in terminal.done("webhook", "list", "--json") and renewed not in terminal.done("webhook", "list")

    terminal.done("webhook", "disable", str(number))
    assert (listed(terminal, number)["state"], listed(terminal, number)["dead"]) == ("已停用", 1)
    for act in ("test", "replay"):
        assert "webhook enable" in terminal.refused("webhook", act, str(number))
    terminal.done("webhook", "enable", str(number))
    assert "已交回 1 条" in terminal.done("webhook", "replay", str(number))


def test_dead_letters_are_listed_and_sent_again(town: Town) -> None:
    terminal, stage = town
    number, _ = added(terminal, stage)
    ticket = stage.brought_to(State.DISPATCHED)
    with stage.cast.hotline.tx() as tx:
        mine = (OutboxRow.channel == "webhook", OutboxRow.address == str(number))
        tx.session.execute(update(OutboxRow).where(*mine).values(state=OutboxState.PARKED, next_at=None, error="http_502 坏"))
    assert "死信 1 条" in terminal.done("webhook", "list")
    for said in (terminal.done("parked"), terminal.done("parked", ticket)):
        assert "http_502" in said and ticket in said
    assert "已交回 0 条" in terminal.done("webhook", "replay", str(number), "--since", "2199-01-01")
    assert "已交回 0 条" in terminal.done("webhook", "replay", str(number), "--ticket", "GZ0")
    assert "已交回 1 条" in terminal.done("webhook", "replay", str(number), "--ticket", ticket.lower(), "--since", "2026-01-01")
    with stage.cast.hotline.look() as tx:
        row = tx.session.scalars(select(OutboxRow).where(*mine)).one()
        assert (row.state, row.attempts) == (OutboxState.WAITING, 0)
        assert json.loads(row.text)["data"]["number"] == ticket


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("add", "--contractor", "没有这家", "--url", URL), "没有名为"),
        (("add", "--contractor", "1", "--url", "http://jx.example.com"), "https"),
        (("disable", "4711"), "4711"),
        (("enable", "4711"), "4711"),
        (("rotate", "-1"), "-1"),
        (("replay", "4711"), "4711"),
        (("test", "9" * 30), "9999"),
        (("replay", "1", "--since", "昨天"), "昨天"),
    ],
)
def test_what_is_wrong_is_said(town: Town, words: tuple[str, ...], says: str) -> None:
    if "-1" in words:
        words = ("rotate", "--", "-1")
    assert says in town[0].refused("webhook", *words)
