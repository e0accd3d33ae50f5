"""Every person the table tells has a text in every language, every text is said somewhere, and all languages say the same."""

from __future__ import annotations

import tomllib
from functools import cache
from string import Formatter

import pytest

from app.texts import LANGUAGES
from app.tickets.lifecycle import TABLE
from tests.house.source import ROOT, application, strings

# Whom the table names, and as whom they are spoken to: a handler is whoever answers for it, a ladder may climb to anybody.
SPOKEN_TO = {
    "resident": {"resident"},
    "contractor": {"contractor"},
    "supervisor": {"supervisor"},
    "desk": {"desk"},
    "handler": {"contractor", "supervisor", "desk"},
    "helper": {"helper"},
    "ladder": {"contractor", "helper", "supervisor", "desk", "resident"},
}
TOLD = {(rule.action, audience) for rule in TABLE for told in rule.told for audience in SPOKEN_TO[told]}


@cache
def texts(language: str) -> dict[tuple[str, str], str]:
    """(table, key) → text."""
    tables = tomllib.loads((ROOT / "app" / "texts" / f"{language}.toml").read_text(encoding="utf-8"))
    return {(table, key): text for table, keys in tables.items() for key, text in keys.items()}


def blanks(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


@pytest.mark.parametrize("language", LANGUAGES)
def test_whoever_is_told_has_a_text(language: str) -> None:
    """A missing text would surface when the first escalation falls due, at night, as a KeyError in the sweep."""
    assert not sorted(TOLD - texts(language).keys())


@pytest.mark.parametrize("language", [language for language in LANGUAGES if language != "zh-CN"])
def test_every_language_says_the_same(language: str) -> None:
    """Same keys, same blanks: a translation that forgets the deadline gives residents nothing to hold us to."""
    ours, theirs = texts("zh-CN"), texts(language)
    assert sorted(ours.keys() ^ theirs.keys()) == []
    assert [key for key in ours if blanks(ours[key]) != blanks(theirs[key])] == []


def test_every_text_is_said_somewhere() -> None:
    """Texts that nobody says are still translated, reviewed and approved."""
    said = {str(text.value) for source in application() for text in strings(source.tree)}
    assert not sorted(f"[{table}] {key}" for table, key in texts("zh-CN").keys() - TOLD if key not in said)
