"""The contract: one test over every registered channel and all of its fixtures.

A new channel is under it as soon as it stands in the registry; nothing here knows any channel by name.
"""

from __future__ import annotations

import ast
import builtins
import json
import logging
import pickle
import socket
import sqlite3
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from channels.contract import Answer, BadSignature, Channel, ChannelError, Complaint, Delivery, Failure, Receipt, Receives
from channels.registry import FACTORIES
from tests.channels import bench
from tests.channels.bench import Case, Script, SendCase

CASES = bench.all_cases()
READABLE = [case for case in CASES if "complaints" in case.expected()]
SENDS = bench.all_sends()
NETWORKED = [case for case in SENDS if case.path.name == "text.send.json"]
RECEIVING = [key for key in FACTORIES if bench.channel(key).spec.receives is not Receives.NEVER]
SIGNED = [case for case in READABLE if bench.channel(case.key).spec.signed]
QUICK = settings(max_examples=150, deadline=None, database=None, suppress_health_check=list(HealthCheck))


def read(channel: Channel, delivery: Delivery) -> list[Complaint] | type[ChannelError]:
    """What reading comes to; any exception outside the contract fails the test that called."""
    try:
        return channel.read(delivery)
    except ChannelError as refused:
        return type(refused)


# ---- what the folders hold ----


@pytest.mark.parametrize("key", FACTORIES)
def test_a_channel_is_what_its_spec_says(key: str) -> None:
    channel = bench.channel(key)
    assert isinstance(channel, Channel)
    assert channel.spec.key == key
    assert channel.spec.name
    assert (bench.ROOT / key / "README.md").read_text("utf-8").strip()


@pytest.mark.parametrize("key", FACTORIES)
def test_every_kind_declared_has_a_fixture(key: str) -> None:
    shown = {complaint["kind"] for case in READABLE if case.key == key for complaint in case.expected()["complaints"]}
    assert shown == {kind.value for kind in bench.channel(key).spec.kinds}


@pytest.mark.parametrize("key", FACTORIES)
def test_every_channel_that_sends_has_a_fixture_for_it(key: str) -> None:
    assert any(case.key == key for case in SENDS) == bench.channel(key).spec.sends


def test_every_fixture_has_its_expectation_and_no_expectation_is_left_over() -> None:
    assert [str(case) for case in CASES if not case.expectation.exists()] == []
    known = {case.expectation for case in CASES} | {case.path.with_name(case.path.stem + ".meta.toml") for case in CASES}
    beside = {p for key in FACTORIES for p in (bench.ROOT / key / "fixtures").glob("*.*.*") if not p.name.endswith(".send.json")}
    assert beside - known == set()


# ---- reading ----


@pytest.mark.parametrize("case", CASES, ids=str)
def test_read_gives_exactly_what_is_expected(case: Case) -> None:
    expected, delivery, channel = case.expected(), case.delivery(), bench.channel(case.key)
    if "refused" in expected:
        with pytest.raises(ChannelError) as refused:
            channel.read(delivery)
        assert {"refused": type(refused.value).__name__, "because": str(refused.value)} == expected
    else:
        assert [bench.shown(complaint) for complaint in channel.read(delivery)] == expected["complaints"]


@pytest.mark.parametrize("case", READABLE, ids=str)
def test_the_same_delivery_twice_gives_the_same_external_id(case: Case) -> None:
    again = bench.channel(case.key).read(replace(case.delivery(), received_at=case.delivery().received_at + timedelta(seconds=5)))
    assert [c.external_id for c in again] == [c.external_id for c in bench.channel(case.key).read(case.delivery())]
    assert all(c.external_id and len(c.external_id) <= 400 for c in again)


@pytest.fixture
def nothing_outside(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    def forbidden(*given: object, **named: object) -> None:
        raise AssertionError("read and answer are pure: no network, clock, database or disk")

    with monkeypatch.context() as patch:
        for module, names in (
            (socket, ("socket", "getaddrinfo", "create_connection")),
            (time, ("time", "monotonic", "time_ns", "sleep")),
            (sqlite3, ("connect",)),
            (builtins, ("open",)),
        ):
            for name in names:
                patch.setattr(module, name, forbidden)
        yield


@pytest.mark.parametrize("key", RECEIVING)
def test_read_and_answer_touch_neither_network_nor_clock_nor_disk(key: str, request: pytest.FixtureRequest) -> None:
    channel = bench.channel(key)
    deliveries = [(case.delivery(), "complaints" in case.expected()) for case in bench.all_cases(key)]
    request.getfixturevalue("nothing_outside")
    for delivery, readable in deliveries:
        read(channel, delivery)
        if readable:
            channel.answer(delivery, Answer("已收到", delivery.received_at))


def test_no_channel_reads_a_clock_or_imports_the_application() -> None:
    forbidden = {"app", "routing", "sla", "sqlalchemy", "fastapi", "time", "random", "secrets"}
    for path in bench.ROOT.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not {name.split(".")[0] for name in names} & forbidden, f"{path.name} line {getattr(node, 'lineno', 0)}"
            if isinstance(node, ast.Attribute):
                assert node.attr not in ("now", "utcnow", "today"), f"{path.name} line {node.lineno}"


# ---- what is not genuine ----


@pytest.mark.parametrize("case", SIGNED, ids=str)
def test_unsigned_tampered_and_stale_deliveries_are_refused(case: Case) -> None:
    channel, genuine = bench.channel(case.key), case.delivery()
    forged = [replace(genuine, query={}, headers={})]
    for name, value in genuine.query.items():
        if any(word in name for word in ("signature", "timestamp", "nonce", "token")):
            forged += [replace(genuine, query={**genuine.query, name: wrong}) for wrong in (_turned(value), "", "签名", "\ud800")]
    for name, value in genuine.headers.items():
        if any(word in name for word in ("signature", "timestamp", "nonce", "token")):
            forged += [replace(genuine, headers={**genuine.headers, name: wrong}) for wrong in (_turned(value), "")]
    forged += [replace(genuine, received_at=genuine.received_at + timedelta(hours=hours)) for hours in (-1, 1, 24 * 365)]
    for delivery in forged:
        assert read(channel, delivery) is BadSignature, dict(delivery.query)


def _turned(value: str) -> str:
    """The same length and alphabet, another value."""
    return value[:-1] + ("1" if value[-1:] != "1" else "2")


@pytest.mark.parametrize("key", RECEIVING)
def test_any_truncation_ends_within_the_contract(key: str) -> None:
    channel = bench.channel(key)
    deliveries = [case.delivery() for case in READABLE if case.key == key]

    @QUICK
    @given(st.data())
    def cut(data: st.DataObject) -> None:
        delivery = data.draw(st.sampled_from(deliveries))
        length = data.draw(st.integers(0, max(0, len(delivery.body.rstrip()) - 1)))
        found = read(channel, replace(delivery, body=delivery.body[:length]))
        if delivery.body.lstrip()[:1] in (b"<", b"{"):
            assert isinstance(found, type), "half a document was taken for a whole one"

    cut()


@pytest.mark.parametrize("key", RECEIVING)
def test_any_garbling_ends_within_the_contract(key: str) -> None:
    channel = bench.channel(key)
    deliveries = [case.delivery() for case in CASES if case.key == key]

    @QUICK
    @given(st.data())
    def garble(data: st.DataObject) -> None:
        delivery = data.draw(st.sampled_from(deliveries))
        body = bytearray(delivery.body)
        for _ in range(data.draw(st.integers(1, 4))):
            place = data.draw(st.integers(0, len(body)))
            body[place : place + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3) | st.sampled_from(MISCHIEF))
        found = read(channel, replace(delivery, body=bytes(body)))
        assert isinstance(found, type) or all(isinstance(complaint, Complaint) for complaint in found)

    garble()


MISCHIEF = [b"<", b">", b"]]>", b"<![CDATA[", b"&a;", b"{", b"[", b'"', b"\\u0000", b"\xff", b"<!DOCTYPE x>", b"%00", b"1e999"]


@pytest.mark.parametrize("key", RECEIVING)
def test_any_bytes_and_any_query_end_within_the_contract(key: str) -> None:
    channel, sample = bench.channel(key), next(case.delivery() for case in READABLE if case.key == key)
    names = st.sampled_from([*sample.query, "encrypt_type", "echostr", "other"])

    @QUICK
    @given(st.binary(max_size=300), st.dictionaries(names, st.text(max_size=20)), st.booleans())
    def throw(body: bytes, query: dict[str, str], genuine: bool) -> None:
        delivery = replace(sample, body=body, query={**(sample.query if genuine else {}), **query})
        read(channel, delivery)
        try:
            channel.greet(delivery)
        except ChannelError:
            return

    throw()


# ---- answering ----


@pytest.mark.parametrize("case", READABLE, ids=str)
def test_the_same_answer_twice_is_the_same_bytes(case: Case) -> None:
    delivery, channel = case.delivery(), bench.channel(case.key)
    said = Answer("已受理，工单号 GZ20260105000427。]]><a>&\x00\ud800", delivery.received_at, {"number": "GZ20260105000427"})
    later = replace(delivery, received_at=delivery.received_at + timedelta(seconds=10))
    assert channel.answer(delivery, said) == channel.answer(later, said)
    assert channel.answer(delivery, said).status == 200
    assert channel.answer(delivery, Answer()).status == 200


# ---- sending ----


@pytest.mark.parametrize("case", SENDS, ids=str)
def test_send_makes_exactly_the_expected_requests(case: SendCase) -> None:
    loaded = case.loaded()
    replies: list[httpx.Response | Exception] = [
        httpx.Response(e["reply"]["status"], content=json.dumps(e["reply"].get("json")).encode()) for e in loaded["exchanges"]
    ]
    script = Script(replies)
    receipt = bench.channel(case.key, script).send(case.notice())
    made = [{"method": r.method, "url": str(r.url), "json": json.loads(r.content)} for r in script.requests]
    assert made == [exchange["expect"] for exchange in loaded["exchanges"]]
    assert bench.shown(receipt) == loaded["receipt"]


def outcome(case: SendCase, *replies: httpx.Response | Exception) -> tuple[Receipt, int]:
    """The receipt when the last exchange of a good send goes as ``replies`` say, and how often it was tried."""
    good = [httpx.Response(200, json=e["reply"]["json"]) for e in case.loaded()["exchanges"][:-1]]
    script = Script([*good, *replies])
    receipt = bench.channel(case.key, script).send(case.notice())
    return receipt, len(script.requests) - len(good)


TRANSIENT: list[httpx.Response | Exception] = [
    httpx.ReadTimeout("late"),
    httpx.WriteTimeout("late"),
    httpx.ConnectTimeout("late"),
    httpx.ConnectError("refused"),
    httpx.RemoteProtocolError("cut off"),
    *(httpx.Response(status) for status in (500, 502, 503, 504, 429, 408)),
    httpx.Response(200, content=b"x" * 300_000),
    httpx.Response(200, content=b"<html>gateway</html>"),
]


@pytest.mark.parametrize("reply", TRANSIENT, ids=repr)
@pytest.mark.parametrize("case", NETWORKED, ids=str)
def test_time_outs_and_server_errors_mean_again_and_are_not_repeated_here(
    case: SendCase, reply: httpx.Response | Exception
) -> None:
    receipt, tries = outcome(case, reply)
    assert (receipt.failure, tries) == (Failure.AGAIN, 1)


@pytest.mark.parametrize("status", [301, 400, 401, 403, 404, 410, 413])
@pytest.mark.parametrize("case", NETWORKED, ids=str)
def test_a_final_client_error_is_permanent(case: SendCase, status: int) -> None:
    receipt, tries = outcome(case, httpx.Response(status, headers={"location": "https://example.com/"}))
    assert receipt.failure not in (None, Failure.AGAIN)
    assert tries == 1


# ---- secrets ----


@pytest.mark.parametrize("key", FACTORIES)
def test_secrets_show_neither_in_repr_nor_in_logs_nor_in_errors(key: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    said: list[str] = []
    channel = bench.channel(key)
    said += [repr(channel), *(repr(value) for value in vars(channel).values())]
    for case in bench.all_cases(key):
        try:
            said.append(repr(channel.read(case.delivery())))
            channel.read(replace(case.delivery(), query={}))
        except ChannelError as refused:
            said += [repr(refused), repr(refused.__cause__), repr(refused.__context__)]
    for send in (case for case in SENDS if case.key == key):
        good: list[httpx.Response | Exception] = [
            httpx.Response(200, json=e["reply"]["json"]) for e in send.loaded()["exchanges"]
        ]
        for last in [good[-1], *TRANSIENT] if good else []:
            said.append(repr(bench.channel(key, Script([*good[:-1], last])).send(send.notice())))
    heard = "\n".join([*said, caplog.text, *(repr(record.args) for record in caplog.records)])
    assert [secret[:4] for secret in bench.secrets_of(key) if secret in heard] == []


def test_contract_types_survive_a_queue() -> None:
    """Deliveries are kept and read again by another process."""
    delivery = CASES[0].delivery()
    assert pickle.loads(pickle.dumps(delivery)) == delivery


def test_the_registry_is_one_line_a_channel() -> None:
    source = Path(bench.ROOT / "registry.py").read_text("utf-8")
    assert all(source.count(f'"{key}"') == 1 for key in FACTORIES)
