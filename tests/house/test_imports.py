"""What the leaves may import from outside. import-linter says what they may not; a list of what they may catches the rest."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator

import pytest

from tests.house.source import Source, sources

ALLOWED: dict[str, set[str]] = {
    "channels": {"channels", "httpx", "pydantic", "wechatpy", "xmltodict", "cryptography"},
    "routing": {"routing", "jieba", "opencc", "rjieba", "sklearn", "rapidfuzz", "numpy", "scipy", "joblib"},
    "sla": {"sla"},
}
IMPURE = {"asyncio", "http", "requests", "selectors", "smtplib", "socket", "sqlite3", "ssl", "subprocess", "time", "urllib"}


def imports(source: Source) -> Iterator[str]:
    """The first part of every imported module's name, wherever in the file."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield (node.module or source.path).split(".")[0].split("/")[0]


@pytest.mark.parametrize("package", ALLOWED)
def test_a_leaf_imports_what_it_was_granted(package: str) -> None:
    """A convenient package in a leaf ends up in every process that only wanted the leaf; adding one here is a decision."""
    allowed = ALLOWED[package] | set(sys.stdlib_module_names)
    assert not [f"{source.path} imports {name}" for source in sources(package) for name in imports(source) if name not in allowed]


@pytest.mark.parametrize("package", ["routing", "sla"])
def test_the_pure_leaves_do_nothing(package: str) -> None:
    """An answer that depends on a network, a database or the hour cannot be proven, or explained to a contractor afterwards."""
    assert not [f"{source.path} imports {name}" for source in sources(package) for name in imports(source) if name in IMPURE]
