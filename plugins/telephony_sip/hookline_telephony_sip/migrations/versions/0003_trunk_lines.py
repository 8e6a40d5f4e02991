"""Trunks say their prefix, codecs, digits, channels, and whether calls come in by them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_TABLE = "telephony_sip_trunks"


def upgrade() -> None:
    """Apply."""
    with op.batch_alter_table(_TABLE) as table:
        table.add_column(sa.Column("dial_prefix", sa.String(), server_default="", nullable=False))
        table.add_column(sa.Column("codecs", sa.String(), server_default="PCMA,PCMU", nullable=False))
        table.add_column(sa.Column("dtmf", sa.String(), server_default="rfc4733", nullable=False))
        table.add_column(sa.Column("max_channels", sa.Integer(), server_default="0", nullable=False))
        table.add_column(sa.Column("inbound", sa.Boolean(), server_default=sa.false(), nullable=False))
        table.add_column(sa.Column("registers", sa.Boolean(), server_default=sa.false(), nullable=False))


def downgrade() -> None:
    """Take back."""
    with op.batch_alter_table(_TABLE) as table:
        for name in ("registers", "inbound", "max_channels", "dtmf", "codecs", "dial_prefix"):
            table.drop_column(name)
