"""What the time engine needs: holds, petitions, what each act did to the clocks, calendars kept, workers that tell of themselves."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "20261124_time_engine"
down_revision = "20261122_the_line"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")
CODE, NAME = sa.String(length=64), sa.String(length=200)
ROLES = ("resident", "agent", "contractor", "supervisor", "admin", "evaluator", "system")


def upgrade() -> None:
    _holds()
    _petitions()
    _calendars()
    op.create_table(
        "worker_beat",
        sa.Column("name", CODE, nullable=False),
        sa.Column("host", NAME, nullable=False),
        sa.Column("started_at", MOMENT, nullable=False),
        sa.Column("beat_at", MOMENT, nullable=False),
        sa.Column("now", MOMENT, nullable=False),
        sa.Column("fired", ID, nullable=False),
        sa.Column("busy_seconds", sa.Float(), nullable=False),
        sa.Column("lag_seconds", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_worker_beat")),
    )
    op.create_index(op.f("ix_worker_beat_beat_at"), "worker_beat", ["beat_at"])
    # Columns are added and nothing else is altered where other tables refer to: SQLite would make such a table anew, and cannot
    # drop the old one. The defaults of the database stay; nobody relies on them.
    op.add_column("ticket_event", sa.Column("clocks", JSON, nullable=False, server_default="[]"))
    op.add_column("timer", sa.Column("hours", CODE, nullable=False, server_default=""))
    op.add_column("timer", sa.Column("acknowledged_at", MOMENT, nullable=True))
    op.drop_index("ix_timer_next", "timer")
    waits = sa.text("next_at IS NOT NULL")
    op.create_index("ix_timer_next", "timer", ["next_at", "ticket_id"], sqlite_where=waits, postgresql_where=waits)
    parked = sa.text("parked_at IS NOT NULL")
    op.create_index("ix_timer_parked", "timer", ["id"], sqlite_where=parked, postgresql_where=parked)
    with op.batch_alter_table("outbox") as outbox:
        outbox.add_column(sa.Column("good_until", MOMENT, nullable=True))
        outbox.alter_column("ticket_id", existing_type=ID, nullable=True)
        outbox.alter_column("event_id", existing_type=ID, nullable=True)
    held = sa.text("state = 'held'")
    op.create_index("ix_outbox_held", "outbox", ["id"], sqlite_where=held, postgresql_where=held)


def _holds() -> None:
    op.create_table(
        "hold",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("ticket_id", ID, nullable=False),
        sa.Column("started_at", MOMENT, nullable=False),
        sa.Column("until", MOMENT, nullable=False),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("by_role", sa.Enum(*ROLES, name="role", native_enum=False, length=24), nullable=False),
        sa.Column("by_name", NAME, nullable=False),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_hold_ticket_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hold")),
    )
    op.create_index(op.f("ix_hold_ticket_id"), "hold", ["ticket_id"])
    running = sa.text("ended_at IS NULL")
    op.create_index("ix_hold_open", "hold", ["until"], sqlite_where=running, postgresql_where=running)


def _petitions() -> None:
    states = sa.Enum("open", "granted", "denied", "moot", name="petitionstate", native_enum=False, length=24)
    op.create_table(
        "petition",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("ticket_id", ID, nullable=False),
        sa.Column("kind", CODE, nullable=False),
        sa.Column("state", states, nullable=False),
        sa.Column("round", ID, nullable=False),
        sa.Column("asked_at", MOMENT, nullable=False),
        sa.Column("asked_by", NAME, nullable=False),
        sa.Column("contractor_id", ID, nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("wanted", MOMENT, nullable=True),
        sa.Column("decided_at", MOMENT, nullable=True),
        sa.Column("decided_by", NAME, nullable=False),
        sa.Column("decision", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_petition_ticket_id")),
        sa.ForeignKeyConstraint(["contractor_id"], ["contractor.id"], name=op.f("fk_petition_contractor_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_petition")),
    )
    op.create_index("ix_petition_open", "petition", ["ticket_id", "state"])


def _calendars() -> None:
    op.create_table(
        "holiday_notice",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("country", CODE, nullable=False),
        sa.Column("year", ID, nullable=False),
        sa.Column("notice", NAME, nullable=False),
        sa.Column("content", JSON, nullable=False),
        sa.Column("imported_at", MOMENT, nullable=False),
        sa.Column("imported_by", NAME, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_holiday_notice")),
        sa.UniqueConstraint("country", "year", name=op.f("uq_holiday_notice_country_year")),
    )
    op.create_table(
        "calendar_version",
        sa.Column("version", CODE, nullable=False),
        sa.Column("name", NAME, nullable=False),
        sa.Column("content", JSON, nullable=False),
        sa.Column("first_used_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_calendar_version")),
    )
