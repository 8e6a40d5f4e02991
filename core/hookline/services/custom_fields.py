"""What a client's custom fields are: labels, and whether their values are ordinary, special or no personal data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hookline.data_holders import Classification
from hookline.db.database import Database
from hookline.db.models import Client, Contact, CustomField
from hookline.domain.access import Actor, Scope
from hookline.errors import InvalidInput, NotFound
from hookline.text import N_


@dataclass(frozen=True)
class FieldLine:
    """A custom field; `declared` says whether somebody has looked at it."""

    key: str
    label: str
    classification: Classification
    declared: bool


class CustomFieldService:
    """Fields come into being by imports, the API and contacts' pages; here is said what they are."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def fields(self, scope: Scope, client_id: int) -> list[FieldLine]:
        """Every field that the client's contacts have or that was declared, by name. Raises NotFound."""
        with self._db.read() as session:
            _require_client(session, scope, client_id)
            declared = {
                row.key: row for row in session.scalars(select(CustomField).where(CustomField.client_id == client_id))
            }
            keys = sorted(set(declared) | _used(session, client_id), key=str.casefold)
        return [
            FieldLine(key, declared[key].label, Classification(declared[key].classification), True)
            if key in declared
            else FieldLine(key, "", Classification.ORDINARY, False)
            for key in keys
        ]

    def declare(self, actor: Actor, client_id: int, fields: Mapping[str, tuple[str, Classification]]) -> None:
        """Say what fields are: label and classification by key. Raises NotPermitted, NotFound, InvalidInput."""
        actor.require("contacts.import")
        if not all(key.strip() and len(key) <= 100 for key in fields):
            raise InvalidInput(N_("A custom field needs a name of at most 100 characters."))
        with self._db.write() as unit:
            _require_client(unit.session, actor.scope, client_id)
            for key, (label, classification) in fields.items():
                row = unit.session.get(CustomField, (client_id, key))
                if row is None:
                    row = CustomField(client_id=client_id, key=key)
                    unit.session.add(row)
                row.label, row.classification = label.strip()[:200], classification.value


def _require_client(session: Session, scope: Scope, client_id: int) -> None:
    if not scope.covers_client(client_id) or session.get(Client, client_id) is None:
        raise NotFound(N_("There is no such client."))


def _used(session: Session, client_id: int) -> set[str]:
    """Keys in the client's contacts: looked up by the database, which need not hand the values out."""
    if session.get_bind().dialect.name == "sqlite":
        each = func.json_each(Contact.custom).table_valued("key")
    else:
        each = func.json_object_keys(Contact.custom).table_valued("key").render_derived()
    asked = select(each.c.key).select_from(Contact).join(each, each.c.key.is_not(None))
    return set(session.scalars(asked.where(Contact.client_id == client_id).distinct()))
