"""Alembic's entry: migrates the database that ``hotline migrate`` hands over."""

from __future__ import annotations

from alembic import context

import app.register.model
import app.tickets.followup
import app.tickets.model
import app.tickets.post
import app.tickets.programs
import app.tickets.residents  # noqa: F401
from app.tickets.tables import Record

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=Record.metadata,
    render_as_batch=connection.dialect.name == "sqlite",
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
