"""The schema: brought to the newest version, compared with the models. Forward only."""

from __future__ import annotations

from typing import Any

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

import app.register.model
import app.tickets.followup
import app.tickets.post
import app.tickets.programs
import app.tickets.repeats
import app.tickets.residents  # noqa: F401  (all tables must be known before models and database are compared)
from app.store.db import Database
from app.tickets.tables import Record


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", "app:migrations")
    return config


def migrate(db: Database) -> tuple[str | None, str | None]:
    """Brings the database to the newest version; returns the version before and after."""
    config = _config()
    with db.engine.connect() as connection:
        before = MigrationContext.configure(connection).get_current_revision()
    newest = ScriptDirectory.from_config(config).get_current_head()
    if before != newest:
        with db.begin() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    return before, newest


def is_current(db: Database) -> bool:
    """Whether the database has the newest schema."""
    with db.engine.connect() as connection:
        return (
            MigrationContext.configure(connection).get_current_revision()
            == ScriptDirectory.from_config(_config()).get_current_head()
        )


def differences(db: Database) -> list[Any]:
    """What the models have and the database lacks, or the other way round; empty when they agree."""
    with db.engine.connect() as connection:
        return list(compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), Record.metadata))
