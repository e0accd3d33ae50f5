"""What a contractor has to show before a resolution counts, and what may be shown: pictures of this round, its own, each once."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from typing import Any

import pytest

from app import evidence
from app.casework import act
from app.errors import BadInput
from app.store import photos
from app.store import tickets as store
from app.tickets import chain, pictures
from app.tickets.followup import Photo
from app.tickets.lifecycle import SYSTEM, Actor, State
from app.tickets.model import TicketEvent
from tests.app.casework.stage import Stage
from tests.app.tickets.test_pictures import STATION, noted
from tests.proof import SHANGHAI, jpeg, sent

pytestmark = pytest.mark.slow  # many tickets: in `make test`, not in `make fast`
ALL = "修前照片、修后照片、完成时间、地点"


def resolves(stage: Stage, number: str, by: Actor | None = None, **details: Any) -> TicketEvent:
    """The bare act: nothing is shown but what the test shows."""
    with stage.cast.hotline.tx() as tx:
        given = {"text": "换了灯", **details}
        return act(tx, store.by_number(tx.session, number, SYSTEM), "resolve", by or stage.mender, given)


def keeps(stage: Stage, number: str, stage_of: str, picture: bytes | None = None, by: Actor | None = None) -> int:
    with stage.cast.hotline.tx() as tx:
        return sent(tx, store.by_number(tx.session, number, SYSTEM), by or stage.mender, stage_of, picture)


def kept(stage: Stage, number: str) -> list[Photo]:
    with stage.cast.hotline.look() as tx:
        return photos.of_ticket(tx.session, store.by_number(tx.session, number, SYSTEM))


def now(stage: Stage) -> str:
    return stage.cast.clock.now().isoformat()


@pytest.mark.parametrize(
    ("leaf", "missing"),
    [("C06", ALL), ("P01", "修后照片、完成时间")],
)
def test_what_the_category_asks_for_is_named_and_nothing_changes(stage: Stage, leaf: str, missing: str) -> None:
    number = stage.brought_to(State.IN_PROGRESS, leaf=leaf)
    before = stage.everything(number)
    with pytest.raises(BadInput, match=f"^办结还缺少：{missing}") as refused:
        resolves(stage, number)
    assert refused.value.cure and stage.everything(number) == before


def test_a_category_that_asks_for_nothing_is_resolved_with_nothing(stage: Stage) -> None:
    number = stage.brought_to(State.IN_PROGRESS, leaf="A02")
    assert "photos" not in resolves(stage, number).details


def test_only_what_is_missing_is_named(stage: Stage) -> None:
    number = stage.brought_to(State.IN_PROGRESS)
    keeps(stage, number, "before")
    with pytest.raises(BadInput, match="缺少：修后照片、地点（"):
        resolves(stage, number, finished_at=now(stage))


def test_what_was_shown_stands_in_the_event_and_the_chain_covers_it(stage: Stage) -> None:
    number = stage.brought_to(State.IN_PROGRESS)
    shown = {keeps(stage, number, "before"), keeps(stage, number, "after")}
    event = resolves(stage, number, finished_at=now(stage), spot="3栋楼道")
    rows = {one.id: one for one in kept(stage, number)}
    assert {one["id"] for one in event.details["photos"]} == shown == rows.keys()
    assert all(one["content_sha256"] == rows[one["id"]].content_sha256 for one in event.details["photos"])
    assert (event.details["finished_at"], event.details["spot"]) == (now(stage), "3栋楼道")
    ticket, events = stage.ticket(number), stage.events(number)
    assert chain.faults(number, events, ticket.head, ticket.seq) == []
    events[-1].details = {**events[-1].details, "photos": [{**events[-1].details["photos"][0], "content_sha256": "0" * 64}]}
    assert chain.faults(number, events, ticket.head, ticket.seq) != []


def test_the_camera_may_say_when_and_where(stage: Stage) -> None:
    stage.cast.clock.advance(timedelta(hours=1))
    number = stage.brought_to(State.IN_PROGRESS)
    taken = (stage.cast.clock.advance(timedelta(minutes=30)) - timedelta(minutes=5)).astimezone(SHANGHAI).replace(microsecond=0)
    keeps(stage, number, "before")
    keeps(stage, number, "after", noted(taken=taken.strftime("%Y:%m:%d %H:%M:%S"), place=STATION))
    details = resolves(stage, number).details
    assert datetime.fromisoformat(details["finished_at"]) == taken
    assert (details["latitude"], details["longitude"]) == (30.26, 120.15)


@pytest.mark.parametrize("taken", ["2024:01:05 10:00:00", "2031:01:05 10:00:00"])
def test_a_camera_that_names_another_year_proves_no_time(stage: Stage, taken: str) -> None:
    number = stage.brought_to(State.IN_PROGRESS)
    keeps(stage, number, "before")
    keeps(stage, number, "after", noted(taken=taken))
    with pytest.raises(BadInput, match="缺少：完成时间（"):
        resolves(stage, number, spot="3栋")


@pytest.mark.parametrize(
    ("finished", "words"),
    [("2031-01-05T10:00", "不能在现在之后"), ("2024-01-05T10:00", "早于派单"), ("刚才", "不是日期和时间")],
)
def test_a_time_that_cannot_be_is_refused(stage: Stage, finished: str, words: str) -> None:
    number = stage.brought_to(State.IN_PROGRESS)
    before = stage.everything(number)
    with pytest.raises(BadInput, match=words):
        resolves(stage, number, finished=finished)
    assert stage.everything(number) == before


def test_whoever_oversees_the_work_need_show_nothing(stage: Stage) -> None:
    for by in (stage.agent, stage.supervisor, SYSTEM):
        number = stage.brought_to(State.IN_PROGRESS)
        assert resolves(stage, number, by).details.get("photos") is None


def test_the_next_round_is_shown_anew(stage: Stage) -> None:
    """A picture of the first round proves nothing in the second, and cannot be sent again."""
    picture = jpeg()
    number = stage.brought_to(State.IN_PROGRESS)
    keeps(stage, number, "before")
    keeps(stage, number, "after", picture)
    resolves(stage, number, finished_at=now(stage), spot="3栋")
    stage.does(number, "remand", stage.supervisor, reason="没修好")
    with pytest.raises(BadInput, match="修前照片、修后照片"):
        resolves(stage, number, finished_at=now(stage), spot="3栋")
    with pytest.raises(BadInput, match="第 1 次办理时已经交过"):
        keeps(stage, number, "after", picture)


def test_anothers_pictures_prove_nothing(stage: Stage) -> None:
    number = stage.brought_to(State.IN_PROGRESS)
    keeps(stage, number, "before", by=stage.agent)
    keeps(stage, number, "after", by=stage.other)
    with pytest.raises(BadInput, match=ALL):
        resolves(stage, number)


def test_the_same_picture_twice_is_one(stage: Stage) -> None:
    picture, number = jpeg(), stage.brought_to(State.IN_PROGRESS)
    first = keeps(stage, number, "other", picture)
    assert keeps(stage, number, "before", picture) == first
    assert [one.stage for one in kept(stage, number)] == ["before"], "what it shows may be said later"
    with pytest.raises(BadInput, match="不能既作修前又作修后"):
        keeps(stage, number, "after", picture)
    with pytest.raises(BadInput, match="别的单位已经交过"):
        keeps(stage, number, "before", picture, stage.agent)
    other = stage.brought_to(State.IN_PROGRESS)
    assert keeps(stage, other, "after", picture) != first, "on another ticket it is another"


def test_a_picture_that_shows_no_stage_is_refused(stage: Stage) -> None:
    with pytest.raises(BadInput, match="没有“during”这种照片"):
        keeps(stage, stage.brought_to(State.IN_PROGRESS), "during")


def test_an_act_carries_its_own_pictures_only(stage: Stage) -> None:
    number, other = stage.brought_to(State.IN_PROGRESS), stage.brought_to(State.IN_PROGRESS)
    own, anothers, elsewhere = (
        keeps(stage, number, "other"),
        keeps(stage, number, "other", by=stage.agent),
        keeps(stage, other, "other"),
    )
    event = stage.does(number, "progress", stage.mender, text="拆开了", photos=[own])
    assert [one["id"] for one in event.details["photos"]] == [own]
    for wrong in (anothers, elsewhere, 10**9):
        before = stage.everything(number)
        with pytest.raises(BadInput, match="不是本单位为这张工单上传的"):
            stage.does(number, "progress", stage.mender, text="拆开了", photos=[own, wrong])
        assert stage.everything(number) == before
    with pytest.raises(BadInput, match="最多 9 张"):
        stage.does(number, "progress", stage.mender, text="拆开了", photos=list(range(10)))


def test_a_ticket_takes_only_so_many(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evidence, "MOST_KEPT", 2)
    number = stage.brought_to(State.IN_PROGRESS)
    again = jpeg()
    keeps(stage, number, "before")
    keeps(stage, number, "after", again)
    with pytest.raises(BadInput, match="已有 2 张"):
        keeps(stage, number, "after")
    assert keeps(stage, number, "after", again), "what is there is no further one"


def test_the_same_picture_sent_by_many_at_once_is_one(stage: Stage) -> None:
    number, picture = stage.brought_to(State.IN_PROGRESS), pictures.read(jpeg(), SHANGHAI)
    found: list[int] = []

    def send() -> None:
        with stage.cast.hotline.tx() as tx:
            one = evidence.keep(tx, store.by_number(tx.session, number, SYSTEM), stage.mender, "before", picture).id
        found.append(one)

    senders = [threading.Thread(target=send) for _ in range(8)]
    for one in senders:
        one.start()
    for one in senders:
        one.join()
    assert len(found) == 8 and len(set(found)) == 1 and len(kept(stage, number)) == 1
