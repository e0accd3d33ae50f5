"""``hotline deadline``: each line answered in its turn, a bad one in a sentence, the rest all the same."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.app.cli.conftest import Terminal

LUNCH = [["08:30", "12:00"], ["14:00", "17:30"]]
HOURS = {"mon": LUNCH, "tue": "mon", "wed": "mon", "thu": "mon", "fri": "mon"}
SERVICE: dict[str, Any] = {"timezone": "Asia/Shanghai", "country": "CN", "hours": HOURS}
PROMISED = {
    "id": "C01",
    "calendar": {**SERVICE, "days": {"2026-02-14": LUNCH, "2026-02-16": []}},
    "start": "2026-02-13T17:00:00+08:00",
    "minutes": 60,
    "pauses": [["2026-02-14T08:40:00+08:00", "2026-02-14T08:50:00+08:00"]],
}
GOOD: dict[str, Any] = {"id": 1, "calendar": SERVICE, "start": "2026-03-02T09:00:00+08:00", "minutes": 60}


def typed(*questions: object) -> str:
    return "\n".join(one if isinstance(one, str) else json.dumps(one) for one in questions)


def asked(terminal: Terminal, **changed: object) -> dict[str, Any]:
    """The answer to the good question, with these fields changed; None leaves one out."""
    question = {key: value for key, value in (GOOD | changed).items() if value is not None}
    (line,) = terminal.done("deadline", typed=typed(question)).splitlines()
    answer: dict[str, Any] = json.loads(line)
    return answer


def test_the_question_of_the_manual(terminal: Terminal) -> None:
    (line,) = terminal.done("deadline", typed=typed(PROMISED)).splitlines()
    assert json.loads(line) == {
        "id": "C01",
        "due": "2026-02-14T09:10:00+08:00",
        "offset": None,
        "provisional": False,
        "working_minutes_paused": 10,
        "segments": [
            ["2026-02-13T17:00:00+08:00", "2026-02-13T17:30:00+08:00", 30],
            ["2026-02-14T08:30:00+08:00", "2026-02-14T08:40:00+08:00", 10],
            ["2026-02-14T08:50:00+08:00", "2026-02-14T09:10:00+08:00", 20],
        ],
    }
    assert list(terminal.folder.glob("*.db")) == [], "asking makes no database"


DUE: list[tuple[dict[str, object], str]] = [
    ({}, "2026-03-02T10:00:00+08:00"),
    ({"start": "2026-03-02T01:00:00Z"}, "2026-03-02T10:00:00+08:00"),
    ({"start": "2026-03-02T09:00:00.000001+08:00"}, "2026-03-02T10:00:00.000001+08:00"),
    ({"minutes": 1.5}, "2026-03-02T09:01:30+08:00"),
    ({"minutes": 0.1}, "2026-03-02T09:00:06+08:00"),
    ({"minutes": None, "working_days": 5}, "2026-03-09T17:30:00+08:00"),
    ({"minutes": None, "working_days": 5, "end": "same_time"}, "2026-03-09T09:00:00+08:00"),
    ({"minutes": None, "working_days": 5, "end": "close"}, "2026-03-09T17:30:00+08:00"),
    ({"minutes": None, "days": 5}, "2026-03-07T09:00:00+08:00"),
    ({"minutes": None, "days": 5, "working_days": None}, "2026-03-07T09:00:00+08:00"),
    ({"calendar": "service"}, "2026-03-02T10:00:00+08:00"),
    ({"calendar": "热线工作时间", "start": "2026-03-06T17:00:00+08:00"}, "2026-03-09T09:00:00+08:00"),
    ({"calendar": "always", "start": "2026-03-06T23:30:00+08:00"}, "2026-03-07T00:30:00+08:00"),
    ({"calendar": {"timezone": "Europe/Berlin", "hours": "24x7"}}, "2026-03-02T03:00:00+01:00"),
    ({"calendar": {"timezone": "Asia/Shanghai", "hours": {"tue": "24x7"}}}, "2026-03-03T01:00:00+08:00"),
    ({"calendar": {"timezone": "Asia/Shanghai", "hours": {"mon": [["20:00", "24:00"]]}}}, "2026-03-02T21:00:00+08:00"),
    ({"calendar": {"timezone": "Asia/Shanghai", "days": {"2026-05-01": [["09:00", "12:00"]]}}}, "2026-05-01T10:00:00+08:00"),
    ({"calendar": {**SERVICE, "country": None, "days": None}, "start": "2026-02-14T09:00:00+08:00"}, "2026-02-16T09:30:00+08:00"),
]


@pytest.mark.parametrize(("changed", "due"), DUE)
def test_due(terminal: Terminal, changed: dict[str, object], due: str) -> None:
    assert asked(terminal, **changed)["due"] == due


def test_a_moment_before_or_after_the_deadline(terminal: Terminal) -> None:
    assert asked(terminal, offset_minutes=-60)["offset"] == "2026-03-02T09:00:00+08:00"
    assert asked(terminal, offset_minutes=-61)["offset"] == "2026-03-02T08:59:00+08:00"
    assert asked(terminal, offset_minutes=-120)["offset"] == "2026-02-28T17:00:00+08:00"
    assert asked(terminal, offset_minutes=420)["offset"] == "2026-03-03T10:00:00+08:00"
    assert asked(terminal, offset_minutes=0)["offset"] == "2026-03-02T10:00:00+08:00"


def test_provisional_where_no_notice_is_out(terminal: Terminal) -> None:
    eve = "2026-12-31T16:30:00+08:00"
    assert asked(terminal, start=eve)["provisional"] is False
    assert asked(terminal, start=eve, minutes=61)["provisional"] is True
    assert asked(terminal, start=eve, offset_minutes=1)["provisional"] is True, "the moment asked for is not settled"
    assert asked(terminal, start=eve, minutes=None, days=3)["provisional"] is False, "calendar days need no notice"


def test_pauses_by_the_kind_of_limit(terminal: Terminal) -> None:
    """An evening puts off what is counted on the clock, and nothing else; the minutes told of are always working ones."""
    evening = [["2026-03-03T17:00:00+08:00", "2026-03-03T20:00:00+08:00"]]
    days = asked(terminal, minutes=None, days=3, pauses=evening)
    assert (days["due"], days["working_minutes_paused"]) == ("2026-03-05T12:00:00+08:00", 30)
    working = asked(terminal, minutes=None, working_days=2, pauses=evening)
    assert (working["due"], working["working_minutes_paused"]) == ("2026-03-05T09:00:00+08:00", 30)
    same = asked(terminal, minutes=None, working_days=2, end="same_time", pauses=evening)
    assert (same["due"], same["working_minutes_paused"]) == ("2026-03-04T09:30:00+08:00", 30)
    seconds = asked(terminal, pauses=[["2026-03-02T09:30:00+08:00", "2026-03-02T09:30:30+08:00"]])
    assert (seconds["working_minutes_paused"], [minutes for _, _, minutes in seconds["segments"]]) == (0.5, [30, 30])


BAD: list[tuple[object, str]] = [
    ("{", "不是 JSON"),
    ("这是什么", "不是 JSON"),
    ("[]", "不是 JSON 对象"),
    ('"text"', "不是 JSON 对象"),
    ("null", "不是 JSON 对象"),
    ("7", "不是 JSON 对象"),
    ("9" * 5000, "太长"),
    ("[" * 100_000, "太深"),
    ('{"id":1,"minutes":NaN}', "NaN"),
    ('{"id":1,"minutes":-Infinity}', "Infinity"),
    ('{"id":1,"minutes":1e999}', "1e999"),
    ('{"id":1,"minutes":1,"minutes":2}', "写了两次"),
    ({**GOOD, "minuts": 5}, "“minuts”不认识"),
    ({**GOOD, "id": [1]}, "id"),
    ({**GOOD, "id": True}, "id"),
    ({**GOOD, "start": None}, "缺少 start"),
    ({key: value for key, value in GOOD.items() if key != "start"}, "缺少 start"),
    ({**GOOD, "start": 1772413200}, "不是时刻"),
    ({**GOOD, "start": "明天"}, "不是时刻"),
    ({**GOOD, "start": "2026-02-30T09:00:00+08:00"}, "不是时刻"),
    ({**GOOD, "start": "2026-03-02T09:00:00"}, "没有时区"),
    ({**GOOD, "start": "2026-03-02"}, "没有时区"),
    ({**GOOD, "start": "0001-01-01T00:00:00+08:00"}, "年份"),
    ({**GOOD, "start": "9999-12-31T23:59:59Z"}, "年份"),
    ({**GOOD, "minutes": None}, "没有写时限"),
    ({**GOOD, "days": 3}, "同时写了 minutes、days"),
    ({**GOOD, "days": 3, "working_days": 2}, "同时写了 minutes、working_days、days"),
    ({**GOOD, "minutes": 0}, "大于 0"),
    ({**GOOD, "minutes": -60}, "大于 0"),
    ({**GOOD, "minutes": 1e-9}, "大于 0"),
    ({**GOOD, "minutes": "60"}, "不是数"),
    ({**GOOD, "minutes": True}, "不是数"),
    ({**GOOD, "minutes": [60]}, "不是数"),
    ({**GOOD, "minutes": 10**12}, "超过"),
    ({**GOOD, "minutes": 10**300}, "超过"),
    ({**GOOD, "minutes": 1e300}, "超过"),
    ({**GOOD, "minutes": 10_000_000}, "20 年内没有足够的工作时间，请检查日历，或改小时限"),
    ({**GOOD, "minutes": None, "working_days": 0}, "须在 1"),
    ({**GOOD, "minutes": None, "working_days": 1.5}, "不是整数"),
    ({**GOOD, "minutes": None, "working_days": "5"}, "不是整数"),
    ({**GOOD, "minutes": None, "days": -1}, "须在 1"),
    ({**GOOD, "minutes": None, "days": 10**9}, "须在 1"),
    ({**GOOD, "minutes": None, "working_days": 7000}, "没有足够"),
    ({**GOOD, "end": "same_time"}, "working_days"),
    ({**GOOD, "minutes": None, "working_days": 1, "end": "noon"}, "same_time"),
    ({**GOOD, "offset_minutes": "-60"}, "不是数"),
    ({**GOOD, "offset_minutes": 10**9}, "超过"),
    ({**GOOD, "pauses": {}}, "pauses"),
    ({**GOOD, "pauses": [["2026-03-02T09:10:00+08:00"]]}, "第 1 段"),
    ({**GOOD, "pauses": [["2026-03-02T09:10:00+08:00", "2026-03-02T09:20:00"]]}, "第 1 段的止"),
    ({**GOOD, "pauses": [["2026-03-02T09:10:00+08:00", "2026-03-02T09:00:00+08:00"]]}, "早于起点"),
    ({**GOOD, "pauses": [["2026-03-02T09:10:00+08:00", None]]}, "缺少 pauses 第 1 段的止"),
    ({**GOOD, "calendar": None}, "缺少 calendar"),
    ({**GOOD, "calendar": []}, "calendar"),
    ({**GOOD, "calendar": "servce"}, "可用：热线工作时间、全天候、service、always"),
    ({**GOOD, "calendar": {**SERVICE, "hour": {}}}, "“hour”不认识"),
    ({**GOOD, "calendar": {"hours": HOURS}}, "timezone"),
    ({**GOOD, "calendar": {**SERVICE, "timezone": "Asia/Peking"}}, "没有时区“Asia/Peking”"),
    ({**GOOD, "calendar": {**SERVICE, "timezone": "../../etc/passwd"}}, "没有时区"),
    ({**GOOD, "calendar": {**SERVICE, "timezone": ""}}, "没有时区"),
    ({**GOOD, "calendar": {**SERVICE, "timezone": 8}}, "timezone"),
    ({**GOOD, "calendar": {**SERVICE, "country": "XX"}}, "XX"),
    ({**GOOD, "calendar": {**SERVICE, "country": ["CN"]}}, "country"),
    ({**GOOD, "calendar": {**SERVICE, "hours": {}}}, "没有任何工作时间"),
    ({**GOOD, "calendar": {**SERVICE, "hours": {"mon": []}, "days": {"2026-03-02": []}}}, "没有任何工作时间"),
    ({**GOOD, "calendar": {"timezone": "Asia/Shanghai"}}, "没有任何工作时间"),
    ({**GOOD, "calendar": {**SERVICE, "hours": "always"}}, "24x7"),
    ({**GOOD, "calendar": {**SERVICE, "hours": {"monday": LUNCH}}}, "monday"),
    ({**GOOD, "calendar": {**SERVICE, "hours": {"mon": "tue", "tue": "mon"}}}, "没有尽头"),
    ({**GOOD, "calendar": {**SERVICE, "hours": {"mon": [["12:00", "08:30"]]}}}, "起点不早于终点"),
    ({**GOOD, "calendar": {**SERVICE, "hours": {"mon": [["08:30", "24:30"]]}}}, "24:00"),
    ({**GOOD, "calendar": {**SERVICE, "hours": {"mon": [[8.5, 12]]}}}, "8.5"),
    ({**GOOD, "calendar": {**SERVICE, "days": []}}, "days"),
    ({**GOOD, "calendar": {**SERVICE, "days": {"2026-02-30": []}}}, "2026-02-30"),
    ({**GOOD, "calendar": {**SERVICE, "days": {"20260214": []}}}, "2026-02-14"),
]


def test_bad_lines_are_named_and_the_others_answered(terminal: Terminal) -> None:
    questions: list[object] = [GOOD]
    for bad, _ in BAD:
        questions += [bad, GOOD]
    result = terminal.run("deadline", typed=typed(*questions))
    assert result.exit_code == 1 and "Traceback" not in result.stderr
    assert result.stderr == f"有 {len(BAD)} 行未能回答，原因写在各行的 error 里\n"
    found = [json.loads(line) for line in result.stdout.splitlines()]
    assert len(found) == len(questions)
    assert {json.dumps(answer) for answer in found[::2]} == {json.dumps(found[0])} and "due" in found[0]
    for number, (answer, (bad, said)) in enumerate(zip(found[1::2], BAD, strict=True), 1):
        assert answer.keys() == {"id", "error"}, bad
        assert said in answer["error"] and answer["error"].startswith(f"第 {2 * number} 行："), (bad, answer)
        assert answer["id"] == (1 if isinstance(bad, dict) and said != "id" else None)


def test_half_a_character_comes_back_as_it_was_written(terminal: Terminal) -> None:
    """JSON may carry what UTF-8 may not."""
    answer, wrong = terminal.run(
        "deadline", typed=typed({**GOOD, "id": "\ud800"}, '{"id":"\\ud800","\\ud801":1}')
    ).stdout.splitlines()
    assert json.loads(answer)["id"] == json.loads(wrong)["id"] == "\ud800"
    assert "“\ud801”不认识" in json.loads(wrong)["error"]


def test_bytes_that_are_no_text_spoil_one_line_only(terminal: Terminal) -> None:
    good = json.dumps(GOOD).encode()
    lines = [b"\xef\xbb\xbf" + good, "{“id”：1}".encode("gb18030"), b"", b"  ", good + b"\r", b"\x00", good]
    result = terminal.run("deadline", typed=b"\n".join(lines))  # type: ignore[arg-type]
    found = [json.loads(line) for line in result.stdout.splitlines()]
    assert ["error" in answer for answer in found] == [False, True, False, True, False]
    assert "UTF-8" in found[1]["error"] and found[1]["error"].startswith("第 2 行") and found[3]["error"].startswith("第 6 行")


def test_no_line_no_answer(terminal: Terminal) -> None:
    assert terminal.done("deadline", typed="") == terminal.done("deadline", typed="\n \n") == ""


def test_a_broken_policy_is_told_to_those_who_need_it(terminal: Terminal, tmp_path: Path) -> None:
    named = {**GOOD, "calendar": "service"}
    result = terminal.run("deadline", typed=typed(named, GOOD, named), POLICY=str(tmp_path))
    first, second, third = (json.loads(line) for line in result.stdout.splitlines())
    assert "policy.toml" in first["error"] and "due" in second and "policy.toml" in third["error"]
    assert result.exit_code == 1


def test_many_calendars_one_after_the_other(terminal: Terminal) -> None:
    """More than are kept, twice over: what was forgotten is made anew and answers the same."""
    questions, due = [], []
    for number in [*range(300), *range(300)]:
        opening = f"{9 + number // 60:02}:{number % 60:02}"
        questions.append({**GOOD, "calendar": {**SERVICE, "days": {"2026-03-02": [[opening, "20:00"]]}}})
        due.append(f"2026-03-02T{10 + number // 60:02}:{number % 60:02}:00+08:00")
    found = terminal.done("deadline", typed=typed(*questions)).splitlines()
    assert [json.loads(line)["due"] for line in found] == due


@pytest.mark.slow
def test_through_a_pipe_each_answer_comes_before_the_next_question(tmp_path: Path) -> None:
    """Another program may ask, wait for the answer, and ask on."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("HOTLINE_")}
    env |= {"HOTLINE_DATA_DIR": str(tmp_path), "PYTHONPATH": os.pathsep.join(sys.path), "LC_ALL": "C"}
    words = [sys.executable, "-c", "from app.cli import main; main()", "deadline"]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env) as asking:
        assert asking.stdin and asking.stdout and asking.stderr
        for question, key in ((PROMISED, "due"), ("{", "error"), ({**GOOD, "calendar": "全天候"}, "due")):
            asking.stdin.write(typed(question).encode() + b"\n")
            asking.stdin.flush()
            assert key in json.loads(asking.stdout.readline().decode("utf-8"))
        asking.stdin.close()
        assert asking.stdout.read() == b""
        assert "有 1 行" in asking.stderr.read().decode("utf-8")
        assert asking.wait() == 1


@pytest.mark.slow
def test_nobody_reading_any_longer_is_no_failure_to_cry_about(tmp_path: Path) -> None:
    env = {**os.environ, "HOTLINE_DATA_DIR": str(tmp_path), "PYTHONPATH": os.pathsep.join(sys.path)}
    words = [sys.executable, "-c", "from app.cli import main; main()", "deadline"]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env) as asking:
        assert asking.stdout
        asking.stdout.close()
        _, said = asking.communicate(typed(*[GOOD] * 50).encode())
        assert (said, asking.returncode) == (b"", 1)
