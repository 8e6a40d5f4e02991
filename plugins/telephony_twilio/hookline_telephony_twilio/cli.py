"""`hookline twilio`: is everything at Twilio as it must be, and make it so."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click

from hookline.commands.installation import installation
from hookline.errors import NotFound
from hookline.health import Level
from hookline.text import N_
from hookline_telephony_twilio.accounts import Account
from hookline_telephony_twilio.pages import Desk
from hookline_telephony_twilio.service import AccountService

_MARKS = {Level.OK: "good   ", Level.WARNING: "look   ", Level.PROBLEM: "PROBLEM"}


@contextmanager
def _desk() -> Iterator[Desk]:
    with installation() as runtime:
        settings = runtime.plugin_settings("telephony_twilio").loaded()
        yield Desk(runtime.db, settings, runtime.clock, AccountService(runtime.db))


@click.group()
def twilio() -> None:
    """Telephony by Twilio."""


@twilio.command()
def doctor() -> None:
    """Look for what keeps calls from going out or coming in, and say how to mend it."""
    with _desk() as desk:
        findings = desk.look()
    for finding in findings:
        click.echo(f"{_MARKS[finding.level]}  {finding.message}")
        if finding.advice:
            click.echo(f"         {finding.advice}")
    if any(finding.level is Level.PROBLEM for finding in findings):
        sys.exit(1)


@twilio.command()
def numbers() -> None:
    """The accounts' numbers, and whether their calls come here."""
    with _desk() as desk:
        desk.see_numbers()
        for row in desk.numbers.all():
            click.echo(f"{row.e164}  {'comes here' if row.ours else 'goes elsewhere'}  {row.name}".rstrip())


@twilio.command()
@click.argument("number")
def take(number: str) -> None:
    """Have the calls to NUMBER come here."""
    with _desk() as desk:
        for account in desk.known.all().values():
            for seen, _ours in desk.doctor.numbers(account):
                if seen.number == number:
                    desk.doctor.take(account, seen)
                    desk.see_numbers()
                    click.echo(f"Calls to {number} come here from now on.")
                    return
    raise NotFound(N_("No account has this number."), N_("`hookline twilio numbers` shows all of them."))


@twilio.command("take-application")
@click.option("--account", "account_sid", default="", help="Its SID, where a client's own is meant.")
def take_application(account_sid: str) -> None:
    """Have the calls of agents' browsers come here."""
    with _desk() as desk:
        desk.doctor.take_application(_account(desk, account_sid))
    click.echo("Browsers' calls come here from now on.")


def _account(desk: Desk, account_sid: str) -> Account:
    account = desk.known.by_sid(account_sid) if account_sid else desk.known.of_client(None)
    if account is None or not account.app_sid:
        raise NotFound(N_("There is no such account with a TwiML application."), N_("Set app_sid first."))
    return account
