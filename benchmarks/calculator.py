"""How fast deadlines are counted: ``.venv/bin/python -m benchmarks.calculator [--json] [--runs N]``, or the file by itself.

Each figure is CPU time per item beside a limit measured in the same run: what the interpreter needs at least for such an answer.

* counting: two bisections in a year of stretches, and one moment put on a zone's clocks;
* a fresh calendar: as many dates made and looked at as are laid out for its first answer;
* the command: the line parsed by ``json``, as many moments written as the answer holds, the answer put together by ``json``.
"""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import subprocess
import sys
import time
from bisect import bisect_left, bisect_right
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from sla.calendar import WorkCalendar
from sla.questions import Answerer

ZONE = ZoneInfo("Asia/Shanghai")
START = datetime(2025, 2, 13, 17, 0, tzinfo=ZONE)
LUNCH = [["08:30", "12:00"], ["14:00", "17:30"]]
HOURS: dict[str, object] = {"mon": LUNCH, "tue": "mon", "wed": "mon", "thu": "mon", "fri": "mon"}
LINES = 2000


@dataclass(frozen=True)
class Timing:
    """Microseconds of CPU an item: the median of all runs, the smallest and the largest; wall time beside it."""

    median: float
    least: float
    most: float
    wall: float


@dataclass(frozen=True)
class Figure:
    """``ratio``: the median of the ratios of the single runs, in each of which the limit was measured anew."""

    name: str
    us: Timing
    limit: Timing
    limit_is: str
    ratio: float


Work = Callable[[], int]  # does as many items as it returns


def once(work: Work) -> tuple[float, float]:
    began, on_the_wall = time.process_time(), time.perf_counter()
    items = work()
    return (time.process_time() - began) / items * 1e6, (time.perf_counter() - on_the_wall) / items * 1e6


def timing(taken: list[tuple[float, float]]) -> Timing:
    cpu, wall = [one for one, _ in taken], [one for _, one in taken]
    return Timing(statistics.median(cpu), min(cpu), max(cpu), statistics.median(wall))


def compared(works: dict[str, Work], least: Work, limit_is: str, runs: int) -> list[Figure]:
    """Each of ``works`` beside the limit. Limit and work take turns, as the speed of a shared machine changes by the second."""
    found = []
    for name, work in works.items():
        least(), work()  # warm
        pairs = [(once(least), once(work)) for _ in range(runs)]
        ratio = statistics.median(us[0] / limit[0] for limit, us in pairs)
        found.append(Figure(name, timing([us for _, us in pairs]), timing([limit for limit, _ in pairs]), limit_is, ratio))
    return found


def repeated(call: Callable[[], object], times: int = 10_000) -> Work:
    def work() -> int:
        for _ in range(times):
            call()
        return times

    return work


def service(**days: object) -> WorkCalendar:
    return WorkCalendar.build(
        "热线", "Asia/Shanghai", HOURS, "CN", {key[1:].replace("_", "-"): spans for key, spans in days.items()}
    )


def counting(runs: int) -> list[Figure]:
    calendar = service()
    calendar.between(
        START - timedelta(days=30), START + timedelta(days=700)
    )  # prepared, as in a process that has run for a while
    edges, moment = list(range(0, 500_000, 1000)), START.astimezone(UTC)

    def least() -> object:
        return bisect_left(edges, 250_500), bisect_right(edges, 250_500), moment.astimezone(ZONE)

    spans = {"一天 day": timedelta(hours=7), "一月 month": timedelta(hours=154), "一年 year": timedelta(hours=1800)}
    work: dict[str, Callable[[], object]] = {}
    for name, stretch in spans.items():
        end = calendar.add(START, stretch).at
        assert calendar.between(START, end) == stretch
        work[f"add {name}"] = partial(calendar.add, START, stretch)
        work[f"between {name}"] = partial(calendar.between, START, end)
    work["add_days 5"] = lambda: calendar.add_days(START, 5)
    work["add_days 250"] = lambda: calendar.add_days(START, 250)
    return compared({name: repeated(call) for name, call in work.items()}, repeated(least), "两次二分、一次换时区", runs)


def fresh(runs: int) -> list[Figure]:
    days = range(START.toordinal(), START.toordinal() + 14)

    def least() -> object:
        return [(ZONE.utcoffset(datetime.fromordinal(day)), date.fromordinal(day).weekday()) for day in days]

    def first_answer(zone: str, country: str | None, stretch: timedelta) -> Callable[[], object]:
        return lambda: WorkCalendar.build("x", zone, HOURS, country).add(START, stretch)

    asked = {
        "首答 一小时 first answer, an hour": first_answer("Asia/Shanghai", "CN", timedelta(hours=1)),
        "首答 柏林 first answer, Berlin": first_answer("Europe/Berlin", None, timedelta(hours=1)),
        "首答 一月 first answer, a month": first_answer("Asia/Shanghai", "CN", timedelta(hours=154)),
        "首答 一年 first answer, a year": first_answer("Asia/Shanghai", "CN", timedelta(hours=1800)),
    }
    works = {name: repeated(call, 200) for name, call in asked.items()}
    return compared(works, repeated(least, 2000), "十四天的日期与时差", runs)


def question(number: int, calendar: object) -> bytes:
    start = datetime(2026, 1, 1, 8, tzinfo=ZONE) + timedelta(minutes=number * 197 % 500_000)
    asked = {"id": f"C{number}", "calendar": calendar, "start": start.isoformat(), "minutes": 30 + number % 400}
    return json.dumps(asked).encode()


def command(runs: int) -> list[Figure]:
    written = {"timezone": "Asia/Shanghai", "country": "CN", "hours": HOURS}
    shared = [question(number, written) for number in range(LINES)]
    named = [question(number, "service") for number in range(LINES)]
    distinct = []
    for number in range(LINES):
        opening = f"{7 + number // 600:02}:{number // 10 % 60:02}:{number % 10:02}"
        distinct.append(question(number, written | {"days": {"2026-03-04": [[opening, "12:00"]]}}))
    answers = [Answerer(dict).answer(line, 1) for line in shared]
    assert all(answered for _, answered in answers)
    parsed = [json.loads(answer) for answer, _ in answers]
    moment = START.astimezone(UTC)

    def least() -> int:
        for line, answer in zip(shared, parsed, strict=True):
            json.loads(line)
            for _ in range(1 + 2 * len(answer["segments"])):
                moment.astimezone(ZONE).isoformat()
            json.dumps(answer, ensure_ascii=False)
        return LINES

    def answering(lines: list[bytes]) -> Work:
        calendars = {"service": service()}

        def work() -> int:
            answerer = Answerer(lambda: calendars)
            assert all(answerer.answer(line, number)[1] for number, line in enumerate(lines, 1))
            return len(lines)

        return work

    works = {"同一日历 shared": shared, "政策日历 named": named, "各不相同 distinct": distinct}
    asked = {f"deadline {name}": answering(lines) for name, lines in works.items()}
    return compared(asked, least, "JSON 读写与时刻书写", runs)


def surroundings() -> dict[str, str]:
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=Path(__file__).parent, capture_output=True, text=True, check=False
    ).stdout.strip()
    return {
        "machine": f"{platform.machine()} {platform.system()}",
        "python": platform.python_version(),
        "commit": commit,
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def as_table(figures: list[Figure]) -> str:
    lines = [f"{'CPU µs':>10} {'min':>9} {'max':>9} {'wall':>9} {'per s':>9} {'limit':>8} {'ratio':>7}"]
    for one in figures:
        us = one.us
        numbers = f"{us.median:>10.2f} {us.least:>9.2f} {us.most:>9.2f} {us.wall:>9.2f} {1e6 / us.median:>9.0f}"
        lines.append(f"{numbers} {one.limit.median:>8.2f} {one.ratio:>6.1f}×  {one.name}（÷ {one.limit_is}）")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="as JSON")
    parser.add_argument("--runs", type=int, default=7, help="at least 5")
    given = parser.parse_args()
    runs = max(given.runs, 5)
    figures = [*counting(runs), *fresh(runs), *command(runs)]
    if given.json:
        rows: list[dict[str, Any]] = [asdict(one) for one in figures]
        print(json.dumps({**surroundings(), "runs": runs, "figures": rows}, ensure_ascii=False, indent=2))
    else:
        print("  ".join(f"{key} {value}" for key, value in surroundings().items()))
        print(as_table(figures))


if __name__ == "__main__":
    main()
