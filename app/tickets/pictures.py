"""A picture as somebody sent it, made one that can be kept: looked at by its content, encoded anew, time and place set apart.

1 sniff    by the first bytes, whatever the sender calls it
2 measure  before a single pixel is decoded: a small file may unfold into gigabytes
3 decode   whole, or it is refused
4 encode   as JPEG from the pixels alone: nothing else in the file is kept, be it the camera's notes or what was hidden there
"""

from __future__ import annotations

import hashlib
import io
import math
import re
import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

from PIL import Image

from app.errors import BadInput

LARGEST = 10 * 1024 * 1024  # bytes of one picture
MOST = 9  # pictures of one act
MOST_PIXELS = 52_000_000  # a telephone's fifty million; a decoded one takes up to six bytes each
LONGEST_SIDE = 2000  # pixels of what is kept
QUALITY = 82
MIME = "image/jpeg"

_SIGNS: tuple[tuple[re.Pattern[bytes], str], ...] = (
    (re.compile(rb"\xff\xd8\xff"), "JPEG"),
    (re.compile(rb"\x89PNG\r\n\x1a\n"), "PNG"),
    (re.compile(rb"RIFF....WEBP", re.DOTALL), "WEBP"),
)
_HEIC = re.compile(rb"....ftyp(hei[cmsx]|hev[cmsx]|mif1|msf1)", re.DOTALL)
_MOVING = re.compile(rb"....ftyp|GIF8", re.DOTALL)  # films, and what mostly moves
# What a broken file makes a decoder raise.
_BROKEN = (OSError, SyntaxError, ValueError, TypeError, KeyError, IndexError, OverflowError, EOFError, struct.error, zlib.error)
_BOMBS = (Image.DecompressionBombError, Image.DecompressionBombWarning)
# Of EXIF 2.32: where the camera keeps its own time and place.
_ORIENTATION, _EXIF, _GPS = 0x0112, 0x8769, 0x8825
_TAKEN, _OFFSET = 0x9003, 0x9011
_NORTH, _LATITUDE, _EAST, _LONGITUDE = 1, 2, 3, 4
_TURNS: Mapping[Any, Image.Transpose] = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_EARLIEST = 2000  # a camera that has lost its clock begins before that


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture that can be kept. ``sha256`` is of what was sent, ``content_sha256`` of what is kept."""

    sha256: str
    content: bytes
    content_sha256: str
    width: int
    height: int
    taken_at: datetime | None
    latitude: float | None
    longitude: float | None


def read(sent: bytes, zone: tzinfo) -> Picture:
    """Decodes and encodes anew; ``zone`` is where a camera that names none is meant to be. Takes a while, and up to
    300 MB: never in a transaction, and few at a time.

    Raises BadInput in one sentence with what to do instead.
    """
    kind = _kind(sent)
    try:
        with Image.open(io.BytesIO(sent), formats=(kind,)) as opened:
            _measure(opened, kind)
            noted = _noted(opened)
            pixels = _pixels(opened, _TURNS.get(noted.get(_ORIENTATION)))
    except _BOMBS:
        raise _too_many_pixels() from None
    except _BROKEN:
        raise BadInput("照片不完整或已损坏", cure="请重新拍摄或重新保存后再传") from None
    content = io.BytesIO()
    pixels.save(content, "JPEG", quality=QUALITY)
    kept = content.getvalue()
    place = _place(noted.get(_GPS, {}))
    return Picture(
        sha256=hashlib.sha256(sent).hexdigest(),
        content=kept,
        content_sha256=hashlib.sha256(kept).hexdigest(),
        width=pixels.width,
        height=pixels.height,
        taken_at=_taken(noted.get(_EXIF, {}), zone),
        latitude=place[0] if place else None,
        longitude=place[1] if place else None,
    )


def _kind(sent: bytes) -> str:
    """The format by the first bytes. Raises BadInput for what is none of ours."""
    if not sent:
        raise BadInput("照片是空的", cure="请重新选择照片")
    if len(sent) > LARGEST:
        raise BadInput(f"照片超过 {LARGEST // 1024 // 1024} MB", cure="请压缩，或用普通画质重拍")
    kind = next((name for sign, name in _SIGNS if sign.match(sent)), None)
    if kind is not None:
        return kind
    if _HEIC.match(sent):
        raise BadInput("这是 HEIC 照片，暂不能接收", cure="请在相机设置里选“兼容性最佳”（JPEG）后重拍，或截图再传")
    if _MOVING.match(sent):
        raise BadInput("不能接收动图或视频", cure="请传静止的 JPEG、PNG 或 WebP 照片")
    raise BadInput("这个文件不是照片", cure="请传 JPEG、PNG 或 WebP 照片")


def _measure(opened: Image.Image, kind: str) -> None:
    # A JPEG may carry further pictures (depth, brightness, a smaller copy): telephones write such, and the first is the picture.
    if kind != "JPEG" and getattr(opened, "n_frames", 1) > 1:
        raise BadInput("不能接收动图或视频", cure="请传静止的 JPEG、PNG 或 WebP 照片")
    if opened.width * opened.height > MOST_PIXELS:
        raise _too_many_pixels()


def _too_many_pixels() -> BadInput:
    return BadInput(f"照片像素过多，最多 {MOST_PIXELS // 10_000} 万像素", cure="请用普通像素模式重拍")


def _pixels(opened: Image.Image, turn: Image.Transpose | None) -> Image.Image:
    """Upright, no side longer than what is kept, on white where it was transparent, and nothing but pixels."""
    opened.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))  # a JPEG need not be decoded at full size; others stay as they are
    opened.load()
    image: Image.Image = opened
    if max(image.size) > LONGEST_SIDE:
        # With its colours in a table, or in sixteen bits, it cannot be made smaller as it is.
        image = image if image.mode in ("RGB", "RGBA", "L") else image.convert("RGBA")
        image.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    image = image if turn is None else image.transpose(turn)
    clean = Image.new("RGB", image.size, "white")
    if image.has_transparency_data:
        image = image.convert("RGBA")
        clean.paste(image, mask=image.getchannel("A"))
    else:
        clean.paste(image.convert("RGB"))
    return clean


def _noted(opened: Image.Image) -> Mapping[int, Any]:
    """What the camera wrote down, as far as it can be read: a picture is no worse for notes that cannot."""
    try:
        noted = opened.getexif()
        return {
            _ORIENTATION: noted.get(_ORIENTATION),
            _EXIF: dict(noted.get_ifd(_EXIF)),
            _GPS: dict(noted.get_ifd(_GPS)),
        }
    except _BROKEN:
        return {}


def _taken(noted: Mapping[int, Any], zone: tzinfo) -> datetime | None:
    """When the camera says it was taken; None where it says nothing that can be."""
    try:
        local = datetime.strptime(_words(noted.get(_TAKEN)), "%Y:%m:%d %H:%M:%S")  # noqa: DTZ007  (it seldom names its zone)
        offset = _words(noted.get(_OFFSET))
        taken = datetime.fromisoformat(f"{local.isoformat()}{offset}") if offset else local.replace(tzinfo=zone)
    except ValueError:
        return None
    return taken if taken.tzinfo is not None and _EARLIEST <= taken.year < 9999 else None


def _words(value: object) -> str:
    text = value.decode("ascii", "replace") if isinstance(value, bytes) else str(value or "")
    return text.strip(" \0")


def _place(noted: Mapping[int, Any]) -> tuple[float, float] | None:
    """Latitude and longitude in degrees (WGS 84), None where the camera had found neither."""
    latitude = _degrees(noted.get(_LATITUDE), noted.get(_NORTH), "S", 90)
    longitude = _degrees(noted.get(_LONGITUDE), noted.get(_EAST), "W", 180)
    if latitude is None or longitude is None or (latitude, longitude) == (0, 0):
        return None
    return latitude, longitude


def _degrees(parts: Any, side: object, negative: str, most: int) -> float | None:
    try:
        degrees, minutes, seconds = (float(part) for part in parts)
    except (TypeError, ValueError, ZeroDivisionError):
        return None
    found = degrees + minutes / 60 + seconds / 3600
    if not math.isfinite(found) or not 0 <= found <= most:
        return None
    return round(-found if _words(side).upper().startswith(negative) else found, 6)
