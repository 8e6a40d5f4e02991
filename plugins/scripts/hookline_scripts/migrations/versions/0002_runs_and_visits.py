"""Where calls are in scripts that lead the agent."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from hookline.db import types

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "scripts_runs",
        sa.Column("call_id", sa.Integer(), nullable=False),
        sa.Column("script_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("path", sa.JSON(), nullable=False),
        sa.Column("variables", sa.JSON(), nullable=False),
        sa.Column("moves", sa.Integer(), nullable=False),
        sa.Column("began_at", types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("moved_at", types.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["call_id"], ["calls.id"], name=op.f("fk_scripts_runs_call_id_calls")),
        sa.ForeignKeyConstraint(
            ["script_id"], ["scripts_scripts.id"], name=op.f("fk_scripts_runs_script_id_scripts_scripts")
        ),
        sa.PrimaryKeyConstraint("call_id", "script_id", name=op.f("pk_scripts_runs")),
    )
    op.create_table(
        "scripts_visits",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("call_id", sa.Integer(), nullable=False),
        sa.Column("script_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("node", sa.String(), nullable=False),
        sa.Column("origin", sa.String(), nullable=False),
        sa.Column("how", sa.String(), nullable=False),
        sa.Column("agent_id", sa.Integer(), nullable=True),
        sa.Column("at", types.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["agent_id"], ["users.id"], name=op.f("fk_scripts_visits_agent_id_users")),
        sa.ForeignKeyConstraint(["call_id"], ["calls.id"], name=op.f("fk_scripts_visits_call_id_calls")),
        sa.ForeignKeyConstraint(
            ["script_id"], ["scripts_scripts.id"], name=op.f("fk_scripts_visits_script_id_scripts_scripts")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scripts_visits")),
    )
    with op.batch_alter_table("scripts_visits", schema=None) as batch_op:
        batch_op.create_index("ix_scripts_visits_call", ["call_id"], unique=False)
        batch_op.create_index("ix_scripts_visits_script_node", ["script_id", "version", "node"], unique=False)


def downgrade() -> None:
    """Take back."""
    with op.batch_alter_table("scripts_visits", schema=None) as batch_op:
        batch_op.drop_index("ix_scripts_visits_script_node")
        batch_op.drop_index("ix_scripts_visits_call")

    op.drop_table("scripts_visits")
    op.drop_table("scripts_runs")
