"""The WeChat hook: each mode is answered in kind with the ticket number, repeats alike; what is not signed leaves no trace."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from app.tickets.post import InboundState, OutboxState
from channels.contract import Delivery
from channels.wechat import WeChatConfig, compose
from channels.wechat.compose import Mode
from tests.app.doors.street import CONFIG, HOOK, LEAK, Street, heard, inbounds, outbox_rows, quiet, rows, tickets
from tests.cast import Curtain

OFFICIAL = {
    "signature": "6c5c811b55cc85e0e1b54100749188c20beb3f5d",
    "timestamp": "1714112445",
    "nonce": "415670741",
    "encrypt_type": "aes",
    "msg_signature": "046e02f8204d34f8ba5fa3b1db94908f3df2e9b3",
}
OFFICIAL_ENCRYPT = (
    "+qdx1OKCy+5JPCBFWw70tm0fJGb2Jmeia4FCB7kao+/Q5c/ohsOzQHi8khUOb05JCpj0JB4RvQMkUyus8TPxLKJGQqcvZqzDpVzazhZv6JsXUnnR8XGT740X"
    "gXZUXQ7vJVnAG+tE8NUd4yFyjPy7GgiaviNrlCTj+l5kdfMuFUPpRSrfMZuMcp3Fn2Pede2IuQrKEYwKSqFIZoNqJ4M8EajAsjLY2km32IIjdf8YL/P50F7m"
    "StwntrA2cPDrM1kb6mOcfBgRtWygb3VIYnSeOBrebufAlr7F9mFUPAJGj04="
)


def test_the_platforms_address_check_gets_its_echo_and_nothing_else(street: Street) -> None:
    check = compose.address_check(CONFIG, at=street.now, nonce="1514711492", echo="4375120948345356249")
    answer = street.get(HOOK, check.query)
    assert (answer.status_code, answer.content) == (200, b"4375120948345356249")
    forged = street.get(HOOK, {**check.query, "signature": "0" * 40})
    assert (forged.status_code, forged.content) == (403, b"")


def test_the_platforms_own_worked_example_passes_through_the_hook(street: Street) -> None:
    street.cast.clock.set(datetime.fromtimestamp(1714036510, UTC))
    query = {"signature": "f464b24fc39322e44b38aa78f5edd27bd1441696", "timestamp": "1714036504", "nonce": "1514711492"}
    assert street.get(HOOK, {**query, "echostr": "4375120948345356249"}).content == b"4375120948345356249"

    street.cast.clock.set(datetime.fromtimestamp(1714037060, UTC))
    query = {"signature": "899cf89e464efb63f54ddac96b0a0a235f53aa78", "timestamp": "1714037059", "nonce": "486452656"}
    words = compose.text(LEAK, sender="o9AgO5Kd5ggOC", at=street.now, message_id=1)
    assert "GZ20240425" in heard(street.post(HOOK, query, words.encode()))["Content"]

    street.cast.clock.set(datetime.fromtimestamp(1714112446, UTC))
    envelope = json.dumps({"ToUserName": "gh_97417a04a28d", "Encrypt": OFFICIAL_ENCRYPT}).encode()
    assert quiet(street.post(HOOK, OFFICIAL, envelope))
    event = inbounds(street.cast.hotline)[-1]
    assert (event.sender, event.state, event.ticket_id) == ("o9AgO5Kd5ggOC-bXrbNODIiE3bGY", InboundState.TAKEN_IN, None)
    assert event.external_id == "o9AgO5Kd5ggOC-bXrbNODIiE3bGY:1714112445:debug_demo:"


@pytest.mark.parametrize("mode", list(Mode))
def test_each_mode_is_answered_in_kind_with_the_ticket_number(street: Street, mode: Mode) -> None:
    answer = street.hands_over(street.says(mode=mode))
    fields = heard(answer)
    (ticket,) = tickets(street.cast.hotline)
    assert ticket.number in fields["Content"]
    assert (fields["ToUserName"], fields["FromUserName"], fields["MsgType"]) == ("o-chen", compose.ACCOUNT, "text")
    assert (b"<Encrypt>" in answer.content) is (mode is not Mode.PLAIN)
    assert (b"o-chen" in answer.content) is (mode is Mode.PLAIN)


def test_the_raw_bytes_and_the_time_they_were_judged_by_are_kept(street: Street) -> None:
    delivery = street.says()
    street.post(HOOK, delivery.query, delivery.body)
    (kept,) = inbounds(street.cast.hotline)
    assert (kept.body, kept.query, kept.wall_at) == (delivery.body, delivery.query, street.now)


def test_a_captured_push_does_not_multiply_under_invented_account_names(street: Street) -> None:
    delivery = street.says()
    assert street.post(f"{HOOK}/other", delivery.query, delivery.body).status_code == 404
    assert inbounds(street.cast.hotline) == []


def test_three_tries_of_one_message_are_one_ticket_and_three_equal_answers(street: Street) -> None:
    inner = compose.text(LEAK, sender="o-chen", at=street.now, message_id=street.next_id())
    first = street.push(inner)
    answers = [street.hands_over(first)]
    street.cast.clock.advance(timedelta(seconds=5))
    answers.append(street.hands_over(street.push(inner)))  # as the platform does: the same words under a fresh signature
    street.cast.clock.advance(timedelta(seconds=5))
    answers.append(street.hands_over(first))  # as a proxy does: the same bytes
    told = [heard(answer) for answer in answers]
    assert told[0] == told[1] == told[2]
    assert answers[0].content == answers[2].content
    (kept,) = inbounds(street.cast.hotline)
    (ticket,) = tickets(street.cast.hotline)
    assert kept.ticket_id == ticket.id
    assert ticket.number in told[0]["Content"]
    assert len(outbox_rows(street.cast.hotline, "contractor")) == 1


def test_one_message_arriving_three_times_at_once_is_one_ticket(street: Street) -> None:
    inner = compose.text(LEAK, sender="o-chen", at=street.now, message_id=street.next_id())
    going = [street.hands_over_soon(street.push(inner)) for _ in range(3)]
    told = [heard(answer.result(timeout=10)) for answer in going]
    assert told[0] == told[1] == told[2]
    assert len(inbounds(street.cast.hotline)) == len(tickets(street.cast.hotline)) == 1


def test_two_people_at_once_each_hear_of_their_own_ticket(street: Street) -> None:
    going = [
        street.hands_over_soon(street.says(LEAK, sender="o-chen")),
        street.hands_over_soon(street.says("翠湖家园1栋2单元302 电梯坏了停在5楼", sender="o-wang")),
    ]
    told = [heard(answer.result(timeout=10)) for answer in going]
    numbers = {ticket.sender: ticket.number for ticket in tickets(street.cast.hotline)}
    assert len(set(numbers.values())) == 2
    for answer, sender, other in ((told[0], "o-chen", "o-wang"), (told[1], "o-wang", "o-chen")):
        assert answer["ToUserName"] == sender
        assert numbers[sender] in answer["Content"]
        assert numbers[other] not in answer["Content"]


def _tampered(genuine: Delivery) -> Delivery:
    middle = genuine.body.index(b"<Encrypt>") + 60
    return _with(genuine, body=genuine.body[:middle] + bytes([genuine.body[middle] ^ 1]) + genuine.body[middle + 1 :])


def _with(genuine: Delivery, body: bytes | None = None, **query: str) -> Delivery:
    return Delivery("wechat", genuine.body if body is None else body, genuine.received_at, query={**genuine.query, **query})


def _without(genuine: Delivery, *names: str) -> Delivery:
    query = {name: value for name, value in genuine.query.items() if name not in names}
    return Delivery("wechat", genuine.body, genuine.received_at, query=query)


def _of_another_account(street: Street) -> Delivery:
    theirs = WeChatConfig(token="AAAAA", app_id="wx-another", encoding_aes_key="A" * 43)
    inner = compose.text(LEAK, sender="o-chen", at=street.now, message_id=1)
    return compose.deliver(theirs, inner, at=street.now, nonce="1", mode=Mode.SAFE)


def test_what_is_not_proven_to_be_the_platforms_is_refused_and_leaves_no_trace(street: Street) -> None:
    genuine = street.says()
    stale = street.says()
    before = rows(street.cast.hotline)
    refused = {
        "tampered": _tampered(genuine),
        "another appid": _of_another_account(street),
        "wrong msg_signature": _with(genuine, msg_signature="0" * 40),
        "signature in place of msg_signature": _with(genuine, msg_signature=genuine.query["signature"]),
        "no msg_signature": _without(genuine, "msg_signature"),
        "no signature at all": _without(genuine, "signature", "msg_signature"),
        "wrong signature": _with(genuine, signature="0" * 40),
        "another nonce": _with(genuine, nonce="7"),
        "truncated": _with(genuine, body=genuine.body[:-40]),
        "empty": _with(genuine, body=b""),
        "no query": Delivery("wechat", genuine.body, genuine.received_at),
        "plain, unsigned": _without(street.says(mode=Mode.PLAIN), "signature"),
    }
    for case, delivery in refused.items():
        answer = street.hands_over(delivery)
        assert (answer.status_code, answer.content) == (403, b""), case
    street.cast.clock.advance(timedelta(minutes=10, seconds=1))
    assert street.hands_over(stale).status_code == 403
    assert rows(street.cast.hotline) == before
    street.cast.clock.set(stale.received_at)
    assert "GZ" in heard(street.hands_over(genuine))["Content"]  # what was changed above was all that was wrong


@pytest.mark.parametrize("path", ["/hooks/nosuch", "/hooks/webform", "/hooks/console", "/hooks/nosuch/account"])
def test_a_channel_that_has_no_hook_is_not_found(street: Street, path: str) -> None:
    before = rows(street.cast.hotline)
    for answer in (street.post(path, {}, b'{"text":"x","form_id":"abcdefgh"}'), street.get(path)):
        assert answer.status_code == 404
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["status"] == 404
    assert rows(street.cast.hotline) == before


def test_without_a_configured_account_there_is_no_wechat_hook(raise_curtain: Curtain, sqlite_url: str) -> None:
    cast = raise_curtain(sqlite_url)
    cast.hotline.channels = {key: channel for key, channel in cast.hotline.channels.items() if key != "wechat"}
    with Street(cast) as street:
        assert street.hands_over(street.says()).status_code == 404


def test_a_reply_that_went_out_settles_its_notices_and_they_are_never_sent_again(street: Street) -> None:
    hotline = street.cast.hotline
    heard(street.hands_over(street.says()))
    street.ends()
    told = outbox_rows(hotline, "resident")
    assert len(told) == 2
    assert [(row.state, row.sent_via, row.next_at) for row in told] == [(OutboxState.SENT, "reply", None)] * 2
    street.cast.tick(minutes=10)
    assert [row.sent_via for row in outbox_rows(hotline, "resident")] == ["reply", "reply"]
    assert street.cast.pigeons.to("o-chen") == []
    assert [row.sent_via for row in outbox_rows(hotline, "contractor")] == ["console"]
