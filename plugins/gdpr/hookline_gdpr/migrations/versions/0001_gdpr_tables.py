"""consents."""

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
        "gdpr_consents",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("client_id", sa.Integer(), nullable=False),
        sa.Column("contact_id", sa.Integer(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("wording", sa.Text(), nullable=False),
        sa.Column("wording_version", sa.String(), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("given_at", types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("valid_until", types.UtcDateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_at", types.UtcDateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_because", sa.String(), nullable=False),
        sa.Column("withdrawn_by", sa.Integer(), nullable=True),
        sa.Column("recorded_at", types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["client_id"], ["clients.id"], name=op.f("fk_gdpr_consents_client_id_clients")),
        sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], name=op.f("fk_gdpr_consents_contact_id_contacts")),
        sa.ForeignKeyConstraint(["recorded_by"], ["users.id"], name=op.f("fk_gdpr_consents_recorded_by_users")),
        sa.ForeignKeyConstraint(["withdrawn_by"], ["users.id"], name=op.f("fk_gdpr_consents_withdrawn_by_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gdpr_consents")),
    )
    with op.batch_alter_table("gdpr_consents", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_gdpr_consents_client_id"), ["client_id"], unique=False)
        batch_op.create_index("ix_gdpr_consents_contact_purpose", ["contact_id", "purpose"], unique=False)


def downgrade() -> None:
    """Take back."""
    with op.batch_alter_table("gdpr_consents", schema=None) as batch_op:
        batch_op.drop_index("ix_gdpr_consents_contact_purpose")
        batch_op.drop_index(batch_op.f("ix_gdpr_consents_client_id"))

    op.drop_table("gdpr_consents")
