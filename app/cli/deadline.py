"""``hotline deadline``: due times for other programs, a line of JSON each. Needs no database; a policy only for its calendars."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping
from typing import BinaryIO

import click

from app.errors import HotlineError
from app.policy import load_policy
from app.settings import load_settings
from sla.budget import CalendarError
from sla.calendar import WorkCalendar
from sla.questions import Answerer


@click.command()
def deadline() -> None:
    """算期限：标准输入每行一个 JSON 问题，逐行输出到期时刻。

    \b
    {"id":"C01","calendar":"service","start":"2026-02-13T17:00:00+08:00","minutes":60}
    calendar  政策中日历的名称，或 {"timezone","country","hours","days"}
    时限      minutes 工作分钟、working_days 工作日、days 自然日，只写一项；
              working_days 止于末日下班，写 "end":"same_time" 则止于同一时刻
    可另写    offset_minutes 到期前后若干工作分钟的时刻，pauses [[起,止],…]
    答        id、due、offset、provisional（有未公布安排的日子）、
              working_minutes_paused、segments [[起,止,分钟],…]

    无法回答的一行得到 {"id","error"}，其余照常回答，最后以状态 1 结束。
    """
    try:
        failed = _answer_all(sys.stdin.buffer, sys.stdout.buffer)
    except BrokenPipeError:  # nobody reads any longer; the interpreter, too, must not complain of it when it closes stdout
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(1) from None
    if failed:
        click.echo(f"有 {failed} 行未能回答，原因写在各行的 error 里", err=True)
        raise SystemExit(1)


def _answer_all(asked: Iterable[bytes], out: BinaryIO) -> int:
    """How many lines could not be answered. Each answer is written at once: whoever asks may wait for it before asking on."""
    answerer, failed = Answerer(_named), 0
    for number, line in enumerate(asked, 1):
        if not line.strip():
            continue
        answer, answered = answerer.answer(line, number)
        failed += not answered
        out.write(answer)
        out.flush()
    return failed


def _named() -> Mapping[str, WorkCalendar]:
    """The calendars of the policy by key, and by the name people read."""
    try:
        calendars = load_policy(load_settings().policy).sla.calendars
    except HotlineError as wrong:
        raise CalendarError(f"政策中的日历无法读取：{wrong}") from wrong
    return {calendar.name: calendar for calendar in calendars.values()} | dict(calendars)
