"""The store that holds a recording, and receipts of deleted ones."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from hookline.db import types

revision = "core0005"
down_revision = "core0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "recording_deletions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("recording_id", sa.Integer(), nullable=False),
        sa.Column("client_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("store", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("asked_by", sa.Integer(), nullable=True),
        sa.Column("asked_at", types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("deleted_at", types.UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["asked_by"], ["users.id"], name=op.f("fk_recording_deletions_asked_by_users")),
        sa.ForeignKeyConstraint(["client_id"], ["clients.id"], name=op.f("fk_recording_deletions_client_id_clients")),
        sa.ForeignKeyConstraint(
            ["recording_id"], ["recordings.id"], name=op.f("fk_recording_deletions_recording_id_recordings")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recording_deletions")),
        sa.UniqueConstraint("recording_id", name=op.f("uq_recording_deletions_recording_id")),
    )
    with op.batch_alter_table("recording_deletions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_recording_deletions_client_id"), ["client_id"], unique=False)

    with op.batch_alter_table("recordings", schema=None) as batch_op:
        batch_op.add_column(sa.Column("store", sa.String(), nullable=False, server_default=""))
    # What was closed before there was a choice lies in the folder.
    op.execute("UPDATE recordings SET store = 'local' WHERE state = 'stored'")
    with op.batch_alter_table("recordings", schema=None) as batch_op:
        batch_op.alter_column("store", existing_type=sa.String(), server_default=None)


def downgrade() -> None:
    """Take back."""
    with op.batch_alter_table("recordings", schema=None) as batch_op:
        batch_op.drop_column("store")

    with op.batch_alter_table("recording_deletions", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_recording_deletions_client_id"))

    op.drop_table("recording_deletions")
