"""Pictures as people send them: what is kept of them, what the camera said, and what is refused, each with what to do instead."""

from __future__ import annotations

import hashlib
import io
import zipfile
from datetime import UTC, datetime
from struct import pack
from typing import Any
from zlib import compress, crc32

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from app.errors import BadInput
from app.tickets import pictures
from app.tickets.pictures import Picture
from tests.proof import SHANGHAI, jpeg

# Pillow says so when a camera's notes are damaged; they are not read then, and nobody need hear of it.
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:PIL")
STATION = {1: "N", 2: (30.0, 15.0, 36.0), 3: "E", 4: (120.0, 9.0, 0.0)}


def read(sent: bytes) -> Picture:
    return pictures.read(sent, SHANGHAI)


def kept(picture: Picture) -> Image.Image:
    opened = Image.open(io.BytesIO(picture.content))
    opened.load()
    return opened


def encoded(kind: str, image: Image.Image | None = None, **saved: Any) -> bytes:
    made = io.BytesIO()
    (image or Image.new("RGB", (40, 30), "teal")).save(made, kind, **saved)
    return made.getvalue()


def noted(*, taken: str = "", offset: str = "", place: dict[int, Any] | None = None, turn: int = 1) -> bytes:
    """A picture with what a camera writes into it."""
    notes = Image.Exif()
    notes[0x0112] = turn
    notes[0x010F] = "牌子".encode()
    if taken:
        notes.get_ifd(0x8769)[0x9003] = taken
    if offset:
        notes.get_ifd(0x8769)[0x9011] = offset
    notes.get_ifd(0x8825).update(place or {})
    return encoded("JPEG", exif=notes.tobytes())


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_picture_is_kept_as_jpeg_whatever_it_was(kind: str) -> None:
    sent = encoded(kind)
    picture = read(sent)
    image = kept(picture)
    assert (image.format, image.size, picture.width, picture.height) == ("JPEG", (40, 30), 40, 30)
    assert picture.sha256 == hashlib.sha256(sent).hexdigest()
    assert picture.content_sha256 == hashlib.sha256(picture.content).hexdigest()
    assert read(sent) == picture, "the same picture again is the same, to the byte"


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "I;16"])
def test_every_kind_of_pixel_is_taken(mode: str) -> None:
    assert kept(read(encoded("PNG", Image.new(mode, (9, 7))))).size == (9, 7)


def test_prints_colours_are_taken_too() -> None:
    assert kept(read(encoded("JPEG", Image.new("CMYK", (9, 7))))).mode == "RGB"


def test_what_was_transparent_is_white() -> None:
    assert kept(read(encoded("PNG", Image.new("RGBA", (8, 8), (0, 0, 0, 0))))).getpixel((4, 4)) == (255, 255, 255)


@pytest.mark.parametrize(("kind", "size"), [("JPEG", (5000, 2500)), ("PNG", (3000, 1500)), ("WEBP", (3000, 1500))])
def test_a_large_picture_is_made_smaller(kind: str, size: tuple[int, int]) -> None:
    assert kept(read(encoded(kind, Image.new("RGB", size)))).size == (2000, 1000)


def test_a_large_picture_of_few_colours_too() -> None:
    assert kept(read(encoded("PNG", Image.new("P", (3000, 1500))))).size == (2000, 1000)


def test_it_stands_upright() -> None:
    """A telephone held upright writes a lying picture and a note which way to turn it; the note is not kept."""
    lying = Image.new("RGB", (40, 20), "white")
    lying.paste("red", (0, 0, 20, 20))
    notes = Image.Exif()
    notes[0x0112] = 6
    image = kept(read(encoded("JPEG", lying, exif=notes.tobytes())))
    assert image.size == (20, 40)
    top, bottom = image.getpixel((10, 5)), image.getpixel((10, 35))
    assert isinstance(top, tuple) and top[1] < 90 and isinstance(bottom, tuple) and bottom[1] > 200
    assert not image.getexif()


def test_time_and_place_are_the_cameras() -> None:
    picture = read(noted(taken="2026:11:23 14:05:09", place=STATION))
    assert picture.taken_at == datetime(2026, 11, 23, 6, 5, 9, tzinfo=UTC), "no zone named: the hotline's"
    assert (picture.latitude, picture.longitude) == (30.26, 120.15)
    assert read(noted(taken="2026:11:23 14:05:09", offset="+09:00")).taken_at == datetime(2026, 11, 23, 5, 5, 9, tzinfo=UTC)
    south = read(noted(place={**STATION, 1: "S", 3: "W"}))
    assert (south.latitude, south.longitude) == (-30.26, -120.15)


@pytest.mark.parametrize("taken", ["", "0000:00:00 00:00:00", "1970:01:01 08:00:00", "昨天", "2026:13:40 99:00:00", "2026-11-23"])
def test_a_time_that_cannot_be_is_none(taken: str) -> None:
    assert read(noted(taken=taken)).taken_at is None


@pytest.mark.parametrize("offset", ["+99:00", "北京", "+8"])
def test_a_zone_that_cannot_be_leaves_no_time(offset: str) -> None:
    assert read(noted(taken="2026:11:23 14:05:09", offset=offset)).taken_at is None


@pytest.mark.parametrize(
    "place",
    [
        {2: (30.0, 15.0, 36.0)},
        {**STATION, 2: (99.0, 0.0, 0.0)},
        {1: "N", 2: (0.0, 0.0, 0.0), 3: "E", 4: (0.0, 0.0, 0.0)},
    ],
)
def test_a_place_that_cannot_be_is_none(place: dict[int, Any]) -> None:
    picture = read(noted(place=place))
    assert (picture.latitude, picture.longitude) == (None, None)


def test_nothing_is_kept_but_the_pixels() -> None:
    """What stands beside or behind the picture, the camera's name, where it was, a comment, a whole archive, is gone."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr("evil.html", "<script>alert(1)</script>")
    sent = noted(taken="2026:11:23 14:05:09", place=STATION) + archive.getvalue()
    commented = encoded("JPEG", comment="<?php system($_GET[0]) ?>") + b"<script>alert(1)</script>"
    for one in (sent, commented):
        content = read(one).content
        for trace in (b"Exif", b"GPS", b"script", b"php", b"PK\x03\x04", "牌子".encode(), b"2026:11"):
            assert trace not in content, trace


def bomb(width: int, height: int) -> bytes:
    """A few hundred bytes of PNG that say they are this large."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return pack(">I", len(body)) + name + body + pack(">I", crc32(name + body))

    head = chunk(b"IHDR", pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", compress(b"\0" * 4096)) + chunk(b"IEND", b"")


FRAMES = [Image.new("RGB", (8, 8), colour) for colour in ("red", "green", "blue")]
HEIC = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(400)
REFUSED: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", "照片是空的"),
    "too large": (b"\xff\xd8\xff" + bytes(pictures.LARGEST), "超过 10 MB"),
    "SVG": (b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>', "不是照片"),
    "HTML called a picture": (b"<html><body>jpg</body></html>", "不是照片"),
    "a page with a picture in it": (b"<html>" + jpeg(1), "不是照片"),
    "PDF": (b"%PDF-1.7\n" + jpeg(1), "不是照片"),
    "HEIC": (HEIC, "HEIC"),
    "a film": (b"\0\0\0\x18ftypisom" + bytes(100), "动图或视频"),
    "GIF": (encoded("GIF"), "动图或视频"),
    "a moving PNG": (encoded("PNG", FRAMES[0], save_all=True, append_images=FRAMES[1:]), "动图或视频"),
    "a moving WebP": (encoded("WEBP", FRAMES[0], save_all=True, append_images=FRAMES[1:]), "动图或视频"),
    "cut off": (encoded("JPEG", Image.effect_noise((200, 200), 80))[:2000], "不完整"),
    "a PNG cut off": (encoded("PNG", Image.effect_noise((200, 200), 80))[:2000], "不完整"),
    "a head alone": (b"\xff\xd8\xff\xe0", "不完整"),
    "a PNG's head alone": (b"\x89PNG\r\n\x1a\n", "不完整"),
    "a WebP's head alone": (b"RIFF\x24\0\0\0WEBPVP8 ", "不完整"),
    "a bomb": (bomb(60000, 60000), "像素过多"),
    "a smaller bomb": (bomb(9000, 9000), "像素过多"),
    "the largest PNG": (bomb(2**31 - 1, 2**31 - 1), "像素过多"),
    "no width": (bomb(0, 10), "不完整"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_no_picture_is_refused_with_what_to_do(what: str) -> None:
    sent, words = REFUSED[what]
    with pytest.raises(BadInput, match=words) as refused:
        read(sent)
    assert refused.value.cure


def test_what_a_telephone_hides_behind_a_picture_does_no_harm() -> None:
    """Depth, brightness, a smaller copy: further pictures in one JPEG. The first is the picture."""
    many = encoded("MPO", FRAMES[0], save_all=True, append_images=FRAMES[1:])
    assert kept(read(many)).size == (8, 8)


GOOD = {kind: encoded(kind, Image.effect_noise((48, 32), 60).convert("RGB")) for kind in ("JPEG", "PNG", "WEBP")}
GOOD["noted"] = noted(taken="2026:11:23 14:05:09", offset="+08:00", place=STATION, turn=6)


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(sorted(GOOD)), st.data())
def test_no_damage_does_more_than_be_refused(kind: str, data: st.DataObject) -> None:
    """Bytes changed, cut off and put in anywhere: a picture or a sentence, nothing else."""
    damaged = bytearray(GOOD[kind])
    for _ in range(data.draw(st.integers(1, 6))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(damaged)))
    sent = bytes(damaged[:cut] if data.draw(st.booleans()) else damaged)
    try:
        picture = read(sent)
    except BadInput as refused:
        assert refused.message and refused.cure
    else:
        assert max(kept(picture).size) <= pictures.LONGEST_SIDE
