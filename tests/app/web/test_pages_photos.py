"""Pictures in forms and on pages: sent from a telephone, shown to whoever may know of them, and bounded."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from app.store import photos
from app.store import tickets as store
from app.tickets.followup import Photo
from app.tickets.lifecycle import SYSTEM, State
from app.web import gate
from tests import proof
from tests.app.tickets.test_pictures import encoded
from tests.app.web.conftest import Browser, House

TIME = "2026-11-23T09:00"


def at_work(house: House, form_id: str = "form-photo-001") -> tuple[Browser, Browser, str]:
    """A resident, the contractor at work, and the ticket's number."""
    resident, number = house.submit(estate="青棠苑", building="3", form_id=form_id)
    worker = house.browse("jiangxiu")
    worker.done(f"/jobs/{number}/acceptance", eta="2026-11-23T14:30")
    return resident, worker, number


def file(stage: str, content: bytes | None = None, name: str = "IMG_1.jpg", kind: str = "image/jpeg") -> tuple[str, Any]:
    return f"photos_{stage}", (name, proof.jpeg() if content is None else content, kind)


def kept(house: House, number: str) -> list[Photo]:
    with house.cast.hotline.look() as tx:
        return photos.of_ticket(tx.session, store.by_number(tx.session, number, SYSTEM))


def test_a_form_asks_for_what_the_category_asks_for(house: House) -> None:
    _, worker, number = at_work(house)
    page = worker.shown(f"/jobs/t/{number}")
    form = re.search(r'<form[^>]*/resolution".*?</form>', page, re.DOTALL)
    assert form and 'enctype="multipart/form-data"' in form[0]
    for field in ("photos_before", "photos_after"):
        assert re.search(rf'<input[^>]* name="{field}" type="file" accept="image/\*" multiple required', form[0])
    assert f'name="finished" type="datetime-local" value="{TIME}"' in form[0], "done now, unless it is said otherwise"
    assert re.search(r'name="spot" type="text" value="青棠苑3栋', form[0])
    assert 'name="photos_other"' not in form[0]
    assert 'enctype="multipart/form-data"' not in page.partition("/acceptance")[2].partition("</form>")[0]


def test_what_was_sent_with_a_refused_form_need_not_be_sent_again(house: House) -> None:
    resident, worker, number = at_work(house)
    first = worker.post(f"/jobs/{number}/resolution", text="换了软管", files=[file("before")])
    assert first.status_code == 422 and "办结还缺少：修后照片、完成时间、地点" in first.text and "换了软管" in first.text
    sent = re.search(r'name="photos" value="(\d+)"', first.text)
    assert sent and "已传 1 张" in first.text
    assert not re.search(r'name="photos_before"[^>]* required', first.text)
    again = {"text": "换了软管", "finished": TIME, "spot": "青棠苑3栋", "photos": sent[1]}
    page = worker.done(f"/jobs/{number}/resolution", files=[file("after"), file("after")], **again)
    assert house.cast.ticket(number).state is State.RESOLVED
    (event,) = [one for one in house.cast.history(number).events if one.action == "resolve"]
    assert [one["stage"] for one in event.details["photos"]] == ["before", "after", "after"]
    for browser, root, seen in ((worker, "/jobs", page), (resident, "/h5", ""), (house.browse("agent"), "/desk", "")):
        seen = seen or browser.shown(f"{root}/t/{number}")
        shown = re.findall(rf'<img src="({root}/t/{number}/photos/\d+)" alt="修[前后]照片 \d" loading="lazy"', seen)
        assert len(shown) == 3, root
        answer = browser.get(shown[0])
        assert answer.status_code == 200 and answer.content.startswith(b"\xff\xd8\xff")
        headers = answer.headers
        assert (headers["content-type"], headers["x-content-type-options"]) == ("image/jpeg", "nosniff")
        assert headers["cache-control"].startswith("private")


def test_progress_with_pictures_is_shown_to_the_resident_and_what_is_asked_is_not(house: House) -> None:
    resident, worker, number = at_work(house)
    worker.done(
        f"/jobs/{number}/progress", text="拆开了", files=[file("other"), file("other", encoded("PNG"), "图.png", "image/png")]
    )
    asked = {"reason": "缺料", "wanted": "2026-12-01T10:00"}
    worker.done(f"/jobs/{number}/petition", files=[file("other")], **asked)
    page = resident.shown(f"/h5/t/{number}")
    assert len(re.findall(r'<img src="/h5/', page)) == 2
    numbers = [one.id for one in kept(house, number)]
    assert [resident.get(f"/h5/t/{number}/photos/{one}").status_code for one in numbers] == [200, 200, 404]
    assert [house.browse("city").get(f"/board/t/{number}/photos/{one}").status_code for one in numbers] == [200] * 3


def test_nobody_else_sees_a_picture(house: House) -> None:
    _, worker, number = at_work(house)
    worker.done(f"/jobs/{number}/progress", text="拆开了", files=[file("other")])
    (one,) = kept(house, number)
    stranger, other = house.submit("石桥新居5栋 楼道灯坏了", form_id="form-photo-002")
    for browser, path in (
        (house.browse(""), f"/jobs/t/{number}/photos/{one.id}"),
        (house.browse("anju"), f"/jobs/t/{number}/photos/{one.id}"),
        (house.browse("evaluator"), f"/board/t/{number}/photos/{one.id}"),
        (stranger, f"/h5/t/{number}/photos/{one.id}"),
        (stranger, f"/h5/t/{other}/photos/{one.id}"),
        (worker, f"/jobs/t/{other}/photos/{one.id}"),
        (house.browse("agent"), f"/desk/t/{other}/photos/{one.id}"),
        (worker, f"/jobs/t/{number}/photos/{one.id + 1}"),
        (worker, f"/jobs/t/{number}/photos/x"),
    ):
        answer = browser.get(path)
        assert answer.status_code in (303, 401, 403, 404) and b"JFIF" not in answer.content, path


def test_what_becomes_hidden_takes_its_pictures_with_it(house: House) -> None:
    _, worker, number = at_work(house)
    worker.done(f"/jobs/{number}/progress", text="拆开了", files=[file("other")])
    (one,) = kept(house, number)
    with house.cast.hotline.tx() as tx:
        store.by_number(tx.session, number, SYSTEM).sealed = True
    assert worker.get(f"/jobs/t/{number}/photos/{one.id}").status_code in (403, 404)
    assert house.browse("agent").get(f"/desk/t/{number}/photos/{one.id}").status_code == 200


def test_in_confidence_a_contractor_sees_what_contractors_took(house: House) -> None:
    _, worker, number = at_work(house)
    worker.done(f"/jobs/{number}/progress", text="拆开了", files=[file("other")])
    house.browse("agent").done(f"/desk/{number}/progress", text="住户发来的", files=[file("other")])
    own, desks = kept(house, number)
    assert [worker.get(f"/jobs/t/{number}/photos/{one.id}").status_code for one in (own, desks)] == [200, 200]
    house.browse("agent").done(f"/desk/{number}/confidence")
    assert [worker.get(f"/jobs/t/{number}/photos/{one.id}").status_code for one in (own, desks)] == [200, 404]
    assert f"photos/{desks.id}" not in worker.shown(f"/jobs/t/{number}")


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ([file("other", b"")], "照片是空的"),
        ([file("other", b"<svg/>", "x.jpg")], "这个文件不是照片"),
        ([file("other", encoded("GIF"))], "动图"),
        ([file("other", proof.jpeg()[:200])], "不完整"),
        ([file("other"), file("after", b"MZ")], "这个文件不是照片"),
        ([file("other") for _ in range(10)], "最多 9 张"),
        ([file("during")], "没有“during”这种照片"),
    ],
)
def test_what_is_no_picture_is_refused_and_nothing_kept(house: House, files: list[tuple[str, Any]], words: str) -> None:
    _, worker, number = at_work(house)
    before = house.rows()
    answer = worker.post(f"/jobs/{number}/progress", text="拆开了阀门", files=files)
    assert answer.status_code == 422 and words in answer.text and "拆开了阀门" in answer.text
    assert house.rows() == before


def test_a_field_without_a_file_is_no_picture(house: House) -> None:
    """Browsers send it all the same, empty and without a name."""
    _, worker, number = at_work(house)
    part = '--x\r\nContent-Disposition: form-data; name="{}"{}\r\n\r\n{}\r\n'
    body = part.format("text", "", "拆开了") + part.format("photos_other", '; filename=""', "") + "--x--\r\n"
    headers = {"content-type": "multipart/form-data; boundary=x"}
    answer = worker.client.post(f"/jobs/{number}/progress", content=body.encode(), headers=headers, follow_redirects=False)
    assert answer.status_code == 303 and kept(house, number) == []


def test_pictures_go_only_where_they_are_asked_for(house: House) -> None:
    _, worker, number = at_work(house)
    assert worker.post(f"/jobs/{number}/contact", text="打过", files=[file("other")]).status_code == 400
    assert kept(house, number) == [], "a form that asks for none takes none"
    assert worker.post(f"/jobs/{number}/contact", text="打过", photos="1").status_code == 422
    _, waiting = house.submit("石桥新居5栋 楼道灯坏了", form_id="form-photo-003")
    before = house.rows()
    answer = worker.post(f"/jobs/{waiting}/resolution", text="x", files=[file("after")])
    assert answer.status_code == 409 and "不收您的照片" in answer.text, "it is not signed for"
    assert house.rows() == before


def test_words_with_a_character_that_none_hold_are_refused_beside_pictures_too(house: House) -> None:
    _, worker, number = at_work(house)
    answer = worker.post(f"/jobs/{number}/progress", text="a\0b", files=[file("other")])
    assert answer.status_code == 400 and kept(house, number) == []


def test_only_who_has_signed_in_may_send_much(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    _, worker, number = at_work(house)
    large = proof.jpeg(size=(24, 16)) + bytes(gate.LARGEST_FORM)
    path = f"/jobs/{number}/progress"
    assert house.browse("").post(path, text="x", files=[file("other", large)]).status_code == 413
    assert worker.post(f"/jobs/{number}/contact", text="x", files=[file("other", large)]).status_code == 413
    assert worker.post(path, text="拆开了", files=[file("other", large)]).status_code == 303
    monkeypatch.setattr(gate, "LARGEST_PICTURES", 1024 * 1024)
    assert worker.post(path, text="拆开了", files=[file("other", bytes(2 * 1024 * 1024))]).status_code == 413

    def unannounced() -> Iterator[bytes]:
        yield b'--x\r\nContent-Disposition: form-data; name="photos_other"; filename="a.jpg"\r\n\r\n'
        for _ in range(32):
            yield bytes(64 * 1024)

    before = house.rows()
    headers = {"content-type": "multipart/form-data; boundary=x"}
    answer = worker.client.post(path, content=unannounced(), headers=headers, follow_redirects=False)
    assert answer.status_code == 413 and "提交的内容过多" in answer.text and house.rows() == before


def test_another_site_sends_no_pictures(house: House) -> None:
    _, worker, number = at_work(house)
    name, one = file("other")
    answer = worker.client.post(
        f"/jobs/{number}/progress", data={"text": "x"}, files=[(name, one)], headers={"Origin": "https://evil.example"}
    )
    assert answer.status_code == 403 and kept(house, number) == []
