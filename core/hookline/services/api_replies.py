"""Answers to requests with an idempotency key, kept for a day: asked again, the same answer is given, nothing done."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError

from hookline.db.database import Database
from hookline.db.models import ApiReply
from hookline.errors import Collision, Conflict, InvalidInput
from hookline.text import N_

KEPT = timedelta(hours=24)


class KeyInUse(Conflict):
    """A request with this key has begun and has no answer yet."""

    id = "idempotency-key-in-use"


class KeyReused(InvalidInput):
    """The key belongs to another request."""

    id = "idempotency-key-reused"


@dataclass(frozen=True)
class Reply:
    """An answer as it is kept: ids and counts, no personal data."""

    status: int
    location: str = ""
    body: dict[str, Any] = field(default_factory=dict)


class ReplyService:
    """Remembers what was answered."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def begin(self, token_id: int, key: str, request_hash: str) -> Reply | None:
        """Claim the key for this request. The kept answer where it was given before, None where it is to be worked on.

        Raises KeyInUse while (or where) the first has no answer, KeyReused where the key was used for something else.
        """
        try:
            with self._db.write() as unit:
                now = unit.clock.now()
                unit.session.execute(delete(ApiReply).where(ApiReply.created_at <= now - KEPT))
                known = unit.session.get(ApiReply, (token_id, key))
                if known is None:
                    unit.session.add(
                        ApiReply(token_id=token_id, key=key, request_hash=request_hash, body={}, created_at=now)
                    )
                    return None
        except (IntegrityError, Collision) as error:
            raise _in_use() from error
        if known.request_hash != request_hash:
            raise KeyReused(
                N_("This idempotency key was used for another request."),
                N_("Use a new key for each new request; repeat a key only with the very same request."),
            )
        if known.status is None:
            raise _in_use()
        return Reply(known.status, known.location, known.body)

    def finish(self, token_id: int, key: str, reply: Reply) -> None:
        """Keep the answer."""
        with self._db.write() as unit:
            kept = unit.session.get_one(ApiReply, (token_id, key))
            kept.status, kept.location, kept.body = reply.status, reply.location, reply.body

    def release(self, token_id: int, key: str) -> None:
        """Give the key back: the request failed and changed nothing, so it may be sent again."""
        with self._db.write() as unit:
            unit.session.execute(delete(ApiReply).where(ApiReply.token_id == token_id, ApiReply.key == key))


def _in_use() -> KeyInUse:
    return KeyInUse(
        N_("A request with this idempotency key is being worked on."),
        N_("Wait and send it again; where that stays so, look whether it took effect, and use a new key."),
    )
