"""`hookline sip front` and `hookline sip phones`: the proxy in front and the phones that register with it."""

from __future__ import annotations

from pathlib import Path

import click

from hookline.commands.installation import installation
from hookline_telephony_sip.front_config import PACKAGES, Front, write_front
from hookline_telephony_sip.inbound import resolve
from hookline_telephony_sip.phones import PhoneService
from hookline_telephony_sip.service import TrunkService
from hookline_telephony_sip.settings import SipSettings


@click.command("front")
@click.option("--write", "folder", type=click.Path(file_okay=False, path_type=Path), required=True, help="Folder.")
@click.option("--public", required=True, help="Address and port for trunks and phones, like 192.0.2.10:5060.")
@click.option("--inside", default="127.0.0.1:5070", show_default=True, help="Address and port for cells.")
@click.option("--realm", required=True, help="Host name that phones register with, like sip.example.com.")
@click.option("--certificate", default="", help="PEM file; with --key it turns TLS on.")
@click.option("--key", default="", help="PEM file.")
def front(folder: Path, public: str, inside: str, realm: str, certificate: str, key: str) -> None:
    """Write the configuration of a Kamailio that stands between Hookline and the world.

    It holds every trunk in use and every registered phone: write it anew when they change, and reload Kamailio.
    """
    with installation() as runtime:
        settings: SipSettings = runtime.plugin_settings("telephony_sip").loaded()
        trunks = TrunkService(runtime.db, front=True).active_trunks()
        phones = PhoneService(runtime.db).all(runtime.identity.system_actor())
    known = [(trunk, resolve(trunk)) for trunk in trunks]
    authorities = settings.tls_authorities
    listener = settings.inbound_port or int(inside.rpartition(":")[2]) + 1
    files = write_front(Front(public, inside, realm, listener, known, phones, certificate, key, authorities), folder)
    click.echo(f"Wrote {', '.join(path.name for path in files)} into {folder}.")
    click.echo(f"Debian packages: {' '.join(PACKAGES)}")
    click.echo("In hookline.toml, [plugins.telephony_sip]:")
    click.echo(f'  signalling_address = "{inside.partition(":")[0]}"\n  proxy = "sip:{inside};lr"')
    click.echo(f'  public_address = "{public}"')
    click.echo(f'  inbound_address = "{inside.partition(":")[0]}"\n  inbound_port = {listener}')
    click.echo(f"Try it: kamailio -c -f {folder / 'kamailio.cfg'}; run it: kamailio -f {folder / 'kamailio.cfg'}")


@click.group("phones")
def phones() -> None:
    """Agents' SIP phones that register with the proxy in front."""


@phones.command("add")
@click.argument("name")
@click.option("--realm", required=True, help="As in `hookline sip front`.")
def add_phone(name: str, realm: str) -> None:
    """Add the phone NAME, or give it a new secret, which is shown this once."""
    with installation() as runtime:
        secret = PhoneService(runtime.db).add(runtime.identity.system_actor(), name, realm)
    click.echo(f"User name: {name}\nPassword:  {secret}\nServer:    {realm}\nStation:   sip:{name}@{realm}")
    click.echo("Write the front's configuration anew, and reload Kamailio.")


@phones.command("list")
def list_phones() -> None:
    """List them."""
    with installation() as runtime:
        known = PhoneService(runtime.db).all(runtime.identity.system_actor())
    click.echo("\n".join(f"{phone.name}@{phone.realm}" for phone in known) or "No phone yet.")


@phones.command("remove")
@click.argument("name")
def remove_phone(name: str) -> None:
    """Take the phone NAME out."""
    with installation() as runtime:
        PhoneService(runtime.db).remove(runtime.identity.system_actor(), name)
    click.echo(f"Took out {name}. Write the front's configuration anew, and reload Kamailio.")
