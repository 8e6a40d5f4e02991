"""`hookline demo`."""

from __future__ import annotations

import json
import os
import signal
import socket
import threading
from contextlib import ExitStack
from pathlib import Path

import click

from hookline.bootstrap import Runtime
from hookline.settings import load_settings
from hookline_web.demo import commands, seeding, story
from hookline_web.demo.cast import AGENTS
from hookline_web.demo.errors import PortTaken
from hookline_web.demo.folder import DemoFolder
from hookline_web.demo.numbers import far_end_config
from hookline_web.demo.processes import Part, watch

HOST = "127.0.0.1"


def _system_language() -> str:
    named = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG") or ""
    return "pl" if named.startswith("pl") else "en"


@click.command()
@click.option("--port", type=click.IntRange(1, 65535), default=8000, show_default=True, help="Port of the pages.")
@click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("var/demo"),
    show_default=True,
    help="Where the demo keeps its data.",
)
@click.option("--fresh", is_flag=True, help="Throw the demo's data away and begin anew.")
@click.option("--yes", is_flag=True, help="Do not ask before throwing data away.")
@click.option("--language", type=click.Choice(["en", "pl"]), help="Language of the users (default: the system's).")
def demo(port: int, folder: Path, fresh: bool, yes: bool, language: str | None) -> None:
    """Run Hookline with made-up people, campaigns and a telephone network, all on this machine, until Ctrl-C."""
    _require_free(port)
    commands.forget_other_installations()
    place = DemoFolder(folder)
    if fresh and place.seeded and not yes:
        click.confirm(f"Throw away everything in {place.path}?", abort=True)
    stop = _stop_on_signals()
    with place.opened(fresh=fresh), ExitStack() as parts:
        network = parts.enter_context(_far_end(place))
        listens = network.first_line()
        _prepare(place, language or _system_language(), listens["network"], listens["phones"])
        click.echo("Starting the server …")
        arguments = ("serve", "--host", HOST, "--port", str(port))
        server = parts.enter_context(Part("The server", place.path, place.file("server.log"), *arguments))
        url = f"http://{HOST}:{port}/"
        server.wait_until_it_serves(f"{url}login", stop)
        if not stop.is_set():
            click.echo(story.welcome(url, place.path))
        watch([network, server], stop)
        click.echo("Stopping …")
    click.echo("Stopped.")


def _require_free(port: int) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise PortTaken(port) from error


def _stop_on_signals() -> threading.Event:
    """An event that Ctrl-C, a closed terminal and a polite kill set; nothing is interrupted half-way."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: stop.set())
    return stop


def _far_end(place: DemoFolder) -> Part:
    click.echo("Starting the telephone network …")
    config = place.file("far-end.json")
    config.write_text(json.dumps(far_end_config(list(AGENTS)), indent=1), encoding="utf-8")
    arguments = ("sip", "far-end", "--watch-stdin", "--config", str(config))
    return Part("The telephone network", place.path, place.file("far-end.log"), *arguments, reads=True)


def _prepare(place: DemoFolder, language: str, network: str, phones: dict[str, str]) -> None:
    """Bring the database up to this program; fill it, or lead what is there to the far end's new ports."""
    runtime = Runtime(load_settings(place.path, environ={}))
    try:
        runtime.migrate()
        if place.seeded:
            seeding.set_trunk(place.path, network, new=False)
            seeding.set_phones(runtime, phones)
            return
        click.echo("Making people, contacts and campaigns up (once) …")
        seeding.Seeding(place.path, runtime, language, network, phones).run()
        place.mark_seeded()
    finally:
        runtime.close()
