"""A contractor's own system on loopback: takes what is pushed to it, and checks the signature by its own reading of the standard.

``with Receiver() as system:`` and the address is ``system.url``. What it should answer is told beforehand (``answers``).
"""

from __future__ import annotations

import base64
import hmac
import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Pushed:
    """One request as it came."""

    headers: Mapping[str, str]
    body: bytes

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def said(self) -> dict[str, Any]:
        loaded: dict[str, Any] = json.loads(self.body)
        return loaded

    @property
    def data(self) -> dict[str, Any]:
        loaded: dict[str, Any] = self.said["data"]
        return loaded


def genuine(secret: str, headers: Mapping[str, str], body: bytes) -> bool:
    """Whether one of the signatures was made with this secret: written from the standard, with nothing of ours."""
    assert secret[:6] == "whsec_"
    mac = hmac.new(base64.standard_b64decode(secret[6:]), digestmod="sha256")
    for part in (headers["webhook-id"].encode(), b".", headers["webhook-timestamp"].encode(), b".", body):
        mac.update(part)
    wanted = mac.digest()
    given = [one.partition(",") for one in headers["webhook-signature"].split(" ")]
    return any(version == "v1" and hmac.compare_digest(base64.b64decode(value), wanted) for version, _, value in given)


class Receiver:
    """Answers 204 to everything, or what the list says, in order; None cuts the connection without a word."""

    def __init__(self) -> None:
        self.got: list[Pushed] = []
        self.answers: list[int | None] = []
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def url(self) -> str:
        return f"{self.base}/hook"

    def __enter__(self) -> Receiver:
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def types(self) -> list[str]:
        return [pushed.said["type"] for pushed in self.got]

    def _take(self, pushed: Pushed) -> int | None:
        with self._lock:
            self.got.append(pushed)
            return self.answers.pop(0) if self.answers else 204

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                status = receiver._take(Pushed(headers, body))
                if status is None:
                    self.connection.close()
                    return
                self.send_response(status)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, format: str, *arguments: Any) -> None:
                """Quiet: what matters is remembered."""

        return Handler


def tampered(body: bytes) -> bytes:
    """The same length, one letter another."""
    return body.replace(b"GZ", b"GY", 1)


def key_bytes(secret: str) -> int:
    """How long the key is that a secret stands for."""
    return len(base64.b64decode(secret.removeprefix("whsec_"), validate=True))
