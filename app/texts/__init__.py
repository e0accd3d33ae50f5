"""What residents and staff are told, by language: one TOML table per act, one line per audience."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from string import Formatter

LANGUAGES = ("zh-CN", "en")


class Texts:
    """The texts of one language."""

    def __init__(self, language: str, tables: Mapping[str, Mapping[str, str]]) -> None:
        self.language = language
        self.tables = tables

    def has(self, table: str, key: str) -> bool:
        return key in self.tables.get(table, {})

    def say(self, table: str, key: str, **values: object) -> str:
        """The text with its ``{names}`` filled in. Raises KeyError for an unknown key or a missing value."""
        return self.tables[table][key].format(**values).strip()

    def names_in(self, table: str, key: str) -> frozenset[str]:
        """The values a text asks for."""
        return _names(self.tables[table][key])


@cache
def _names(text: str) -> frozenset[str]:
    return frozenset(name for _, name, _, _ in Formatter().parse(text) if name)


@cache
def load(language: str = "zh-CN") -> Texts:
    """Reads the texts of a language. Raises FileNotFoundError for a language we do not speak."""
    raw = files("app.texts").joinpath(f"{language}.toml").read_text(encoding="utf-8")
    return Texts(language, tomllib.loads(raw))
