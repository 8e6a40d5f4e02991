"""Results on their way to a webhook endpoint, piece by piece."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from hookline.db.base import Base


class ResultPush(Base):
    """A campaign's results, or its contacts, sent to an endpoint. `state`: running, done, failed, cancelled.

    Only how far it is is kept; each piece is made from the data when it is sent.
    """

    __tablename__ = "result_pushes"
    held = True

    id: Mapped[int] = mapped_column(primary_key=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaigns.id"), index=True)
    endpoint_id: Mapped[int] = mapped_column(ForeignKey("webhook_endpoints.id"))
    #: What a row stands for: "call" or "contact".
    per: Mapped[str]
    state: Mapped[str] = mapped_column(default="running")
    #: Rows up to this id have arrived.
    after_id: Mapped[int] = mapped_column(default=0)
    #: The number of the piece that is next, from 1.
    piece: Mapped[int] = mapped_column(default=1)
    rows_sent: Mapped[int] = mapped_column(default=0)
    rows_total: Mapped[int] = mapped_column(default=0)
    #: Failed tries of this piece.
    attempts: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[datetime]
    #: Of the last try: the HTTP status, and a message id that says what went wrong.
    status: Mapped[int | None]
    error: Mapped[str] = mapped_column(default="")
    asked_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
