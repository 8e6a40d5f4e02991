"""Agents' SIP phones that register with the proxy in front."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from hookline.db import types

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "telephony_sip_phones",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("realm", sa.String(), nullable=False),
        sa.Column("ha1", sa.String(), nullable=False),
        sa.Column("created_at", types.UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_telephony_sip_phones")),
        sa.UniqueConstraint("name", name=op.f("uq_telephony_sip_phones_name")),
    )


def downgrade() -> None:
    """Take back."""
    op.drop_table("telephony_sip_phones")
