"""Real processes of ours: started on a free port, heard when they answer, killed without warning."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import IO

import httpx

ROOT = Path(__file__).parents[1]
PATIENCE = 60.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Process:
    """One ``hotline`` command. What it prints is appended to ``out``, so that several lives of a server make one record."""

    def __init__(self, *words: str, env: Mapping[str, str], out: Path) -> None:
        self._file: IO[bytes] = out.open("ab")
        clean = {name: value for name, value in os.environ.items() if not name.startswith("HOTLINE_")}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "app", *words], cwd=ROOT, env={**clean, **env}, stdout=self._file, stderr=subprocess.STDOUT
        )

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def answers(self, url: str) -> None:
        """Returns once the address answers; fails when the process has ended instead, or after a minute."""
        with httpx.Client(transport=httpx.HTTPTransport(retries=0), timeout=1.0, trust_env=False) as client:
            for _ in range(int(PATIENCE / 0.05)):
                assert self.alive, f"the process ended with {self._process.returncode} before it answered"
                try:
                    client.get(url)
                except httpx.HTTPError:
                    self._wait_a_moment()
                else:
                    return
        raise AssertionError(f"{url} does not answer")

    def _wait_a_moment(self) -> None:
        try:
            self._process.wait(0.05)
        except subprocess.TimeoutExpired:
            return

    def kill(self) -> None:
        """SIGKILL: no handler runs, nothing is finished."""
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()
        self._file.close()

    def stop(self) -> int:
        """SIGTERM, then waits for the end; returns the exit code."""
        self._process.terminate()
        code = self._process.wait(PATIENCE)
        self._file.close()
        return code
