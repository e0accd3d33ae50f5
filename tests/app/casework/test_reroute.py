"""改派: another contractor takes over with the whole history and the citizen's clock; the former one sees nothing any more."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.errors import Hidden
from app.store import tickets as store
from app.tickets.lifecycle import State
from app.tickets.post import Attachment
from tests.app.casework.stage import Stage


def test_what_the_citizen_was_promised_and_has_said_stays_whoever_does_it(stage: Stage) -> None:
    number = stage.brought_to(State.IN_PROGRESS)
    stage.does(number, "append", stage.resident(number), text="三楼也不亮")
    told = {"kind": "image", "reference": "m1", "name": "灯.jpg", "mime": "", "said": ""}
    with stage.cast.hotline.tx() as tx:
        ticket = store.by_number(tx.session, number, stage.mender)
        tx.session.add(Attachment(ticket=ticket, created_at=tx.now, **told))
    before, promised = stage.cast.history(number), stage.clock_of(number, "resolve")
    stage.cast.clock.advance(timedelta(hours=5))
    stage.does(number, "return", stage.agent, reason="换一家")
    stage.does(number, "dispatch", stage.agent, contractor=stage.other.org)

    after, clock = stage.cast.history(number), stage.clock_of(number, "resolve")
    kept = (promised.id, promised.started_at, promised.due_at, None)
    assert (clock.id, clock.started_at, clock.due_at, clock.stopped_at) == kept
    assert stage.clock_of(number, "finish").started_at == stage.cast.clock.now(), "what the new one owes runs from now"
    assert [event.id for event in after.events[:-2]] == [event.id for event in before.events]
    assert [said.id for said in after.messages][: len(before.messages)] == [said.id for said in before.messages]
    assert [one.reference for one in after.attachments] == ["m1"]
    with stage.cast.hotline.look() as tx:
        assert store.by_number(tx.session, number, stage.other).moves == 2
        with pytest.raises(Hidden):
            store.by_number(tx.session, number, stage.mender)
        assert store.listed(tx.session, stage.mender, store.Filter(words=number)) == []
