"""What clients' custom fields are."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "core0006"
down_revision = "core0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "custom_fields",
        sa.Column("client_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("classification", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["client_id"], ["clients.id"], name=op.f("fk_custom_fields_client_id_clients")),
        sa.PrimaryKeyConstraint("client_id", "key", name=op.f("pk_custom_fields")),
    )


def downgrade() -> None:
    """Take back."""
    op.drop_table("custom_fields")
