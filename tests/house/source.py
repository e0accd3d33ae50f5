"""Our own source as the house tests read it: every file parsed once."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("app", "channels", "routing", "sla")


@dataclass(frozen=True)
class Source:
    """One Python file. ``path`` is relative to the repository, with forward slashes."""

    path: str
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text, self.path)


@dataclass(frozen=True)
class Finding:
    """A line that breaks a rule. Reads ``app/outbox.py:12 what is wrong``."""

    path: str
    line: int
    what: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line} {self.what}"


@cache
def sources(*folders: str) -> tuple[Source, ...]:
    """Every Python file below these folders, in the order of their names."""
    found = [file for folder in folders for file in sorted((ROOT / folder).rglob("*.py"))]
    return tuple(Source(file.relative_to(ROOT).as_posix(), file.read_text(encoding="utf-8")) for file in found)


def ours() -> tuple[Source, ...]:
    """What runs in production."""
    return sources(*PACKAGES)


def by_hand() -> tuple[Source, ...]:
    """What runs in production and is read again: a migration is generated, runs once, and is as long as its tables are many."""
    return tuple(source for source in ours() if not source.path.startswith("app/migrations/versions/"))


def application() -> tuple[Source, ...]:
    return sources("app")


def of_tests() -> tuple[Source, ...]:
    return sources("tests")


def name_of(node: ast.expr) -> str:
    """A chain of names as written, ``a.b.c``; calls and subscripts inside it are looked through."""
    match node:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=value, attr=attr):
            return f"{name_of(value)}.{attr}"
        case ast.Call(func=inner) | ast.Subscript(value=inner) | ast.Await(value=inner):
            return name_of(inner)
    return ""


def imported(tree: ast.Module) -> dict[str, str]:
    """What each imported name stands for: ``from time import sleep as nap`` gives ``{"nap": "time.sleep"}``."""
    names: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {
                alias.asname or alias.name.split(".")[0]: alias.name if alias.asname else alias.name.split(".")[0]
                for alias in node.names
            }
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
    return names


def calls(tree: ast.AST, method: str) -> Iterator[ast.Call]:
    """Every call of a method of this name, on whatever it is called."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == method:
            yield node


def strings(tree: ast.Module) -> Iterator[ast.Constant]:
    """Every string that is not a docstring."""
    documents = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documents:
            yield node
