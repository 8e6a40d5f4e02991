"""The form by which an import's rows become contacts: its columns, and what its list says of the fields."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from hookline.db.models import ContactList, ImportRun, ListField
from hookline.services.custom_field_kinds import FieldKind, FieldType
from hookline.services.imports.reading import dialect_from_json
from hookline.services.imports.rows import Form


def types_of(session: Session, list_id: int) -> dict[str, FieldType]:
    """The types of the list's custom fields; those that are just text are left out."""
    found = session.scalars(select(ListField).where(ListField.list_id == list_id))
    return {
        row.key: FieldType(FieldKind(row.kind), tuple(row.choices)) for row in found if row.kind != FieldKind.TEXT.value
    }


def form_of(session: Session, run: ImportRun, mapping: Mapping[int, str] | None = None) -> Form:
    """The import's form, with its own mapping or another."""
    own = {int(position): str(name) for position, name in run.mapping.items()}
    return Form(
        dict(mapping) if mapping is not None else own,
        len(dialect_from_json(run.dialect).columns),
        session.get_one(ContactList, run.list_id).country,
        types_of(session, run.list_id),
    )
