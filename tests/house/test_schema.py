"""The migrations lead to exactly the tables that the models describe, on both engines."""

from __future__ import annotations

import ast

from app.store import schema
from app.store.db import Database
from app.tickets.tables import Record
from tests.house.source import sources


def test_models_and_migrations_agree(migrated_url: str) -> None:
    """A column that only the models have works in every test that creates its tables from them, and in no real database."""
    db = Database(migrated_url)
    try:
        assert Record.metadata.tables, "no models are known: the comparison would compare nothing"
        assert schema.is_current(db)
        assert schema.differences(db) == []
    finally:
        db.dispose()


def test_there_is_a_migration() -> None:
    assert sources("app/migrations/versions")


def test_migrations_only_go_forward() -> None:
    """A way back that nobody has ever taken loses data on the one night it is taken; a backup is the way back."""
    backward = [
        source.path
        for source in sources("app/migrations/versions")
        for node in source.tree.body
        if isinstance(node, ast.FunctionDef) and node.name == "downgrade" and not isinstance(node.body[-1], ast.Raise)
    ]
    assert backward == []
