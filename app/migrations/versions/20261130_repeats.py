"""Repeats: an index of what texts say, one by building, and which tickets people have found to be two matters."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261130_repeats"
down_revision = "20261130_models"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "ticket_mark",
        sa.Column("mark", ID, autoincrement=False, nullable=False),
        sa.Column("ticket_id", ID, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("mark", "ticket_id", name=op.f("pk_ticket_mark")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "told_apart",
        sa.Column("ticket_id", ID, nullable=False),
        sa.Column("other_id", ID, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_id", sa.String(length=64), nullable=False),
        sa.Column("by_name", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_told_apart_ticket_id")),
        sa.ForeignKeyConstraint(["other_id"], ["ticket.id"], name=op.f("fk_told_apart_other_id")),
        sa.PrimaryKeyConstraint("ticket_id", "other_id", name=op.f("pk_told_apart")),
    )
    op.create_index(op.f("ix_told_apart_other_id"), "told_apart", ["other_id"])
    known = sa.text("building <> ''")
    op.create_index(
        "ix_ticket_building", "ticket", ["estate_id", "building", "created_at"], sqlite_where=known, postgresql_where=known
    )
