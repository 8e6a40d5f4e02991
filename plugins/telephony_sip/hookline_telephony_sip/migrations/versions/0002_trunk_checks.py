"""What trunks said when they were asked last."""

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
        "telephony_sip_trunk_checks",
        sa.Column("trunk_id", sa.Integer(), nullable=False),
        sa.Column("answers", sa.Boolean(), nullable=False),
        sa.Column("code", sa.Integer(), nullable=False),
        sa.Column("milliseconds", sa.Integer(), nullable=False),
        sa.Column("problem", sa.String(), nullable=False),
        sa.Column("since_at", types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("checked_at", types.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["trunk_id"],
            ["telephony_sip_trunks.id"],
            name=op.f("fk_telephony_sip_trunk_checks_trunk_id_telephony_sip_trunks"),
        ),
        sa.PrimaryKeyConstraint("trunk_id", name=op.f("pk_telephony_sip_trunk_checks")),
    )


def downgrade() -> None:
    """Take back."""
    op.drop_table("telephony_sip_trunk_checks")
