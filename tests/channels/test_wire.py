"""The outbound client: where it may go, how long it waits, what it says when it fails."""

from __future__ import annotations

import logging

import httpx
import pytest

from channels.contract import BadSettings, Failure
from channels.wire import PIECES_LIMIT, RESPONSE_LIMIT, Reply, Trouble, Wire, WireError, http_receipt

PUBLIC = "93.184.216.34"
PRIVATE = ["127.0.0.1", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1"]
PRIVATE += [
    "::1",
    "fe80::1%eth0",
    "fd00::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "2002:7f00:1::",
    "255.255.255.255",
    "192.0.2.1",
]


class Other:
    """The other end, remembering what reached it."""

    def __init__(self, response: httpx.Response | Exception | None = None) -> None:
        self.requests: list[httpx.Request] = []
        self.response = response or httpx.Response(200, content=b"{}")

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        if isinstance(self.response, Exception):
            raise self.response
        return self.response


def wire(other: Other, *addresses: str) -> Wire:
    return Wire(transport=httpx.MockTransport(other), resolve=lambda host, port: addresses)


@pytest.mark.parametrize("address", PRIVATE)
def test_private_addresses_are_never_called(address: str) -> None:
    other = Other()
    for addresses in ([address], [PUBLIC, address]):
        with pytest.raises(WireError) as refused:
            wire(other, *addresses).post("https://api.example.com/x", b"")
        assert refused.value.trouble is Trouble.FORBIDDEN
        assert refused.value.receipt().failure is Failure.CONFIGURATION
    assert other.requests == []


@pytest.mark.parametrize(
    "url", ["http://api.example.com/x", "ftp://api.example.com/", "https://", "not a url", "https://[::1", "//x"]
)
def test_only_https_to_a_named_host(url: str) -> None:
    other = Other()
    with pytest.raises(WireError):
        wire(other, PUBLIC).post(url, b"")
    assert other.requests == []


@pytest.mark.parametrize("address", [PUBLIC, "2606:2800:220:1:248:1893:25c8:1946"])
def test_the_connection_goes_to_the_address_that_was_checked(address: str) -> None:
    other = Other()
    wire(other, address).post("https://api.example.com/send?a=1", b"body", query={"access_token": "t"})
    [request] = other.requests
    assert request.url.host == address
    assert request.headers["host"] == "api.example.com"
    assert request.extensions["sni_hostname"] == "api.example.com"
    assert request.url.path == "/send"


def test_two_names_on_one_address_do_not_share_connections() -> None:
    caller = wire(Other(), PUBLIC)
    for host in ("a.example.com", "b.example.com", "a.example.com"):
        caller.post(f"https://{host}/", b"")
    assert len(caller._clients) == 2


def test_an_api_base_may_be_private_and_only_exactly_it() -> None:
    other = Other()
    caller = wire(other, "127.0.0.1")
    caller.allow("http://127.0.0.1:9001/prefix")
    assert caller.post("http://127.0.0.1:9001/x", b"").status == 200
    for url in ("http://127.0.0.1:9002/x", "https://127.0.0.1:9001/x", "http://localhost:9001/x", "http://127.0.0.1/x"):
        with pytest.raises(WireError):
            caller.post(url, b"")
    assert len(other.requests) == 1


@pytest.mark.parametrize("base", ["", "127.0.0.1:80", "ftp://x", "http://", "http://user:pass@x/", "http://[::1"])
def test_a_bad_api_base_is_refused_by_name(base: str) -> None:
    with pytest.raises(BadSettings, match="API_BASE"):
        Wire().allow(base)


def test_redirects_are_not_followed() -> None:
    other = Other(httpx.Response(302, headers={"location": "http://169.254.169.254/"}))
    assert wire(other, PUBLIC).post("https://api.example.com/", b"").status == 302
    assert len(other.requests) == 1


def test_an_unknown_host_may_be_known_later() -> None:
    def unknown(host: str, port: int) -> list[str]:
        raise OSError("Name or service not known")

    caller = Wire(transport=httpx.MockTransport(Other()), resolve=unknown)
    with pytest.raises(WireError) as refused:
        caller.post("https://api.example.com/", b"")
    assert refused.value.receipt().failure is Failure.AGAIN


class Drip(httpx.SyncByteStream):
    def __iter__(self):  # type: ignore[no-untyped-def]
        return iter([b"x"] * (PIECES_LIMIT + 10))


@pytest.mark.parametrize(
    ("response", "trouble"),
    [
        (httpx.Response(200, content=b"x" * (RESPONSE_LIMIT + 1)), Trouble.TOO_LARGE),
        (httpx.Response(200, stream=Drip()), Trouble.TOO_LARGE),
        (httpx.Response(200, headers={"content-encoding": "gzip"}, stream=Drip()), Trouble.BROKEN),
        (httpx.ReadTimeout("late"), Trouble.TIMEOUT),
        (httpx.PoolTimeout("late"), Trouble.CONNECT),
        (httpx.RemoteProtocolError("cut"), Trouble.BROKEN),
    ],
)
def test_what_goes_wrong_has_a_name_and_no_secret(response: httpx.Response | Exception, trouble: Trouble) -> None:
    with pytest.raises(WireError) as failed:
        wire(Other(response), PUBLIC).post("https://api.example.com/send", b"", query={"access_token": "SECRET"})
    assert failed.value.trouble is trouble
    assert failed.value.receipt().failure is Failure.AGAIN
    assert "SECRET" not in repr(failed.value) + str(failed.value)
    assert failed.value.__suppress_context__ or failed.value.__context__ is None


def test_logs_of_the_http_library_lose_their_queries(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    wire(Other(), PUBLIC).post("https://api.example.com/send", b"", query={"access_token": "SECRET"})
    assert "/send" in caplog.text
    assert "SECRET" not in caplog.text


def test_answers_do_not_show_in_repr() -> None:
    assert "SECRET" not in repr(Reply(200, b"SECRET"))


@pytest.mark.parametrize(("status", "failure"), [(200, None), (204, None), (429, Failure.AGAIN), (503, Failure.AGAIN)])
def test_what_a_status_means(status: int, failure: Failure | None) -> None:
    receipt = http_receipt(status)
    assert (receipt.failure if receipt else None) is failure
