"""Numbered sets of enabled plugins; the plugins that a campaign restricts itself to."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from hookline.db import types

revision = "core0009"
down_revision = "core0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "campaign_plugins",
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("plugin", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaigns.id"], name=op.f("fk_campaign_plugins_campaign_id_campaigns")
        ),
        sa.PrimaryKeyConstraint("campaign_id", "plugin", name=op.f("pk_campaign_plugins")),
    )
    op.create_table(
        "release_sets",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("made_at", types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("made_by", sa.Integer(), nullable=True),
        sa.Column("origin", sa.String(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("plugins", sa.JSON(), nullable=False),
        sa.Column("settings", sa.JSON(), nullable=False),
        sa.Column("restores", sa.Integer(), nullable=True),
        sa.Column("ends_calls", sa.Boolean(), nullable=False),
        sa.Column("applied_at", types.UtcDateTime(timezone=True), nullable=True),
        sa.Column("problem", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["made_by"], ["users.id"], name=op.f("fk_release_sets_made_by_users")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_release_sets")),
    )


def downgrade() -> None:
    """Take back."""
    op.drop_table("release_sets")
    op.drop_table("campaign_plugins")
