"""`hookline imports`: imports that were begun, cancelled or taken back."""

from __future__ import annotations

import click
from sqlalchemy import select

from hookline.commands.installation import installation
from hookline.commands.tables import table
from hookline.db.models import ContactList, ImportRun
from hookline.services.imports.undo import REASONS


@click.group()
def imports() -> None:
    """Imports of contact lists. `hookline contacts import` begins one."""


@imports.command("list")
@click.option("--most", default=20, show_default=True, help="How many, newest first.")
def list_imports(most: int) -> None:
    """List imports: id, state, list, file and what became of the rows."""
    with installation() as runtime, runtime.db.read() as session:
        rows = session.execute(
            select(ImportRun, ContactList.name)
            .join(ContactList, ContactList.id == ImportRun.list_id)
            .order_by(ImportRun.id.desc())
            .limit(most)
        ).all()
    if not rows:
        click.echo("Nothing was imported yet.")
        return
    head = ("ID", "STATE", "LIST", "FILE", "ROWS", "IMPORTED", "MERGED", "REJECTED")
    lines = [
        (
            *(str(run.id), run.state, name, run.file_name, f"{run.done}/{run.total}"),
            *(str(count) for count in (run.imported, run.merged, run.rejected)),
        )
        for run, name in rows
    ]
    click.echo(table(head, lines))


@imports.command("rules")
@click.argument("import_id", type=int)
def rules(import_id: int) -> None:
    """Say by which rules an import tells and merges rows that are known already."""
    with installation() as runtime:
        report = runtime.import_reports.get(runtime.identity.system_actor(), import_id)
        with runtime.db.read() as session:
            kept = session.get_one(ImportRun, report.id).rules
    for name, value in sorted(kept.items()):
        click.echo(f"{name}: {value}")
    if not kept:
        click.echo("The usual rules: known by identifier or phone, empty fields are filled, nothing is replaced.")


@imports.command("cancel")
@click.argument("import_id", type=int)
def cancel(import_id: int) -> None:
    """Stop an import that runs. Rows that were written stay; `hookline imports undo` takes them back."""
    with installation() as runtime:
        runtime.imports.cancel(runtime.identity.system_actor(), import_id)
    click.echo(f"Import {import_id} stops at its next batch.")


@imports.command("undo")
@click.argument("import_id", type=int)
@click.option("--yes", is_flag=True, help="Do it; without this, only say what would happen.")
def undo(import_id: int, yes: bool) -> None:
    """Take an import back: its contacts go where nothing has happened with them since."""
    with installation() as runtime:
        actor = runtime.identity.system_actor()
        preview = runtime.import_undo.preview(actor, import_id)
        stay = ", ".join(f"{count} ({REASONS.get(why, why)})" for why, count in preview.staying.items()) or "none"
        click.echo(f"Contacts that go: {preview.removable}; taken off the list: {preview.unlisted}; that stay: {stay}.")
        if not yes:
            click.echo("Nothing was changed. Add --yes to do it.")
            return
        click.echo(f"Removed: {runtime.import_undo.undo(actor, import_id)}.")
