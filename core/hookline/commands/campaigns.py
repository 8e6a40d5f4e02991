"""`hookline campaigns`: campaigns and how far they are, for whoever runs the installation."""

from __future__ import annotations

import click

from hookline.commands.installation import installation
from hookline.commands.tables import table
from hookline.domain.access import Scope
from hookline.services.figures import CampaignLine


@click.group()
def campaigns() -> None:
    """Campaigns. They are built and started in the browser."""


@campaigns.command("list")
def list_campaigns() -> None:
    """List every campaign: id, state, client, name, contacts done, calls and success rate."""
    with installation() as runtime:
        lines = runtime.figures.overview(Scope.everything())
    if not lines:
        click.echo("There is no campaign yet. Make one in the browser: Campaigns, New campaign.")
        return
    head = ("ID", "STATE", "CLIENT", "NAME", "DONE", "CALLS TODAY", "SUCCESSES", "RATE")
    click.echo(table(head, [_cells(line) for line in lines]))


def _cells(line: CampaignLine) -> tuple[str, ...]:
    rate = line.in_all.success_rate
    return (
        str(line.campaign.id),
        line.campaign.state,
        line.client_name,
        line.campaign.name,
        f"{line.standing.done}/{line.standing.total}",
        str(line.today.attempts),
        str(line.in_all.successes),
        "-" if rate is None else f"{rate:.0%}",
    )
