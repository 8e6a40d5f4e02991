"""`hookline plugins sets`, `diff` and `rollback`: what was enabled when, and back to it."""

from __future__ import annotations

import click

from hookline.commands.installation import installation
from hookline.commands.plugin_switching import await_server, force_option, note_option
from hookline.commands.tables import table
from hookline.services.release_sets import Change, Difference, Origin, SetView, Wish


@click.command()
@click.option("--limit", type=click.IntRange(1, 1000), default=20, show_default=True, help="How many.")
def sets(limit: int) -> None:
    """Show the release sets, newest first: what was enabled when, by whom, and what that changed."""
    with installation() as runtime:
        shown = runtime.release_sets.history(limit)
    if not shown:
        click.echo("There is no release set yet: the first is made when the server starts.")
        return
    click.echo(table(("SET", "WHEN (UTC)", "BY", "CHANGED", "NOTE"), [_row(view) for view in shown]))


def _row(view: SetView) -> tuple[str, str, str, str, str]:
    row = view.row
    note = f"brings back {row.restores}. {row.note}".strip() if row.restores else row.note
    changed = "; ".join(told(d) for d in view.differences) or "–"
    return (str(row.number), f"{row.made_at:%Y-%m-%d %H:%M}", view.by or row.origin, changed, note)


@click.command()
@click.argument("old", type=int)
@click.argument("new", type=int)
def diff(old: int, new: int) -> None:
    """Show what differs between the release sets OLD and NEW."""
    with installation() as runtime:
        found = runtime.release_sets.diff(old, new)
    click.echo("\n".join(told(difference) for difference in found) or "They say the same.")


@click.command()
@click.argument("number", type=int)
@force_option
@note_option
def rollback(number: int, force: bool, note: str) -> None:
    """Bring back release set NUMBER: its plugins and their settings, as a new set. Secrets stay as they are now."""
    with installation() as runtime:
        wish = Wish(Origin.COMMAND, note, ends_calls=force)
        back = runtime.plugin_changes.roll_back(runtime.identity.system_actor(), number, wish)
        for secret in back.kept:
            click.echo(f"The secret {secret} has changed since; it stays as it is now.")
        await_server(runtime, back.number, f"Release set {number} is back")


def told(difference: Difference) -> str:
    """One difference in words."""
    d = difference
    match d.change:
        case Change.ENABLED:
            return f"{d.plugin} {d.new} enabled"
        case Change.DISABLED:
            return f"{d.plugin} disabled"
        case Change.VERSION:
            return f"{d.plugin} {d.old} → {d.new}"
        case Change.SECRET:
            return f"{d.plugin}.{d.setting}: another secret"
        case Change.SETTING:
            return f"{d.plugin}.{d.setting}: {_shown(d.old)} → {_shown(d.new)}"


def _shown(value: object) -> str:
    return "not set" if value == "" else str(value)
