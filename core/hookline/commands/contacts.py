"""`hookline contacts`: contact lists from files."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import click

from hookline.bootstrap import Runtime
from hookline.commands.installation import installation
from hookline.commands.naming import DELIMITER_HELP, client_id_of, delimiter_of
from hookline.commands.tables import table
from hookline.domain.access import Actor
from hookline.errors import Conflict, HooklineError, NotConfigured
from hookline.services.imports import ImportState, NewList, Report, in_english

_SHOWN = 20
_POLL_SECONDS = 0.5


class ImportFailed(HooklineError):
    """The import ended before its last row."""

    id = "import-failed"


@click.group()
def contacts() -> None:
    """Contacts and contact lists."""


@contacts.command("lists")
def show_lists() -> None:
    """Show every contact list: id, client, name, country, contacts."""
    with installation() as runtime:
        rows = runtime.lists.index(runtime.identity.system_actor().scope)
    head = ("ID", "CLIENT", "NAME", "COUNTRY", "CONTACTS", "CAMPAIGNS")
    cells = [
        (str(r.id), r.client_name, r.name, r.country, str(r.contacts), ", ".join(name for _, name in r.campaigns))
        for r in rows
    ]
    click.echo(table(head, cells) if rows else "There is no list yet: `hookline contacts import` makes one.")


@contacts.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--client", required=True, help="The client's name or id.")
@click.option("--list", "list_name", required=True, help="The list's name; made where it is missing.")
@click.option("--country", help="Country of numbers without a prefix, like PL. Needed for a new list.")
@click.option("--map", "pairs", multiple=True, metavar="FIELD=COLUMN", help="Column by header or position (#3).")
@click.option("--delimiter", help=f"Separator: {DELIMITER_HELP}. Default: found in the file.")
@click.option("--header/--no-header", default=None, help="Whether the first row is a header. Default: found.")
def import_file(
    file: Path,
    client: str,
    list_name: str,
    country: str | None,
    pairs: tuple[str, ...],
    delimiter: str | None,
    header: bool | None,
) -> None:
    """Import the CSV FILE (UTF-8) into a contact list and print the report.

    Rejected rows are written to FILE.rejected.csv with their reasons. Importing a file again doubles nothing.
    """
    mapping = dict(_pair(text) for text in pairs)
    with installation() as runtime:
        actor = runtime.identity.system_actor()
        target = _target(runtime, actor, client_id_of(runtime, client), list_name, country)
        with file.open("rb") as stream:
            import_id = runtime.imports.upload(actor, stream, file.name, target)
        try:
            if delimiter is not None or header is not None:
                runtime.imports.reread(actor, import_id, delimiter=delimiter_of(delimiter), has_header=header)
            if mapping:
                runtime.imports.set_mapping_by_words(actor, import_id, mapping)
            runtime.imports.run(actor, import_id)
        except HooklineError:
            runtime.imports.discard(actor, import_id)
            raise
        _print_report(runtime, actor, _finished(runtime, actor, import_id), file)


def _pair(text: str) -> tuple[str, str]:
    field, sign, column = text.partition("=")
    if not sign or not field.strip() or not column.strip():
        raise click.BadParameter(f"“{text}” is not FIELD=COLUMN, like phone=Telefon.", param_hint="--map")
    return field.strip(), column.strip()


def _target(runtime: Runtime, actor: Actor, client_id: int, name: str, country: str | None) -> int | NewList:
    found = runtime.lists.find(actor.scope, client_id, name)
    if found is None:
        if country is None:
            raise NotConfigured(f"The list “{name}” is new.", "Say its country: --country PL.")
        return NewList(client_id, name, country)
    present = runtime.lists.get(actor.scope, found).country
    if country is not None and country.strip().upper() != present:
        raise Conflict(
            f"The list “{name}” is for numbers of {present}, not {country}.",
            "Leave --country out, or name another list: a list has one country.",
        )
    return found


def _finished(runtime: Runtime, actor: Actor, import_id: int) -> Report:
    """The report; where a server that was started meanwhile has taken the import over, after it is done there."""
    while (report := runtime.import_reports.get(actor, import_id)).state is ImportState.RUNNING:
        time.sleep(_POLL_SECONDS)
    return report


def _print_report(runtime: Runtime, actor: Actor, report: Report, file: Path) -> None:
    click.echo(f"{report.file_name} → {report.list_name} ({report.client_name})")
    click.echo(f"imported {report.imported}, merged {report.merged}, rejected {report.rejected}, of {report.done} rows")
    _print_lines("Left out of imported rows", runtime, actor, report.id, report.warnings, rejected=False)
    _print_lines("Rejected", runtime, actor, report.id, report.rejected, rejected=True)
    if report.rejected:
        path = _write_new(file, runtime.import_reports.rejected_csv(actor, report.id))
        click.echo(f"The rejected rows are in {path}: mend them there and import that file.")
    if report.state is ImportState.FAILED:
        raise ImportFailed(report.error)


def _print_lines(title: str, runtime: Runtime, actor: Actor, import_id: int, count: int, *, rejected: bool) -> None:
    if not count:
        return
    read = runtime.import_reports.rejections if rejected else runtime.import_reports.warnings
    click.echo(f"{title} ({count}):")
    for line in read(actor, import_id, limit=_SHOWN):
        click.echo(f"  row {line.row_number}: {in_english(line.remark)}")
    if count > _SHOWN:
        click.echo(f"  … and {count - _SHOWN} more")


def _write_new(file: Path, pieces: Iterator[str]) -> Path:
    """Write the pieces beside the file, under a name that is not taken."""
    number = 1
    while True:
        path = file.with_name(f"{file.name}.rejected.csv" if number == 1 else f"{file.name}.rejected-{number}.csv")
        try:
            with path.open("x", encoding="utf-8", newline="") as out:
                out.writelines(pieces)
        except FileExistsError:
            number += 1
        else:
            return path
