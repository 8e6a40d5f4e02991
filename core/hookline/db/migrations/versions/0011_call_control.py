"""Transfers, consultations, supervision, calls that come in, prompts, compressed recordings with their peaks."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from hookline.db import types

revision = "core0011"
down_revision = "core0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "prompts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("client_id", sa.Integer(), nullable=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("path", sa.String(), nullable=False),
        sa.Column("seconds", sa.Double(), nullable=False),
        sa.Column("rate", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("uploaded_by", sa.Integer(), nullable=True),
        sa.Column("uploaded_at", types.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["client_id"], ["clients.id"], name=op.f("fk_prompts_client_id_clients")),
        sa.ForeignKeyConstraint(["uploaded_by"], ["users.id"], name=op.f("fk_prompts_uploaded_by_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_prompts")),
    )
    with op.batch_alter_table("prompts", schema=None) as batch_op:
        batch_op.create_index(
            "uq_prompts_client_kind",
            ["client_id", "kind"],
            unique=True,
            sqlite_where=sa.text("client_id IS NOT NULL"),
            postgresql_where=sa.text("client_id IS NOT NULL"),
        )
        batch_op.create_index(
            "uq_prompts_kind",
            ["kind"],
            unique=True,
            sqlite_where=sa.text("client_id IS NULL"),
            postgresql_where=sa.text("client_id IS NULL"),
        )

    op.create_table(
        "supervisions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("supervisor_id", sa.Integer(), nullable=False),
        sa.Column("agent_id", sa.Integer(), nullable=False),
        sa.Column("backend", sa.String(), nullable=False),
        sa.Column("conversation_id", sa.String(), nullable=False),
        sa.Column("leg_id", sa.String(), nullable=False),
        sa.Column("station_kind", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("mode", sa.String(), nullable=False),
        sa.Column("started_at", types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("connected_at", types.UtcDateTime(timezone=True), nullable=True),
        sa.Column("ended_at", types.UtcDateTime(timezone=True), nullable=True),
        sa.Column("cause", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["agent_id"], ["users.id"], name=op.f("fk_supervisions_agent_id_users")),
        sa.ForeignKeyConstraint(["supervisor_id"], ["users.id"], name=op.f("fk_supervisions_supervisor_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_supervisions")),
        sa.UniqueConstraint("leg_id", name=op.f("uq_supervisions_leg_id")),
    )
    with op.batch_alter_table("supervisions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_supervisions_agent_id"), ["agent_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_supervisions_supervisor_id"), ["supervisor_id"], unique=False)

    op.create_table(
        "call_parties",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("call_id", sa.Integer(), nullable=False),
        sa.Column("agent_id", sa.Integer(), nullable=True),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("leg_id", sa.String(), nullable=False),
        sa.Column("manner", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("asked_by", sa.Integer(), nullable=False),
        sa.Column("started_at", types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("answered_at", types.UtcDateTime(timezone=True), nullable=True),
        sa.Column("passed_at", types.UtcDateTime(timezone=True), nullable=True),
        sa.Column("ended_at", types.UtcDateTime(timezone=True), nullable=True),
        sa.Column("cause", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["agent_id"], ["users.id"], name=op.f("fk_call_parties_agent_id_users")),
        sa.ForeignKeyConstraint(["asked_by"], ["users.id"], name=op.f("fk_call_parties_asked_by_users")),
        sa.ForeignKeyConstraint(["call_id"], ["calls.id"], name=op.f("fk_call_parties_call_id_calls")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_call_parties")),
    )
    with op.batch_alter_table("call_parties", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_call_parties_agent_id"), ["agent_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_call_parties_leg_id"), ["leg_id"], unique=False)
        batch_op.create_index(
            "uq_call_parties_open",
            ["call_id"],
            unique=True,
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        )

    op.create_table(
        "party_decisions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("call_id", sa.Integer(), nullable=True),
        sa.Column("asked_by", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("dial_strings", sa.JSON(), nullable=False),
        sa.Column("allowed", sa.Boolean(), nullable=False),
        sa.Column("refusals", sa.JSON(), nullable=False),
        sa.Column("asked", sa.JSON(), nullable=False),
        sa.Column("decided_at", types.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["asked_by"], ["users.id"], name=op.f("fk_party_decisions_asked_by_users")),
        sa.ForeignKeyConstraint(["call_id"], ["calls.id"], name=op.f("fk_party_decisions_call_id_calls")),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaigns.id"], name=op.f("fk_party_decisions_campaign_id_campaigns")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_party_decisions")),
    )
    with op.batch_alter_table("party_decisions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_party_decisions_call_id"), ["call_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_party_decisions_decided_at"), ["decided_at"], unique=False)

    op.create_table(
        "supervision_steps",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("supervision_id", sa.Integer(), nullable=False),
        sa.Column("mode", sa.String(), nullable=False),
        sa.Column("call_id", sa.Integer(), nullable=True),
        sa.Column("at", types.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["call_id"], ["calls.id"], name=op.f("fk_supervision_steps_call_id_calls")),
        sa.ForeignKeyConstraint(
            ["supervision_id"], ["supervisions.id"], name=op.f("fk_supervision_steps_supervision_id_supervisions")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_supervision_steps")),
    )
    with op.batch_alter_table("supervision_steps", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_supervision_steps_call_id"), ["call_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_supervision_steps_supervision_id"), ["supervision_id"], unique=False)

    with op.batch_alter_table("agent_sessions", schema=None) as batch_op:
        batch_op.add_column(sa.Column("desk_page", sa.String(), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("party_id", sa.Integer(), nullable=True))
        batch_op.create_foreign_key(
            batch_op.f("fk_agent_sessions_party_id_call_parties"), "call_parties", ["party_id"], ["id"]
        )

    with op.batch_alter_table("calls", schema=None) as batch_op:
        batch_op.add_column(sa.Column("parent_id", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("line", sa.String(), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("headers", sa.JSON(), nullable=False, server_default="{}"))
        batch_op.add_column(sa.Column("recording_paused", sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.add_column(sa.Column("agent_left_at", types.UtcDateTime(timezone=True), nullable=True))
        batch_op.alter_column("attempt_id", existing_type=sa.INTEGER(), nullable=True)
        batch_op.drop_constraint(batch_op.f("uq_calls_customer_leg_id"), type_="unique")
        batch_op.create_index(batch_op.f("ix_calls_customer_leg_id"), ["customer_leg_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_calls_parent_id"), ["parent_id"], unique=False)
        batch_op.create_foreign_key(batch_op.f("fk_calls_parent_id_calls"), "calls", ["parent_id"], ["id"])

    with op.batch_alter_table("campaigns", schema=None) as batch_op:
        batch_op.add_column(sa.Column("line", sa.String(), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("transfer_targets", sa.JSON(), nullable=False, server_default="[]"))

    with op.batch_alter_table("recordings", schema=None) as batch_op:
        batch_op.add_column(sa.Column("codec", sa.String(), nullable=False, server_default="wav"))
        batch_op.add_column(sa.Column("gaps", sa.JSON(), nullable=False, server_default="[]"))
        batch_op.add_column(sa.Column("peaks", sa.JSON(), nullable=True))
        batch_op.add_column(sa.Column("replaced", sa.String(), nullable=False, server_default=""))

    _drop_defaults()


#: New columns, whose defaults were only for the rows that were there.
_FRESH: dict[str, dict[str, sa.types.TypeEngine[Any]]] = {
    "agent_sessions": {"desk_page": sa.String()},
    "calls": {"line": sa.String(), "headers": sa.JSON(), "recording_paused": sa.Boolean()},
    "campaigns": {"line": sa.String(), "transfer_targets": sa.JSON()},
    "recordings": {"codec": sa.String(), "gaps": sa.JSON(), "replaced": sa.String()},
}


def _drop_defaults() -> None:
    for table, columns in _FRESH.items():
        with op.batch_alter_table(table) as batch_op:
            for name, kind in columns.items():
                batch_op.alter_column(name, existing_type=kind, server_default=None)


def _give_attempts() -> None:
    """The older version knows no call without an attempt, nor two calls with one leg."""
    calls = sa.Table("calls", sa.MetaData(), autoload_with=op.get_bind())
    attempts = sa.Table("attempts", sa.MetaData(), autoload_with=op.get_bind())
    for call in op.get_bind().execute(sa.select(calls).where(calls.c.attempt_id.is_(None))).mappings().all():
        same = ("client_id", "campaign_id", "campaign_contact_id", "contact_id", "number", "agent_id", "result")
        attempt_id = op.get_bind().scalar(
            attempts.insert()
            .values(
                **{name: call[name] for name in same},
                mode="inbound",
                opened_at=call["queued_at"],
                closed_at=call["ended_at"] or call["queued_at"],
                revoked_because="",
            )
            .returning(attempts.c.id)
        )
        op.execute(
            calls.update()
            .where(calls.c.id == call["id"])
            .values(attempt_id=attempt_id, customer_leg_id=f"{call['customer_leg_id']}-{call['id']}")
        )


def downgrade() -> None:
    """Take back."""
    _give_attempts()
    with op.batch_alter_table("recordings", schema=None) as batch_op:
        batch_op.drop_column("replaced")
        batch_op.drop_column("peaks")
        batch_op.drop_column("gaps")
        batch_op.drop_column("codec")

    with op.batch_alter_table("campaigns", schema=None) as batch_op:
        batch_op.drop_column("transfer_targets")
        batch_op.drop_column("line")

    with op.batch_alter_table("calls", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_calls_parent_id_calls"), type_="foreignkey")
        batch_op.drop_index(batch_op.f("ix_calls_parent_id"))
        batch_op.drop_index(batch_op.f("ix_calls_customer_leg_id"))
        batch_op.create_unique_constraint(batch_op.f("uq_calls_customer_leg_id"), ["customer_leg_id"])
        batch_op.alter_column("attempt_id", existing_type=sa.INTEGER(), nullable=False)
        batch_op.drop_column("agent_left_at")
        batch_op.drop_column("recording_paused")
        batch_op.drop_column("headers")
        batch_op.drop_column("line")
        batch_op.drop_column("parent_id")

    with op.batch_alter_table("agent_sessions", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_agent_sessions_party_id_call_parties"), type_="foreignkey")
        batch_op.drop_column("party_id")
        batch_op.drop_column("desk_page")

    with op.batch_alter_table("supervision_steps", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_supervision_steps_supervision_id"))
        batch_op.drop_index(batch_op.f("ix_supervision_steps_call_id"))

    op.drop_table("supervision_steps")
    with op.batch_alter_table("party_decisions", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_party_decisions_decided_at"))
        batch_op.drop_index(batch_op.f("ix_party_decisions_call_id"))

    op.drop_table("party_decisions")
    with op.batch_alter_table("call_parties", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_call_parties_open",
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_call_parties_leg_id"))
        batch_op.drop_index(batch_op.f("ix_call_parties_agent_id"))

    op.drop_table("call_parties")
    with op.batch_alter_table("supervisions", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_supervisions_supervisor_id"))
        batch_op.drop_index(batch_op.f("ix_supervisions_agent_id"))

    op.drop_table("supervisions")
    with op.batch_alter_table("prompts", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_prompts_kind", sqlite_where=sa.text("client_id IS NULL"), postgresql_where=sa.text("client_id IS NULL")
        )
        batch_op.drop_index(
            "uq_prompts_client_kind",
            sqlite_where=sa.text("client_id IS NOT NULL"),
            postgresql_where=sa.text("client_id IS NOT NULL"),
        )

    op.drop_table("prompts")
