"""The hook and what is no plain complaint: events, media, places, and bodies made to hurt."""

from __future__ import annotations

from app.tickets.lifecycle import State
from app.tickets.post import InboundState
from app.web.hooks import BODY_LIMIT
from channels.wechat import compose
from channels.wechat.compose import Mode
from tests.app.doors.street import HOOK, LEAK, Street, heard, inbounds, quiet, rows, tickets


def text_with(street: Street, content: str) -> str:
    return compose.text(content, sender="o-chen", at=street.now, message_id=street.next_id())


BOMB = "<!DOCTYPE x [" + '<!ENTITY a "aaaaaaaaaa">' + '<!ENTITY b "&a;&a;&a;&a;">' * 9 + "]><xml><Content>&b;</Content></xml>"
OUTSIDE = '<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]><xml><Content>&f;</Content></xml>'
WHOLE = (
    "<xml><ToUserName>gh_1</ToUserName><FromUserName>o-chen</FromUserName><CreateTime>1795395600</CreateTime>"
    "<MsgType>text</MsgType><Content>漏水</Content><MsgId>7</MsgId></xml>"
)
HOSTILE = {
    "truncated": WHOLE[:-30],
    "empty": "",
    "blank": " \n ",
    "no XML": "漏水了",
    "an empty root": "<xml></xml>",
    "another root": "<foo/>",
    "an entity bomb": BOMB,
    "a file of ours": OUTSIDE,
    "a DTD": "<!DOCTYPE xml>" + WHOLE,
    "nested deeper than any parser likes": "<xml>" + "<a>" * 20_000 + "</a>" * 20_000 + "</xml>",
    "a thousand siblings": "<xml>" + "<a/>" * 15_000 + "</xml>",
    "300 KB of text": WHOLE.replace("漏水", "漏" * 100_000),
    "NUL": WHOLE.replace("漏水", "漏\0水"),
    "two types": WHOLE.replace("<MsgType>", "<MsgType>event</MsgType><MsgType>"),
    "two senders": WHOLE.replace("<FromUserName>", "<FromUserName>o-wang</FromUserName><FromUserName>"),
    "no sender": WHOLE.replace("<FromUserName>o-chen</FromUserName>", ""),
    "no type": WHOLE.replace("<MsgType>text</MsgType>", ""),
    "an id that is no number": WHOLE.replace("<MsgId>7<", "<MsgId>x'; DROP TABLE ticket<"),
    "a time out of all bounds": WHOLE.replace("1795395600", "9" * 30),
    "JSON nested without end": '{"a":' * 9_000,
    "JSON that is a list": "{}[]",
}


def test_what_the_platform_signed_and_nobody_can_read_is_kept_and_answered_kindly(street: Street) -> None:
    before = rows(street.cast.hotline)
    for number, (case, inner) in enumerate(HOSTILE.items(), 1):
        delivery = street.push(inner, mode=Mode.PLAIN)
        assert quiet(street.hands_over(delivery)), case
        assert quiet(street.hands_over(delivery)), case
        kept = inbounds(street.cast.hotline)
        assert len(kept) == number, case
        assert (kept[-1].state, kept[-1].body, kept[-1].ticket_id) == (InboundState.UNREADABLE, delivery.body, None), case
        assert kept[-1].error, case
    changed = {name for name, count in rows(street.cast.hotline).items() if count != before[name]}
    assert changed == {"inbound"}


def test_a_broken_message_in_safe_mode_is_kept_and_answered_kindly(street: Street) -> None:
    assert quiet(street.hands_over(street.push(HOSTILE["truncated"])))
    assert quiet(street.hands_over(street.push(HOSTILE["an entity bomb"])))
    assert [kept.state for kept in inbounds(street.cast.hotline)] == [InboundState.UNREADABLE] * 2


def test_a_safe_mode_body_too_large_to_be_verified_is_refused_and_leaves_no_trace(street: Street) -> None:
    before = rows(street.cast.hotline)
    assert street.hands_over(street.says("漏" * 100_000)).status_code == 403
    assert rows(street.cast.hotline) == before


def test_a_body_over_the_limit_is_refused_before_it_is_read(street: Street) -> None:
    before = rows(street.cast.hotline)
    query = street.says(mode=Mode.PLAIN).query
    answer = street.post(HOOK, query, b"x" * (BODY_LIMIT + 1))
    assert answer.status_code == 413
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == 413
    assert rows(street.cast.hotline) == before
    assert quiet(street.post(HOOK, query, b"x" * BODY_LIMIT))


def test_an_unreadable_message_does_not_hold_up_the_next_one(street: Street) -> None:
    going = [
        street.hands_over_soon(street.push(HOSTILE["truncated"], mode=Mode.PLAIN)),
        street.hands_over_soon(street.says()),
        street.hands_over_soon(street.push(HOSTILE["nested deeper than any parser likes"], mode=Mode.PLAIN)),
    ]
    answers = [one.result(timeout=10) for one in going]
    assert [quiet(answer) for answer in answers] == [True, False, True]
    assert "GZ" in heard(answers[1])["Content"]


def test_words_that_look_like_markup_are_only_words(street: Street) -> None:
    written = "石桥新居3栋 <!DOCTYPE x> ]]> <b>漏水</b> '; DROP TABLE ticket; --"
    told = heard(street.hands_over(street.push(text_with(street, written))))
    (ticket,) = tickets(street.cast.hotline)
    assert ticket.text == written
    assert ticket.number in told["Content"]


def test_who_follows_the_account_is_welcomed_once_and_opens_no_ticket(street: Street) -> None:
    follow = compose.event("subscribe", sender="o-chen", at=street.now, key="")
    told = [heard(street.hands_over(street.push(follow))) for _ in range(2)]
    assert told[0]["Content"] == street.cast.hotline.texts.say("talk", "welcome")
    assert told[0] == told[1]
    assert len(inbounds(street.cast.hotline)) == 1
    assert tickets(street.cast.hotline) == []


def test_events_that_ask_for_nothing_are_acknowledged(street: Street) -> None:
    def event(name: str, **fields: str) -> str:
        return compose.message("event", sender="o-chen", at=street.now, account=compose.ACCOUNT, Event=name, **fields)

    events = [
        event("unsubscribe"),
        event("LOCATION", Latitude="25.04", Longitude="102.71", Precision="65.0"),
        event("TEMPLATESENDJOBFINISH", MsgID="200163836", Status="failed:user block"),
        event("subscribe_msg_popup_event"),
        event("something_of_next_year", Novel="yes"),
    ]
    for number, inner in enumerate(events, 1):
        assert all(quiet(street.hands_over(street.push(inner))) for _ in range(2)), inner
        kept = inbounds(street.cast.hotline)
        assert len(kept) == number
        assert (kept[-1].state, kept[-1].ticket_id) == (InboundState.TAKEN_IN, None)


def test_a_type_nobody_knows_yet_is_acknowledged_and_kept(street: Street) -> None:
    inner = compose.message("hologram", sender="o-chen", at=street.now, MsgId=5, Beam="1")
    assert quiet(street.hands_over(street.push(inner)))
    assert len(inbounds(street.cast.hotline)) == 1


def test_a_picture_and_a_voice_after_the_words_are_attached_to_the_same_ticket(street: Street) -> None:
    said = heard(street.hands_over(street.says(LEAK)))
    at, sender = street.now, "o-chen"
    pictures = compose.image("media-1", sender=sender, at=at, message_id=street.next_id(), url="http://mmbiz.example/1")
    spoken = compose.voice("media-2", sender=sender, at=at, message_id=street.next_id(), heard="水还在流")
    for inner in (pictures, spoken):
        assert "已补充" in heard(street.hands_over(street.push(inner)))["Content"]
    (ticket,) = tickets(street.cast.hotline)
    assert ticket.number in said["Content"]
    kept = street.cast.history(ticket.number).attachments
    assert [(one.kind, one.reference, one.said) for one in kept] == [("image", "media-1", ""), ("voice", "media-2", "水还在流")]


def test_a_picture_alone_opens_a_ticket_for_an_agent_to_look_at(street: Street) -> None:
    inner = compose.image("media-1", sender="o-chen", at=street.now, message_id=street.next_id())
    told = heard(street.hands_over(street.push(inner)))
    (ticket,) = tickets(street.cast.hotline)
    assert ticket.number in told["Content"]
    assert (ticket.state, ticket.contractor_id) == (State.RECEIVED, None)
    assert {timer.target for timer in ticket.timers} == {"contact", "resolve"}
    (picture,) = street.cast.history(ticket.number).attachments
    assert picture.reference == "media-1"


def test_a_location_sent_after_the_words_is_no_new_matter(street: Street) -> None:
    heard(street.hands_over(street.says("厨房水管漏水，地上全是水")))
    inner = compose.location(25.04, 102.71, "云州市石桥新居", sender="o-chen", at=street.now, message_id=street.next_id())
    told = heard(street.hands_over(street.push(inner)))
    (ticket,) = tickets(street.cast.hotline)
    assert ticket.number in told["Content"]
