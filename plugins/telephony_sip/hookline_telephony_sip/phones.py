"""Agents' SIP phones that register with the proxy in front: a name and a generated secret, kept as HA1 only."""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass

from sqlalchemy import select

from hookline.db.database import Database
from hookline.domain.access import Actor
from hookline.errors import InvalidInput, NotFound
from hookline.text import N_
from hookline_telephony_sip.models import PhoneRecord
from hookline_telephony_sip.permissions import MANAGE

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,39}")


@dataclass(frozen=True)
class RegisteredPhone:
    """As the proxy needs it."""

    name: str
    realm: str
    ha1: str


class PhoneService:
    """Keeps them."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def add(self, actor: Actor, name: str, realm: str) -> str:
        """Add a phone, or give it a new secret; the secret, which is told this once. Raises InvalidInput."""
        actor.require(MANAGE)
        if not _NAME.fullmatch(name):
            text = N_("Use small letters, digits, dots, dashes and underscores, at most 40.")
            raise InvalidInput(N_("The phone was not added."), text, {"name": [text]})
        secret = secrets.token_urlsafe(18)
        # HA1 is what SIP's digest needs (RFC 3261); the secret itself is random and good for this phone alone.
        ha1 = hashlib.md5(f"{name}:{realm}:{secret}".encode(), usedforsecurity=False).hexdigest()
        with self._db.write() as unit:
            record = unit.session.scalar(select(PhoneRecord).where(PhoneRecord.name == name))
            if record is None:
                record = PhoneRecord(name=name, created_at=unit.clock.now())
                unit.session.add(record)
            record.realm, record.ha1 = realm, ha1
        return secret

    def remove(self, actor: Actor, name: str) -> None:
        """Take it out. Raises NotFound."""
        actor.require(MANAGE)
        with self._db.write() as unit:
            record = unit.session.scalar(select(PhoneRecord).where(PhoneRecord.name == name))
            if record is None:
                raise NotFound(
                    N_("There is no phone of this name."), N_("`hookline sip phones list` shows all of them.")
                )
            unit.session.delete(record)

    def all(self, actor: Actor) -> list[RegisteredPhone]:
        """Every one, by name."""
        actor.require(MANAGE)
        with self._db.read() as session:
            records = session.scalars(select(PhoneRecord).order_by(PhoneRecord.name))
            return [RegisteredPhone(record.name, record.realm, record.ha1) for record in records]
