"""What a resident says by WeChat of work that is done: a grade and then why, that it is solved, that it is not."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.store import tickets as store
from app.tickets import commands
from app.tickets.lifecycle import SYSTEM, State
from tests import proof
from tests.cast import Cast

LAMP = "石桥新居5栋1单元101 楼道灯坏了"


def resolved(cast: Cast) -> str:
    number = cast.writes(LAMP).number
    mender = cast.contractor(cast.names().contractors[cast.ticket(number).contractor_id or 0])
    for action, details in (("accept", {"eta": "下午"}), ("resolve", {"text": "换了灯"})):
        with cast.hotline.tx() as tx:
            proof.done(tx, store.by_number(tx.session, number, SYSTEM), action, mender, details)
    cast.clock.advance(timedelta(hours=1))
    return number


def reasons(cast: Cast, number: str) -> list[tuple[int, str]]:
    return [(one.satisfied, one.reason) for one in cast.history(number).ratings]


def test_after_a_low_grade_the_next_short_word_is_its_reason_and_reaches_whoever_works_again(sqlite_cast: Cast) -> None:
    cast = sqlite_cast
    number = resolved(cast)
    assert "一句话" in cast.writes("1").text
    assert cast.ticket(number).round == 2
    assert "已记下" in cast.writes("等了三天才来，灯还是闪").text
    assert reasons(cast, number) == [(1, "等了三天才来，灯还是闪")]
    assert [event.action for event in cast.history(number).events][-1] == "append"
    cast.writes("谢谢")
    assert reasons(cast, number) == [(1, "等了三天才来，灯还是闪")]


def test_later_than_the_window_or_said_of_people_it_is_no_reason(sqlite_cast: Cast) -> None:
    cast = sqlite_cast
    number = resolved(cast)
    cast.writes("1")
    own = cast.writes("师傅张口要红包").number
    assert reasons(cast, number) == [(1, "")] and own != number, "what is about people goes where they do not read it"
    cast.clock.advance(timedelta(minutes=cast.hotline.policy.rules.append_window_minutes + 1))
    cast.writes("等了三天才来，灯还是闪")
    assert reasons(cast, number) == [(1, "")]


@pytest.mark.parametrize("word", ["已解决", "解决了", "确认", "确认解决", "修好了。", "问题已解决"])
def test_that_it_is_solved_closes_it_and_is_no_grade(sqlite_cast: Cast, word: str) -> None:
    number = resolved(sqlite_cast)
    assert "归档" in sqlite_cast.writes(word).text
    assert sqlite_cast.ticket(number).state is State.CLOSED
    assert reasons(sqlite_cast, number) == []


@pytest.mark.parametrize(
    "word", ["解决了吗", "解决了吗？", "没解决", "什么时候解决", "修好了吗", "灯修好了又坏了", "确认一下地址"]
)
def test_a_question_confirms_nothing(word: str) -> None:
    assert not commands.SOLVED.match(commands.plain(word))
