"""tokens of the JSON API, and its kept answers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from hookline.db import types

revision = "core0003"
down_revision = "core0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "api_tokens",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("prefix", sa.String(), nullable=False),
        sa.Column("token_hash", sa.String(), nullable=False),
        sa.Column("permissions", sa.JSON(), nullable=False),
        sa.Column("all_clients", sa.Boolean(), nullable=False),
        sa.Column("created_by", sa.Integer(), nullable=True),
        sa.Column("created_at", types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("expires_at", types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("last_used_at", types.UtcDateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", types.UtcDateTime(timezone=True), nullable=True),
        sa.Column("revoked_by", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["created_by"], ["users.id"], name=op.f("fk_api_tokens_created_by_users")),
        sa.ForeignKeyConstraint(["revoked_by"], ["users.id"], name=op.f("fk_api_tokens_revoked_by_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_tokens")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_api_tokens_token_hash")),
    )
    op.create_table(
        "api_token_clients",
        sa.Column("token_id", sa.Integer(), nullable=False),
        sa.Column("client_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["client_id"], ["clients.id"], name=op.f("fk_api_token_clients_client_id_clients")),
        sa.ForeignKeyConstraint(["token_id"], ["api_tokens.id"], name=op.f("fk_api_token_clients_token_id_api_tokens")),
        sa.PrimaryKeyConstraint("token_id", "client_id", name=op.f("pk_api_token_clients")),
    )
    op.create_table(
        "api_replies",
        sa.Column("token_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("request_hash", sa.String(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("location", sa.String(), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("created_at", types.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["token_id"], ["api_tokens.id"], name=op.f("fk_api_replies_token_id_api_tokens")),
        sa.PrimaryKeyConstraint("token_id", "key", name=op.f("pk_api_replies")),
    )
    with op.batch_alter_table("api_replies", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_api_replies_created_at"), ["created_at"], unique=False)


def downgrade() -> None:
    """Take back."""
    with op.batch_alter_table("api_replies", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_api_replies_created_at"))
    op.drop_table("api_replies")
    op.drop_table("api_token_clients")
    op.drop_table("api_tokens")
