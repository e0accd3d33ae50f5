"""Every page is shown by some test, and no template lies about unused.

``app.web.render`` keeps ``RENDERED``, the names of the templates it has rendered in this process.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from jinja2 import Environment, meta

from tests.house.source import ROOT, application, strings

FOLDER = ROOT / "app" / "web" / "templates"


def templates(folder: Path = FOLDER) -> dict[str, str]:
    """Name → text of every template. Fails when there is none: a rule over nothing would hold for ever."""
    found = {file.relative_to(folder).as_posix(): file.read_text(encoding="utf-8") for file in sorted(folder.rglob("*.*"))}
    assert found, f"no templates below {folder}"
    return found


def named_by(text: str) -> set[str]:
    """The templates that one extends, includes or imports."""
    return {name for name in meta.find_referenced_templates(Environment(autoescape=True).parse(text)) if name}


def with_all_they_name(names: set[str], texts: dict[str, str]) -> set[str]:
    """These templates and those they name, and so on."""
    reached: set[str] = set()
    waiting = set(names)
    while waiting:
        name = waiting.pop()
        reached.add(name)
        waiting |= named_by(texts.get(name, "")) - reached
    return reached


def test_every_template_is_named_in_the_code() -> None:
    """Pages that nobody renders any more are still translated, styled and fixed."""
    texts = templates()
    said = {str(text.value) for source in application() for text in strings(source.tree)}
    assert sorted(texts.keys() - with_all_they_name(texts.keys() & said, texts)) == []


def test_every_template_named_exists() -> None:
    """A page that includes a part by an old name fails at the moment somebody opens it."""
    texts = templates()
    said = {
        str(text.value)
        for source in application()
        for text in strings(source.tree)
        if re.fullmatch(r"[\w/-]+\.html", str(text.value))
    }
    said |= {name for text in texts.values() for name in named_by(text)}
    assert sorted(name for name in said if "/" in name and name not in texts) == []


@pytest.mark.full_house
def test_every_template_was_rendered_by_some_test() -> None:
    """A typing error in a page that no test opens is found by a resident."""
    from app.web.render import RENDERED

    texts = templates()
    assert sorted(texts.keys() - with_all_they_name(set(RENDERED), texts)) == []
