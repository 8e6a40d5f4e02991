"""What came of an import, for people and as a file of the rejected rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from sqlalchemy import select

from hookline.db.database import Database
from hookline.db.models import Client, ContactList, ImportRejection, ImportRun, ImportWarning
from hookline.domain.access import Actor
from hookline.services.csv_cells import BOM, write_rows
from hookline.services.imports.errors import Remark
from hookline.services.imports.model import ImportState, Report, ReportLine
from hookline.services.imports.reading import dialect_from_json
from hookline.services.imports.rules import rules_of
from hookline.services.imports.service import reachable_run
from hookline.text import N_, fill

_CHUNK = 500
#: How a remark becomes text in the reader's language.
Render = Callable[[Remark], str]


def in_english(remark: Remark) -> str:
    """The remark in English, as the command line shows it."""
    return fill(remark.message, remark.params)


class ImportReports:
    """Reads imports; everything needs the permission to import and stays within the actor's scope."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def get(self, actor: Actor, import_id: int) -> Report:
        """How the import stands; raises NotFound."""
        actor.require("contacts.import")
        with self._db.read() as session:
            run = reachable_run(session, actor.scope, import_id)
            contact_list = session.get_one(ContactList, run.list_id)
            client = session.get_one(Client, run.client_id)
        return _report(run, contact_list, client)

    def rejections(self, actor: Actor, import_id: int, after: int = 0, limit: int = 50) -> list[ReportLine]:
        """Rejected rows in the file's order, after line id `after`."""
        self.get(actor, import_id)
        with self._db.read() as session:
            found = session.scalars(
                select(ImportRejection)
                .where(ImportRejection.import_id == import_id, ImportRejection.id > after)
                .order_by(ImportRejection.id)
                .limit(limit)
            ).all()
        return [ReportLine(r.id, r.row_number, Remark(r.reason, r.params), tuple(r.cells)) for r in found]

    def warnings(self, actor: Actor, import_id: int, after: int = 0, limit: int = 50) -> list[ReportLine]:
        """Remarks on rows that were imported, in the file's order, after line id `after`."""
        self.get(actor, import_id)
        with self._db.read() as session:
            found = session.scalars(
                select(ImportWarning)
                .where(ImportWarning.import_id == import_id, ImportWarning.id > after)
                .order_by(ImportWarning.id)
                .limit(limit)
            ).all()
        return [ReportLine(w.id, w.row_number, Remark(w.message, w.params)) for w in found]

    def rejected_csv(self, actor: Actor, import_id: int, render: Render = in_english) -> Iterator[str]:
        """The rejected rows as CSV, like the file they came from, with the row's number and the reason added.

        Cells are made harmless for spreadsheets; importing the mended file again restores them.
        """
        self.get(actor, import_id)
        with self._db.read() as session:
            dialect = dialect_from_json(session.get_one(ImportRun, import_id).dialect)
        yield BOM
        yield from write_rows(self._rejected_rows(actor, import_id, dialect.columns, render), dialect.delimiter)

    def _rejected_rows(
        self, actor: Actor, import_id: int, columns: Sequence[str], render: Render
    ) -> Iterator[Sequence[str]]:
        # A header always: with two columns more, the file could not be read without one.
        labels = [label or render(Remark(N_("column %(number)s"), {"number": n})) for n, label in enumerate(columns, 1)]
        yield [*labels, render(Remark(N_("row"))), render(Remark(N_("reason")))]
        after = 0
        while found := self.rejections(actor, import_id, after, _CHUNK):
            for line in found:
                cells = [*line.cells, *[""] * (len(columns) - len(line.cells))]
                yield [*cells, str(line.row_number), render(line.remark)]
            after = found[-1].id


def _report(run: ImportRun, contact_list: ContactList, client: Client) -> Report:
    return Report(
        id=run.id,
        client_id=run.client_id,
        list_id=run.list_id,
        list_name=contact_list.name,
        client_name=client.name,
        file_name=run.file_name,
        state=ImportState(run.state),
        total=run.total,
        done=run.done,
        imported=run.imported,
        merged=run.merged,
        rejected=run.rejected,
        duplicates=run.duplicates,
        suppressed=run.suppressed,
        warnings=run.warnings,
        removed=run.removed,
        error=run.error,
        created_at=run.created_at,
        started_at=run.started_at,
        finished_at=run.finished_at,
        undone_at=run.undone_at,
        rules=rules_of(run.rules),
    )
