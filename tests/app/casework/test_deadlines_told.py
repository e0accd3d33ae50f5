"""Worked stories of deadlines, in the words in which they are explained."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date, datetime

import pytest
from sqlalchemy import select

from app.cli.deadlines import told
from app.explain import Explained, explain, notes_of
from app.register import calendars
from app.register.organisations import touch
from app.store import tickets as store
from app.tickets.lifecycle import SYSTEM, State
from app.tickets.model import TicketEvent
from tests.app.casework.chance import with_another_holiday
from tests.app.casework.stage import Stage


def explained(stage: Stage, number: str, target: str = "") -> Explained:
    with stage.cast.hotline.look() as tx:
        ticket = store.by_number(tx.session, number, SYSTEM)
        return explain(tx, ticket, tx.now, shown=lambda clock: target in ("", clock.target))


def lines(stage: Stage, number: str, target: str) -> list[str]:
    """The explanation of a clock, columns apart by one blank; of several with this target, one after the other."""
    return [re.sub(r" {2,}", " ", line.strip()) for line in told(explained(stage, number, target), {})]


def local(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}+08:00")


def at(stage: Stage, text: str) -> Stage:
    """The stage at that moment, all that falls due until then done."""
    if local(text) > stage.cast.clock.now():
        stage.cast.tick(seconds=(local(text) - stage.cast.clock.now()).total_seconds())
    else:
        stage.cast.clock.set(local(text))
    return stage


def test_lunch(sqlite_stage: Stage) -> None:
    stage = at(sqlite_stage, "2026-11-23 11:30")
    number = stage.brought_to(State.DISPATCHED)
    said = lines(stage, number, "accept")
    assert said[:2] == [f"工单 {number}：1 项时限，按流转记录和存档的日历逐笔重算", "重算结果与当时的记录全部一致"]
    assert said[3:7] == [
        "1. 签收（承接主体应做到的，云州匠修建筑服务有限公司）",
        "期限 2026年11月23日（周一）17:30",
        "结果 在计时：已用 0分（工作时间），还剩 4小时（工作时间）",
        "时限 4个工作小时（只计工作时间）；C06 楼道照明，U2",
    ]
    assert said[7].startswith("标准 公租房服务热线示例标准 2026.1（") and said[7].endswith("，自 2026-01-01 施行）")
    assert "11月23日 周一 11:30 派单：起算，4个工作小时 坐席小李 11月23日 周一 17:30 一致" in said
    assert "11月23日 周一 工作日 11:30–12:00 14:00–17:30 4小时 4小时" in said


def test_a_make_up_saturday(sqlite_stage: Stage) -> None:
    stage = at(sqlite_stage, "2026-02-13 17:00")
    said = lines(stage, stage.brought_to(State.DISPATCHED), "accept")
    assert "2月13日 周五 工作日 17:00–17:30 30分 30分" in said
    assert "2月14日 周六 春节调休上班 08:30–12:00 3小时30分 4小时" in said


def test_a_national_holiday(sqlite_stage: Stage) -> None:
    stage = at(sqlite_stage, "2026-09-30 10:00")
    said = lines(stage, stage.opens("C06"), "resolve")
    assert "期限 2026年10月10日（周六）17:30" in said
    table = said[said.index("逐日") + 3 :]
    assert table[:5] == [
        "9月30日 周三 工作日 当日不计",
        "10月1日–10月7日 国庆节 不计",
        "10月8日 周四 工作日 08:30–12:00 14:00–17:30 第1个工作日",
        "10月9日 周五 工作日 08:30–12:00 14:00–17:30 第2个工作日",
        "10月10日 周六 国庆节调休上班 08:30–12:00 14:00–17:30 第3个工作日",
    ]


def test_a_hold_over_a_weekend_with_its_reason(sqlite_stage: Stage) -> None:
    stage = at(sqlite_stage, "2026-11-26 10:00")
    number = stage.brought_to(State.IN_PROGRESS)
    at(stage, "2026-11-27 16:00").does(number, "hold", stage.mender, reason="等配件", until="2026-12-04T17:30")
    assert "结果 挂起中：已用 11小时（工作时间），还剩 15小时30分（工作时间），恢复后期限按挂起的时间顺延" in lines(
        stage, number, "resolve"
    )
    at(stage, "2026-11-30 10:00").does(number, "resume", stage.mender)
    said = lines(stage, number, "resolve")
    assert "期限 2026年12月2日（周三）11:30" in said
    assert "11月27日 周五 16:00 挂起：暂停计时（等配件） 匠修员工 12月1日 周二 17:30 一致" in said
    assert "11月30日 周一 10:00 恢复：继续计时，期限顺延 3小时 匠修员工 12月2日 周三 11:30 一致" in said
    table = said[said.index("逐日") + 3 :]
    assert table[1:] == [
        "11月27日 周五 工作日 08:30–12:00 14:00–16:00 第1个工作日 16:00–17:30 挂起 1小时30分（等配件，匠修员工）",
        "11月28日–11月29日 休息日 不计",
        "11月30日 周一 工作日 10:00–12:00 14:00–17:30 第2个工作日 08:30–10:00 挂起 1小时30分（等配件，匠修员工）",
        "12月1日 周二 工作日 08:30–12:00 14:00–17:30 第3个工作日",
        "12月2日 周三 工作日 08:30–11:30 补计 3小时 3小时",
    ]


def test_an_extension_granted(sqlite_stage: Stage) -> None:
    stage = sqlite_stage
    number = stage.brought_to(State.IN_PROGRESS)
    at(stage, "2026-11-24 10:00").does(number, "petition", stage.mender, reason="厂家缺货", wanted="2026-12-01T17:30")
    at(stage, "2026-11-24 11:00").does(number, "grant", stage.supervisor, reason="同意")
    said = lines(stage, number, "finish")
    assert "期限 2026年12月1日（周二）17:30（由人决定，不由时限推算）" in said
    decided = "批准延期：期限改定（同意；申请理由：厂家缺货）"
    assert f"11月24日 周二 11:00 {decided} 周主任 12月1日 周二 17:30 一致" in said
    assert "12月1日 周二 工作日 08:30–12:00 14:00–17:30 第6个工作日" in said
    assert "结果 按时完成：11月24日 周二 11:00 做到，用去 1小时（工作时间），余 11小时30分（工作时间）" in lines(
        stage, number, "decide"
    )


def test_a_deadline_set_by_a_supervisor(sqlite_stage: Stage) -> None:
    stage = sqlite_stage
    number = stage.opens("C06")
    given = {"target": "contact", "deadline": "2026-11-23T15:00", "reason": "领导督办件"}
    at(stage, "2026-11-23 10:00").does(number, "override", stage.supervisor, **given)
    said = lines(stage, number, "contact")
    assert "11月23日 周一 10:00 调整期限：期限改定（领导督办件） 周主任 11月23日 周一 15:00 一致" in said
    assert "期限 2026年11月23日（周一）15:00（由人决定，不由时限推算）" in said


def test_another_contractor_has_a_clock_of_its_own(sqlite_stage: Stage) -> None:
    stage = sqlite_stage
    number = stage.brought_to(State.DISPATCHED)
    at(stage, "2026-11-23 11:00").does(number, "return", stage.agent, reason="派错了")
    at(stage, "2026-11-23 15:00").does(number, "dispatch", stage.agent, contractor=stage.other.org)
    said = lines(stage, number, "accept")
    first, second = (place for place, line in enumerate(said) if re.match(r"\d\. 签收", line))
    assert "匠修" in said[first] and "结果 11月23日 周一 11:00 起不再计时" in said
    assert "11月23日 周一 11:00 收回改派：不再计时（派错了） 坐席小李 11月23日 周一 15:00 一致" in said
    assert "逐日" not in said[first:second], "nobody asks any more which days counted"
    assert "安居" in said[second]
    assert "11月23日 周一 15:00 派单：起算，4个工作小时 坐席小李 11月24日 周二 10:00 一致" in said[second:]
    (resolve,) = explained(stage, number, "resolve").deadlines
    assert [line.op for line in resolve.of.lines] == ["+"], "the citizen's clock runs from receipt, whoever is set to work"


def test_an_emergency_told_later(sqlite_stage: Stage) -> None:
    stage = sqlite_stage
    number = stage.opens("C06")
    at(stage, "2026-11-24 22:30:30").does(number, "alarm", SYSTEM, codes=["E03"], why="冒烟")
    said = lines(stage, number, "contact")
    assert "2. 首次联系（对诉求人的承诺）" in said
    assert "期限 2026年11月24日（周二）22:32:30" in said
    assert "时限 2分钟（按钟表计，昼夜不停）；C06 楼道照明、E03 火灾/冒烟/电瓶起火，U0" in said
    assert "11月24日 周二 22:30:30 应急告警：自告警起重新计时，2分钟（冒烟） 系统 11月24日 周二 22:32:30 一致" in said
    assert "11月24日 周二 自然日 22:30:30–22:32:30 2分 2分" in said


def test_a_notice_that_moves_a_deadline(sqlite_stage: Stage) -> None:
    stage = sqlite_stage
    number = stage.opens("C06")
    with stage.cast.hotline.tx() as tx:
        former = tx.promises.sla.calendars["service"]
        newer = with_another_holiday(former, date(2026, 11, 25))
        calendars.remember(tx.session, [newer], tx.now)
    versions = {"from": former.version, "to": newer.version}
    at(stage, "2026-11-23 12:00").does(number, "recount", SYSTEM, calendar=versions)
    said = lines(stage, number, "resolve")
    assert "11月23日 周一 12:00 日历调整：按新的放假安排重算 系统 11月27日 周五 17:30 一致" in said
    assert "11月25日 周三 加放 不计" in said
    assert f"日历 热线工作时间（版本 {newer.version}）" in said
    assert "11月23日 周一 12:00 日历调整：按新的放假安排重算，期限不变 系统 11月24日 周二 17:30 一致" in lines(
        stage, number, "contact"
    )


def test_lapsed_then_held(sqlite_stage: Stage) -> None:
    stage = sqlite_stage
    number = stage.brought_to(State.IN_PROGRESS)
    at(stage, "2026-11-27 10:00").does(number, "hold", stage.mender, reason="等配件", until="2026-12-01T10:00")
    assert "结果 已超期 1小时30分（工作时间），挂起中" in lines(stage, number, "resolve")
    at(stage, "2026-11-30 10:00").does(number, "resume", stage.mender)
    said = lines(stage, number, "resolve")
    assert "11月27日 周五 10:00 挂起：暂停计时，期限已过，恢复后不顺延（等配件） 匠修员工 11月26日 周四 17:30 一致" in said
    assert "11月30日 周一 10:00 恢复：继续计时，期限在挂起前已过，不顺延 匠修员工 11月26日 周四 17:30 一致" in said
    assert "11月26日 周四 17:30 超期·催办 11月27日 周五 10:00 承办方、坐席 一致" in said


def test_steps_are_dated_by_the_plan_and_say_whom_they_told_and_when_they_were_noticed(sqlite_stage: Stage) -> None:
    stage = sqlite_stage
    number = stage.opens("C06")
    at(stage, "2026-11-24 17:30")
    at(stage, "2026-11-26 09:00")
    said = lines(stage, number, "contact")
    steps = said[said.index("催办与升级") + 3 :]
    assert steps == [
        "11月24日 周二 14:48 临期提醒·催办 11月24日 周二 17:30 承办方 一致",
        "11月24日 周二 17:30 超期·催办 即时 承办方、坐席 一致",
        "11月25日 周三 17:30 升级·督办 11月26日 周四 09:00 承办方、主管部门 一致",
    ]


def test_what_a_supervisor_escalates_stands_beside_the_clock_it_is_about(sqlite_stage: Stage) -> None:
    stage = sqlite_stage
    number = stage.opens("C06")
    stage.does(number, "supervise", stage.supervisor, level=2, text="今天办完")
    said = lines(stage, number, "supervise")
    assert any("督办" in line and "周主任" in line for line in said), "\n".join(said)


def test_a_promise_kept_and_one_broken(sqlite_stage: Stage) -> None:
    stage = sqlite_stage
    number = stage.brought_to(State.IN_PROGRESS)
    at(stage, "2026-11-25 09:00").does(number, "contact", stage.mender, text="打过电话")
    assert "结果 超期完成：11月25日 周三 09:00 才做到，超过期限 30分（工作时间）" in lines(stage, number, "contact")
    at(stage, "2026-11-25 10:00").does(number, "resolve", stage.mender, text="换了灯")
    assert "结果 按时完成：11月25日 周三 10:00 做到，用去 15小时（工作时间），余 12小时30分（工作时间）" in lines(
        stage, number, "resolve"
    )


# --- what does not agree --------------------------------------------------------------------------------------------------


@pytest.fixture
def started(sqlite_stage: Stage) -> Iterator[tuple[Stage, str]]:
    yield sqlite_stage, sqlite_stage.opens("C06")


def tampered(stage: Stage, number: str, changes: Mapping[str, object]) -> list[str]:
    """The explanation after somebody wrote into the first entry of the log."""
    with stage.cast.hotline.tx() as tx:
        ticket = store.by_number(tx.session, number, SYSTEM)
        event = tx.session.scalars(
            select(TicketEvent).where(TicketEvent.ticket_id == ticket.id).order_by(TicketEvent.seq).limit(1)
        ).one()
        event.clocks = [{**event.clocks[0], **changes}, *event.clocks[1:]]
    return lines(stage, number, "")


def test_a_recorded_deadline_that_does_not_follow_is_said_loudly(started: tuple[Stage, str]) -> None:
    said = tampered(*started, {"due": "2026-11-25T09:30:00+00:00"})
    assert said[1] == "【不一致】首次联系：当时的记录与重算的结果不同，见标明的各行"
    (line,) = [line for line in said if line.startswith("11月23日 周一 09:00 受理") and "【" in line]
    wrong = r"【不一致】当时记为 11月25日 周三 17:30，算得 11月24日 周二 17:30（日历 [0-9a-f]{16}）"
    assert re.search(wrong, line)
    assert "期限 2026年11月24日（周二）17:30" in said


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"started_at": "2026-11-24T01:00:00+00:00"}, "当时记为"),
        ({"budget": "2wd"}, "当时记为"),
        ({"version": 2}, "期限序号与算得的不同"),
        ({"provisional": True}, "待公布与算得的不同"),
    ],
)
def test_whatever_else_was_written_over_shows(started: tuple[Stage, str], changes: dict[str, object], fault: str) -> None:
    assert any(f"【不一致】{fault}" in line for line in tampered(*started, changes))


def test_a_step_that_went_by_another_deadline_shows(sqlite_stage: Stage) -> None:
    stage = sqlite_stage
    number = stage.opens("C06")
    at(stage, "2026-11-24 18:00")
    with stage.cast.hotline.tx() as tx:
        ticket = store.by_number(tx.session, number, SYSTEM)
        events = tx.session.scalars(select(TicketEvent).where(TicketEvent.ticket_id == ticket.id, TicketEvent.action == "breach"))
        for event in events:
            event.details = {**event.details, "due_at": "2026-11-24T08:00:00+00:00"}
    assert any(
        "超期·催办" in line and "【不一致】当时按期限 11月24日 周二 16:00 触发" in line for line in lines(stage, number, "")
    )


def test_clocks_older_than_the_ledger_are_said_to_be_so(started: tuple[Stage, str]) -> None:
    stage, number = started
    with stage.cast.hotline.tx() as tx:
        ticket = store.by_number(tx.session, number, SYSTEM)
        for event in tx.session.scalars(select(TicketEvent).where(TicketEvent.ticket_id == ticket.id)):
            event.clocks = []
    assert "没有可以重算的时限" in lines(stage, number, "")
    stage.does(number, "reply", stage.agent, text="知道了")
    assert "另有 1 项时限早于时限台账启用，没有记录可以重算" in lines(stage, number, "")


# --- the policy of today --------------------------------------------------------------------------------------------------


def test_another_policy_moves_nothing_and_the_reason_is_shown(own_stage: Stage) -> None:
    stage, policy = own_stage, own_stage.cast.hotline.policy
    number = stage.opens("C06")
    assert _notes(stage, number) == {}
    two_minutes = policy.sla.promises["E03", "U0"][0].budget
    promises = {
        key: tuple(replace(target, budget=two_minutes) for target in targets if target.key != "resolve")
        for key, targets in policy.sla.promises.items()
    }
    stage.cast.hotline.policy = replace(policy, hash="f" * 64, version="2027.1", sla=replace(policy.sla, promises=promises))
    with stage.cast.hotline.tx() as tx:
        touch(tx.session)
    notes = _notes(stage, number)
    assert notes[0] == (
        "现行标准（公租房服务热线示例标准 2027.1）为2分钟，这张工单按1个工作日计，因为它自2026年11月23日（周一）09:00起"
        "按当时的标准（公租房服务热线示例标准 2026.1）承诺，标准变更不改动已起算的时限"
    )
    assert notes[1].startswith("现行标准（公租房服务热线示例标准 2027.1）没有这一项时限，这张工单按3个工作日计")


def _notes(stage: Stage, number: str) -> Mapping[int, str]:
    with stage.cast.hotline.look() as tx:
        return notes_of(tx, explain(tx, store.by_number(tx.session, number, SYSTEM), tx.now).deadlines)
