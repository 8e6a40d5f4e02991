"""Bulk imports that can be undone, sources, tags, full-text search, typed fields, several suppression lists."""

from __future__ import annotations

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

from hookline.db import contact_search, types

revision = "core0007"
down_revision = "core0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "contact_search",
        sa.Column("contact_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], name=op.f("fk_contact_search_contact_id_contacts")),
        sa.PrimaryKeyConstraint("contact_id", name=op.f("pk_contact_search")),
    )
    op.create_table(
        "contact_tags",
        sa.Column("contact_id", sa.Integer(), nullable=False),
        sa.Column("tag", sa.String(), nullable=False),
        sa.Column("client_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["client_id"], ["clients.id"], name=op.f("fk_contact_tags_client_id_clients")),
        sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], name=op.f("fk_contact_tags_contact_id_contacts")),
        sa.PrimaryKeyConstraint("contact_id", "tag", name=op.f("pk_contact_tags")),
    )
    with op.batch_alter_table("contact_tags", schema=None) as batch_op:
        batch_op.create_index(
            "ix_contact_tags_client_id_tag_contact_id", ["client_id", "tag", "contact_id"], unique=False
        )

    op.create_table(
        "import_sources",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("client_id", sa.Integer(), nullable=False),
        sa.Column("list_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("location", sa.String(), nullable=False),
        sa.Column("mapping", sa.JSON(), nullable=False),
        sa.Column("rules", sa.JSON(), nullable=False),
        sa.Column("every_minutes", sa.Integer(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("next_at", types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("last_at", types.UtcDateTime(timezone=True), nullable=True),
        sa.Column("last_result", sa.String(), nullable=False),
        sa.Column("last_params", sa.JSON(), nullable=False),
        sa.Column("last_ok", sa.Boolean(), nullable=False),
        sa.Column("created_by", sa.Integer(), nullable=True),
        sa.Column("created_at", types.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["client_id"], ["clients.id"], name=op.f("fk_import_sources_client_id_clients")),
        sa.ForeignKeyConstraint(["created_by"], ["users.id"], name=op.f("fk_import_sources_created_by_users")),
        sa.ForeignKeyConstraint(["list_id"], ["lists.id"], name=op.f("fk_import_sources_list_id_lists")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_sources")),
    )
    with op.batch_alter_table("import_sources", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_import_sources_list_id"), ["list_id"], unique=False)

    op.create_table(
        "list_fields",
        sa.Column("list_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("choices", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["list_id"], ["lists.id"], name=op.f("fk_list_fields_list_id_lists")),
        sa.PrimaryKeyConstraint("list_id", "key", name=op.f("pk_list_fields")),
    )
    op.create_table(
        "suppression_lists",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("client_id", sa.Integer(), nullable=True),
        sa.Column("campaign_id", sa.Integer(), nullable=True),
        sa.Column("created_at", types.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaigns.id"], name=op.f("fk_suppression_lists_campaign_id_campaigns")
        ),
        sa.ForeignKeyConstraint(["client_id"], ["clients.id"], name=op.f("fk_suppression_lists_client_id_clients")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_suppression_lists")),
    )
    with op.batch_alter_table("suppression_lists", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_suppression_lists_client_id"), ["client_id"], unique=False)

    op.create_table(
        "import_source_files",
        sa.Column("source_id", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("import_id", sa.Integer(), nullable=True),
        sa.Column("taken_at", types.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["source_id"], ["import_sources.id"], name=op.f("fk_import_source_files_source_id_import_sources")
        ),
        sa.PrimaryKeyConstraint("source_id", "digest", name=op.f("pk_import_source_files")),
    )
    with op.batch_alter_table("contact_numbers", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_contact_numbers_e164"))
        batch_op.drop_constraint(batch_op.f("uq_contact_numbers_client_id_e164"), type_="unique")
        batch_op.create_unique_constraint(batch_op.f("uq_contact_numbers_e164_client_id"), ["e164", "client_id"])

    with op.batch_alter_table("contacts", schema=None) as batch_op:
        batch_op.add_column(sa.Column("region", sa.String(), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("import_id", sa.Integer(), nullable=True))

    with op.batch_alter_table("imports", schema=None) as batch_op:
        batch_op.add_column(sa.Column("rules", sa.JSON(), nullable=False, server_default="{}"))
        batch_op.add_column(sa.Column("duplicates", sa.Integer(), nullable=False, server_default="0"))
        batch_op.add_column(sa.Column("suppressed", sa.Integer(), nullable=False, server_default="0"))
        batch_op.add_column(sa.Column("first_contact_id", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("last_contact_id", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("source_id", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("started_at", types.UtcDateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("undone_at", types.UtcDateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("removed", sa.Integer(), nullable=False, server_default="0"))

    with op.batch_alter_table("list_contacts", schema=None) as batch_op:
        batch_op.add_column(sa.Column("import_id", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("added_at", types.UtcDateTime(timezone=True), nullable=True))

    with op.batch_alter_table("lists", schema=None) as batch_op:
        batch_op.add_column(sa.Column("archived_at", types.UtcDateTime(timezone=True), nullable=True))

    with op.batch_alter_table("suppressions", schema=None) as batch_op:
        batch_op.add_column(sa.Column("list_id", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("expires_at", types.UtcDateTime(timezone=True), nullable=True))
        batch_op.create_index(batch_op.f("ix_suppressions_list_id"), ["list_id"], unique=False)
        batch_op.create_foreign_key(
            batch_op.f("fk_suppressions_list_id_suppression_lists"), "suppression_lists", ["list_id"], ["id"]
        )

    _make_suppression_lists()
    contact_search.create(op.get_bind())
    contact_search.rebuild(op.get_bind())


def downgrade() -> None:
    """Take back."""
    contact_search.drop(op.get_bind())
    with op.batch_alter_table("suppressions", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_suppressions_list_id_suppression_lists"), type_="foreignkey")
        batch_op.drop_index(batch_op.f("ix_suppressions_list_id"))
        batch_op.drop_column("expires_at")
        batch_op.drop_column("list_id")

    with op.batch_alter_table("lists", schema=None) as batch_op:
        batch_op.drop_column("archived_at")

    with op.batch_alter_table("list_contacts", schema=None) as batch_op:
        batch_op.drop_column("added_at")
        batch_op.drop_column("import_id")

    with op.batch_alter_table("imports", schema=None) as batch_op:
        batch_op.drop_column("removed")
        batch_op.drop_column("undone_at")
        batch_op.drop_column("started_at")
        batch_op.drop_column("source_id")
        batch_op.drop_column("last_contact_id")
        batch_op.drop_column("first_contact_id")
        batch_op.drop_column("suppressed")
        batch_op.drop_column("duplicates")
        batch_op.drop_column("rules")

    with op.batch_alter_table("contacts", schema=None) as batch_op:
        batch_op.drop_column("import_id")
        batch_op.drop_column("region")

    with op.batch_alter_table("contact_numbers", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("uq_contact_numbers_e164_client_id"), type_="unique")
        batch_op.create_unique_constraint(batch_op.f("uq_contact_numbers_client_id_e164"), ["client_id", "e164"])
        batch_op.create_index(batch_op.f("ix_contact_numbers_e164"), ["e164"], unique=False)

    op.drop_table("import_source_files")
    with op.batch_alter_table("suppression_lists", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_suppression_lists_client_id"))

    op.drop_table("suppression_lists")
    op.drop_table("list_fields")
    with op.batch_alter_table("import_sources", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_import_sources_list_id"))

    op.drop_table("import_sources")
    with op.batch_alter_table("contact_tags", schema=None) as batch_op:
        batch_op.drop_index("ix_contact_tags_client_id_tag_contact_id")

    op.drop_table("contact_tags")
    op.drop_table("contact_search")


def _make_suppression_lists() -> None:
    """The one list there was becomes a list for each reach that has entries."""
    bind = op.get_bind()
    entries = sa.table("suppressions", *(sa.column(n, sa.Integer) for n in ("list_id", "client_id", "campaign_id")))
    lists = sa.table(
        "suppression_lists",
        *(sa.column(n, sa.Integer) for n in ("id", "client_id", "campaign_id")),
        sa.column("name", sa.String),
        sa.column("created_at", types.UtcDateTime(timezone=True)),
    )
    reaches = bind.execute(sa.select(entries.c.client_id, entries.c.campaign_id).distinct()).all()
    for number, (client_id, campaign_id) in enumerate(reaches, start=1):
        made = {"client_id": client_id, "campaign_id": campaign_id, "created_at": datetime.now(UTC)}
        bind.execute(lists.insert().values(name="Suppression list", **made))
        bind.execute(
            entries.update()
            .where(
                entries.c.client_id.is_not_distinct_from(client_id),
                entries.c.campaign_id.is_not_distinct_from(campaign_id),
            )
            .values(list_id=number)
        )
