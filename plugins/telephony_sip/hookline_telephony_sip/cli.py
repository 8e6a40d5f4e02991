"""`hookline sip`: trunks, test calls, and the far end of the demo."""

from __future__ import annotations

import sys
from dataclasses import fields
from pathlib import Path
from typing import Any

import click

from hookline.bootstrap import Runtime
from hookline.commands.installation import installation
from hookline.errors import InvalidInput, NotFound
from hookline.text import N_
from hookline.validation import load
from hookline_telephony_sip.advice import verdict
from hookline_telephony_sip.cli_front import front, phones
from hookline_telephony_sip.dtmf import DtmfMethod
from hookline_telephony_sip.far_end.__main__ import main as run_far_end
from hookline_telephony_sip.guards import number_for_test
from hookline_telephony_sip.schemas import TrunkSchema
from hookline_telephony_sip.service import Standing, TrunkDraft, TrunkService, TrunkView
from hookline_telephony_sip.trials import Progress, Stage, Trial, Trials
from hookline_telephony_sip.trunk import NumberFormat, Transport

_STANDINGS = {
    Standing.READY: "in use",
    Standing.INACTIVE: "out of use",
    Standing.NO_PASSWORD: "password not set",
    Standing.NO_FRONT: "needs a SIP proxy in front",
}
_LOOK_SECONDS = 0.1


@click.group()
def sip() -> None:
    """SIP telephony."""


sip.add_command(front)
sip.add_command(phones)


@sip.group()
def trunks() -> None:
    """Trunks: the ways out to the telephone network."""


def _options(command: Any) -> Any:
    for option in (
        click.option("--priority", type=int, help="Higher is used first (default: 0)."),
        click.option("--prefix", "dial_prefix", help="Dialled before each number."),
        click.option("--codecs", help="Like G722,PCMA,PCMU: the best first (default: PCMA,PCMU)."),
        click.option("--dtmf", type=click.Choice([m.value for m in DtmfMethod]), help="How keypad digits travel."),
        click.option("--channels", "max_channels", type=int, help="Calls at once; 0: no limit (default)."),
        click.option("--inbound/--no-inbound", default=None, help="Whether calls come in by it."),
        click.option("--register/--no-register", "registers", default=None, help="Tell the provider where we are."),
        click.option("--number-format", type=click.Choice([f.value for f in NumberFormat]), help="+48… or 48…"),
        click.option("--caller-id", help="Shown where a campaign names none, like +48221234567."),
        click.option("--password-variable", help="Environment variable with the password: HOOKLINE_SIP_…"),
        click.option("--username", help="Without one the provider must know this machine by its address."),
        click.option("--client", "client", help="The client whose calls alone may use it (default: every client)."),
        click.option("--port", type=int, help="Port (default: 5060; 5061 for TLS)."),
        click.option("--transport", type=click.Choice([t.value for t in Transport]), help="TCP and TLS need a front."),
    ):
        command = option(command)
    return command


@trunks.command("add")
@click.option("--name", required=True, help="What you call it.")
@click.option("--host", required=True, help="Host name or IPv4 address.")
@_options
def add(**given: Any) -> None:
    """Add a trunk."""
    with installation() as runtime:
        draft = _draft(runtime, {}, given)
        TrunkService(runtime.db).add_trunk(runtime.identity.system_actor(), draft)
    click.echo(f"Added the trunk {draft.name}.")


@trunks.command("change")
@click.argument("name")
@click.option("--host", help="Host name or IPv4 address.")
@_options
def change(name: str, **given: Any) -> None:
    """Change the trunk NAME; what you do not give stays as it is. A running Hookline uses it from the next call on."""
    with installation() as runtime:
        actor, service = runtime.identity.system_actor(), TrunkService(runtime.db)
        record = service.named(actor, name).record
        present = {field.name: getattr(record, field.name) for field in fields(TrunkDraft)}
        service.change_trunk(actor, record.id, _draft(runtime, present, given))
    click.echo(f"Changed the trunk {record.name}.")


@trunks.command("list")
def list_trunks() -> None:
    """List the trunks, in the order in which they are used."""
    with installation() as runtime:
        front = bool(runtime.plugin_settings("telephony_sip").loaded().proxy)
        found = TrunkService(runtime.db, front=front).list_trunks(runtime.identity.system_actor())
    if not found:
        click.echo("No trunk yet: hookline sip trunks add --name NAME --host HOST")
    for view in found:
        click.echo(_line(view))


@trunks.command("activate")
@click.argument("name")
def activate(name: str) -> None:
    """Bring the trunk NAME back into use."""
    _set_active(name, True)


@trunks.command("deactivate")
@click.argument("name")
def deactivate(name: str) -> None:
    """Take the trunk NAME out of use; calls that are up go on."""
    _set_active(name, False)


@trunks.command("test")
@click.argument("name")
@click.argument("number")
def test(name: str, number: str) -> None:
    """Call NUMBER, a telephone of yours, over the trunk NAME; say what came of it (exit code 0: it works)."""
    with installation() as runtime:
        actor, service = runtime.identity.system_actor(), TrunkService(runtime.db)
        record = service.named(actor, name).record
        checked = number_for_test(runtime.db, number, record.caller_id, record.client_id)
        settings = runtime.plugin_settings("telephony_sip").loaded()
        trial = Trials(settings).begin(None, service.usable(actor, record.id), checked)
        _follow(trial)
    progress = trial.progress
    found = verdict(progress)
    click.echo(f"{found.title} {found.advice}".strip() if found else "")
    sys.exit(0 if progress.passed else 1)


@sip.command("far-end")
@click.option("--config", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="JSON file.")
@click.option("--watch-stdin", is_flag=True, help="Stop when standard input is closed.")
@click.option("--softphone-hint", is_flag=True, help="Say how to use a real softphone, and end.")
def far_end(config: Path | None, watch_stdin: bool, softphone_hint: bool) -> None:
    """Run a telephone network and telephones on loopback, for the demo and for trying things out.

    Its first line on standard output tells, as JSON, where the network, the phones and the control channel listen.
    """
    arguments = ["--config", str(config)] if config else []
    arguments += ["--watch-stdin"] if watch_stdin else []
    arguments += ["--softphone-hint"] if softphone_hint else []
    sys.exit(run_far_end(arguments))


def _draft(runtime: Runtime, present: dict[str, Any], given: dict[str, Any]) -> TrunkDraft:
    """What is there, changed by what was given; raises InvalidInput with everything that is wrong."""
    client = given.pop("client")
    changes = {name: value for name, value in given.items() if value is not None}
    if client is not None:
        changes["client_id"] = _client_id(runtime, client) if client else None
    try:
        return TrunkDraft(**load(TrunkSchema(), {**present, **changes}))
    except InvalidInput as error:
        details = " ".join(f"{name}: {' '.join(texts)}" for name, texts in error.fields.items())
        raise InvalidInput(N_("The trunk was not saved."), details, error.fields) from error


def _client_id(runtime: Runtime, name: str) -> int:
    pairs = TrunkService(runtime.db).clients(runtime.identity.system_actor())
    known = {client: client_id for client_id, client in pairs}
    if name not in known:
        raise NotFound(f"There is no client {name}.", f"Clients: {', '.join(known) or 'none yet'}.")
    return known[name]


def _set_active(name: str, active: bool) -> None:
    with installation() as runtime:
        actor, service = runtime.identity.system_actor(), TrunkService(runtime.db)
        record = service.named(actor, name).record
        service.set_trunk_active(actor, record.id, active)
    click.echo(f"The trunk {record.name} is {'in use again' if active else 'out of use'}.")


def _line(view: TrunkView) -> str:
    record = view.record
    login = (
        f"as {record.username}, password {'set' if view.password else 'not set'}" if record.username else "by address"
    )
    over = "" if record.transport == Transport.UDP else f" over {record.transport.upper()}"
    return (
        f"{record.name}: {record.host}:{record.port}{over}, {login}, for {view.client or 'every client'}, "
        f"caller ID {record.caller_id or 'none'}, priority {record.priority}: {_STANDINGS[view.standing]}"
    )


def _follow(trial: Trial) -> None:
    """Print each step as it comes; Ctrl-C hangs up."""
    seen: Progress | None = None
    try:
        while True:
            progress = trial.wait(_LOOK_SECONDS)
            for line in _steps(seen, progress):
                click.echo(line)
            if progress.over:
                return
            seen = progress
    except KeyboardInterrupt:
        trial.stop()
        trial.wait(10.0)


def _steps(seen: Progress | None, now: Progress) -> list[str]:
    """What is new since last time."""
    before, lines = seen or Progress(), []
    if before.pong is None and now.pong is not None:
        pong = now.pong
        lines.append(f"Ping: {pong.seconds * 1000:.0f} ms." if pong.code else f"Ping: no answer ({pong.problem}).")
    if before.rang_after is None and now.rang_after is not None:
        lines.append(f"It rang after {now.rang_after:.1f} s.")
    if before.answered_after is None and now.answered_after is not None:
        lines.append(f"Answered after {now.answered_after:.1f} s; listening.")
    if before.received is None and now.received is not None:
        lines.append(f"Sound: {now.received} packets came in, {now.lost} are missing.")
    if now.stage is Stage.OVER and now.code and now.answered_after is None:
        lines.append(f"SIP status {now.code} {now.reason}".strip() + ".")
    return lines
