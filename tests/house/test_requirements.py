"""What gets installed is pinned, whole, the same for running as for testing, and taken from wherever the machine is told to."""

from __future__ import annotations

import re
import tomllib

import pytest

from tests.house.source import ROOT

LOCKS = ("requirements.lock", "requirements-dev.lock")
PIN = re.compile(r"^([a-z0-9][a-z0-9._-]*)(?:\[[^]]*\])?==(\S+)((?: *;[^\\]*)?)", re.IGNORECASE)


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def pins(name: str) -> set[tuple[str, str, str]]:
    """(package, version, on which machines) of every pin; a package may be pinned twice, for different machines."""
    return {(found[1].lower(), found[2], found[3].strip(" ;")) for line in read(name).splitlines() if (found := PIN.match(line))}


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_names_no_address(name: str) -> None:
    """A lock that names where its author downloaded from cannot be installed anywhere else, and tells where that was."""
    wrong = [line for line in read(name).splitlines() if "://" in line or re.match(r"\s*-(?!-hash=sha256:)", line)]
    assert not wrong


@pytest.mark.parametrize("name", LOCKS)
def test_every_pin_carries_a_hash(name: str) -> None:
    """pip refuses the whole file for one pin without a hash, and says so only on a fresh machine."""
    entries = re.split(r"\n(?=\S)", read(name).strip())
    assert entries and not [entry for entry in entries if not PIN.match(entry) or "--hash=sha256:" not in entry]


def test_tests_run_on_what_runs() -> None:
    """A development lock compiled a week later passes the tests on versions that nobody runs."""
    assert pins("requirements.lock") <= pins("requirements-dev.lock")


@pytest.mark.parametrize(("name", "groups"), [("requirements.lock", ()), ("requirements-dev.lock", ("dev",))])
def test_every_dependency_is_pinned(name: str, groups: tuple[str, ...]) -> None:
    project = tomllib.loads(read("pyproject.toml"))["project"]
    wanted = project["dependencies"] + [one for group in groups for one in project["optional-dependencies"][group]]
    names = {re.split(r"[^A-Za-z0-9._-]", one)[0].lower() for one in wanted}
    assert names <= {package for package, _, _ in pins(name)}, "run `make lock`"
