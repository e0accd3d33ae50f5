"""Real processes of ours: started on a free port, heard when they answer, killed without warning."""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Protocol

import httpx

ROOT = Path(__file__).parents[1]
PATIENCE = 60.0
MOMENT = 0.02


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _clean_environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("HOTLINE_")}


class Life(Protocol):
    """A process that may end."""

    @property
    def alive(self) -> bool: ...

    def pause(self) -> None:
        """A moment, or less when the process ends."""
        ...


def answers(life: Life, url: str) -> None:
    """Returns once the address answers; fails when the process has ended instead, or after a minute."""
    with httpx.Client(transport=httpx.HTTPTransport(retries=0), timeout=1.0, trust_env=False) as client:
        for _ in range(int(PATIENCE / MOMENT)):
            assert life.alive, "the process ended before it answered"
            try:
                client.get(url)
            except httpx.HTTPError:
                life.pause()
            else:
                return
    raise AssertionError(f"{url} does not answer")


class Process:
    """One ``hotline`` command, started as people start it. What it prints is appended to ``out``."""

    def __init__(self, *words: str, env: Mapping[str, str], out: Path) -> None:
        self._file: IO[bytes] = out.open("ab")
        command = [sys.executable, "-m", "app", *words]
        self._process = subprocess.Popen(
            command, cwd=ROOT, env={**_clean_environment(), **env}, stdout=self._file, stderr=subprocess.STDOUT
        )

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def pause(self) -> None:
        try:
            self._process.wait(MOMENT)
        except subprocess.TimeoutExpired:
            return

    def stop(self) -> int:
        """SIGTERM, then waits for the end; returns the exit code."""
        self._process.terminate()
        code = self._process.wait(PATIENCE)
        self._file.close()
        return code


class Child:
    """One life out of a nursery."""

    def __init__(self, pid: int) -> None:
        self._handle = os.pidfd_open(pid)

    @property
    def alive(self) -> bool:
        return not self._ended(0)

    def pause(self) -> None:
        self._ended(MOMENT)

    def kill(self) -> None:
        """SIGKILL: no handler runs, nothing is finished."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """SIGTERM, then waits for the end."""
        self._end(signal.SIGTERM)

    def _end(self, how: signal.Signals) -> None:
        signal.pidfd_send_signal(self._handle, how)
        assert self._ended(PATIENCE), f"the process outlived {how.name}"
        os.close(self._handle)

    def _ended(self, seconds: float) -> bool:
        return bool(select.select([self._handle], [], [], seconds)[0])


class Nursery:
    """Everything loaded once; each life is a fork of it."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def bear(self, *words: str, env: Mapping[str, str], out: Path) -> Child:
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(json.dumps({"words": words, "env": dict(env), "out": str(out)}) + "\n")
        self._process.stdin.flush()
        return Child(int(self._process.stdout.readline()))


@contextmanager
def nursery() -> Iterator[Nursery]:
    """Open while the block lasts; children that still live are left to their tests."""
    command = [sys.executable, "-m", "tests.nursery"]
    with subprocess.Popen(
        command, cwd=ROOT, env=_clean_environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield Nursery(process)
        assert process.stdin
        process.stdin.close()
