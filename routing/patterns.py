"""Reads the word tables beside this file: lists of alternatives with named parts, made into one expression."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from importlib.resources import files
from typing import Any

_NAMED = re.compile("@([a-z0-9_]+)@")


def table(name: str) -> dict[str, Any]:
    """The table ``routing/data/<name>.toml`` as written."""
    return tomllib.loads(files("routing").joinpath("data", f"{name}.toml").read_text(encoding="utf-8"))


def expression(words: str | list[str], names: Mapping[str, str]) -> re.Pattern[str]:
    """One of the words, @named@ parts put in. Raises KeyError for an unknown name, re.error for a bad expression."""
    joined = words if isinstance(words, str) else "|".join(words)
    return re.compile(_NAMED.sub(lambda m: names[m.group(1)], joined))
