"""The question where it is: asked in the receipt, the same however that is delivered, and answered by a spot on the map."""

from __future__ import annotations

import pytest

from app.intake import Item, Said, keep, take_together
from app.tickets.lifecycle import State
from channels.wechat import compose
from channels.wechat.compose import Mode
from tests.app.doors.street import CONFIG, letter, outbox_rows
from tests.cast import Cast

WHERE = "请再发一下小区名称和楼栋房号，便于马上派单。"


def spot(cast: Cast, label: str, message_id: int) -> Said:
    """A location sent by WeChat, read by its channel and taken in."""
    at = cast.clock.wall()
    inner = compose.location(30.27, 120.15, label, sender="o-chen", at=at, message_id=message_id)
    delivery = compose.deliver(CONFIG, inner, at=at, nonce=str(message_id), mode=Mode.SAFE)
    return take_together(cast.hotline, [Item(delivery, cast.hotline.channels["wechat"].read(delivery)[0])])[0]


def test_a_spot_on_the_map_answers_where_it_is_and_sets_somebody_to_work(cast: Cast) -> None:
    first = cast.writes("楼道灯不亮了好几天了")
    assert WHERE in first.text
    said = spot(cast, "云州市临江区石桥路8号石桥新居3栋", 2)
    ticket = cast.ticket(first.number)
    assert (said.number, ticket.state, ticket.leaf, ticket.building) == (first.number, State.DISPATCHED, "C06", "3")
    assert cast.names().register.estates[str(ticket.estate_id)].name == "石桥新居"
    assert "匠修" in said.text
    assert "云州市临江区石桥路8号石桥新居3栋" in [message.text for message in cast.history(first.number).messages]


def test_a_spot_that_is_no_estate_is_kept_for_the_desk_and_guesses_nothing(cast: Cast) -> None:
    first = cast.writes("楼道灯不亮了好几天了")
    said = spot(cast, "云州火车站", 2)
    ticket = cast.ticket(first.number)
    assert (said.number, ticket.state, ticket.estate_id) == (first.number, State.RECEIVED, None)
    assert "云州火车站" in [message.text for message in cast.history(first.number).messages]


def test_a_spot_alone_opens_no_ticket(cast: Cast) -> None:
    said = spot(cast, "石桥新居", 1)
    assert said.number == "" and "什么问题" in said.text


def test_an_answer_that_comes_late_asks_where_it_is_as_the_reply_would_have(cast: Cast) -> None:
    words = letter(cast.hotline, "楼道灯不亮了好几天了", message_id=1, at=cast.clock.wall())
    keep(cast.hotline, [words])  # and here its process was killed
    cast.tick(seconds=10)
    cast.tick(seconds=30)
    (told,) = cast.pigeons.to("o-chen")
    assert told.endswith(WHERE)
    (said,) = take_together(cast.hotline, [words])
    assert said.text == told


def test_of_two_estates_that_answer_to_a_name_the_resident_is_asked_which(cast: Cast) -> None:
    said = cast.writes("幸福小区楼道灯不亮了")
    ticket = cast.ticket(said.number)
    assert ticket.estate_id is None
    (told,) = [row.text for row in outbox_rows(cast.hotline, "resident")]
    assert "哪一个小区" in told and told == said.text


@pytest.mark.parametrize(
    "text", ["石桥新居3栋2单元楼道灯不亮了", "户口在外地，在这边上班十年，能不能申请公租房", "孩子上学划片归哪个小学"]
)
def test_where_nobody_is_sent_or_the_place_is_known_nothing_is_asked(cast: Cast, text: str) -> None:
    said = cast.writes(text)
    assert said.number and WHERE not in said.text
    assert not any(WHERE in row.text for row in outbox_rows(cast.hotline, "resident"))


def test_whoever_is_in_danger_is_told_what_to_do_before_being_asked_where(cast: Cast) -> None:
    said = cast.writes("我家冒烟着火了")
    assert said.text.startswith("【紧急】") and WHERE in said.text
