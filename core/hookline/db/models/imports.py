"""Imports of contact lists and what they rejected."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from hookline.db.base import Base, marks


class ImportRun(Base):
    """One file brought into one list. `state`: uploaded, running, done, failed."""

    __tablename__ = "imports"
    impersonal = marks(file_name="the file's")
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
    state: Mapped[str] = mapped_column(default="uploaded")
    total: Mapped[int] = mapped_column(default=0)
    done: Mapped[int] = mapped_column(default=0)
    imported: Mapped[int] = mapped_column(default=0)
    merged: Mapped[int] = mapped_column(default=0)
    rejected: Mapped[int] = mapped_column(default=0)
    #: Remarks on rows that were imported all the same (a second number dropped, an e-mail address that is none).
    warnings: Mapped[int] = mapped_column(default=0)
    error: Mapped[str] = mapped_column(default="")
    #: Names the one worker that may go on with it; another's next batch is refused.
    worker: Mapped[str] = mapped_column(default="")
    created_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]


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
