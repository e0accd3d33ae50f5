"""The web form, the console and the registry: what the shared contract cannot know of them."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime

import httpx
import pytest

from channels.console import Console
from channels.contract import Answer, BadSettings, BadSignature, Delivery, Failure, Ignored, Notice
from channels.registry import build
from channels.webform import WebForm
from channels.wire import Wire

AT = datetime(2026, 1, 5, 1, 0, tzinfo=UTC)
WIRE = Wire(transport=httpx.MockTransport(lambda request: httpx.Response(500)))
NOTICE = Notice(key="k-1", to="13800138000", text="您的工单\n已派出", at=AT, ticket="GZ20260105000427", subject="派单")


def test_the_form_is_answered_with_number_and_text() -> None:
    delivery = Delivery("webform", b'{"text":"x","form_id":"abcdefgh"}', AT)
    answer = WebForm().answer(delivery, Answer("已受理", AT, {"number": "GZ20260105000427", "other": "x"}))
    assert json.loads(answer.body) == {"number": "GZ20260105000427", "text": "已受理"}
    assert answer.content_type.startswith("application/json")


def test_the_form_neither_greets_nor_sends() -> None:
    with pytest.raises(BadSignature):
        WebForm().greet(Delivery("webform", b"", AT, method="GET"))
    assert WebForm().send(NOTICE).failure is Failure.NEXT_ROUTE
    assert list(WebForm().fetch("")) == []


def test_the_console_writes_one_line_of_json_to_a_stream() -> None:
    out = io.StringIO()
    receipt = Console(out).send(NOTICE)
    assert receipt.ok
    assert out.getvalue().count("\n") == 1
    line = json.loads(out.getvalue())
    assert line == {
        "to": "13800138000",
        "number": "GZ20260105000427",
        "text": "您的工单\n已派出",
        "subject": "派单",
        "at": "2026-01-05T01:00:00+00:00",
        "key": "k-1",
    }


def test_the_console_writes_to_a_callable_and_the_same_notice_has_the_same_id() -> None:
    lines: list[str] = []
    console = Console(lines.append)
    assert console.send(NOTICE).external_id == console.send(NOTICE).external_id
    assert len(lines) == 2


def test_the_registered_console_writes_to_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    assert build({}, WIRE)["console"].send(NOTICE).ok
    assert json.loads(capsys.readouterr().out)["key"] == "k-1"


def test_a_console_that_cannot_write_says_so() -> None:
    closed = io.StringIO()
    closed.close()
    assert Console(closed).send(NOTICE).failure is Failure.AGAIN


def test_the_console_receives_nothing() -> None:
    console = Console(io.StringIO())
    with pytest.raises(Ignored):
        console.read(Delivery("console", b"x", AT))
    with pytest.raises(BadSignature):
        console.greet(Delivery("console", b"", AT, method="GET"))
    assert console.answer(Delivery("console", b"", AT), Answer()).status == 404


def test_channels_that_are_not_configured_are_left_out() -> None:
    assert list(build({}, WIRE)) == ["webform", "webhook", "console"]
    assert list(build({"wechat": {"app_id": "wx1"}}, WIRE)) == ["webform", "webhook", "console"]
    assert list(build({"wechat": {"TOKEN": "t", "App_Id": "wx1"}}, WIRE)) == ["wechat", "webform", "webhook", "console"]


@pytest.mark.parametrize(
    ("changed", "setting"),
    [
        ({"app_id": ""}, "APP_ID"),
        ({"encoding_aes_key": "SECRETshort"}, "ENCODING_AES_KEY"),
        ({"encoding_aes_key": "SECRET" + "!" * 37}, "ENCODING_AES_KEY"),
        ({"previous_encoding_aes_key": "A" * 43}, "PREVIOUS_ENCODING_AES_KEY"),
        ({"encoding_aes_key": "A" * 43, "previous_encoding_aes_key": "SECRET"}, "PREVIOUS_ENCODING_AES_KEY"),
        ({"api_base": "SECRET"}, "API_BASE"),
        ({"replay_window_seconds": "SECRET"}, "REPLAY_WINDOW_SECONDS"),
        ({"replay_window_seconds": "0"}, "时间窗"),
    ],
)
def test_settings_that_cannot_work_are_named_and_not_shown(changed: dict[str, str], setting: str) -> None:
    with pytest.raises(BadSettings, match=setting) as refused:
        build({"wechat": {"token": "t", "app_id": "wx1", **changed}}, WIRE)
    assert "SECRET" not in str(refused.value)


def test_settings_of_safe_mode_only() -> None:
    settings = {"token": "t", "app_id": "wx1", "encoding_aes_key": "A" * 43, "plain_allowed": "false"}
    assert "plain_allowed=False" in repr(vars(build({"wechat": settings}, WIRE)["wechat"]))
