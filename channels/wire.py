"""The one outbound HTTP client of all channels: bounded in time and size, and never let into the private network.

1. ``allow`` notes the hosts an operator named in an ``API_BASE``; only these may be private or plain http.
2. Every other host is resolved here, each of its addresses must be public, and the connection goes to the very address that
   was checked, so that a second DNS answer cannot lead it elsewhere.
3. What goes wrong is a WireError without query strings, because platforms carry their tokens there.
"""

from __future__ import annotations

import ipaddress
import logging
import socket
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

import httpx

from channels.contract import BadSettings, Failure, Receipt

Resolve = Callable[[str, int], Sequence[str]]
Origin = tuple[str, str, int]

RESPONSE_LIMIT = 256 * 1024
PIECES_LIMIT = 512  # a peer that drips single bytes would otherwise hold a worker for ever, each read being in time


class Trouble(StrEnum):
    """What kept a request from being answered."""

    CONNECT = "connect"  # nothing was sent
    TIMEOUT = "timeout"  # it may have arrived
    BROKEN = "broken"  # the connection ended early, it may have arrived
    TOO_LARGE = "too_large"
    FORBIDDEN = "forbidden"  # a private address nobody named, or no proper URL


class WireError(Exception):
    """One sentence without secrets, and the kind of trouble."""

    def __init__(self, trouble: Trouble, sentence: str) -> None:
        super().__init__(sentence)
        self.trouble = trouble

    def receipt(self) -> Receipt:
        """What this means for a Notice: forbidden is for people to mend, everything else may pass."""
        failure = Failure.CONFIGURATION if self.trouble is Trouble.FORBIDDEN else Failure.AGAIN
        return Receipt(failure=failure, code=self.trouble.value, detail=str(self))


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    body: bytes = field(repr=False)  # answers of token endpoints are secrets
    content_type: str = ""


def http_receipt(status: int) -> Receipt | None:
    """What an HTTP status means by itself: None for 2xx, AGAIN for 5xx, 408, 425 and 429, otherwise a matter for people."""
    if 200 <= status < 300:
        return None
    failure = Failure.AGAIN if status >= 500 or status in (408, 425, 429) else Failure.CONFIGURATION
    return Receipt(failure=failure, code=f"http_{status}", detail=f"对方服务返回 HTTP {status}")


class _QueryStripper(logging.Filter):
    """httpx logs whole URLs, and access tokens stand in their queries."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple):
            record.args = tuple(a.copy_with(query=None) if isinstance(a, httpx.URL) else a for a in record.args)
        return True


logging.getLogger("httpx").addFilter(_QueryStripper())


def _lookup(host: str, port: int) -> Sequence[str]:
    return [str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


def _origin(url: httpx.URL) -> Origin:
    return url.scheme, url.host.rstrip(".").lower(), url.port or (443 if url.scheme == "https" else 80)


def _public(address: str) -> bool:
    ip = ipaddress.ip_address(address.split("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour
        if inner is not None:
            return inner.is_global and not inner.is_multicast
    return ip.is_global and not ip.is_multicast


class Wire:
    """Sync and safe to share between threads. Tests hand in a ``transport`` (no DNS is asked then) or a ``resolve``."""

    def __init__(
        self,
        *,
        transport: httpx.BaseTransport | None = None,
        resolve: Resolve | None = None,
        timeout: float = 5.0,
        connect_timeout: float = 3.0,
    ) -> None:
        self._resolve: Resolve | None = resolve or (_lookup if transport is None else None)
        self._allowed: set[Origin] = set()
        self._transport = transport
        self._timeout = httpx.Timeout(timeout, connect=connect_timeout)
        self._tls = httpx.create_ssl_context() if transport is None else True
        self._clients: dict[tuple[int, Origin], httpx.Client] = {}
        self._making = threading.Lock()

    def allow(self, base: str) -> None:
        """Names ``base`` as one an operator configured: it may be on a private address or plain http."""
        try:
            url = httpx.URL(base)
        except httpx.InvalidURL:
            raise BadSettings("API_BASE 不是有效的网址") from None
        if url.scheme not in ("http", "https") or not url.host or url.userinfo:
            raise BadSettings("API_BASE 须是 http:// 或 https:// 开头、不含用户名的网址")
        self._allowed.add(_origin(url))

    def post(
        self, url: str, content: bytes, *, query: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None
    ) -> Reply:
        """POST once, follow nothing, retry nothing. Raises WireError and nothing else for what the outside does."""
        try:
            target = httpx.URL(url, params=dict(query)) if query else httpx.URL(url)
        except httpx.InvalidURL:
            raise WireError(Trouble.FORBIDDEN, "要访问的网址无效") from None
        if target.scheme not in ("http", "https") or not target.host or target.userinfo:
            raise WireError(Trouble.FORBIDDEN, "要访问的网址无效")
        where = f"{target.host}{target.path}"
        client = self._client(_origin(target))
        request = self._request(client, target, content, dict(headers or {}))
        try:
            response = client.send(request, stream=True)
            try:
                return Reply(response.status_code, _bounded(response, where), response.headers.get("content-type", ""))
            finally:
                response.close()
        # httpx errors carry the request with its token; `from None` keeps it out of tracebacks
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout):
            raise WireError(Trouble.CONNECT, f"连不上 {where}") from None
        except httpx.TimeoutException:
            raise WireError(Trouble.TIMEOUT, f"等待 {where} 超时，对方是否已收到不确定") from None
        except httpx.HTTPError as problem:
            raise WireError(Trouble.BROKEN, f"与 {where} 的连接中断（{type(problem).__name__}）") from None

    def close(self) -> None:
        with self._making:
            while self._clients:
                self._clients.popitem()[1].close()

    def __enter__(self) -> Wire:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def _client(self, origin: Origin) -> httpx.Client:
        """One pool for each thread and host by name.

        By name, because two names on one address must never share a TLS connection checked for one of them. By thread, because a
        pool shared by threads closes connections in use now and then (httpcore 1.0.9: an idle connection is asked whether it
        is readable after another thread has begun to use it; seen as EBADF in 1 of 1,000 sends with both cores busy).
        """
        key = (threading.get_ident(), origin)
        with self._making:
            if key not in self._clients:
                self._clients[key] = httpx.Client(
                    transport=self._transport,
                    verify=self._tls,
                    timeout=self._timeout,
                    limits=httpx.Limits(max_connections=20),
                    follow_redirects=False,
                    headers={"accept-encoding": "identity"},
                    trust_env=False,  # a proxy from the environment would resolve names behind our back
                )
            return self._clients[key]

    def _request(self, client: httpx.Client, target: httpx.URL, content: bytes, headers: dict[str, str]) -> httpx.Request:
        if _origin(target) in self._allowed or self._resolve is None:
            return client.build_request("POST", target, content=content, headers=headers)
        if target.scheme != "https":
            raise WireError(Trouble.FORBIDDEN, f"只允许以 https 访问 {target.host}")
        address = self._checked_address(target)
        headers["host"] = target.netloc.decode("ascii")
        pinned = target.copy_with(host=address)
        return client.build_request(
            "POST", pinned, content=content, headers=headers, extensions={"sni_hostname": target.raw_host.decode("ascii")}
        )

    def _checked_address(self, target: httpx.URL) -> str:
        assert self._resolve is not None
        try:
            addresses = list(self._resolve(target.host, target.port or 443))
        except (OSError, UnicodeError):
            raise WireError(Trouble.CONNECT, f"找不到主机 {target.host}") from None
        if not addresses:
            raise WireError(Trouble.CONNECT, f"找不到主机 {target.host}")
        if not all(_public(address) for address in addresses):
            raise WireError(Trouble.FORBIDDEN, f"{target.host} 指向内网地址，未在 API_BASE 中写明，不予访问")
        return addresses[0]


def _bounded(response: httpx.Response, where: str) -> bytes:
    if response.headers.get("content-encoding", "identity") != "identity":  # unasked: a bomb, or nothing we can read
        raise WireError(Trouble.BROKEN, f"{where} 的回应使用了未约定的压缩")
    body = bytearray()
    for count, piece in enumerate(response.iter_bytes()):
        body += piece
        if len(body) > RESPONSE_LIMIT or count >= PIECES_LIMIT:
            raise WireError(Trouble.TOO_LARGE, f"{where} 的回应过大，已中断")
    return bytes(body)
