"""Why a supervisor came to an agent's line."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "core0014"
down_revision = "core0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    with op.batch_alter_table("supervisions") as batch_op:
        batch_op.add_column(sa.Column("reason", sa.String(), nullable=False, server_default=""))
    with op.batch_alter_table("supervisions") as batch_op:
        batch_op.alter_column("reason", existing_type=sa.String(), server_default=None)


def downgrade() -> None:
    """Take it back."""
    with op.batch_alter_table("supervisions") as batch_op:
        batch_op.drop_column("reason")
