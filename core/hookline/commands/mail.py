"""`hookline mail`: is mail set up, and does it go out."""

from __future__ import annotations

import click

from hookline.commands.installation import installation
from hookline.services.mail.queue import LANGUAGES
from hookline.services.mail.smtp import MailRefused, MailServerFailed


@click.group()
def mail() -> None:
    """Mails to users. The settings are those that begin with mail_."""


@mail.command("test")
@click.argument("address")
@click.option("--language", type=click.Choice(LANGUAGES), default="en", show_default=True)
def send_test(address: str, language: str) -> None:
    """Send a test mail to ADDRESS, here and now, and say what the mail server said."""
    with installation() as runtime:
        try:
            runtime.mail.send_test(address, language)
        except (MailServerFailed, MailRefused) as error:
            if error.reply:
                click.echo(f"The mail server said: {error.reply}", err=True)
            raise
    click.echo(f"The mail server took the mail to {address}.")
