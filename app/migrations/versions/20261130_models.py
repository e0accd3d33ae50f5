"""Which trained classifier is in force, and which ones were before."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261130_models"
down_revision = "20261126_casework"
branch_labels = None
depends_on = None

CODE, NAME = sa.String(length=64), sa.String(length=200)


def upgrade() -> None:
    op.create_table(
        "model_use",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_name", NAME, nullable=False),
        sa.Column("fingerprint", CODE, nullable=False),
        sa.Column("digest", CODE, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_model_use")),
    )
