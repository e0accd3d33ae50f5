"""A process that has everything loaded and forks a server on request: a new life in a moment instead of in seconds.

Run as a script. Each line on standard input is a JSON object {"words", "env", "out"}; the answer is the new process's id.
"""

from __future__ import annotations

import json
import os
import signal
import sys

from app.bootstrap import warm_up
from app.cli import main


def run() -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the killed; the system clears them away
    warm_up()
    for line in sys.stdin:
        order = json.loads(line)
        child = os.fork()
        if child == 0:
            _live(order["words"], order["env"], order["out"])
        sys.stdout.write(f"{child}\n")
        sys.stdout.flush()


def _live(words: list[str], env: dict[str, str], out: str) -> None:
    """Becomes the server: its own session, its own output, its own settings."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.setsid()
    file = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((nothing, 0), (file, 1), (file, 2)):
        os.dup2(source, target)
    os.environ.update(env)
    main(words, prog_name="hotline")


if __name__ == "__main__":
    run()
