"""Imports of contact lists and what they rejected."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from hookline.db.base import Base, marks


class ImportRun(Base):
    """One file brought into one list. `state`: see `hookline.services.imports.model.ImportState`."""

    __tablename__ = "imports"
    impersonal = marks(
        file_name="the file's",
        first_contact_id="an edge of a range of ids",
        last_contact_id="an edge of a range of ids",
    )
    held = True

    id: Mapped[int] = mapped_column(primary_key=True)
    client_id: Mapped[int] = mapped_column(ForeignKey("clients.id"))
    list_id: Mapped[int] = mapped_column(ForeignKey("lists.id"), index=True)
    file_name: Mapped[str]
    #: Where the upload is kept until the import ends, below the data folder.
    stored_as: Mapped[str]
    #: delimiter, encoding, has_header, columns, as found in the file
    dialect: Mapped[dict[str, Any]]
    #: column index (as text) -> field name
    mapping: Mapped[dict[str, Any]] = mapped_column(default=dict)
    #: How rows that are known already are told and what becomes of them (see `hookline.services.imports.rules`).
    rules: Mapped[dict[str, Any]] = mapped_column(default=dict)
    state: Mapped[str] = mapped_column(default="uploaded")
    total: Mapped[int] = mapped_column(default=0)
    done: Mapped[int] = mapped_column(default=0)
    imported: Mapped[int] = mapped_column(default=0)
    merged: Mapped[int] = mapped_column(default=0)
    rejected: Mapped[int] = mapped_column(default=0)
    #: Remarks on rows that were imported all the same (a second number dropped, an e-mail address that is none).
    warnings: Mapped[int] = mapped_column(default=0)
    #: Of the rejected: known already and left out by the rules, and suppressed.
    duplicates: Mapped[int] = mapped_column(default=0)
    suppressed: Mapped[int] = mapped_column(default=0)
    #: The contacts it made lie between these ids.
    first_contact_id: Mapped[int | None]
    last_contact_id: Mapped[int | None]
    #: The folder or address it was fetched from; None for an upload.
    source_id: Mapped[int | None]
    error: Mapped[str] = mapped_column(default="")
    #: Names the one worker that may go on with it; another's next batch is refused.
    worker: Mapped[str] = mapped_column(default="")
    created_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    undone_at: Mapped[datetime | None]
    #: How many contacts its undoing removed.
    removed: Mapped[int] = mapped_column(default=0)


class ImportRejection(Base):
    """A row that was not imported, kept whole so that it can be handed back. `reason` is a message id."""

    __tablename__ = "import_rejections"
    personal = marks(params="contact", cells="contact")

    id: Mapped[int] = mapped_column(primary_key=True)
    import_id: Mapped[int] = mapped_column(ForeignKey("imports.id"), index=True)
    row_number: Mapped[int]
    reason: Mapped[str]
    params: Mapped[dict[str, Any]] = mapped_column(default=dict)
    cells: Mapped[list[str]]


class ImportWarning(Base):
    """A remark on a row that was imported. `message` is a message id, filled in with `params`."""

    __tablename__ = "import_warnings"
    personal = marks(params="contact")

    id: Mapped[int] = mapped_column(primary_key=True)
    import_id: Mapped[int] = mapped_column(ForeignKey("imports.id"), index=True)
    row_number: Mapped[int]
    message: Mapped[str]
    params: Mapped[dict[str, Any]] = mapped_column(default=dict)


class ImportSource(Base):
    """A folder or an address that is looked at on a schedule; what is new there is imported into one list."""

    __tablename__ = "import_sources"
    impersonal = marks(name="the source's", last_params="counts and names of files")
    held = True

    id: Mapped[int] = mapped_column(primary_key=True)
    client_id: Mapped[int] = mapped_column(ForeignKey("clients.id"))
    list_id: Mapped[int] = mapped_column(ForeignKey("lists.id"), index=True)
    name: Mapped[str]
    #: "folder" (`location` is a folder below the inbox) or "url"
    kind: Mapped[str]
    location: Mapped[str]
    #: header, in lower case -> field name; empty: guessed as for an upload
    mapping: Mapped[dict[str, Any]] = mapped_column(default=dict)
    rules: Mapped[dict[str, Any]] = mapped_column(default=dict)
    every_minutes: Mapped[int] = mapped_column(default=60)
    active: Mapped[bool] = mapped_column(default=True)
    next_at: Mapped[datetime]
    last_at: Mapped[datetime | None]
    #: A message id, filled in with `last_params`.
    last_result: Mapped[str] = mapped_column(default="")
    last_params: Mapped[dict[str, Any]] = mapped_column(default=dict)
    last_ok: Mapped[bool] = mapped_column(default=True)
    created_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime]


class ImportSourceFile(Base):
    """A file of a source that was taken, known by the SHA-256 of its content: it is not taken again."""

    __tablename__ = "import_source_files"

    source_id: Mapped[int] = mapped_column(ForeignKey("import_sources.id"), primary_key=True)
    digest: Mapped[str] = mapped_column(primary_key=True)
    import_id: Mapped[int | None]
    taken_at: Mapped[datetime]
