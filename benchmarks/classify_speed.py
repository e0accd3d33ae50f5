"""How fast texts are judged: ``.venv/bin/python -m benchmarks.classify_speed [--json] [--lines N] [--runs N]``.

``hotline classify`` is run as people run it, a process of its own with lines of JSON going in and coming out, no database, the
model read from the data folder. Its CPU time is counted by the operating system, start-up measured apart with one line.

The limit, measured in the same run: the same lines parsed, their texts cut into words, an answer of the same length written.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from app.policy import load_policy
from app.shipped import model_for
from benchmarks.calculator import surroundings
from routing.tokens import Words

ROOT = Path(__file__).resolve().parents[1]
LENGTH = 40  # letters of a text, on average


@dataclass(frozen=True)
class Run:
    """One process: seconds of CPU and of the wall, and the most memory it held, in megabytes."""

    cpu: float
    wall: float
    megabytes: float


def lines(number: int) -> list[bytes]:
    """Texts of our own sayings, some of them strung together, about forty letters long; the same ones every time."""
    sayings = [said for says in load_policy().phrases.values() for said in says if len(said) <= LENGTH]
    chosen, made = random.Random(1), []
    for at in range(number):
        text, length = chosen.choice(sayings), chosen.randint(LENGTH - 15, LENGTH)
        while len(text) < length:
            text += "，" + chosen.choice(sayings)
        made.append(json.dumps({"id": at, "text": text}, ensure_ascii=False).encode() + b"\n")
    return made


def classify(given: bytes, folder: Path) -> tuple[Run, list[bytes]]:
    """``hotline classify`` over the lines; raises CalledProcessError when it fails."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("HOTLINE_")}
    env |= {"HOTLINE_DATA_DIR": str(folder), "PYTHONPATH": str(ROOT), "OPENBLAS_NUM_THREADS": "1"}
    asked, answered = folder / "asked.jsonl", folder / "answered.jsonl"
    asked.write_bytes(given)
    began = time.perf_counter()
    with asked.open("rb") as stdin, answered.open("wb") as stdout:
        process = subprocess.Popen([sys.executable, "-m", "app", "classify"], stdin=stdin, stdout=stdout, env=env)
        _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, "hotline classify")
    run = Run(used.ru_utime + used.ru_stime, time.perf_counter() - began, used.ru_maxrss / 1024)
    return run, answered.read_bytes().splitlines()


def least(given: list[bytes], answer: dict[str, Any], words: Words) -> float:
    """Seconds of CPU for parsing the lines, cutting their texts and writing answers."""
    began = time.process_time()
    for line in given:
        words.cut(json.loads(line)["text"])
        json.dumps(answer, ensure_ascii=False)
    return time.process_time() - began


def measured(number: int, runs: int) -> dict[str, Any]:
    given, words = lines(number), Words()
    letters = statistics.mean(len(json.loads(line)["text"]) for line in given)
    words.initialize()
    policy = load_policy()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        model_for(policy, folder)
        _, first = classify(given[0], folder)
        starts, wholes, limits = [], [], []
        for _ in range(runs):
            starts.append(classify(given[0], folder)[0])
            limits.append(least(given, json.loads(first[0]), words))
            whole, answers = classify(b"".join(given), folder)
            if [json.loads(answer)["id"] for answer in answers] != list(range(number)):
                raise SystemExit("not every line was answered once and in order")
            wholes.append(whole)
    judged = [whole.cpu - start.cpu for whole, start in zip(wholes, starts, strict=True)]
    return {
        "lines": number,
        "letters": round(letters, 1),
        "texts_per_second_with_start": round(number / statistics.median(run.cpu for run in wholes)),
        "texts_per_second": round(number / statistics.median(judged)),
        "texts_per_second_least": round(number / max(judged)),
        "texts_per_second_most": round(number / min(judged)),
        "texts_per_second_by_the_wall": round(number / statistics.median(run.wall for run in wholes)),
        "start_seconds": round(statistics.median(run.wall for run in starts), 2),
        "start_cpu_seconds": round(statistics.median(run.cpu for run in starts), 2),
        "megabytes": round(max(run.megabytes for run in wholes)),
        "limit": "lines parsed, texts cut, answers written",
        "limit_texts_per_second": round(number / statistics.median(limits)),
        "ratio": round(statistics.median(us / limit for us, limit in zip(judged, limits, strict=True)), 1),
        "runs": [asdict(run) for run in wholes],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="as JSON")
    parser.add_argument("--lines", type=int, default=20_000)
    parser.add_argument("--runs", type=int, default=5)
    given = parser.parse_args()
    found = {**surroundings(), **measured(given.lines, given.runs)}
    if given.json:
        print(json.dumps(found, ensure_ascii=False, indent=2))
    else:
        print("\n".join(f"{name:>28}  {value}" for name, value in found.items() if name != "runs"))


if __name__ == "__main__":
    main()
