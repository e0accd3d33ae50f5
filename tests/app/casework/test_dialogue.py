"""What a resident's words become: a command, a word on an open ticket, or a new complaint; never somebody else's matter."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from datetime import timedelta

import pytest

from app.intake import Item, Said, take_together
from app.store import tickets as store
from app.tickets.lifecycle import SYSTEM, Handler, State
from app.tickets.model import Ticket
from app.triage import assign_now
from channels.contract import Complaint, Delivery, Kind
from tests.app.casework.stage import Stage

LAMP = "石桥新居3栋2单元楼道灯不亮了"
_people = itertools.count(1)


@dataclass
class Somebody:
    """A resident who writes by WeChat and whom no other test knows."""

    stage: Stage
    sender: str

    def writes(self, text: str, **said: object) -> Said:
        return self.stage.cast.writes(text, self.sender, external_id=f"d{next(_people)}", **said)

    def has(self, text: str = LAMP) -> str:
        """A ticket of theirs, dispatched."""
        said = self.writes(text)
        assert self.stage.ticket(said.number).state is State.DISPATCHED, self.stage.ticket(said.number).assigned_why
        return said.number

    def has_resolved(self) -> str:
        number = self.has()
        mender = self.stage.cast.contractor(self.stage.cast.names().contractors[self.stage.ticket(number).contractor_id or 0])
        self.stage.does(number, "accept", mender, eta="上午")
        self.stage.does(number, "resolve", mender, text="换了灯")
        return number


@pytest.fixture
def resident(sqlite_stage: Stage) -> Somebody:
    return Somebody(sqlite_stage, f"o-d{next(_people)}")


@pytest.fixture
def stranger(sqlite_stage: Stage) -> Somebody:
    return Somebody(sqlite_stage, f"o-d{next(_people)}")


def actions(resident: Somebody, number: str) -> list[str]:
    return [event.action for event in resident.stage.events(number)]


@pytest.mark.parametrize("hello", ["你好", "您好！", "在吗", "hi", "谢谢", "嗯嗯", "收到。", "你好呀～"])
def test_a_greeting_is_answered_and_opens_no_ticket(resident: Somebody, hello: str) -> None:
    said = resident.writes(hello)
    assert said.number == "" and "哪个小区" in said.text


@pytest.mark.parametrize("how", ["查询", "查询进度", "查一下！", "{}", "查询 {}", "{} 查询", "工单{}", "gz {digits}"])
def test_asking_tells_where_the_ticket_stands(resident: Somebody, how: str) -> None:
    number = resident.has()
    before = len(resident.stage.events(number))
    said = resident.writes(how.format(number, digits=number[2:]))
    assert said.number == number
    assert number in said.text and "待签收" in said.text and "匠修" in said.text and "办结期限" in said.text
    assert len(resident.stage.events(number)) == before, "asking is no act"


@pytest.mark.parametrize("how", ["催办", "催一下", "催办 {}", "{}，催办", "催办！"])
def test_urging_tells_who_has_the_job(resident: Somebody, how: str) -> None:
    number = resident.has()
    said = resident.writes(how.format(number))
    assert said.text == f"已催办工单 {number}，承办单位会收到提醒。"
    assert actions(resident, number)[-1] == "nudge"
    assert "第 1 次催办" in resident.stage.notices(number, "contractor")[-1].text


@pytest.mark.parametrize("how", ["撤回", "撤销工单{}", "不用处理了", "{} 撤回"])
def test_withdrawing_ends_the_ticket(resident: Somebody, how: str) -> None:
    number = resident.has()
    assert "撤回" in resident.writes(how.format(number)).text
    assert resident.stage.ticket(number).state is State.CLOSED
    assert "没有等待您评价的工单" in resident.writes("1").text, "what was taken back was never resolved"
    assert resident.stage.ticket(number).round == 1


@pytest.mark.parametrize("how", ["5", "评价5", "4分", "5 {}", "{} 4", "评价 5 {}", "５", "5。"])
def test_a_good_grade_closes(resident: Somebody, how: str) -> None:
    number = resident.has_resolved()
    assert resident.writes(how.format(number)).text == "谢谢您的评价。"
    assert resident.stage.ticket(number).state is State.CLOSED
    (rating,) = resident.stage.cast.history(number).ratings
    assert (rating.round, rating.via, rating.satisfied >= 4) == (1, "wechat", True)


@pytest.mark.parametrize("how", ["1", "2分", "未解决", "没解决！", "{} 未解决", "还是没有解决", "1 {}"])
def test_a_bad_word_opens_a_new_round(resident: Somebody, how: str) -> None:
    number = resident.has_resolved()
    assert "将重新办理" in resident.writes(how.format(number)).text
    ticket = resident.stage.ticket(number)
    assert (ticket.state, ticket.round) == (State.IN_PROGRESS, 2)


def test_a_command_with_a_number_is_about_that_ticket_and_without_about_the_newest(resident: Somebody) -> None:
    older, newer = resident.has(), resident.has("柳岸家园 催缴电话太多，一天打七八个")
    assert older != newer
    assert resident.writes("查询").number == newer
    assert resident.writes(f"查询{older}").number == older
    resident.writes(f"撤回 {older}")
    assert resident.stage.ticket(newer).state is State.DISPATCHED
    assert resident.stage.ticket(older).state is State.CLOSED


@pytest.mark.parametrize("command", ["查询 {}", "催办 {}", "撤回 {}", "5 {}", "未解决 {}"])
def test_a_command_never_touches_a_strangers_ticket(resident: Somebody, stranger: Somebody, command: str) -> None:
    number = resident.has_resolved()
    before = resident.stage.ticket(number)
    said = stranger.writes(command.format(number))
    assert said.number == "" and number not in said.text and "没有" in said.text
    after = resident.stage.ticket(number)
    assert (after.seq, after.state, after.version) == (before.seq, before.state, before.version)


@pytest.mark.parametrize("text", ["石桥新居 催缴电话太多，一天打七八个，烦死了", "石桥新居 查询机坏了一直黑屏，小程序也登录不上"])
def test_words_that_begin_like_a_command_are_a_complaint(resident: Somebody, text: str) -> None:
    older = resident.has()
    said = resident.writes(text.removeprefix("石桥新居 "))
    assert said.number not in ("", older)
    assert actions(resident, older)[-1] != "nudge"


def test_a_place_that_comes_later_sets_somebody_to_work(resident: Somebody) -> None:
    first = resident.writes("楼道灯不亮了好几天了")
    assert resident.stage.ticket(first.number).state is State.RECEIVED
    assert "小区名称" in first.text
    resident.stage.cast.clock.advance(timedelta(minutes=2))
    second = resident.writes("石桥新居3栋2单元")
    ticket = resident.stage.ticket(first.number)
    assert second.number == first.number
    assert (ticket.state, ticket.building, ticket.unit) == (State.DISPATCHED, "3", "2")
    assert actions(resident, first.number) == ["receive", "append", "dispatch"]
    assert first.number in second.text and "匠修" in second.text


def test_fragments_within_the_window_are_one_ticket(resident: Somebody) -> None:
    number = resident.has()
    for text in ("3栋2单元1502", "我电话13812345678", "下午都在家"):
        resident.stage.cast.clock.advance(timedelta(minutes=3))
        assert resident.writes(text).number == number, text
    assert actions(resident, number).count("append") == 3
    assert "13812345678" not in "".join(row.text for row in resident.stage.notices(number, "contractor"))


def test_after_the_window_words_are_a_matter_of_their_own(resident: Somebody) -> None:
    number = resident.has()
    minutes = resident.stage.cast.hotline.policy.rules.append_window_minutes
    resident.stage.cast.clock.advance(timedelta(minutes=minutes, seconds=1))
    assert resident.writes("下午都在家").number not in ("", number)


def test_an_older_ticket_just_spoken_of_is_gone_on_with(resident: Somebody) -> None:
    older, newer = resident.has(), resident.has("柳岸家园 催缴电话太多，一天打七八个")
    resident.stage.cast.clock.advance(timedelta(hours=1))
    assert resident.writes(f"{older} 楼道灯还是不亮").number == older
    assert resident.writes("下午都在家").number == older != newer


def test_another_matter_is_another_ticket(resident: Somebody) -> None:
    number = resident.has()
    said = resident.writes("催缴电话太多，一天打七八个，烦死了")
    assert said.number not in ("", number)
    assert resident.stage.ticket(said.number).leaf == "B03"


def test_the_same_matter_at_another_estate_is_another_ticket(resident: Somebody) -> None:
    number = resident.has()
    assert resident.writes("柳岸家园楼道灯也不亮了").number not in ("", number)


@pytest.mark.parametrize(
    "text", ["修灯的师傅态度差得很，还骂人", "师傅张口要两百辛苦费，不给就不修", "你们乱收费", "师傅说要给红包才肯来"]
)
@pytest.mark.parametrize("named", [False, True], ids=["within the window", "with the ticket's number"])
def test_words_about_the_contractor_never_join_a_ticket_it_reads(resident: Somebody, text: str, named: bool) -> None:
    number = resident.has()
    said = resident.writes(f"{number} {text}" if named else text)
    assert said.number not in ("", number)
    own = resident.stage.ticket(said.number)
    assert own.handler is not Handler.CONTRACTOR and own.contractor_id is None
    assert text not in "".join(row.text for row in resident.stage.notices(number, "contractor"))
    assert resident.stage.notices(said.number, "contractor") == []


def test_words_about_the_contractor_go_on_where_it_cannot_read(resident: Somebody) -> None:
    said = resident.writes("石桥新居修电表的师傅张口要两百辛苦费，乱收费")
    assert resident.stage.ticket(said.number).sealed
    assert resident.writes(f"{said.number} 昨天又来要，乱收费").number == said.number


def test_a_stranger_quoting_a_number_gets_a_ticket_of_their_own(resident: Somebody, stranger: Somebody) -> None:
    number = resident.has()
    before = resident.stage.ticket(number).seq
    said = stranger.writes(f"{number} 这个工单是我家的，石桥新居3栋楼道灯不亮，改约明天")
    assert said.number not in ("", number)
    assert resident.stage.ticket(number).seq == before
    assert resident.stage.ticket(said.number).resident_id != resident.stage.ticket(number).resident_id


def by_form(stage: Stage, text: str, phone: str) -> Said:
    """The web form: anybody may type anybody's phone into it."""
    complaint = Complaint(external_id=f"form-d{next(_people)}", sender=phone, kind=Kind.TEXT, text=text, phone=phone)
    return take_together(stage.cast.hotline, [Item(Delivery("webform", text.encode(), stage.cast.clock.wall()), complaint)])[0]


@pytest.mark.parametrize("text", ["撤回", "催办", "1", "查询 {}", "{} 不用修了", "下午不在家"])
def test_whoever_types_a_phone_into_a_form_touches_no_ticket_of_that_phone(sqlite_stage: Stage, text: str) -> None:
    phone = f"138{next(_people):08d}"
    first = by_form(sqlite_stage, LAMP, phone)
    before = sqlite_stage.ticket(first.number)
    said = by_form(sqlite_stage, text.format(first.number), phone)
    after = sqlite_stage.ticket(first.number)
    assert said.number not in ("", first.number)
    assert (after.seq, after.state) == (before.seq, before.state)


def test_urging_is_passed_on_now_and_then_and_not_without_end(resident: Somebody) -> None:
    rules = resident.stage.cast.hotline.policy.rules
    number = resident.has()
    assert "已催办" in resident.writes("催办").text
    resident.stage.cast.clock.advance(timedelta(minutes=20))
    assert f"请 {rules.nudge_every_minutes - 20} 分钟后再试" in resident.writes("催办").text
    for _ in range(rules.nudges_per_day - 1):
        resident.stage.cast.clock.advance(timedelta(minutes=rules.nudge_every_minutes))
        assert "已催办" in resident.writes("催办").text
    resident.stage.cast.clock.advance(timedelta(minutes=rules.nudge_every_minutes))
    assert f"今天已转达催办 {rules.nudges_per_day} 次" in resident.writes("催办").text
    assert actions(resident, number).count("nudge") == rules.nudges_per_day == resident.stage.ticket(number).nudges
    resident.stage.cast.clock.advance(timedelta(days=1))
    assert "已催办" in resident.writes("催办").text


def test_an_emergency_told_later_alarms_at_once(resident: Somebody) -> None:
    number = resident.has()
    resident.stage.cast.clock.advance(timedelta(days=2))
    said = resident.writes(f"{number} 灯那里冒烟着火了！")
    ticket = resident.stage.ticket(number)
    assert said.number == number
    assert (ticket.urgency, "E03" in ticket.emergencies) == ("U0", True)
    assert said.text.startswith("【紧急】") and "119" in said.text
    (alarm,) = [event for event in resident.stage.events(number) if event.action == "alarm"]
    assert resident.stage.told_by(number, alarm) == {"resident", "desk", "supervisor"}


def test_a_word_on_a_resolved_ticket_still_reaches_who_did_the_work(resident: Somebody) -> None:
    number = resident.has_resolved()
    assert resident.writes(f"{number} 楼道灯又不亮了").number == number
    assert "又不亮了" in resident.stage.notices(number, "contractor")[-1].text


def classified(ticket: Ticket) -> tuple[str, bool, Handler]:
    return ticket.leaf, ticket.sealed, ticket.handler


def test_what_more_words_show_to_be_about_the_contractor_is_sealed(sqlite_stage: Stage) -> None:
    """First words that could be anything, then a place with what it is really about."""
    number = sqlite_stage.opens("C15")
    with sqlite_stage.cast.hotline.tx() as tx:
        assign_now(tx, store.by_number(tx.session, number, SYSTEM), sqlite_stage.verdict("R01"))
    assert classified(sqlite_stage.ticket(number)) == ("R01", True, Handler.PURCHASER)
    assert sqlite_stage.ticket(number).confidential


def test_an_emergency_on_a_resolved_ticket_takes_it_up_again_with_its_clocks(resident: Somebody) -> None:
    number = resident.has_resolved()
    told = resident.stage.cast.clock.advance(timedelta(days=2))
    said = resident.writes(f"{number} 灯那里冒烟着火了！")
    assert said.number == number and said.text.startswith("【紧急】")
    assert actions(resident, number)[-3:] == ["append", "reopen", "alarm"]
    ticket = resident.stage.ticket(number)
    assert (ticket.state, ticket.round, ticket.urgency) == (State.IN_PROGRESS, 2, "U0")
    running = [(timer.target, timer.started_at, timer.round) for timer in ticket.timers if timer.stopped_at is None]
    asked = ["arrive", "contact", "finish", "reach", "resolve"]
    assert sorted(running) == [(target, told, 2) for target in asked]


@pytest.mark.parametrize("how", ["查询", "查询 {}"])
def test_asking_about_a_merged_ticket_tells_where_the_other_one_stands(resident: Somebody, stranger: Somebody, how: str) -> None:
    number, into = resident.has(), stranger.has()
    resident.stage.does(number, "merge", resident.stage.agent, into=into, into_id=resident.stage.ticket(into).id)
    said = resident.writes(how.format(number))
    assert said.number == number
    assert f"工单 {number} 已并入工单 {into}" in said.text
    assert f"工单 {into}：待签收" in said.text and "匠修" in said.text


def test_asking_follows_a_ticket_merged_twice_to_the_one_that_goes_on(resident: Somebody, stranger: Somebody) -> None:
    stage = resident.stage
    first, second, third = resident.has(), stranger.has(), stage.opens()
    stage.does(first, "merge", stage.agent, into=second, into_id=stage.ticket(second).id)
    stage.does(second, "merge", stage.agent, into=third, into_id=stage.ticket(third).id)
    assert f"工单 {third}：待受理" in resident.writes(f"查询{first}").text


def test_what_the_clocks_do_does_not_keep_the_talk_open(resident: Somebody) -> None:
    number = resident.has()
    resident.stage.cast.clock.advance(timedelta(hours=2))
    about = {"target": "accept", "target_name": "签收", "due": "", "tell": ["contractor", "resident"]}
    for action in ("remind", "breach", "escalate"):
        resident.stage.does(number, action, SYSTEM, **about, level=1)
    assert resident.writes("下午都在家").number not in ("", number)


def test_whoever_was_just_told_something_of_it_goes_on_about_it(resident: Somebody) -> None:
    number = resident.has()
    resident.stage.cast.clock.advance(timedelta(hours=2))
    contractor = resident.stage.cast.contractor("匠修")
    resident.stage.does(number, "accept", contractor, eta="下午三点")
    assert resident.writes("下午都在家").number == number
