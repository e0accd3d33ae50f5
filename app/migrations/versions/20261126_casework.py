"""What casework needs: co-handlers, supervision, call-backs, photos, split and joined tickets, the chain of events, webhooks."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "20261126_casework"
down_revision = "20261125_calendars_counted_on"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
CODE, NAME = sa.String(length=64), sa.String(length=200)
ROLES = ("resident", "agent", "contractor", "supervisor", "admin", "evaluator", "system")
CALLS = ("open", "reached", "unreachable", "answered", "moot", "spared")


def upgrade() -> None:
    _work()
    _answers()
    _programs()
    op.add_column("petition", sa.Column("code", CODE, nullable=False, server_default=""))
    op.add_column("rating", sa.Column("by_id", CODE, nullable=False, server_default=""))
    op.add_column("rating", sa.Column("call_id", NAME, nullable=False, server_default=""))
    _refer("rating", "contractor_id", "contractor")
    _refer("ticket", "parent_id", "ticket")
    _refer("ticket", "follows_id", "ticket")
    op.add_column("ticket", sa.Column("incident", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("ticket", sa.Column("brief", sa.Text(), nullable=False, server_default=""))
    op.add_column("ticket", sa.Column("binding", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("ticket", sa.Column("returns", ID, nullable=False, server_default="0"))
    op.add_column("ticket", sa.Column("moves", ID, nullable=False, server_default="0"))
    op.add_column("ticket", sa.Column("reviewed_at", MOMENT, nullable=True))
    op.add_column("ticket", sa.Column("outcome", CODE, nullable=False, server_default=""))
    op.add_column("ticket", sa.Column("excluded_at", MOMENT, nullable=True))
    op.add_column("ticket", sa.Column("called_round", ID, nullable=False, server_default="0"))
    op.add_column("ticket", sa.Column("to_call_at", MOMENT, nullable=True))
    op.add_column("ticket", sa.Column("head", CODE, nullable=False, server_default=""))
    op.add_column("ticket_event", sa.Column("hash", CODE, nullable=False, server_default=""))
    op.create_index(op.f("ix_ticket_follows_id"), "ticket", ["follows_id"])
    op.create_index(op.f("ix_ticket_parent_id"), "ticket", ["parent_id"])
    to_call = sa.text("to_call_at IS NOT NULL")
    op.create_index("ix_ticket_to_call", "ticket", ["to_call_at"], sqlite_where=to_call, postgresql_where=to_call)
    # Whoever was resolved before there was a review has been answered for, and is not called any more.
    op.execute("UPDATE ticket SET reviewed_at = updated_at, called_round = round WHERE state IN ('resolved', 'closed')")
    op.execute(
        "UPDATE ticket SET moves = (SELECT COUNT(*) FROM ticket_event"
        " WHERE ticket_event.ticket_id = ticket.id AND ticket_event.action IN ('dispatch', 'refer'))"
    )


def _refer(table: str, column: str, to: str) -> None:
    """A column that refers to another table. SQLite takes the reference with the column or not at all."""
    name = op.f(f"fk_{table}_{column}")
    if op.get_bind().dialect.name == "sqlite":
        op.execute(f"ALTER TABLE {table} ADD COLUMN {column} INTEGER CONSTRAINT {name} REFERENCES {to} (id)")
    else:
        op.add_column(table, sa.Column(column, ID, nullable=True))
        op.create_foreign_key(name, table, to, [column], ["id"])


def _work() -> None:
    op.create_table(
        "duty",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("ticket_id", ID, nullable=False),
        sa.Column("contractor_id", ID, nullable=False),
        sa.Column("task", sa.Text(), nullable=False),
        sa.Column("asked_at", MOMENT, nullable=False),
        sa.Column("asked_by", NAME, nullable=False),
        sa.Column("done_at", MOMENT, nullable=True),
        sa.Column("result", sa.Text(), nullable=False),
        sa.Column("withdrawn_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["contractor_id"], ["contractor.id"], name=op.f("fk_duty_contractor_id")),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_duty_ticket_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_duty")),
    )
    op.create_index("ix_duty_open", "duty", ["contractor_id", "ticket_id"])
    op.create_index(op.f("ix_duty_ticket_id"), "duty", ["ticket_id"])
    op.create_table(
        "supervision",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("ticket_id", ID, nullable=False),
        sa.Column("number", NAME, nullable=False),
        sa.Column("level", ID, nullable=False),
        sa.Column("demand", sa.Text(), nullable=False),
        sa.Column("to_handler", CODE, nullable=False),
        sa.Column("to_org", ID, nullable=True),
        sa.Column("to_name", NAME, nullable=False),
        sa.Column("issued_at", MOMENT, nullable=False),
        sa.Column("issued_by", NAME, nullable=False),
        sa.Column("issued_org", NAME, nullable=False),
        sa.Column("answered_at", MOMENT, nullable=True),
        sa.Column("answered_by", NAME, nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_supervision_ticket_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_supervision")),
        sa.UniqueConstraint("number", name=op.f("uq_supervision_number")),
    )
    op.create_index(op.f("ix_supervision_ticket_id"), "supervision", ["ticket_id"])
    op.create_table(
        "photo",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("ticket_id", ID, nullable=False),
        sa.Column("round", ID, nullable=False),
        sa.Column("stage", CODE, nullable=False),
        sa.Column("sha256", CODE, nullable=False),
        sa.Column("content_sha256", CODE, nullable=False),
        sa.Column("mime", CODE, nullable=False),
        sa.Column("width", ID, nullable=False),
        sa.Column("height", ID, nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("taken_at", MOMENT, nullable=True),
        sa.Column("latitude", sa.Float(), nullable=True),
        sa.Column("longitude", sa.Float(), nullable=True),
        sa.Column("by_role", sa.Enum(*ROLES, name="role", native_enum=False, length=24), nullable=False),
        sa.Column("by_id", CODE, nullable=False),
        sa.Column("by_name", NAME, nullable=False),
        sa.Column("by_org", ID, nullable=False),
        sa.Column("kept_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_photo_ticket_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_photo")),
        sa.UniqueConstraint("ticket_id", "sha256", name=op.f("uq_photo_ticket_id_sha256")),
    )


def _answers() -> None:
    op.create_table(
        "callback",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("ticket_id", ID, nullable=False),
        sa.Column("round", ID, nullable=False),
        sa.Column("why", CODE, nullable=False),
        sa.Column("stratum", NAME, nullable=False),
        sa.Column("state", sa.Enum(*CALLS, name="callstate", native_enum=False, length=24), nullable=False),
        sa.Column("drawn_at", MOMENT, nullable=False),
        sa.Column("next_at", MOMENT, nullable=True),
        sa.Column("attempts", ID, nullable=False),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.Column("contractor_id", ID, nullable=True),
        sa.ForeignKeyConstraint(["contractor_id"], ["contractor.id"], name=op.f("fk_callback_contractor_id")),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_callback_ticket_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_callback")),
        sa.UniqueConstraint("ticket_id", "round", name=op.f("uq_callback_ticket_id_round")),
    )
    op.create_index(
        "ix_callback_open",
        "callback",
        ["next_at"],
        sqlite_where=sa.text("state = 'open'"),
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_index("ix_callback_drawn", "callback", ["drawn_at", "stratum"])
    op.create_table(
        "call_attempt",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("callback_id", ID, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("by_id", CODE, nullable=False),
        sa.Column("by_name", NAME, nullable=False),
        sa.Column("outcome", CODE, nullable=False),
        sa.Column("call_id", NAME, nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("answers", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.ForeignKeyConstraint(["callback_id"], ["callback.id"], name=op.f("fk_call_attempt_callback_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_call_attempt")),
    )
    op.create_index(op.f("ix_call_attempt_callback_id"), "call_attempt", ["callback_id"])
    op.create_table(
        "sample",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("batch", CODE, nullable=False),
        sa.Column("ticket_id", ID, nullable=False),
        sa.Column("stratum", NAME, nullable=False),
        sa.Column("drawn_at", MOMENT, nullable=False),
        sa.Column("drawn_by", NAME, nullable=False),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_sample_ticket_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sample")),
        sa.UniqueConstraint("batch", "ticket_id", name=op.f("uq_sample_batch_ticket_id")),
    )
    op.create_index(op.f("ix_sample_ticket_id"), "sample", ["ticket_id"])


def _programs() -> None:
    op.create_table(
        "answered",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("holder", CODE, nullable=False),
        sa.Column("key", NAME, nullable=False),
        sa.Column("request", CODE, nullable=False),
        sa.Column("status", ID, nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_answered")),
        sa.UniqueConstraint("holder", "key", name=op.f("uq_answered_holder_key")),
    )
    op.create_index(op.f("ix_answered_at"), "answered", ["at"])
    op.create_table(
        "webhook",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("contractor_id", ID, nullable=False),
        sa.Column("name", NAME, nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("secret", NAME, nullable=False),
        sa.Column("former", NAME, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("disabled_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["contractor_id"], ["contractor.id"], name=op.f("fk_webhook_contractor_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook")),
    )
    op.create_index(op.f("ix_webhook_contractor_id"), "webhook", ["contractor_id"])
    op.create_table(
        "checkpoint",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("last_event", ID, nullable=False),
        sa.Column("tickets", ID, nullable=False),
        sa.Column("events", ID, nullable=False),
        sa.Column("hash", CODE, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_checkpoint")),
    )
