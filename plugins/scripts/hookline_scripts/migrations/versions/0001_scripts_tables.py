"""scripts, versions and answers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from hookline.db import types

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "scripts_scripts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("client_id", sa.Integer(), nullable=True),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", types.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["client_id"], ["clients.id"], name=op.f("fk_scripts_scripts_client_id_clients")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scripts_scripts")),
    )
    with op.batch_alter_table("scripts_scripts", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_scripts_scripts_client_id"), ["client_id"], unique=False)

    op.create_table(
        "scripts_versions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("script_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("created_at", types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["created_by"], ["users.id"], name=op.f("fk_scripts_versions_created_by_users")),
        sa.ForeignKeyConstraint(
            ["script_id"], ["scripts_scripts.id"], name=op.f("fk_scripts_versions_script_id_scripts_scripts")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scripts_versions")),
        sa.UniqueConstraint("script_id", "version", name=op.f("uq_scripts_versions_script_id_version")),
    )
    op.create_table(
        "scripts_answers",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("call_id", sa.Integer(), nullable=False),
        sa.Column("script_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("question", sa.String(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("agent_id", sa.Integer(), nullable=True),
        sa.Column("saved_at", types.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["agent_id"], ["users.id"], name=op.f("fk_scripts_answers_agent_id_users")),
        sa.ForeignKeyConstraint(["call_id"], ["calls.id"], name=op.f("fk_scripts_answers_call_id_calls")),
        sa.ForeignKeyConstraint(
            ["script_id"], ["scripts_scripts.id"], name=op.f("fk_scripts_answers_script_id_scripts_scripts")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scripts_answers")),
    )
    with op.batch_alter_table("scripts_answers", schema=None) as batch_op:
        batch_op.create_index("ix_scripts_answers_call_question", ["call_id", "question"], unique=False)


def downgrade() -> None:
    """Take back."""
    with op.batch_alter_table("scripts_answers", schema=None) as batch_op:
        batch_op.drop_index("ix_scripts_answers_call_question")

    op.drop_table("scripts_answers")
    op.drop_table("scripts_versions")
    with op.batch_alter_table("scripts_scripts", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_scripts_scripts_client_id"))

    op.drop_table("scripts_scripts")
