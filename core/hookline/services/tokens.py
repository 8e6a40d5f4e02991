"""Tokens of the JSON API: made, shown once, recognised, revoked."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from marshmallow import Schema, fields, validate
from sqlalchemy import select
from sqlalchemy.orm import Session

from hookline.contributions import Permission
from hookline.db.database import Database
from hookline.db.models import ApiToken, ApiTokenClient, Client, User
from hookline.domain.access import Actor, Role, Scope
from hookline.domain.events import ApiTokenIssued, ApiTokenRevoked
from hookline.errors import Conflict, HooklineError, InvalidInput, NotFound
from hookline.text import N_
from hookline.validation import line

MANAGE = "tokens.manage"
#: What every token may: ask the API at all.
USE = "api.use"
DEFAULT_DAYS = 90
MOST_DAYS = 365
_MARK = "hkl"
_NOTED_EVERY = timedelta(minutes=1)


class TokenRefused(HooklineError):
    """Nobody is let in with this token."""

    id = "token-refused"
    status = 401


class TokenSchema(Schema):
    """A token as it is asked for. With `all_clients` the clients named beside it do not matter."""

    name = line(required=True, most=80)
    permissions = fields.List(fields.String(), load_default=list)
    all_clients = fields.Boolean(load_default=False)
    clients = fields.List(fields.Integer(), load_default=list)
    days = fields.Integer(
        load_default=DEFAULT_DAYS,
        validate=validate.Range(1, MOST_DAYS, error=N_("Between 1 and 365 days.")),
        error_messages={"invalid": N_("Write a whole number.")},
    )


@dataclass(frozen=True)
class IssuedToken:
    """A new token. `secret` is what the program shows; it is known here only, and never again."""

    id: int
    secret: str
    expires_at: datetime


@dataclass(frozen=True)
class TokenView:
    """A token as its page shows it. `state`: active, expired or revoked."""

    token: ApiToken
    state: str
    client_names: tuple[str, ...]
    maker: str
    #: Whoever made the token may still log in; where not, somebody who has left may know it.
    maker_active: bool


@dataclass(frozen=True)
class Bearer:
    """The program that shows a token: who it acts as, and for how long yet."""

    token_id: int
    name: str
    actor: Actor
    expires_at: datetime


class TokenService:
    """Keeps the tokens. `permissions` are core's and the active plugins' (by name)."""

    def __init__(self, db: Database, permissions: Mapping[str, Permission]) -> None:
        self._db = db
        self._permissions = permissions

    def issue(self, actor: Actor, data: Mapping[str, Any]) -> IssuedToken:
        """Make a token (`data` as TokenSchema loads it). Nobody gives it more than he has himself.

        Raises NotPermitted, or InvalidInput with each field's message.
        """
        actor.require(MANAGE)
        prefix = secrets.token_hex(4)
        secret = f"{_MARK}_{prefix}_{secrets.token_urlsafe(32)}"
        with self._db.write() as unit:
            self._check(unit.session, actor, data)
            now = unit.clock.now()
            token = ApiToken(
                name=data["name"],
                prefix=f"{_MARK}_{prefix}",
                token_hash=_hash(secret),
                permissions=sorted(set(data["permissions"])),
                all_clients=data["all_clients"],
                created_by=actor.user_id,
                created_at=now,
                expires_at=now + timedelta(days=data["days"]),
            )
            unit.session.add(token)
            unit.session.flush()
            if not token.all_clients:
                unit.session.add_all(ApiTokenClient(token_id=token.id, client_id=c) for c in set(data["clients"]))
            unit.emit(
                ApiTokenIssued(
                    agent_id=actor.user_id,
                    token_id=token.id,
                    permissions=token.permissions,
                    all_clients=token.all_clients,
                )
            )
        return IssuedToken(token.id, secret, token.expires_at)

    def _check(self, session: Session, actor: Actor, data: Mapping[str, Any]) -> None:
        wrong: dict[str, list[str]] = {}
        wanted = set(data["permissions"])
        if not wanted:
            wrong["permissions"] = [N_("Choose at least one permission.")]
        elif not wanted <= set(self._permissions) & actor.permissions:
            wrong["permissions"] = [N_("Choose only permissions that you have yourself.")]
        if data["all_clients"]:
            if actor.scope.clients is not None:
                wrong["all_clients"] = [N_("You do not reach every client yourself.")]
        elif not data["clients"]:
            wrong["clients"] = [N_("Choose the clients whose data the token reaches.")]
        else:
            clients = set(data["clients"])
            known = set(session.scalars(select(Client.id).where(Client.id.in_(clients))))
            if known != clients or not all(actor.scope.covers_client(c) for c in clients):
                wrong["clients"] = [N_("There is no such client.")]
        if wrong:
            raise InvalidInput(
                N_("Some fields need another look."), N_("Mend the marked fields and send again."), wrong
            )

    def list_tokens(self, actor: Actor) -> list[TokenView]:
        """Every token, newest first."""
        actor.require(MANAGE)
        now = self._db.clock.now()
        with self._db.read() as session:
            rows = session.execute(
                select(ApiToken, User).outerjoin(User, User.id == ApiToken.created_by).order_by(ApiToken.id.desc())
            ).all()
            named = session.execute(
                select(ApiTokenClient.token_id, Client.name)
                .join(Client, Client.id == ApiTokenClient.client_id)
                .order_by(Client.name)
            ).all()
        names: dict[int, list[str]] = {}
        for token_id, name in named:
            names.setdefault(token_id, []).append(name)
        return [
            TokenView(
                token,
                _state(token, now),
                tuple(names.get(token.id, ())),
                maker.display_name if maker else "",
                maker is None or maker.active,
            )
            for token, maker in rows
        ]

    def revoke(self, actor: Actor, token_id: int) -> None:
        """Let nobody in with the token from now on. Raises NotFound, and Conflict where it is revoked already."""
        actor.require(MANAGE)
        with self._db.write() as unit:
            token = unit.session.get(ApiToken, token_id)
            if token is None:
                raise NotFound(N_("There is no such token."))
            if token.revoked_at is not None:
                raise Conflict(N_("This token is revoked already."))
            token.revoked_at, token.revoked_by = unit.clock.now(), actor.user_id
            unit.emit(ApiTokenRevoked(agent_id=actor.user_id, token_id=token_id))

    def recognise(self, secret: str) -> Bearer:
        """Who shows this token; raises TokenRefused where it is unknown, expired or revoked."""
        now = self._db.clock.now()
        with self._db.read() as session:
            token = session.scalar(select(ApiToken).where(ApiToken.token_hash == _hash(secret)))
            if token is None:
                raise TokenRefused(
                    N_("This token is not known here."), N_("Check that it was copied whole, or ask for a new one.")
                )
            clients = session.scalars(select(ApiTokenClient.client_id).where(ApiTokenClient.token_id == token.id)).all()
        if token.revoked_at is not None:
            raise TokenRefused(N_("This token was revoked."), N_("Ask your administrator for a new one."))
        if token.expires_at <= now:
            raise TokenRefused(N_("This token has expired."), N_("Ask your administrator for a new one."))
        self._note_use(token, now)
        return Bearer(token.id, token.name, self._actor(token, clients), token.expires_at)

    def _actor(self, token: ApiToken, clients: Any) -> Actor:
        """A program acts in nobody's name: like an administrator for all clients, else like a supervisor of some."""
        scope = Scope.everything() if token.all_clients else Scope(frozenset(clients))
        role = Role.ADMINISTRATOR if token.all_clients else Role.SUPERVISOR
        held = (frozenset(token.permissions) & frozenset(self._permissions)) | {USE}
        return Actor(None, token.name, role, held, scope)

    def _note_use(self, token: ApiToken, now: datetime) -> None:
        # By the minute: a program that asks ten times a second must not write ten times a second.
        if token.last_used_at is None or now - token.last_used_at >= _NOTED_EVERY:
            with self._db.write() as unit:
                unit.session.get_one(ApiToken, token.id).last_used_at = now


def _hash(secret: str) -> str:
    # A fast hash will do: what is hashed is 256 random bits, not a password.
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def _state(token: ApiToken, now: datetime) -> str:
    if token.revoked_at is not None:
        return "revoked"
    return "active" if token.expires_at > now else "expired"
