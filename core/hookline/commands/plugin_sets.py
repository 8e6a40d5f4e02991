"""`hookline plugins sets`, `diff` and `rollback`: what was enabled when, and back to it."""

from __future__ import annotations

import click

from hookline.commands.installation import installation
from hookline.commands.plugin_switching import await_server, force_option, note_option
from hookline.commands.tables import table
from hookline.commands.words import said, say
from hookline.services.release_sets import Change, Difference, Origin, SetView, Wish
from hookline.text import N_, Said

#: Who made a set, where nobody was logged in.
_ORIGINS = {
    Origin.PAGE.value: N_("page"),
    Origin.COMMAND.value: N_("command"),
    Origin.FILE.value: N_("file"),
    Origin.START.value: N_("start"),
}


@click.command()
@click.option("--limit", type=click.IntRange(1, 1000), default=20, show_default=True, help="How many.")
def sets(limit: int) -> None:
    """Show the release sets, newest first: what was enabled when, by whom, and what that changed."""
    with installation() as runtime:
        shown = runtime.release_sets.history(limit)
    if not shown:
        say(N_("There is no release set yet: the first is made when the server starts."))
        return
    head = [said(word) for word in (N_("SET"), N_("WHEN (UTC)"), N_("BY"), N_("CHANGED"), N_("NOTE"))]
    click.echo(table(head, [_row(view) for view in shown]))


def _row(view: SetView) -> tuple[str, str, str, str, str]:
    row = view.row
    back = said(N_("brings back %(number)s."), number=row.restores) if row.restores else ""
    note = f"{back} {row.note}".strip()
    changed = "; ".join(told(d) for d in view.differences) or "–"
    return (str(row.number), f"{row.made_at:%Y-%m-%d %H:%M}", view.by or said(_ORIGINS[row.origin]), changed, note)


@click.command()
@click.argument("old", type=int)
@click.argument("new", type=int)
def diff(old: int, new: int) -> None:
    """Show what differs between the release sets OLD and NEW."""
    with installation() as runtime:
        found = runtime.release_sets.diff(old, new)
    click.echo("\n".join(told(difference) for difference in found) or said(N_("They say the same.")))


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
            say(N_("The secret %(secret)s has changed since; it stays as it is now."), secret=secret)
        await_server(runtime, back.number, Said(N_("Release set %(number)s is back"), {"number": number}))


def told(difference: Difference) -> str:
    """One difference in words."""
    d = difference
    match d.change:
        case Change.ENABLED:
            return said(N_("%(plugin)s %(version)s enabled"), plugin=d.plugin, version=d.new)
        case Change.DISABLED:
            return said(N_("%(plugin)s disabled"), plugin=d.plugin)
        case Change.VERSION:
            return f"{d.plugin} {d.old} → {d.new}"
        case Change.SECRET:
            return said(N_("%(setting)s: another secret"), setting=f"{d.plugin}.{d.setting}")
        case Change.SETTING:
            return f"{d.plugin}.{d.setting}: {_shown(d.old)} → {_shown(d.new)}"


def _shown(value: object) -> str:
    return said(N_("not set")) if value == "" else str(value)
