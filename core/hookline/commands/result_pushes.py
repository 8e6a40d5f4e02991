"""`hookline results push`: results to a client's own system, by its webhook endpoint."""

from __future__ import annotations

import click

from hookline.commands.installation import installation
from hookline.commands.naming import campaign_id_of
from hookline.db.models import ResultPush
from hookline.services.exports import RowPer


@click.command("push")
@click.argument("campaign")
@click.argument("endpoint", type=int)
@click.option("--per", type=click.Choice([p.value for p in RowPer]), default="call", show_default=True)
def push(campaign: str, endpoint: int, per: str) -> None:
    """Send the results of CAMPAIGN (name or id) to the webhook ENDPOINT (id) of its client.

    The installation's engine sends them piece by piece; `hookline results pushes` says how far it is.
    """
    with installation() as runtime:
        actor = runtime.identity.system_actor()
        made = runtime.result_pushes.start(actor, campaign_id_of(runtime, campaign), endpoint, RowPer(per))
        total = runtime.result_pushes.get(actor, made).rows_total
    click.echo(f"Export {made} is on its way: {total} rows so far. The engine sends it while `hookline serve` runs.")


@click.command("pushes")
@click.option("--cancel", type=int, help="Send no further piece of this export.")
@click.option("--resume", type=int, help="Go on with this export after the last piece that arrived.")
def pushes(cancel: int | None, resume: int | None) -> None:
    """Say how far exports to webhook endpoints are; cancel one, or go on with it."""
    with installation() as runtime:
        actor = runtime.identity.system_actor()
        if cancel is not None:
            runtime.result_pushes.cancel(actor, cancel)
        if resume is not None:
            runtime.result_pushes.resume(actor, resume)
        lines = [_line(one) for one in runtime.result_pushes.list_of(actor)]
    click.echo("\n".join(lines) or "No results were sent to an endpoint yet.")


def _line(one: ResultPush) -> str:
    trouble = f"; last try: {one.status or 'no answer'} {one.error}" if one.error else ""
    return (
        f"{one.id}: campaign {one.campaign_id} to endpoint {one.endpoint_id}, {one.state},"
        f" {one.rows_sent} of {one.rows_total} rows{trouble}"
    )
