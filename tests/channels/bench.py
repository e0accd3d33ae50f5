"""The bench every channel is tested on: its fixtures, its test settings, and a wire whose other end is a script.

A channel's ``fixtures/`` folder holds
  ``settings.toml``      the settings of the test, and under ``secrets`` the values that must never show;
  ``NAME.xml|json|…``    what came in, with ``NAME.expect.json`` and, where needed, ``NAME.meta.toml``;
  ``NAME.send.json``     a notice, the exchanges expected on the wire, and the receipt.
A channel that signs has ``compose.fixture(settings, body, meta)``; without one the body is delivered as it is.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import tomllib
from dataclasses import MISSING, dataclass, fields
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

import httpx

import channels
from channels.contract import Channel, Complaint, Delivery, Notice, Receipt
from channels.registry import FACTORIES, build
from channels.wire import Wire

ROOT = Path(channels.__file__).parent
PUBLIC_ADDRESS = "93.184.216.34"
NOT_INPUT = (".expect.json", ".meta.toml", ".send.json")
EPOCH = 1714037060


@dataclass(frozen=True)
class Case:
    """One fixture that came in."""

    key: str
    path: Path

    def __str__(self) -> str:
        return f"{self.key}-{self.path.stem}"

    @property
    def expectation(self) -> Path:
        return self.path.with_name(self.path.stem + ".expect.json")

    def meta(self) -> dict[str, Any]:
        path = self.path.with_name(self.path.stem + ".meta.toml")
        return tomllib.loads(path.read_text("utf-8")) if path.exists() else {}

    def expected(self) -> dict[str, Any]:
        loaded: dict[str, Any] = json.loads(self.expectation.read_text("utf-8"))
        return loaded

    def delivery(self) -> Delivery:
        body, meta = self.path.read_bytes(), self.meta()
        name = f"channels.{self.key}.compose"
        if importlib.util.find_spec(name):
            made: Delivery = importlib.import_module(name).fixture(settings_of(self.key), body, meta)
            return made
        at = datetime.fromtimestamp(meta.get("received_at", EPOCH), UTC)
        return Delivery(self.key, body, at, headers=meta.get("headers", {}), query=meta.get("query", {}))


@dataclass(frozen=True)
class SendCase:
    """One fixture that goes out."""

    key: str
    path: Path

    def __str__(self) -> str:
        return f"{self.key}-{self.path.name.removesuffix('.send.json')}"

    def loaded(self) -> dict[str, Any]:
        loaded: dict[str, Any] = json.loads(self.path.read_text("utf-8"))
        return loaded

    def notice(self) -> Notice:
        given = self.loaded()["notice"]
        return Notice(**{**given, "at": datetime.fromisoformat(given["at"])})


class Script:
    """The other end of the wire: answers by the list, remembers what it was asked."""

    def __init__(self, replies: list[httpx.Response | Exception]) -> None:
        self.replies = replies
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        assert self.replies, f"an unexpected request to {request.url.path}"
        reply = self.replies.pop(0) if len(self.replies) > 1 or len(self.requests) == 1 else self.replies[0]
        if isinstance(reply, Exception):
            raise reply
        return httpx.Response(reply.status_code, content=reply.content, headers=reply.headers)


def settings_of(key: str) -> dict[str, str]:
    path = ROOT / key / "fixtures" / "settings.toml"
    loaded: dict[str, str] = tomllib.loads(path.read_text("utf-8")).get("settings", {}) if path.exists() else {}
    return loaded


def secrets_of(key: str) -> list[str]:
    path = ROOT / key / "fixtures" / "settings.toml"
    loaded: list[str] = tomllib.loads(path.read_text("utf-8")).get("secrets", []) if path.exists() else []
    return loaded


def channel(key: str, script: Script | None = None) -> Channel:
    wire = Wire(transport=httpx.MockTransport(script or Script([])))
    return build({key: settings_of(key)}, wire)[key]


def all_cases(key: str | None = None) -> list[Case]:
    """Every fixture that came in, of one channel or of all."""
    found: list[Case] = []
    for each in [key] if key else FACTORIES:
        for path in sorted((ROOT / each / "fixtures").iterdir()):
            if path.name != "settings.toml" and not path.name.endswith(NOT_INPUT):
                found.append(Case(each, path))
    return found


def all_sends() -> list[SendCase]:
    return [SendCase(key, path) for key in FACTORIES for path in sorted((ROOT / key / "fixtures").glob("*.send.json"))]


def shown(value: Complaint | Receipt) -> dict[str, Any]:
    """A dataclass as JSON would hold it, without the fields that are at their defaults."""
    return {f.name: _plain(getattr(value, f.name)) for f in fields(value) if _said(getattr(value, f.name), f)}


def _said(value: Any, field: Any) -> bool:
    default = (
        field.default
        if field.default is not MISSING
        else (field.default_factory() if callable(field.default_factory) else MISSING)
    )
    return bool(value != default)


def _plain(value: Any) -> Any:
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, tuple):
        return [{f.name: _plain(getattr(v, f.name)) for f in fields(v) if _said(getattr(v, f.name), f)} for v in value]
    return dict(value) if isinstance(value, dict) else value
