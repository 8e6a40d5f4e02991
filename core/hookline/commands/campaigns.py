"""`hookline campaigns`: campaigns and how far they are, for whoever runs the installation."""

from __future__ import annotations

import click

from hookline.commands.installation import installation
from hookline.commands.rehearsing import rehearse
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


@campaigns.command("why")
@click.argument("campaign")
def why(campaign: str) -> None:
    """Say what CAMPAIGN's dialler does, or what holds it back. CAMPAIGN is an id or a name."""
    with installation() as runtime:
        found = runtime.record_reads.find_campaign(Scope.everything(), campaign)
        view = runtime.dialler_ticks.view(Scope.everything(), found.id)
    counted = view.counted
    rate = "-" if counted.abandon_rate is None else f"{counted.abandon_rate:.1%}"
    click.echo(f"{found.name}: {view.reason}")
    click.echo(
        f"Abandoned {counted.abandoned} of {counted.answered} ({rate}); the ceiling is {view.abandon_limit:.1%}."
    )
    if view.latest is not None:
        told = ", ".join(f"{name} {value}" for name, value in view.latest.inputs.items())
        click.echo(f"Last decision {view.latest.at:%Y-%m-%d %H:%M:%S} UTC: {view.latest.calls} calls ({told}).")


campaigns.add_command(rehearse)


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
