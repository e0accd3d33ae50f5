"""What a contractor's system gets: exactly the headers of Standard Webhooks, and what each of its answers means."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import httpx
import pytest

from channels.contract import BadSettings, Failure, Notice, Receipt
from channels.webhook import BadSecret, Webhook, build, key_of, signature
from channels.wire import Wire
from tests.channels.bench import Script
from tests.standins.receiver import genuine, tampered

NEW, FORMER = "whsec_dGhlIHByZXNlbnQgc2VjcmV0IG9mIG91ciB0ZXN0cyE=", "whsec_dGhlIGZvcm1lciBzZWNyZXQgb2Ygb3VyIHRlc3RzLi4="
AT = datetime(2026, 1, 5, 1, 0, 0, 999_999, tzinfo=UTC)
BODY = '{"type":"ticket.append","data":{"number":"GZ1","details":{"text":"灯“坏”了 🏚"}}}'


def sent(*replies: httpx.Response | Exception, secret: str = NEW, former: str = "", at: datetime = AT) -> tuple[Receipt, Script]:
    script = Script(list(replies) or [httpx.Response(204)])
    channel = Webhook(Wire(transport=httpx.MockTransport(script)))
    data = {"secret": secret, "former": former}
    return channel.send(Notice("GZ1:2:webhook:7", "https://jx.example.com/hook?a=1", BODY, at, data=data)), script


def test_the_three_headers_and_the_body_as_it_was_signed() -> None:
    receipt, script = sent()
    (request,) = script.requests
    assert receipt == Receipt(external_id="GZ1:2:webhook:7")
    assert request.content == BODY.encode()
    assert request.headers["webhook-id"] == "GZ1:2:webhook:7"
    assert request.headers["webhook-timestamp"] == str(int(AT.timestamp())) == "1767574800"
    assert request.headers["content-type"] == "application/json; charset=utf-8"
    assert genuine(NEW, request.headers, request.content)
    assert not genuine(FORMER, request.headers, request.content)
    assert not genuine(NEW, request.headers, tampered(request.content))


def test_a_published_example_comes_out() -> None:
    """The vector that the libraries of the standard are tested with."""
    secret, identity, at = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330
    body = b'{"test": 2432232314}'
    assert signature(secret, identity, at, body) == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_another_attempt_has_another_moment_and_the_same_id() -> None:
    (first,), (again,) = (sent(at=AT + timedelta(minutes=minutes))[1].requests for minutes in (0, 5))
    assert first.headers["webhook-id"] == again.headers["webhook-id"]
    assert int(again.headers["webhook-timestamp"]) - int(first.headers["webhook-timestamp"]) == 300
    assert first.headers["webhook-signature"] != again.headers["webhook-signature"]


def test_while_secrets_change_over_both_sign_the_new_one_first() -> None:
    (request,) = sent(former=FORMER)[1].requests
    first, second = request.headers["webhook-signature"].split(" ")
    assert genuine(NEW, {**request.headers, "webhook-signature": first}, request.content)
    assert genuine(FORMER, {**request.headers, "webhook-signature": second}, request.content)


@pytest.mark.parametrize(
    ("reply", "failure"),
    [
        *((httpx.Response(status, content=b"<html>whatever</html>"), None) for status in (200, 201, 202, 204, 299)),
        *((httpx.Response(status), Failure.AGAIN) for status in (408, 425, 429, 500, 502, 503, 504)),
        *((httpx.Response(status), Failure.CONFIGURATION) for status in (301, 307, 400, 401, 404, 410, 422)),
        *((trouble, Failure.AGAIN) for trouble in (httpx.ReadTimeout("late"), httpx.ConnectError("no"), httpx.ReadError("cut"))),
    ],
    ids=repr,
)
def test_what_an_answer_means(reply: httpx.Response | Exception, failure: Failure | None) -> None:
    receipt, script = sent(reply)
    assert receipt.failure is failure
    assert len(script.requests) == 1, "nothing is followed, nothing repeated here"
    assert NEW not in repr(receipt)


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_dGVzdA==", "whsec_***", NEW.removeprefix("whsec_"), "whsec_" + "A" * 88])
def test_what_is_no_secret_signs_nothing(secret: str) -> None:
    receipt, script = sent(secret=secret)
    assert (receipt.failure, script.requests) == (Failure.CONFIGURATION, [])
    with pytest.raises(BadSecret) as refused:
        key_of(secret)
    assert len(secret) < 8 or secret not in str(refused.value)


def test_only_an_address_may_be_named_as_the_base() -> None:
    with pytest.raises(BadSettings, match="API_BASE"):
        build({"api_base": "nonsense"}, Wire(transport=httpx.MockTransport(Script([]))))
