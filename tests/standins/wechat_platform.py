"""A stand-in for the WeChat platform on loopback that keeps its rules: tokens, the 48-hour window, message quotas.

``with WechatPlatform(app_id, app_secret, clock) as platform:`` and the channel's API_BASE is ``platform.base``. What a
resident does is told to it (``speaks``, ``follows`` …); what it should do wrong is told beforehand (``fail_next``).
"""

from __future__ import annotations

import json
import socket
import sys
import threading
from collections import Counter, deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

TOKEN_PATH = "/cgi-bin/stable_token"
SEND_PATH = "/cgi-bin/message/custom/send"
OVERLAP = timedelta(seconds=300)
FORCE_LIMIT, FORCE_GAP = 20, timedelta(seconds=30)
# what earns how many messages for how long: the platform's table since June 2023
ALLOWANCE = {"message": (5, timedelta(hours=48)), "menu": (3, timedelta(minutes=1)), "follow": (3, timedelta(minutes=1))}
ALLOWANCE["scan"] = ALLOWANCE["follow"]
MESSAGES = {
    40001: "invalid credential, access_token is invalid or not latest",
    40003: "invalid openid",
    40013: "invalid appid",
    40125: "invalid appsecret",
    42001: "access_token expired",
    44004: "empty content",
    45002: "content size out of limit",
    45009: "reach max api daily quota limit",
    45011: "api minute-quota reach limit, must slower, retry next minute",
    45015: "response out of time limit or subscription is canceled",
    45047: "out of response count limit",
    47001: "data format error",
    48002: "user block",
}


@dataclass(frozen=True)
class Failing:
    """One thing that goes wrong: an errcode, an HTTP status, or no answer at all."""

    errcode: int | None = None
    status: int | None = None
    hang: bool = False  # keeps the connection open without a word until the platform is closed
    drop: bool = False  # cuts the connection
    delivered: bool = False  # the message arrived all the same: what a time-out can hide
    times: int | None = 1  # None: for ever


@dataclass(frozen=True)
class Sent:
    """A message a resident got."""

    to: str
    text: str
    at: datetime
    raw: bytes


class _Server(ThreadingHTTPServer):
    request_queue_size = 128  # the usual five would make a crowd wait a second for its connections
    daemon_threads = False

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that has gone away is no fault of the stand-in's; anything else is."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


@dataclass
class _Person:
    following: bool = True
    blocked: bool = False
    allowances: dict[str, tuple[datetime, int]] = field(default_factory=dict)  # until, how many left


class WechatPlatform:
    """One official account at the platform. Every moment comes from ``clock``; nothing sleeps."""

    def __init__(self, app_id: str, app_secret: str, clock: Callable[[], datetime], token_seconds: int = 7200) -> None:
        self.app_id, self.app_secret, self.clock, self.token_seconds = app_id, app_secret, clock, token_seconds
        self.calls: Counter[str] = Counter()
        self.sent: list[Sent] = []
        self.bodies: list[bytes] = []  # every custom/send body as it came, so that escapes show
        self._people: dict[str, _Person] = {}
        self._tokens: dict[str, datetime] = {}  # token -> good until
        self._newest = ""
        self._issued = 0
        self._forced: list[datetime] = []
        self._failing: dict[str, deque[list[Any]]] = {TOKEN_PATH: deque(), SEND_PATH: deque()}
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._connections: set[socket.socket] = set()
        self._server = _Server(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> WechatPlatform:
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._closing.set()
        self._server.shutdown()
        with self._lock:
            for connection in self._connections:
                _cut(connection)
        self._server.server_close()  # waits for the threads of the connections just cut

    # ---- what residents do ----

    def speaks(self, openid: str) -> None:
        self._earn(openid, "message")

    def taps_menu(self, openid: str) -> None:
        self._earn(openid, "menu")

    def scans(self, openid: str) -> None:
        self._earn(openid, "scan")

    def follows(self, openid: str) -> None:
        with self._lock:
            self._people.setdefault(openid, _Person()).following = True
        self._earn(openid, "follow")

    def unfollows(self, openid: str) -> None:
        with self._lock:
            self._people.setdefault(openid, _Person()).following = False

    def blocks(self, openid: str) -> None:
        with self._lock:
            self._people.setdefault(openid, _Person()).blocked = True

    def texts_to(self, openid: str) -> list[str]:
        with self._lock:
            return [sent.text for sent in self.sent if sent.to == openid]

    # ---- what goes wrong ----

    def fail_next(self, path: str, failing: Failing) -> None:
        """Queued: the next call (or ``times`` calls) of ``path`` goes as ``failing`` says."""
        with self._lock:
            self._failing[path].append([failing, failing.times])

    def mend(self) -> None:
        with self._lock:
            for queue in self._failing.values():
                queue.clear()

    def revoke(self) -> None:
        """Every token issued so far is dead at once, as after a reset of the secret or a forced refresh elsewhere."""
        with self._lock:
            self._tokens.clear()
            self._newest = ""

    # ---- the platform itself ----

    def _earn(self, openid: str, by: str) -> None:
        count, lasting = ALLOWANCE[by]
        with self._lock:
            self._people.setdefault(openid, _Person()).allowances[by] = (self.clock() + lasting, count)

    def _next_failure(self, path: str) -> Failing | None:
        queue = self._failing.get(path)
        if not queue:
            return None
        entry = queue[0]
        failing: Failing = entry[0]
        if entry[1] is not None:
            entry[1] -= 1
            if entry[1] <= 0:
                queue.popleft()
        return failing

    def answer(self, path: str, query: dict[str, list[str]], body: bytes) -> tuple[int, bytes] | Failing:
        """One call: a status and a body, or what goes wrong below HTTP."""
        with self._lock:
            self.calls[path] += 1
            if path == SEND_PATH:
                self.bodies.append(body)
            failing = self._next_failure(path)
            if failing is None:
                return 200, self._do(path, query, body)
            if failing.delivered:
                self._do(path, query, body)
            if failing.hang or failing.drop:
                return failing
            if failing.status is not None:
                return failing.status, b"<html>error</html>"
            return 200, _error(failing.errcode or -1)

    def _do(self, path: str, query: dict[str, list[str]], body: bytes) -> bytes:
        try:
            payload = json.loads(body)
        except ValueError:
            return _error(47001)
        if path == TOKEN_PATH:
            return self._stable_token(payload)
        if path == SEND_PATH:
            return self._custom_send(query.get("access_token", [""])[0], payload, body)
        return _error(-1)

    def _stable_token(self, asked: dict[str, Any]) -> bytes:
        if asked.get("appid") != self.app_id or asked.get("grant_type") != "client_credential":
            return _error(40013)
        if asked.get("secret") != self.app_secret:
            return _error(40125)
        now = self.clock()
        if asked.get("force_refresh"):
            today = [at for at in self._forced if now - at < timedelta(days=1)]
            if len(today) >= FORCE_LIMIT or (today and now - today[-1] < FORCE_GAP):
                return _error(45009)
            self._forced.append(now)
            self._tokens.clear()
            self._newest = ""
        until = self._tokens.get(self._newest)
        if until is None or until - now <= OVERLAP:  # the old one stays good for its last five minutes
            self._issued += 1
            self._newest = f"STABLE-TOKEN-{self._issued:04d}"
            until = self._tokens[self._newest] = now + timedelta(seconds=self.token_seconds)
        return json.dumps({"access_token": self._newest, "expires_in": int((until - now).total_seconds())}).encode()

    def _custom_send(self, token: str, asked: dict[str, Any], raw: bytes) -> bytes:
        now = self.clock()
        if token not in self._tokens:
            return _error(40001)
        if self._tokens[token] <= now:
            return _error(42001)
        to, text = asked.get("touser"), _literal(raw)
        person = self._people.get(to) if isinstance(to, str) else None
        if not isinstance(to, str) or person is None:
            return _error(40003)
        if person.blocked:
            return _error(48002)
        if not text:
            return _error(44004)
        if len(text.encode()) > 2048:
            return _error(45002)
        return self._spend(person, Sent(to, text, now, raw))

    def _spend(self, person: _Person, sent: Sent) -> bytes:
        open_now = {by: (until, left) for by, (until, left) in person.allowances.items() if until > sent.at}
        if not person.following or not open_now:
            return _error(45015)
        usable = [by for by, (_, left) in open_now.items() if left > 0]
        if not usable:
            return _error(45047)
        by = min(usable, key=lambda each: open_now[each][0])  # the allowance that lapses first
        until, left = open_now[by]
        person.allowances[by] = (until, left - 1)
        self.sent.append(sent)
        return json.dumps({"errcode": 0, "errmsg": "ok"}).encode()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        platform = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def setup(self) -> None:
                super().setup()
                with platform._lock:
                    platform._connections.add(self.connection)

            def finish(self) -> None:
                with platform._lock:
                    platform._connections.discard(self.connection)
                super().finish()

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                url = urlsplit(self.path)
                result = platform.answer(url.path, parse_qs(url.query), body)
                if isinstance(result, Failing):
                    if result.hang:
                        platform._closing.wait(30)
                    self.close_connection = True
                    _cut(self.connection)
                    return
                status, content = result
                self.send_response(status)
                self.send_header("content-type", "application/json; encoding=utf-8")
                self.send_header("content-length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, format: str, *args: Any) -> None:
                """Quiet: tests look at ``calls`` and ``sent``."""

        return Handler


def _cut(connection: socket.socket) -> None:
    with suppress(OSError):  # the other side may have been quicker
        connection.shutdown(socket.SHUT_RDWR)


def _literal(raw: bytes) -> str:
    r"""The text as a resident would see it: the platform does not undo \u escapes, so neither does the stand-in."""
    content = json.loads(raw.replace(b"\\u", b"\\\\u")).get("text", {}).get("content", "")
    return content if isinstance(content, str) else ""


def _error(code: int) -> bytes:
    return json.dumps({"errcode": code, "errmsg": MESSAGES.get(code, "system error")}).encode()
