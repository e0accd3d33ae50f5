"""Sayings 说法: how people put each category, from ``phrases/`` of the policy; one folder in it for each manner of writing."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from app.located import Source, read_source, whole
from routing.taxonomy import Taxonomy


def sources(home: Path) -> list[Source]:
    """The files of the policy directory ``home`` that hold sayings, in the order of their names."""
    return [read_source(home, found.relative_to(home).as_posix()) for found in sorted((home / "phrases").rglob("*.toml"))]


def by_leaf(files: Iterable[Source], taxonomy: Taxonomy) -> dict[str, tuple[str, ...]]:
    """All sayings of a leaf, over the folders (one a manner of writing); within one folder a leaf stands once."""
    found: dict[str, tuple[str, ...]] = {}
    seen: set[tuple[str, str]] = set()
    for source in files:
        folder = source.name.rpartition("/")[0]
        for code in source.raw:
            said = whole(source).table(code)
            said.only("says")
            if code not in taxonomy.leaves or (folder, code) in seen:
                raise whole(source).bad(
                    code, f"“{code}”不在类别表中，或在同一文件夹里已写过", "改为类别表中的编号，每个文件夹里每个编号只写一处"
                )
            seen.add((folder, code))
            says = tuple(said.get("says", list))
            if not all(isinstance(saying, str) and saying.strip() for saying in says):
                raise said.bad("says", "说法须是非空的文字", '写作 says = ["…", "…"]')
            found[code] = (*found.get(code, ()), *says)
    return found
