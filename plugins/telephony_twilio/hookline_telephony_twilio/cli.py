"""`hookline twilio`: is everything at Twilio as it must be."""

from __future__ import annotations

import sys

import click

from hookline.commands.installation import installation
from hookline_telephony_twilio.problems import missing_settings
from hookline_telephony_twilio.settings import TwilioSettings


@click.group()
def twilio() -> None:
    """Telephony by Twilio."""


@twilio.command()
def doctor() -> None:
    """Look for what keeps calls from going out or coming in, and say how to mend it."""
    with installation() as runtime:
        settings: TwilioSettings = runtime.plugin_settings("telephony_twilio").loaded()
    problems = missing_settings(settings)
    for problem in problems:
        click.echo(f"Problem: {problem.message}\n  {problem.advice}")
    if problems:
        sys.exit(1)
    click.echo("Everything that calls through Twilio need is set.")
