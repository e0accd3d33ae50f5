"""A terminal: the ``hotline`` command as somebody types it, with settings in the environment and a data folder of its own."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import update

from app.cli import main
from app.policy import Policy
from app.register.model import Contract
from routing.classify import Model, fingerprint
from tests.app.casework.stage import Stage, raise_stage
from tests.databases import SqliteFiles


@dataclass
class Terminal:
    """Where commands are typed. ``settings`` are HOTLINE_ variables without their prefix."""

    folder: Path
    settings: dict[str, str] = field(default_factory=dict)

    def run(self, *words: str, typed: str | None = None, **settings: str) -> Result:
        given = {"DATA_DIR": str(self.folder), **self.settings, **settings}
        env: dict[str, str | None] = {name: None for name in os.environ if name.startswith("HOTLINE_")}
        env |= {f"HOTLINE_{name}": value for name, value in given.items()}
        return CliRunner(env=env).invoke(main, list(words), input=typed)

    def done(self, *words: str, typed: str | None = None, **settings: str) -> str:
        """What it printed; it must have succeeded and complained of nothing."""
        result = self.run(*words, typed=typed, **settings)
        assert (result.exit_code, result.stderr) == (0, ""), f"{words}: {result.exit_code} {result.stderr} {result.exception!r}"
        return result.stdout

    def refused(self, *words: str, typed: str | None = None, **settings: str) -> str:
        """The one sentence it complained with; it must have exited with 2 and printed nothing else."""
        result = self.run(*words, typed=typed, **settings)
        assert result.exit_code == 2, f"{words}: {result.exit_code} {result.stdout} {result.exception!r}"
        assert result.stdout == ""
        assert "Traceback" not in result.stderr
        assert len(result.stderr.splitlines()) == 1, result.stderr
        return result.stderr.strip()

    def json(self, *words: str) -> Any:
        return json.loads(self.done(*words, "--json"))


def has_learned(folder: Path, policy: Policy, model: Model) -> None:
    """Leaves the trained classifier where commands look for it, so that not every one trains it anew."""
    kept = folder / "models" / f"{fingerprint(policy.phrases, policy.taxonomy, policy.alarms)}.npz"
    kept.parent.mkdir(parents=True, exist_ok=True)
    model.save(kept)


@pytest.fixture
def terminal(tmp_path: Path, policy: Policy, model: Model) -> Terminal:
    """On an empty data folder: no database yet."""
    has_learned(tmp_path, policy, model)
    return Terminal(tmp_path)


Town = tuple[Terminal, Stage]


@contextmanager
def raise_town(policy: Policy, model: Model, url: str, folder: Path) -> Iterator[Town]:
    """The demonstration city, whose contracts do not run out while these tests live, and a terminal on its database."""
    has_learned(folder, policy, model)
    with raise_stage(url, policy, model, folder) as stage:
        with stage.cast.hotline.tx() as tx:
            tx.session.execute(update(Contract).where(Contract.ends >= date(2027, 1, 1)).values(ends=date(2199, 12, 31)))
        yield Terminal(folder, {"DATABASE_URL": url}), stage


@pytest.fixture(scope="module")
def town(policy: Policy, model: Model, sqlite: SqliteFiles, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """One a module: its tests leave the register as it is."""
    with raise_town(policy, model, sqlite.create(), tmp_path_factory.mktemp("town")) as raised:
        yield raised


@pytest.fixture
def spoiled_town(policy: Policy, model: Model, sqlite: SqliteFiles, tmp_path: Path) -> Iterator[Town]:
    """For a test that spoils it."""
    with raise_town(policy, model, sqlite.create(), tmp_path) as raised:
        yield raised
