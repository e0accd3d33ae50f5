"""Pages from templates. Every page gets the same few words: who is signed in, how moments and places are spelled."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined, Template, select_autoescape
from jinja2.environment import Environment as JinjaEnvironment

from app.tickets.lifecycle import ROLE_NAMES, STATE_NAMES
from app.tickets.privacy import mask_name, mask_phone, mask_text
from app.web.guards import hotline_of, signed_in

RENDERED: set[str] = set()  # names of templates rendered by this process; a house test asks that tests render all


class _Recording(JinjaEnvironment):
    """Notes which templates are really used."""

    def _load_template(self, name: str, globals: Any) -> Template:
        RENDERED.add(name)
        return super()._load_template(name, globals)


@cache
def environment() -> Environment:
    env = _Recording(
        loader=PackageLoader("app.web", "templates"),
        autoescape=select_autoescape(("html",)),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    env.globals.update(STATE_NAMES=STATE_NAMES, ROLE_NAMES=ROLE_NAMES, asset=asset)
    env.filters.update(mask_phone=mask_phone, mask_name=mask_name, mask_text=mask_text)
    return env


@cache
def asset(name: str) -> str:
    """The address of a static file, with its content's hash, so that browsers may keep it for ever."""
    content = files("app.web").joinpath("static", name).read_bytes()
    return f"/static/{name}?v={hashlib.sha256(content).hexdigest()[:12]}"


def page(request: Request, template: str, *, status: int = 200, **view: Any) -> HTMLResponse:
    """Renders a whole page or a fragment. Raises jinja2.UndefinedError for a view that lacks something."""
    hotline = hotline_of(request)
    common: Mapping[str, Any] = {
        "request": request,
        "me": view["me"] if "me" in view else signed_in(request),
        "spell": hotline.spell,
        "now": hotline.clock.now(),
        "policy": hotline.policy,
    }
    return HTMLResponse(environment().get_template(template).render({**common, **view}), status_code=status)
