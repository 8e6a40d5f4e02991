"""`hookline webhooks`: where clients' events are sent, for whoever runs the installation."""

from __future__ import annotations

import click

from hookline.bootstrap import Runtime
from hookline.commands.installation import installation
from hookline.commands.naming import client_id_of
from hookline.commands.tables import table
from hookline.db.models import WebhookDelivery
from hookline.services.keyset import Cursor
from hookline.services.webhooks import event_kinds
from hookline.services.webhooks.reads import EndpointView
from hookline.services.webhooks.schemas import NewEndpointSchema
from hookline.validation import load

_endpoint = click.argument("endpoint", type=int)


@click.group()
def webhooks() -> None:
    """Signed messages to clients' systems, about what happens in their campaigns."""


@webhooks.command("list")
def list_endpoints() -> None:
    """List every endpoint: id, client, state, messages waiting and given up, address."""
    with installation() as runtime:
        rows = runtime.webhooks.reads.endpoints(runtime.identity.system_actor())
    click.echo(table(["id", "client", "state", "waiting", "given up", "address"], [_line(row) for row in rows]))


@webhooks.command("add")
@click.argument("client")
@click.argument("url")
@click.option("--event", "events", multiple=True, required=True, help="A kind of event; `hookline webhooks events`.")
@click.option("--description", default="", help="Which system it is.")
def add(client: str, url: str, events: tuple[str, ...], description: str) -> None:
    """Add an endpoint for CLIENT (name or id) at URL; its secret is shown once."""
    with installation() as runtime:
        sent = {
            "client_id": client_id_of(runtime, client),
            "url": url,
            "event_types": list(events),
            "description": description,
        }
        made = runtime.webhooks.service.add(runtime.identity.system_actor(), load(NewEndpointSchema(), sent))
    click.echo(f"Added endpoint {made.endpoint_id}. Its secret, shown once:\n{made.secret}")


@webhooks.command("events")
def events() -> None:
    """List the kinds of events that an endpoint may ask for."""
    click.echo(table(["event", "when"], [[name, title] for name, title in event_kinds.offered().items()]))


@webhooks.command("deliveries")
@_endpoint
@click.option("--state", type=click.Choice(["waiting", "delivered", "dead"]), help="Only messages in this state.")
def deliveries(endpoint: int, state: str | None) -> None:
    """List the newest messages of ENDPOINT."""
    with installation() as runtime:
        actor = runtime.identity.system_actor()
        page = runtime.webhooks.reads.deliveries(actor, endpoint, Cursor(), state=state)
    click.echo(table(["id", "event", "what", "state", "tries", "last answer"], [_cells(sent) for sent in page.rows]))


@webhooks.command("replay")
@_endpoint
@click.option("--delivery", type=int, help="One message by its id, also a delivered one; all given-up ones without.")
def replay(endpoint: int, delivery: int | None) -> None:
    """Send the given-up messages of ENDPOINT again; the running Hookline does so within seconds."""
    with installation() as runtime:
        actor = runtime.identity.system_actor()
        if delivery is None:
            count = runtime.webhooks.service.replay_dead(actor, endpoint)
        else:
            runtime.webhooks.service.replay(actor, delivery)
            count = 1
    click.echo(f"Messages that are sent again: {count}.")


@webhooks.command("pause")
@_endpoint
def pause(endpoint: int) -> None:
    """Send nothing to ENDPOINT for now; what happens meanwhile waits."""
    with installation() as runtime:
        runtime.webhooks.service.pause(runtime.identity.system_actor(), endpoint)
    click.echo("Paused.")


@webhooks.command("resume")
@_endpoint
def resume(endpoint: int) -> None:
    """Send to ENDPOINT again, what waited first."""
    with installation() as runtime:
        runtime.webhooks.service.resume(runtime.identity.system_actor(), endpoint)
    click.echo("Active.")


@webhooks.command("ping")
@_endpoint
def ping(endpoint: int) -> None:
    """Send a test message to ENDPOINT from here and now, and show its answer."""
    with installation() as runtime:
        answer = _ping(runtime, endpoint)
    click.echo(f"{answer.status or ''} {answer.error or 'Delivered.'}".strip())
    if answer.answer:
        click.echo(answer.answer)


def _ping(runtime: Runtime, endpoint: int) -> WebhookDelivery:
    delivery_id = runtime.webhooks.service.ping(runtime.identity.system_actor(), endpoint)
    runtime.webhooks.sender.deliver_one(delivery_id)
    with runtime.db.read() as session:
        return session.get_one(WebhookDelivery, delivery_id)


def _line(row: EndpointView) -> list[str]:
    endpoint = row.endpoint
    state = "paused after failures" if endpoint.paused_by_failures else endpoint.state
    return [str(endpoint.id), row.client, state, str(row.waiting), str(row.dead), endpoint.url]


def _cells(sent: WebhookDelivery) -> list[str]:
    last = f"{sent.status or ''} {sent.error}".strip()
    return [str(sent.id), sent.event_id, sent.event_type, sent.state, str(sent.attempts), last]
