"""Which calendars open clocks are counted on, and which of them are provisional, found without reading the clocks that are over."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261125_calendars_counted_on"
down_revision = "20261124_time_engine"
branch_labels = None
depends_on = None


def upgrade() -> None:
    runs = sa.text("stopped_at IS NULL")
    op.create_index("ix_timer_counted", "timer", ["calendar", "hours", "id"], sqlite_where=runs, postgresql_where=runs)
    op.create_index(
        "ix_timer_provisional",
        "timer",
        ["due_at"],
        sqlite_where=sa.text("provisional = 1 AND stopped_at IS NULL"),
        postgresql_where=sa.text("provisional AND stopped_at IS NULL"),
    )
