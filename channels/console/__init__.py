"""控制台: writes every notice as one line of JSON instead of sending it, for demonstrations and staging."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Callable, Mapping
from typing import TextIO

from channels.contract import ChannelSpec, Failure, Notice, OutboundOnly, Receipt, Receives
from channels.wire import Wire


class Console(OutboundOnly):
    """``out`` is a text stream, or anything that takes one line (without its end)."""

    spec = ChannelSpec(key="console", name="控制台", receives=Receives.NEVER, sends=True, signed=False)

    def __init__(self, out: TextIO | Callable[[str], None]) -> None:
        self._write: Callable[[str], None] = out if callable(out) else _lines_to(out)

    def send(self, notice: Notice) -> Receipt:
        line = {"to": notice.to, "number": notice.ticket, "text": notice.text}
        if notice.subject:
            line["subject"] = notice.subject
        line |= {"at": notice.at.isoformat(), "key": notice.key}
        try:
            self._write(json.dumps(line, ensure_ascii=False).encode("utf-8", "replace").decode())
        except (OSError, ValueError) as problem:  # a full disk, a closed pipe or stream
            return Receipt(failure=Failure.AGAIN, code="write", detail=f"控制台写不出去（{type(problem).__name__}）")
        return Receipt(external_id="console-" + hashlib.sha256(notice.key.encode()).hexdigest()[:16])


def _lines_to(stream: TextIO) -> Callable[[str], None]:
    def write(line: str) -> None:
        stream.write(line + "\n")
        stream.flush()

    return write


def _to_stdout(line: str) -> None:
    _lines_to(sys.stdout)(line)  # looked up at each line, so that a redirected stdout is honoured


def build(settings: Mapping[str, str], wire: Wire) -> Console:
    """Writes to standard output: needs no settings."""
    return Console(_to_stdout)
