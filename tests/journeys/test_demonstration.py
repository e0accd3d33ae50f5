"""What a newcomer does: start the demonstration on a fast clock, let residents write, and watch a deadline lapse."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.processes import ROOT, Process, answers, free_port

WATCHED = 600  # looks, a tenth of a second apart: the minute that somebody watches


def hotline(*words: str, data: Path) -> subprocess.CompletedProcess[str]:
    env = {"HOTLINE_DATA_DIR": str(data), "PATH": "/usr/bin:/bin", "PYTHONUTF8": "1"}
    command = [sys.executable, "-m", "app", *words]
    return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=120, check=False)


@pytest.mark.slow
def test_within_a_minute_of_watching_a_ticket_is_overdue_and_escalated(tmp_path: Path) -> None:
    port, out = free_port(), tmp_path / "out.log"
    url = f"http://127.0.0.1:{port}"
    words = ("demo", "--port", str(port), "--speed", "600", "--fresh", "--silent")
    demo = Process(*words, env={"HOTLINE_DATA_DIR": str(tmp_path)}, out=out)
    answers(demo, f"{url}/healthz")

    said = hotline("simulate", "--url", url, "--rate", "5", "--seconds", "4", "--seed", "7", "--json", data=tmp_path)
    assert said.returncode == 0, said.stderr
    *messages, last = [json.loads(line) for line in said.stdout.splitlines()]
    assert last["summary"]["acknowledged"] == last["summary"]["sent"] == 20

    token = hotline("token", "create", "--role", "admin", data=tmp_path).stdout.strip()
    with httpx.Client(base_url=url, headers={"Authorization": f"Bearer {token}"}, trust_env=False) as api:
        for message in messages:
            (ticket,) = api.get("/api/v1/tickets", params={"external_id": message["external_id"]}).json()["tickets"]
            assert ticket["number"] in message["answer"]
        escalated = asyncio.run(_watch(api))
    breach = next(event for event in escalated["events"] if event["action"] == "breach")
    timer = next(timer for timer in escalated["timers"] if timer["target"] == breach["details"]["target"])
    assert _moment(breach["at"]) == _moment(timer["breached_at"]) == _moment(timer["due_at"])

    again = hotline("due", data=tmp_path)
    assert "已超期" in again.stdout
    assert demo.stop() in (0, -15)
    printed = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines() if line.startswith('{"to"')]
    assert any(notice["number"] == escalated["number"] and "超期" in notice["text"] for notice in printed)


async def _watch(api: httpx.Client) -> dict[str, Any]:
    """The first ticket that has been escalated."""
    for _ in range(WATCHED):
        for listed in api.get("/api/v1/tickets", params={"overdue": "true", "limit": 200}).json()["tickets"]:
            if listed["level"] >= 2:
                ticket: dict[str, Any] = api.get(f"/api/v1/tickets/{listed['number']}").json()
                if {"breach", "escalate"} <= {event["action"] for event in ticket["events"]}:
                    return ticket
        await asyncio.sleep(0.1)
    raise AssertionError("nothing was escalated within a minute")


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
