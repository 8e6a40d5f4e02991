"""`hookline recordings`: what is stored, and whether it is still what was recorded."""

from __future__ import annotations

import click

from hookline.commands.installation import installation
from hookline.commands.naming import client_id_of
from hookline.domain.access import Scope
from hookline.errors import HooklineError
from hookline.jobs import JobRun


class RecordingsDamaged(HooklineError):
    """Some recordings are missing or were changed."""

    id = "recordings-damaged"


@click.group()
def recordings() -> None:
    """Recordings and their store."""


@recordings.command()
@click.option("--client", help="Only this client's, by name or id.")
def verify(client: str | None) -> None:
    """Read every stored recording whole and compare it with its checksum; prints those that differ or are missing."""
    with installation() as runtime:
        scope = Scope(frozenset({client_id_of(runtime, client)})) if client else Scope.everything()
        total, wrong = 0, 0
        for finding in runtime.recording_moves.verify(scope):
            total += 1
            if finding.problem:
                wrong += 1
                row = finding.recording
                click.echo(f"recording {row.id} (call {row.call_id}, {row.path}): {finding.problem}")
    if wrong:
        raise RecordingsDamaged(f"{wrong} of {total} recordings are not as they were stored.", "Look into your backup.")
    click.echo(f"{total} recordings, each as it was stored.")


@recordings.command()
def store() -> None:
    """Bring what waits in the working folder to the store now; the job core.store-recordings does so by itself."""
    with installation() as runtime:
        click.echo(runtime.recording_moves.run(JobRun()) or "Nothing waits.")


@recordings.command()
@click.argument("recording_id", type=int)
@click.option("--because", "reason", required=True, help="Why; the receipt keeps it.")
def delete(recording_id: int, reason: str) -> None:
    """Delete a recording's sound for good and print the receipt."""
    with installation() as runtime:
        receipt = runtime.recordings.delete(runtime.identity.system_actor(), recording_id, reason)
    click.echo(f"Deleted {receipt.key} from {receipt.store} at {receipt.deleted_at:%Y-%m-%d %H:%M:%S} UTC.")
    click.echo(f"SHA-256 of what was deleted: {receipt.sha256 or 'there was nothing any more'}.")
