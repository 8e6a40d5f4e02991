"""`hookline gdpr`: consents from files."""

from __future__ import annotations

import csv
from pathlib import Path

import click
from sqlalchemy import select

from hookline import bootstrap
from hookline.bootstrap import Runtime
from hookline.db.models import Client
from hookline.errors import NotFound
from hookline.services.csv_cells import neutralise
from hookline.text import N_
from hookline_gdpr.importer import COLUMNS, ConsentImporter, ImportReport

_SHOWN = 20


@click.group()
def gdpr() -> None:
    """Data protection."""


@gdpr.group()
def consents() -> None:
    """Consents to marketing calls."""


@consents.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--client", "client", required=True, help="The client (controller) to whom the consents were given.")
@click.option("--country", default="PL", show_default=True, help="Country of numbers without a prefix (ISO 3166).")
@click.option("--rejected", type=click.Path(dir_okay=False, path_type=Path), help="Write rejected rows to this file.")
def import_file(file: Path, client: str, country: str, rejected: Path | None) -> None:
    """Record the consents in FILE, a CSV with phone or external_id, given_at, wording, evidence, valid_until."""
    runtime = bootstrap.build()
    try:
        importer = ConsentImporter(runtime.db)
        report = importer.run(runtime.identity.system_actor(), file, _client_id(runtime, client), country)
    finally:
        runtime.close()
    click.echo(f"Recorded: {report.recorded}. Already there: {report.known}. Rejected: {len(report.rejected)}.")
    if rejected is not None:
        _write(report, rejected)
    for number, _cells, reason in report.rejected[:_SHOWN]:
        click.echo(f"  row {number}: {reason}", err=True)
    if len(report.rejected) > _SHOWN:
        click.echo(f"  … and {len(report.rejected) - _SHOWN} more; see them all with --rejected FILE.", err=True)


def _client_id(runtime: Runtime, name: str) -> int:
    with runtime.db.read() as session:
        found = session.scalar(select(Client.id).where(Client.name == name))
    if found is None:
        raise NotFound(N_("There is no such client."), N_("Check the name."))
    return found


def _write(report: ImportReport, path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([*COLUMNS, "row", "reason"])
        for number, cells, reason in report.rejected:
            writer.writerow([*(neutralise(cells.get(name, "")) for name in COLUMNS), number, neutralise(reason)])
