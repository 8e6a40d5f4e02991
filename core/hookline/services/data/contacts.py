"""Core's holders of what is known of contacts themselves: who they are, their numbers, what imports rejected."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, delete, select
from sqlalchemy.orm import Session

from hookline.data_holders import DataCategory, DataHolder, DataRecord, ErasureReport, Subject, record_of
from hookline.db.database import UnitOfWork
from hookline.db.models import (
    Contact,
    ContactNumber,
    ContactSearch,
    ContactTag,
    CustomField,
    ImportRejection,
    ImportRun,
    ImportWarning,
    ListContact,
    Suppression,
)
from hookline.domain.access import Scope
from hookline.text import N_

_BLANK = ("first_name", "last_name", "company", "email", "city", "region", "notes", "language")


def contact_holders() -> list[DataHolder]:
    """Contacts, imports, uploads, suppression."""
    return [
        DataHolder(
            name="core.contacts",
            title=N_("Contacts"),
            category=DataCategory.CONTACT,
            what=N_("Names, company, numbers, e-mail, city, notes, identifier, custom fields, tags, places on lists"),
            why=N_("To reach the contact in the client's campaigns and to know who is on the line"),
            retention_days=1095,
            tables=frozenset({"contacts", "contact_numbers", "list_contacts", "contact_tags", "contact_search"}),
            export=_export_contacts,
            erase=_erase_contacts,
            recipients=N_("Agents of the client's campaigns; programs with a token for the client"),
        ),
        DataHolder(
            name="core.imports",
            title=N_("Rejected rows of imports"),
            category=DataCategory.CONTACT,
            what=N_("Rows that could not be imported, whole, and remarks on rows that were"),
            why=N_("To hand them back to whoever mends the file"),
            retention_days=90,
            tables=frozenset({"import_rejections", "import_warnings"}),
            export=_export_rejections,
            erase=_erase_rejections,
        ),
        DataHolder(
            name="core.uploads",
            title=N_("Uploaded files"),
            category=DataCategory.CONTACT,
            what=N_("Files with contacts, from their upload to the end of their import"),
            why=N_("To import them, also after a restart"),
            retention_days=1,
            tables=frozenset(),
            erase=lambda _unit, _subject: ErasureReport(
                kept=N_("Files that are being imported"), why=N_("They are deleted when their import ends.")
            ),
            file_stores=frozenset({"uploads"}),
        ),
        DataHolder(
            name="core.suppressions",
            title=N_("Suppression list"),
            category=DataCategory.CONSENT_PROOF,
            what=N_("Numbers that must not be called, with reason, source and date"),
            why=N_("To honour the objection (GDPR art. 21), also after everything else is erased"),
            retention_days=0,
            tables=frozenset({"suppressions"}),
            export=_export_suppressions,
            erase=lambda _unit, _subject: ErasureReport(
                kept=N_("The number on the suppression list"),
                why=N_("Without it the person would be called again: it is needed to honour the objection."),
            ),
        ),
    ]


def _export_contacts(session: Session, _scope: Scope, subject: Subject) -> list[DataRecord]:
    found = []
    for contact in session.scalars(select(Contact).where(Contact.id.in_(subject.contact_ids)).order_by(Contact.id)):
        declared = session.scalars(select(CustomField).where(CustomField.client_id == contact.client_id))
        said = [field for field in declared if field.key in contact.custom]
        classes, labels = {f.key: f.classification for f in said}, {f.key: f.label for f in said if f.label}
        found.append(record_of(contact, custom_classifications=classes, custom_labels=labels))
        found += [record_of(number) for number in contact.numbers]
        tags = select(ContactTag).where(ContactTag.contact_id == contact.id)
        found += [record_of(tag) for tag in session.scalars(tags.order_by(ContactTag.tag))]
    places = select(ListContact).where(ListContact.contact_id.in_(subject.contact_ids))
    return found + [record_of(place) for place in session.scalars(places)]


def _erase_contacts(unit: UnitOfWork, subject: Subject) -> ErasureReport:
    for model in (ContactNumber, ListContact, ContactTag, ContactSearch):
        unit.session.execute(delete(model).where(model.contact_id.in_(subject.contact_ids)))
    blanked = 0
    for contact_id in sorted(subject.contact_ids):
        contact = unit.hold(Contact, contact_id)
        unit.session.expire(contact, ["numbers"])
        for name in _BLANK:
            setattr(contact, name, "")
        contact.external_id, contact.custom, contact.updated_at = None, {}, unit.clock.now()
        blanked += 1
    return ErasureReport(
        anonymised=blanked,
        kept=N_("An empty contact, known by its id only"),
        why=N_("Statistics of past calls refer to it; nobody can be recognised by it."),
    )


def _rejections(scope: Scope) -> Select[Any]:
    asked = select(ImportRejection)
    if scope.clients is not None:
        asked = asked.join(ImportRun, ImportRun.id == ImportRejection.import_id)
        asked = asked.where(ImportRun.client_id.in_(scope.clients))
    return asked


def _export_rejections(session: Session, scope: Scope, subject: Subject) -> list[DataRecord]:
    rows = session.scalars(_rejections(scope).execution_options(yield_per=1000))
    return [record_of(row) for row in rows if _tells_of(row, subject)]


def _erase_rejections(unit: UnitOfWork, subject: Subject) -> ErasureReport:
    rows = [row for row in unit.session.scalars(_rejections(Scope(subject.clients))) if _tells_of(row, subject)]
    remarks = 0
    for row in rows:
        remarks += len(
            unit.session.scalars(
                delete(ImportWarning)
                .where(ImportWarning.import_id == row.import_id, ImportWarning.row_number == row.row_number)
                .returning(ImportWarning.id)
            ).all()
        )
        unit.session.delete(row)
    return ErasureReport(erased=len(rows) + remarks)


def _tells_of(row: ImportRejection, subject: Subject) -> bool:
    """Whether a cell holds one of her numbers, however it is written, or addresses."""
    ends = {number[-9:] for number in subject.numbers if len(number) >= 9}
    for cell in row.cells:
        digits = "".join(c for c in cell if c.isdigit())
        if cell.strip().lower() in subject.emails or any(digits.endswith(end) for end in ends):
            return True
    return False


def _export_suppressions(session: Session, scope: Scope, subject: Subject) -> list[DataRecord]:
    asked = select(Suppression).where(Suppression.e164.in_(subject.numbers)).order_by(Suppression.id)
    if scope.clients is not None:
        asked = asked.where(Suppression.client_id.in_(scope.clients))
    return [record_of(row, leave_out=("created_by",)) for row in session.scalars(asked)]
