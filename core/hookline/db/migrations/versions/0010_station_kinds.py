"""Which kind of station an agent works at, and which page is his browser's phone."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "core0010"
down_revision = "core0009"
branch_labels = None
depends_on = None

_STATIONS = sa.table("stations", sa.column("id", sa.Integer()), sa.column("kind", sa.String()))


def upgrade() -> None:
    """Apply."""
    with op.batch_alter_table("agent_sessions") as batch_op:
        batch_op.add_column(sa.Column("station_kind", sa.String(), nullable=False, server_default="sip"))
        batch_op.add_column(sa.Column("phone_page", sa.String(), nullable=False, server_default=""))
    with op.batch_alter_table("agent_sessions") as batch_op:
        for name in ("station_kind", "phone_page"):
            batch_op.alter_column(name, existing_type=sa.String(), server_default=None)
    op.execute(_STATIONS.update().where(_STATIONS.c.kind == "sip_phone").values(kind="sip"))


def downgrade() -> None:
    """Take back. Stations that are numbers are then of a kind that the older version does not know, and unusable."""
    op.execute(_STATIONS.update().where(_STATIONS.c.kind == "sip").values(kind="sip_phone"))
    with op.batch_alter_table("agent_sessions") as batch_op:
        batch_op.drop_column("phone_page")
        batch_op.drop_column("station_kind")
