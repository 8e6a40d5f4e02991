"""Tokens of the JSON API, and its answers that may be asked for again."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from hookline.db.base import Base, marks


class ApiToken(Base):
    """What a program shows to be let in. The token itself is not kept: only its SHA-256, and how it begins."""

    __tablename__ = "api_tokens"
    impersonal = marks(name="the program's")

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    #: The token's beginning, by which people recognise it.
    prefix: Mapped[str]
    token_hash: Mapped[str] = mapped_column(unique=True)
    permissions: Mapped[list[str]]
    #: Every client, also those added later; else only those in `ApiTokenClient`.
    all_clients: Mapped[bool] = mapped_column(default=False)
    created_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    last_used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    revoked_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))


class ApiTokenClient(Base):
    """A client whose data a token reaches."""

    __tablename__ = "api_token_clients"

    token_id: Mapped[int] = mapped_column(ForeignKey("api_tokens.id"), primary_key=True)
    client_id: Mapped[int] = mapped_column(ForeignKey("clients.id"), primary_key=True)


class ApiReply(Base):
    """A request with an idempotency key, and its answer once there is one (`status` set). Kept for a day."""

    __tablename__ = "api_replies"
    impersonal = marks(body="ids and counts only")
    held = True

    token_id: Mapped[int] = mapped_column(ForeignKey("api_tokens.id"), primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    #: SHA-256 of the method, the address and what was sent.
    request_hash: Mapped[str]
    status: Mapped[int | None]
    location: Mapped[str] = mapped_column(default="")
    #: Ids and counts only: what was made is asked for by its id.
    body: Mapped[dict[str, Any]] = mapped_column(default=dict)
    created_at: Mapped[datetime] = mapped_column(index=True)
