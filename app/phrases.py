"""What teaches the classifier, from the policy: sayings 说法 of each category (``phrases/``, one folder in it for each manner of
writing), and texts that tell of danger or only look like it (``alarms/``)."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from app.located import Source, read_source, whole
from routing.taxonomy import Owner, Taxonomy


def sources(home: Path) -> list[Source]:
    """The files of the policy directory ``home`` that hold sayings, in the order of their names."""
    return [read_source(home, found.relative_to(home).as_posix()) for found in sorted((home / "phrases").rglob("*.toml"))]


def alarm_sources(home: Path) -> list[Source]:
    """The files of the policy directory ``home`` that teach the alarm; it need have none."""
    return [read_source(home, found.relative_to(home).as_posix()) for found in sorted((home / "alarms").glob("*.toml"))]


def alarms(files: Iterable[Source], taxonomy: Taxonomy) -> tuple[tuple[str, bool], ...]:
    """Texts beside the sayings, each with whether it tells of danger now; they stand under the danger that they look like."""
    found: list[tuple[str, bool]] = []
    for source in files:
        for code in source.raw:
            said = whole(source).table(code)
            said.only("ring", "calm")
            if code not in taxonomy.leaves or taxonomy.leaves[code].owner is not Owner.EMERGENCY:
                raise whole(source).bad(code, f"“{code}”不是应急类别", "改为应急类别的编号，如 E01")
            for key in ("ring", "calm"):
                texts = said.get(key, list)
                if not all(isinstance(text, str) and text.strip() for text in texts):
                    raise said.bad(key, "例句须是非空的文字", f'写作 {key} = ["…", "…"]')
                found += [(text, key == "ring") for text in texts]
    return tuple(found)


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
