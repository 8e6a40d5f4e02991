"""Campaigns' priority, schedule, holidays, caps, dial modes; claims that cost the same at any size."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from hookline.db import types

revision = "core0008"
down_revision = "core0007"
branch_labels = None
depends_on = None

_CAMPAIGN: tuple[tuple[str, Any, str], ...] = (
    ("priority", sa.Integer(), "0"),
    ("holidays", sa.JSON(), "[]"),
    ("attempts_per_week", sa.Integer(), "0"),
    ("number_attempts_per_day", sa.Integer(), "0"),
    ("number_attempts_per_week", sa.Integer(), "0"),
    ("number_attempts_total", sa.Integer(), "0"),
    ("target", sa.Integer(), "0"),
    ("preview_seconds", sa.Integer(), "0"),
    ("power_ratio", sa.Double(), "1.5"),
    ("abandon_limit", sa.Double(), "0.03"),
    ("abandon_rule", sa.String(), "thirty_days"),
    ("abandon_care_hours", sa.Integer(), "72"),
    ("machine_action", sa.String(), "ignore"),
)
_INDEXES: tuple[tuple[str, list[Any], str | None], ...] = (
    ("waiting", ["campaign_id", "time_zone", sa.text("priority DESC"), "state", "id"], "state IN ('new', 'due')"),
    ("sleeping", ["campaign_id", "next_due_at"], "state = 'retry'"),
    ("promised", ["campaign_id", "next_due_at"], "state = 'callback'"),
    ("state", ["campaign_id", "state"], None),
    ("reserved", ["reserved_at"], "state = 'reserved'"),
    ("careful", ["campaign_id", "time_zone"], "agent_only_until IS NOT NULL"),
)
_SQLITE_TRIGGERS = {
    "campaign_contacts_zone": """
        CREATE TRIGGER campaign_contacts_zone AFTER INSERT ON campaign_contacts WHEN NEW.time_zone = ''
        BEGIN UPDATE campaign_contacts SET time_zone =
        (SELECT time_zone FROM contacts WHERE contacts.id = NEW.contact_id)
        WHERE id = NEW.id; END""",
    "contacts_zone": """
        CREATE TRIGGER contacts_zone AFTER UPDATE OF time_zone ON contacts WHEN NEW.time_zone <> OLD.time_zone
        BEGIN UPDATE campaign_contacts SET time_zone = NEW.time_zone WHERE contact_id = NEW.id; END""",
}
_POSTGRESQL = (
    """CREATE FUNCTION hookline_record_zone() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            NEW.time_zone := (SELECT time_zone FROM contacts WHERE contacts.id = NEW.contact_id);
            RETURN NEW;
        END $$""",
    """CREATE TRIGGER campaign_contacts_zone BEFORE INSERT ON campaign_contacts FOR EACH ROW
        WHEN (NEW.time_zone = '') EXECUTE FUNCTION hookline_record_zone()""",
    """CREATE FUNCTION hookline_contact_zone() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN UPDATE campaign_contacts SET time_zone = NEW.time_zone WHERE contact_id = NEW.id; RETURN NULL; END $$""",
    """CREATE TRIGGER contacts_zone AFTER UPDATE OF time_zone ON contacts FOR EACH ROW
        WHEN (NEW.time_zone <> OLD.time_zone) EXECUTE FUNCTION hookline_contact_zone()""",
)


def upgrade() -> None:
    """Apply."""
    with op.batch_alter_table("campaigns", schema=None) as batch_op:
        for name, kind, default in _CAMPAIGN:
            batch_op.add_column(sa.Column(name, kind, nullable=False, server_default=default))
        batch_op.add_column(sa.Column("starts_at", types.UtcDateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("ends_at", types.UtcDateTime(timezone=True), nullable=True))
    with op.batch_alter_table("campaign_agents", schema=None) as batch_op:
        batch_op.add_column(sa.Column("weight", sa.Integer(), nullable=False, server_default="1"))
    with op.batch_alter_table("calls", schema=None) as batch_op:
        batch_op.add_column(sa.Column("answerer", sa.String(), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("settled_at", types.UtcDateTime(timezone=True), nullable=True))
    op.create_index(
        "ix_calls_open",
        "calls",
        ["state"],
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    with op.batch_alter_table("campaign_contacts", schema=None) as batch_op:
        batch_op.add_column(sa.Column("time_zone", sa.String(), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("agent_only_until", types.UtcDateTime(timezone=True), nullable=True))
        batch_op.drop_index("ix_campaign_contacts_due")
    op.execute(
        "UPDATE campaign_contacts SET time_zone ="
        " (SELECT time_zone FROM contacts WHERE contacts.id = campaign_contacts.contact_id)"
    )
    for name, columns, condition in _INDEXES:
        where = sa.text(condition) if condition else None
        op.create_index(
            f"ix_campaign_contacts_{name}", "campaign_contacts", columns, sqlite_where=where, postgresql_where=where
        )
    for statement in _SQLITE_TRIGGERS.values() if op.get_bind().dialect.name == "sqlite" else _POSTGRESQL:
        op.execute(statement)
    op.create_table(
        "pacing_ticks",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("at", types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("pacer", sa.String(), nullable=False),
        sa.Column("calls", sa.Integer(), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("inputs", sa.JSON(), nullable=False),
        sa.Column("estimates", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaigns.id"], name=op.f("fk_pacing_ticks_campaign_id_campaigns")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pacing_ticks")),
    )
    op.create_index("ix_pacing_ticks_campaign_at", "pacing_ticks", ["campaign_id", "at"])


def downgrade() -> None:
    """Take back."""
    op.drop_table("pacing_ticks")
    if op.get_bind().dialect.name == "sqlite":
        for name in _SQLITE_TRIGGERS:
            op.execute(f"DROP TRIGGER {name}")
    else:
        op.execute("DROP TRIGGER campaign_contacts_zone ON campaign_contacts")
        op.execute("DROP TRIGGER contacts_zone ON contacts")
        op.execute("DROP FUNCTION hookline_record_zone()")
        op.execute("DROP FUNCTION hookline_contact_zone()")
    op.execute("UPDATE campaign_contacts SET state = 'retry' WHERE state = 'due'")
    for name, _columns, _condition in _INDEXES:
        op.drop_index(f"ix_campaign_contacts_{name}", "campaign_contacts")
    with op.batch_alter_table("campaign_contacts", schema=None) as batch_op:
        batch_op.drop_column("agent_only_until")
        batch_op.drop_column("time_zone")
        batch_op.create_index("ix_campaign_contacts_due", ["campaign_id", "state", "priority", "next_due_at", "id"])
    op.drop_index("ix_calls_open", "calls")
    with op.batch_alter_table("calls", schema=None) as batch_op:
        batch_op.drop_column("settled_at")
        batch_op.drop_column("answerer")
    with op.batch_alter_table("campaign_agents", schema=None) as batch_op:
        batch_op.drop_column("weight")
    with op.batch_alter_table("campaigns", schema=None) as batch_op:
        batch_op.drop_column("ends_at")
        batch_op.drop_column("starts_at")
        for name, _kind, _default in reversed(_CAMPAIGN):
            batch_op.drop_column(name)
