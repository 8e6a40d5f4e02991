"""Consents from a CSV file: those that a client's form, shop or CRM collected."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from hookline import validation
from hookline.db.database import Database
from hookline.db.models import Client, Contact, ContactNumber
from hookline.domain.access import Actor
from hookline.errors import HooklineError, InvalidInput, NotFound
from hookline.services import phones
from hookline.services.csv_cells import clean
from hookline.services.imports.encodings import require_utf8_text
from hookline.text import N_
from hookline_gdpr.errors import ConsentFileRefused
from hookline_gdpr.permissions import MANAGE
from hookline_gdpr.schemas import ConsentSchema
from hookline_gdpr.service import record

COLUMNS = ("phone", "external_id", "given_at", "wording", "wording_version", "evidence", "valid_until")
_NEEDED = ("given_at", "wording", "evidence")
_BATCH = 500
Row = tuple[int, dict[str, str]]


@dataclass
class ImportReport:
    """What became of the rows. `rejected` has the row's number in the file (the header is 1), its cells, and why."""

    recorded: int = 0
    known: int = 0
    rejected: list[tuple[int, dict[str, str], str]] = field(default_factory=list)


class ConsentImporter:
    """Reads a file for one client."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def run(self, actor: Actor, path: Path, client_id: int, country: str) -> ImportReport:
        """Record the file's consents; a row that cannot be used is rejected with its reason, never the file.

        `country` (ISO 3166) is that of numbers without a prefix. Raises ConsentFileRefused or FileRefused before
        anything is recorded. Running a file again records nothing twice.
        """
        actor.require(MANAGE)
        with self._db.read() as session:
            if session.get(Client, client_id) is None or not actor.scope.covers_client(client_id):
                raise NotFound(N_("There is no such client."), N_("Check the name."))
        require_utf8_text(path)
        report = ImportReport()
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = _rows(file)
            while batch := list(islice(rows, _BATCH)):
                self._record(batch, client_id, country, actor.user_id, report)
        return report

    def _record(
        self, batch: Sequence[Row], client_id: int, country: str, recorded_by: int | None, report: ImportReport
    ) -> None:
        with self._db.write() as unit:
            for number, cells in batch:
                try:
                    data = validation.load(ConsentSchema(), _given(cells))
                    contact = _contact(unit.session, client_id, cells, country)
                    _consent, new = record(unit, contact, data, recorded_by)
                    report.recorded, report.known = report.recorded + new, report.known + (not new)
                except HooklineError as error:
                    report.rejected.append((number, cells, _reason(error)))


def _rows(file: Iterator[str]) -> Iterator[Row]:
    head = next(file, "")
    delimiter = max(";,\t", key=head.count)
    names = [clean(name).lower() for name in next(csv.reader([head], delimiter=delimiter), [])]
    _check_header(names)
    try:
        for number, cells in enumerate(csv.reader(file, delimiter=delimiter), start=2):
            if any(cell.strip() for cell in cells):
                yield number, {name: clean(cell) for name, cell in zip(names, cells, strict=False) if name in COLUMNS}
    except csv.Error as error:
        raise ConsentFileRefused(N_("The file is no CSV from some row on."), N_("Save it again as CSV.")) from error


def _check_header(names: Sequence[str]) -> None:
    missing = [name for name in _NEEDED if name not in names]
    if not {"phone", "external_id"} & set(names):
        missing.insert(0, "phone")
    twice = sorted({name for name in names if name in COLUMNS and names.count(name) > 1})
    if missing or twice:
        raise ConsentFileRefused(
            N_("The first row must name the columns, each once; missing: %(missing)s; twice: %(twice)s."),
            N_("Columns: phone or external_id, given_at, wording, evidence; and wording_version, valid_until."),
            params={"missing": ", ".join(missing) or "-", "twice": ", ".join(twice) or "-"},
        )


def _given(cells: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in cells.items() if value}


def _contact(session: Session, client_id: int, cells: Mapping[str, str], country: str) -> Contact:
    query = select(Contact).where(Contact.client_id == client_id)
    if cells.get("external_id"):
        query = query.where(Contact.external_id == cells["external_id"])
    else:
        e164 = phones.normalise(cells.get("phone", ""), country).e164
        query = query.join(ContactNumber, ContactNumber.contact_id == Contact.id).where(ContactNumber.e164 == e164)
    contact = session.scalar(query)
    if contact is None:
        raise NotFound(N_("The client has no such contact."))
    return contact


def _reason(error: HooklineError) -> str:
    if isinstance(error, InvalidInput) and error.fields:
        return "; ".join(f"{name}: {' '.join(texts)}" for name, texts in error.fields.items())
    return error.message
