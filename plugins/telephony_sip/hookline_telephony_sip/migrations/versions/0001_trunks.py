"""Trunks."""

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
        "telephony_sip_trunks",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("host", sa.String(), nullable=False),
        sa.Column("port", sa.Integer(), nullable=False),
        sa.Column("transport", sa.String(), nullable=False),
        sa.Column("client_id", sa.Integer(), nullable=True),
        sa.Column("username", sa.String(), nullable=False),
        sa.Column("password_variable", sa.String(), nullable=False),
        sa.Column("caller_id", sa.String(), nullable=False),
        sa.Column("number_format", sa.String(), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_at", types.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["client_id"], ["clients.id"], name=op.f("fk_telephony_sip_trunks_client_id_clients")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_telephony_sip_trunks")),
        sa.UniqueConstraint("name", name=op.f("uq_telephony_sip_trunks_name")),
    )
    with op.batch_alter_table("telephony_sip_trunks", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_telephony_sip_trunks_client_id"), ["client_id"], unique=False)


def downgrade() -> None:
    """Take back."""
    with op.batch_alter_table("telephony_sip_trunks", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_telephony_sip_trunks_client_id"))

    op.drop_table("telephony_sip_trunks")
