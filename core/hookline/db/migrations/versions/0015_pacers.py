"""Plugins' pacers, which predictive campaigns may choose."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "core0015"
down_revision = "core0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column("campaigns", sa.Column("pacer", sa.String(), nullable=False, server_default=""))


def downgrade() -> None:
    """Take it back."""
    op.drop_column("campaigns", "pacer")
