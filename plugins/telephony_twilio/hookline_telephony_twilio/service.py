"""Clients' own Twilio accounts: kept for administrators, handed to the backend."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session, selectinload

from hookline.db.database import Database
from hookline.db.models import Client
from hookline.domain.access import Actor
from hookline.errors import InvalidInput, NotFound
from hookline.text import N_
from hookline_telephony_twilio.accounts import Account
from hookline_telephony_twilio.models import AccountRecord
from hookline_telephony_twilio.permissions import MANAGE


@dataclass(frozen=True, kw_only=True)
class AccountDraft:
    """Everything an administrator says of an account, as AccountSchema checks it."""

    name: str
    client_id: int
    account_sid: str
    api_key_sid: str
    secret_variable: str
    token_variable: str
    caller_id: str = ""
    app_sid: str = ""


@dataclass(frozen=True)
class AccountView:
    """An account as pages show it. `missing`: the variables that are to carry its secrets and are not set."""

    record: AccountRecord
    client: str
    missing: tuple[str, ...]


class AccountService:
    """Keeps them. `environ` carries their secrets, read afresh at each use."""

    def __init__(self, db: Database, environ: Mapping[str, str] | None = None) -> None:
        self._db = db
        self._environ = os.environ if environ is None else environ

    def accounts(self) -> list[Account]:
        """Every client's own, as the backend uses them."""
        with self._db.read() as session:
            return [self._usable(record) for record in session.scalars(select(AccountRecord))]

    def list_accounts(self, actor: Actor) -> list[AccountView]:
        """Every account, by name."""
        actor.require(MANAGE)
        query = select(AccountRecord).options(selectinload(AccountRecord.client))
        with self._db.read() as session:
            return [self._view(one) for one in session.scalars(query.order_by(func.lower(AccountRecord.name)))]

    def get_account(self, actor: Actor, account_id: int) -> AccountView:
        """The account; raises NotFound."""
        actor.require(MANAGE)
        with self._db.read() as session:
            return self._view(_find(session, account_id))

    def clients(self, actor: Actor) -> list[tuple[int, str]]:
        """Whom an account may be for."""
        actor.require(MANAGE)
        with self._db.read() as session:
            rows = session.execute(select(Client.id, Client.name).order_by(func.lower(Client.name)))
            return [(key, name) for key, name in rows.tuples()]

    def add(self, actor: Actor, draft: AccountDraft) -> int:
        """Add an account; its id. Raises InvalidInput for what is taken or not there."""
        actor.require(MANAGE)
        with self._db.write() as unit:
            _check(unit.session, draft, None)
            record = AccountRecord(**asdict(draft), created_at=unit.clock.now())
            unit.session.add(record)
            unit.session.flush()
            return record.id

    def change(self, actor: Actor, account_id: int, draft: AccountDraft) -> None:
        """Change it. Raises as `add`, and NotFound."""
        actor.require(MANAGE)
        with self._db.write() as unit:
            record = _find(unit.session, account_id)
            _check(unit.session, draft, account_id)
            for name, value in asdict(draft).items():
                setattr(record, name, value)

    def remove(self, actor: Actor, account_id: int) -> None:
        """The client's calls go by the installation's account from now on; those that are up go on. Raises NotFound."""
        actor.require(MANAGE)
        with self._db.write() as unit:
            unit.session.delete(_find(unit.session, account_id))

    def _usable(self, record: AccountRecord) -> Account:
        return Account(
            account_sid=record.account_sid,
            api_key_sid=record.api_key_sid,
            api_key_secret=self._environ.get(record.secret_variable, ""),
            auth_token=self._environ.get(record.token_variable, ""),
            caller_id=record.caller_id,
            app_sid=record.app_sid,
            client_id=record.client_id,
            name=record.name,
        )

    def _view(self, record: AccountRecord) -> AccountView:
        variables = (record.secret_variable, record.token_variable)
        return AccountView(record, record.client.name, tuple(v for v in variables if not self._environ.get(v)))


def _find(session: Session, account_id: int) -> AccountRecord:
    record = session.scalar(
        select(AccountRecord).where(AccountRecord.id == account_id).options(selectinload(AccountRecord.client))
    )
    if record is None:
        raise NotFound(N_("There is no such account."))
    return record


def _check(session: Session, draft: AccountDraft, account_id: int | None) -> None:
    wrong: dict[str, list[str]] = {}
    if session.get(Client, draft.client_id) is None:
        wrong["client_id"] = [N_("Choose from the list.")]
    taken = select(AccountRecord).where(
        AccountRecord.id != (account_id or 0),
        or_(
            func.lower(AccountRecord.name) == draft.name.lower(),
            AccountRecord.client_id == draft.client_id,
            AccountRecord.account_sid == draft.account_sid,
        ),
    )
    for other in session.scalars(taken):
        if other.client_id == draft.client_id:
            wrong["client_id"] = [N_("This client has an account already.")]
        if other.account_sid == draft.account_sid:
            wrong["account_sid"] = [N_("This account is another client's.")]
        if other.name.lower() == draft.name.lower():
            wrong["name"] = [N_("Another account has this name.")]
    if wrong:
        raise InvalidInput(N_("The account cannot be kept so."), N_("Correct the named fields."), wrong)
