"""`hookline suppression`: numbers never to be called."""

from __future__ import annotations

from pathlib import Path

import click

from hookline.bootstrap import Runtime
from hookline.commands.installation import installation
from hookline.commands.naming import campaign_id_of, client_id_of
from hookline.commands.tables import table
from hookline.errors import InvalidInput
from hookline.services.imports import in_english
from hookline.services.suppression import AddReport
from hookline.services.suppression_lists import Reach


@click.group()
def suppression() -> None:
    """Numbers never to be called: for the installation, a client or a campaign."""


def _reach(runtime: Runtime, client: str | None, campaign: str | None, everywhere: bool) -> Reach:
    if everywhere and (client or campaign):
        raise InvalidInput("--everywhere goes with neither --client nor --campaign.", "Choose one.")
    if campaign is not None:
        campaign_id = campaign_id_of(runtime, campaign)
        scope = runtime.identity.system_actor().scope
        return Reach(runtime.campaigns.get(scope, campaign_id).client_id, campaign_id)
    if client is not None:
        return Reach(client_id_of(runtime, client))
    if everywhere:
        return Reach()
    raise InvalidInput("Say for whom the numbers are suppressed.", "Use --client, --campaign or --everywhere.")


@suppression.command("add")
@click.argument("numbers", nargs=-1)
@click.option(
    "--file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A CSV file with a phone column, beside or instead of NUMBERS.",
)
@click.option("--client", help="For this client (name or id).")
@click.option("--campaign", help="For this campaign (name or id).")
@click.option("--everywhere", is_flag=True, help="For the whole installation.")
@click.option("--country", default="PL", show_default=True, help="Country of numbers without a prefix.")
@click.option("--reason", required=True, help="Why; kept as proof.")
@click.option("--source", required=True, help="On whose word, like “letter of 3 May”; kept as proof.")
def add(
    numbers: tuple[str, ...],
    file: Path | None,
    client: str | None,
    campaign: str | None,
    everywhere: bool,
    country: str,
    reason: str,
    source: str,
) -> None:
    """Add NUMBERS; attempts to them that are not yet placed are stopped."""
    if not numbers and file is None:
        raise InvalidInput("There is no number to add.", "Write numbers, or name a file with --file.")
    with installation() as runtime:
        actor = runtime.identity.system_actor()
        reach = _reach(runtime, client, campaign, everywhere)
        if numbers:
            _print(runtime.suppression.add(actor, numbers, reach, country=country, reason=reason, source=source))
        if file is not None:
            with file.open("rb") as stream:
                report = runtime.suppression.add_file(
                    actor, stream, reach, country=country, reason=reason, source=source
                )
            _print(report)


def _print(report: AddReport) -> None:
    click.echo(f"added {report.added}, already there {report.already_there}, not read {len(report.unread)}")
    for line in report.unread:
        click.echo(f"  {line.line}: {in_english(line.remark)}")


@suppression.command("list")
@click.argument("query", default="")
@click.option("--limit", default=50, show_default=True)
def show(query: str, limit: int) -> None:
    """Show entries, newest first; QUERY is part of a number, a reason or a source."""
    with installation() as runtime:
        found = runtime.suppression.search(runtime.identity.system_actor(), query, limit=limit)
    if not found:
        click.echo("No entry.")
        return
    head = ("ID", "NUMBER", "FOR", "REASON", "SOURCE", "SINCE")
    cells = [
        (str(e.id), e.e164, e.campaign_name or e.client_name or "everywhere", e.reason, e.source, f"{e.created_at:%F}")
        for e in found
    ]
    click.echo(table(head, cells))


@suppression.command("remove")
@click.argument("entry_id", type=int)
def remove(entry_id: int) -> None:
    """Take the entry ENTRY_ID off the list; the number may be called again."""
    with installation() as runtime:
        entry = runtime.suppression.remove(runtime.identity.system_actor(), entry_id)
    click.echo(f"{entry.e164} may be called again ({entry.campaign_name or entry.client_name or 'everywhere'}).")
