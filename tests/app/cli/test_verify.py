"""``hotline verify``: plain words, exit 0 only when whole, a seal to be written down and compared with."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import update

from app.tickets.lifecycle import State
from app.tickets.model import Ticket, TicketEvent
from tests.app.cli.conftest import Town

pytestmark = pytest.mark.slow  # a city and commands: in `make test`, not in `make fast`


def test_whole_then_sealed_then_touched(spoiled_town: Town) -> None:
    terminal, stage = spoiled_town
    number = stage.brought_to(State.RESOLVED)
    said = terminal.done("verify")
    assert said.endswith("完好\n") and "工单 1 张，流转记录 4 条" in said and "还没有封存" in said
    sealed = terminal.json("verify", "--seal")
    seal = sealed["newest_seal"]
    assert sealed["whole"] and len(seal) == 64
    assert seal in terminal.done("verify", "--against", seal.upper())

    wrong = terminal.run("verify", "--against", "0" * 64)
    assert wrong.exit_code == 1 and "【不符】没有封存 000" in wrong.stdout and "不完好：1 处" in wrong.stdout
    with stage.cast.hotline.tx() as tx:
        tx.session.execute(update(TicketEvent).where(TicketEvent.seq == 2).values(details={"contractor": 1}))
    touched = terminal.run("verify", "--seal", "--json")
    found = json.loads(touched.stdout)
    assert touched.exit_code == 1 and not found["whole"] and found["newest_seal"] == seal, "what is not whole is not sealed"
    assert [fault["ticket"] for fault in found["faults"]] == [number]
    with stage.cast.hotline.tx() as tx:
        tx.session.execute(update(Ticket).values(head="0" * 64))
    assert terminal.run("verify").stdout.count("【不符】") == 2


def test_nothing_yet_is_whole_and_not_sealed(spoiled_town: Town) -> None:
    terminal, _ = spoiled_town
    assert "完好" in terminal.done("verify")
    assert "无可封存" in terminal.refused("verify", "--seal")
