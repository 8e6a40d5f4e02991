"""Clients' own accounts, numbers, and what became of calls, recordings and voicemail at Twilio."""

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
        "telephony_twilio_numbers",
        sa.Column("sid", sa.String(), nullable=False),
        sa.Column("account_sid", sa.String(), nullable=False),
        sa.Column("e164", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("ours", sa.Boolean(), nullable=False),
        sa.Column("seen_at", types.UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("sid", name=op.f("pk_telephony_twilio_numbers")),
        sa.UniqueConstraint("e164", name=op.f("uq_telephony_twilio_numbers_e164")),
    )
    with op.batch_alter_table("telephony_twilio_numbers", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_telephony_twilio_numbers_account_sid"), ["account_sid"], unique=False)

    op.create_table(
        "telephony_twilio_accounts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("client_id", sa.Integer(), nullable=False),
        sa.Column("account_sid", sa.String(), nullable=False),
        sa.Column("api_key_sid", sa.String(), nullable=False),
        sa.Column("secret_variable", sa.String(), nullable=False),
        sa.Column("token_variable", sa.String(), nullable=False),
        sa.Column("caller_id", sa.String(), nullable=False),
        sa.Column("app_sid", sa.String(), nullable=False),
        sa.Column("created_at", types.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["client_id"], ["clients.id"], name=op.f("fk_telephony_twilio_accounts_client_id_clients")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_telephony_twilio_accounts")),
        sa.UniqueConstraint("account_sid", name=op.f("uq_telephony_twilio_accounts_account_sid")),
        sa.UniqueConstraint("client_id", name=op.f("uq_telephony_twilio_accounts_client_id")),
        sa.UniqueConstraint("name", name=op.f("uq_telephony_twilio_accounts_name")),
    )
    op.create_table(
        "telephony_twilio_calls",
        sa.Column("leg_id", sa.String(), nullable=False),
        sa.Column("account_sid", sa.String(), nullable=False),
        sa.Column("client_id", sa.Integer(), nullable=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("call_sid", sa.String(), nullable=False),
        sa.Column("requested_at", types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("ended_at", types.UtcDateTime(timezone=True), nullable=True),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("duration_seconds", sa.Integer(), nullable=False),
        sa.Column("price", sa.Numeric(precision=12, scale=5), nullable=True),
        sa.Column("price_unit", sa.String(), nullable=False),
        sa.Column("price_asked", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["client_id"], ["clients.id"], name=op.f("fk_telephony_twilio_calls_client_id_clients")
        ),
        sa.PrimaryKeyConstraint("leg_id", name=op.f("pk_telephony_twilio_calls")),
    )
    with op.batch_alter_table("telephony_twilio_calls", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_telephony_twilio_calls_call_sid"), ["call_sid"], unique=False)
        batch_op.create_index(batch_op.f("ix_telephony_twilio_calls_client_id"), ["client_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_telephony_twilio_calls_ended_at"), ["ended_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_telephony_twilio_calls_requested_at"), ["requested_at"], unique=False)

    op.create_table(
        "telephony_twilio_recordings",
        sa.Column("recording_id", sa.String(), nullable=False),
        sa.Column("sid", sa.String(), nullable=False),
        sa.Column("account_sid", sa.String(), nullable=False),
        sa.Column("call_sid", sa.String(), nullable=False),
        sa.Column("client_id", sa.Integer(), nullable=True),
        sa.Column("path", sa.String(), nullable=False),
        sa.Column("begun_at", types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("fetched_at", types.UtcDateTime(timezone=True), nullable=True),
        sa.Column("bytes", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("deleted_at", types.UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["client_id"], ["clients.id"], name=op.f("fk_telephony_twilio_recordings_client_id_clients")
        ),
        sa.PrimaryKeyConstraint("recording_id", name=op.f("pk_telephony_twilio_recordings")),
    )
    with op.batch_alter_table("telephony_twilio_recordings", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_telephony_twilio_recordings_client_id"), ["client_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_telephony_twilio_recordings_deleted_at"), ["deleted_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_telephony_twilio_recordings_sid"), ["sid"], unique=False)

    op.create_table(
        "telephony_twilio_voicemails",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("client_id", sa.Integer(), nullable=True),
        sa.Column("account_sid", sa.String(), nullable=False),
        sa.Column("line", sa.String(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("sid", sa.String(), nullable=False),
        sa.Column("path", sa.String(), nullable=False),
        sa.Column("seconds", sa.Double(), nullable=False),
        sa.Column("erased", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("received_at", types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("heard_at", types.UtcDateTime(timezone=True), nullable=True),
        sa.Column("deleted_at", types.UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["client_id"], ["clients.id"], name=op.f("fk_telephony_twilio_voicemails_client_id_clients")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_telephony_twilio_voicemails")),
        sa.UniqueConstraint("sid", name=op.f("uq_telephony_twilio_voicemails_sid")),
    )
    with op.batch_alter_table("telephony_twilio_voicemails", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_telephony_twilio_voicemails_client_id"), ["client_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_telephony_twilio_voicemails_number"), ["number"], unique=False)
        batch_op.create_index(batch_op.f("ix_telephony_twilio_voicemails_received_at"), ["received_at"], unique=False)


def downgrade() -> None:
    """Take back."""
    with op.batch_alter_table("telephony_twilio_voicemails", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_telephony_twilio_voicemails_received_at"))
        batch_op.drop_index(batch_op.f("ix_telephony_twilio_voicemails_number"))
        batch_op.drop_index(batch_op.f("ix_telephony_twilio_voicemails_client_id"))

    op.drop_table("telephony_twilio_voicemails")
    with op.batch_alter_table("telephony_twilio_recordings", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_telephony_twilio_recordings_sid"))
        batch_op.drop_index(batch_op.f("ix_telephony_twilio_recordings_deleted_at"))
        batch_op.drop_index(batch_op.f("ix_telephony_twilio_recordings_client_id"))

    op.drop_table("telephony_twilio_recordings")
    with op.batch_alter_table("telephony_twilio_calls", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_telephony_twilio_calls_requested_at"))
        batch_op.drop_index(batch_op.f("ix_telephony_twilio_calls_ended_at"))
        batch_op.drop_index(batch_op.f("ix_telephony_twilio_calls_client_id"))
        batch_op.drop_index(batch_op.f("ix_telephony_twilio_calls_call_sid"))

    op.drop_table("telephony_twilio_calls")
    op.drop_table("telephony_twilio_accounts")
    with op.batch_alter_table("telephony_twilio_numbers", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_telephony_twilio_numbers_account_sid"))

    op.drop_table("telephony_twilio_numbers")
