"""`hookline data`: who holds which personal data, and everything about one person."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import click

from hookline.bootstrap import Runtime
from hookline.commands.installation import installation
from hookline.commands.naming import client_id_of
from hookline.data_holders import DataHolder, DataRecord, FileRef
from hookline.domain.access import Scope
from hookline.errors import NotFound
from hookline.services.data.register import Exported
from hookline.services.data.subjects import SubjectQuery


@click.group()
def data() -> None:
    """Personal data: the register of who holds it, and its export."""


@data.command()
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def holders(as_json: bool) -> None:
    """Print the register: what is stored about people, why, for how long, where, and who sees it."""
    with installation() as runtime:
        found, missing = runtime.data_register.holders(), runtime.data_register.missing()
    if as_json:
        click.echo(json.dumps([_entry(holder) for holder in found], ensure_ascii=False, indent=2))
        return
    for holder in found:
        click.echo(click.style(f"{holder.name} · {holder.title}", bold=True))
        for title, text in _lines(holder):
            click.echo(f"  {title:<11}{text}")
    for name in missing:
        click.echo(f"{name}: installed, but not active; what it holds cannot be reached.", err=True)


@data.command()
@click.option("--phone", default="", help="A phone number with its prefix, like +48221234567.")
@click.option("--email", default="", help="An e-mail address.")
@click.option("--name", default="", help="First and last name, last name, or company, as stored.")
@click.option("--external-id", default="", help="The identifier in the client's own system.")
@click.option("--contact", "contact_id", type=int, help="The contact's id.")
@click.option("--user", "login", default="", help="Log-in name of somebody who works here.")
@click.option("--client", help="Only what is held for this client, by name or id.")
@click.option(
    "--files",
    type=click.Path(file_okay=False, path_type=Path),
    help="A folder into which files (recordings) are written; made where it is missing.",
)
def export(
    phone: str,
    email: str,
    name: str,
    external_id: str,
    contact_id: int | None,
    login: str,
    client: str | None,
    files: Path | None,
) -> None:
    """Print everything about one person as JSON (GDPR art. 15 and 20). Of several options, each must fit."""
    query = SubjectQuery(phone, email, name, external_id, contact_id, login)
    with installation() as runtime:
        scope = Scope(frozenset({client_id_of(runtime, client)})) if client else Scope.everything()
        click.echo(json.dumps(_everything(runtime, scope, query, files), ensure_ascii=False, indent=2))


def _everything(runtime: Runtime, scope: Scope, query: SubjectQuery, files: Path | None) -> dict[str, Any]:
    actor = dataclasses.replace(runtime.identity.system_actor(), scope=scope)
    found = runtime.data_register.export(actor, runtime.data_subjects.subject(scope, query))
    if not found:
        raise NotFound("Nobody of whom anything is held fits this.", "Check the spelling, and the client.")
    return {
        "made_at": runtime.clock.now().isoformat(),
        "not_reached": runtime.data_register.missing(),
        "holders": [_exported(runtime, part, files) for part in found],
    }


def _exported(runtime: Runtime, part: Exported, files: Path | None) -> dict[str, Any]:
    return {**_entry(part.holder), "records": [_record(record, files) for record in part.records]}


def _record(record: DataRecord, files: Path | None) -> dict[str, Any]:
    plain: dict[str, Any] = {"table": record.table, "client_id": record.client_id, "data": dict(record.data)}
    if record.file is not None:
        plain["file"] = {"store": record.file.store, "key": record.file.key, "bytes": record.file.size,
                         "sha256": record.file.sha256}  # fmt: skip
        if files is not None:
            plain["file"]["written_to"] = str(_write(record.file, files))
    return plain


def _write(file: FileRef, folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = folder / Path(file.key).name
    with path.open("xb") as out:
        out.writelines(file.open())
    return path


def _entry(holder: DataHolder) -> dict[str, Any]:
    return {
        "holder": holder.name,
        "title": holder.title,
        "category": holder.category.value,
        "what": holder.what,
        "why": holder.why,
        "recipients": holder.recipients,
        "retention_days": holder.retention_days,
    }


def _lines(holder: DataHolder) -> list[tuple[str, str]]:
    days = f"{holder.retention_days} days" if holder.retention_days else "as long as it is needed for its purpose"
    places = [*sorted(holder.tables), *(f"files: {store}" for store in sorted(holder.file_stores))]
    return [
        ("category", holder.category.value),
        ("what", holder.what),
        ("why", holder.why),
        ("recipients", holder.recipients or "nobody else"),
        ("kept for", days),
        ("where", ", ".join(places)),
    ]
