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


def apart(words: str) -> list[str]:
    """The alternatives that stand outermost in an expression, each an expression of its own."""
    found, start, depth, at = [], 0, 0, 0
    while at < len(words):
        sign = words[at]
        if sign == "\\":
            at += 1
        elif sign == "[":
            at = words.index("]", at + 2)
        elif sign in "()":
            depth += 1 if sign == "(" else -1
        elif sign == "|" and depth == 0:
            found.append(words[start:at])
            start = at + 1
        at += 1
    return [*found, words[start:]]
