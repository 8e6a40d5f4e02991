"""`hookline plugins`: what is installed, and what to make of it."""

from __future__ import annotations

import click

from hookline.commands.plugin_new import new


@click.group()
def plugins() -> None:
    """Plugins."""


plugins.add_command(new)
