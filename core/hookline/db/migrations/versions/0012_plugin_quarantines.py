"""Plugins stopped after too many errors; policies that campaigns do without."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from hookline.db import types

revision = "core0012"
down_revision = "core0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "plugin_quarantines",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("plugin", sa.String(), nullable=False),
        sa.Column("since_at", types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("place", sa.String(), nullable=False),
        sa.Column("error_type", sa.String(), nullable=False),
        sa.Column("message", sa.String(), nullable=False),
        sa.Column("frames", sa.JSON(), nullable=False),
        sa.Column("released_at", types.UtcDateTime(timezone=True), nullable=True),
        sa.Column("released_by", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["released_by"], ["users.id"], name=op.f("fk_plugin_quarantines_released_by_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plugin_quarantines")),
    )
    op.create_index("ix_plugin_quarantines_standing", "plugin_quarantines", ["plugin", "released_at"])
    op.create_table(
        "dropped_policies",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("policy", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("dropped_at", types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("dropped_by", sa.Integer(), nullable=True),
        sa.Column("restored_at", types.UtcDateTime(timezone=True), nullable=True),
        sa.Column("restored_by", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaigns.id"], name=op.f("fk_dropped_policies_campaign_id_campaigns")
        ),
        sa.ForeignKeyConstraint(["dropped_by"], ["users.id"], name=op.f("fk_dropped_policies_dropped_by_users")),
        sa.ForeignKeyConstraint(["restored_by"], ["users.id"], name=op.f("fk_dropped_policies_restored_by_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dropped_policies")),
    )
    op.create_index(op.f("ix_dropped_policies_campaign_id"), "dropped_policies", ["campaign_id"])


def downgrade() -> None:
    """Take back."""
    op.drop_table("dropped_policies")
    op.drop_table("plugin_quarantines")
