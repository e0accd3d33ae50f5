"""What agents put right, or let stand, becomes labelled examples, on both engines: from the events, masked, kin together."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from app.corrections import CHANGED, CONFIRMED, Collected, Correction, collect, rows
from tests.app.casework.stage import Stage
from tests.cast import MONDAY_MORNING


def collected(stage: Stage, since: datetime | None = None, until: datetime | None = None) -> Collected:
    with stage.cast.hotline.look() as tx:
        return collect(tx.session, stage.cast.hotline.policy.taxonomy, since, until)


def of(stage: Stage, number: str) -> Correction | None:
    return next((one for one in collected(stage).examples if one.number == number), None)


def test_a_changed_category_is_an_example_with_what_the_model_had_guessed(stage: Stage) -> None:
    number = stage.opens(leaf="C06", text="楼上拖桌子拖到半夜")
    stage.does(number, "classify", stage.agent, leaf="B05")
    found = of(stage, number)
    assert found is not None
    assert (found.settled.leaf, found.settled.how, found.guess, found.agreed) == ("B05", CHANGED, "C06", False)
    assert (found.settled.by, found.settled.at) == (stage.agent.id, MONDAY_MORNING)
    assert found.confidence == pytest.approx(0.9)


def test_the_last_word_of_a_person_counts(stage: Stage) -> None:
    number = stage.opens(leaf="C06", text="走廊黑得很")
    stage.does(number, "classify", stage.agent, leaf="B05")
    stage.does(number, "classify", stage.agent, leaf="C06")
    stage.does(number, "dispatch", stage.agent, contractor=stage.mender.org)
    found = of(stage, number)
    assert found is not None and (found.settled.leaf, found.agreed) == ("C06", True)


def test_dispatching_what_was_doubtful_confirms_it(stage: Stage) -> None:
    number = stage.opens(leaf="C06", text="走廊的灯泡烧了")
    assert of(stage, number) is None
    stage.does(number, "dispatch", stage.agent, contractor=stage.mender.org)
    found = of(stage, number)
    assert found is not None and (found.settled.leaf, found.settled.how) == ("C06", CONFIRMED)


def test_what_went_out_by_itself_confirms_nothing(stage: Stage) -> None:
    number = stage.opens(leaf="C06", review=False, text="五楼的灯泡又烧了")
    assert stage.ticket(number).contractor_id is not None
    assert of(stage, number) is None


@pytest.mark.parametrize(("leaf", "counts"), [("C06", False), ("N01", True)])
def test_a_referral_confirms_only_what_is_no_contractors(leaf: str, counts: bool, stage: Stage) -> None:
    number = stage.opens(leaf=leaf, text="请主管部门看看这件")
    stage.does(number, "refer", stage.agent, purchaser=stage.supervisor.org)
    assert (of(stage, number) is not None) is counts


def test_a_split_says_nothing_of_the_whole(stage: Stage) -> None:
    """What remains has a category of its own, but its text still speaks of both matters."""
    number = stage.opens(leaf="C06", text="灯不亮，电梯也停了")
    stage.deed(number, "split", stage.agent, text="电梯停了", leaf="C07", rest="C01")
    (part,) = stage.parts(number)
    assert not {number, part.number} & {one.number for one in collected(stage).examples}


def test_since_is_when_it_was_put_right(stage: Stage) -> None:
    number = stage.opens(leaf="C06", text="很早以前报的灯")
    stage.cast.clock.set(MONDAY_MORNING + timedelta(days=3))
    stage.does(number, "classify", stage.agent, leaf="B05")
    since, later = MONDAY_MORNING + timedelta(days=2), MONDAY_MORNING + timedelta(days=4)
    assert number in {one.number for one in collected(stage, since).examples}
    assert number not in {one.number for one in collected(stage, later).examples}
    assert number not in {one.number for one in collected(stage, None, since).examples}
    assert number in {one.number for one in collected(stage, since, later).examples}


def test_a_picture_teaches_nothing(stage: Stage) -> None:
    before = collected(stage).wordless
    stage.does(stage.opens(leaf="C06", text=" "), "classify", stage.agent, leaf="C07")
    assert collected(stage).wordless == before + 1


def test_one_person_one_matter_one_wording_one_group(stage: Stage) -> None:
    first = stage.opens(leaf="C06", text="甲：楼道灯灭了")
    second = stage.opens(leaf="C06", text="甲：门也坏了", beside=first)
    same = stage.opens(leaf="C06", text="甲：门 也坏了")
    into = stage.opens(leaf="C06", text="乙：并进去的那张")
    apart = stage.opens(leaf="C06", text="丙：与谁都无关")
    for number in (first, second, same, into, apart):
        stage.does(number, "classify", stage.agent, leaf="C07")
    stage.does(same, "merge", stage.agent, into=into, into_id=stage.ticket(into).id)
    groups = {one.number: one.group for one in collected(stage).examples}
    assert groups[first] == groups[second] == groups[same] == groups[into] != groups[apart]


def test_files_name_nobody_and_hold_nothing_told_in_confidence(stage: Stage) -> None:
    said = (
        "我叫欧阳明珠，联系人：陈大海，王女士也知道。家住3栋2单元1502，手机13912345678，幺三九一二三四五六七八也行，"
        "身份证530102199003071234，邮箱ming.zhu@example.com，灯不亮"
    )
    told = stage.opens(leaf="C06", text=said, name="欧阳明珠", phone="13912345678")
    sealed = stage.opens(leaf="C06", text="师傅收了我的红包才来")
    quiet = stage.opens(leaf="C06", text="请替我保密，楼上把走廊占了")
    stage.does(told, "classify", stage.agent, leaf="C07")
    stage.does(sealed, "classify", stage.agent, leaf="R02")
    stage.does(quiet, "protect", stage.agent)
    stage.does(quiet, "classify", stage.agent, leaf="B05")
    found = collected(stage).examples
    assert {told, sealed, quiet} <= {one.number for one in found}, "the city's own training knows them all"
    written = {row["number"]: row for row in rows(found)}
    assert told in written and not {sealed, quiet} & set(written)
    text = written[told]["text"]
    leaked = [one for one in ("欧阳明珠", "明珠", "陈大海", "王女士", "1502", "5678", "五六七八", "1234", "ming") if one in text]
    assert not leaked, text
    assert "灯不亮" in text and written[told]["group"].isdigit()


def test_a_cell_is_never_a_formula(stage: Stage) -> None:
    number = stage.opens(leaf="C06", text="=HYPERLINK(1)灯坏了")
    stage.does(number, "classify", stage.agent, leaf="C07")
    (written,) = (row for row in rows(collected(stage).examples) if row["number"] == number)
    assert written["text"].startswith("'=")
